//! What an agent has and asked for is taken from it: when it is stopped, or retired.

use super::grants::ended_by;
use super::settle::came_to_nothing;
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::credential::Credential;
use crate::domain::event::{About, TextHash, What};
use crate::domain::grant::Grant;
use crate::domain::person::By;
use crate::domain::request::Request;
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::store::{StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// Every live grant of the agent ends now. Returns them.
pub(super) async fn revoke_all(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: &Agent,
    by: &By,
    why: &str,
    now: Timestamp,
) -> Done<Vec<Grant>> {
    let mut ended = Vec::new();
    for grant in tx.live_grants_of(agent.id, now).await? {
        if let Ok(grant) = grant.revoke(by.clone(), why.to_owned(), now) {
            ended_by(tx, entropy, policy, &grant, agent, by.clone(), now).await?;
            ended.push(grant);
        }
    }
    Ok(ended)
}

/// Every open request about the agent is cancelled, and its owner is asked nothing any more. Returns
/// the requests.
pub(super) async fn cancel_all(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: &Agent,
    by: &By,
    why: &str,
    now: Timestamp,
) -> Done<Vec<Request>> {
    super::certifications::call_off(tx, entropy, agent.id, now).await?;
    let mut cancelled = Vec::new();
    for request in tx.open_requests_of_agent(agent.id).await? {
        cancelled.extend(cancel(tx, entropy, agent, request, by, why, now).await?);
    }
    Ok(cancelled)
}

/// One request about the agent is cancelled. Returns it, if it could still be decided.
pub(super) async fn cancel(
    tx: &mut Tx,
    entropy: &Entropy,
    agent: &Agent,
    request: Request,
    by: &By,
    why: &str,
    now: Timestamp,
) -> Done<Option<Request>> {
    let open = request.is_open(now);
    let Some(request) = request.overtaken(by.clone(), why.to_owned(), now) else { return Ok(None) };
    came_to_nothing(tx, entropy, &request, agent.clone(), now).await?;
    Ok(open.then_some(request))
}

/// Everything that a retired agent had and asked for, as it ended.
pub(super) type AllEnded = (Vec<Grant>, Vec<Request>, Vec<Credential>);

/// The agent is retired: everything that it has and asked for ends, and nothing is asked about it any
/// more.
pub(super) async fn end_all(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    agent: &Agent,
    by: &By,
    now: Timestamp,
) -> Done<AllEnded> {
    let why = format!("{} was retired", agent.slug);
    let grants = revoke_all(tx, entropy, policy, agent, by, &why, now).await?;
    let requests = cancel_all(tx, entropy, agent, by, &why, now).await?;
    super::certifications::call_off_for_good(tx, entropy, agent.id, now).await?;
    Ok((grants, requests, end_credentials(tx, agent, by, &why, now).await?))
}

/// The agent cannot prove itself by anything any more.
async fn end_credentials(
    tx: &mut Tx,
    agent: &Agent,
    by: &By,
    why: &str,
    now: Timestamp,
) -> Done<Vec<Credential>> {
    let mut ended = Vec::new();
    for credential in tx.credentials_of(agent.id).await? {
        let Some(credential) = credential.revoke(by.clone(), why.to_owned(), now) else { continue };
        tx.update_credential(&credential).await?;
        tx.drop_deadlines(&credential.id.to_string()).await?;
        let (id, reason) = (credential.id, TextHash::of(why));
        let what = What::CredentialRevoked { credential: id, agent: agent.id, reason };
        let about = About { agent: Some(agent.id), request: Some(credential.request), grant: None };
        tx.append_about(now, by.clone().into(), what, about).await?;
        ended.push(credential);
    }
    Ok(ended)
}
