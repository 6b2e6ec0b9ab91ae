//! `agent-cli mcp`: an agent asks for itself, over the Model Context Protocol on standard input and output.
//!
//! | file | idea |
//! |---|---|
//! | `tools` | what an agent can do here, and how that is described to it |
//! | `calls` | what a call says, read with a word on each mistake |
//! | `act` | a call → what the server says to it |
//! | `words` | what the agent reads |
//! | `serve` | the protocol |

mod act;
mod calls;
mod serve;
#[cfg(test)]
mod tests;
mod tools;
mod words;

use rmcp::ServiceExt;
use rmcp::transport::io::stdio_pipes;

use super::environment::{AGENT, AGENT_KEY, TOKEN};
use super::exit::Exit;
use super::server::Server;
use super::session::Session;
use super::trouble::Trouble;
use super::words::Told;
use crate::contract::people::Me;
use crate::domain::agent::Slug;

/// Whom the tools are for.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
An agent's host starts it, and speaks with it over standard input and output:

  { \"mcpServers\": { \"countersign\": { \"command\": \"agent-cli\", \"args\": [\"mcp\", \"--agent\", \"NAME\"] } } }")]
pub struct Args {
    /// The agent that asks [default: COUNTERSIGN_AGENT, or the name in agent.toml].
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
}

/// Serves the tools until the host has had enough.
///
/// # Errors
///
/// When it is not clear which agent asks, or the agent cannot prove itself.
pub async fn run(args: Args, session: &Session) -> Result<Exit, Trouble> {
    let (server, agent) = agent(&args, session).await?;
    let broken = |error: &dyn std::fmt::Display| {
        let told = Told::new("The agent's host and agent-cli did not understand each other.")
            .why(error.to_string())
            .next([
                "start it from the agent's host, as an MCP server over standard input and output",
            ]);
        Trouble::told(Exit::Usage, "mcp", told)
    };
    // Other words on standard output would be taken for the protocol.
    session.screen.note(&format!("agent-cli mcp: asking for {agent} at {}", server.address()));
    let desk = serve::Desk::new(server, agent);
    let running = desk.serve(stdio_pipes()).await.map_err(|error| broken(&error))?;
    running.waiting().await.map_err(|error| broken(&error))?;
    Ok(Exit::Done)
}

/// The server in the agent's name, and the name. Its key comes first: tokens of it are renewed.
async fn agent(args: &Args, session: &Session) -> Result<(Server, Slug), Trouble> {
    let named = session.named_agent(args.agent.as_deref())?;
    let key = match &named {
        Some(name) => session.environment.path(AGENT_KEY).or(session
            .places()
            .ok()
            .map(|places| places.key_file(name.as_str()))
            .filter(|path| path.exists())),
        None => None,
    };
    if let (Some(name), Some(_)) = (&named, key) {
        return Ok((session.server_as_agent(name.clone())?, name.clone()));
    }
    if session.environment.get(TOKEN).is_some() || session.environment.get(AGENT_KEY).is_some() {
        let server = session.server()?;
        return match server.get::<Me>("/api/v1/me").await? {
            Me::Agent { agent } if named.as_ref().is_none_or(|named| *named == agent) => {
                Ok((server, agent))
            }
            Me::Agent { agent } => Err(Trouble::usage(
                format!("The proof that was given is {agent}'s."),
                format!("agent-cli mcp --agent {agent}"),
            )),
            Me::Person { .. } | Me::Service { .. } | Me::Workload { .. } => {
                Err(no_agent("What was given proves somebody else than an agent."))
            }
        };
    }
    Err(match named {
        Some(name) => no_agent(&format!("There is no key of {name} on this machine.")),
        None => no_agent("Which agent asks?"),
    })
}

fn no_agent(what: &str) -> Trouble {
    let told = Told::new(what)
        .why("the tools are for an agent that asks in its own name, by its own key.")
        .next([
            "agent-cli mcp --agent NAME   with a key made on this machine (agent-cli register)"
                .to_owned(),
            format!("or set {AGENT_KEY} to the key's file, and {AGENT} to the agent's name"),
        ]);
    Trouble::told(Exit::Usage, "no_agent", told)
}
