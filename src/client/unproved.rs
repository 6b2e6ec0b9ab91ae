//! Why an agent's key is not accepted, as far as whoever is logged in here may know: the server tells
//! strangers nothing of an agent, but its own people that they are still deciding.

use super::exit::Exit;
use super::progress::awaited_all;
use super::server::{Credentials, Server};
use super::session::Session;
use super::trouble::{Shown, Trouble};
use super::words::Told;
use crate::contract::agents::Agent;
use crate::domain::agent::Slug;

/// The trouble, with the reason of it where a person is logged in who may see the agent.
pub async fn explained(session: &Session, trouble: Trouble) -> Trouble {
    let Trouble::Expired { what: Shown::Key(agent), .. } = &trouble else { return trouble };
    // What cannot be learnt must not stand before what is known.
    match look(session, agent).await.ok().as_ref().and_then(waits) {
        Some(waits) => waits,
        None => trouble,
    }
}

async fn look(session: &Session, agent: &Slug) -> Result<Agent, Trouble> {
    let address = session.address()?;
    let login = Credentials::Login(session.logins(address.clone())?);
    Server::open(address.as_str(), login)?.get(&format!("/api/v1/agents/{agent}")).await
}

/// That people are still deciding; none, if they are not.
fn waits(agent: &Agent) -> Option<Trouble> {
    let line = &agent.line;
    let (what, kind) = match line.state.as_str() {
        "pending" => ("registration", "registration"),
        "active" => ("key", "credential"),
        _ => return None,
    };
    let request = agent.open.iter().find(|request| request.kind == kind)?;
    let reference = &request.reference;
    let told = Told::new(format!("{} cannot prove itself yet.", line.name))
        .why(format!("its {what} {reference} waits for {}.", awaited_all(request)))
        .next([format!("agent-cli status {reference} --wait")]);
    Some(Trouble::told(Exit::Waiting, "not_approved", told))
}
