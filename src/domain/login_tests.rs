use chrono::TimeDelta;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

fn dana() -> PersonId {
    PersonId::new("T0ACME", "U0DANA")
}

fn theo() -> PersonId {
    PersonId::new("T0ACME", "U0THEO")
}

fn pair(n: u32) -> Pair {
    let hash = |kind: &str| SecretHash::of(&format!("{kind}{n}"));
    Pair { access: hash("access"), refresh: hash("refresh") }
}

fn asked(meant_for: Option<PersonId>) -> Login {
    let code = UserCode::make(|_| 3);
    Login {
        id: LoginId::new(Ulid::from_parts(1_800_000_000_000, 1)),
        device: device_name("dana's laptop"),
        from: None,
        asked_at: at(0),
        device_code: SecretHash::of("device"),
        state: LoginState::Asked { code, meant_for, until: at(0) + CODE_LIVES.delta() },
    }
}

fn live() -> Login {
    let confirmed = asked(None).answer(&dana(), true, at(60)).unwrap();
    let Fetched::Began(login) = confirmed.fetch(pair(1), at(65)) else { panic!("it began") };
    login
}

#[test]
fn a_device_waits_until_somebody_answers_and_fetches_once() {
    let asked = asked(None);
    assert_eq!(asked.clone().fetch(pair(1), at(5)), Fetched::Pending);
    let refused = asked.clone().answer(&dana(), false, at(60)).unwrap();
    assert_eq!(refused.fetch(pair(1), at(65)), Fetched::Denied);
    assert_eq!(asked.fetch(pair(1), at(600)), Fetched::Expired);

    let login = live();
    assert!(login.opened_by(&pair(1).access, at(66)).is_some());
    assert!(login.opened_by(&pair(2).access, at(66)).is_none());
    let Fetched::Reused(ended) = login.fetch(pair(2), at(70)) else { panic!("reused") };
    assert!(ended.opened_by(&pair(1).access, at(70)).is_none());
    assert_eq!(ended.fetch(pair(3), at(71)), Fetched::Over);
}

#[test]
fn what_was_confirmed_must_be_fetched_in_time() {
    let confirmed = asked(None).answer(&dana(), true, at(599)).unwrap();
    assert_eq!(confirmed.fetch(pair(1), at(600)), Fetched::Expired);
}

#[test]
fn one_answer_counts_and_only_in_time() {
    let yes = asked(None).answer(&dana(), true, at(60)).unwrap();
    let before = NoAnswer::Answered { by: dana(), yes: true };
    assert_eq!(yes.clone().answer(&theo(), true, at(61)), Err(before.clone()));
    assert_eq!(yes.answer(&dana(), false, at(61)), Err(before));
    let no = asked(None).answer(&dana(), false, at(60)).unwrap();
    let before = NoAnswer::Answered { by: dana(), yes: false };
    assert_eq!(no.answer(&dana(), true, at(61)), Err(before));
    assert_eq!(asked(None).answer(&dana(), true, at(600)), Err(NoAnswer::Expired));
}

#[test]
fn a_login_that_names_a_person_is_for_nobody_else() {
    let asked = asked(Some(dana()));
    assert_eq!(asked.clone().answer(&theo(), true, at(1)), Err(NoAnswer::ForAnother));
    assert_eq!(asked.clone().answer(&theo(), false, at(1)), Err(NoAnswer::ForAnother));
    assert!(asked.answer(&dana(), true, at(1)).is_ok());
}

#[test]
fn a_refresh_token_is_good_once_and_the_copy_ends_the_login() {
    let Renewed::Renewed(second) = live().renew(&pair(1).refresh, pair(2), at(3_000)) else {
        panic!("renewed")
    };
    assert!(second.opened_by(&pair(1).access, at(3_001)).is_some(), "what is under way goes on");
    assert!(second.opened_by(&pair(1).access, at(65 + 3_600)).is_none());
    assert!(second.opened_by(&pair(2).access, at(65 + 3_600)).is_some());
    let Renewed::Reused(ended) = second.renew(&pair(1).refresh, pair(3), at(3_100)) else {
        panic!("reused")
    };
    assert!(matches!(ended.state, LoginState::Ended { ending: Ending::RefreshReused, .. }));
    assert_eq!(ended.renew(&pair(2).refresh, pair(4), at(3_101)), Renewed::Over);
}

#[test]
fn a_login_that_is_not_used_ends_and_none_lasts_for_ever() {
    let idle = at(65) + IDLE.delta();
    assert_eq!(live().renew(&pair(1).refresh, pair(2), idle), Renewed::Over);
    let (mut login, mut now, mut n) = (live(), at(65), 1);
    while let Some(until) = login.live(now).map(|live| live.until) {
        now = until - TimeDelta::seconds(1);
        let Renewed::Renewed(next) = login.renew(&pair(n).refresh, pair(n + 1), now) else {
            panic!("renewed in time")
        };
        (login, n) = (next, n + 1);
        assert!(n < 200_000, "it never ends");
        if login.live(now).is_some_and(|live| live.until == at(65) + LONGEST.delta()) {
            break;
        }
    }
    let last = at(65) + LONGEST.delta();
    assert!(login.live(last - TimeDelta::seconds(1)).is_some());
    assert!(login.live(last).is_none());
    assert!(login.opened_by(&pair(n).access, last).is_none());
}

#[test]
fn the_name_of_a_device_is_made_safe() {
    assert_eq!(device_name(" dana's\u{202E} laptop\n"), "dana's laptop");
    assert_eq!(device_name("\u{200B}"), "a device without a name");
    assert_eq!(device_name(&"x".repeat(200)).chars().count(), 60);
}

#[test]
fn it_is_kept_and_read_back_without_a_secret() {
    for login in [asked(Some(dana())), live(), live().end(Ending::ByPerson, at(99)).unwrap()] {
        let json = serde_json::to_string(&login).unwrap();
        assert_eq!(serde_json::from_str::<Login>(&json).unwrap(), login);
        for secret in ["access1", "refresh1", "\"device_code\":\"device\""] {
            assert!(!json.contains(secret), "{json}");
        }
    }
}

/// What may happen to a login.
#[derive(Debug, Clone)]
enum Act {
    Answer { dana: bool, yes: bool },
    Fetch,
    Renew { age: usize },
    End,
    Wait { seconds: i64 },
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        (any::<bool>(), any::<bool>()).prop_map(|(dana, yes)| Act::Answer { dana, yes }),
        Just(Act::Fetch),
        (0usize..4).prop_map(|age| Act::Renew { age }),
        Just(Act::End),
        (1i64..700).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

proptest! {
    /// Whatever happens in whatever order: it belongs to whoever said yes, tokens are given only
    /// after a yes, and nothing opens it once it has ended.
    #[test]
    fn it_is_only_ever_whose_who_said_yes(acts in proptest::collection::vec(acts(), 0..30)) {
        let (mut login, mut now, mut n) = (asked(None), at(0), 0);
        let mut yes: Option<PersonId> = None;
        let mut given: Vec<Pair> = Vec::new();
        let mut ended = false;
        for act in acts {
            match act {
                Act::Wait { seconds } => now += TimeDelta::seconds(seconds),
                Act::Answer { dana: by_dana, yes: says } => {
                    let by = if by_dana { dana() } else { theo() };
                    if let Ok(next) = login.clone().answer(&by, says, now) {
                        prop_assert!(yes.is_none() && given.is_empty());
                        if says { yes = Some(by) } else { ended = true }
                        login = next;
                    }
                }
                Act::Fetch => {
                    n += 1;
                    match login.clone().fetch(pair(n), now) {
                        Fetched::Began(next) => {
                            prop_assert!(given.is_empty() && yes.is_some() && !ended);
                            given.push(pair(n));
                            login = next;
                        }
                        Fetched::Reused(next) => { ended = true; login = next; }
                        _ => {}
                    }
                }
                Act::Renew { age } => {
                    let Some(old) = given.iter().rev().nth(age).cloned() else { continue };
                    n += 1;
                    match login.clone().renew(&old.refresh, pair(n), now) {
                        Renewed::Renewed(next) => {
                            prop_assert!(age == 0 && !ended);
                            given.push(pair(n));
                            login = next;
                        }
                        Renewed::Reused(next) => {
                            prop_assert!(age > 0);
                            ended = true;
                            login = next;
                        }
                        _ => {}
                    }
                }
                Act::End => if let Some(next) = login.clone().end(Ending::ByPerson, now) {
                    ended = true;
                    login = next;
                }
            }
            for pair in &given {
                if let Some(live) = login.opened_by(&pair.access, now) {
                    prop_assert!(!ended);
                    prop_assert_eq!(Some(&live.person), yes.as_ref());
                }
            }
            prop_assert!(given.len() <= 1 || !ended || login.live(now).is_none());
        }
    }
}
