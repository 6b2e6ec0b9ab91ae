//! `agent-cli show`: everything about one agent.

use clap::Args;

use super::super::exit::Exit;
use super::super::look::{Ink, Look};
use super::super::progress::{about, awaited_all};
use super::super::session::Session;
use super::super::times::{clock, relative, until};
use super::super::trouble::Trouble;
use super::super::words::{Told, counted, harmless, listed};
use super::list::{ink_of, troubles};
use super::settle::{Naming, which_agent};
use super::whoami::called;
use crate::contract::agents::{Agent, History};
use crate::domain::time::{Span, Timestamp};

/// Which agent.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// The agent [default: agent.toml's, or your only one].
    pub agent: Option<String>,
}

/// The most lines of history that people are shown; `--json` has all.
const MOST_HISTORY: usize = 8;

/// Asks the server.
///
/// # Errors
///
/// Why there is no answer.
pub async fn run(arguments: Show, session: &Session) -> Result<Exit, Trouble> {
    let server = session.server()?;
    let naming = Naming::After("show");
    let name = which_agent(session, &server, arguments.agent.as_deref(), naming).await?;
    let agent: Agent = server.get(&format!("/api/v1/agents/{name}")).await?;
    session.screen.answer(&agent)?;
    session.screen.say(&words(&agent, session.now(), session.screen.out))?;
    Ok(Exit::Done)
}

fn words(agent: &Agent, now: Timestamp, look: Look) -> String {
    let line = &agent.line;
    let state = harmless(&line.state);
    let reasons: Vec<String> = agent.reasons.iter().map(|reason| harmless(reason)).collect();
    let because =
        if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    let certified = agent.certified_until.map(|end| until(end, now)).unwrap_or_default();
    let grants = agent.grants.iter().map(|grant| {
        let left = grant.left.as_ref().map_or_else(
            || harmless(&grant.state),
            |left| format!("{} left", Span::seconds(left.seconds).words()),
        );
        format!("{}  {}  {left}", harmless(&grant.reference), harmless(&grant.access))
    });
    let open = agent.open.iter().map(|request| {
        format!("{}  {}; waits for {}", request.reference, about(request), awaited_all(request))
    });
    let needs: Vec<String> = agent.route.needs.iter().map(|role| harmless(role)).collect();
    let keys = usize::try_from(line.live_credentials).unwrap_or(usize::MAX);
    let mut told = Told::new(format!("{}  {}", line.name, look.ink(ink_of(&state), &state)));
    for (label, text) in troubles(line, now) {
        told = told.row(label, text);
    }
    let told = told
        .row("Purpose", harmless(&agent.purpose))
        .row("Owner", format!("{}, team {}", called(&line.owner), harmless(&line.team)))
        .row("Tier", format!("{}, {}{because}", line.tier, harmless(&agent.route.meaning)))
        .row("Decides", listed(&needs, "and"))
        .row("Systems", harmless(&agent.systems.join(", ")))
        .row("Runs on", harmless(&agent.runs_on))
        .row("Model", harmless(&agent.model))
        .row("Since", clock(agent.registered_at, now))
        .row("Certified", certified)
        .row(
            "Proof",
            if keys == 0 {
                format!("none yet: agent-cli key {}", line.name)
            } else {
                counted(keys, "live credential", "live credentials")
            },
        )
        .rows("Grants", grants)
        .rows("Waiting", open)
        .rows(
            "Lately",
            agent.history.iter().take(MOST_HISTORY).map(|event| of_history(event, now)),
        );
    told.render(Ink::Strong, look)
}

/// `2 hours ago  grant opened  by Theo  G-1042`.
fn of_history(event: &History, now: Timestamp) -> String {
    let mut text =
        format!("{:<16}  {}", relative(event.at, now), harmless(&event.what).replace('_', " "));
    if let Some(reference) = &event.reference {
        text.push_str(&format!("  {}", harmless(reference)));
    }
    if let Some(by) = &event.by {
        text.push_str(&format!("  by {}", called(by)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::progress::tests::{at, open};
    use super::super::list::tests::{ownerless, suspended};
    use super::*;
    use crate::contract::Lasting;
    use crate::contract::agents::{AgentLine, Answers, Route};
    use crate::contract::grants::Grant;
    use crate::contract::people::Person;

    #[test]
    fn an_agent_on_one_screen() {
        let now = at("12:00:00");
        let dana = Person { id: "T0ACME/U0DANA".parse().unwrap(), name: Some("Dana".to_owned()) };
        let name: Slug = "support-agent-v2".parse().unwrap();
        let lasting = |seconds| Lasting { text: "30m".to_owned(), seconds };
        let agent = Agent {
            line: AgentLine {
                name: name.clone(),
                state: "active".to_owned(),
                suspended: None,
                ownerless: None,
                tier: 2,
                owner: dana.clone(),
                team: "support".to_owned(),
                live_grants: 1,
                live_credentials: 0,
            },
            id: "agt_01".to_owned(),
            purpose: "answers support mail \x1b[31mgladly".to_owned(),
            systems: vec!["database".to_owned(), "mail".to_owned()],
            runs_on: "the support cluster".to_owned(),
            model: "gpt-5.1".to_owned(),
            answers: Answers { writes: true, ..Answers::default() },
            reasons: vec!["it writes".to_owned()],
            registered_at: at("09:00:00"),
            certified_until: None,
            route: Route {
                tier: 2,
                meaning: "internal actor".to_owned(),
                needs: vec!["team-lead".to_owned(), "security".to_owned()],
                decide_within: lasting(14_400),
                usual: None,
                without_people: None,
            },
            grants: vec![Grant {
                reference: "G-1041".to_owned(),
                agent: name,
                access: "database:read".to_owned(),
                state: "active".to_owned(),
                starts_at: at("11:50:00"),
                expires_at: at("12:20:00"),
                left: Some(lasting(1_200)),
            }],
            open: vec![open()],
            history: vec![History {
                at: at("11:50:00"),
                what: "grant_opened".to_owned(),
                by: Some(dana),
                reference: Some("G-1041".to_owned()),
            }],
        };
        let text = words(&agent, now, Look::PLAIN);
        assert!(!text.contains('\x1b'), "{text}");
        insta::assert_snapshot!(text.replace(&clock(at("09:00:00"), now), "[clock]"));

        // What is wrong with it stands above everything else.
        let wrong = |cause: Option<&str>, orphan: bool| {
            let mut agent = agent.clone();
            agent.line.suspended = cause.map(suspended);
            if cause.is_some() {
                "suspended".clone_into(&mut agent.line.state);
            }
            agent.line.ownerless = orphan.then(ownerless);
            let text = words(&agent, now, Look::PLAIN);
            assert!(!text.contains('\x1b'), "{text}");
            text.split("\n  Purpose").next().unwrap_or_default().to_owned()
        };
        let all = [
            wrong(Some("stopped"), false),
            wrong(Some("uncertified"), false),
            wrong(Some("ownerless"), true),
            wrong(None, true),
        ];
        let mut text = all.join("\n");
        for hour in ["13:00:00", "15:00:00"] {
            text = text.replace(&clock(at(hour), now), "[clock]");
        }
        insta::assert_snapshot!("what_is_wrong_with_an_agent", text);
    }

    use crate::domain::agent::Slug;
}
