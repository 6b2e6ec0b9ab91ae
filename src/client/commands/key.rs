//! `agent-cli key`: lets an agent prove itself from this machine: its key pair is made here, and the
//! public half is put before the people who decide.

use clap::Args;
use serde_json::Value;

use super::super::agent_key::AgentKey;
use super::super::exit::Exit;
use super::super::look::Ink;
use super::super::server::Server;
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::Told;
use super::login::device_name;
use super::settle::{Naming, Waiting, settle_and_answer, which_agent};
use crate::contract::agents::NewCredential;
use crate::contract::requests::Request;
use crate::domain::agent::Slug;
use crate::domain::time::Span;

/// The longest name of a credential, in characters.
const LONGEST_NAME: usize = 60;

/// Whose key.
#[derive(Debug, Clone, Args)]
pub struct Key {
    /// The agent [default: agent.toml's, or your only one].
    pub agent: Option<String>,
    /// What people call the credential [default: you at this host].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// For how long, 30d [default: as long as the policy allows].
    #[arg(long = "for", value_name = "TIME")]
    pub lasting: Option<Span>,
    /// Why; the people who decide read it.
    #[arg(long, value_name = "WHY", default_value = "so that it can prove itself")]
    pub justification: String,
    /// Print the public half (a JWK) and ask nobody.
    #[arg(long, conflicts_with_all = ["name", "lasting", "wait"])]
    pub public: bool,
    /// Whether to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// Makes the key, if there is none, and asks.
///
/// # Errors
///
/// Why it was not asked.
pub async fn run(arguments: Key, session: &Session) -> Result<Exit, Trouble> {
    if arguments.public
        && let Some(agent) = session.named_agent(arguments.agent.as_deref())?
    {
        let key = AgentKey::find_or_make(&session.places()?.key_file(agent.as_str()))?;
        let jwk: Value = serde_json::from_str(&key.jwk())
            .map_err(|error| Trouble::fault("The key could not be written as JSON.", error))?;
        session.screen.answer(&jwk)?;
        session.screen.say(&jwk.to_string())?;
        return Ok(Exit::Done);
    }
    let server = session.server()?;
    let naming = Naming::After("key");
    let agent = which_agent(session, &server, arguments.agent.as_deref(), naming).await?;
    let wanted = Wanted {
        name: arguments.name,
        lasting: arguments.lasting,
        justification: arguments.justification,
    };
    let request = ask(session, &server, &agent, wanted).await?;
    settle_and_answer(session, &server, request, arguments.waiting).await
}

/// What is asked for beside the key.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What people call it.
    pub name: Option<String>,
    /// For how long.
    pub lasting: Option<Span>,
    /// Why.
    pub justification: String,
}

/// Makes the agent's key on this machine, if there is none, and asks that it is accepted.
///
/// # Errors
///
/// When the key cannot be kept, or the server says no.
pub async fn ask(
    session: &Session,
    server: &Server,
    agent: &Slug,
    wanted: Wanted,
) -> Result<Request, Trouble> {
    let (credential, told) = made(session, agent, wanted)?;
    let request = server.post(&format!("/api/v1/agents/{agent}/credentials"), &credential).await?;
    session.screen.note(&told.render(Ink::Good, session.screen.err));
    Ok(request)
}

/// Makes the agent's key on this machine, if there is none: what is to be accepted of it, and what is
/// said of it.
///
/// # Errors
///
/// When the key cannot be kept.
pub fn made(
    session: &Session,
    agent: &Slug,
    wanted: Wanted,
) -> Result<(NewCredential, Told), Trouble> {
    let path = session.places()?.key_file(agent.as_str());
    let key = AgentKey::find_or_make(&path)?;
    let name = wanted.name.unwrap_or_else(|| device_name(session));
    let credential = NewCredential {
        name: name.chars().take(LONGEST_NAME).collect(),
        public_key: Some(key.jwk()),
        issuer: None,
        claims: Default::default(),
        lasting: wanted.lasting.map(|span| span.to_string()),
        justification: wanted.justification,
    };
    let told = Told::new(format!("The key of {agent} is on this machine."))
        .row("Kept", path.display().to_string())
        .row(
            "Name",
            format!("{} (its thumbprint, as on the card in Slack)", key.public().thumbprint()),
        );
    Ok((credential, told))
}
