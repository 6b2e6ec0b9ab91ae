use super::*;
use chrono::TimeDelta;
use proptest::prelude::*;
use ulid::Ulid;

use crate::domain::access::Access;
use crate::domain::time::Span;

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
        tier: Tier::Internal,
        team: TeamName::new("support"),
        needs: needs.iter().map(|n| RoleName::new(*n)).collect(),
        asked: Vec::new(),
        acceptance: Acceptance::NotNeeded,
        votes: vec![],
        findings: vec![],
        decide_by: at(3_600),
        policy: "digest".into(),
        state: RequestState::Open,
    }
}

fn yes(request: Request, who: &str, held: &[&str], now: Timestamp) -> Voted {
    let owner = person("OLGA");
    request.vote(person(who), Choice::Approve, Standing::Member, &roles(held), &owner, now)
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
            &held,
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
            &roles(&["security"]),
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
                before.clone().vote(person(names[i]), choice, Standing::Member, &held[i], &owner, now)
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
                    Standing::Member, &held[*i], &person("OLGA"), at(n as i64));
                if let Voted::Counted(r) | Voted::Approved(r) = voted { current = r }
            }
            current.state.word()
        };
        prop_assert_eq!(run(&order), run(&[0, 1, 2, 3]));
    }
}
