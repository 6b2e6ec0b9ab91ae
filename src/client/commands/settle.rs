//! What every command does that asks people for something: says whom, waits if it was told to, and says
//! what came of it. Also: which agent is meant.

use std::time::Duration;

use clap::Args;

use super::super::ask::Question;
use super::super::exit::Exit;
use super::super::look::Ink;
use super::super::progress::{about, awaited_all, end};
use super::super::server::Server;
use super::super::session::Session;
use super::super::times::moment;
use super::super::trouble::Trouble;
use super::super::watch::{Watched, watch};
use super::super::words::{Told, harmless, listed};
use crate::contract::people::Me;
use crate::contract::requests::Request;
use crate::domain::agent::Slug;
use crate::domain::time::{Span, Timestamp};

/// Whether to wait for people.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Waiting {
    /// Wait for the answer, and see who is awaited; for so long at most, with --wait=10m.
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true)]
    pub wait: Option<Option<Span>>,
}

impl Waiting {
    /// For as long as it takes.
    pub const ALWAYS: Self = Self { wait: Some(None) };

    /// The longest that is waited; `None` if not at all.
    pub fn patience(self) -> Option<Option<Duration>> {
        let seconds = |span: Span| Duration::from_secs(u64::from(span.as_seconds()));
        self.wait.map(|span| span.map(seconds))
    }
}

/// What became of a request in this command.
#[derive(Debug)]
pub struct Settled {
    /// As it was seen last.
    pub request: Request,
    /// The status.
    pub exit: Exit,
}

/// Waits for a request, if it was told to, and says how it stands; the answer for programs is left to
/// the caller.
///
/// # Errors
///
/// When the server says no.
pub async fn settle(
    session: &Session,
    server: &Server,
    request: Request,
    waiting: Waiting,
) -> Result<Settled, Trouble> {
    let Some(patience) = waiting.patience().filter(|_| request.state == "open") else {
        let open = request.state == "open";
        let exit = if open {
            session.screen.tell(Ink::Good, &sent(&request, session.now()))?;
            Exit::Done
        } else {
            tell_end(session, &request)?
        };
        return Ok(Settled { request, exit });
    };
    let watched = watch(session, server, request, patience).await?;
    if matches!(watched, Watched::Left(_)) {
        session.screen.note("You stopped watching; the request goes on without you.");
    }
    let request = watched.into_request();
    let exit = tell_end(session, &request)?;
    Ok(Settled { request, exit })
}

/// As [`settle`], with the request as the answer for programs.
///
/// # Errors
///
/// As [`settle`].
pub async fn settle_and_answer(
    session: &Session,
    server: &Server,
    request: Request,
    waiting: Waiting,
) -> Result<Exit, Trouble> {
    let Settled { request, exit } = settle(session, server, request, waiting).await?;
    session.screen.answer(&request)?;
    Ok(exit)
}

fn tell_end(session: &Session, request: &Request) -> Result<Exit, Trouble> {
    let end = end(request, session.now());
    session.screen.tell(end.ink, &end.told)?;
    Ok(end.exit)
}

/// People are asked: whom, and until when.
pub fn sent(request: &Request, now: Timestamp) -> Told {
    let reference = &request.reference;
    let usual = request.usual.as_ref().map_or_else(String::new, |usual| {
        format!("; usually {}", Span::seconds(usual.seconds).words())
    });
    Told::new(format!("{reference}: {}.", about(request)))
        .row("Asked", awaited_all(request))
        .row("Until", format!("{}{usual}", moment(request.decide_by, now)))
        .next([format!("agent-cli status {reference} --wait")])
}

/// How a command line names the agent that a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `--agent NAME`.
    Flag,
    /// After this command.
    After(&'static str),
}

impl Naming {
    /// What to add.
    fn add(self) -> String {
        match self {
            Self::Flag => "--agent NAME".to_owned(),
            Self::After(command) => format!("its name: agent-cli {command} NAME"),
        }
    }

    /// What names an agent that somebody else answers for.
    fn others(self) -> String {
        match self {
            Self::Flag => "or add --agent NAME, for an agent of somebody else's".to_owned(),
            Self::After(command) => format!("agent-cli {command} NAME   for somebody else's"),
        }
    }
}

/// The agent that is meant: the one that was said, the only one there is, or the one that is chosen.
///
/// # Errors
///
/// When there is none, or several and nobody can be asked.
pub async fn which_agent(
    session: &Session,
    server: &Server,
    said: Option<&str>,
    naming: Naming,
) -> Result<Slug, Trouble> {
    if let Some(name) = session.named_agent(said)? {
        return Ok(name);
    }
    let mut agents = match server.get::<Me>("/api/v1/me").await? {
        Me::Person { agents, .. } | Me::Workload { agents, .. } => agents,
        Me::Agent { agent } => vec![agent],
        Me::Service { .. } => Vec::new(),
    };
    if agents.len() <= 1 {
        return agents.pop().ok_or_else(|| {
            let told = Told::new("There is no agent that it could be about.")
                .why("you answer for none yet.")
                .next(["agent-cli register   registers one".to_owned(), naming.others()]);
            Trouble::told(Exit::Invalid, "invalid", told)
        });
    }
    let names: Vec<String> = agents.iter().map(ToString::to_string).collect();
    let help = format!("You answer for {}.", listed(&names, "and"));
    let flag = naming.add();
    let question = Question { text: "Which agent is it about?", help: &help, flag: &flag };
    let at = session.screen.choose(question, &names)?;
    Ok(agents.swap_remove(at))
}

/// What was typed where a reference belongs, made fit for a path: `g-1042` is `G-1042`.
///
/// # Errors
///
/// When it cannot be one.
pub fn reference(typed: &str) -> Result<String, Trouble> {
    let upper = typed.trim().to_uppercase();
    if is_reference(&upper) {
        return Ok(upper);
    }
    Err(Trouble::usage(
        format!("`{}` is no reference.", harmless(typed)),
        "write it like G-1042; agent-cli status and agent-cli grants show them",
    ))
}

/// Letters, a dash, digits.
pub fn is_reference(text: &str) -> bool {
    text.split_once('-').is_some_and(|(letters, digits)| {
        (1..=3).contains(&letters.len())
            && letters.bytes().all(|b| b.is_ascii_alphabetic())
            && (1..=18).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::look::Look;
    use super::super::super::progress::tests::{at, open};
    use super::super::super::times::clock;
    use super::*;

    #[test]
    fn what_was_sent_says_whom_it_waits_for() {
        let now = at("12:00:00");
        let text = sent(&open(), now).render(Ink::Good, Look::PLAIN);
        insta::assert_snapshot!(text.replace(&clock(open().decide_by, now), "[clock]"));
    }

    #[test]
    fn references_are_read_as_people_type_them() {
        assert_eq!(reference("g-1042"), Ok("G-1042".to_owned()));
        for typed in ["1042", "G-", "-1", "G-10x", "support-agent-v2", "../me", "G-1?x"] {
            assert!(reference(typed).is_err(), "{typed}");
        }
    }
}
