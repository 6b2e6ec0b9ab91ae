//! What follows when a credential is approved, in the same transaction, and what is due after that.

use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::credential::{Credential, CredentialState, Proof};
use crate::domain::deadline::Due;
use crate::domain::event::{About, Actor, What};
use crate::domain::ids::{AgentId, CredentialId};
use crate::domain::request::Request;
use crate::domain::time::{Span, Timestamp};
use crate::service::opening::due_at;
use crate::service::settle::conflict;
use crate::store::{Session, StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// So long before a credential's end its owner is reminded: once each.
const REMIND_BEFORE: [Span; 2] = [Span::days(7), Span::days(1)];

/// The live credential with the same proof, if there is one.
pub(in crate::service) async fn same(
    session: &mut Session,
    proof: &Proof,
    now: Timestamp,
) -> Done<Option<Credential>> {
    let found = session.credentials_by_fingerprint(&proof.fingerprint()).await?;
    Ok(found.into_iter().find(|other| other.is_live(now)))
}

/// Why this agent cannot have a credential with this proof any more: it was taken while people
/// decided. `None` if nothing is in the way.
pub(in crate::service) async fn why_taken(
    session: &mut Session,
    proof: &Proof,
    agent: AgentId,
    now: Timestamp,
) -> Done<Option<String>> {
    let Some(other) = same(session, proof, now).await? else { return Ok(None) };
    Ok(match proof {
        _ if other.agent != agent => {
            Some(format!("another agent proves itself by the same {} by now", proof.word()))
        }
        Proof::Key { .. } => Some("it has this key already".to_owned()),
        // Asked again for a workload, it only lasts longer.
        Proof::Workload { .. } => None,
    })
}

/// The open request for the same proof, for this agent.
pub(in crate::service) async fn open_request(
    tx: &mut Tx,
    agent: AgentId,
    proof: &Proof,
) -> Done<Option<Request>> {
    let open = tx.open_requests_of_agent(agent).await?;
    let asks = |request: &Request| request.credential().is_some_and(|(_, other, _)| other == proof);
    Ok(open.into_iter().find(asks))
}

/// A request was approved: the credential that it adds, if it adds one, is accepted from now on.
pub(in crate::service) async fn add(
    tx: &mut Tx,
    entropy: &Entropy,
    request: &Request,
    actor: Actor,
    now: Timestamp,
) -> Done<()> {
    let Some((name, proof, lasting)) = request.credential() else { return Ok(()) };
    let until = now + lasting.delta();
    let credential = match same(tx, proof, now).await? {
        Some(old) if old.agent == request.agent && matches!(proof, Proof::Workload { .. }) => {
            let expires_at = old.expires_at.max(until);
            let renewed =
                Credential { name: name.to_owned(), request: request.id, expires_at, ..old };
            tx.update_credential(&renewed).await?;
            renewed
        }
        Some(_) => return Err(conflict("another credential has the same proof")),
        None => {
            let credential = Credential {
                id: CredentialId::new(entropy.ulid(now)),
                agent: request.agent,
                name: name.to_owned(),
                proof: proof.clone(),
                request: request.id,
                added_at: now,
                expires_at: until,
                state: CredentialState::Active,
            };
            tx.insert_credential(&credential).await?;
            credential
        }
    };
    tx.drop_deadlines(&credential.id.to_string()).await?;
    let mut deadlines = Vec::new();
    for before in REMIND_BEFORE {
        let at = credential.expires_at - before.delta();
        if at > now {
            let due = Due::CredentialReminder { credential: credential.id, before };
            deadlines.push(due_at(entropy, now, at, due));
        }
    }
    let due = Due::CredentialExpiry { credential: credential.id };
    deadlines.push(due_at(entropy, now, credential.expires_at, due));
    tx.put_deadlines(&deadlines).await?;
    let what = What::CredentialAdded {
        credential: credential.id,
        agent: credential.agent,
        proof: credential.proof.word().to_owned(),
        fingerprint: credential.proof.fingerprint(),
        until: credential.expires_at,
    };
    let about = About { agent: Some(request.agent), request: Some(request.id), grant: None };
    tx.append_about(now, actor, what, about).await
}

/// By how many credentials the agent can prove itself now.
pub(in crate::service) async fn live_credentials(
    session: &mut Session,
    agent: AgentId,
    now: Timestamp,
) -> Done<u32> {
    let live = session.credentials_of(agent).await?.into_iter().filter(|c| c.is_live(now)).count();
    Ok(u32::try_from(live).unwrap_or(u32::MAX))
}

/// A credential with its agent, and how many others the agent can prove itself by.
pub(in crate::service) async fn with_agent(
    session: &mut Session,
    id: CredentialId,
    now: Timestamp,
) -> Done<Option<(Credential, Agent, u32)>> {
    let Some(credential) = session.credential(id).await? else { return Ok(None) };
    let Some(agent) = session.agent(credential.agent).await? else { return Ok(None) };
    let live = live_credentials(session, agent.id, now).await?;
    let beside = live.saturating_sub(u32::from(credential.is_live(now)));
    Ok(Some((credential, agent, beside)))
}
