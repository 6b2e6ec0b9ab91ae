//! Registering an agent.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;

use super::admit::Member;
use super::agents::{gone, no};
use super::refusals::{bad_credential, not_registered, people_of};
use super::refused::Refused;
use super::take::{Body, NoQuery, Once};
use super::{Answer, Api, answer, credentials, shapes};
use crate::contract::agents::{Preview, Registered, Registration};
use crate::domain::person::PersonId;
use crate::domain::request::Ask;
use crate::domain::text::clean;
use crate::service::input::RegistrationForm;
use crate::service::outcome;
use crate::service::registry::Stand;

/// What the registration would lead to: the tier with its reasons, and who decides. Nothing is done.
#[utoipa::path(
    post,
    path = "/api/v1/agents/preview",
    operation_id = "previewRegistration",
    tag = "agents",
    request_body = Registration,
    responses((status = 200, description = "What it would lead to", body = Preview))
)]
pub(super) async fn preview(
    State(api): State<Arc<Api>>,
    member: Member,
    _: NoQuery,
    body: Body<Registration>,
) -> Answer {
    let found = api.service.preview(shapes::answers_of(body.value.answers)).await?;
    let choices = api.service.choices(&member.person, None).await?;
    let preview = Preview {
        reasons: found.reasons.into_iter().map(str::to_owned).collect(),
        route: shapes::route(&found.route),
        teams: choices.teams.iter().map(ToString::to_string).collect(),
    };
    Ok(answer(StatusCode::OK, &preview))
}

/// Registers an agent: `201` when the policy says yes at once, `202` when people are asked.
#[utoipa::path(
    post,
    path = "/api/v1/agents",
    operation_id = "registerAgent",
    tag = "agents",
    request_body = Registration,
    responses(
        (status = 201, description = "It is registered and active", body = Registered),
        (status = 202, description = "People are asked", body = Registered),
    )
)]
pub(super) async fn register(
    State(api): State<Arc<Api>>,
    member: Member,
    _: NoQuery,
    once: Once,
    Body { value, digest }: Body<Registration>,
) -> Answer {
    let (by, name) = (&member.person, value.name.clone());
    let choices = api.service.choices(by, None).await?;
    let form = form(&api, value, choices.likely_team.as_ref().map(ToString::to_string)).await?;
    let key = once.key(&member.key, "register", &digest);
    let (agent, request) = match api.service.register(by, form, key).await? {
        outcome::Registered::Opened { agent, request, .. }
        | outcome::Registered::Approved { agent, request } => (agent, request.id),
        outcome::Registered::Invalid(problems) => {
            let named = api.names.of(people_of(&problems)).await;
            let teams: Vec<String> = choices.teams.iter().map(ToString::to_string).collect();
            return Err(not_registered(&problems, &teams, &named));
        }
        outcome::Registered::InvalidCredential(problems) => {
            return Err(bad_credential("credential.", &problems));
        }
        outcome::Registered::Refused(refusal) => return Err(no(&api, &refusal).await),
        outcome::Registered::Before => {
            let agent = api.service.agent_called(name.trim()).await?.ok_or_else(gone)?;
            let is = |ask: &Ask| matches!(ask, Ask::Registration);
            let stand = api.service.latest_asking(agent.id, is).await?.ok_or_else(gone)?;
            (agent, stand.of.request.id)
        }
    };
    let Some(stand) = api.service.stand(request).await? else { return Err(gone()) };
    let status = if agent.is_active() { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let line = api.service.agent_line(agent).await?;
    let named = api.names.of(shapes::people_of_stand(&stand)).await;
    let registered = Registered {
        agent: shapes::line(&line, &named),
        request: shapes::request(&stand, &named, Some(by)),
    };
    let mut response = answer(status, &registered);
    if let Ok(place) = format!("/api/v1/agents/{}", line.agent.slug).parse() {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}

/// As the use case takes it.
async fn form(
    api: &Api,
    sent: Registration,
    likely_team: Option<String>,
) -> Result<RegistrationForm, Refused> {
    let owner = match sent.owner.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(owner(api, text).await?),
    };
    Ok(RegistrationForm {
        name: sent.name,
        purpose: sent.purpose,
        // A comma or a line's end would make two of one.
        systems: sent
            .systems
            .iter()
            .map(|system| clean(&system.replace([',', ';'], " "), 200))
            .collect::<Vec<_>>()
            .join("\n"),
        runs_on: sent.runs_on,
        model: sent.model,
        answers: shapes::answers_of(sent.answers),
        team: sent.team.or(likely_team).unwrap_or_default(),
        owner,
        credential: sent.credential.map(|sent| credentials::form("", sent)).transpose()?,
    })
}

/// The person whom a Slack user id or an e-mail address names.
async fn owner(api: &Api, text: &str) -> Result<PersonId, Refused> {
    let text = clean(text, 200);
    api.service.person_called(&text).await?.ok_or_else(|| {
        let words = "nobody in the workspace is known by this: write a Slack user id or an e-mail \
                     address";
        Refused::field("owner", words)
    })
}

/// `201` or `202` for a request, with where to look at it.
pub(super) async fn asked(api: &Api, stand: &Stand, reader: Option<&PersonId>) -> Answer {
    let named = api.names.of(shapes::people_of_stand(stand)).await;
    let request = shapes::request(stand, &named, reader);
    let status = match request.state.as_str() {
        "open" => StatusCode::ACCEPTED,
        _ => StatusCode::CREATED,
    };
    let mut response = answer(status, &request);
    if let Ok(place) = format!("/api/v1/requests/{}", request.reference).parse() {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}
