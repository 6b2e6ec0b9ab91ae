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

/// Who did something that people do as a rule, and the server does where nobody did it in time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum By {
    /// A person.
    Person(PersonId),
    /// Countersign itself: a time that the policy names has come.
    System,
}

impl By {
    const SYSTEM: &'static str = "system";

    /// The person, if it was one.
    pub const fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person(person) => Some(person),
            Self::System => None,
        }
    }
}

impl PartialEq<PersonId> for By {
    fn eq(&self, person: &PersonId) -> bool {
        self.person() == Some(person)
    }
}

impl From<PersonId> for By {
    fn from(person: PersonId) -> Self {
        Self::Person(person)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::System => f.write_str("Countersign"),
        }
    }
}

impl From<By> for String {
    fn from(by: By) -> String {
        match by {
            By::Person(person) => person.to_string(),
            By::System => By::SYSTEM.to_owned(),
        }
    }
}

impl TryFrom<String> for By {
    type Error = BadPerson;
    fn try_from(text: String) -> Result<Self, BadPerson> {
        if text == Self::SYSTEM { Ok(Self::System) } else { text.parse().map(Self::Person) }
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
        for by in [By::System, By::from(PersonId::new("T0ACME", "U0DANA"))] {
            let text = String::from(by.clone());
            assert_eq!(By::try_from(text), Ok(by));
        }
    }
}
