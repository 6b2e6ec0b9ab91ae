//! `agent-cli list`: the agents there are.

use clap::{Args, ValueEnum};

use super::super::exit::Exit;
use super::super::look::{Ink, Look};
use super::super::session::Session;
use super::super::table::Table;
use super::super::times::{moment, relative};
use super::super::trouble::Trouble;
use super::super::words::harmless;
use super::whoami::called;
use crate::contract::Page;
use crate::contract::agents::AgentLine;
use crate::domain::time::Timestamp;

/// The most that are read in one question.
const PAGE: usize = 200;

/// Which agents.
#[derive(Debug, Clone, Args)]
pub struct List {
    /// Only those that you answer for.
    #[arg(long)]
    pub mine: bool,
    /// Only those of this team.
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
    /// Only those in this state.
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,
}

/// An agent's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Being decided.
    Pending,
    /// At work.
    Active,
    /// Stopped.
    Suspended,
    /// Ended for good.
    Retired,
    /// Refused.
    Rejected,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Retired => "retired",
            Self::Rejected => "rejected",
        }
    }
}

/// Reads all pages.
///
/// # Errors
///
/// Why there is no answer.
pub async fn run(arguments: List, session: &Session) -> Result<Exit, Trouble> {
    let server = session.server()?;
    let mut found: Vec<AgentLine> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let limit = PAGE.to_string();
        let mut query = vec![("limit", limit.as_str())];
        if arguments.mine {
            query.push(("owner", "me"));
        }
        query.extend(arguments.team.as_deref().map(|team| ("team", team)));
        query.extend(arguments.state.map(|state| ("state", state.word())));
        query.extend(after.as_deref().map(|after| ("after", after)));
        let path = super::with_query("/api/v1/agents", &query);
        let page: Page<AgentLine> = server.get(&path).await?;
        let empty = page.items.is_empty();
        found.extend(page.items);
        after = page.next.filter(|_| !empty);
        if after.is_none() {
            break;
        }
    }
    session.screen.answer(&found)?;
    session.screen.say(&words(&found, &arguments, session.screen.out))?;
    Ok(Exit::Done)
}

/// The ink of a state.
pub fn ink_of(state: &str) -> Ink {
    match state {
        "active" | "approved" | "live" => Ink::Good,
        "pending" | "open" | "suspended" => Ink::Care,
        "rejected" | "denied" | "revoked" => Ink::Bad,
        _ => Ink::Faint,
    }
}

/// The state, with why it is suspended, and whether nobody answers for it: `suspended (uncertified)`.
pub fn standing(agent: &AgentLine) -> String {
    let state = harmless(&agent.state);
    match (&agent.suspended, &agent.ownerless) {
        (Some(suspended), _) => format!("{state} ({})", harmless(&suspended.cause)),
        (None, Some(_)) => format!("{state} (ownerless)"),
        (None, None) => state,
    }
}

/// Why an agent is suspended and that nobody answers for it, each with who changes that, under labels.
pub fn troubles(agent: &AgentLine, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(ownerless) = &agent.ownerless {
        let ends = match agent.suspended {
            None => format!("suspended {}", moment(ownerless.suspended_at, now)),
            Some(_) => format!("retired {}", moment(ownerless.retired_at, now)),
        };
        let since = relative(ownerless.since, now);
        rows.push(("Ownerless", format!("since {since}; {ends}, if nobody takes it")));
        rows.push(("Undone by", harmless(&ownerless.undone_by)));
    }
    if let Some(suspended) = &agent.suspended {
        let cause = match suspended.cause.as_str() {
            "stopped" => "stopped",
            "uncertified" => "its owner did not say in time that it is still needed",
            "ownerless" => "nobody answers for it",
            other => other,
        };
        let by = suspended.by.as_ref().map(|by| format!(" by {}", called(by)));
        let reason = suspended.reason.as_deref().map(|why| format!(": \"{}\"", harmless(why)));
        let (by, reason) = (by.unwrap_or_default(), reason.unwrap_or_default());
        let since = relative(suspended.since, now);
        rows.push(("Suspended", format!("{since}, {}{by}{reason}", harmless(cause))));
        // Taking it undoes both.
        if agent.ownerless.as_ref().is_none_or(|of| of.undone_by != suspended.undone_by) {
            rows.push(("Undone by", harmless(&suspended.undone_by)));
        }
    }
    rows
}

fn words(found: &[AgentLine], arguments: &List, look: Look) -> String {
    if found.is_empty() {
        let narrowed = arguments.mine || arguments.team.is_some() || arguments.state.is_some();
        return if narrowed {
            "No agent is like that. All of them: agent-cli list".to_owned()
        } else {
            "No agent is registered yet. The first one: agent-cli register".to_owned()
        };
    }
    let mut table = Table::new(&["name", "state", "tier", "grants", "keys", "team", "owner"]);
    for agent in found {
        table.row(vec![
            (agent.name.to_string(), Some(Ink::Strong)),
            (standing(agent), Some(ink_of(&agent.state))),
            (agent.tier.to_string(), None),
            (agent.live_grants.to_string(), None),
            (agent.live_credentials.to_string(), None),
            (harmless(&agent.team), None),
            (called(&agent.owner), None),
        ]);
    }
    table.render(look)
}

#[cfg(test)]
pub(in crate::client) mod tests {
    use super::super::super::progress::tests::at;
    use super::*;
    use crate::contract::agents::{Ownerless, Suspended};
    use crate::contract::people::Person;

    pub(in crate::client) fn suspended(cause: &str) -> Suspended {
        let sam = Person { id: "T0ACME/U0SAM".parse().unwrap(), name: Some("Sam".to_owned()) };
        let by_hand = cause == "stopped";
        Suspended {
            since: at("10:00:00"),
            cause: cause.to_owned(),
            by: by_hand.then_some(sam),
            reason: by_hand.then(|| "it \x1b[31mloops".to_owned()),
            undone_by: format!("who undoes {cause}"),
        }
    }

    pub(in crate::client) fn ownerless() -> Ownerless {
        Ownerless {
            since: at("09:00:00"),
            suspended_at: at("13:00:00"),
            retired_at: at("15:00:00"),
            undone_by: "who undoes ownerless".to_owned(),
        }
    }

    #[test]
    fn agents_stand_in_a_table() {
        let agent = |name: &str, state: &str, owner: Option<&str>| AgentLine {
            name: name.parse().unwrap(),
            state: state.to_owned(),
            suspended: None,
            ownerless: None,
            tier: 2,
            owner: Person { id: "T0ACME/U0DANA".parse().unwrap(), name: owner.map(str::to_owned) },
            team: "support".to_owned(),
            live_grants: 3,
            live_credentials: 1,
        };
        let stopped = AgentLine {
            suspended: Some(suspended("stopped")),
            ..agent("stray", "suspended", Some("Omar"))
        };
        let orphan =
            AgentLine { ownerless: Some(ownerless()), ..agent("orphan", "active", Some("Olga")) };
        let found = [
            agent("support-agent-v2", "active", Some("Dana")),
            agent("old-one", "retired", None),
            stopped,
            orphan,
        ];
        let all = List { mine: false, team: None, state: None };
        let mine = List { mine: true, ..all.clone() };
        insta::assert_snapshot!(
            [
                words(&found, &all, Look::PLAIN),
                words(&found, &all, Look { colour: false, width: 40 }),
                words(&[], &all, Look::PLAIN),
                words(&[], &mine, Look::PLAIN),
            ]
            .join("\n---\n")
        );
    }
}
