//! What people call a request: `G-1042`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What people call a request (and the grant that came of it): a letter and a running number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Reference {
    /// The kind, see [`Ask::letter`](super::request::Ask::letter).
    pub letter: char,
    /// Counted over all requests, from 1.
    pub number: u32,
}

/// A text that is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no reference: they look like G-1042")]
pub struct BadReference(String);

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.letter, self.number)
    }
}

impl FromStr for Reference {
    type Err = BadReference;
    fn from_str(text: &str) -> Result<Self, BadReference> {
        let bad = || BadReference(text.chars().take(40).collect());
        let (letter, number) = text.trim().split_once('-').ok_or_else(bad)?;
        let mut letters = letter.chars();
        match (letters.next(), letters.next(), number.parse()) {
            (Some(c), None, Ok(number)) if c.is_ascii_alphabetic() => {
                Ok(Self { letter: c.to_ascii_uppercase(), number })
            }
            _ => Err(bad()),
        }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.to_string()
    }
}

impl TryFrom<String> for Reference {
    type Error = BadReference;
    fn try_from(text: String) -> Result<Self, BadReference> {
        text.parse()
    }
}
