//! Findings become discoveries, by whatever road they come: the workspace, `/api/v1/discoveries`,
//! `countersign discover import`. Each is known by where it was found and its id there, so the same
//! finding may come as often as it likes.

use std::sync::Arc;

use super::{Done, change, to_be_told};
use crate::clock::Entropy;
use crate::domain::agent::{Agent, AgentState, Slug};
use crate::domain::discovery::{Again, Discovery, DiscoveryState, Finding, Match};
use crate::domain::event::{Actor, TextHash, What};
use crate::domain::ids::DiscoveryId;
use crate::domain::person::By;
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::service::{Result, Service};
use crate::store::{Session, Store, StoreError, Tx, work};

/// As many are recorded in one transaction: others wait behind it.
const AT_ONCE: usize = 50;
/// Why what the policy passes over is no agent.
const PASSED_OVER: &str = "the policy passes over it";

/// What a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nobody knew of it, and it is nobody's.
    New,
    /// It was known, and is nobody's yet.
    Known,
    /// It is this agent's.
    Claimed {
        /// The agent.
        agent: Slug,
        /// What matched, if nobody said it.
        matched: Option<Match>,
    },
    /// It is no agent, as somebody said.
    Dismissed,
    /// The policy passes over it.
    Ignored,
}

/// A finding, as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id here; none of what is passed over.
    pub id: Option<DiscoveryId>,
    /// What it is.
    pub seen: Seen,
}

/// Takes all of these. Each counts once, however often it comes; security is told of what is new when
/// all of it is there.
///
/// # Errors
///
/// The database is away. What was recorded until then stays.
pub async fn take(
    store: &Store,
    entropy: &Arc<Entropy>,
    policy: &Arc<Policy>,
    by: &Actor,
    findings: &[Finding],
    now: Timestamp,
) -> std::result::Result<Vec<Recorded>, StoreError> {
    let mut all = Vec::with_capacity(findings.len());
    let last = findings.chunks(AT_ONCE).count();
    for (n, some) in findings.chunks(AT_ONCE).enumerate() {
        let (entropy, policy, by) = (Arc::clone(entropy), Arc::clone(policy), by.clone());
        let (some, is_last) = (some.to_vec(), n + 1 == last);
        let work = work(move |tx| {
            Box::pin(async move {
                let mut recorded = Vec::with_capacity(some.len());
                for finding in &some {
                    recorded.push(one(tx, &entropy, &policy, &by, finding, now).await?);
                }
                if is_last {
                    to_be_told(tx, &entropy, now).await?;
                }
                Ok(recorded)
            })
        });
        all.extend(store.write(work).await?);
    }
    Ok(all)
}

/// What each of these would be, without recording anything.
///
/// # Errors
///
/// The database is away.
pub async fn look(
    session: &mut Session,
    policy: &Policy,
    findings: &[Finding],
) -> std::result::Result<Vec<Seen>, StoreError> {
    let mut all = Vec::with_capacity(findings.len());
    for finding in findings {
        let known = known(session, finding).await?;
        all.push(match known {
            Some(known) if !is_passed_over(policy, finding) => {
                let matched = if known.is_open() {
                    matching(session, finding, Some(&known)).await?
                } else {
                    None
                };
                match matched {
                    Some((agent, matched)) => claimed(agent, Some(matched)),
                    None => seen(session, &known).await?,
                }
            }
            None if !is_passed_over(policy, finding) => {
                match matching(session, finding, None).await? {
                    Some((agent, matched)) => claimed(agent, Some(matched)),
                    None => Seen::New,
                }
            }
            _ => Seen::Ignored,
        });
    }
    Ok(all)
}

impl Service {
    /// Takes what was found elsewhere.
    pub async fn take_findings(&self, by: &Actor, findings: &[Finding]) -> Result<Vec<Recorded>> {
        let (now, entropy, policy) = (self.now(), self.entropy(), self.policy());
        Ok(take(&self.parts.store, &entropy, &policy, by, findings, now).await?)
    }
}

fn claimed(agent: Agent, matched: Option<Match>) -> Seen {
    Seen::Claimed { agent: agent.slug, matched }
}

fn is_passed_over(policy: &Policy, finding: &Finding) -> bool {
    policy.discovery().ignores(&finding.external_id, &finding.name)
}

async fn known(session: &mut Session, finding: &Finding) -> Done<Option<Discovery>> {
    session.discovery_by_external(&finding.source, &finding.external_id).await
}

/// The agent whose this is without anybody's word, and what tells it.
async fn matching(
    session: &mut Session,
    finding: &Finding,
    known: Option<&Discovery>,
) -> Done<Option<(Agent, Match)>> {
    let fits =
        |agent: &Agent| agent.is_active() && known.and_then(Discovery::is_not) != Some(agent.id);
    if let Some(slug) = finding.slug()
        && let Some(agent) = session.agent_by_slug(slug.as_str()).await?.filter(fits)
    {
        return Ok(Some((agent, Match::Name)));
    }
    // Counted from one on, ids of different sources are alike by chance.
    if finding.external_id.chars().all(|c| c.is_ascii_digit()) {
        return Ok(None);
    }
    let elsewhere = session.claimed_elsewhere(&finding.source, &finding.external_id).await?;
    let Some(elsewhere) = elsewhere else { return Ok(None) };
    let DiscoveryState::Claimed { agent, .. } = elsewhere.state else { return Ok(None) };
    let agent = session.agent(agent).await?.filter(fits);
    Ok(agent.map(|agent| (agent, Match::ExternalId { source: elsewhere.source })))
}

/// Whether the agent of what was claimed is no more.
async fn of_ended(session: &mut Session, it: &Discovery) -> Done<Option<Agent>> {
    let DiscoveryState::Claimed { agent, .. } = it.state else { return Ok(None) };
    let agent = session.agent(agent).await?;
    Ok(agent.filter(|agent| {
        matches!(agent.state, AgentState::Retired { .. } | AgentState::Rejected { .. })
    }))
}

/// How it stands, as whoever sent it is told.
async fn seen(session: &mut Session, it: &Discovery) -> Done<Seen> {
    Ok(match &it.state {
        DiscoveryState::Claimed { agent, matched, .. } => match session.agent(*agent).await? {
            Some(agent) => claimed(agent, matched.clone()),
            None => Seen::Known,
        },
        DiscoveryState::NotAnAgent { .. } => Seen::Dismissed,
        DiscoveryState::Unclaimed { .. }
        | DiscoveryState::Asked { .. }
        | DiscoveryState::Gone { .. } => Seen::Known,
    })
}

/// Takes one.
async fn one(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    by: &Actor,
    finding: &Finding,
    now: Timestamp,
) -> Done<Recorded> {
    let before = known(tx, finding).await?;
    if is_passed_over(policy, finding) {
        if let Some(before) = before
            && let Ok(after) = before.clone().dismiss(By::System, PASSED_OVER.to_owned(), now)
        {
            let reason = TextHash::of(PASSED_OVER);
            let what = What::DiscoveryDismissed { discovery: after.id, reason };
            change(tx, entropy, &before, &after, Actor::System, what, now).await?;
        }
        return Ok(Recorded { id: None, seen: Seen::Ignored });
    }
    let is_new = before.is_none();
    let it = match before {
        None => first(tx, entropy, by, finding, now).await?,
        Some(before) => again(tx, entropy, before, finding, now).await?,
    };
    if it.is_open()
        && it.state.agent().is_none()
        && let Some((agent, matched)) = matching(tx, finding, Some(&it)).await?
    {
        let before = it.clone();
        if let Ok(after) = it.clone().claim(agent.id, By::System, Some(matched.clone()), now) {
            let what = What::DiscoveryClaimed {
                discovery: after.id,
                agent: agent.id,
                matched: Some(matched.word().to_owned()),
            };
            change(tx, entropy, &before, &after, Actor::System, what, now).await?;
            return Ok(Recorded { id: Some(after.id), seen: claimed(agent, Some(matched)) });
        }
    }
    let seen = if is_new { Seen::New } else { seen(tx, &it).await? };
    Ok(Recorded { id: Some(it.id), seen })
}

/// Seen for the first time.
async fn first(
    tx: &mut Tx,
    entropy: &Entropy,
    by: &Actor,
    finding: &Finding,
    now: Timestamp,
) -> Done<Discovery> {
    let id = DiscoveryId::new(entropy.ulid(now));
    let it = Discovery::found(id, finding.clone(), now);
    tx.insert_discovery(&it).await?;
    let what = What::DiscoveryFound {
        discovery: id,
        source: it.source.clone(),
        thing: it.kind.word().to_owned(),
        external: TextHash::of(&it.external_id),
    };
    tx.append(now, by.clone(), what).await?;
    Ok(it)
}

/// Seen again: what was decided stays, unless the agent it belonged to is no more.
async fn again(
    tx: &mut Tx,
    entropy: &Entropy,
    before: Discovery,
    finding: &Finding,
    now: Timestamp,
) -> Done<Discovery> {
    let mut after = before.clone().seen(finding, now);
    if let Some(agent) = of_ended(tx, &after).await? {
        after = after.orphaned(agent.id);
    }
    if after.state == before.state {
        tx.update_discovery(&after).await?;
        return Ok(after);
    }
    let why = match &after.state {
        DiscoveryState::Unclaimed { again: Some(again), .. } => again.word(),
        // It was gone, and is back as it was decided.
        _ => Again::Returned.word(),
    };
    let what = What::DiscoveryReopened { discovery: after.id, why: why.to_owned() };
    change(tx, entropy, &before, &after, Actor::System, what, now).await?;
    Ok(after)
}

/// What was found there is not there any more, if it is known and was not gone before.
pub(super) async fn gone(
    tx: &mut Tx,
    entropy: &Entropy,
    before: Discovery,
    now: Timestamp,
) -> Done<()> {
    let after = before.clone().gone(now);
    if after.state == before.state {
        return Ok(());
    }
    let what = What::DiscoveryGone { discovery: after.id };
    change(tx, entropy, &before, &after, Actor::System, what, now).await
}
