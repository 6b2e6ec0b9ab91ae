//! `agent-cli gate`: a pipeline's check. What stops it also teaches: what, why, what to do, how long that
//! takes, whom to ask.
//!
//! | file | idea |
//! |---|---|
//! | `report` | what was found, in the one shape that every output is made of |
//! | `identity` | in whose name a pipeline asks: its own, where it has one |
//! | `words`, `json`, `junit`, `github`, `sarif` | the same report, for people and for programs |
//! | `run` | files in, answers and the exit status out |

mod github;
mod identity;
mod json;
mod junit;
mod report;
mod run;
mod sarif;
#[cfg(test)]
mod tests;
mod words;

use std::path::PathBuf;

pub use identity::ID_TOKEN;
pub use report::{Finding, Judged, Level, Report, Silence, Verdict};
pub use run::run;

/// What the command line says.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The manifests, or the folders that they lie in.
    #[arg(value_name = "PATH", default_value = "agent.toml")]
    pub paths: Vec<PathBuf>,
    /// Say what would fail, and let the pipeline go on: for a gentle start.
    #[arg(long)]
    pub advise: bool,
    /// What becomes of the pipeline when the server gives no answer.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub on_unreachable: OnUnreachable,
    /// Also write the findings as SARIF 2.1.0 to this file; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Also write the findings as JUnit's XML to this file; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Annotations at the lines of the manifest, and the step's summary, as GitHub Actions reads them.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub github: When,
    /// Whom the pipeline's own identity is made out to; the server's address, if left out.
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
}

/// What becomes of the pipeline when the server gives no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OnUnreachable {
    /// It stops: unchecked is not passed.
    #[default]
    Fail,
    /// It goes on, and says so.
    Warn,
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum When {
    /// Where GitHub Actions runs it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
