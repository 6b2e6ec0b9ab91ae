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
    for kind in [Kind::Grant, Kind::Extension] {
        for (Difference { was, is, tiers }, accesses) in differences(old, new, kind) {
            let (verb, end) = match kind {
                Kind::Grant => ("get", ""),
                Kind::Extension => ("keep", " in all"),
            };
            let up_to = |span: Span| format!("up to {}{end}", span.words());
            let before = was.map_or("never".to_owned(), up_to);
            let how = match is {
                Some(span) => format!("without people {} (before: {before})", up_to(span)),
                None => format!("from people only (before: without people {before})"),
            };
            let what = format!("agents of tier {tiers} {verb} {} {how}", accesses.join(", "));
            changes.note(ABOUT, what, if is > was { Effect::Widens } else { Effect::Narrows });
        }
    }
    if changes.0.len() == before && old.without_people != new.without_people {
        changes.note(ABOUT, "the rules are written differently, to the same effect", Effect::Same);
    }
}

/// The longest without people before and after (`None` is never, and the least), and the tiers of
/// agents for which they differ so.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    was: Option<Span>,
    is: Option<Span>,
    tiers: String,
}

/// Each difference, with what is got or kept otherwise than before.
fn differences(old: &Policy, new: &Policy, kind: Kind) -> BTreeMap<Difference, Vec<String>> {
    let mut found: BTreeMap<Difference, Vec<String>> = BTreeMap::new();
    for access in accesses(old).union(&accesses(new)) {
        let mut tiers: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for tier in Tier::ALL {
            let span = |policy| longest(policy, kind, tier, access).map(|(span, _)| span);
            let (was, is) = (span(old), span(new));
            if was != is {
                tiers.entry((was, is)).or_default().push(tier.to_string());
            }
        }
        for ((was, is), tiers) in tiers {
            let difference = Difference { was, is, tiers: tiers.join(" and ") };
            found.entry(difference).or_default().push(access.to_string());
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
