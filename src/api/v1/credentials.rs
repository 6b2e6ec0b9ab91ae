//! By what an agent proves itself.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::admit::Member;
use super::agents::{gone, no, slug_of};
use super::refusals::{bad_credential, refused};
use super::refused::Refused;
use super::registration::asked;
use super::take::{Body, Name, NoQuery, Once};
use super::{Answer, Api, answer, shapes};
use crate::contract::Page;
use crate::contract::agents::{Credential, NewCredential};
use crate::contract::requests::Request;
use crate::domain::request::Ask;
use crate::service::credentials::outcome::{CredentialAsked, KeysShown};
use crate::service::input::CredentialForm;
use crate::service::outcome::{Asked, Refusal};

/// The agent's credentials: what is accepted first. Its owner, the leads of its team and security see
/// them.
#[utoipa::path(
    get,
    path = "/api/v1/agents/{name}/credentials",
    operation_id = "listCredentials",
    tag = "agents",
    params(("name" = String, Path, description = "Its name or id", example = "support-agent-v2")),
    responses((status = 200, description = "Its credentials", body = Page<Credential>))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    member: Member,
    Name(name): Name,
    _: NoQuery,
) -> Answer {
    let name = slug_of(&api, &name).await?;
    match api.service.keys(&member.person, &name).await? {
        KeysShown::Shown(keys) => {
            let items: Vec<Credential> =
                keys.credentials.iter().map(|one| shapes::credential(one, keys.now)).collect();
            let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
            Ok(answer(StatusCode::OK, &Page { items, total, next: None }))
        }
        KeysShown::MayNot { agent, owner } => {
            let named = api.names.of([&owner]).await;
            let detail = format!(
                "Only the owner of {agent}, the leads of its team and security see its credentials. \
                 Its owner is {}.",
                named.say(&owner)
            );
            let (status, title) = (StatusCode::FORBIDDEN, "Not for this caller");
            Err(Refused::new(status, "may_not_see_credentials", title, detail)
                .next([format!("ask {}", named.say(&owner))]))
        }
        KeysShown::Refused(refusal) => Err(no(&api, &refusal).await),
    }
}

/// Asks that the agent may prove itself so, by a key or as a workload. People decide.
#[utoipa::path(
    post,
    path = "/api/v1/agents/{name}/credentials",
    operation_id = "askCredential",
    tag = "agents",
    params(("name" = String, Path, description = "Its name or id", example = "support-agent-v2")),
    request_body = NewCredential,
    responses(
        (status = 201, description = "It is accepted at once", body = Request),
        (status = 202, description = "People are asked", body = Request),
    )
)]
pub(super) async fn ask(
    State(api): State<Arc<Api>>,
    member: Member,
    Name(name): Name,
    _: NoQuery,
    once: Once,
    Body { value, digest }: Body<NewCredential>,
) -> Answer {
    let name = slug_of(&api, &name).await?;
    let key = once.key(&member.key, &format!("credential {name}"), &digest);
    let called = value.name.clone();
    let form = form(&name, value)?;
    let asked_for = match api.service.ask_credential(&member.person, &form, key).await? {
        CredentialAsked::Invalid(problems) => return Err(bad_credential("", &problems)),
        CredentialAsked::Asked(asked) => asked,
    };
    let stand = match asked_for {
        Asked::Opened { request, .. } | Asked::Approved { request, .. } => {
            api.service.stand(request.id).await?
        }
        Asked::Refused(refusal @ Refusal::AlreadyAsked(_)) => {
            return Err(refused(&refusal, &Default::default()));
        }
        Asked::Refused(refusal) => return Err(no(&api, &refusal).await),
        Asked::Before => {
            let agent = api.service.agent_called(&name).await?.ok_or_else(gone)?;
            let called = crate::domain::text::clean(&called, 60);
            let is = |ask: &Ask| matches!(ask, Ask::Credential { name, .. } if *name == called);
            api.service.latest_asking(agent.id, is).await?
        }
    };
    asked(&api, &stand.ok_or_else(gone)?, Some(&member.person)).await
}

/// As the use case takes it.
pub(super) fn form(agent: &str, sent: NewCredential) -> Result<CredentialForm, Refused> {
    let workload = match (&sent.public_key, &sent.issuer) {
        (Some(_), None) if sent.claims.is_empty() => false,
        (None, Some(_)) => true,
        _ => {
            let words = "send either public_key, or issuer with claims";
            return Err(Refused::field("public_key", words));
        }
    };
    let mut claims = String::new();
    for (name, value) in &sent.claims {
        if name.contains(['=', '\n', '\r']) || value.contains(['\n', '\r']) {
            let words = "the name of a claim has no `=`, and neither name nor value has lines";
            return Err(Refused::field("claims", words));
        }
        let _ = writeln!(claims, "{name} = {value}");
    }
    Ok(CredentialForm {
        agent: agent.to_owned(),
        name: sent.name,
        workload,
        key: sent.public_key.unwrap_or_default(),
        issuer: sent.issuer.unwrap_or_default(),
        claims,
        lasting: sent.lasting.unwrap_or_default(),
        because: sent.justification,
    })
}
