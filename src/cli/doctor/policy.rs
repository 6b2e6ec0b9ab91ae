//! Whether the policy checks and passes its own tests, and what it names in Slack.

use std::collections::BTreeSet;
use std::path::Path;

use super::{bad, good};
use crate::domain::role::TeamName;
use crate::domain::tier::Tier;
use crate::policy::Policy;
use crate::slack::wire::doctor::{Check, Named};

/// Looks at the policy; returns what it names, and the policy itself, if it is one.
pub(super) fn look(folder: Option<&Path>, checks: &mut Vec<Check>) -> Option<(Named, Policy)> {
    const NAME: &str = "policy";
    let (policy, from) = match folder {
        None => (Policy::starter(), "the starter policy; policy.path names your own".to_owned()),
        Some(folder) => match Policy::load(folder) {
            Ok(policy) => (policy, folder.display().to_string()),
            Err(refused) => {
                let mistakes = refused.mistakes.iter().map(|m| bad(NAME, m.to_string(), None));
                checks.extend(mistakes);
                return None;
            }
        },
    };
    let digest: String = policy.digest().chars().take(12).collect();
    checks.push(good(NAME, format!("{from} (digest {digest})")));
    Some((named(&policy), policy))
}

/// Every channel, group and person that a decision may need.
fn named(policy: &Policy) -> Named {
    let teams: Vec<&TeamName> = policy.teams().collect();
    let mut channels = BTreeSet::from([policy.approvals_channel(), policy.security_channel()]);
    channels.extend(policy.help_channel());
    let digest = policy.weekly().map(|weekly| weekly.channel.clone());
    channels.extend(digest.as_deref());
    channels.extend(teams.iter().filter_map(|team| Some(policy.team(team)?.channel.as_str())));
    let (mut groups, mut people) = (BTreeSet::new(), BTreeSet::new());
    for tier in Tier::ALL {
        for role in &policy.tier(tier).requires {
            for holders in teams.iter().filter_map(|team| policy.holders(role, team)) {
                groups.extend(holders.usergroups.iter().map(String::as_str));
                people.extend(holders.people.iter().map(String::as_str));
            }
        }
    }
    let texts = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
    Named {
        socket_mode: false,
        channels: texts(channels),
        digest: digest.clone(),
        groups: texts(groups),
        people: texts(people),
    }
}
