//! `agent.toml`: read with the place of every mistake, and written so that people like to read it.
//!
//! | file | idea |
//! |---|---|
//! | `read` | a text → what it says, or everything that is wrong with it |
//! | `walk` | the tree of a TOML file, with places |
//! | `write` | what is to be said → a text with its comments |
//!
//! The shape is [`crate::contract::manifest`]'s; what the registry says to it is the server's to judge.

mod read;
#[cfg(test)]
mod tests;
mod walk;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::contract::manifest::Manifest;

pub use read::read;
pub use write::{quoted, write};

/// A line and a column, both from 1; the column is counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Place {
    /// Where a file begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One mistake. Shows itself as
/// `agent.toml:4:11: "Support Agent" cannot be a name: … Write "support-agent".`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mistake {
    /// The file as it was named.
    pub file: String,
    /// Where in it.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong; no full stop at its end.
    pub what: String,
    /// What to do: a whole sentence.
    pub cure: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place: Place { line, column }, what, cure } = self;
        write!(f, "{file}:{line}:{column}: {what}. {cure}")
    }
}

/// A manifest that was read, with the places of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub manifest: Manifest,
    /// By the path of the key: `agent.name`, `access[0].for`; an access stands under its name, too:
    /// `database:read`.
    places: BTreeMap<String, Place>,
}

impl Found {
    /// Where something stands: a key by its path or its name in `[agent]`, an access by its name. What
    /// stands nowhere belongs to the agent's name, and that to the beginning.
    pub fn place(&self, about: &str) -> Place {
        let below = format!("agent.{about}");
        let known = [about, &below, "agent.name", "agent"];
        known.into_iter().find_map(|path| self.places.get(path)).copied().unwrap_or(Place::START)
    }
}
