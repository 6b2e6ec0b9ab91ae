//! Every view, in representative states.

use serde_json::{Value, json};
use slack_morphism::prelude::SlackView;

use super::sample::*;
use crate::domain::access::Access;
use crate::domain::agent::{Agent, AgentState, BadSlug, Slug};
use crate::domain::delivery::{Face, Place};
use crate::domain::draft::Draft;
use crate::domain::event::What;
use crate::domain::ids::AgentId;
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{Acceptance, Ask, NotCounted, Request};
use crate::domain::role::TeamName;
use crate::domain::task::Submitter;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::Span;
use crate::service::input::{GrantForm, RegistrationForm};
use crate::service::messenger::Content;
use crate::service::outcome::{
    AgentDetail, AgentLine, Asked, Cancelled, Ended, Field, FieldProblem, FormChoices, GrantOf,
    HistoryLine, Listing, Overview, Refusal, Registered, RequestOf, Route, Stopped, TierPreview,
    VoteReply,
};
use crate::slack::views::*;

/// A view, as it goes to Slack.
pub enum Shown {
    Message(Message),
    View(SlackView),
}

impl Shown {
    pub fn json(&self) -> Value {
        match self {
            Self::Message(message) => json!({"text": message.text, "blocks": message.blocks}),
            Self::View(view) => serde_json::to_value(view).unwrap(),
        }
    }
}

impl From<Message> for Shown {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<SlackView> for Shown {
    fn from(view: SlackView) -> Self {
        Self::View(view)
    }
}

pub type Catalogue = Vec<(String, Shown)>;

/// Every view, with these words wherever people's words are.
pub fn catalogue(said: &Said) -> Catalogue {
    let mut all = Vec::new();
    cards(said, &mut all);
    notices(said, &mut all);
    replies(said, &mut all);
    refusals(said, &mut all);
    lists_and_home(said, &mut all);
    forms(said, &mut all);
    super::catalogue_life::life(said, &mut all);
    super::keys::keys_and_forms(said, &mut all);
    super::logins::logins(said, &mut all);
    super::catalogue_owners::owners(said, &mut all);
    super::catalogue_answering::answering(said, &mut all);
    super::catalogue_discovery::discoveries(said, &mut all);
    super::quiz::steps(&mut all);
    super::roles::roles_held(said, &mut all);
    super::insights::numbers(&mut all);
    super::why::answers(said, &mut all);
    super::catalogue_emergency::emergencies(said, &mut all);
    all
}

fn cards(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Message| all.push((format!("card_{name}"), shown.into()));
    let agent = said.agent();
    let opens = Some("reading every row of the support database (internal, no customer data)");
    let usual = Some(Span::minutes(40));
    let face = Face::Approval;
    let asks = said.grant_request();
    add("grant_new", new_card(face, &asks, &agent));
    add("grant_open", card(face, &asks, &agent, opens, usual, now()));
    let half = said.half(asks.clone());
    add("grant_half", card(face, &half, &agent, opens, usual, now()));
    add("reminder_new", new_card(Face::Reminder, &half, &agent));
    add("reminder_open", card(Face::Reminder, &half, &agent, opens, usual, now()));
    let approved = said.approved(asks.clone());
    add("reminder_ended", card(Face::Reminder, &approved, &agent, opens, usual, now()));
    add("grant_approved", card(face, &said.approved(asks.clone()), &agent, opens, usual, now()));
    add(
        "grant_by_policy",
        card(face, &said.approved_by_policy(asks.clone()), &agent, opens, None, now()),
    );
    add("grant_denied", card(face, &said.denied(asks.clone()), &agent, opens, usual, now()));
    add("grant_cancelled", card(face, &said.cancelled(asks.clone()), &agent, opens, None, now()));
    add("grant_expired", card(face, &said.expired(asks.clone()), &agent, opens, None, now()));
    let late = Request { decide_by: at(100), ..asks.clone() };
    add("grant_expired_unrecorded", card(face, &late, &agent, opens, None, now()));
    let mut raises = asks;
    if let Ask::Grant { raise_to, .. } = &mut raises.ask {
        *raise_to = Some(Tier::External);
    }
    let other = Request { asked_by: person("U0MINA"), ..raises };
    add("grant_raises_tier", card(face, &other, &agent, None, None, now()));
    let own = said.own_request(None);
    add("own_new", new_card(face, &own, &agent));
    add("own_open", card(face, &own, &agent, opens, usual, now()));
    let through = said.own_request(Some(&said.short));
    add("own_by_service", card(face, &through, &agent, opens, usual, now()));
    let itself = Submitter::Agent(agent.id);
    let taken_back = own.cancel_by_program(itself, said.reason.clone(), at(540)).unwrap();
    add("own_taken_back", card(face, &taken_back, &agent, opens, None, now()));
    add("extension_open", card(face, &said.extension(), &agent, opens, usual, now()));
    let stopped = said.suspended();
    add("reinstatement_open", card(face, &said.reinstatement(), &stopped, None, None, now()));

    let registration = said.registration();
    let pending = said.pending();
    add("registration_new", new_card(face, &registration, &pending));
    add("registration_open", card(face, &registration, &pending, None, usual, now()));
    let named = Request {
        asked_by: person("U0MINA"),
        acceptance: Acceptance::Awaited,
        ..registration.clone()
    };
    add("registration_owner_awaited", card(face, &named, &pending, None, usual, now()));
    add("ownership_new", new_card(Face::Ownership, &named, &pending));
    add("ownership_open", card(Face::Ownership, &named, &pending, None, usual, now()));
    let given = Request { acceptance: Acceptance::Given { at: at(300) }, ..named.clone() };
    add("ownership_accepted", card(Face::Ownership, &given, &pending, None, usual, now()));
    let mut declined = said.denied(named);
    declined.votes.clear();
    if let crate::domain::request::RequestState::Denied { by, .. } = &mut declined.state {
        *by = dana();
    }
    let rejected = Agent { state: AgentState::Rejected { at: at(540) }, ..pending };
    add("ownership_declined", card(Face::Ownership, &declined, &rejected, None, None, now()));
}

fn notices(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, content: Content| {
        let shown = Shown::from(notice(&content, now()));
        // What can be extended or handed back from a message is what keeps the message true.
        let json = shown.json().to_string();
        let buttons =
            json.contains(r#""action_id":"extend""#) || json.contains(r#""action_id":"release""#);
        assert_eq!(content.offers(now()).is_some(), buttons, "{name}: {json}");
        all.push((format!("notice_{name}"), shown));
    };
    let agent = said.agent();
    let outcome = |request: Request, agent: Agent, grant| Content::Outcome {
        request,
        agent,
        grant,
        appeal_until: None,
    };
    let asks = said.grant_request();
    add("registered", outcome(said.approved(said.registration()), agent.clone(), None));
    let granted = said.approved(asks.clone());
    add("granted", outcome(granted.clone(), agent.clone(), Some(said.grant())));
    add("granted_and_expired", outcome(granted.clone(), agent.clone(), Some(said.run_out())));
    add("granted_and_revoked", outcome(granted, agent.clone(), Some(said.revoked())));
    let longer = said.approved(said.extension());
    add("extended", outcome(longer.clone(), agent.clone(), Some(said.grant())));
    add("extended_and_released", outcome(longer, agent.clone(), Some(said.released())));
    add("reinstated", outcome(said.approved(said.reinstatement()), agent.clone(), None));
    add("denied", outcome(said.denied(asks.clone()), agent.clone(), None));
    let rejected = Agent { state: AgentState::Rejected { at: at(540) }, ..agent.clone() };
    add("registration_denied", outcome(said.denied(said.registration()), rejected, None));
    add("cancelled", outcome(said.cancelled(asks.clone()), agent.clone(), None));
    add("expired", outcome(said.expired(asks.clone()), agent.clone(), None));
    let by_policy = said.approved_by_policy(asks.clone());
    add(
        "without_people",
        Content::ApprovedWithoutPeople { request: by_policy, agent: agent.clone() },
    );
    let grant = said.grant();
    let ending = |grant, minutes| {
        let before = Span::minutes(minutes);
        Content::GrantEnding { grant, agent: agent.clone(), before }
    };
    add("grant_ending", ending(grant.clone(), 60));
    add("grant_ending_extended", ending(grant, 10));
    add("grant_ending_ended", ending(said.revoked(), 10));
    for (name, grant) in [
        ("grant_expired", said.run_out()),
        ("grant_revoked", said.revoked()),
        ("grant_released", said.released()),
    ] {
        add(name, Content::GrantEnded { grant, agent: agent.clone() });
    }
    let stopped = said.suspended();
    add("agent_stopped", Content::AgentStopped { agent: stopped.clone() });
    add("grant_revoked_by_stop", Content::GrantEnded { grant: said.revoked(), agent: stopped });
    let roles = (0..said.many).map(|_| "compliance".to_owned()).collect();
    add(
        "nobody_can_decide",
        Content::NobodyCanDecide { agent: agent.slug, asked_by: dana(), roles },
    );
    add(
        "delivery_failed",
        Content::DeliveryFailed {
            delivery: delivery_id(),
            to: Place::Channel("C0APPROVALS".to_owned()),
            error: "not_in_channel".to_owned(),
        },
    );
    add(
        "delivery_failed_oddly",
        Content::DeliveryFailed {
            delivery: delivery_id(),
            to: Place::Person(dana()),
            error: said.reason.clone(),
        },
    );
    add(
        "may_be_asked",
        Content::MayBeAsked { agent: said.agent(), access: said.access_to_object() },
    );
    let draft = Draft {
        name: said.agent().slug.to_string(),
        purpose: said.reason.clone(),
        systems: vec![said.reason.clone(), "crm".to_owned()],
        runs_on: "a laptop under cron".to_owned(),
        model: "a model, version 5".to_owned(),
        answers: Answers { writes: true, ..Answers::default() },
        team: Some("support".to_owned()),
    };
    add("may_be_registered", Content::MayBeRegistered { draft });
    let (quota, limit) = ("requests".to_owned(), 10);
    add("quota_reached", Content::QuotaReached { agent: said.agent(), quota, limit });
    let host = format!("{}.example.com", said.short);
    let error = "http_503".to_owned();
    add("callback_failed", Content::CallbackFailed { agent: said.agent(), host, error });
    add("policy_loaded", Content::PolicyLoaded { digest: "9f2c1a7be0d4".to_owned() });
    let mistake = format!("policy.toml:12: no role {}", said.short);
    let mistakes = (0..said.many).map(|_| mistake.clone()).collect();
    add("policy_refused", Content::PolicyRefused { mistakes });
}

fn replies(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Message| all.push((format!("reply_{name}"), shown.into()));
    let agent = said.agent();
    let asks = said.grant_request();
    let usual = Some(Span::minutes(40));
    let opened = |request: Request, agent: Agent| Asked::Opened { agent, request, usual };
    add("asked", asked(&opened(asks.clone(), agent.clone())));
    let approved = Asked::Approved {
        agent: agent.clone(),
        request: said.approved_by_policy(asks.clone()),
        grant: Some(said.grant()),
    };
    add("asked_approved", asked(&approved));
    add("asked_before", asked(&Asked::Before));
    let pending = said.pending();
    let named = Request { acceptance: Acceptance::Awaited, ..said.registration() };
    for (name, request) in [("registered", said.registration()), ("registered_for_another", named)]
    {
        let opened = Registered::Opened { agent: pending.clone(), request, usual: None };
        add(name, registered(&opened));
    }
    let at_once = Registered::Approved {
        agent: agent.clone(),
        request: said.approved_by_policy(said.registration()),
    };
    add("registered_at_once", registered(&at_once));
    let problems = vec![
        (Field::Name, FieldProblem::NameTaken { owner: sam() }),
        (Field::Purpose, FieldProblem::Empty),
        (Field::Owner, FieldProblem::OwnerNotMember(Standing::Guest)),
    ];
    add("registered_invalid", registered(&Registered::Invalid(problems)));

    let half = said.half(asks.clone());
    let counted = VoteReply::Counted { request: half.clone(), agent: agent.clone() };
    add("vote_counted", vote(&counted, &theo()));
    let given = Request { acceptance: Acceptance::Given { at: at(300) }, ..said.registration() };
    let accepted = VoteReply::Counted { request: given, agent: pending };
    add("vote_accepted", vote(&accepted, &dana()));
    let last = VoteReply::Approved {
        request: said.approved(asks.clone()),
        agent: agent.clone(),
        grant: Some(said.grant()),
    };
    add("vote_approved", vote(&last, &sam()));
    let denied = said.denied(asks.clone());
    let no = VoteReply::Denied { request: denied.clone(), agent: agent.clone() };
    add("vote_denied", vote(&no, &sam()));
    let ended_state = denied.state.clone();
    for (name, why) in [
        ("ended", NotCounted::Ended(ended_state)),
        ("own_request", NotCounted::OwnRequest),
        ("own_agent", NotCounted::OwnAgent),
        ("guest", NotCounted::Standing(Standing::Guest)),
        ("not_eligible", NotCounted::NotEligible),
        ("voted", NotCounted::AlreadyVoted { at: at(480) }),
        ("covered", NotCounted::AlreadyCovered),
        ("no_reason", NotCounted::NoReason),
    ] {
        let reply = VoteReply::NotCounted { why, request: half.clone(), agent: agent.clone() };
        add(&format!("not_counted_{name}"), vote(&reply, &theo()));
    }
    add("vote_unknown", vote(&VoteReply::Unknown, &theo()));

    for (name, grant) in [("released", said.released()), ("revoked", said.revoked())] {
        add(name, ended(&Ended::Done { grant, agent: agent.clone() }));
    }
    let done = Stopped::Done {
        agent: said.suspended(),
        grants: vec![said.revoked(); said.many],
        requests: vec![said.cancelled(asks.clone()); said.many],
    };
    add("stopped", stopped(&done));
    let back = Cancelled::Done { request: said.cancelled(asks.clone()), agent: agent.clone() };
    add("cancelled", cancelled(&back));
    add("unavailable", unavailable());
    add("unsure", unsure());
    add("not_for_you", not_for_you(Standing::Outsider));
    add("not_understood", not_understood(&said.short, &["register", "request"]));
    add("not_understood_at_all", not_understood(&said.short, &[]));
    add("details_grant", details(&half, &agent, Some("reading every row"), usual, now()));
    add("details_registration", details(&said.registration(), &said.pending(), None, None, now()));
    add("details_denied", details(&denied, &agent, None, usual, now()));
}

fn slugs(many: usize) -> Vec<Slug> {
    (0..many).map(|i| format!("agent-{i}").parse().unwrap()).collect()
}

fn refusals(said: &Said, all: &mut Catalogue) {
    let typed = || said.short.clone();
    let names = || -> Vec<String> { (0..said.many + 2).map(|i| format!("resource-{i}")).collect() };
    let near = || vec!["resource-1".to_owned(), "resource-2".to_owned()];
    let slug: Slug = "support-agent-v2".parse().unwrap();
    let agent = said.agent();
    let list = vec![
        ("not_member", Refusal::NotMember(Standing::Guest)),
        (
            "unknown_agent",
            Refusal::UnknownAgent {
                typed: typed(),
                near: vec![slug.clone()],
                yours: slugs(said.many),
            },
        ),
        ("no_agent", Refusal::UnknownAgent { typed: String::new(), near: vec![], yours: vec![] }),
        ("not_owner", Refusal::NotOwner { agent: slug.clone(), owner: sam() }),
        ("pending", Refusal::NotActive(said.pending())),
        ("suspended", Refusal::NotActive(said.suspended())),
        (
            "retired",
            Refusal::NotActive(Agent {
                state: AgentState::Retired { at: at(0), by: sam().into(), reason: String::new() },
                ..agent.clone()
            }),
        ),
        ("not_suspended", Refusal::NotSuspended(agent)),
        ("bad_access", Refusal::BadAccess { typed: typed(), resources: names() }),
        ("no_access", Refusal::BadAccess { typed: String::new(), resources: vec![] }),
        (
            "unknown_resource",
            Refusal::UnknownResource { typed: typed(), near: near(), all: names() },
        ),
        (
            "unknown_action",
            Refusal::UnknownAction {
                access: Access::new("database", "raed"),
                near: vec!["read".to_owned()],
                all: vec![
                    ("read".to_owned(), Tier::Observer),
                    ("write".to_owned(), Tier::Internal),
                ],
            },
        ),
        ("bad_duration", Refusal::BadDuration { typed: typed(), longest: Span::hours(8) }),
        (
            "too_long",
            Refusal::TooLong {
                asked: Span::days(3),
                longest: Span::hours(8),
                tier: Tier::Observer,
            },
        ),
        (
            "too_long_in_all",
            Refusal::TooLongInAll {
                asked: Span::hours(8),
                left: Some(Span::hours(2)),
                longest: Span::hours(24),
            },
        ),
        (
            "too_long_to_extend",
            Refusal::TooLongInAll { asked: Span::hours(8), left: None, longest: Span::hours(24) },
        ),
        ("no_reason", Refusal::NoReason),
        ("already_asked", Refusal::AlreadyAsked(said.grant_request())),
        ("already_has", Refusal::AlreadyHas(said.grant())),
        (
            "nobody_can_decide",
            Refusal::NobodyCanDecide { roles: vec![role("security"), role("vp")] },
        ),
        (
            "unknown_reference",
            Refusal::UnknownReference { typed: typed(), near: vec![reference("G-1042")] },
        ),
        ("no_reference", Refusal::UnknownReference { typed: String::new(), near: vec![] }),
        ("still_being_decided", Refusal::NotDecided(said.grant_request())),
        ("grant_ended", Refusal::GrantEnded(said.revoked())),
        ("may_not_end", Refusal::MayNotEnd { agent: slug.clone(), owner: sam() }),
        ("may_not_stop", Refusal::MayNotStop { agent: slug, owner: sam() }),
        ("too_many_open", Refusal::TooManyOpen { limit: 5 }),
        ("not_requester", Refusal::NotRequester { asked_by: dana() }),
        ("request_ended", Refusal::RequestEnded(said.denied(said.grant_request()))),
    ];
    for (name, why) in list {
        all.push((format!("refusal_{name}"), refusal(&why).into()));
    }
}

pub fn overview(said: &Said, person: PersonId) -> Overview {
    let many = said.many;
    let of = |i: usize, request: Request| RequestOf {
        request: Request { id: request_id(100 + i as u128), ..request },
        agent: said.agent(),
    };
    Overview {
        person,
        standing: Standing::Member,
        waiting_for_you: (0..many).map(|i| of(i, said.half(said.grant_request()))).collect(),
        to_certify: super::catalogue_life::reviews(said),
        your_requests: (0..many).map(|i| of(1_000 + i, said.extension())).collect(),
        ownerless: Vec::new(),
        your_agents: (0..many).map(|i| line(said, i)).collect(),
        your_grants: (0..many).map(|i| grant_of(said, i)).collect(),
        grants_in_all: many,
        your_logins: (0..many).map(|i| super::logins::login_of(said, i)).collect(),
        usual: [(Tier::Internal, Span::minutes(40))].into(),
        delegations: (0..many).map(super::catalogue_answering::delegation_of).collect(),
        now: now(),
    }
}

fn line(said: &Said, i: usize) -> AgentLine {
    let agent = match i % 3 {
        0 => said.agent(),
        1 => said.suspended(),
        _ => said.pending(),
    };
    let id: AgentId = agent_id(1 + i as u128);
    let live_grants = u32::try_from(i % 3).unwrap();
    let live_credentials = u32::try_from(i % 2).unwrap();
    AgentLine { agent: Agent { id, ..agent }, live_grants, live_credentials }
}

fn grant_of(said: &Said, i: usize) -> GrantOf {
    let grant = crate::domain::grant::Grant { id: grant_id(1 + i as u128), ..said.grant() };
    GrantOf { grant, agent: said.agent() }
}

pub fn detail(said: &Said) -> AgentDetail {
    let at_work = What::AgentActivated { agent: agent_id(1), tier: Tier::Internal, owner: dana() };
    let happened = |what| HistoryLine { at: at(100), by: Some(theo()), reference: None, what };
    AgentDetail {
        agent: said.agent(),
        route: route(Tier::Internal, &["security", "team-lead"]),
        grants: vec![said.grant(); said.many],
        used: super::catalogue_life::used(),
        live_credentials: 2,
        open: vec![said.extension(); said.many],
        history: std::iter::repeat_n(happened(at_work), said.many)
            .chain([HistoryLine {
                at: at(0),
                by: None,
                reference: Some(said.grant().reference),
                what: What::GrantExpired { grant: grant_id(4) },
            }])
            .collect(),
        now: now(),
    }
}

fn route(tier: Tier, needs: &[&str]) -> Route {
    Route {
        tier,
        needs: needs.iter().map(|name| role(name)).collect(),
        decide_within: Span::hours(4),
        usual: Some(Span::minutes(40)),
        without_people: None,
    }
}

fn lists_and_home(said: &Said, all: &mut Catalogue) {
    let total = u32::try_from(said.many).unwrap();
    let mut add = |name: &str, shown: Shown| all.push((name.to_owned(), shown));
    let me = overview(said, dana());
    let newcomer = Overview {
        waiting_for_you: vec![],
        your_requests: vec![],
        your_agents: vec![],
        your_grants: vec![],
        grants_in_all: 0,
        your_logins: vec![],
        delegations: vec![],
        ..me.clone()
    };
    let guest = Overview { standing: Standing::Guest, ..newcomer.clone() };
    for (name, overview) in [("", &me), ("_newcomer", &newcomer), ("_guest", &guest)] {
        add(&format!("help{name}"), help(overview).into());
        add(&format!("home{name}"), home(overview).into());
    }
    add("help_static", static_help(Some("https://agents.example.com")).into());
    add("help_static_without_address", static_help(None).into());
    let shown = (0..said.many.max(3)).map(|i| line(said, i)).collect();
    add("list_agents", agents(&Listing { shown, total, now: now() }).into());
    add("list_agents_empty", agents(&Listing { shown: vec![], total: 0, now: now() }).into());
    add("agent", agent(&detail(said)).into());
    let bare = AgentDetail { live_credentials: 0, ..detail(said) };
    add("agent_without_credential", agent(&bare).into());
    let quiet = AgentDetail {
        agent: said.suspended(),
        grants: vec![],
        open: vec![],
        history: vec![],
        ..detail(said)
    };
    add("agent_stopped", agent(&quiet).into());
    let shown: Vec<_> = (0..said.many).map(|i| grant_of(said, i)).collect();
    let slug = said.agent().slug;
    let listing = Listing { shown, total: total + 3, now: now() };
    add("list_grants", grants(&listing, Some(&slug)).into());
    let none = Listing { shown: vec![], total: 0, now: now() };
    add("list_grants_empty", grants(&none, None).into());
}

pub fn choices(said: &Said) -> FormChoices {
    FormChoices {
        teams: (0..said.many)
            .map(|i| TeamName::new(format!("team-{i}")))
            .chain([TeamName::new("support")])
            .collect(),
        likely_team: Some(TeamName::new("support")),
        your_agents: std::iter::once("support-agent-v2".parse().unwrap())
            .chain(slugs(said.many))
            .collect(),
        accesses: (0..said.many)
            .map(|i| (Access::new(format!("resource-{i}"), "read"), Tier::Observer, None))
            .chain([
                (
                    Access::new("database", "read"),
                    Tier::Observer,
                    Some("reading every row of the support database, and what is joined".into()),
                ),
                (Access::new("database", "write"), Tier::Internal, Some(said.short.clone())),
            ])
            .collect(),
    }
}

pub fn registration_draft(said: &Said) -> RegistrationForm {
    RegistrationForm {
        credential: None,
        name: "support-agent-v2".into(),
        purpose: said.purpose.clone(),
        systems: said.system.clone(),
        runs_on: said.short.clone(),
        model: "sonnet 4.5".into(),
        answers: Answers { writes: true, money: true, ..Answers::default() },
        team: "support".into(),
        owner: Some(dana()),
    }
}

fn forms(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, view: SlackView| all.push((format!("form_{name}"), view.into()));
    let choices = choices(said);
    let alone = FormChoices {
        teams: vec![TeamName::new("support")],
        likely_team: None,
        your_agents: vec![],
        accesses: vec![],
    };
    let draft = registration_draft(said);
    let preview = TierPreview {
        reasons: draft.answers.reasons(),
        route: route(Tier::External, &["security", "compliance", "vp"]),
    };
    let at_once = TierPreview {
        reasons: Answers::default().reasons(),
        route: Route {
            without_people: Some("without_people[0]".into()),
            ..route(Tier::Observer, &["team-lead"])
        },
    };
    let empty = RegistrationForm { owner: Some(dana()), ..RegistrationForm::default() };
    add("register_empty", forms::register(&empty, &alone, None));
    add("register_at_once", forms::register(&empty, &choices, Some(&at_once)));
    add("register", forms::register(&draft, &choices, Some(&preview)));

    let draft = GrantForm {
        agent: "support-agent-v2".into(),
        access: "Database : read".into(),
        lasting: "1h".into(),
        because: said.because.clone(),
    };
    add("request", forms::request(&draft, &choices, None));
    add("request_empty", forms::request(&GrantForm::default(), &choices, None));
    add("request_without_agents", forms::request(&GrantForm::default(), &alone, None));
    let odd = GrantForm { agent: said.short.clone(), access: said.short.clone(), ..draft };
    let problem = Refusal::UnknownAgent {
        typed: said.short.clone(),
        near: slugs(1),
        yours: slugs(said.many),
    };
    add("request_problem", forms::request(&odd, &choices, Some(&problem)));
    let agent = said.agent();
    add("deny", forms::deny(&said.grant_request(), &agent));
    add("decline", forms::decline(&said.registration(), &said.pending()));
    add("extend", forms::extend(&said.grant(), &agent, &Default::default()));
    add("revoke", forms::revoke(&said.grant(), &agent));
    add("stop", forms::stop(&agent));
    add("reinstate", forms::reinstate(&said.suspended()));
    let nameless = FieldProblem::BadName(BadSlug::Length);
    assert!(forms::field_errors(&[(Field::Name, nameless)]).contains_key(forms::NAME));
}
