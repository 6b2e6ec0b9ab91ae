//! `agent-cli run`: runs a command as an agent. It gets a short-lived token in its environment, and a file
//! in which the token is renewed for as long as it runs; never the key.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::super::environment::{AGENT, AGENT_KEY, SERVER, TOKEN, TOKEN_FILE, write_private};
use super::super::exit::Exit;
use super::super::server::{Server, Token};
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::unproved::explained;
use super::token::agent_here;
use crate::domain::time::Timestamp;

/// The shortest pause between two renewals, also after one that failed.
const SHORTEST: Duration = Duration::from_secs(5);
/// What a shell says of a command that is not there, and of one that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_RUNNABLE: u8 = 126;
/// What a shell adds to the number of the signal that ended a command.
const BY_SIGNAL: i32 = 128;

/// What is run, as whom.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The command finds COUNTERSIGN_TOKEN (good for minutes), COUNTERSIGN_TOKEN_FILE (always fresh),
COUNTERSIGN_SERVER and COUNTERSIGN_AGENT in its environment. Its exit status is agent-cli's.")]
pub struct Run {
    /// The agent [default: agent.toml's, or COUNTERSIGN_AGENT]; its key must be on this machine.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// The service that the token is shown to [default: Countersign].
    #[arg(long = "for", value_name = "AUDIENCE")]
    pub audience: Option<String>,
    /// The command, after --.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub command: Vec<std::ffi::OsString>,
}

/// Runs it.
///
/// # Errors
///
/// Why it was not begun.
pub async fn run(arguments: Run, session: &Session) -> Result<Exit, Trouble> {
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Trouble::usage("No command is named.", "agent-cli run -- COMMAND"));
    };
    let agent = agent_here(session, arguments.agent.as_deref())?;
    let server = session.server_as_agent(agent.clone())?;
    let audience = arguments.audience.as_deref();
    let token = match server.agent_token(audience).await {
        Ok(token) => token,
        Err(trouble) => return Err(explained(session, trouble).await),
    };
    let kept = Kept::new(session, &token)?;
    let mut command = Command::new(program);
    command
        .args(rest)
        .env_remove(AGENT_KEY)
        .env(TOKEN, token.text.expose_secret())
        .env(TOKEN_FILE, &kept.path)
        .env(SERVER, server.address().as_str())
        .env(AGENT, agent.as_str());
    // Who listens before it begins misses no signal.
    let mut signals = Signals::listen(session.screen.stdin_is_a_terminal())?;
    let mut child = command.spawn().map_err(|error| not_begun(program, &error))?;
    let renewing = renew(session, &server, audience, token, &kept.path);
    tokio::pin!(renewing);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            signal = signals.next() => pass_on(&child, signal),
            () = &mut renewing => {}
        }
    };
    let status =
        status.map_err(|error| Trouble::fault("How the command ended is not known.", error))?;
    Ok(Exit::Of(of_status(status)))
}

/// The file with the token; it goes when the command has ended.
struct Kept {
    path: PathBuf,
    folder: PathBuf,
}

impl Kept {
    fn new(session: &Session, token: &Token) -> Result<Self, Trouble> {
        // In memory, where the system has such a place.
        let base = session.environment.path("XDG_RUNTIME_DIR").filter(|path| path.is_dir());
        let base = base.unwrap_or_else(std::env::temp_dir);
        let folder =
            base.join(format!("countersign-{}-{}", std::process::id(), session.fresh_id()));
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|error| Trouble::file("made", &folder, &error))?;
        let kept = Self { path: folder.join("token"), folder };
        write_private(&kept.path, token.text.expose_secret())?;
        Ok(kept)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // What stays behind is worth nothing in minutes.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Renews the token for as long as it is polled, well before it ends.
async fn renew(
    session: &Session,
    server: &Server,
    audience: Option<&str>,
    mut token: Token,
    path: &Path,
) {
    let mut given = session.now();
    let mut failed = false;
    loop {
        let pause = if failed { SHORTEST } else { pause(given, token.until) };
        tokio::time::sleep(pause).await;
        let renewed = match server.agent_token(audience).await {
            Ok(fresh) => write_private(path, fresh.text.expose_secret()).map(|()| fresh),
            Err(trouble) => Err(trouble),
        };
        match renewed {
            Ok(fresh) => {
                (token, given, failed) = (fresh, session.now(), false);
            }
            Err(trouble) => {
                // Said once; the command speaks for itself meanwhile.
                if !failed {
                    let what = trouble.words().what;
                    session.screen.note(&format!(
                        "agent-cli: the token could not be renewed, and is tried again: {what}"
                    ));
                }
                failed = true;
            }
        }
    }
}

/// Two thirds of the way to the end.
fn pause(given: Timestamp, until: Timestamp) -> Duration {
    let life = (until - given).to_std().unwrap_or_default();
    (life * 2 / 3).max(SHORTEST)
}

/// The signals that are passed on to the command.
struct Signals {
    streams: Vec<(tokio::signal::unix::Signal, Option<Signal>)>,
}

impl Signals {
    /// `terminal`: Ctrl-C and Ctrl-\ reach the command by itself there, and must not reach it twice.
    fn listen(terminal: bool) -> Result<Self, Trouble> {
        let from_terminal = |signal| (!terminal).then_some(signal);
        let all = [
            (SignalKind::interrupt(), from_terminal(Signal::INT)),
            (SignalKind::quit(), from_terminal(Signal::QUIT)),
            (SignalKind::terminate(), Some(Signal::TERM)),
            (SignalKind::hangup(), Some(Signal::HUP)),
            (SignalKind::user_defined1(), Some(Signal::USR1)),
            (SignalKind::user_defined2(), Some(Signal::USR2)),
        ];
        let mut streams = Vec::new();
        for (kind, passed_on) in all {
            let stream = signal(kind)
                .map_err(|error| Trouble::fault("Signals cannot be listened for.", error))?;
            streams.push((stream, passed_on));
        }
        Ok(Self { streams })
    }

    /// The next one that is to be passed on.
    async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (stream, passed_on) in &mut self.streams {
                while stream.poll_recv(context).is_ready() {
                    if let Some(signal) = passed_on {
                        return std::task::Poll::Ready(*signal);
                    }
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

fn pass_on(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended just now.
        let _ = kill_process(pid, signal);
    }
}

fn not_begun(program: &std::ffi::OsStr, error: &std::io::Error) -> Trouble {
    let status = match error.kind() {
        std::io::ErrorKind::NotFound => NOT_FOUND,
        _ => NOT_RUNNABLE,
    };
    let told = super::super::words::Told::new(format!("{} could not be run.", program.display()))
        .why(error.to_string())
        .next(["see whether it is written right, and can be executed"]);
    Trouble::told(Exit::Of(status), "not_run", told)
}

/// As a shell says it.
fn of_status(status: ExitStatus) -> u8 {
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    let code = status.code().or(signal.map(|signal| BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(Exit::Fault.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_well_before_its_end() {
        let given: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let after = |seconds| pause(given, given + chrono::TimeDelta::seconds(seconds));
        assert_eq!(after(300), Duration::from_secs(200));
        assert_eq!(after(3), SHORTEST);
        assert_eq!(after(-3), SHORTEST);
    }

    #[test]
    fn the_status_is_the_commands() {
        let end = |script: &str| {
            of_status(std::process::Command::new("sh").args(["-c", script]).status().unwrap())
        };
        assert_eq!(end("exit 0"), 0);
        assert_eq!(end("exit 43"), 43);
        assert_eq!(end("kill -TERM $$"), 143);
    }
}
