use proptest::prelude::*;
use ulid::Ulid;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn agent(n: u128) -> AgentId {
    AgentId::new(Ulid::from_parts(1, n))
}

fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

fn sent() -> Sent {
    Sent {
        source: "aws-iam".into(),
        external_id: "arn:aws:iam::1:user/deploy-helper".into(),
        name: "Deploy Helper".into(),
        kind: "service account".into(),
        owner: "dana@acme.example".into(),
        details: vec![("created".into(), "2024-03-01".into())],
    }
}

fn found() -> Discovery {
    let finding = Finding::read(&sent()).unwrap();
    Discovery::found(DiscoveryId::new(Ulid::from_parts(1, 1)), finding, at(0))
}

#[test]
fn it_is_decided_once() {
    let (sam, dana) = (person("U0SAM"), person("U0DANA"));
    let claimed = found().claim(agent(1), sam.clone(), None, at(1)).unwrap();
    let dismissed = found().dismiss(sam.clone(), "a toy".into(), at(1)).unwrap();
    for decided in [claimed, dismissed, found().gone(at(1))] {
        let same = Err(Decided(Box::new(decided.clone())));
        assert_eq!(decided.clone().claim(agent(2), sam.clone(), None, at(2)), same);
        assert_eq!(decided.clone().dismiss(sam.clone(), "no".into(), at(2)), same);
        assert_eq!(decided.clone().ask(dana.clone(), sam.clone(), at(2)), same);
        assert_eq!(decided.clone().remind(at(9)), same);
        assert_eq!(decided.clone().hand_back(dana.clone()), same);
        assert_eq!(decided.clone().registering(&dana, agent(3)), same);
        assert_eq!(decided.clone().reminded(at(99)), None);
    }
}

#[test]
fn who_is_asked_registers_it_or_hands_it_back() {
    let (sam, dana, omar) = (person("U0SAM"), person("U0DANA"), person("U0OMAR"));
    let asked = found().ask(dana.clone(), sam.clone(), at(1)).unwrap();
    assert!(asked.is_open());
    assert!(asked.clone().registering(&omar, agent(1)).is_err(), "somebody else");
    assert!(asked.clone().hand_back(omar.clone()).is_err(), "somebody else");
    let back = asked.clone().hand_back(dana.clone()).unwrap();
    let again = Some(Again::NotTheirs { by: dana.clone() });
    assert_eq!(back.state, DiscoveryState::Unclaimed { remind_at: None, again });
    // Somebody else may be asked meanwhile; the first is not asked any more.
    let other = asked.clone().ask(omar.clone(), sam, at(2)).unwrap();
    assert!(other.registering(&dana, agent(1)).is_err());
    let sent = asked.registering(&dana, agent(1)).unwrap();
    assert_eq!(sent.state.agent(), Some(agent(1)));
    assert!(sent.clone().hand_back(dana.clone()).is_err(), "too late");
    assert_eq!(sent.clone().not_registered(agent(2)), sent, "another's registration");
    let back = sent.clone().not_registered(agent(1));
    assert_eq!(back.state.word(), "unclaimed");
    assert_eq!(sent.claim(agent(1), By::System, None, at(3)).unwrap().state.word(), "claimed");
}

#[test]
fn what_is_gone_comes_back_as_it_was_decided() {
    let finding = Finding::read(&sent()).unwrap();
    let sam = person("U0SAM");
    let dismissed = found().dismiss(sam.clone(), "a toy".into(), at(1)).unwrap();
    let back = dismissed.clone().gone(at(2)).gone(at(3)).seen(&finding, at(4));
    assert_eq!(back.state, dismissed.state);
    assert_eq!(back.last_seen, at(4));
    let told = Discovery { told: Some("x".into()), ..found() };
    let asked = told.clone().ask(person("U0DANA"), sam, at(1)).unwrap();
    for open in [told, asked] {
        let back = open.gone(at(2)).seen(&finding, at(4));
        let again = Some(Again::Returned);
        assert_eq!(back.state, DiscoveryState::Unclaimed { remind_at: None, again });
        assert_eq!(back.told, None, "to be told again");
    }
}

#[test]
fn seeing_it_again_changes_only_what_is_seen() {
    let sam = person("U0SAM");
    let dismissed = found().dismiss(sam, "a toy".into(), at(1)).unwrap();
    let renamed = Sent { name: "Another".into(), owner: String::new(), ..sent() };
    let seen = dismissed.clone().seen(&Finding::read(&renamed).unwrap(), at(9));
    assert_eq!((seen.name.as_str(), seen.last_seen), ("Another", at(9)));
    assert_eq!((&seen.state, seen.first_seen), (&dismissed.state, at(0)));
    assert_eq!(seen.owner_hint, dismissed.owner_hint, "not forgotten because it is not said again");
}

#[test]
fn only_what_nobody_said_is_corrected() {
    let sam = person("U0SAM");
    let said = found().claim(agent(1), sam.clone(), None, at(1)).unwrap();
    assert!(said.correct(sam.clone()).is_err());
    let alike = found().claim(agent(1), By::System, Some(Match::Name), at(1)).unwrap();
    let wrong = alike.clone().correct(sam).unwrap();
    assert_eq!(wrong.is_not(), Some(agent(1)));
    assert_eq!(alike.clone().orphaned(agent(2)), alike);
    assert_eq!(alike.orphaned(agent(1)).state.word(), "unclaimed");
}

#[test]
fn a_reminder_is_only_of_what_is_still_open() {
    let waits = Discovery { told: Some("x".into()), ..found() }.remind(at(10)).unwrap();
    assert_eq!(waits.clone().reminded(at(9)), None);
    assert_eq!(waits.clone().reminded(at(10)).unwrap().told, None);
    assert_eq!(found().reminded(at(99)), None, "nobody wished it");
    let asked = waits.ask(person("U0DANA"), person("U0SAM"), at(11)).unwrap();
    assert!(asked.clone().reminded(at(12)).is_some());
    let sent = asked.registering(&person("U0DANA"), agent(1)).unwrap();
    assert_eq!(sent.reminded(at(13)), None, "others decide now");
}

proptest! {
    /// Whatever happens in whatever order: it is kept and read back, and what was dismissed by a
    /// person is never again asked about.
    #[test]
    fn whatever_happens_it_can_be_kept(steps in prop::collection::vec(0_u8..10, 0..30)) {
        let finding = Finding::read(&sent()).unwrap();
        let (sam, dana) = (person("U0SAM"), person("U0DANA"));
        let (mut it, mut dismissed) = (found(), false);
        for (n, step) in steps.into_iter().enumerate() {
            let now = at(i64::try_from(n).unwrap());
            let same = |decided: Decided| *decided.0;
            it = match step {
                0 => it.seen(&finding, now),
                1 => it.gone(now),
                2 => it.ask(dana.clone(), sam.clone(), now).unwrap_or_else(same),
                3 => it.registering(&dana, agent(1)).unwrap_or_else(same),
                4 => it.claim(agent(1), By::System, Some(Match::Name), now).unwrap_or_else(same),
                5 => it.dismiss(sam.clone(), "a toy".into(), now).unwrap_or_else(same),
                6 => it.hand_back(dana.clone()).unwrap_or_else(same),
                7 => it.not_registered(agent(1)),
                8 => it.correct(sam.clone()).unwrap_or_else(same),
                _ => it.remind(now).unwrap_or_else(same),
            };
            dismissed |= it.state.word() == "not_an_agent";
            prop_assert!(!(dismissed && it.is_open()));
            let text = serde_json::to_string(&it).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Discovery>(&text).unwrap(), &it);
        }
    }
}
