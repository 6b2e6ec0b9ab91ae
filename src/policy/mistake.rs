//! A mistake in the policy folder: where, what, and what to do about it.

use std::fmt;

/// One mistake. Shows itself as
/// `policy.toml:14:12: unknown role "securty" in tiers.2.requires. Did you mean "security"?`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file, named from the folder: `policy.toml`; the folder itself, if it cannot be read.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong; no full stop at its end.
    pub what: String,
    /// What to do: a whole sentence.
    pub cure: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, what, cure } = self;
        write!(f, "{file}:{line}:{column}: {what}. {cure}")
    }
}

/// A policy that was not taken, with all of its mistakes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy has {}: {}", count(.mistakes), list(.mistakes))]
pub struct Refused {
    /// The digest of the files as they were found, see [`Policy::digest`](super::Policy::digest).
    pub digest: String,
    /// The mistakes in the order of files and lines; never empty.
    pub mistakes: Vec<Mistake>,
}

fn count(mistakes: &[Mistake]) -> String {
    match mistakes.len() {
        1 => "a mistake".to_owned(),
        n => format!("{n} mistakes"),
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
