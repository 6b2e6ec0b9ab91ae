//! `agent-cli appeal`: puts a no before others, once, with what is new.

use clap::Args;

use super::super::ask::Question;
use super::super::exit::Exit;
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::request::not_empty;
use super::settle::{Waiting, reference, settle_and_answer};
use crate::contract::requests::{Appeal as Sent, Request};

/// Which no.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example: agent-cli appeal G-1042 --because \"the replica is a day behind\" --wait")]
pub struct Appeal {
    /// The request that was denied, G-1042.
    pub request: String,
    /// What is new; the people who decide read it beside the reason of the no.
    #[arg(long, value_name = "WHY", visible_alias = "justification")]
    pub because: Option<String>,
    /// Whether to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// Appeals.
///
/// # Errors
///
/// Why there is no appeal.
pub async fn run(arguments: Appeal, session: &Session) -> Result<Exit, Trouble> {
    let denied = reference(&arguments.request)?;
    let justification = match arguments.because {
        Some(because) => because,
        None => session.screen.ask(
            Question {
                text: "What is new?",
                help: "Others than those who said no decide, and what they decide is final.",
                flag: "--because \"…\"",
            },
            None,
            not_empty,
        )?,
    };
    let server = session.server()?;
    let path = format!("/api/v1/requests/{denied}/appeal");
    let request: Request = server.post(&path, &Sent { justification }).await?;
    settle_and_answer(session, &server, request, arguments.waiting).await
}
