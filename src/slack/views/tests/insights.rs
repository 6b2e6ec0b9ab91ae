//! The numbers, and why a call was answered so.

use std::collections::BTreeMap;

use super::catalogue::{Catalogue, Shown};
use super::sample::*;
use crate::domain::insights::{
    Agents, Appeals, Approval, Awaited, Facts, Grants, Insights, Outcomes, Share, WEEKS, Waiting,
    Yes,
};
use crate::domain::role::RoleName;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::service::messenger::Content;
use crate::slack::views::notice;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// Nothing on the record, by the promises of the starter policy.
fn nothing() -> Facts {
    Facts {
        now: now(),
        promises: Tier::ALL.into_iter().zip([4, 8, 24].map(Span::hours)).collect(),
        approvals: Vec::new(),
        yeses: Vec::new(),
        ended: Outcomes::default(),
        ended_before: Outcomes::default(),
        appeals: Appeals::default(),
        weeks: Default::default(),
        waiting: BTreeMap::new(),
        awaited: Vec::new(),
        agents: Agents::default(),
        grants: Grants::default(),
    }
}

/// So many approvals around this time, in minutes.
fn approvals(tier: Tier, ago: i64, minutes: i64, many: i64) -> impl Iterator<Item = Approval> {
    (0..many).map(move |n| {
        let ended = 600 - ago - n * 60 * MINUTE;
        let took = minutes + (n % 7 - 3) * minutes / 8;
        Approval { tier, asked_at: at(ended - took * MINUTE), ended_at: at(ended) }
    })
}

fn outcomes([by_people, by_rule, denied, expired, taken_back]: [u64; 5]) -> Outcomes {
    Outcomes { by_people, by_rule, denied, expired, taken_back }
}

/// A company with agents at work.
pub fn busy() -> Insights {
    let mut facts = nothing();
    facts.approvals.extend(approvals(Tier::Observer, 0, 6, 24));
    facts.approvals.extend(approvals(Tier::Internal, 0, 38, 41));
    facts.approvals.extend(approvals(Tier::External, 0, 200, 9));
    facts.approvals.extend(approvals(Tier::Observer, 31 * DAY, 9, 12));
    facts.approvals.extend(approvals(Tier::Internal, 31 * DAY, 55, 20));
    let yes =
        |role: &str, minutes: u32| Yes { role: RoleName::new(role), took: Span::minutes(minutes) };
    for n in 0..30 {
        facts.yeses.extend([yes("security", 35 + n), yes("team-lead", 4 + n / 4)]);
    }
    facts.yeses.extend([yes("compliance", 190), yes("compliance", 150), yes("compliance", 260)]);
    facts.yeses.extend([yes("vp", 20), yes("vp", 30)]);
    facts.ended = outcomes([74, 52, 11, 4, 6]);
    facts.ended_before = outcomes([40, 22, 9, 7, 2]);
    facts.appeals = Appeals { ended: 3, overturned: 1 };
    facts.weeks = [
        [6, 3, 1, 2, 0],
        [8, 4, 2, 1, 1],
        [10, 6, 2, 2, 0],
        [12, 7, 3, 1, 1],
        [15, 9, 2, 1, 0],
        [17, 12, 3, 2, 2],
        [18, 14, 2, 1, 1],
        [22, 16, 4, 1, 2],
    ]
    .map(outcomes);
    let waiting = |count, minutes: i64| Waiting { count, since: Some(at(600 - minutes * MINUTE)) };
    facts.waiting = [(Tier::Internal, waiting(3, 90)), (Tier::External, waiting(1, 400))].into();
    facts.awaited = vec![
        Awaited { since: at(600 - 90 * MINUTE), roles: vec![role("security")] },
        Awaited { since: at(600 - 400 * MINUTE), roles: vec![role("compliance"), role("vp")] },
    ];
    facts.agents = Agents { active: 38, certified: 36, ownerless: 1 };
    facts.grants = Grants { live: 17, unused: Some(Share { of: 9, among: 118 }) };
    Insights::of(&facts)
}

/// The first week of a small team.
pub fn few() -> Insights {
    let mut facts = nothing();
    facts.approvals.extend(approvals(Tier::Observer, 0, 6, 2));
    facts.ended = outcomes([2, 1, 0, 0, 0]);
    facts.weeks[WEEKS - 1] = facts.ended;
    facts.agents = Agents { active: 2, certified: 2, ownerless: 0 };
    facts.waiting.insert(Tier::Observer, Waiting { count: 1, since: Some(at(590)) });
    facts.awaited = vec![Awaited { since: at(590), roles: vec![role("team-lead")] }];
    Insights::of(&facts)
}

/// More than anybody has, and slower.
pub fn vast() -> Insights {
    let mut facts = nothing();
    facts.approvals.extend(approvals(Tier::Observer, 0, 60 * 3 + 20, 300));
    facts.approvals.extend(approvals(Tier::Internal, 0, 60 * 26, 300));
    facts.approvals.extend(approvals(Tier::External, 0, 60 * 53, 300));
    facts.ended = outcomes([120_000, 240_000, 9_000, 12_000, 7]);
    facts.weeks = [1, 2, 3, 4, 5, 6, 7, 8].map(|n| outcomes([n * 900, n * 4_000, n * 90, 3, 0]));
    Insights::of(&facts)
}

/// Every view of the numbers.
pub fn numbers(all: &mut Catalogue) {
    use crate::slack::views::insights::insights;
    let quiet = Insights::of(&nothing());
    let mut add = |name: &str, shown: Shown| all.push((format!("insights_{name}"), shown));
    for (name, insights_of) in
        [("busy", busy()), ("few", few()), ("vast", vast()), ("quiet", quiet)]
    {
        add(name, insights(&insights_of).into());
        if name != "quiet" {
            let digest = Content::Digest { insights: insights_of };
            add(&format!("digest_{name}"), notice(&digest, now()).into());
        }
    }
}
