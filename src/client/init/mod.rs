//! `agent-cli init`: a new agent, from nothing to work, in at most five questions.
//!
//! | file | idea |
//! |---|---|
//! | `asked` | the questions, and never more than five |
//! | `project` | what is written: the manifest, and a small project that already works |
//! | `disk` | files onto the disk, never over what is there without being asked |
//! | `run` | questions → files → registration → the agent at work |
//! | `tools` | whether what the language needs is on this machine |

mod asked;
mod disk;
mod project;
mod run;
#[cfg(test)]
mod tests;
mod tools;

pub use run::run;

use super::commands::settle::Waiting;

/// What is to be begun.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
In a folder that has an agent.toml already, its answers are used and nothing is asked twice.
Nothing that is there is overwritten without a question.")]
pub struct Args {
    /// The agent's name [default: asked for; the folder's name is proposed].
    pub name: Option<String>,
    /// What it is for, in a sentence.
    #[arg(long, value_name = "SENTENCE")]
    pub purpose: Option<String>,
    /// The language of the small project that is written; `none` for the manifest alone.
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub language: Option<Wished>,
    /// What it may have to do, such as database:read; several with commas.
    #[arg(long, value_name = "ACCESS", value_delimiter = ',')]
    pub access: Vec<String>,
    /// Which of these are true of it: writes, customer-data, external-calls, money; or none.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub does: Vec<Does>,
    /// The team it works for.
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
    /// Who is to answer for it, if not you: an e-mail address, or a Slack user id.
    #[arg(long, value_name = "PERSON")]
    pub owner: Option<String>,
    /// The model behind it, with its version.
    #[arg(long, value_name = "MODEL", default_value = "")]
    pub model: String,
    /// Write over files that are there already.
    #[arg(long)]
    pub overwrite: bool,
    /// Only write the files: register it later.
    #[arg(long)]
    pub no_register: bool,
    /// Whether to wait for people; on a terminal it waits anyway, unless --no-wait is given.
    #[command(flatten)]
    pub waiting: Waiting,
    /// Do not wait, on a terminal either.
    #[arg(long, conflicts_with = "wait")]
    pub no_wait: bool,
}

/// A language in which a small working agent can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python 3.9 or newer, its standard library alone.
    Python,
    /// TypeScript, as Node 22.18 or newer runs it; nothing to install.
    TypeScript,
    /// Rust.
    Rust,
    /// POSIX shell, with curl and jq.
    Shell,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Python, Self::TypeScript, Self::Rust, Self::Shell];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::TypeScript => "TypeScript",
            Self::Rust => "Rust",
            Self::Shell => "shell",
        }
    }
}

/// The language that is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Wished {
    /// Python 3.9 or newer.
    Python,
    /// TypeScript, for Node 22.18 or newer.
    Typescript,
    /// Rust.
    Rust,
    /// POSIX shell, with curl and jq.
    Shell,
    /// Only the manifest: the code is there already.
    None,
}

impl Wished {
    /// The language, if one is wished for.
    pub const fn language(self) -> Option<Language> {
        match self {
            Self::Python => Some(Language::Python),
            Self::Typescript => Some(Language::TypeScript),
            Self::Rust => Some(Language::Rust),
            Self::Shell => Some(Language::Shell),
            Self::None => None,
        }
    }
}

/// What an agent does that raises its tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Does {
    /// It writes or changes something.
    Writes,
    /// It sees customer or personal data.
    CustomerData,
    /// It calls or messages anything outside the company.
    ExternalCalls,
    /// It can move or promise money.
    Money,
    /// Nothing of it.
    None,
}
