//! What an agent has and asked for is taken from it: when it is stopped, or retired.

use super::grants::ended_by;
use super::settle::came_to_nothing;
use crate::clock::Entropy;
use crate::domain::agent::Agent;
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
        if let Some(request) = request.cancel(by.clone(), why.to_owned(), now) {
            came_to_nothing(tx, entropy, &request, agent.clone(), now).await?;
            cancelled.push(request);
        }
    }
    Ok(cancelled)
}
