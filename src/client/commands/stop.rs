//! `agent-cli stop`: ends everything that an agent may do, at once.

use clap::Args;

use super::super::ask::Question;
use super::super::exit::Exit;
use super::super::look::Ink;
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::{Told, counted, harmless};
use crate::contract::agents::{Stop as Order, Stopped};

/// Which agent.
#[derive(Debug, Clone, Args)]
pub struct Stop {
    /// The agent. It is never guessed.
    pub agent: String,
    /// Why; its owner and security read it.
    #[arg(long, value_name = "WHY")]
    pub reason: Option<String>,
    /// Do not ask whether it is meant.
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// Stops it.
///
/// # Errors
///
/// Why it goes on.
pub async fn run(arguments: Stop, session: &Session) -> Result<Exit, Trouble> {
    let Some(agent) = session.named_agent(Some(&arguments.agent))? else {
        return Err(Trouble::usage("No agent is named.", "agent-cli stop NAME"));
    };
    if !arguments.yes {
        let text = format!("Stop {agent} at once?");
        let question = Question {
            text: &text,
            help: "All its grants end, what it asked for is cancelled, and its tokens are worth nothing. \
                   It can go on when people approve that.",
            flag: "--yes",
        };
        if !session.screen.ask_yes(question, Some(false))? {
            let told = Told::new(format!("{agent} goes on; nothing was done."));
            return Err(Trouble::told(Exit::No, "not_confirmed", told));
        }
    }
    let server = session.server()?;
    let order = Order { reason: arguments.reason.unwrap_or_default() };
    let stopped: Stopped = server.post(&format!("/api/v1/agents/{agent}/stop"), &order).await?;
    session.screen.answer(&stopped)?;
    session.screen.tell(Ink::Good, &words(&stopped))?;
    Ok(Exit::Done)
}

fn words(stopped: &Stopped) -> Told {
    let grants = stopped.grants.len();
    let ended = stopped
        .grants
        .iter()
        .map(|grant| format!("{}  {}", harmless(&grant.reference), harmless(&grant.access)));
    let cancelled: Vec<String> = stopped.requests.iter().map(|one| harmless(one)).collect();
    Told::new(format!("{} is stopped: {}.", stopped.agent.name, harmless(&stopped.agent.state)))
        .row(
            "Ended",
            if grants == 0 {
                "no grant was live".to_owned()
            } else {
                counted(grants, "grant", "grants")
            },
        )
        .rows("", ended)
        .row("Cancelled", cancelled.join(", "))
        .row("Again", format!("in Slack: /agent reinstate {}; people decide", stopped.agent.name))
}

#[cfg(test)]
mod tests {
    use super::super::super::look::Look;
    use super::super::super::progress::tests::at;
    use super::*;
    use crate::contract::agents::AgentLine;
    use crate::contract::grants::Grant;
    use crate::contract::people::Person;

    #[test]
    fn what_was_ended_is_named() {
        let name: crate::domain::agent::Slug = "support-agent-v2".parse().unwrap();
        let grant = Grant {
            reference: "G-1042".to_owned(),
            agent: name.clone(),
            access: "database:read".to_owned(),
            state: "revoked".to_owned(),
            starts_at: at("12:00:00"),
            expires_at: at("12:30:00"),
            left: None,
        };
        let agent = AgentLine {
            name,
            state: "suspended".to_owned(),
            suspended: None,
            ownerless: None,
            tier: 2,
            owner: Person { id: "T0ACME/U0DANA".parse().unwrap(), name: None },
            team: "support".to_owned(),
            live_grants: 0,
            live_credentials: 1,
        };
        let full = Stopped {
            agent: agent.clone(),
            grants: vec![grant],
            requests: vec!["G-1043".to_owned(), "G-1044".to_owned()],
        };
        let none = Stopped { agent, grants: Vec::new(), requests: Vec::new() };
        let text = |stopped| words(stopped).render(Ink::Good, Look::PLAIN);
        insta::assert_snapshot!(format!("{}\n{}", text(&full), text(&none)));
    }
}
