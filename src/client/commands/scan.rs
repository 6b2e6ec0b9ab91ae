//! `agent-cli scan`: looks at a repository for signs of an agent. Needs no server.

use std::path::PathBuf;

use clap::Args;

use super::super::exit::Exit;
use super::super::scan::{self as scanning, Options, ScanError, sarif, words};
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::Told;

/// What is looked at.
#[derive(Debug, Clone, Args)]
pub struct Scan {
    /// The folder of the repository [default: this one].
    pub path: Option<PathBuf>,
    /// End with 1 when something is found: for pipelines.
    #[arg(long)]
    pub fail: bool,
    /// Write SARIF, for code-scanning pages.
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
}

/// Looks.
///
/// # Errors
///
/// Why nothing could be looked at.
pub fn run(arguments: &Scan, session: &Session) -> Result<Exit, Trouble> {
    let root = arguments.path.as_deref().unwrap_or(&session.folder);
    let report = scanning::scan(root, Options::default()).map_err(|error| match error {
        ScanError::NoFolder(_) => {
            let told = Told::new(format!("{error}.")).next(["agent-cli scan FOLDER"]);
            Trouble::told(Exit::Invalid, "no_folder", told)
        }
        ScanError::Tables(source) => Trouble::fault("The tables of signs cannot be used.", source),
    })?;
    if arguments.sarif {
        let sarif = sarif::render(&report, env!("CARGO_PKG_VERSION"));
        session.screen.say(&sarif.to_string())?;
    } else {
        session.screen.answer(&report)?;
        session.screen.say(&words::render(&report, session.screen.out))?;
    }
    Ok(if arguments.fail && report.is_found() { Exit::No } else { Exit::Done })
}
