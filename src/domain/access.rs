//! Resources, actions, and what is asked for: `database:read`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is asked for: one action on one resource, written `database:read`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Access {
    /// The resource as the policy names it.
    pub resource: String,
    /// The action as the policy names it.
    pub action: String,
}

impl Access {
    /// This action on this resource.
    pub fn new(resource: impl Into<String>, action: impl Into<String>) -> Self {
        Self { resource: resource.into(), action: action.into() }
    }
}

/// A text that names no access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no access: write resource and action like `database:read`")]
pub struct BadAccess(pub String);

/// Whether the text can be the name of a resource, an action, a role or a team: 1 to 64 of
/// `a-z 0-9 - _ . /`, beginning with a letter or digit.
pub fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.chars().all(|c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '/')
        })
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.action)
    }
}

impl FromStr for Access {
    type Err = BadAccess;
    fn from_str(text: &str) -> Result<Self, BadAccess> {
        let bad = || BadAccess(text.chars().take(80).collect());
        let (resource, action) = text.split_once(':').ok_or_else(bad)?;
        let (resource, action) =
            (resource.trim().to_ascii_lowercase(), action.trim().to_ascii_lowercase());
        if is_name(&resource) && is_name(&action) {
            Ok(Self { resource, action })
        } else {
            Err(bad())
        }
    }
}

impl From<Access> for String {
    fn from(access: Access) -> String {
        access.to_string()
    }
}

impl TryFrom<String> for Access {
    type Error = BadAccess;
    fn try_from(text: String) -> Result<Self, BadAccess> {
        text.parse()
    }
}

/// How much a resource would give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Anybody may know it.
    Public,
    /// For the company.
    Internal,
    /// For those who need it: customers' and personal data.
    Confidential,
    /// Money, secrets, and what the law protects.
    Restricted,
}

impl Sensitivity {
    /// The word for it, as the policy writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_is_written_and_read() {
        assert_eq!("Database : Read".parse(), Ok(Access::new("database", "read")));
        for bad in ["database", "database:", ":read", "data base:read", "*:read", "a:b:c"] {
            assert!(bad.parse::<Access>().is_err(), "{bad}");
        }
    }
}
