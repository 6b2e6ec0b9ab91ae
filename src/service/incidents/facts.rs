//! What the record holds about an agent when an incident is opened.

use std::collections::BTreeMap;

use crate::domain::activity::Activity;
use crate::domain::credential::Credential;
use crate::domain::evaluation::Record;
use crate::domain::grant::Grant;
use crate::domain::incident::{Facts, Incident};
use crate::domain::request::Request;
use crate::domain::time::Timestamp;
use crate::store::{Session, StoreError};

/// As many groups of answers at once that name the agent.
const PAGE: u32 = 200;
/// As many times: more than any agent fills in a day, where no other asks as much.
pub(super) const PAGES: u32 = 100;
/// As many of what it did, or was refused, are told one by one.
const TOLD: usize = 6;

type Found<T> = Result<T, StoreError>;

/// Some of what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// What it did lately.
    Deeds(Deeds),
    /// Each grant that it had, with the request by which it was allowed.
    Grants(Vec<(Grant, Option<Request>)>),
    /// The models and versions, the last seen first.
    Models {
        /// As it was registered with.
        registered: String,
        /// As it named itself.
        seen: Vec<Seen>,
    },
    /// What it could act by.
    CutOff {
        /// The credentials.
        credentials: Vec<Credential>,
        /// How many tokens it held.
        tokens: usize,
        /// What it waited for.
        requests: Vec<Request>,
    },
    /// How it ended.
    Closing,
}

/// What an agent did in the time before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deeds {
    /// How often it asked and was allowed.
    pub allowed: usize,
    /// How often it was refused.
    pub denied: usize,
    /// Its last refusals, the newest first.
    pub refusals: Vec<Record>,
    /// How much was told of what it did.
    pub activities: usize,
    /// The last of it, the newest first.
    pub last: Vec<Activity>,
    /// Whether all of that time was looked through.
    pub complete: bool,
}

/// A model as an agent named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The model and its version; the agent's claim.
    pub model: String,
    /// When it was last named.
    pub last: Timestamp,
    /// How often.
    pub times: usize,
}

/// What is known of this, in the time that belongs to the incident and before it was opened.
pub(in crate::service) async fn known(
    session: &mut Session,
    incident: &Incident,
    facts: Facts,
) -> Found<Known> {
    Ok(match facts {
        Facts::Deeds => {
            let asked = asked(session, incident, incident.opened_at, Some(PAGES)).await?;
            let did = did(session, incident, incident.opened_at).await?;
            let (yes, no): (Vec<Record>, Vec<Record>) =
                asked.records.into_iter().partition(|record| record.answer.is_allowed());
            Known::Deeds(Deeds {
                allowed: yes.len(),
                denied: no.len(),
                refusals: no.into_iter().take(TOLD).collect(),
                activities: did.len(),
                last: did.into_iter().take(TOLD).collect(),
                complete: asked.complete,
            })
        }
        Facts::Grants => {
            let mut grants = Vec::new();
            for id in &incident.cut_off.grants {
                if let Some(grant) = session.grant(*id).await? {
                    let request = session.request(grant.request).await?;
                    grants.push((grant, request));
                }
            }
            Known::Grants(grants)
        }
        Facts::Models => {
            let asked = asked(session, incident, incident.opened_at, Some(PAGES)).await?;
            let did = did(session, incident, incident.opened_at).await?;
            let named = asked.records.into_iter().map(|one| (one.claims.model_version, one.at));
            let named = named.chain(did.into_iter().map(|one| (one.deed.model_version, one.at)));
            let agent = session.agent(incident.agent).await?;
            let registered = agent.map(|agent| agent.description.model).unwrap_or_default();
            Known::Models { registered, seen: seen(named) }
        }
        Facts::CutOff => {
            let (mut credentials, mut requests) = (Vec::new(), Vec::new());
            for id in &incident.cut_off.credentials {
                credentials.extend(session.credential(*id).await?);
            }
            for id in &incident.cut_off.requests {
                requests.extend(session.request(*id).await?);
            }
            Known::CutOff { credentials, tokens: incident.cut_off.tokens.len(), requests }
        }
        Facts::Closing => Known::Closing,
    })
}

fn seen(named: impl Iterator<Item = (Option<String>, Timestamp)>) -> Vec<Seen> {
    let mut models: BTreeMap<String, (Timestamp, usize)> = BTreeMap::new();
    for (model, at) in named {
        let Some(model) = model else { continue };
        let (last, times) = models.entry(model).or_insert((at, 0));
        *last = at.max(*last);
        *times += 1;
    }
    let mut seen: Vec<Seen> =
        models.into_iter().map(|(model, (last, times))| Seen { model, last, times }).collect();
    seen.sort_by(|a, b| b.last.cmp(&a.last).then(a.model.cmp(&b.model)));
    seen
}

/// What an agent asked.
pub(super) struct AllAsked {
    /// The newest first.
    pub(super) records: Vec<Record>,
    /// Whether all of the time was looked through.
    pub(super) complete: bool,
}

/// What the agent asked from the beginning of the incident's time until a moment, in at most so many
/// pages.
pub(super) async fn asked(
    session: &mut Session,
    incident: &Incident,
    until: Timestamp,
    pages: Option<u32>,
) -> Found<AllAsked> {
    let (mut records, mut before, mut looked) = (Vec::new(), None, 0_u32);
    let complete = loop {
        let page = session.asked_by(incident.agent, incident.since, before, PAGE).await?;
        records.extend(page.records);
        before = page.next;
        looked = looked.saturating_add(1);
        if before.is_none() {
            break true;
        }
        if pages.is_some_and(|most| looked >= most) {
            break false;
        }
    };
    records.retain(|record| record.at >= incident.since && record.at <= until);
    Ok(AllAsked { records, complete })
}

/// What was told of the agent in the same time, the newest first.
pub(super) async fn did(
    session: &mut Session,
    incident: &Incident,
    until: Timestamp,
) -> Found<Vec<Activity>> {
    let (agent, time) = (incident.agent, (incident.since, until));
    let mut all: Vec<Activity> = Vec::new();
    loop {
        let page = session.activities_of(agent, time, all.last(), PAGE).await?;
        let whole = page.len() >= PAGE as usize;
        all.extend(page);
        if !whole {
            return Ok(all);
        }
    }
}
