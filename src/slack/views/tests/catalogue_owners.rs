//! The views around who answers for an agent.

use super::catalogue::{Catalogue, Shown};
use super::sample::*;
use crate::domain::agent::{Agent, Cause, Orphaned};
use crate::domain::delivery::Face;
use crate::domain::person::{By, PersonId, Standing};
use crate::domain::request::{Acceptance, Ask, NotCounted, Request, RequestState};
use crate::domain::role::TeamName;
use crate::domain::time::Span;
use crate::service::messenger::Content;
use crate::service::outcome::{
    AgentDetail, AgentLine, Asked, Listing, Overview, Refusal, RequestOf, VoteReply,
};
use crate::service::owners::outcome::{HandoverForm, OwnerRefusal, Taken};
use crate::slack::views::*;

fn vera() -> PersonId {
    person("U0VERA")
}

impl Said {
    pub fn handover(&self) -> Request {
        let ask = Ask::Handover { to: vera(), because: self.because.clone() };
        Request {
            needs: vec![role("team-lead")],
            acceptance: Acceptance::Awaited,
            ..self.request(1047, ask)
        }
    }

    pub fn ownerless(&self) -> Agent {
        let orphaned = Orphaned::from(at(0), Span::days(30), Span::days(60));
        Agent { orphaned: Some(orphaned), ..self.agent() }
    }

    pub fn ownerless_stopped(&self) -> Agent {
        let reason = "nobody answers for it".to_owned();
        self.ownerless().suspend(By::System, reason, Cause::Ownerless, at(540)).unwrap()
    }
}

pub fn owners(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Shown| all.push((format!("owners_{name}"), shown));
    let (agent, open) = (said.agent(), said.handover());
    let given =
        Request { acceptance: Acceptance::Given { at: at(300) }, ..said.approved(open.clone()) };
    let taken_over = Agent { owner: vera(), ..said.agent() };
    for (name, face, request, agent) in [
        ("card", Face::Approval, &open, &agent),
        ("card_ownership", Face::Ownership, &open, &agent),
        ("card_approved", Face::Approval, &given, &taken_over),
    ] {
        add(name, card(face, request, agent, None, None, now()).into());
    }
    add("card_new", new_card(Face::Ownership, &open, &agent).into());
    add("form_decline", forms::decline(&open, &agent).into());
    let draft = HandoverForm {
        agent: agent.slug.to_string(),
        to: Some(vera()),
        because: said.because.clone(),
    };
    add("form", owners::hand_over(&agent, &draft).into());
    add("form_empty", owners::hand_over(&agent, &HandoverForm::default()).into());

    let opened =
        Asked::Opened { agent: agent.clone(), request: open.clone(), usual: Some(Span::hours(1)) };
    add("asked", asked(&opened).into());
    let accepted = Request { acceptance: Acceptance::Given { at: at(300) }, ..open.clone() };
    let counted = VoteReply::Counted { request: accepted, agent: agent.clone() };
    add("accepted", vote(&counted, &vera()).into());
    for (name, why, me) in [
        ("not_the_new_owner", NotCounted::OwnAgent, vera()),
        ("not_the_old_owner", NotCounted::OwnAgent, dana()),
        ("not_while_ownerless", NotCounted::Ownerless, theo()),
    ] {
        let reply = VoteReply::NotCounted { why, request: open.clone(), agent: agent.clone() };
        add(name, vote(&reply, &me).into());
    }
    let declined = {
        let reason = said.reason.clone();
        let state = RequestState::Denied { at: at(540), by: vera(), reason };
        Request { state, ..open.clone() }
    };
    for (name, request, agent) in [
        ("outcome_approved", given.clone(), taken_over.clone()),
        ("outcome_declined", declined, agent.clone()),
        ("outcome_denied", said.denied(open.clone()), agent.clone()),
        ("outcome_expired", said.expired(open.clone()), agent.clone()),
    ] {
        add(
            name,
            notice(&Content::Outcome { request, agent, grant: None, appeal_until: None }, now())
                .into(),
        );
    }
    let (from, to) = (TeamName::new("support"), TeamName::new(said.short.clone()));
    let moved = Content::TeamChanged { agent: agent.clone(), from, to };
    add("moved", notice(&moved, now()).into());
    for (name, from, to) in [("changed", dana(), vera()), ("returned", dana(), dana())] {
        let content = Content::OwnerChanged { agent: agent.clone(), from, to };
        add(name, notice(&content, now()).into());
    }

    let retired =
        said.ownerless_stopped().retire(By::System, "nobody took it".to_owned(), at(580)).unwrap();
    let week = Some(Span::days(7));
    for (name, agent, standing, before) in [
        ("ownerless", said.ownerless(), Standing::Deactivated, None),
        ("ownerless_again", said.ownerless(), Standing::Guest, week),
        ("ownerless_stopped", said.ownerless_stopped(), Standing::Deactivated, None),
        ("ownerless_taken", Agent { owner: theo(), ..said.agent() }, Standing::Guest, None),
        ("ownerless_returned", said.agent(), Standing::Guest, week),
        ("ownerless_retired", retired, Standing::Unknown, None),
    ] {
        let content = Content::Ownerless { agent, since: at(0), owner: dana(), standing, before };
        add(name, notice(&content, now()).into());
    }
    let content = Content::AgentStopped { agent: said.ownerless_stopped() };
    add("stopped", notice(&content, now()).into());

    let (slug, taken) = (agent.slug.clone(), owners::taken);
    for (name, goes_on) in [("taken", false), ("taken_goes_on", true)] {
        let agent = Agent { owner: theo(), ..said.agent() };
        add(name, taken(&Taken::Done { agent, goes_on }).into());
    }
    add("taken_before", taken(&Taken::Before).into());
    for (name, why) in [
        ("refusal_ownerless", OwnerRefusal::Ownerless(said.ownerless())),
        ("refusal_hand_over", OwnerRefusal::MayNotHandOver { agent: slug.clone(), owner: sam() }),
        ("refusal_nobody_named", OwnerRefusal::NobodyNamed(slug.clone())),
        (
            "refusal_cannot_own",
            OwnerRefusal::CannotOwn { person: vera(), standing: Standing::Guest },
        ),
        ("refusal_owns_it", OwnerRefusal::OwnsIt { agent: slug.clone(), owner: dana() }),
        ("refusal_take", OwnerRefusal::MayNotTake(slug)),
        ("refusal_has_owner", OwnerRefusal::HasOwner(Agent { owner: theo(), ..said.agent() })),
    ] {
        add(name, refusal(&Refusal::Owner(why)).into());
    }
    let stopped = Refusal::NotActive(said.ownerless_stopped());
    add("refusal_stopped", refusal(&stopped).into());

    for (name, agent) in [("show", said.ownerless()), ("show_stopped", said.ownerless_stopped())] {
        let detail = AgentDetail { agent, history: Vec::new(), ..super::catalogue::detail(said) };
        add(name, lists::agent(&detail).into());
    }
    let line = AgentLine { agent: said.ownerless(), live_grants: 1, live_credentials: 1 };
    add("list", agents(&Listing { shown: vec![line], total: 1, now: now() }).into());
    let lead = Overview {
        ownerless: vec![said.ownerless(), Agent { id: agent_id(2), ..said.ownerless_stopped() }],
        waiting_for_you: vec![RequestOf { request: open, agent }],
        your_requests: Vec::new(),
        your_agents: Vec::new(),
        your_grants: Vec::new(),
        grants_in_all: 0,
        your_logins: Vec::new(),
        ..super::catalogue::overview(said, theo())
    };
    add("home", home(&lead).into());
    add("help", help(&lead).into());
    let new_owner = Overview { person: vera(), ownerless: Vec::new(), ..lead };
    add("home_of_the_new_owner", home(&new_owner).into());
}
