//! The views around what was found.

use ulid::Ulid;

use super::catalogue::{Catalogue, Shown};
use super::sample::*;
use crate::domain::discovery::{Discovery, DiscoveryState, Finding, Kind, Match, Sent};
use crate::domain::ids::DiscoveryId;
use crate::domain::person::{By, Standing};
use crate::service::discoveries::{Decision, DiscoveryOf, Inventory, NotDecided};
use crate::service::messenger::Content;
use crate::service::outcome::Refusal;
use crate::slack::actions::Form;
use crate::slack::steps::DiscoveryStep;
use crate::slack::views::{discoveries as views, forms, notice};
use crate::store::DiscoveryCounts;

fn id(n: usize) -> DiscoveryId {
    DiscoveryId::new(Ulid::from_parts(1_800_000_000_000, 1 + n as u128))
}

/// With the words as they came, and not as they are kept: no view relies on their having been cleaned.
fn found(said: &Said, n: usize) -> Discovery {
    Discovery {
        external_id: format!("arn:aws:iam::123456789012:user/{} {n}", said.short),
        name: said.short.clone(),
        details: [
            (said.short.clone(), said.because.clone()),
            ("created".to_owned(), "2024-03-01".to_owned()),
        ]
        .into(),
        owner_hint: Some(said.short.clone()),
        source: "aws-iam".to_owned(),
        kind: Kind::ServiceAccount,
        id: id(n),
        ..bot()
    }
}

fn bot() -> Discovery {
    let sent = Sent {
        source: "slack".into(),
        external_id: "U0ROBO".into(),
        name: "Robo".into(),
        kind: "bot".into(),
        owner: String::new(),
        details: vec![("app".into(), "A0ROBO".into()), ("bot".into(), "B0ROBO".into())],
    };
    Discovery::found(id(7), Finding::made(&sent).unwrap(), at(60))
}

/// Every state, by name.
fn states(said: &Said) -> Vec<(&'static str, DiscoveryOf)> {
    let of = |discovery| DiscoveryOf { discovery, agent: None };
    let with = |discovery| DiscoveryOf { discovery, agent: Some(said.agent()) };
    let new = || found(said, 0);
    let asked = || new().ask(dana(), sam(), at(300)).unwrap();
    let registering = asked().registering(&dana(), agent_id(1)).unwrap();
    let alike = new().claim(agent_id(1), By::System, Some(Match::Name), at(400)).unwrap();
    let same_id = Match::ExternalId { source: "aws-keys".into() };
    let dismissed = || new().dismiss(sam(), said.reason.clone(), at(400)).unwrap();
    let seen = Finding {
        source: new().source,
        external_id: new().external_id,
        name: said.short.clone(),
        kind: Kind::ServiceAccount,
        owner: None,
        details: new().details,
    };
    vec![
        ("new", of(new())),
        ("bot", of(bot())),
        ("put_off", of(new().remind(at(604_800)).unwrap())),
        ("asked", of(asked())),
        ("registering", with(registering.clone())),
        ("not_registered", of(registering.not_registered(agent_id(1)))),
        ("handed_back", of(asked().hand_back(dana()).unwrap())),
        ("claimed", with(new().claim(agent_id(1), sam(), None, at(400)).unwrap())),
        ("claimed_by_name", with(alike.clone())),
        (
            "claimed_by_id",
            with(new().claim(agent_id(1), By::System, Some(same_id), at(400)).unwrap()),
        ),
        ("corrected", of(alike.clone().correct(sam()).unwrap())),
        ("agent_ended", of(alike.orphaned(agent_id(1)))),
        ("dismissed", of(dismissed())),
        (
            "passed_over",
            of(new().dismiss(By::System, "the policy passes over it".into(), at(400)).unwrap()),
        ),
        ("gone", of(dismissed().gone(at(500)))),
        ("returned", of(new().gone(at(500)).seen(&seen, at(550)))),
    ]
}

/// Every view around what was found, with these words wherever others' words are.
pub fn discoveries(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Shown| all.push((format!("discovery_{name}"), shown));
    for (name, found) in states(said) {
        let told = notice(&Content::DiscoveryFound { found: found.clone() }, now());
        add(&format!("found_{name}"), told.into());
        if matches!(found.discovery.state, DiscoveryState::Unclaimed { .. })
            && !matches!(name, "put_off" | "handed_back" | "corrected")
        {
            continue;
        }
        let reader = dana();
        let asked = notice(&Content::DiscoveryAsked { found: found.clone(), reader }, now());
        add(&format!("dm_{name}"), asked.into());
        let done = Decision::Done(Box::new(found.clone()));
        add(&format!("done_{name}"), views::decision(&done, now()).into());
    }
    let (name, other) = ("dm_asked_of_another", found(said, 0));
    let found_by =
        DiscoveryOf { discovery: other.ask(theo(), sam(), at(300)).unwrap(), agent: None };
    add(
        name,
        notice(&Content::DiscoveryAsked { found: found_by.clone(), reader: dana() }, now()).into(),
    );
    let late = Decision::Late(Box::new(found_by));
    add("late", views::decision(&late, now()).into());
    add("before", views::decision(&Decision::Before, now()).into());
    let unknown = Refusal::UnknownAgent {
        typed: said.short.clone(),
        near: vec!["support-agent-v2".parse().unwrap()],
        yours: Vec::new(),
    };
    for (name, why) in [
        ("not_security", NotDecided::NotSecurity),
        ("not_asked", NotDecided::NotAsked { of: theo() }),
        ("no_reason", NotDecided::NoReason),
        ("nobody", NotDecided::Nobody),
        ("guest", NotDecided::CannotRegister { of: theo(), standing: Standing::Guest }),
        ("no_agent", NotDecided::Agent(unknown)),
        ("unknown", NotDecided::Unknown),
    ] {
        add(&format!("refused_{name}"), views::decision(&Decision::Refused(why), now()).into());
    }
    for (name, open) in [("all", 7), ("some", 6), ("none", 0)] {
        let first: Vec<_> = (0..open.min(5)).map(|n| found(said, n)).collect();
        let open = u32::try_from(open).unwrap();
        let told = notice(&Content::DiscoveriesFound { count: 7, open, first }, now());
        add(&format!("many_{name}"), told.into());
    }

    let counts =
        DiscoveryCounts { agents: 12, unclaimed: 9, asked: 1, claimed: 4, not_agents: 3, gone: 1 };
    let shown: Vec<DiscoveryOf> = (0..said.many.max(3))
        .map(|n| DiscoveryOf { discovery: found(said, n), agent: None })
        .collect();
    let list = |decides, counts, shown| Inventory { counts, decides, shown, now: now() };
    add("inventory", views::inventory(&list(true, counts, shown)).into());
    let asked = found(said, 0).ask(dana(), sam(), at(300)).unwrap();
    let yours = vec![DiscoveryOf { discovery: asked, agent: None }];
    add("inventory_yours", views::inventory(&list(false, counts, yours)).into());
    add("inventory_others", views::inventory(&list(false, counts, Vec::new())).into());
    let decided = DiscoveryCounts { unclaimed: 0, asked: 0, ..counts };
    add("inventory_decided", views::inventory(&list(true, decided, Vec::new())).into());
    add("inventory_nothing", views::inventory(&list(false, decided, Vec::new())).into());

    let it = found(said, 0);
    let form = |step| Form::Discovery { step, discovery: it.id };
    let ask = form(DiscoveryStep::Ask);
    add("form_ask", forms::discovery_ask(&it, Some(&dana()), &ask).into());
    add("form_ask_bot", forms::discovery_ask(&bot(), None, &ask).into());
    let claim = form(DiscoveryStep::Claim);
    let agents = ["refund-bot", "support-agent-v2"].map(|slug| slug.parse().unwrap());
    add("form_claim", forms::discovery_claim(&it, &agents, &claim).into());
    add("form_claim_typed", forms::discovery_claim(&it, &[], &claim).into());
    add("form_dismiss", forms::discovery_dismiss(&it, &form(DiscoveryStep::Dismiss)).into());
}
