//! The views around who answers for whom, who is asked when nobody answered, and appeals.

use std::collections::BTreeMap;

use ulid::Ulid;

use super::catalogue::{Catalogue, Shown};
use super::sample::*;
use crate::domain::backup::Backup;
use crate::domain::delegation::{Delegation, DelegationState, Lent};
use crate::domain::delivery::Face;
use crate::domain::ids::DelegationId;
use crate::domain::person::Standing;
use crate::domain::request::{Ask, Asked, CannotLend, Denied, NotCounted, Request};
use crate::domain::time::Span;
use crate::service::input::DelegationForm;
use crate::service::messenger::Content;
use crate::service::outcome::{
    Delegated, DelegationField, DelegationProblem, DelegationsOf, NoAppeal, Refusal, Undelegated,
    VoteReply,
};
use crate::slack::views::*;

/// Vera answers for Theo.
pub fn delegation_of(n: usize) -> Delegation {
    Delegation {
        id: DelegationId::new(Ulid::from_parts(1_800_000_000_000, 1 + n as u128)),
        from: if n == 0 { dana() } else { theo() },
        to: person("U0VERA"),
        roles: match n % 2 {
            0 => Lent::All,
            _ => Lent::These([role("team-lead"), role("security")].into()),
        },
        since: at(0),
        until: at(4 * 86_400),
        state: DelegationState::Active,
    }
}

/// A request that somebody appeals about, denied.
fn appeal(said: &Said, ask: Ask) -> Request {
    let denied = Denied {
        request: request_id(1042),
        reference: reference("G-1042"),
        asked_by: dana(),
        ask,
        by: sam(),
        in_place_of: Default::default(),
        at: at(-3_600),
        reason: said.reason.clone(),
        not_after: None,
    };
    let ask = Ask::Appeal { denied: Box::new(denied), because: said.because.clone() };
    let needs = vec![role("vp"), role("compliance")];
    let asked = vec![was_asked(person("U0VERA"), "vp"), was_asked(person("U0MINA"), "compliance")];
    Request { needs, asked, ..said.request(1050, ask) }
}

/// Nobody but the team lead answered, and the backup is asked.
fn passed_on(said: &Said) -> Request {
    let half = said.half(said.grant_request());
    let mut asked_too = half.asked.clone();
    asked_too.push(was_asked(person("U0VERA"), "vp"));
    let backup = Backup::Called { role: role("vp"), at: at(500), missing: vec![role("security")] };
    Request { backup, asked: asked_too, ..half }
}

/// Vera was asked for Theo, Sara is away.
fn with_others(said: &Said) -> Request {
    let stands_in = BTreeMap::from([(theo(), [role("team-lead")].into())]);
    let vera = Asked { person: person("U0VERA"), roles: Default::default(), stands_in, away: None };
    let mut sara = was_asked(person("U0SARA"), "security");
    sara.away = Some(said.short.clone());
    let asked = vec![was_asked(theo(), "team-lead"), vera, was_asked(sam(), "security"), sara];
    Request { asked, ..said.grant_request() }
}

/// Every view of this kind.
pub fn answering(said: &Said, all: &mut Catalogue) {
    delegations(said, all);
    cards(said, all);
    refusals(said, all);
}

fn delegations(said: &Said, all: &mut Catalogue) {
    use crate::slack::views::delegations as views;
    let mut add = |name: &str, shown: Shown| all.push((format!("delegation_{name}"), shown));
    let of = DelegationsOf {
        person: dana(),
        allowed: true,
        longest: Span::days(30),
        given: (0..said.many).map(|i| delegation_of(2 * i)).collect(),
        received: (0..said.many).map(|i| delegation_of(2 * i + 1)).collect(),
        roles: vec![role("team-lead"), role("security")],
        now: now(),
    };
    let none = DelegationsOf { given: vec![], received: vec![], ..of.clone() };
    let off = DelegationsOf { allowed: false, ..of.clone() };
    add("list", views::list(&of).into());
    add("list_empty", views::list(&none).into());
    add("list_off", views::list(&off).into());
    add("form", forms::delegate(&DelegationForm::default(), &of).into());
    let draft = DelegationForm {
        to: Some(person("U0VERA")),
        until: said.short.clone(),
        roles: vec![said.short.clone()],
    };
    add("form_filled", forms::delegate(&draft, &of).into());
    let given = delegation_of(1);
    let withdrawn = given.clone().withdraw(&theo(), at(590)).unwrap();
    let ended = Delegation { state: DelegationState::Ended { at: at(590) }, ..given.clone() };
    for (name, delegation) in [("", &given), ("_withdrawn", &withdrawn), ("_ended", &ended)] {
        let content = Content::Delegated { delegation: delegation.clone() };
        add(&format!("notice{name}"), notice(&content, now()).into());
    }
    let problems = vec![
        (DelegationField::Person, DelegationProblem::Oneself),
        (DelegationField::Person, DelegationProblem::NotMember(Standing::Guest)),
        (DelegationField::Person, DelegationProblem::NotEntitled { roles: vec![role("vp")] }),
        (DelegationField::Until, DelegationProblem::Empty),
        (DelegationField::Until, DelegationProblem::BadDay { typed: said.short.clone() }),
        (DelegationField::Until, DelegationProblem::Past { at: at(0), now: now() }),
        (DelegationField::Until, DelegationProblem::TooLong { longest: Span::days(30) }),
        (DelegationField::Roles, DelegationProblem::MayNotLend { role: role("vp") }),
        (
            DelegationField::Roles,
            DelegationProblem::UnknownRole { typed: said.short.clone(), all: of.roles.clone() },
        ),
    ];
    for (name, delegated) in [
        ("done", Delegated::Done { delegation: given.clone(), now: now() }),
        ("invalid", Delegated::Invalid(problems)),
        ("off", Delegated::SwitchedOff),
        ("guest", Delegated::NotMember(Standing::Guest)),
    ] {
        add(name, views::delegated(&delegated).into());
    }
    for (name, over) in [
        ("taken_back", Undelegated::Done { delegation: withdrawn.clone(), now: now() }),
        ("over", Undelegated::Over { delegation: withdrawn, now: now() }),
        ("of_others", Undelegated::NotYours),
        ("unknown", Undelegated::Unknown),
    ] {
        add(name, views::undelegated(&over).into());
    }
}

fn cards(said: &Said, all: &mut Catalogue) {
    let agent = said.agent();
    let usual = Some(Span::minutes(40));
    let opens = Some("reading every row of the support database");
    let mut add = |name: &str, shown: Shown| all.push((name.to_owned(), shown));
    let with_others = with_others(said);
    add("card_stands_in", card(Face::Approval, &with_others, &agent, opens, usual, now()).into());
    let mut vote = yes(person("U0VERA"), &[], 480);
    vote.stands_in = BTreeMap::from([(theo(), [role("team-lead")].into())]);
    let stood_in = Request { votes: vec![vote], ..with_others };
    add("card_stood_in", card(Face::Approval, &stood_in, &agent, opens, usual, now()).into());
    let passed_on = passed_on(said);
    add("card_backup", card(Face::Backup, &passed_on, &agent, opens, usual, now()).into());
    let mut votes = passed_on.votes.clone();
    votes.push(yes(person("U0VERA"), &["vp"], 560));
    let by_backup = Request { votes, ..said.approved(passed_on.clone()) };
    let by_backup = Request { votes: by_backup.votes[..2].to_vec(), ..by_backup };
    add("card_backup_approved", card(Face::Backup, &by_backup, &agent, opens, None, now()).into());
    let told = Content::Escalated { request: passed_on, agent: agent.clone(), usual };
    add("notice_passed_on", notice(&told, now()).into());

    let denied = said.denied(said.grant_request());
    let told = Content::Outcome {
        request: denied.clone(),
        agent: agent.clone(),
        grant: None,
        appeal_until: Some(at(7 * 86_400)),
    };
    add("outcome_denied_appealable", notice(&told, now()).into());
    add("form_appeal", forms::appeal(&denied, &agent).into());
    let of_grant = appeal(said, said.grant_request().ask);
    add("card_appeal_new", new_card(Face::Approval, &of_grant, &agent).into());
    add("card_appeal", card(Face::Approval, &of_grant, &agent, opens, None, now()).into());
    let of_agent = appeal(said, Ask::Registration);
    add(
        "card_appeal_registration",
        card(Face::Approval, &of_agent, &agent, None, None, now()).into(),
    );
    let of_key = appeal(said, said.key_request().ask);
    add("card_appeal_key", card(Face::Approval, &of_key, &agent, None, None, now()).into());
    for (name, request, grant) in [
        ("granted", said.approved(of_grant.clone()), Some(said.grant())),
        ("registered", said.approved(of_agent), None),
        ("denied", said.denied(of_grant.clone()), None),
        ("expired", said.expired(of_grant.clone()), None),
    ] {
        let told = Content::Outcome { request, agent: agent.clone(), grant, appeal_until: None };
        add(&format!("outcome_appeal_{name}"), notice(&told, now()).into());
    }
    for (name, why) in [
        ("represented", NotCounted::Represented { by: person("U0VERA"), at: at(480) }),
        ("denied_it", NotCounted::DeniedIt),
        ("goes_to_backup", NotCounted::GoesToBackup),
        ("lends_asked", NotCounted::StandsInInVain { who: theo(), why: CannotLend::Asked }),
        ("lends_owns", NotCounted::StandsInInVain { who: theo(), why: CannotLend::Owns }),
        ("lends_denied", NotCounted::StandsInInVain { who: theo(), why: CannotLend::DeniedIt }),
        ("lends_voted", NotCounted::StandsInInVain { who: theo(), why: CannotLend::Voted }),
        ("lends_in_part", NotCounted::StandsInInVain { who: theo(), why: CannotLend::InPart }),
    ] {
        let (request, agent) = (of_grant.clone(), agent.clone());
        let reply = VoteReply::NotCounted { why, request, agent };
        add(&format!("vote_not_counted_{name}"), vote_reply(&reply));
    }
}

fn vote_reply(reply: &VoteReply) -> Shown {
    vote(reply, &person("U0SARA")).into()
}

fn refusals(said: &Said, all: &mut Catalogue) {
    let request = appeal(said, said.grant_request().ask);
    for (name, why) in [
        ("no_appeals", Refusal::Appeal(NoAppeal::NoBoard)),
        ("not_denied", Refusal::Appeal(NoAppeal::NotDenied(said.approved(said.grant_request())))),
        ("not_decided", Refusal::Appeal(NoAppeal::NotDenied(said.grant_request()))),
        ("final", Refusal::Appeal(NoAppeal::Final(said.denied(request.clone())))),
        ("appealed_before", Refusal::Appeal(NoAppeal::AppealedBefore(request))),
        (
            "may_not_appeal",
            Refusal::Appeal(NoAppeal::MayNotAppeal { asked_by: dana(), owner: theo() }),
        ),
        (
            "too_late_to_appeal",
            Refusal::Appeal(NoAppeal::TooLateToAppeal {
                reference: reference("G-1042"),
                until: at(300),
                now: now(),
            }),
        ),
        ("owner_declined", Refusal::Appeal(NoAppeal::OwnerDeclined { owner: theo() })),
        (
            "cannot_become_true",
            Refusal::Appeal(NoAppeal::CannotBecomeTrue {
                reference: reference("R-12"),
                reason: "another agent has its name by now".into(),
            }),
        ),
    ] {
        all.push((format!("refusal_{name}"), refusal(&why).into()));
    }
}
