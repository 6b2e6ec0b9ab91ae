//! The story of a call: from the question, the token or the deed back to the people who allowed it.
//!
//! | file | idea |
//! |---|---|
//! | [`named`] | what a story may begin with |
//! | `line` | the line of the log that seals a record |
//!
//! Everything is read, nothing is decided: a [`Story`] holds what the record holds. What is missing
//! there, because another hand deleted it, is missing here, and `countersign audit verify` says so.

mod line;
pub mod named;

use std::collections::BTreeSet;

use chrono::TimeDelta;

use serde::Serialize;

use self::line::find;
use self::named::Named;
use crate::domain::activity::Activity;
use crate::domain::agent::Agent;
use crate::domain::credential::Credential;
use crate::domain::evaluation::{Basis, Decision, Record};
use crate::domain::event::What;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, CredentialId, GrantId, RequestId, TokenId};
use crate::domain::request::Request;
use crate::domain::task::Task;
use crate::domain::time::Timestamp;
use crate::domain::token::IssuedToken;
use crate::store::{Sealed, Session, StoreError};

/// The most activities that a story tells.
pub const MOST_ACTIVITIES: u32 = 100;
/// The most questions that the story of a token lists.
pub const MOST_ASKED: u32 = 100;

/// So far from a token's time the clocks of replicas may put what was asked with it.
const APART: TimeDelta = TimeDelta::seconds(60);

/// The line of the log that seals a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Seal {
    /// Its number.
    pub line: i64,
    /// Whether the record is still what was sealed.
    pub whole: bool,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// The record of both.
    pub evaluation: Record,
    /// What seals it; none if no line does.
    pub seal: Option<Seal>,
}

/// A token. Some time after its end only the log remembers it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Token {
    /// Which.
    pub id: TokenId,
    /// Whose.
    pub agent: AgentId,
    /// By which proof: the credential, or the way in which the log says it.
    pub by: String,
    /// For whom.
    pub audience: Vec<String>,
    /// The person in whose name, if not the agent's own.
    pub on_behalf_of: Option<String>,
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The credential, if there is one of this id.
    pub credential: Option<Credential>,
    /// The request by which people allowed the credential.
    pub credential_request: Option<Request>,
}

/// A grant with all that people said about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrantStory {
    /// The grant, as it stands at the moment of telling.
    pub grant: Grant,
    /// The request that opened it, with its votes.
    pub request: Option<Request>,
    /// The requests to prolong it, whatever came of them.
    pub later: Vec<Request>,
}

/// The agent, and how it came to be one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentStory {
    /// The agent, as it is now.
    pub agent: Agent,
    /// The request by which people let it to work.
    pub registration: Option<Request>,
}

/// What was done, and its seal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Done {
    /// What was done.
    pub activity: Activity,
    /// What seals it; none if no line does.
    pub seal: Option<Seal>,
}

/// What the record holds about a call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// What was asked for, as it was written.
    pub about: String,
    /// The moment of telling.
    pub told_at: Timestamp,
    /// The call.
    pub call: Option<Call>,
    /// The token that the story begins with, or by which the agent of the call acted.
    pub token: Option<Token>,
    /// What was asked with the token that the story begins with, the newest first.
    pub asked: Vec<Record>,
    /// Whether more was asked with it.
    pub asked_more: bool,
    /// The grants that it rests on.
    pub grants: Vec<GrantStory>,
    /// Requests that opened no grant.
    pub requests: Vec<Request>,
    /// The agent.
    pub agent: Option<AgentStory>,
    /// What was done with it.
    pub activities: Vec<Done>,
}

/// What the story is made of, by their ids.
#[derive(Default)]
struct Threads {
    call: Option<Record>,
    token: Option<Token>,
    asked: Vec<Record>,
    grants: Vec<GrantId>,
    requests: Vec<Request>,
    agent: Option<AgentId>,
    activities: Vec<Activity>,
}

/// Tells the story, if what it is to begin with is on the record.
///
/// # Errors
///
/// The database does not answer, or holds what is not understood.
pub async fn trace(
    session: &mut Session,
    named: Named,
    now: Timestamp,
) -> Result<Option<Story>, StoreError> {
    let threads = match named {
        Named::Evaluation(id) => match session.evaluation(id).await? {
            Some(record) => of_call(session, record).await?,
            None => return Ok(None),
        },
        Named::Activity(id) => match session.activity(id).await? {
            Some(activity) => of_activity(session, activity).await?,
            None => return Ok(None),
        },
        Named::Token(id) => match token(session, id).await? {
            Some((token, grants)) => {
                let agent = Some(token.agent);
                let time = (token.issued_at - APART, token.until + APART);
                let asked = session.asked_with(id, token.agent, time, MOST_ASKED + 1).await?;
                Threads { token: Some(token), asked, grants, agent, ..Threads::default() }
            }
            None => return Ok(None),
        },
        Named::Grant(id) => match session.grant(id).await? {
            Some(grant) => of_grant(session, &grant).await?,
            None => return Ok(None),
        },
        Named::Request(id) => match session.request(id).await? {
            Some(request) => of_request(session, request).await?,
            None => return Ok(None),
        },
        Named::Task(id) => match session.task(id).await? {
            Some(task) => of_task(session, task).await?,
            None => return Ok(None),
        },
        Named::Reference(reference) => {
            let found = session.request_by_number(reference.number).await?;
            match found.filter(|request| request.reference == reference) {
                Some(request) => of_request(session, request).await?,
                None => return Ok(None),
            }
        }
    };
    Ok(Some(weave(session, named, threads, now).await?))
}

async fn of_call(session: &mut Session, record: Record) -> Result<Threads, StoreError> {
    let grants = match &record.answer {
        Decision::Allow { basis: Basis::Grant(grant) } => vec![grant.id],
        Decision::Allow { basis: Basis::Rule { .. } } | Decision::Deny { .. } => Vec::new(),
    };
    let activities = session.activities_after(record.id, MOST_ACTIVITIES).await?;
    let agent = record.agent;
    Ok(Threads { call: Some(record), grants, agent, activities, ..Threads::default() })
}

async fn of_activity(session: &mut Session, activity: Activity) -> Result<Threads, StoreError> {
    let call = match activity.evaluation {
        Some(id) => session.evaluation(id).await?,
        None => None,
    };
    let (grants, agent) = (activity.grant.into_iter().collect(), Some(activity.agent));
    Ok(Threads { call, grants, agent, activities: vec![activity], ..Threads::default() })
}

async fn of_grant(session: &mut Session, grant: &Grant) -> Result<Threads, StoreError> {
    let activities = session.activities_with(grant.id, MOST_ACTIVITIES).await?;
    let (grants, agent) = (vec![grant.id], Some(grant.agent));
    Ok(Threads { grants, agent, activities, ..Threads::default() })
}

async fn of_request(session: &mut Session, request: Request) -> Result<Threads, StoreError> {
    if let Some(grant) = session.grant_of_request(request.id).await? {
        return of_grant(session, &grant).await;
    }
    let agent = Some(request.agent);
    Ok(Threads { requests: vec![request], agent, ..Threads::default() })
}

async fn of_task(session: &mut Session, task: Task) -> Result<Threads, StoreError> {
    let mut whole = Threads { agent: Some(task.agent), ..Threads::default() };
    let mut seen = BTreeSet::new();
    for item in task.items {
        if !seen.insert(item.request) {
            continue;
        }
        let Some(request) = session.request(item.request).await? else { continue };
        let one = of_request(session, request).await?;
        whole.grants.extend(one.grants);
        whole.requests.extend(one.requests);
        whole.activities.extend(one.activities);
    }
    Ok(whole)
}

/// Follows the threads to the people.
async fn weave(
    session: &mut Session,
    named: Named,
    threads: Threads,
    now: Timestamp,
) -> Result<Story, StoreError> {
    let mut token_told = threads.token;
    if token_told.is_none()
        && let Some(used) = threads.call.as_ref().and_then(|call| call.token.as_ref())
        && used.is_known()
    {
        token_told = token(session, used.id()).await?.map(|(token, _)| token);
    }
    let call = match threads.call {
        Some(evaluation) => {
            let seal = seal_of_call(session, &evaluation).await?;
            Some(Call { evaluation, seal })
        }
        None => None,
    };
    let mut grants = Vec::new();
    for id in threads.grants {
        let Some(grant) = session.grant(id).await? else { continue };
        let request = session.request(grant.request).await?;
        let later = session.requests_about_grant(id).await?;
        let grant = Grant { state: grant.state_at(now), ..grant };
        grants.push(GrantStory { grant, request, later });
    }
    let agent = match threads.agent {
        Some(id) => match session.agent(id).await? {
            Some(agent) => {
                let registration = session.registration_of(id).await?;
                Some(AgentStory { agent, registration })
            }
            None => None,
        },
        None => None,
    };
    let mut activities = Vec::new();
    for activity in threads.activities {
        let (id, at) = (activity.id, activity.at);
        let is = |what: &What| match what {
            What::ActivityRecorded { activity, sha256, .. } if *activity == id => {
                Some(sha256.clone())
            }
            _ => None,
        };
        let seal = seal(session, Sealed::Activity, &id.to_string(), at, is).await?;
        activities.push(Done { activity, seal });
    }
    let about = named.to_string();
    let (token, requests, mut asked) = (token_told, threads.requests, threads.asked);
    let asked_more = asked.len() > MOST_ASKED as usize;
    asked.truncate(MOST_ASKED as usize);
    Ok(Story {
        about,
        told_at: now,
        call,
        token,
        asked,
        asked_more,
        grants,
        requests,
        agent,
        activities,
    })
}

async fn seal_of_call(session: &mut Session, record: &Record) -> Result<Option<Seal>, StoreError> {
    let Some(batch) = session.batch_of(record.id).await? else { return Ok(None) };
    let is = |what: &What| match what {
        What::EvaluationsRecorded { batch: id, sha256, .. } if id.to_string() == batch => {
            Some(sha256.clone())
        }
        _ => None,
    };
    seal(session, Sealed::Batch, &batch, record.at, is).await
}

async fn seal(
    session: &mut Session,
    kind: Sealed,
    id: &str,
    near: Timestamp,
    is: impl Fn(&What) -> Option<String>,
) -> Result<Option<Seal>, StoreError> {
    let Some((line, sealed)) = find(session, near, |body| is(&body.what)).await? else {
        return Ok(None);
    };
    let kept = session.kept(kind, &[id.to_owned()]).await?;
    let whole = kept.get(id).is_some_and(|kept| kept.sha256 == sealed && kept.labelled);
    Ok(Some(Seal { line: line.seq, whole }))
}

/// The token, and the grants that it carried.
async fn token(
    session: &mut Session,
    id: TokenId,
) -> Result<Option<(Token, Vec<GrantId>)>, StoreError> {
    let Some(kept) = session.token(id).await? else { return from_log(session, id).await };
    let IssuedToken { agent, credential, grants, audience, on_behalf_of, .. } = kept;
    let (found, request) = credential_of(session, credential).await?;
    let token = Token {
        id,
        agent,
        by: credential.to_string(),
        audience,
        on_behalf_of,
        issued_at: kept.issued_at,
        until: kept.until,
        revoked_at: kept.revoked_at,
        credential: found,
        credential_request: request,
    };
    Ok(Some((token, grants)))
}

async fn credential_of(
    session: &mut Session,
    id: CredentialId,
) -> Result<(Option<Credential>, Option<Request>), StoreError> {
    let found = session.credential(id).await?;
    let request: Option<RequestId> = found.as_ref().map(|found| found.request);
    let request = match request {
        Some(id) => session.request(id).await?,
        None => None,
    };
    Ok((found, request))
}

/// What the log says of a token whose time was over long ago.
async fn from_log(
    session: &mut Session,
    id: TokenId,
) -> Result<Option<(Token, Vec<GrantId>)>, StoreError> {
    let millis = i64::try_from(id.ulid().timestamp_ms()).unwrap_or_default();
    let near = Timestamp::from_timestamp_millis(millis).unwrap_or_default();
    let is = |what: &What| matches!(what, What::TokenIssued { token, .. } if *token == id);
    let issued = |body: &crate::domain::event::Body| is(&body.what).then(|| body.what.clone());
    let Some((line, What::TokenIssued { agent, by, audience, grants, on_behalf_of, until, .. })) =
        find(session, near, issued).await?
    else {
        return Ok(None);
    };
    let (credential, credential_request) = match by.parse() {
        Ok(id) => credential_of(session, id).await?,
        Err(_) => (None, None),
    };
    let token = Token {
        id,
        agent,
        by,
        audience,
        on_behalf_of,
        issued_at: line.at,
        until,
        revoked_at: None,
        credential,
        credential_request,
    };
    Ok(Some((token, grants)))
}
