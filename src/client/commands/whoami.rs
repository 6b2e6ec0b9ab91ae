//! `agent-cli whoami`: who is asking, as the server sees them.

use clap::Args;

use super::super::exit::Exit;
use super::super::look::Ink;
use super::super::session::Session;
use super::super::times::until;
use super::super::trouble::Trouble;
use super::super::words::{Told, counted, harmless};
use crate::contract::about::About;
use crate::contract::people::{Me, Person};
use crate::domain::time::Timestamp;

/// Nothing more.
#[derive(Debug, Clone, Args)]
pub struct Whoami {}

/// Asks the server.
///
/// # Errors
///
/// Why there is no answer.
pub async fn run(_: Whoami, session: &Session) -> Result<Exit, Trouble> {
    let server = session.server()?;
    let me: Me = server.get("/api/v1/me").await?;
    let about = server.about().await?;
    session.screen.answer(&me)?;
    session.screen.tell(Ink::Strong, &words(&me, about, session.now()))?;
    Ok(Exit::Done)
}

/// A person's name, or their id where nobody knows it.
pub fn called(person: &Person) -> String {
    harmless(person.name.as_deref().unwrap_or(&person.id.user))
}

fn words(me: &Me, about: &About, now: Timestamp) -> Told {
    let names = |agents: &[crate::domain::agent::Slug]| {
        agents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let told = match me {
        Me::Person { person, standing, device, until: end, agents, waiting_for_you } => {
            let told = Told::new(format!("{} ({})", called(person), person.id));
            let told = if standing == "member" {
                told
            } else {
                told.row(
                    "Note",
                    format!("{} in this workspace: may do nothing here.", harmless(standing)),
                )
            };
            let told = told.row(
                "Login",
                format!("{}, {} if it is not used", harmless(device), until(*end, now)),
            );
            let told = if agents.is_empty() {
                told.row("Agents", "none yet: agent-cli register")
            } else {
                told.row("Agents", names(agents))
            };
            if *waiting_for_you == 0 {
                told
            } else {
                let n = usize::try_from(*waiting_for_you).unwrap_or(usize::MAX);
                let requests = counted(n, "request waits", "requests wait");
                told.row(
                    "Waiting",
                    format!("{requests} for your word: {} in Slack", about.slash_command),
                )
            }
        }
        Me::Agent { agent } => Told::new(format!("{agent}, an agent")),
        Me::Service { name } => Told::new(format!("{}, a service of the policy", harmless(name))),
        Me::Workload { issuer, subject, agents } => {
            let told =
                Told::new(format!("{}, a workload of {}", harmless(subject), harmless(issuer)));
            if agents.is_empty() {
                told.row("Agents", "none is known by it")
            } else {
                told.row("Agents", names(agents))
            }
        }
    };
    told.row("Server", format!("{} ({})", harmless(&about.address), harmless(&about.version)))
}

#[cfg(test)]
mod tests {
    use super::super::super::look::Look;
    use super::*;

    #[test]
    fn everybody_is_called_what_they_are() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let about = About {
            product: "countersign".to_owned(),
            version: "0.1.0".to_owned(),
            api_version: 1,
            oldest_api_version: 1,
            address: "https://agents.example.com".to_owned(),
            slash_command: "/agent".to_owned(),
            now: None,
        };
        let dana = |standing: &str, agents: &[&str], waiting_for_you| Me::Person {
            person: Person { id: "T0ACME/U0DANA".parse().unwrap(), name: Some("Dana".to_owned()) },
            standing: standing.to_owned(),
            device: "dana's laptop".to_owned(),
            until: now + chrono::TimeDelta::days(30),
            agents: agents.iter().map(|name| name.parse().unwrap()).collect(),
            waiting_for_you,
        };
        let all = [
            dana("member", &["support-agent-v2", "figma-to-slack"], 2),
            dana("guest", &[], 0),
            Me::Agent { agent: "support-agent-v2".parse().unwrap() },
            Me::Service { name: "crm".to_owned() },
            Me::Workload {
                issuer: "github".to_owned(),
                subject: "repo:acme/x".to_owned(),
                agents: Vec::new(),
            },
        ];
        let text: Vec<String> =
            all.iter().map(|me| words(me, &about, now).render(Ink::Strong, Look::PLAIN)).collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
