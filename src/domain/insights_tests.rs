use proptest::prelude::*;

use super::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap()
}

const DAY: i64 = 24 * 60;

fn role(name: &str) -> RoleName {
    RoleName::new(name)
}

/// Nothing on the record.
fn nothing() -> Facts {
    let promises = Tier::ALL.into_iter().zip([4, 8, 24].map(Span::hours)).collect();
    Facts {
        now: at(0),
        promises,
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

fn approval(tier: Tier, ended: i64, took: i64) -> Approval {
    Approval { tier, asked_at: at(ended - took), ended_at: at(ended) }
}

fn yes(name: &str, minutes: u32) -> Yes {
    Yes { role: role(name), took: Span::minutes(minutes) }
}

#[test]
fn nothing_on_the_record_is_nothing_to_tell() {
    let insights = Insights::of(&nothing());
    assert!(insights.is_quiet());
    assert_eq!(insights.usual(), None);
    assert_eq!(insights.bottleneck(), None);
    assert_eq!(insights.ended.without_people().percent(), None);
    assert_eq!(insights.tiers.len(), 3);
}

#[test]
fn too_few_are_no_number() {
    let of = |minutes: &[u32]| Took::of(minutes.iter().map(|n| Span::minutes(*n)).collect());
    assert_eq!(of(&[1, 2]), Took { samples: 2, half: None, most: None });
    assert_eq!(of(&[9, 1, 2]).half, Some(Span::minutes(2)));
    assert_eq!(of(&[1, 2, 3, 4]).half, Some(Span::minutes(2)), "nearest rank, not between two");
    assert_eq!(of(&[1, 2, 3, 4]).most, None);
    let twenty: Vec<u32> = (1..=20).collect();
    assert_eq!(of(&twenty).most, Some(Span::minutes(19)));
    assert_eq!(Share { of: 1, among: 2 }.percent(), None);
    assert_eq!(Share { of: 1, among: 3 }.percent(), Some(33));
    assert_eq!(Share { of: 2, among: 3 }.percent(), Some(67));
}

#[test]
fn each_window_has_its_own() {
    let mut facts = nothing();
    for ended in [0, -1, -2] {
        facts.approvals.push(approval(Tier::Internal, ended, 10));
    }
    for ended in [-30 * DAY, -30 * DAY - 1, -60 * DAY + 1] {
        facts.approvals.push(approval(Tier::Internal, ended, 40));
    }
    // Neither in the last days nor in those before.
    facts.approvals.push(approval(Tier::Internal, -60 * DAY, 1));
    // Of another tier.
    facts.approvals.push(approval(Tier::External, -5, 1));
    let insights = Insights::of(&facts);
    let internal = &insights.tiers[1];
    assert_eq!((internal.took.samples, internal.took.half), (3, Some(Span::minutes(10))));
    let before = internal.took_before;
    assert_eq!((before.samples, before.half), (3, Some(Span::minutes(40))));
    let (usual, half) = insights.usual().unwrap();
    assert_eq!((usual.tier, half), (Tier::Internal, Span::minutes(10)));
    assert_eq!(insights.tiers[2].took, Took { samples: 1, half: None, most: None });
}

#[test]
fn the_weeks_follow_each_other_and_end_now() {
    let weeks = Window::weeks(at(0));
    assert_eq!(weeks[WEEKS - 1].to, at(0));
    assert_eq!(weeks[0].from, at(-8 * 7 * DAY));
    assert!(weeks.windows(2).all(|two| two[0].to == two[1].from));
    assert!(weeks[7].holds(at(0)) && !weeks[7].holds(at(-7 * DAY)) && weeks[6].holds(at(-7 * DAY)));
}

#[test]
fn the_slowest_role_is_the_bottleneck_and_what_waits_for_it_is_said() {
    let mut facts = nothing();
    facts.yeses = [5, 6, 7].map(|n| yes("team-lead", n)).to_vec();
    facts.yeses.extend([90, 100, 110].map(|n| yes("security", n)));
    // Slow, but who can tell by two?
    facts.yeses.extend([900, 900].map(|n| yes("vp", n)));
    let both = vec![role("security"), role("security"), role("compliance")];
    facts.awaited.push(Awaited { since: at(-50), roles: both });
    facts.awaited.push(Awaited { since: at(-20), roles: vec![role("security")] });
    let insights = Insights::of(&facts);
    let (slowest, half) = insights.bottleneck().unwrap();
    assert_eq!((slowest.role.as_str(), half), ("security", Span::minutes(100)));
    assert_eq!(slowest.waiting, Waiting { count: 2, since: Some(at(-50)) });
    let order: Vec<&str> = insights.roles.iter().map(|role| role.role.as_str()).collect();
    assert_eq!(order, ["security", "team-lead", "compliance", "vp"]);
}

#[test]
fn what_waits_is_added_up_and_is_never_quiet() {
    let mut facts = nothing();
    facts.waiting.insert(Tier::Internal, Waiting { count: 2, since: Some(at(-9)) });
    facts.waiting.insert(Tier::External, Waiting { count: 1, since: Some(at(-90)) });
    let insights = Insights::of(&facts);
    assert_eq!(insights.waiting(), Waiting { count: 3, since: Some(at(-90)) });
    assert!(!insights.is_quiet());
    let mut facts = nothing();
    facts.weeks[0].count("denied", false, 1);
    assert!(!Insights::of(&facts).is_quiet());
}

#[test]
fn outcomes_are_told_apart() {
    let mut all = Outcomes::default();
    let counted = [
        ("approved", true, 6),
        ("approved", false, 4),
        ("denied", false, 3),
        ("expired", false, 2),
        ("cancelled", false, 5),
        ("open", false, 100),
    ];
    counted.into_iter().for_each(|(state, by_people, n)| all.count(state, by_people, n));
    assert_eq!((all.approved(), all.put(), all.all()), (10, 15, 20));
    assert_eq!(all.without_people().percent(), Some(40));
    assert_eq!(all.share_denied().percent(), Some(20));
    assert_eq!(all.share_expired().percent(), Some(13));
}

proptest! {
    /// By definition: at least so many percent took no longer, and fewer than so many took less.
    #[test]
    fn percentiles_are_nearest_ranks(seconds in proptest::collection::vec(1_u32..100_000, 0..80)) {
        let took = Took::of(seconds.iter().map(|n| Span::seconds(*n)).collect());
        prop_assert_eq!(took.samples, seconds.len() as u64);
        prop_assert_eq!(took.half.is_some(), seconds.len() >= FEWEST);
        prop_assert_eq!(took.most.is_some(), seconds.len() >= FEWEST_FOR_TAIL);
        for (found, percent) in [(took.half, 50), (took.most, 95)] {
            let Some(found) = found else { continue };
            let found = found.as_seconds();
            let upto = seconds.iter().filter(|n| **n <= found).count();
            let below = seconds.iter().filter(|n| **n < found).count();
            prop_assert!(seconds.contains(&found));
            prop_assert!(upto * 100 >= percent * seconds.len());
            prop_assert!(below * 100 < percent * seconds.len());
        }
    }
}
