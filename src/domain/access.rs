//! Resources, actions, and what is asked for: `database:read`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::clean;

/// What is asked for: one action on one resource, written `database:read`; or on one object of it,
/// written `database#orders:read`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Access {
    /// The resource as the policy names it.
    pub resource: String,
    /// The one object that it is about, as the service that keeps it names it; all, if none.
    pub object: Option<String>,
    /// The action as the policy names it.
    pub action: String,
}

impl Access {
    /// This action on this resource.
    pub fn new(resource: impl Into<String>, action: impl Into<String>) -> Self {
        Self { resource: resource.into(), object: None, action: action.into() }
    }

    /// This action on one object of this resource; none if one of the names cannot be.
    pub fn to_object(resource: &str, object: &str, action: &str) -> Option<Self> {
        let fits = is_name(resource) && is_object(object) && is_name(action);
        fits.then(|| Self {
            resource: resource.to_owned(),
            object: Some(object.to_owned()),
            action: action.to_owned(),
        })
    }

    /// The same, on all objects of the resource.
    #[must_use]
    pub fn to_all(&self) -> Self {
        Self { object: None, ..self.clone() }
    }

    /// Whether who has this has the other, too.
    pub fn covers(&self, other: &Self) -> bool {
        self.resource == other.resource
            && self.action == other.action
            && (self.object.is_none() || self.object == other.object)
    }
}

/// Whether the text can name an object: 1 to 128 characters that show.
fn is_object(text: &str) -> bool {
    (1..=128).contains(&text.chars().count()) && text.trim() == text && clean(text, 128) == text
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
        match &self.object {
            None => write!(f, "{}:{}", self.resource, self.action),
            Some(object) => write!(f, "{}#{object}:{}", self.resource, self.action),
        }
    }
}

impl FromStr for Access {
    type Err = BadAccess;
    fn from_str(text: &str) -> Result<Self, BadAccess> {
        let bad = || BadAccess(text.chars().take(80).collect());
        let (what, action) = text.rsplit_once(':').ok_or_else(bad)?;
        let (resource, object) = match what.split_once('#') {
            Some((resource, object)) => (resource, Some(object.trim().to_owned())),
            None => (what, None),
        };
        let (resource, action) =
            (resource.trim().to_ascii_lowercase(), action.trim().to_ascii_lowercase());
        if is_name(&resource) && object.as_deref().is_none_or(is_object) && is_name(&action) {
            Ok(Self { resource, object, action })
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
    fn all_covers_one_and_one_covers_itself() {
        let all = Access::new("database", "read");
        let one = Access::to_object("database", "orders", "read").unwrap();
        assert!(all.covers(&one) && one.covers(&one) && all.covers(&all));
        assert!(!one.covers(&all));
        assert!(!one.covers(&Access::to_object("database", "people", "read").unwrap()));
        assert!(!all.covers(&Access::new("database", "write")));
    }

    #[test]
    fn an_access_is_written_and_read() {
        assert_eq!("Database : Read".parse(), Ok(Access::new("database", "read")));
        for one in ["database#orders:read", "customer-account#cust:7#a:read"] {
            assert_eq!(one.parse::<Access>().unwrap().to_string(), one);
        }
        for bad in [
            "database",
            "database:",
            ":read",
            "data base:read",
            "*:read",
            "a:b:c",
            "a#:b",
            "a#\u{202e}b:c",
        ] {
            assert!(bad.parse::<Access>().is_err(), "{bad}");
        }
    }
}
