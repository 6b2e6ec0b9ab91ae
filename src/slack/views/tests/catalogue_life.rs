//! The views around the life of agents, in representative states.

use std::collections::BTreeMap;

use slack_morphism::prelude::SlackView;
use ulid::Ulid;

use super::catalogue::{Catalogue, Shown, choices};
use super::sample::*;
use crate::domain::activity::{Activity, Deed};
use crate::domain::agent::{Agent, AgentState, Cause, Description};
use crate::domain::ask::{Change, Move};
use crate::domain::certification::{Certification, CertificationState, Standing};
use crate::domain::delivery::Face;
use crate::domain::event::Actor;
use crate::domain::grant::Grant;
use crate::domain::ids::{ActivityId, CertificationId, GrantId};
use crate::domain::person::By;
use crate::domain::request::{Ask, Request};
use crate::domain::role::TeamName;
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};
use crate::service::certifications::outcome::{
    AccessUse, AgentUse, Campaign, CampaignLine, Certify, GrantUse, ReviewChoice, ReviewOf, Seen,
};
use crate::service::changes::as_described;
use crate::service::input::TierForm;
use crate::service::messenger::Content;
use crate::service::outcome::{CannotChange, GrantOf, Listing, Refusal, Route, TierPreview};
use crate::service::retire::{Ended, Retired};
use crate::slack::views::*;

const DAY: i64 = 86_400;

/// Every view around the life of agents, with these words wherever people's words are.
pub fn life(said: &Said, all: &mut Catalogue) {
    notices(said, all);
    replies(said, all);
    cards(said, all);
    forms_around(said, all);
}

fn review_id(n: u128) -> CertificationId {
    CertificationId::new(Ulid::from_parts(1_800_000_000_000, n))
}

fn review(n: u128, due: Timestamp) -> Certification {
    Certification {
        id: review_id(n),
        agent: agent_id(1),
        asked: dana(),
        since: at(-80 * DAY),
        opened_at: at(0),
        due,
        suspends_at: due + Span::days(7).delta(),
        state: CertificationState::Open,
    }
}

fn open() -> Certification {
    review(1, at(14 * DAY))
}

fn late() -> Certification {
    review(1, at(-DAY))
}

fn missed() -> Certification {
    Certification { state: CertificationState::Missed { at: at(0) }, ..review(1, at(-7 * DAY)) }
}

fn certified() -> Certification {
    let state = CertificationState::Certified { at: at(500), by: dana(), until: at(90 * DAY) };
    Certification { state, ..open() }
}

fn suspended(said: &Said, cause: Cause) -> Agent {
    let (by, reason) = match cause {
        Cause::Stopped => (By::from(sam()), said.reason.clone()),
        _ => (By::System, "its owner did not say in time that it is still needed".to_owned()),
    };
    let certified_until = at(-7 * DAY);
    let state = AgentState::Suspended { at: at(0), by, reason, cause, certified_until };
    Agent { state, ..said.agent() }
}

fn retired_agent(said: &Said) -> Agent {
    let state = AgentState::Retired { at: at(540), by: dana().into(), reason: said.reason.clone() };
    Agent { state, ..said.agent() }
}

/// The reviews that wait for the reader.
pub fn reviews(said: &Said) -> Vec<ReviewOf> {
    let of = |i: usize| ReviewOf {
        review: Certification { id: review_id(10 + i as u128), ..open() },
        agent: said.agent(),
    };
    (0..said.many).map(of).collect()
}

/// How the grant of the samples was used.
pub fn used() -> BTreeMap<GrantId, GrantUse> {
    [(grant_id(1), often())].into()
}

fn often() -> GrantUse {
    GrantUse { uses: 120, last_at: Some(at(-7_200)), tokens: 3, carried_at: Some(at(-60)) }
}

fn carried() -> GrantUse {
    GrantUse { uses: 0, last_at: None, tokens: 3, carried_at: Some(at(-3_600)) }
}

fn seen(said: &Said, review: Certification, agent: Agent) -> Seen {
    let deed = |i: u128| Activity {
        id: ActivityId::new(Ulid::from_parts(1, i)),
        at: at(-600),
        told_by: Actor::Agent(agent_id(1)),
        agent: agent_id(1),
        evaluation: None,
        grant: None,
        occurred_at: at(-600),
        deed: Deed { task: Some(said.short.clone()), ..Deed::default() },
    };
    let held = |used: GrantUse, grants| AccessUse { access: said.access_to_object(), grants, used };
    Seen {
        did: AgentUse { allowed: 1_240, denied: 12, deeds: 30, last_at: Some(at(-600)) },
        deeds: (0..2).map(deed).collect(),
        held: vec![held(often(), 12), held(carried(), 1), held(GrantUse::default(), 2)],
        idle: (0..said.many)
            .map(|i| Grant { id: grant_id(20 + i as u128), ..said.grant() })
            .collect(),
        review,
        agent,
    }
}

fn quiet(said: &Said, review: Certification, agent: Agent) -> Seen {
    let did = AgentUse::default();
    Seen { did, deeds: vec![], held: vec![], idle: vec![], ..seen(said, review, agent) }
}

fn notices(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, content: Content| {
        all.push((format!("notice_{name}"), notice(&content, now()).into()));
    };
    let (agent, stopped) = (said.agent(), suspended(said, Cause::Uncertified));
    let asked = |seen: Seen| Content::CertificationAsked { seen: Box::new(seen), owner: dana() };
    add("review_open", asked(seen(said, open(), agent.clone())));
    add("review_quiet", asked(quiet(said, open(), agent.clone())));
    add("review_late", asked(quiet(said, late(), agent.clone())));
    add("review_missed", asked(quiet(said, missed(), stopped.clone())));
    add("review_certified", asked(seen(said, certified(), agent.clone())));
    let off = Certification { state: CertificationState::CalledOff { at: at(500) }, ..open() };
    add("review_off", asked(seen(said, off, suspended(said, Cause::Stopped))));
    let other = Agent { owner: theo(), ..agent.clone() };
    add("review_handed_over", asked(seen(said, open(), other)));
    for (name, review, agent) in [
        ("late", late(), agent.clone()),
        ("missed", missed(), stopped.clone()),
        ("certified", certified(), agent.clone()),
    ] {
        add(&format!("watched_{name}"), Content::CertificationWatched { review, agent });
    }
    for (name, cause) in [("uncertified", Cause::Uncertified), ("ownerless", Cause::Ownerless)] {
        add(&format!("suspended_{name}"), Content::AgentStopped { agent: suspended(said, cause) });
    }
    add("retired", Content::AgentRetired { agent: retired_agent(said) });
    let outcome = |request: Request, agent| Content::Outcome {
        request,
        agent,
        grant: None,
        appeal_until: None,
    };
    add("tier_changed", outcome(said.approved(tier_request(said)), agent.clone()));
    add("tier_denied", outcome(said.denied(tier_request(said)), agent.clone()));
    add("described", outcome(said.approved(change_request(said)), agent));
}

fn replies(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Message| all.push((format!("life_{name}"), shown.into()));
    let agent = said.agent();
    let done = |given_up: Vec<Grant>, back| Certify::Done {
        agent: said.agent(),
        until: at(90 * DAY),
        given_up,
        back,
    };
    let by = |certify: &Certify| certifications::certified(certify);
    add("certified", by(&done(vec![], false)));
    add("certified_and_back", by(&done(vec![said.released()], true)));
    add("certify_over", by(&Certify::Over { review: certified(), agent: agent.clone() }));
    add("certify_not_due", by(&Certify::NotDue { agent: agent.clone(), opens_at: at(70 * DAY) }));
    add("to_certify", certifications::to_answer(&reviews(said), now()));
    add("to_certify_none", certifications::to_answer(&[], now()));
    let line = |standing, certified, i: usize| CampaignLine {
        agent: Agent { id: agent_id(30 + i as u128), ..said.agent() },
        standing,
        due: at(14 * DAY),
        suspends_at: (standing == Standing::Due).then(|| at(21 * DAY)),
        certified,
    };
    let lines: Vec<CampaignLine> = Standing::ALL
        .into_iter()
        .cycle()
        .take(5 * said.many)
        .enumerate()
        .map(|(i, standing)| line(standing, Some((at(-80 * DAY), dana())), i))
        .collect();
    let choice = ReviewChoice::default();
    let campaign = Campaign { choice, done: lines.len(), lines, every: Span::days(90), now: now() };
    add("campaign", certifications::campaign(&campaign));
    let choice = ReviewChoice {
        standing: Some(Standing::Certified),
        team: Some(TeamName::new(said.short.clone())),
    };
    let lines = campaign.lines.iter().filter(|line| line.standing == Standing::Certified);
    let chosen = Campaign { choice, lines: lines.cloned().collect(), ..campaign.clone() };
    add("campaign_chosen", certifications::campaign(&chosen));
    let none = Campaign { lines: vec![], done: 0, ..chosen };
    add("campaign_chosen_none", certifications::campaign(&none));
    let none = Campaign { lines: vec![], done: 0, ..campaign };
    add("campaign_none", certifications::campaign(&none));
    let ended = Ended {
        agent: retired_agent(said),
        grants: vec![said.revoked(); said.many],
        requests: vec![said.cancelled(said.grant_request()); said.many],
        credentials: vec![said.credential_revoked(); said.many],
    };
    add("retired", super::super::life::retired(&Retired::Done(Box::new(ended))));
    let listing = Listing {
        shown: vec![GrantOf { grant: said.grant(), agent: said.agent() }],
        total: 1,
        now: now(),
    };
    add("grants_used", grants_used(&listing, None, Some(&dana()), &used()));
    add("grants_never_used", grants_used(&listing, None, Some(&dana()), &BTreeMap::new()));
    for (name, why) in [
        ("may_not_retire", CannotChange::MayNotRetire { agent: agent.slug.clone(), owner: sam() }),
        ("bad_tier", CannotChange::BadTier { typed: said.short.clone() }),
        ("no_tier", CannotChange::BadTier { typed: String::new() }),
        ("has_tier", CannotChange::HasTier(agent.clone())),
        (
            "below_answers",
            CannotChange::BelowAnswers { agent: agent.clone(), wanted: Tier::Observer },
        ),
        ("nothing_changed", CannotChange::Nothing(agent.clone())),
        ("needs_certifying", CannotChange::NeedsCertifying(suspended(said, Cause::Uncertified))),
        ("not_security", CannotChange::NotSecurity),
    ] {
        add(&format!("refused_{name}"), refusal(&Refusal::Change(why)));
    }
    for (name, cause) in [("uncertified", Cause::Uncertified), ("ownerless", Cause::Ownerless)] {
        let refused = Refusal::NotActive(suspended(said, cause));
        add(&format!("refused_{name}"), refusal(&refused));
    }
}

fn tier_request(said: &Said) -> Request {
    let because = said.because.clone();
    let ask = Ask::TierChange { from: Tier::Internal, to: Tier::External, because };
    let request = said.reinstatement();
    Request { reference: reference("T-1050"), ask, ..request }
}

fn change_request(said: &Said) -> Request {
    let from = said.agent().description;
    let to = Description {
        purpose: said.reason.clone(),
        systems: vec![said.short.clone(), "payments".to_owned()],
        model: said.short.clone(),
        answers: Answers { money: true, ..from.answers },
        ..from.clone()
    };
    let (tier_from, tier_to) = (Tier::Internal, Tier::External);
    let team = Some(Move { from: TeamName::new("support"), to: TeamName::new(said.short.clone()) });
    let change = Box::new(Change { from, to, tier_from, tier_to, team });
    let ask = Ask::Change { change, because: said.because.clone() };
    Request { reference: reference("C-1051"), ask, ..said.reinstatement() }
}

fn cards(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Message| all.push((format!("card_{name}"), shown.into()));
    let (agent, face, usual) = (said.agent(), Face::Approval, Some(Span::minutes(40)));
    let ends = Some("nothing; it ends G-2 database:write, which tier 1 may not hold");
    add("tier_open", card(face, &tier_request(said), &agent, ends, usual, now()));
    add("change_new", new_card(face, &change_request(said), &agent));
    add("change_open", card(face, &change_request(said), &agent, None, usual, now()));
}

fn forms_around(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, view: SlackView| {
        all.push((format!("form_{name}"), Shown::from(view)));
    };
    let agent = said.agent();
    add("certify", forms::certify(&seen(said, open(), agent.clone())));
    add("certify_quiet", forms::certify(&quiet(said, open(), agent.clone())));
    let typed =
        TierForm { agent: String::new(), to: "3".to_owned(), because: said.because.clone() };
    add("tier", forms::tier(&agent, &typed));
    let highest = Description {
        answers: Answers { money: true, ..Answers::default() },
        ..agent.description.clone()
    };
    let highest = Agent { tier: Tier::External, description: highest, ..agent.clone() };
    add("tier_none", forms::tier(&highest, &TierForm::default()));
    let preview = TierPreview {
        reasons: agent.description.answers.reasons(),
        route: Route {
            tier: Tier::Internal,
            needs: vec![role("security"), role("team-lead")],
            decide_within: Span::hours(4),
            usual: None,
            without_people: None,
        },
    };
    let (draft, choices) = (as_described(&agent), choices(said));
    add("edit", forms::edit(&agent, &draft, &choices, &said.because, Some(&preview)));
    add("retire", forms::retire(&agent, &said.because));
}
