use super::*;
use chrono::TimeDelta;
use proptest::prelude::*;
use ulid::Ulid;

use crate::domain::access::Access;
use crate::domain::ids::DelegationId;
use crate::domain::time::Span;
use crate::domain::voice::{Loan, Voice};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn person(name: &str) -> PersonId {
    PersonId::new("T0ACME", name)
}

fn roles(names: &[&str]) -> BTreeSet<RoleName> {
    names.iter().map(|n| RoleName::new(*n)).collect()
}

fn request(needs: &[&str]) -> Request {
    Request {
        id: RequestId::new(Ulid::from_parts(1, 1)),
        reference: Reference { letter: 'G', number: 7 },
        agent: AgentId::new(Ulid::from_parts(1, 2)),
        asked_by: person("DANA"),
        origin: Origin::Person,
        asked_at: at(0),
        ask: Ask::Grant {
            access: Access::new("database", "read"),
            lasting: Span::minutes(30),
            because: "customer support queries".into(),
            raise_to: None,
        },
        brings: None,
        tier: Tier::Internal,
        team: TeamName::new("support"),
        needs: needs.iter().map(|n| RoleName::new(*n)).collect(),
        asked: Vec::new(),
        acceptance: Acceptance::NotNeeded,
        votes: vec![],
        findings: vec![],
        decide_by: at(3_600),
        backup: Backup::Nobody,
        policy: "digest".into(),
        state: RequestState::Open,
    }
}

fn yes(request: Request, who: &str, held: &[&str], now: Timestamp) -> Voted {
    let owner = person("OLGA");
    request.vote(person(who), Choice::Approve, Standing::Member, &roles(held).into(), &owner, now)
}

fn counted(voted: Voted) -> Request {
    match voted {
        Voted::Counted(request) => request,
        other => panic!("expected a vote that counts, got {other:?}"),
    }
}

#[test]
fn distinct_people_for_every_requirement() {
    let request = request(&["security", "team-lead"]);
    // Sam is both: he covers one of the two, and his second click nothing.
    let request = counted(yes(request, "SAM", &["security", "team-lead"], at(1)));
    assert_eq!(request.awaited().len(), 1);
    let again = yes(request.clone(), "SAM", &["security", "team-lead"], at(2));
    assert_eq!(again, Voted::NotCounted(NotCounted::AlreadyVoted { at: at(1) }));
    // Whichever role the second person has, the matching moves Sam to the other.
    assert!(matches!(yes(request.clone(), "THEO", &["team-lead"], at(3)), Voted::Approved(_)));
    assert!(matches!(yes(request, "SARA", &["security"], at(3)), Voted::Approved(_)));
}

#[test]
fn nobody_approves_their_own() {
    let all = ["security"];
    assert_eq!(yes(request(&all), "DANA", &all, at(1)), Voted::NotCounted(NotCounted::OwnRequest));
    assert_eq!(yes(request(&all), "OLGA", &all, at(1)), Voted::NotCounted(NotCounted::OwnAgent));
}

#[test]
fn only_members_with_the_role_count() {
    let held = roles(&["security"]);
    for standing in [
        Standing::Guest,
        Standing::Outsider,
        Standing::Deactivated,
        Standing::Bot,
        Standing::Unknown,
    ] {
        let voted = request(&["security"]).vote(
            person("GUS"),
            Choice::Approve,
            standing,
            &held.clone().into(),
            &person("OLGA"),
            at(1),
        );
        assert_eq!(voted, Voted::NotCounted(NotCounted::Standing(standing)));
    }
    assert_eq!(
        yes(request(&["security"]), "OMAR", &["vp"], at(1)),
        Voted::NotCounted(NotCounted::NotEligible)
    );
}

#[test]
fn a_second_yes_for_the_same_role_adds_nothing() {
    let request = counted(yes(request(&["security", "vp"]), "SAM", &["security"], at(1)));
    assert_eq!(
        yes(request, "SARA", &["security"], at(2)),
        Voted::NotCounted(NotCounted::AlreadyCovered)
    );
}

#[test]
fn a_no_needs_a_reason_and_ends_it() {
    let deny = |reason: &str| {
        request(&["security"]).vote(
            person("SAM"),
            Choice::Deny { reason: reason.into() },
            Standing::Member,
            &roles(&["security"]).into(),
            &person("OLGA"),
            at(1),
        )
    };
    assert_eq!(deny(""), Voted::NotCounted(NotCounted::NoReason));
    let Voted::Denied(denied) = deny("too broad") else { panic!() };
    assert!(matches!(
        yes(denied, "SARA", &["security"], at(2)),
        Voted::NotCounted(NotCounted::Ended(RequestState::Denied { .. }))
    ));
}

#[test]
fn a_click_after_the_deadline_approves_nothing_even_if_no_worker_noticed() {
    let Voted::TooLate(late) = yes(request(&["security"]), "SAM", &["security"], at(3_600)) else {
        panic!("the deadline itself is too late")
    };
    assert_eq!(late.state, RequestState::Expired { at: at(3_600) });
    assert!(late.votes.is_empty());
}

#[test]
fn a_review_is_owed_until_it_is_done_however_late() {
    let review = Request {
        ask: Ask::Review {
            of: RequestId::new(Ulid::from_parts(1, 3)),
            emergency: Reference { letter: 'E', number: 6 },
            grant: crate::domain::ids::GrantId::new(Ulid::from_parts(1, 4)),
            access: Access::new("database", "write"),
            lasting: Span::minutes(15),
            because: "it could not wait".into(),
        },
        ..request(&["security"])
    };
    assert!(!review.is_overdue(at(3_599)) && review.is_overdue(at(3_600)));
    let late = at(90_000);
    assert!(review.is_open(late) && review.state_at(late) == RequestState::Open);
    assert_eq!(review.clone().expire(late), None);
    assert_eq!(review.clone().cancel(person("DANA"), "no".into(), at(1)), None);
    let own = yes(review.clone(), "DANA", &["security"], late);
    assert_eq!(own, Voted::NotCounted(NotCounted::OwnRequest));
    let Voted::Approved(done) = yes(review, "SAM", &["security"], late) else { panic!("late") };
    assert!(!done.is_overdue(late) && !done.is_open(late));
}

#[test]
fn a_named_owner_must_agree_too() {
    let asked = Request { acceptance: Acceptance::Awaited, ..request(&["security"]) };
    let request = counted(yes(asked, "SAM", &["security"], at(1)));
    let olga = person("OLGA");
    assert_eq!(
        request.clone().accept(&person("DANA"), &olga, at(2)),
        Voted::NotCounted(NotCounted::NotEligible)
    );
    assert!(matches!(request.clone().accept(&olga, &olga, at(2)), Voted::Approved(_)));
    assert!(matches!(request.decline(&olga, &olga, "not mine".into(), at(2)), Voted::Denied(_)));
}

#[test]
fn at_a_handover_the_new_owner_agrees_and_does_not_decide() {
    let (olga, vera) = (person("OLGA"), person("VERA"));
    let ask = Ask::Handover { to: vera.clone(), because: "she leads it".into() };
    let open = Request { ask, acceptance: Acceptance::Awaited, ..request(&["team-lead"]) };
    for who in ["OLGA", "VERA"] {
        assert_eq!(
            yes(open.clone(), who, &["team-lead"], at(1)),
            Voted::NotCounted(NotCounted::OwnAgent),
            "{who}"
        );
    }
    assert_eq!(
        open.clone().accept(&olga, &olga, at(1)),
        Voted::NotCounted(NotCounted::NotEligible)
    );
    let half = counted(open.clone().accept(&vera, &olga, at(1)));
    assert!(matches!(yes(half, "THEO", &["team-lead"], at(2)), Voted::Approved(_)));
    let half = counted(yes(open.clone(), "THEO", &["team-lead"], at(1)));
    assert!(matches!(half.accept(&vera, &olga, at(2)), Voted::Approved(_)));
    assert!(matches!(open.decline(&vera, &olga, "not mine".into(), at(2)), Voted::Denied(_)));
}

#[derive(Debug, Clone)]
enum Act {
    Yes(usize),
    No(usize),
    Cancel,
    Expire,
}

fn acts() -> impl Strategy<Value = Vec<(Act, i64)>> {
    let act = prop_oneof![
        6 => (0..5usize).prop_map(Act::Yes),
        1 => (0..5usize).prop_map(Act::No),
        1 => Just(Act::Cancel),
        2 => Just(Act::Expire),
    ];
    proptest::collection::vec((act, 1i64..1_500), 1..25)
}

proptest! {
    /// Promises 2, 3 and 5: whatever people do in whatever order, a request ends at most once, and
    /// an approved one has distinct, eligible people for every requirement, none of them the
    /// requester or the owner.
    #[test]
    fn ends_once_and_only_rightly(acts in acts(), held in proptest::collection::vec(0u8..8, 5)) {
        let names = ["DANA", "OLGA", "SAM", "THEO", "VERA"];
        let needs = ["security", "team-lead", "vp"];
        let held: Vec<BTreeSet<RoleName>> = held
            .iter()
            .map(|bits| {
                needs.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0)
                    .map(|(_, n)| RoleName::new(*n)).collect()
            })
            .collect();
        let (mut request, mut now, owner) = (request(&needs), at(0), person("OLGA"));
        let mut ended: Option<RequestState> = None;
        for (act, wait) in acts {
            now += TimeDelta::seconds(wait);
            let before = request.clone();
            let cast = |choice, i: usize| {
                before.clone().vote(person(names[i]), choice, Standing::Member, &held[i].clone().into(), &owner, now)
            };
            let next = match act {
                Act::Yes(i) => Some(cast(Choice::Approve, i)),
                Act::No(i) => Some(cast(Choice::Deny { reason: "no".into() }, i)),
                Act::Cancel => {
                    request = before.clone().cancel(person("DANA"), "x".into(), now).unwrap_or(before.clone());
                    None
                }
                Act::Expire => {
                    request = before.clone().expire(now).unwrap_or(before.clone());
                    None
                }
            };
            if let Some(voted) = next {
                request = match voted {
                    Voted::Counted(r) | Voted::Approved(r) | Voted::Denied(r) | Voted::TooLate(r) => r,
                    Voted::NotCounted(_) => before,
                };
            }
            if let Some(end) = &ended {
                prop_assert_eq!(&request.state, end, "an ended request never changes");
            }
            if let Some(at) = request.state.ended_at() {
                prop_assert!(ended.is_some() || at == now);
                ended = Some(request.state.clone());
            }
        }
        if matches!(request.state, RequestState::Approved { .. }) {
            let covered = request.requirements();
            let mut people: Vec<_> = covered.iter().map(|r| &r.covered_by.unwrap().by).collect();
            for r in &covered {
                prop_assert!(r.covered_by.unwrap().roles.contains(r.role));
            }
            people.sort();
            people.dedup();
            prop_assert_eq!(people.len(), needs.len());
            prop_assert!(!people.contains(&&person("DANA")) && !people.contains(&&owner));
        }
    }

    /// The same people clicking in any order come to the same end.
    #[test]
    fn any_order_of_clicks(order in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
                           held in proptest::collection::vec(0u8..8, 4)) {
        let needs = ["security", "team-lead", "vp"];
        let held: Vec<BTreeSet<RoleName>> = held.iter().map(|bits| {
            needs.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0)
                .map(|(_, n)| RoleName::new(*n)).collect()
        }).collect();
        let run = |order: &[usize]| {
            let mut current = request(&needs);
            for (n, i) in order.iter().enumerate() {
                let voted = current.clone().vote(person(&format!("P{i}")), Choice::Approve,
                    Standing::Member, &held[*i].clone().into(), &person("OLGA"), at(n as i64));
                if let Voted::Counted(r) | Voted::Approved(r) = voted { current = r }
            }
            current.state.word()
        };
        prop_assert_eq!(run(&order), run(&[0, 1, 2, 3]));
    }
}

fn loan(from: &str, holds: &[&str], lends: &[&str]) -> Loan {
    Loan {
        delegation: DelegationId::new(Ulid::from_parts(1, 9)),
        from: person(from),
        holds: roles(holds),
        lends: roles(lends),
    }
}

fn speaks(request: Request, who: &str, voice: &Voice, choice: Choice) -> Voted {
    request.vote(person(who), choice, Standing::Member, voice, &person("OLGA"), at(1))
}

fn for_theo() -> Voice {
    Voice { own: BTreeSet::new(), loans: vec![loan("THEO", &["team-lead"], &["team-lead"])] }
}

#[test]
fn who_stands_in_counts_in_anothers_place_and_both_are_one() {
    let open = request(&["security", "team-lead"]);
    let with = counted(speaks(open.clone(), "VERA", &for_theo(), Choice::Approve));
    let covered = with.requirements();
    assert_eq!(covered[1].in_place_of, Some(&person("THEO")));
    assert_eq!(with.votes[0].by, person("VERA"));
    // Theo cannot answer as well, neither yes nor no; whoever else leads can.
    let lead = Voice::from(roles(&["team-lead"]));
    let no = Choice::Deny { reason: "no".into() };
    for choice in [Choice::Approve, no.clone()] {
        assert_eq!(
            speaks(with.clone(), "THEO", &lead, choice),
            Voted::NotCounted(NotCounted::Represented { by: person("VERA"), at: at(1) })
        );
    }
    assert!(matches!(speaks(with.clone(), "TINA", &lead, no), Voted::Denied(_)));
    // With a role of her own that is needed, she covers that, and Theo answers himself.
    let both = Voice { own: roles(&["security"]), ..for_theo() };
    let with = counted(speaks(open.clone(), "VERA", &both, Choice::Approve));
    assert!(matches!(speaks(with, "THEO", &lead, Choice::Approve), Voted::Approved(_)));
    // When he answered first, there is nobody to stand in for.
    let with = counted(speaks(open, "THEO", &lead, Choice::Approve));
    assert_eq!(
        speaks(with, "VERA", &for_theo(), Choice::Approve),
        Voted::NotCounted(NotCounted::StandsInInVain {
            who: person("THEO"),
            why: CannotLend::Voted
        })
    );
}

#[test]
fn nobody_stands_in_for_who_asked_or_owns_or_lends_in_part() {
    let open = request(&["security", "team-lead"]);
    for (lender, lends, why) in [
        ("DANA", &["team-lead"][..], CannotLend::Asked),
        ("OLGA", &["team-lead"], CannotLend::Owns),
        ("THEO", &["security"], CannotLend::InPart),
        ("THEO", &[], CannotLend::InPart),
    ] {
        let voice =
            Voice { own: BTreeSet::new(), loans: vec![loan(lender, &["team-lead"], lends)] };
        assert_eq!(
            speaks(open.clone(), "VERA", &voice, Choice::Approve),
            Voted::NotCounted(NotCounted::StandsInInVain { who: person(lender), why })
        );
    }
    // What is lent and not asked for here is of no use, and so is the requester's own delegate.
    let voice = Voice { own: BTreeSet::new(), loans: vec![loan("THEO", &[], &[])] };
    let said = speaks(open.clone(), "VERA", &voice, Choice::Approve);
    assert_eq!(said, Voted::NotCounted(NotCounted::NotEligible));
    for own in ["DANA", "OLGA"] {
        let said = speaks(open.clone(), own, &for_theo(), Choice::Approve);
        assert!(matches!(said, Voted::NotCounted(NotCounted::OwnRequest | NotCounted::OwnAgent)));
    }
}

fn with_backup(needs: &[&str]) -> Request {
    let role = RoleName::new("vp");
    Request { backup: Backup::Planned { role, within: Span::hours(1) }, ..request(needs) }
}

fn asked(name: &str, held: &[&str]) -> Asked {
    Asked { person: person(name), roles: roles(held), stands_in: BTreeMap::new(), away: None }
}

#[test]
fn what_nobody_answered_goes_to_the_backup_once_and_then_expires() {
    let open = counted(yes(with_backup(&["security", "team-lead"]), "SAM", &["security"], at(1)));
    assert!(!open.goes_to_backup(at(3_599)));
    assert!(open.clone().escalate(vec![], at(3_599)).is_none());
    // From its time on nobody's word counts until it is recorded; it has not expired either.
    assert!(open.goes_to_backup(at(3_600)) && !open.is_open(at(3_600)));
    assert_eq!(open.state_at(at(3_600)), RequestState::Open);
    assert!(open.clone().expire(at(3_600)).is_none());
    let said = yes(open.clone(), "THEO", &["team-lead"], at(3_600));
    assert_eq!(said, Voted::NotCounted(NotCounted::GoesToBackup));
    let passed = open.clone().escalate(vec![asked("VERA", &["vp"])], at(3_601)).unwrap();
    assert_eq!(passed.decide_by, at(3_601 + 3_600));
    assert_eq!(passed.awaited_since(), at(3_601));
    assert_eq!(passed.awaited(), [RoleName::new("team-lead")], "time alone grants nothing");
    // The backup covers what is missing; so does whoever was asked first.
    for (who, held) in [("VERA", "vp"), ("THEO", "team-lead")] {
        let voted = yes(passed.clone(), who, &[held], at(3_700));
        assert!(matches!(voted, Voted::Approved(_)), "{who}: {voted:?}");
    }
    assert!(passed.clone().escalate(vec![], at(9_000)).is_none(), "once");
    assert!(matches!(passed.expire(at(9_000)).unwrap().state, RequestState::Expired { .. }));
    // Without anybody as backup it expires.
    assert!(open.expire_without_backup(at(3_600)).is_some());
}

#[test]
fn one_backup_covers_one_requirement() {
    let open = with_backup(&["security", "team-lead"]);
    let passed = open.escalate(vec![asked("VERA", &["vp"])], at(3_600)).unwrap();
    let half = counted(yes(passed, "VERA", &["vp"], at(3_601)));
    assert_eq!(half.awaited().len(), 1);
    // Whoever comes takes their own role, and the backup moves to the other.
    assert!(matches!(yes(half.clone(), "SAM", &["security"], at(3_602)), Voted::Approved(_)));
    assert!(matches!(yes(half, "THEO", &["team-lead"], at(3_602)), Voted::Approved(_)));
}

#[test]
fn an_owner_who_does_not_accept_has_no_backup() {
    let open = Request { acceptance: Acceptance::Awaited, ..with_backup(&["security"]) };
    let open = counted(yes(open, "SAM", &["security"], at(1)));
    assert!(!open.goes_to_backup(at(3_600)));
    assert!(open.expire(at(3_600)).is_some());
}

#[test]
fn who_denied_what_is_appealed_has_no_word_in_it() {
    let denied = Denied {
        request: RequestId::new(Ulid::from_parts(1, 7)),
        reference: Reference { letter: 'G', number: 6 },
        asked_by: person("OMAR"),
        ask: request(&[]).ask,
        by: person("SAM"),
        in_place_of: [person("SARA")].into(),
        at: at(0),
        reason: "too broad".into(),
        not_after: None,
    };
    let ask = Ask::Appeal { denied: Box::new(denied), because: "it is narrower now".into() };
    let open = Request { ask, ..request(&["security"]) };
    for (who, why) in [
        ("SAM", NotCounted::DeniedIt),
        ("SARA", NotCounted::DeniedIt),
        ("OMAR", NotCounted::OwnRequest),
        ("DANA", NotCounted::OwnRequest),
        ("OLGA", NotCounted::OwnAgent),
    ] {
        assert_eq!(yes(open.clone(), who, &["security"], at(1)), Voted::NotCounted(why), "{who}");
    }
    let voice =
        Voice { own: BTreeSet::new(), loans: vec![loan("SAM", &["security"], &["security"])] };
    assert!(matches!(
        speaks(open.clone(), "VERA", &voice, Choice::Approve),
        Voted::NotCounted(NotCounted::StandsInInVain { why: CannotLend::DeniedIt, .. })
    ));
    assert!(matches!(yes(open, "CLEO", &["security"], at(1)), Voted::Approved(_)));
}

#[test]
fn older_requests_and_votes_read() {
    let new = counted(yes(with_backup(&["security", "vp"]), "SAM", &["security"], at(1)));
    let mut json = serde_json::to_value(&new).unwrap();
    assert!(json["votes"][0].get("stands_in").is_none());
    json.as_object_mut().unwrap().remove("backup");
    let old: Request = serde_json::from_value(json).unwrap();
    assert_eq!(old, Request { backup: Backup::Nobody, ..new });
    let stood_in =
        counted(speaks(request(&["team-lead", "vp"]), "VERA", &for_theo(), Choice::Approve));
    let json = serde_json::to_string(&stood_in).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), stood_in);
}

proptest! {
    /// Whatever is lent to whom, the order of the clicks does not decide whether it is approved.
    #[test]
    fn any_order_of_clicks_with_delegations(
        order in Just(vec![0usize, 1, 2, 3, 4]).prop_shuffle(),
        held in proptest::collection::vec(0u8..8, 5),
        lent in proptest::collection::vec(0u8..32, 5),
    ) {
        let needs = ["security", "team-lead", "vp"];
        let names = ["P0", "P1", "P2", "P3", "OLGA"];
        let held: Vec<Vec<&str>> = held.iter().map(|bits| {
            needs.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, n)| *n).collect()
        }).collect();
        let voice = |i: usize| Voice {
            own: roles(&held[i]),
            loans: (0..5)
                .filter(|from| *from != i && lent[i] & (1 << from) != 0)
                .map(|from| loan(names[from], &held[from], &held[from]))
                .collect(),
        };
        let run = |order: &[usize]| {
            let mut current = request(&needs);
            for i in order {
                let voted = speaks(current.clone(), names[*i], &voice(*i), Choice::Approve);
                if let Voted::Counted(r) | Voted::Approved(r) = voted { current = r }
            }
            (current.awaited().len(), current.state.word())
        };
        prop_assert_eq!(run(&order), run(&[0, 1, 2, 3, 4]));
    }
}
