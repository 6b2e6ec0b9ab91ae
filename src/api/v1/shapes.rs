//! From what is known to what is told.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::names::Named;
use crate::contract::agents::{
    Agent, AgentLine, Answers, Credential, History, Ownerless, Route, Suspended,
};
use crate::contract::grants::Grant;
use crate::contract::people::Person;
use crate::contract::registry::Entry;
use crate::contract::requests::{Need, Outcome, Request};
use crate::domain;
use crate::domain::agent::{AgentState, Cause, Slug};
use crate::domain::credential::{CredentialState, Proof};
use crate::domain::person::PersonId;
use crate::domain::request::{ApprovedBy, RequestState};
use crate::domain::time::Timestamp;
use crate::service::outcome::{self, AgentDetail, HistoryLine};
use crate::service::registry::Stand;

/// As many people are named who could give one yes.
const AWAITED: usize = 10;

pub(super) fn person(id: &PersonId, named: &Named) -> Person {
    Person { id: id.clone(), name: named.of(id).map(str::to_owned) }
}

pub(super) const fn answers(of: domain::tier::Answers) -> Answers {
    let domain::tier::Answers { writes, customer_data, external_calls, money } = of;
    Answers { writes, customer_data, external_calls, money }
}

pub(super) const fn answers_of(sent: Answers) -> domain::tier::Answers {
    let Answers { writes, customer_data, external_calls, money } = sent;
    domain::tier::Answers { writes, customer_data, external_calls, money }
}

pub(super) fn route(of: &outcome::Route) -> Route {
    Route {
        tier: of.tier.number(),
        meaning: of.tier.meaning().to_owned(),
        needs: of.needs.iter().map(ToString::to_string).collect(),
        decide_within: of.decide_within.into(),
        usual: of.usual.map(Into::into),
        without_people: of.without_people.clone(),
    }
}

pub(super) fn grant(of: &domain::grant::Grant, agent: &Slug, now: Timestamp) -> Grant {
    Grant {
        reference: of.reference.to_string(),
        agent: agent.clone(),
        access: of.access.to_string(),
        state: of.state_at(now).word().to_owned(),
        starts_at: of.starts_at,
        expires_at: of.expires_at,
        left: of.left(now).map(Into::into),
    }
}

/// The people of an agent in a list.
pub(super) fn people_of_line(of: &outcome::AgentLine) -> impl Iterator<Item = &PersonId> {
    people_of_agent(&of.agent)
}

fn people_of_agent(agent: &domain::agent::Agent) -> impl Iterator<Item = &PersonId> {
    let stopped = match &agent.state {
        AgentState::Suspended { by, .. } => by.person(),
        _ => None,
    };
    std::iter::once(&agent.owner).chain(stopped)
}

pub(super) fn line(of: &outcome::AgentLine, named: &Named) -> AgentLine {
    line_with(of, |id| named.of(id).map(str::to_owned))
}

fn line_with(of: &outcome::AgentLine, name: impl Fn(&PersonId) -> Option<String>) -> AgentLine {
    let agent = &of.agent;
    let person = |id: &PersonId| Person { id: id.clone(), name: name(id) };
    let owner = person(&agent.owner);
    let called = owner.name.as_deref().unwrap_or(&agent.owner.user);
    AgentLine {
        name: agent.slug.clone(),
        state: agent.state.word().to_owned(),
        suspended: match &agent.state {
            AgentState::Suspended { at, by, reason, cause, .. } => Some(Suspended {
                since: *at,
                cause: cause.word().to_owned(),
                by: by.person().map(person),
                reason: Some(reason.clone()).filter(|reason| !reason.is_empty()),
                undone_by: cause.undone_by(&agent.slug, called),
            }),
            _ => None,
        },
        ownerless: agent.orphaned.as_ref().map(|orphaned| Ownerless {
            since: orphaned.since,
            suspended_at: orphaned.suspended_at,
            retired_at: orphaned.retired_at,
            undone_by: Cause::Ownerless.undone_by(&agent.slug, called),
        }),
        tier: agent.tier.number(),
        owner,
        team: agent.team.to_string(),
        live_grants: of.live_grants,
        live_credentials: of.live_credentials,
    }
}

/// An agent in the registry; `name` knows what people are called.
pub(crate) fn entry(of: &outcome::AgentLine, name: impl Fn(&PersonId) -> Option<String>) -> Entry {
    let known = &of.agent;
    Entry {
        line: line_with(of, name),
        id: known.id.to_string(),
        purpose: known.description.purpose.clone(),
        systems: known.description.systems.clone(),
        runs_on: known.description.runs_on.clone(),
        model: known.description.model.clone(),
        registered_at: known.registered_at,
        certified_until: certified_until(known),
    }
}

/// Until when its certification holds, where that arises.
const fn certified_until(known: &domain::agent::Agent) -> Option<Timestamp> {
    match known.state {
        AgentState::Active { certified_until, .. }
        | AgentState::Suspended { certified_until, .. } => Some(certified_until),
        AgentState::Pending { .. } | AgentState::Retired { .. } | AgentState::Rejected { .. } => {
            None
        }
    }
}

/// The people of an agent's page.
pub(super) fn people_of_detail(of: &AgentDetail) -> impl Iterator<Item = &PersonId> {
    let asked = of.open.iter().flat_map(people_of);
    let did = of.history.iter().filter_map(|line| line.by.as_ref());
    people_of_agent(&of.agent).chain(asked).chain(did)
}

pub(super) fn agent(of: &AgentDetail, open: Vec<Request>, named: &Named) -> Agent {
    let known = &of.agent;
    let live_grants = u32::try_from(of.grants.len()).unwrap_or(u32::MAX);
    let in_a_list = outcome::AgentLine {
        agent: known.clone(),
        live_grants,
        live_credentials: of.live_credentials,
    };
    Agent {
        line: line(&in_a_list, named),
        id: known.id.to_string(),
        purpose: known.description.purpose.clone(),
        systems: known.description.systems.clone(),
        runs_on: known.description.runs_on.clone(),
        model: known.description.model.clone(),
        answers: answers(known.description.answers),
        reasons: known.description.answers.reasons().into_iter().map(str::to_owned).collect(),
        registered_at: known.registered_at,
        certified_until: certified_until(known),
        route: route(&of.route),
        grants: of.grants.iter().map(|one| grant(one, &known.slug, of.now)).collect(),
        open,
        history: of.history.iter().map(|line| history(line, named)).collect(),
    }
}

fn history(of: &HistoryLine, named: &Named) -> History {
    let what = serde_json::to_value(&of.what).ok();
    let kind = what.as_ref().and_then(|what| what.get("kind")).and_then(Value::as_str);
    History {
        at: of.at,
        what: kind.unwrap_or("event").to_owned(),
        by: of.by.as_ref().map(|by| person(by, named)),
        reference: of.reference.map(|reference| reference.to_string()),
    }
}

pub(super) fn credential(of: &domain::credential::Credential, now: Timestamp) -> Credential {
    let state = match of.state {
        CredentialState::Revoked { .. } => "revoked",
        CredentialState::Active if of.is_live(now) => "live",
        CredentialState::Active => "expired",
    };
    Credential {
        id: of.id.to_string(),
        name: of.name.clone(),
        kind: of.proof.word().to_owned(),
        proof: match &of.proof {
            Proof::Key { thumbprint, .. } => thumbprint.clone(),
            Proof::Workload { .. } => of.proof.fingerprint(),
        },
        state: state.to_owned(),
        until: of.expires_at,
    }
}

/// The people of a request.
pub(super) fn people_of(of: &domain::request::Request) -> Vec<&PersonId> {
    let mut people = vec![&of.asked_by];
    people.extend(of.votes.iter().map(|vote| &vote.by));
    if matches!(of.state, RequestState::Open) {
        people.extend(of.asked.iter().take(3 * AWAITED).map(|asked| &asked.person));
    }
    match &of.state {
        RequestState::Denied { by, .. } => people.push(by),
        RequestState::Cancelled { by, .. } => people.extend(by.person()),
        RequestState::Open | RequestState::Approved { .. } | RequestState::Expired { .. } => {}
    }
    people
}

/// The people of a request with its agent.
pub(super) fn people_of_stand(of: &Stand) -> Vec<&PersonId> {
    let mut people = people_of(&of.of.request);
    people.push(&of.of.agent.owner);
    people.push(of.of.request.acceptor(&of.of.agent.owner));
    people
}

/// A request as `reader` is told of it. Who could say yes is told to people of the workspace only.
pub(super) fn request(of: &Stand, named: &Named, reader: Option<&PersonId>) -> Request {
    let (known, agent, now) = (&of.of.request, &of.of.agent, of.now);
    let open = known.is_open(now);
    let approved = matches!(known.state, RequestState::Approved { .. });
    let by_itself = !known.origin.is_person();
    let needs = known.requirements().into_iter().map(|need| Need {
        role: need.role.to_string(),
        given_by: need.covered_by.map(|vote| person(&vote.by, named)),
        awaited: match need.covered_by {
            None if open && reader.is_some() => known
                .asked_for(need.role)
                .take(AWAITED)
                .map(|who| person(who.person, named))
                .collect(),
            _ => Vec::new(),
        },
    });
    Request {
        reference: known.reference.to_string(),
        kind: known.ask.word().to_owned(),
        agent: agent.slug.clone(),
        state: known.state_at(now).word().to_owned(),
        access: known.ask.access().map(ToString::to_string),
        credential: known.credential().map(|(name, ..)| name.to_owned()),
        lasting: known.ask.lasting().map(Into::into),
        justification: known.ask.because().map(str::to_owned),
        appeals: match &known.ask {
            domain::request::Ask::Appeal { denied, .. } => Some(denied.reference.to_string()),
            _ => None,
        },
        asked_by: (reader.is_some() && !by_itself).then(|| person(&known.asked_by, named)),
        by_itself,
        opened_at: known.asked_at,
        decide_by: known.decide_by,
        usual: of.usual.map(Into::into),
        needs: needs.collect(),
        awaits_owner: (open && known.accept_awaited())
            .then(|| person(known.acceptor(&agent.owner), named)),
        outcome: ending(of, named, reader),
        grant: of.of.grant.as_ref().filter(|_| approved).map(|one| grant(one, &agent.slug, now)),
        version: version(of),
    }
}

/// Another text whenever the request, or the grant that came of it, is another.
pub(super) fn version(of: &Stand) -> String {
    let mut hash = Sha256::new();
    let request = &of.of.request;
    let state = request.state_at(of.now);
    let grant = of.of.grant.as_ref().map(|grant| (grant.state_at(of.now), grant.expires_at));
    for part in [
        serde_json::to_vec(request),
        serde_json::to_vec(&state),
        serde_json::to_vec(&grant),
        serde_json::to_vec(&of.of.agent.owner),
        serde_json::to_vec(&of.appeal_until),
    ] {
        hash.update(part.unwrap_or_default());
        hash.update([0]);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
}

fn ending(of: &Stand, named: &Named, reader: Option<&PersonId>) -> Option<Outcome> {
    let (request, slug) = (&of.of.request, &of.of.agent.slug);
    let again = || match request.ask.access() {
        Some(access) => format!(
            "agent-cli request-permission --agent {slug} --resource {access} --justification \
             \"...\""
        ),
        None => format!("agent-cli register {slug}"),
    };
    let end = |at: Timestamp, by: Option<&PersonId>, reason: Option<&str>, next: Vec<String>| {
        let (by, reason) = (by.map(|by| person(by, named)), reason.map(str::to_owned));
        let (reason, appeal_until) = (reason.filter(|text| !text.is_empty()), of.appeal_until);
        Some(Outcome { at, by, reason, appeal_until, next })
    };
    match request.state_at(of.now) {
        RequestState::Open => None,
        RequestState::Approved { at, by: ApprovedBy::People } => end(at, None, None, Vec::new()),
        RequestState::Approved { at, by: ApprovedBy::Emergency } => {
            end(at, Some(&request.asked_by), None, Vec::new())
        }
        RequestState::Approved { at, by: ApprovedBy::Policy { rule } } => {
            end(at, None, Some(&rule), Vec::new())
        }
        RequestState::Denied { at, by, reason } => {
            let next = appeal(of, named, reader).into_iter().chain([again()]).collect();
            end(at, Some(&by), Some(&reason), next)
        }
        RequestState::Cancelled { at, by, program, reason } => {
            let by = by.person().filter(|_| program.is_none());
            end(at, by, Some(&reason), vec![again()])
        }
        RequestState::Expired { at } => end(at, None, None, vec![again()]),
    }
}

/// How a no is appealed, if it can be. Who may do it is told to the others.
fn appeal(of: &Stand, named: &Named, reader: Option<&PersonId>) -> Option<String> {
    of.appeal_until?;
    let (request, owner) = (&of.of.request, &of.of.agent.owner);
    let command = format!("agent-cli appeal {} --because \"...\"", request.reference);
    Some(match reader {
        Some(reader) if *reader == request.asked_by || reader == owner => command,
        Some(_) => format!("{} can appeal: {command}", named.say(&request.asked_by)),
        None => format!("its owner can appeal: {command}"),
    })
}
