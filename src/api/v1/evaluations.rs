//! Why an answer at run time was what it was.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::admit::Reader;
use super::refused::Refused;
use super::take::{Name, NoQuery};
use super::{Answer, Api, answer};
use crate::api::authzen::words;
use crate::contract::evaluation::Why;
use crate::domain::agent::Agent;
use crate::domain::evaluation::{Basis, Decision, Denial, Record, Remedy};
use crate::domain::event::Actor;
use crate::domain::text::clean;
use crate::domain::tier::Tier;
use crate::pdp::index::Card;
use crate::service::access_requests::link::link;

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
    let record = api.service.evaluation_on_record(id).await?.ok_or_else(|| unknown(&name))?;
    let agent = match record.agent {
        Some(id) => api.service.agent_by_id(id).await?,
        None => None,
    };
    if !may_see(&api, &reader, &record, agent.as_ref()).await? {
        // What is not theirs is not there.
        return Err(unknown(&name));
    }
    Ok(answer(StatusCode::OK, &explained(&api, &record, agent.as_ref()).await?))
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
        Reader::Member(person) => {
            agent.is_some_and(|agent| agent.owner == *person)
                || api.service.is_of_security(person).await?
        }
    })
}

async fn explained(api: &Api, record: &Record, agent: Option<&Agent>) -> Result<Why, Refused> {
    let policy = api.service.policy();
    let question = record.question();
    let card = agent.map(Card::of);
    let subject = match agent {
        Some(agent) => agent.slug.to_string(),
        None => clean(&record.subject.id, 80),
    };
    let what = format!(
        "{} {} \"{}\"",
        clean(&record.action, 80),
        clean(&record.resource.kind, 80),
        clean(&record.resource.id, 80)
    );
    let mut why = Why {
        id: record.id.to_string(),
        at: record.at,
        subject: subject.clone(),
        action: clean(&record.action, 200),
        resource: clean(&format!("{}/{}", record.resource.kind, record.resource.id), 400),
        allowed: record.answer.is_allowed(),
        reason: String::new(),
        words: String::new(),
        rests_on: None,
        next: Vec::new(),
        usual: None,
        link: None,
        policy: record.policy.clone(),
    };
    match &record.answer {
        Decision::Allow { basis: Basis::Grant(grant) } => {
            why.reason = "grant".to_owned();
            why.words = format!(
                "{subject} may {what}: people granted it ({}), until {}.",
                grant.reference,
                grant.until.format("%Y-%m-%d %H:%M UTC")
            );
            why.rests_on = Some(grant.reference.to_string());
        }
        Decision::Allow { basis: Basis::Rule { rule } } => {
            why.reason = "rule".to_owned();
            why.words = format!("{subject} may {what}: the policy's rule {rule} allows it.");
            why.rests_on = Some(rule.clone());
        }
        Decision::Deny { denial } => {
            why.reason = denial.code().to_owned();
            why.words = words::why(&question, denial, card.as_ref(), &policy);
            if let Denial::Forbidden { rule, .. } = denial {
                why.rests_on = Some(rule.clone());
            }
            why.next = next(denial, agent, question.access().map(|a| a.to_all()).as_ref());
            let remedy = denial.remedy() == Remedy::Request;
            if let (true, Some(agent), Some(access)) =
                (remedy, agent.filter(|agent| agent.is_active()), question.access())
            {
                let needs = policy.tier_needed(&access).unwrap_or(Tier::Observer);
                let route = api.service.who_decides(needs.max(agent.tier)).await?;
                why.usual = route.usual.map(Into::into);
                let (signer, now) = (api.signer.as_ref(), api.service.now());
                why.link = link(signer, agent.id, &access, record.id, now);
            }
        }
    }
    Ok(why)
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
