//! Everything that happened around an incident, in order: from the log and from the records beside it.

use chrono::TimeDelta;
use serde::Serialize;

use super::facts::{asked, did};
use crate::domain::activity::Activity;
use crate::domain::agent::Agent;
use crate::domain::evaluation::Record;
use crate::domain::event::{Body, What};
use crate::domain::incident::{Incident, IncidentState};
use crate::domain::time::Timestamp;
use crate::service::trace::GrantStory;
use crate::store::{Session, StoreError};

/// As many lines of the log are read at once.
const PAGE: u32 = 500;

/// The story of an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// The incident.
    pub incident: Incident,
    /// The agent, as it is now.
    pub agent: Agent,
    /// The grants that it had when the incident was opened, and who allowed each.
    pub grants: Vec<GrantStory>,
    /// What happened from [`Incident::since`] until it was closed (until now, while it is open).
    pub entries: Vec<Entry>,
    /// Whether all of that time was looked through.
    pub complete: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Happened {
    /// A line of the audit log.
    Log {
        /// Its number.
        line: i64,
        /// What it says.
        #[serde(flatten)]
        body: Body,
    },
    /// The agent asked, and was answered.
    Evaluation {
        /// The record.
        evaluation: Record,
    },
    /// What the agent did, as it was told.
    Activity {
        /// The record.
        activity: Activity,
    },
}

/// Later than anything that the record can hold of an incident that is open.
const NO_END: TimeDelta = TimeDelta::days(36_500);

/// Puts the story together, as the record has it at this moment. `pages` bounds how much of what was
/// asked at run time is looked through.
///
/// # Errors
///
/// The record cannot be read.
pub async fn timeline(
    session: &mut Session,
    incident: Incident,
    agent: Agent,
    pages: Option<u32>,
) -> Result<Timeline, StoreError> {
    let until = match incident.state {
        IncidentState::Open => incident.opened_at + NO_END,
        IncidentState::Closed { at, .. } => at,
    };
    let mut entries = log(session, &incident, until).await?;
    let asked = asked(session, &incident, until, pages).await?;
    entries.extend(
        asked.records.into_iter().rev().map(|evaluation| Entry {
            at: evaluation.at,
            what: Happened::Evaluation { evaluation },
        }),
    );
    let did = did(session, &incident, until).await?;
    entries.extend(
        did.into_iter().rev().map(|activity| Entry {
            at: activity.occurred_at,
            what: Happened::Activity { activity },
        }),
    );
    // Stable: what happened at one moment stays in its order, the log's lines first.
    entries.sort_by_key(|entry| entry.at);
    let mut grants = Vec::new();
    for id in &incident.cut_off.grants {
        let Some(grant) = session.grant(*id).await? else { continue };
        let request = session.request(grant.request).await?;
        let later = session.requests_about_grant(*id).await?;
        grants.push(GrantStory { grant, request, later });
    }
    Ok(Timeline { incident, agent, grants, entries, complete: asked.complete })
}

async fn log(
    session: &mut Session,
    incident: &Incident,
    until: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let lines = session.lines_about(incident.agent, incident.since, after, PAGE).await?;
        let whole = lines.len() >= PAGE as usize;
        for line in lines {
            after = line.seq;
            let Ok(body) = serde_json::from_str::<Body>(&line.body) else { continue };
            // The record of what was asked and done is told itself.
            if line.at <= until && !matches!(body.what, What::ActivityRecorded { .. }) {
                let what = Happened::Log { line: line.seq, body };
                entries.push(Entry { at: line.at, what });
            }
        }
        if !whole {
            return Ok(entries);
        }
    }
}
