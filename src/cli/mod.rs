//! What the server binary's commands do: read the command line, call the part that does the work,
//! print what it found, end with a status.
//!
//! | file | command |
//! |---|---|
//! | [`arguments`] | the command line, and its help |
//! | [`exit`] | how a command ends |
//! | `config` | `config show`, `config default` |
//! | `policy` | `policy check`, `test`, `plan`, `explain` |
//! | [`audit`] | `audit verify`, `audit list` |
//! | `certifications` | `certifications` |
//! | [`trace`] | `trace` |
//! | [`export`] | `export` |
//! | [`mod@incident`] | `incident` |
//! | [`discover`] | `discover import` |
//! | [`doctor`] | `doctor` |
//!
//! What a command answers goes to standard output; the log and errors go to standard error.

pub mod arguments;
pub mod audit;
mod certifications;
mod config;
pub mod discover;
pub mod doctor;
pub mod exit;
pub mod export;
pub mod incident;
mod policy;
pub mod trace;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as Usage;

use crate::config::{Config, Sources, Telemetry};
#[cfg(feature = "sandbox")]
use crate::lifecycle::SandboxOptions;
use crate::lifecycle::{ServeError, StartError};
use crate::telemetry;
use arguments::{Arguments, Command};
use exit::{Exit, Failure};

/// The whole of the server binary: the process's arguments, environment and output.
///
/// The TLS provider must be installed before.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help that was asked for is an answer; anything else is a mistake.
            let asked = matches!(error.kind(), Usage::DisplayHelp | Usage::DisplayVersion);
            // The terminal may be gone; there is nobody left to tell.
            let _ = error.print();
            return exit::code(if asked { 0 } else { Failure::Usage(String::new()).status() });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return told(&Failure::unavailable("no threads could be started", error));
        }
    };
    match runtime.block_on(run(arguments.command, &mut std::io::stdout())) {
        Ok(exit) => exit::code(exit.status()),
        // Whoever read the answer has seen enough of it: `countersign audit list | head`.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => exit::code(0),
        Err(failure) => told(&failure),
    }
}

fn told(failure: &Failure) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{}", failure.story());
    exit::code(failure.status())
}

/// Does what a command says, and writes its answer to `out`.
///
/// # Errors
///
/// Why it could not be done.
pub async fn run(command: Command, out: &mut (dyn Write + Send)) -> Result<Exit, Failure> {
    if !command.is_a_server() {
        let _ = log(&quiet())?;
    }
    match command {
        Command::Serve(file) => {
            let config = Config::load(&Sources::of_process(file.config))?;
            let telemetry = log(&config.telemetry)?;
            let served = crate::lifecycle::serve(&config).await;
            telemetry.end().await;
            served.map(|()| Exit::Well).map_err(ended)
        }
        #[cfg(feature = "sandbox")]
        Command::Sandbox(arguments) => {
            // What to try is printed; the log speaks up only when something is wrong.
            let _ = log(&quiet())?;
            let arguments::Sandbox { listen, data, fresh } = arguments;
            crate::lifecycle::sandbox(SandboxOptions { listen, data, fresh })
                .await
                .map(|()| Exit::Well)
                .map_err(|error| Failure::unavailable("the sandbox had to stop", error))
        }
        Command::Doctor(arguments) => doctor::run(arguments, out).await,
        Command::Policy { command } => policy::run(&command, out),
        Command::Audit { command } => audit::run(command, out).await,
        Command::Certifications(arguments) => certifications::run(arguments, out).await,
        Command::Discover { command } => discover::run(command, out).await,
        Command::Trace(arguments) => trace::run(arguments, out).await,
        Command::Export(arguments) => export::run(arguments, out).await,
        Command::Incident(arguments) => incident::run(arguments, out).await,
        Command::Config { command } => config::run(&command, out),
    }
}

/// Why a server ended, and whether starting it again could help.
fn ended(error: ServeError) -> Failure {
    const WHAT: &str = "the server had to stop";
    match error {
        ServeError::Start(
            StartError::Store(_)
            | StartError::Service(_)
            | StartError::Away(_)
            | StartError::Listen { .. },
        ) => Failure::unavailable(WHAT, error),
        // A policy with mistakes, a token that Slack does not know (any more).
        ServeError::Start(_) | ServeError::Slack(_) => Failure::settings(WHAT, error),
    }
}

/// A log for commands that speak for themselves.
fn quiet() -> Telemetry {
    Telemetry { level: "warn".to_owned(), ..Telemetry::default() }
}

fn log(telemetry: &Telemetry) -> Result<telemetry::Running, Failure> {
    telemetry::init(telemetry).map_err(|error| Failure::unavailable("there is no log", error))
}
