//! `agent-cli request-permission`: asks people whether an agent may do something for a time.

use clap::Args;

use super::super::ask::Question;
use super::super::choices::choices;
use super::super::exit::Exit;
use super::super::server::Server;
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::settle::{Naming, Waiting, settle_and_answer, which_agent};
use crate::contract::catalogue::Catalogue;
use crate::contract::requests::{Ask, Request};
use crate::domain::time::Span;

/// What is asked for.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example: agent-cli request-permission --resource database:read --for 30m \\
             --justification \"customer support queries\" --wait")]
pub struct RequestPermission {
    /// Resource and action, database:read; a resource alone asks for its lowest action.
    #[arg(long, value_name = "RESOURCE")]
    pub resource: Option<String>,
    /// Why; the people who decide read it.
    #[arg(long, value_name = "WHY")]
    pub justification: Option<String>,
    /// For how long, 30m or 8h [default: an hour, or what the policy allows if that is less].
    #[arg(long = "for", value_name = "TIME")]
    pub lasting: Option<Span>,
    /// The agent [default: agent.toml's, or your only one].
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// Whether to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// Asks.
///
/// # Errors
///
/// Why it was not asked.
pub async fn run(arguments: RequestPermission, session: &Session) -> Result<Exit, Trouble> {
    let server = session.server()?;
    let agent = which_agent(session, &server, arguments.agent.as_deref(), Naming::Flag).await?;
    let access = match arguments.resource {
        Some(resource) => resource,
        None => choose_access(session, &server).await?,
    };
    let justification = match arguments.justification {
        Some(why) => why,
        None => session.screen.ask(
            Question {
                text: "Why does it need that?",
                help: "One sentence; the people who decide read it.",
                flag: "--justification \"…\"",
            },
            None,
            not_empty,
        )?,
    };
    let lasting = arguments.lasting.map(|span| span.to_string());
    let ask = Ask { access, lasting, justification };
    let request: Request = server.post(&format!("/api/v1/agents/{agent}/requests"), &ask).await?;
    settle_and_answer(session, &server, request, arguments.waiting).await
}

/// An answer that says something.
pub fn not_empty(typed: &str) -> Result<(), String> {
    if typed.trim().is_empty() { Err("A few words are needed.".to_owned()) } else { Ok(()) }
}

async fn choose_access(session: &Session, server: &Server) -> Result<String, Trouble> {
    let question = Question {
        text: "What does it need?",
        help: "Its number. Less is faster: the first need the fewest people.",
        flag: "--resource RESOURCE:ACTION",
    };
    session.screen.somebody_for(question)?;
    let catalogue: Catalogue = server.get("/api/v1/catalogue").await?;
    let (mut names, options): (Vec<_>, Vec<_>) = choices(&catalogue).into_iter().unzip();
    if names.is_empty() {
        return Err(Trouble::invalid(
            "There is nothing that could be asked for.",
            "the policy names no resource.",
            "ask whoever keeps the policy",
        ));
    }
    let at = session.screen.choose_named(question, &options)?;
    Ok(names.swap_remove(at).to_string())
}
