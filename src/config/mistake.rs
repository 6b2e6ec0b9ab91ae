//! What is wrong with a configuration, said so that it can be put right.

use std::fmt;
use std::path::PathBuf;

use super::keys::Key;

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the defaults that are compiled in.
    Default,
    /// In a file, at this line (from 1), when it is known.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line.
        line: Option<usize>,
    },
    /// In this environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// The file cannot be read.
    #[error("{}: cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file is not TOML. The line itself is not shown: it may hold a secret.
    #[error("{at}: is not TOML: {why}")]
    Syntax {
        /// Where.
        at: Origin,
        /// What the parser said.
        why: String,
    },
    /// A setting that does not exist.
    #[error("{}", unknown(at, name, *near))]
    Unknown {
        /// Where it was set.
        at: Origin,
        /// Its name.
        name: String,
        /// The setting that may be meant.
        near: Option<Key>,
    },
    /// A value that the setting cannot take.
    #[error("{at}: {key} {is}; {allowed}")]
    Value {
        /// Where it was set.
        at: Origin,
        /// The setting.
        key: Key,
        /// What the value is, in words: `is "sockets"`, `is empty`; never a secret itself.
        is: String,
        /// What is allowed, in words.
        allowed: String,
    },
    /// A setting and the file that stands for it are both set.
    #[error("{key} is set in {value} and {key}_file in {file}; keep one of them")]
    Twice {
        /// The secret.
        key: Key,
        /// Where the value was set.
        value: Origin,
        /// Where the file was set.
        file: Origin,
    },
    /// A setting that must be there is not.
    #[error("{key} is missing: {why}; set it in the file, or as {}{}", key.variable(), or_file(*key))]
    Missing {
        /// The setting.
        key: Key,
        /// Why it is needed and where to find it.
        why: &'static str,
    },
}

fn unknown(at: &Origin, name: &str, near: Option<Key>) -> String {
    let (what, near) = match at {
        Origin::Variable(_) => (at.to_string(), near.map(Key::variable)),
        _ => (format!("{at}: {name}"), near.map(|key| key.to_string())),
    };
    match near {
        Some(near) => format!("{what} is not a setting; did you mean {near}?"),
        None => {
            format!("{what} is not a setting; `countersign config default` lists all there are")
        }
    }
}

fn or_file(key: Key) -> String {
    key.file().map_or_else(String::new, |file| format!(", or name a file that holds it as {file}"))
}

impl Mistake {
    /// Whether a source could not be read at all, so that nothing can be said about what is missing.
    pub(super) fn hides_others(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::Syntax { .. })
    }
}

/// All that is wrong, at once: whoever mends a configuration wants to start once more, not five times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a mistake:")?,
            many => write!(f, "the configuration has {many} mistakes:")?,
        }
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}
