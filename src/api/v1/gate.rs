//! A pipeline's check.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use sha2::{Digest, Sha256};

use super::admit::{Anybody, is_named, member, not_yours, only};
use super::caller::Caller;
use super::refusals::and;
use super::refused::Refused;
use super::take::{Body, NoQuery};
use super::{Answer, Api, answer};
use crate::contract::gate::{Check, GateAnswer, GateQuestion, Outcome};
use crate::contract::manifest::Manifest;
use crate::domain::gate as judged;
use crate::domain::text::clean;
use crate::service::access_requests::link::{link, registration_link};
use crate::service::gate::{GateForm, Ready, Told, Verdict};

/// The version of the manifest that is understood.
const VERSION: u32 = 1;
/// As many accesses as a manifest may have.
const MOST_ACCESSES: usize = 50;
/// As many systems.
const MOST_SYSTEMS: usize = 50;
/// The longest text of it, in characters.
const LONGEST: usize = 1_000;

/// Holds what a repository says about its agent against the registry. Nothing is asked, and nobody is
/// sent anything. For people, for an agent about itself, and for workloads of an issuer that the policy
/// trusts, by their platform's own token; where everybody gets tokens of that issuer and no agent is
/// known by this one, nobody is named.
#[utoipa::path(
    post,
    path = "/api/v1/gate",
    operation_id = "gate",
    tag = "gate",
    request_body = GateQuestion,
    responses((status = 200, description = "What was found", body = GateAnswer))
)]
pub(super) async fn gate(
    State(api): State<Arc<Api>>,
    Anybody(caller): Anybody,
    _: NoQuery,
    body: Body<GateQuestion>,
) -> Answer {
    let manifest = body.value.manifest;
    let told = told(&api, &caller, &manifest.agent.name).await?;
    let name = clean(&manifest.agent.name, 80);
    let verdict = api.service.gate(&form(manifest)?, told).await?;
    Ok(answer(StatusCode::OK, &shown(&api, name, verdict, told).await))
}

/// Whether this caller may ask, and is told names.
async fn told(api: &Api, caller: &Caller, name: &str) -> Result<Told, Refused> {
    match caller {
        Caller::Person(of) => {
            member(api, &of.person).await?;
            Ok(Told::Names)
        }
        Caller::Agent(id) => match api.service.agent_by_id(*id).await? {
            Some(own) if is_named(&own, name) => Ok(Told::Names),
            Some(own) => Err(not_yours(&own.slug)),
            None => Err(only("an agent that is registered", "agent-cli register")),
        },
        Caller::Workload(of) => {
            let known = of.agents.iter().any(|agent| agent.as_str() == name);
            Ok(if of.everybodys && !known { Told::NoNames } else { Told::Names })
        }
        Caller::Service(_) => Err(only(
            "people, agents, and pipelines by their platform's own token",
            "agent-cli login",
        )),
    }
}

/// As the use case takes it.
fn form(sent: Manifest) -> Result<GateForm, Refused> {
    if sent.version != VERSION {
        let words = format!("this server understands version {VERSION} of agent.toml");
        return Err(Refused::field("manifest.version", words));
    }
    if sent.accesses.len() > MOST_ACCESSES {
        let words = format!("at most {MOST_ACCESSES} accesses are checked at once");
        return Err(Refused::field("manifest.access", words));
    }
    if sent.agent.systems.len() > MOST_SYSTEMS {
        let words = format!("at most {MOST_SYSTEMS} systems are compared");
        return Err(Refused::field("manifest.agent.systems", words));
    }
    let answers = super::shapes::answers_of(sent.agent.answers());
    let of = sent.agent;
    let text = |text: &str| clean(text, LONGEST);
    Ok(GateForm {
        name: text(&of.name),
        purpose: text(&of.purpose),
        owner: of.owner.as_deref().map(text),
        team: of.team.as_deref().map(text).filter(|team| !team.is_empty()),
        systems: of.systems.iter().map(|system| text(system)).collect(),
        runs_on: text(&of.runs_on),
        model: text(&of.model),
        answers,
        accesses: sent
            .accesses
            .iter()
            .map(|one| (text(&one.name), text(&one.because), one.lasting.as_deref().map(text)))
            .collect(),
    })
}

async fn shown(api: &Api, agent: String, verdict: Verdict, told: Told) -> GateAnswer {
    let mut ask = Vec::new();
    if let (Some(known), Told::Names) = (&verdict.agent, told) {
        let named = api.names.of([&known.owner]).await;
        ask.push(format!("its owner, {}", named.say(&known.owner)));
    }
    if !verdict.decide.is_empty() {
        ask.push(format!("who decides: {}", and(&verdict.decide)));
    }
    if let Some(channel) = &verdict.help {
        let name = api.names.of_channel(channel).await;
        ask.push(format!("help: the Slack channel {}", name.as_deref().unwrap_or(channel)));
    }
    GateAnswer {
        passed: verdict.passed(),
        agent,
        usual: verdict.usual.map(Into::into),
        decide_within: verdict.within.map(Into::into),
        ask,
        link: address(api, &verdict),
        checks: verdict.checks.into_iter().map(check).collect(),
        policy: verdict.policy,
    }
}

/// The link that puts what is ready before the owner.
fn address(api: &Api, verdict: &Verdict) -> Option<String> {
    let signer = api.signer.as_ref();
    match (&verdict.ready, &verdict.agent) {
        (Ready::Request(access), Some(agent)) => {
            // The same gap of the same day is the same link, however often a pipeline runs.
            let mut hash = Sha256::new();
            hash.update(format!("{} {access} {}", agent.id, verdict.now.date_naive()));
            let name = format!("gate:{}", hex::encode(hash.finalize()));
            link(signer, agent.id, access, name, verdict.now)
        }
        (Ready::Registration(owner, draft), None) => {
            registration_link(signer, owner, draft, verdict.now)
        }
        _ => None,
    }
}

fn check(of: judged::Check) -> Check {
    Check {
        rule: of.rule.word().to_owned(),
        about: of.about,
        outcome: match of.outcome {
            judged::Outcome::Passed => Outcome::Passed,
            judged::Outcome::Noted => Outcome::Noted,
            judged::Outcome::Failed => Outcome::Failed,
        },
        found: of.found,
        why: of.why,
        next: of.next,
    }
}
