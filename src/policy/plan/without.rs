//! What changed in what needs no people. Not rule by rule: what counts is what each agent gets
//! without anybody's yes, whichever rule gives it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Changes, Effect};
use crate::domain::access::Access;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::Policy;
use crate::policy::rules::Case;
use crate::policy::without::{Kind, longest};

pub(super) fn rules(old: &Policy, new: &Policy, changes: &mut Changes) {
    const ABOUT: &str = "without_people";
    let before = changes.0.len();
    for tier in Tier::ALL {
        let nobody =
            |policy: &Policy| policy.without_people(&Case::Registration { tier }).is_some();
        match (nobody(old), nobody(new)) {
            (false, true) => changes.note(
                ABOUT,
                format!("agents of tier {tier} are registered without people"),
                Effect::Widens,
            ),
            (true, false) => changes.note(
                ABOUT,
                format!("agents of tier {tier} are registered by people again"),
                Effect::Narrows,
            ),
            _ => {}
        }
    }
    for (kind, what) in [(Kind::Grant, "is granted"), (Kind::Extension, "is extended")] {
        for ((was, is), cases) in differences(old, new, kind) {
            let to = |span: Span| format!("without people up to {}", span.words());
            let (how, effect) = match (was, is) {
                (None, Some(is)) => (format!("{} (before: never)", to(is)), Effect::Widens),
                (Some(was), None) => {
                    (format!("by people only (before: {})", to(was)), Effect::Narrows)
                }
                (Some(was), Some(is)) => (
                    format!("{} (before: up to {})", to(is), was.words()),
                    if is > was { Effect::Widens } else { Effect::Narrows },
                ),
                (None, None) => continue,
            };
            changes.note(ABOUT, format!("{} {what} {how}", cases.join(", ")), effect);
        }
    }
    if changes.0.len() == before && old.without_people != new.without_people {
        changes.note(ABOUT, "the rules are written differently, to the same effect", Effect::Same);
    }
}

/// The longest without people before and after, with the cases for which they differ so.
type Differences = BTreeMap<(Option<Span>, Option<Span>), Vec<String>>;

fn differences(old: &Policy, new: &Policy, kind: Kind) -> Differences {
    let mut found = Differences::new();
    for access in accesses(old).union(&accesses(new)) {
        // Tiers that differ in the same way are said together.
        let mut tiers: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for tier in Tier::ALL {
            let span = |policy| longest(policy, kind, tier, access).map(|(span, _)| span);
            let (was, is) = (span(old), span(new));
            if was != is {
                tiers.entry((was, is)).or_default().push(tier.to_string());
            }
        }
        for (spans, tiers) in tiers {
            let case = format!("{access} for agents of tier {}", tiers.join(" and "));
            found.entry(spans).or_default().push(case);
        }
    }
    found
}

fn accesses(policy: &Policy) -> BTreeSet<Access> {
    let of = |r: &crate::policy::Resource| {
        r.actions.keys().map(|action| Access::new(&r.name, action)).collect::<Vec<_>>()
    };
    policy.resources().flat_map(of).collect()
}
