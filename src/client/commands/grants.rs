//! `agent-cli grants`, `release`, `extend`, `revoke`: what is granted, and what becomes of it.

use clap::Args;

use super::super::ask::Question;
use super::super::exit::Exit;
use super::super::look::{Ink, Look};
use super::super::session::Session;
use super::super::table::Table;
use super::super::times::until;
use super::super::trouble::Trouble;
use super::super::words::{Told, harmless};
use super::list::ink_of;
use super::request::not_empty;
use super::settle::{Waiting, reference, settle_and_answer};
use super::with_query;
use crate::contract::Page;
use crate::contract::grants::{Extend as Longer, Grant, Revoke as End};
use crate::contract::people::Me;
use crate::contract::requests::Request;
use crate::domain::time::{Span, Timestamp};

/// The most that are read in one question.
const PAGE: &str = "200";

/// Whose grants.
#[derive(Debug, Clone, Args)]
pub struct Grants {
    /// Of this agent [default: of all that you answer for].
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Those that have ended, too.
    #[arg(long)]
    pub all: bool,
}

/// Which grant is handed back.
#[derive(Debug, Clone, Args)]
pub struct Release {
    /// The grant, G-1042.
    pub grant: String,
}

/// Which grant is to last longer.
#[derive(Debug, Clone, Args)]
pub struct Extend {
    /// The grant, G-1042.
    pub grant: String,
    /// So much longer, 30m.
    #[arg(long, value_name = "TIME")]
    pub by: Option<Span>,
    /// Why; the people who decide read it.
    #[arg(long, value_name = "WHY")]
    pub justification: Option<String>,
    /// Whether to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// Which grant is ended at once.
#[derive(Debug, Clone, Args)]
pub struct Revoke {
    /// The grant, G-1042.
    pub grant: String,
    /// Why; its owner reads it.
    #[arg(long, value_name = "WHY")]
    pub reason: Option<String>,
}

/// Shows grants.
///
/// # Errors
///
/// Why there is no answer.
pub async fn grants(arguments: Grants, session: &Session) -> Result<Exit, Trouble> {
    let server = session.server()?;
    let agent = match arguments.agent.as_deref() {
        Some(said) => session.named_agent(Some(said))?,
        None => None,
    };
    // An agent sees its own, and is nobody's owner.
    let person = agent.is_none() && matches!(server.get("/api/v1/me").await?, Me::Person { .. });
    let agent = agent.map(|agent| agent.to_string());
    let mut found: Vec<Grant> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut query = vec![("limit", PAGE)];
        query.extend(agent.as_deref().map(|agent| ("agent", agent)));
        if person {
            query.push(("owner", "me"));
        }
        if arguments.all {
            query.push(("state", "all"));
        }
        query.extend(after.as_deref().map(|after| ("after", after)));
        let page: Page<Grant> = server.get(&with_query("/api/v1/grants", &query)).await?;
        let empty = page.items.is_empty();
        found.extend(page.items);
        after = page.next.filter(|_| !empty);
        if after.is_none() {
            break;
        }
    }
    session.screen.answer(&found)?;
    session.screen.say(&words(&found, session.now(), session.screen.out))?;
    Ok(Exit::Done)
}

/// Hands a grant back.
///
/// # Errors
///
/// Why it was not handed back.
pub async fn release(arguments: Release, session: &Session) -> Result<Exit, Trouble> {
    let path = format!("/api/v1/grants/{}/release", reference(&arguments.grant)?);
    let grant: Grant = session.server()?.post(&path, &serde_json::Map::new()).await?;
    session.screen.answer(&grant)?;
    let words =
        format!("{}: {} handed {} back.", grant.reference, grant.agent, harmless(&grant.access));
    session.screen.tell(Ink::Good, &Told::new(words))?;
    Ok(Exit::Done)
}

/// Asks that a grant lasts longer.
///
/// # Errors
///
/// Why it was not asked.
pub async fn extend(arguments: Extend, session: &Session) -> Result<Exit, Trouble> {
    let grant = reference(&arguments.grant)?;
    let by = match arguments.by {
        Some(by) => by.to_string(),
        None => session.screen.ask(
            Question { text: "How much longer?", help: "Such as 30m or 2h.", flag: "--by TIME" },
            Some("30m"),
            |typed| typed.parse::<Span>().map(drop).map_err(|error| format!("{error}.")),
        )?,
    };
    let justification = match arguments.justification {
        Some(why) => why,
        None => session.screen.ask(
            Question {
                text: "Why is it needed for longer?",
                help: "One sentence; the people who decide read it.",
                flag: "--justification \"…\"",
            },
            None,
            not_empty,
        )?,
    };
    let server = session.server()?;
    let path = format!("/api/v1/grants/{grant}/extend");
    let request: Request = server.post(&path, &Longer { by, justification }).await?;
    settle_and_answer(session, &server, request, arguments.waiting).await
}

/// Ends a grant at once.
///
/// # Errors
///
/// Why it was not ended.
pub async fn revoke(arguments: Revoke, session: &Session) -> Result<Exit, Trouble> {
    let path = format!("/api/v1/grants/{}/revoke", reference(&arguments.grant)?);
    let reason = match arguments.reason {
        Some(reason) => reason,
        None => session.screen.ask(
            Question {
                text: "Why is it revoked?",
                help: "One sentence; the agent's owner reads it.",
                flag: "--reason \"…\"",
            },
            None,
            not_empty,
        )?,
    };
    let grant: Grant = session.server()?.post(&path, &End { reason }).await?;
    session.screen.answer(&grant)?;
    let words = format!(
        "{} is revoked: {} has {} no more.",
        grant.reference,
        grant.agent,
        harmless(&grant.access)
    );
    session.screen.tell(Ink::Good, &Told::new(words))?;
    Ok(Exit::Done)
}

fn words(found: &[Grant], now: Timestamp, look: Look) -> String {
    if found.is_empty() {
        return "There is no grant. To ask for one: agent-cli request-permission".to_owned();
    }
    let mut table = Table::new(&["grant", "agent", "access", "state", "time"]);
    for grant in found {
        let time = match (&grant.left, grant.state.as_str()) {
            (Some(left), _) => format!("{} left", Span::seconds(left.seconds).words()),
            (None, "active") => until(grant.expires_at, now),
            (None, _) => String::new(),
        };
        table.row(vec![
            (harmless(&grant.reference), Some(Ink::Strong)),
            (grant.agent.to_string(), None),
            (harmless(&grant.access), None),
            (harmless(&grant.state), Some(ink_of(&grant.state))),
            (time, None),
        ]);
    }
    table.render(look)
}

#[cfg(test)]
mod tests {
    use super::super::super::progress::tests::at;
    use super::*;
    use crate::contract::Lasting;

    #[test]
    fn grants_stand_in_a_table_with_the_time_that_is_left() {
        let grant = |reference: &str, state: &str, left: Option<u32>| Grant {
            reference: reference.to_owned(),
            agent: "support-agent-v2".parse().unwrap(),
            access: "database:read".to_owned(),
            state: state.to_owned(),
            starts_at: at("12:00:00"),
            expires_at: at("12:30:00"),
            left: left.map(|seconds| Lasting { text: "25m".to_owned(), seconds }),
        };
        let found = [grant("G-1042", "active", Some(1_500)), grant("G-1041", "revoked", None)];
        let now = at("12:05:00");
        let all = [words(&found, now, Look::PLAIN), words(&[], now, Look::PLAIN)];
        insta::assert_snapshot!(all.join("\n---\n"));
    }
}
