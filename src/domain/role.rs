//! Roles, and who holds them at this moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::person::{PersonId, Standing};
use super::time::Timestamp;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as written in the policy.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A role as the policy names it: `security`, `compliance`, `vp`, `team-lead`.
    RoleName;
    /// A team as the policy names it: `support`.
    TeamName;
}

impl RoleName {
    /// The one role that depends on the agent: the lead of the agent's team.
    pub const TEAM_LEAD: &'static str = "team-lead";
    /// The role whose holders may stop any agent and end any grant.
    pub const SECURITY: &'static str = "security";
}

/// Who holds which role, looked up at one moment: the evidence on which votes are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// When it was looked up.
    pub at: Timestamp,
    /// The holders of each role that was asked for, with their standing.
    pub roles: BTreeMap<RoleName, BTreeMap<PersonId, Standing>>,
}

impl Roster {
    /// The roles that this person holds and may use: a guest in a user group holds nothing.
    pub fn held_by(&self, person: &PersonId) -> BTreeSet<RoleName> {
        self.roles
            .iter()
            .filter(|(_, holders)| holders.get(person).is_some_and(|s| s.is_member()))
            .map(|(role, _)| role.clone())
            .collect()
    }

    /// The full members who hold the role.
    pub fn holders<'a>(&'a self, role: &RoleName) -> impl Iterator<Item = &'a PersonId> + 'a {
        self.roles
            .get(role)
            .into_iter()
            .flatten()
            .filter(|(_, standing)| standing.is_member())
            .map(|(person, _)| person)
    }
}
