//! Who somebody is, and whether they may decide anything here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A person: a user of one workspace (or of one organisation, when the app is installed org-wide).
///
/// Names and addresses change and are not unique; the pair of ids is. The text form is
/// `T0ACME/U0DANA`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PersonId {
    /// The installation: Slack's team id, or the enterprise id of an org-wide installation.
    pub workspace: String,
    /// Slack's user id (`U…` or `W…`).
    pub user: String,
}

impl PersonId {
    /// The person of this workspace.
    pub fn new(workspace: impl Into<String>, user: impl Into<String>) -> Self {
        Self { workspace: workspace.into(), user: user.into() }
    }
}

/// A text that names no person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no person (expected `T…/U…`)")]
pub struct BadPerson(String);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workspace, self.user)
    }
}

impl FromStr for PersonId {
    type Err = BadPerson;
    fn from_str(text: &str) -> Result<Self, BadPerson> {
        match text.split_once('/') {
            Some((workspace, user)) if !workspace.is_empty() && !user.is_empty() => {
                Ok(Self::new(workspace, user))
            }
            _ => Err(BadPerson(text.to_owned())),
        }
    }
}

impl From<PersonId> for String {
    fn from(id: PersonId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for PersonId {
    type Error = BadPerson;
    fn try_from(text: String) -> Result<Self, BadPerson> {
        text.parse()
    }
}

/// Whether somebody counts as a person who may ask, own and decide: only a full, active member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A full, active member of the workspace.
    Member,
    /// A guest, of many channels or of one.
    Guest,
    /// A member of another workspace, here through a shared channel.
    Outsider,
    /// An account that was deactivated.
    Deactivated,
    /// A bot, an app or Slack itself.
    Bot,
    /// Invited, and not arrived yet.
    Invited,
    /// Slack knows nobody by this id.
    Unknown,
}

impl Standing {
    /// Whether this standing may ask, own and decide.
    pub const fn is_member(self) -> bool {
        matches!(self, Self::Member)
    }
}

/// What the workspace says of a person, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who it is.
    pub id: PersonId,
    /// The name that others see; untrusted text.
    pub name: String,
    /// Whether they may decide anything.
    pub standing: Standing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_written_and_read() {
        let dana = PersonId::new("T0ACME", "U0DANA");
        assert_eq!(dana.to_string().parse::<PersonId>(), Ok(dana));
        assert!("U0DANA".parse::<PersonId>().is_err());
    }
}
