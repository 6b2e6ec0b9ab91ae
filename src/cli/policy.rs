//! `countersign policy`: check, test, compare and explain a policy folder.

use std::io::Write;
use std::path::PathBuf;

use super::arguments::{self, ConfigFile};
use super::exit::{Exit, Failure};
use crate::config::{Policy, Sources};
use crate::policy::report::{check_report, explain_report, plan_report, test_report};

/// Prints what the policy's reports say.
pub(super) fn run(command: &arguments::Policy, out: &mut dyn Write) -> Result<Exit, Failure> {
    use arguments::Policy::{Check, Explain, Plan, Test};
    let report = match command {
        Check(which) => check_report(folder(&which.folder, &which.file)?.as_deref()),
        Test(which) => test_report(folder(&which.folder, &which.file)?.as_deref()),
        Plan { old, new } => {
            let (text, status) = plan_report(old.as_path(), new.as_path());
            write!(out, "{text}")?;
            return Ok(match status {
                0 => Exit::Well,
                2 => Exit::Changes,
                3 => Exit::Widens,
                _ => Exit::Faults,
            });
        }
        Explain { access, tier, team, lasting, policy, file } => {
            let folder = folder(policy, file)?;
            explain_report(folder.as_deref(), access, *tier, team, &lasting.to_string())
        }
    };
    write!(out, "{}", report.text)?;
    Ok(Exit::well(report.ok))
}

/// The folder that was named, or else the one that is configured; `None` for the starter policy.
fn folder(named: &Option<PathBuf>, file: &ConfigFile) -> Result<Option<PathBuf>, Failure> {
    match named {
        Some(folder) => Ok(Some(folder.clone())),
        None => Ok(Policy::load(&Sources::of_process(file.config.clone()))?.path),
    }
}
