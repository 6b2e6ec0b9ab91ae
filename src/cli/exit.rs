//! How a command ends, for the shell and the pipeline that called it.

use std::error::Error;
use std::process::ExitCode;

use crate::config::Mistakes;

/// The exit statuses, for `--help`.
pub const STATUSES: &str = "\
Exit status:
   0  done, and all is well
   1  done, and something is wrong: a mistake in the policy, a failed test or check, a broken log
   2  `policy plan` only: something changes
   3  `policy plan` only: access is widened
  64  the command line is wrong
  69  it could not be done: the database, Slack or the port is not available
  78  the configuration is wrong, or what it names: the policy, a token";

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Well,
    /// Something is wrong, and was named.
    Faults,
    /// A new policy changes something (`policy plan`).
    Changes,
    /// A new policy opens more than the old one (`policy plan`).
    Widens,
}

impl Exit {
    /// Well, or not.
    pub const fn well(ok: bool) -> Self {
        if ok { Self::Well } else { Self::Faults }
    }

    /// The status.
    pub const fn status(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Faults => 1,
            Self::Changes => 2,
            Self::Widens => 3,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] Mistakes),
    /// The configuration is right by itself, and something that it names is not: the policy has
    /// mistakes, Slack does not know the token.
    #[error("{what}")]
    Settings {
        /// What was tried.
        what: String,
        /// What is wrong, and what to do.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Something that it needs does not exist.
    #[error("{0}")]
    NotThere(String),
    /// Something that it needs does not answer.
    #[error("{what}")]
    Unavailable {
        /// What was tried, and what to do.
        what: String,
        /// Why it failed.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// What was found could not be printed.
    #[error("the answer could not be written")]
    Output(#[from] std::io::Error),
}

impl Failure {
    /// This was tried, and failed.
    pub fn unavailable(
        what: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { what: what.into(), source: source.into() }
    }

    /// This was tried, and failed for what the configuration names.
    pub fn settings(
        what: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Settings { what: what.into(), source: source.into() }
    }

    /// The status.
    pub const fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => 64,
            Self::Config(_) | Self::Settings { .. } => 78,
            Self::NotThere(_) | Self::Unavailable { .. } | Self::Output(_) => 69,
        }
    }

    /// The whole story: what was tried, and under it each cause, once.
    pub fn story(&self) -> String {
        let mut story = format!("countersign: {self}");
        let mut cause = self.source();
        let mut told = self.to_string();
        while let Some(error) = cause {
            let text = error.to_string();
            if !told.contains(&text) {
                story.push_str("\n  because ");
                story.push_str(&text);
            }
            told = text;
            cause = error.source();
        }
        story
    }
}

/// The process's exit code.
pub fn code(status: u8) -> ExitCode {
    ExitCode::from(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the pool: {0}")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_story_tells_each_cause_once() {
        let cause = Outer(std::io::Error::other("connection refused"));
        let failure = Failure::unavailable("cannot open the database; is it running?", cause);
        assert_eq!(
            failure.story(),
            "countersign: cannot open the database; is it running?\n  \
             because the pool: connection refused"
        );
        assert_eq!(failure.status(), 69);
    }

    #[test]
    fn the_statuses_in_the_help_are_the_real_ones() {
        let failures = [
            Failure::Usage(String::new()).status(),
            Failure::unavailable("", "").status(),
            Failure::Config(Mistakes(Vec::new())).status(),
        ];
        let exits = [Exit::Well, Exit::Faults, Exit::Changes, Exit::Widens].map(Exit::status);
        let listed: Vec<u8> = STATUSES
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, [exits.as_slice(), failures.as_slice()].concat());
    }
}
