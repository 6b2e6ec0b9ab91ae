//! Which way a request would go, and why.

use std::fmt::Write;
use std::path::Path;

use super::{Report, open};
use crate::domain::access::Access;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::near;
use crate::policy::runtime::cedar::About;
use crate::policy::without::{Kind, longest};
use crate::policy::{CannotAsk, Case, Policy, Way};

/// Says who would decide when an agent of this tier and team asks for this access (`database:read`,
/// or the word `registration`) for so long (`30m`), why they, how long they have, and what would
/// need nobody.
///
/// Not well (`ok` is false) when it cannot be asked, or the question itself is not understood; the
/// text says why.
pub fn explain_report<'a>(
    folder: impl Into<Option<&'a Path>>,
    access: &str,
    tier: u8,
    team: &str,
    lasting: &str,
) -> Report {
    let policy = match open(folder.into()) {
        Ok(policy) => policy,
        Err(report) => return report,
    };
    match explain(&policy, access, tier, team, lasting) {
        Ok(text) => Report { text, ok: true },
        Err(text) => Report { text: format!("{text}\n"), ok: false },
    }
}

fn explain(
    policy: &Policy,
    access: &str,
    tier: u8,
    team: &str,
    lasting: &str,
) -> Result<String, String> {
    let tier = Tier::try_from(tier).map_err(|error| error.to_string())?;
    let name = TeamName::new(team);
    if policy.team(&name).is_none() {
        let cure =
            near::cure(team, "teams", policy.teams().map(TeamName::as_str).collect::<Vec<_>>());
        return Err(format!("The policy knows no team \"{team}\". {cure}"));
    }
    if access == "registration" {
        let case = Case::Registration { tier };
        let way = policy.route(&case).map_err(|why| cannot(policy, &why))?;
        let title =
            format!("An agent of tier {tier} ({}) is registered for {team}.", tier.meaning());
        return Ok(text(policy, &name, title, tier, &way, None));
    }
    let access: Access = access.parse().map_err(|error| format!("{error}"))?;
    let lasting: Span = lasting.parse().map_err(|error| format!("{error}"))?;
    let case = Case::Grant { tier, access: &access, lasting };
    let way = policy.route(&case).map_err(|why| cannot(policy, &why))?;
    let title = format!(
        "An agent of tier {tier} ({}) of the team {team} asks for {access} for {}.",
        tier.meaning(),
        lasting.words()
    );
    Ok(text(policy, &name, title, tier, &way, Some(&access)))
}

fn cannot(policy: &Policy, why: &CannotAsk) -> String {
    let cure = match why {
        CannotAsk::UnknownResource { typed, .. } => {
            let all: Vec<&str> = policy.resources().map(|r| r.name.as_str()).collect();
            near::cure(typed, "resources", all)
        }
        CannotAsk::UnknownAction { resource, typed, .. } => {
            let actions = policy.resource(resource).map(|r| &r.actions);
            let all: Vec<&str> =
                actions.into_iter().flat_map(|a| a.keys()).map(String::as_str).collect();
            near::cure(typed, "actions", all)
        }
        CannotAsk::TooLong { .. } => "Ask for less, and extend the grant if need be.".to_owned(),
    };
    format!("It cannot be asked: {why}. {cure}")
}

fn text(
    policy: &Policy,
    team: &TeamName,
    title: String,
    own: Tier,
    way: &Way,
    access: Option<&Access>,
) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    let rules = policy.tier(way.tier);
    if let Some(rule) = &way.without_people {
        lines.push(("Decided by", format!("nobody: the rule \"{rule}\" approves it at once")));
    } else {
        for (i, role) in way.needs.iter().enumerate() {
            let label = if i == 0 { "Decided by" } else { "and by" };
            lines.push((label, who(policy, role, team)));
        }
        lines.push(("Because", because(policy, own, way, access)));
        let (within, after) = (rules.decide_within.words(), rules.remind_after.words());
        lines.push(("They have", format!("{within}, and are reminded after {after}")));
    }
    if let Some(access) = access {
        lines.push((
            "At most",
            format!(
                "{} at once, {} with all extensions",
                rules.longest_grant.words(),
                rules.longest_total.words()
            ),
        ));
        let opens = policy.resource(&access.resource).and_then(|r| r.opens(&access.action));
        lines.push(("Opens", opens.unwrap_or("the policy does not say").to_owned()));
        lines.push(("Nobody asked", nobody(policy, own, access)));
        for (i, rule) in policy.rules.for_agents(&access.action, &access.resource).enumerate() {
            lines.push((if i == 0 { "Each call" } else { "and" }, at_each_call(&rule)));
        }
    }
    let mut text = format!("{title}\n");
    for (label, what) in lines {
        let _ = writeln!(text, "  {label:12}  {what}");
    }
    text
}

/// What a rule does at run time.
fn at_each_call(rule: &About<'_>) -> String {
    let why = rule.user.map(|user| format!(": {user}")).unwrap_or_default();
    if rule.forbids {
        format!("the rule \"{}\" may forbid it{why}", rule.id)
    } else {
        format!("the rule \"{}\" may allow it without a grant{why}", rule.id)
    }
}

fn who(policy: &Policy, role: &RoleName, team: &TeamName) -> String {
    let holders = policy.holders(role, team).map(super::super::rules::Holders::words);
    format!("{role} ({})", holders.unwrap_or_else(|| "nobody".to_owned()))
}

fn because(policy: &Policy, own: Tier, way: &Way, access: Option<&Access>) -> String {
    let needed = access.and_then(|access| policy.tier_needed(access));
    match (way.raises_to, access, needed) {
        (Some(to), Some(access), _) => format!(
            "{access} is for tier {to} and above: their yes raises the agent from tier {own} to {to}"
        ),
        (None, Some(access), Some(needed)) if needed < own => format!(
            "the agent is of tier {own}, and its own people decide, though tier {needed} may hold {access}"
        ),
        _ => format!("the people of tier {own} decide on its agents"),
    }
}

fn nobody(policy: &Policy, own: Tier, access: &Access) -> String {
    match longest(policy, Kind::Grant, own, access) {
        Some((span, rule)) => format!("up to {} (rule \"{}\")", span.words(), rule.name),
        None => format!("never, for an agent of tier {own}"),
    }
}
