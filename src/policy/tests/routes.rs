//! Who decides, and what needs nobody.

use proptest::prelude::*;

use super::{SMALL, only, small, small_with};
use crate::domain::access::Access;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::{CannotAsk, Case, Policy};

fn grant(policy: &Policy, tier: Tier, access: &str, lasting: Span) -> Result<String, CannotAsk> {
    let access: Access = access.parse().unwrap();
    policy.route(&Case::Grant { tier, access: &access, lasting }).map(|way| {
        let needs: Vec<&str> = way.needs.iter().map(RoleName::as_str).collect();
        let raises = way.raises_to.map(|t| format!(", raises to {t}")).unwrap_or_default();
        format!("{}{}{raises}", way.without_people.unwrap_or_default(), needs.join(" + "))
    })
}

#[test]
fn the_higher_of_the_two_tiers_decides() {
    let policy = small();
    let hour = Span::hours(1);
    let says = |tier, access| grant(&policy, tier, access, hour).unwrap();
    assert_eq!(says(Tier::Observer, "database:read"), "without_people #1");
    assert_eq!(says(Tier::Internal, "database:read"), "security + team-lead");
    assert_eq!(says(Tier::Observer, "database:write"), "security + team-lead, raises to 2");
    assert_eq!(says(Tier::External, "database:read"), "security + team-lead + vp");
    assert_eq!(says(Tier::Internal, "crm:read"), "security + team-lead + vp, raises to 3");
}

#[test]
fn the_limit_of_the_deciding_tier_holds() {
    let policy = small();
    let too_long = grant(&policy, Tier::Observer, "crm:read", Span::hours(5)).unwrap_err();
    let (asked, longest) = (Span::hours(5), Span::hours(4));
    assert_eq!(too_long, CannotAsk::TooLong { asked, tier: Tier::External, longest });
    assert_eq!(
        grant(&policy, Tier::Observer, "database:read", Span::hours(8)).unwrap(),
        "team-lead"
    );
    assert!(grant(&policy, Tier::Observer, "database:read", Span::seconds(28_801)).is_err());
}

#[test]
fn what_does_not_exist_is_named_with_what_is_near() {
    let policy = small();
    let said = |access| grant(&policy, Tier::Observer, access, Span::hours(1)).unwrap_err();
    assert_eq!(
        said("databse:read"),
        CannotAsk::UnknownResource { typed: "databse".into(), near: Some("database".into()) }
    );
    assert_eq!(
        said("database:delete"),
        CannotAsk::UnknownAction {
            resource: "database".into(),
            typed: "delete".into(),
            near: None
        }
    );
}

#[test]
fn a_team_lead_is_the_lead_of_the_agents_own_team() {
    let policy = only(&small_with(
        "[tiers.1]",
        "[teams.data]\nleads = { people = [\"U0OMAR\"] }\nchannel = \"C0DATA\"\n[tiers.1]",
    ))
    .unwrap();
    let holders = |role: &str, team: &str| {
        policy.holders(&RoleName::new(role), &TeamName::new(team)).map(|h| h.words())
    };
    assert_eq!(holders("team-lead", "support").as_deref(), Some("user group S0LEADS"));
    assert_eq!(holders("team-lead", "data").as_deref(), Some("U0OMAR"));
    assert_eq!(holders("team-lead", "legal"), None);
    assert_eq!(holders("security", "legal").as_deref(), Some("user group S0SECURITY"));
    assert_eq!(holders("legal", "data"), None);
    assert_eq!(policy.teams().map(TeamName::as_str).collect::<Vec<_>>(), ["data", "support"]);
}

#[test]
fn what_is_left_out_has_a_default() {
    let policy = small();
    let rules = policy.tier(Tier::External);
    assert_eq!(rules.longest_total, Span::hours(12));
    assert_eq!(rules.remind_after, Span::hours(12));
    assert_eq!(policy.remind_before_end(), [Span::hours(1), Span::minutes(10)]);
    assert_eq!(policy.certify_every(), Span::days(90));
    assert_eq!(policy.help_channel(), None);
}

#[test]
fn what_opens_is_said_for_all_actions_or_for_each() {
    let policy = only(&small_with("\"the customers\"", "{ read = \"all names\" }")).unwrap();
    let opens = |name: &str, action: &str| policy.resource(name)?.opens(action).map(str::to_owned);
    assert_eq!(opens("database", "write").as_deref(), Some("the support database"));
    assert_eq!(opens("database", "delete"), None);
    assert_eq!(opens("crm", "read").as_deref(), Some("all names"));
}

/// One random rule without people, as written in the policy.
pub(super) fn rule() -> impl Strategy<Value = String> {
    let limits = (
        proptest::sample::select(vec!["internal", "confidential", "restricted"]),
        proptest::sample::select(vec!["[\"read\"]", "[\"write\"]", "[\"read\", \"write\"]"]),
        proptest::sample::select(vec![
            "",
            "resources = [\"crm\"]\n",
            "resources = [\"database\"]\n",
        ]),
        proptest::sample::select(vec!["30m", "1h", "4h"]),
    );
    let ask = proptest::sample::select(vec!["grant", "extension", "registration"]);
    (ask, 1u8..=3, limits).prop_map(|(ask, tier, (sensitivity, actions, resources, up_to))| {
        let limits = format!(
            "sensitivity = \"{sensitivity}\"\nactions = {actions}\n{resources}up_to = \"{up_to}\"\n"
        );
        let limits = if ask == "registration" { String::new() } else { limits };
        format!("\n[[without_people]]\nask = \"{ask}\"\ntier = {tier}\n{limits}")
    })
}

/// The small policy with these rules without people, and no others.
pub(super) fn with_rules(rules: &[String]) -> Policy {
    let (before, _) = SMALL.split_once("\n[[without_people]]").unwrap();
    only(&format!("{before}{}", rules.concat())).unwrap()
}

proptest! {
    #[test]
    fn without_people_nothing_is_raised_and_no_limit_is_passed(
        rules in proptest::collection::vec(rule(), 0..4),
        tier in proptest::sample::select(Tier::ALL.to_vec()),
        access in proptest::sample::select(
            vec!["database:read", "database:write", "crm:read", "crm:write", "x:read"]),
        minutes in 1u32..600,
    ) {
        let policy = with_rules(&rules);
        let access: Access = access.parse().unwrap();
        let lasting = Span::minutes(minutes);
        let case = Case::Grant { tier, access: &access, lasting };
        if policy.without_people(&case).is_some() {
            prop_assert!(policy.tier_needed(&access).is_some_and(|needed| needed <= tier));
            prop_assert!(lasting <= policy.tier(tier).longest_grant);
            prop_assert!(minutes <= 240, "no rule goes further");
            let way = policy.route(&case).unwrap();
            prop_assert_eq!((way.needs, way.raises_to), (vec![], None));
        } else if let Ok(way) = policy.route(&case) {
            prop_assert!(!way.needs.is_empty());
        }
        // A rule for one kind of question never answers another.
        let kinds = |kind: &str| rules.iter().any(|r| r.contains(&format!("ask = \"{kind}\"")));
        prop_assert!(kinds("grant") || policy.without_people(&case).is_none());
        let longer = Case::Extension { tier, access: &access, total: lasting };
        prop_assert!(kinds("extension") || policy.without_people(&longer).is_none());
        let new = Case::Registration { tier };
        prop_assert!(kinds("registration") || policy.without_people(&new).is_none());
    }
}
