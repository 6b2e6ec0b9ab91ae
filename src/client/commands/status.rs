//! `agent-cli status`: how requests stand: who is awaited, since when, and how long it usually takes.

use clap::Args;

use super::super::ask::Question;
use super::super::exit::Exit;
use super::super::look::{Ink, Look};
use super::super::progress::{about, end, view};
use super::super::server::Server;
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::Told;
use super::list::{standing, troubles};
use super::settle::{Settled, Waiting, is_reference, settle};
use super::with_query;
use crate::contract::Page;
use crate::contract::agents::{Agent, AgentLine};
use crate::contract::requests::Request;
use crate::domain::time::Timestamp;

/// The most requests that are shown.
const MOST: &str = "50";

/// Of what.
#[derive(Debug, Clone, Args)]
pub struct Status {
    /// A request (G-1042) or an agent [default: what you asked, and is not decided].
    pub what: Option<String>,
    /// Whether to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// Looks.
///
/// # Errors
///
/// Why there is no answer.
pub async fn run(arguments: Status, session: &Session) -> Result<Exit, Trouble> {
    let server = session.server()?;
    let typed = arguments.what.as_deref().map(str::trim);
    if let Some(reference) = typed.map(str::to_uppercase).filter(|text| is_reference(text)) {
        let request: Request = server.get(&format!("/api/v1/requests/{reference}")).await?;
        return one(session, &server, request, arguments.waiting).await;
    }
    let agent = match typed {
        Some(typed) => session.named_agent(Some(typed))?,
        None => None,
    };
    let agent = agent.map(|agent| agent.to_string());
    let mut query = vec![("state", "open"), ("limit", MOST)];
    query.push(match &agent {
        Some(agent) => ("agent", agent),
        None => ("asked_by", "me"),
    });
    let page: Page<Request> = server.get(&with_query("/api/v1/requests", &query)).await?;
    let mut open = page.items;
    if arguments.waiting.wait.is_some() && !open.is_empty() {
        let at = match open.as_slice() {
            [_] => 0,
            several => {
                let options: Vec<String> = several
                    .iter()
                    .map(|one| format!("{}  {}", one.reference, about(one)))
                    .collect();
                let question = Question {
                    text: "Several wait. Which one do you want to watch?",
                    help: "",
                    flag: "its reference: agent-cli status G-1042 --wait",
                };
                session.screen.choose(question, &options)?
            }
        };
        return one(session, &server, open.swap_remove(at), arguments.waiting).await;
    }
    session.screen.answer(&open)?;
    if let Some(name) = &agent {
        let shown: Agent = server.get(&format!("/api/v1/agents/{name}")).await?;
        if let Some(told) = not_well(&shown.line, session.now()) {
            session.screen.say(&told.render(Ink::Care, session.screen.out))?;
        }
    }
    session.screen.say(&words(&open, agent.as_deref(), session.now(), session.screen.out))?;
    Ok(Exit::Done)
}

/// That an agent is suspended or that nobody answers for it, where that is so.
fn not_well(agent: &AgentLine, now: Timestamp) -> Option<Told> {
    let rows = troubles(agent, now);
    let told = Told::new(format!("{} is {}.", agent.name, standing(agent)));
    let told = rows.iter().fold(told, |told, (label, text)| told.row(label, text.clone()));
    (!rows.is_empty()).then_some(told)
}

async fn one(
    session: &Session,
    server: &Server,
    request: Request,
    waiting: Waiting,
) -> Result<Exit, Trouble> {
    if waiting.wait.is_some() {
        let Settled { request, exit } = settle(session, server, request, waiting).await?;
        session.screen.answer(&request)?;
        return Ok(exit);
    }
    session.screen.answer(&request)?;
    let now = session.now();
    if request.state == "open" {
        session.screen.say(&view(&request, now, session.screen.out).join("\n"))?;
        return Ok(Exit::Done);
    }
    let end = end(&request, now);
    session.screen.tell(end.ink, &end.told)?;
    // Whoever looks is told; that the answer was no is nothing that failed now.
    Ok(Exit::Done)
}

fn words(open: &[Request], agent: Option<&str>, now: Timestamp, look: Look) -> String {
    if open.is_empty() {
        return match agent {
            Some(agent) => format!("Nothing of {agent}'s waits for anybody."),
            None => "Nothing that you asked waits for anybody.".to_owned(),
        };
    }
    let views: Vec<String> = open.iter().map(|one| view(one, now, look).join("\n")).collect();
    let more = look.ink(Ink::Command, "agent-cli status G-… --wait");
    format!("{}\n\nTo watch one: {more}", views.join("\n\n"))
}
