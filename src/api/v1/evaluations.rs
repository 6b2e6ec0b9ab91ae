//! Why an answer at run time was what it was.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::admit::Reader;
use super::refused::Refused;
use super::take::{Name, NoQuery};
use super::{Answer, Api, answer};
use crate::contract::evaluation::Why;
use crate::domain::agent::Agent;
use crate::domain::behalf::TokenUsed;
use crate::domain::evaluation::{Decision, Denial, Record};
use crate::domain::event::Actor;
use crate::domain::text::clean;
use crate::service::access_requests::link::link;
use crate::service::why::Explained;

/// Why an answer at run time was what it was, and the way out. The agent sees it, its owner, security,
/// and who asked.
#[utoipa::path(
    get,
    path = "/api/v1/evaluations/{id}",
    operation_id = "explainEvaluation",
    tag = "evaluations",
    params((
        "id" = String,
        Path,
        description = "The `evaluation_id` of the answer",
        example = "eval_01KBM7Q5GJ9V6Q3N8X2T4R0WZC"
    )),
    responses((status = 200, description = "The question, its answer, and why", body = Why))
)]
pub(super) async fn why(
    State(api): State<Arc<Api>>,
    reader: Reader,
    Name(name): Name,
    _: NoQuery,
) -> Answer {
    let Ok(id) = name.parse() else { return Err(unknown(&name)) };
    let (record, agent) = api.service.answered(id).await?.ok_or_else(|| unknown(&name))?;
    if !may_see(&api, &reader, &record, agent.as_ref()).await? {
        // What is not theirs is not there.
        return Err(unknown(&name));
    }
    let explained = api.service.explain(record, agent).await?;
    Ok(answer(StatusCode::OK, &told(&api, explained)))
}

fn unknown(name: &str) -> Refused {
    let detail = format!(
        "There is no evaluation `{}` on the record that this caller may see.",
        clean(name, 60)
    );
    let title = "There is no such evaluation";
    Refused::new(StatusCode::NOT_FOUND, "unknown_evaluation", title, detail)
        .next(["take evaluation_id from the answer's context, whole".to_owned()])
}

async fn may_see(
    api: &Api,
    reader: &Reader,
    record: &Record,
    agent: Option<&Agent>,
) -> Result<bool, Refused> {
    Ok(match reader {
        Reader::Agent(own) => record.agent == Some(own.id) || record.caller == Actor::Agent(own.id),
        Reader::Service(name) => record.caller == Actor::Service(name.clone()),
        Reader::Member(person) => api.service.may_know_why(person, agent).await?,
    })
}

/// As it is told to programs.
fn told(api: &Api, explained: Explained) -> Why {
    let Explained { record, agent, subject, reason, words, rests_on, ask, usual } = explained;
    let next = match &record.answer {
        Decision::Allow { .. } => Vec::new(),
        Decision::Deny { denial } => {
            let access = record.question().access().map(|access| access.to_all());
            next(denial, agent.as_ref(), access.as_ref())
        }
    };
    let link = agent.zip(ask).and_then(|(agent, access)| {
        link(api.signer.as_ref(), agent.id, &access, record.id, api.service.now())
    });
    let token = record.token.as_ref();
    Why {
        id: record.id.to_string(),
        at: record.at,
        subject,
        action: clean(&record.action, 200),
        resource: clean(&format!("{}/{}", record.resource.kind, record.resource.id), 400),
        allowed: record.answer.is_allowed(),
        reason: reason.to_owned(),
        words,
        rests_on,
        next,
        usual: usual.map(Into::into),
        link,
        token: token.map(|token| token.id().to_string()),
        token_known: token.map(TokenUsed::is_known),
        on_behalf_of: token.and_then(TokenUsed::on_behalf_of).map(str::to_owned),
        for_whom: record
            .for_whom
            .as_ref()
            .map(|who| clean(&format!("{}/{}", who.kind, who.id), 400)),
        policy: record.policy.clone(),
    }
}

/// The way out, in commands.
fn next(
    denial: &Denial,
    agent: Option<&Agent>,
    access: Option<&crate::domain::access::Access>,
) -> Vec<String> {
    let ask = |agent: &Agent| {
        let resource = access.map_or_else(|| "...".to_owned(), ToString::to_string);
        vec![format!(
            "agent-cli request-permission --agent {} --resource {resource} --for 30m \
             --justification \"...\"",
            agent.slug
        )]
    };
    match (denial, agent) {
        (Denial::UnknownSubject, _) | (_, None) => vec!["agent-cli register".to_owned()],
        (Denial::NotActive { state }, Some(agent)) => match state.as_str() {
            "pending" => vec![format!("agent-cli status {} --wait", agent.slug)],
            _ => vec![format!("agent-cli show {}", agent.slug)],
        },
        (Denial::NoGrant | Denial::TierTooLow { .. } | Denial::Approval { .. }, Some(agent)) => {
            ask(agent)
        }
        (Denial::Quota, _) => vec!["try again in a minute".to_owned()],
        (Denial::UnknownAccess, _) => {
            vec!["ask for something that the policy knows: agent-cli request-permission".to_owned()]
        }
        (Denial::Forbidden { .. } | Denial::CannotJudge { .. }, Some(agent)) => {
            vec![format!("agent-cli show {}", agent.slug)]
        }
    }
}
