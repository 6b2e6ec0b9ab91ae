//! `agent-cli token`: a short-lived token of an agent's own, for whoever calls a service by hand.

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;

use super::super::exit::Exit;
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::unproved::explained;
use crate::domain::agent::Slug;

/// Whose token, for whom.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example: curl -H \"Authorization: Bearer $(agent-cli token --agent support-agent)\" https://…
A program that runs for longer gets its tokens renewed: agent-cli run -- COMMAND")]
pub struct Token {
    /// The agent [default: agent.toml's, or COUNTERSIGN_AGENT]; its key must be on this machine.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// The service that it is shown to: its address, or one of the names that the policy
    /// has for audiences of tokens [default: Countersign].
    #[arg(long = "for", value_name = "AUDIENCE")]
    pub audience: Option<String>,
}

/// Prints the token.
///
/// # Errors
///
/// Why there is none.
pub async fn run(arguments: Token, session: &Session) -> Result<Exit, Trouble> {
    let agent = agent_here(session, arguments.agent.as_deref())?;
    let server = session.server_as_agent(agent.clone())?;
    let token = match server.agent_token(arguments.audience.as_deref()).await {
        Ok(token) => token,
        Err(trouble) => return Err(explained(session, trouble).await),
    };
    session.screen.answer(&json!({
        "agent": agent,
        "token_type": "Bearer",
        "access_token": token.text.expose_secret(),
        "expires_at": token.until,
    }))?;
    session.screen.say(token.text.expose_secret())?;
    Ok(Exit::Done)
}

/// The agent that has its key on this machine; it is not guessed, since the key acts in its name.
pub(super) fn agent_here(session: &Session, said: Option<&str>) -> Result<Slug, Trouble> {
    session.agent_with_key(said)?.ok_or_else(|| Trouble::Missing {
        what: "Which agent is it for?".to_owned(),
        flag: "--agent NAME, or call it where agent.toml is".to_owned(),
    })
}
