//! `agent-cli register`: registers an agent. What `agent.toml` or the command line says is not asked; the
//! rest is, in at most six questions, and what it leads to is shown before anything is sent.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::super::ask::Question;
use super::super::exit::Exit;
use super::super::look::{Ink, Look};
use super::super::screen::Screen;
use super::super::session::{Session, manifest_above};
use super::super::trouble::Trouble;
use super::super::words::{Told, harmless, listed};
use super::key;
use super::login::device_name;
use super::request::not_empty;
use super::settle::{Settled, Waiting, settle};
use crate::contract::agents::{Answers, Preview, Registered, Registration};
use crate::contract::catalogue::Catalogue;
use crate::contract::manifest::Manifest;
use crate::domain::agent::Slug;
use crate::domain::time::Span;

/// What is said of an agent without a model.
const NO_MODEL: &str = "none";

/// What is registered.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
What stands in agent.toml is taken from there. In a pipeline, or where nobody can be asked:
  agent-cli register support-agent --purpose \"answers support mail\" --systems database,mail \\
      --runs-on \"the support cluster\" --model \"Claude\" --writes --customer-data --team support --wait --yes")]
pub struct Register {
    /// Its name: small letters, digits and dashes.
    pub name: Option<String>,
    /// What it is for, in a sentence or two.
    #[arg(long, value_name = "TEXT")]
    pub purpose: Option<String>,
    /// The systems it touches, with commas between.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub systems: Option<Vec<String>>,
    /// It writes or changes something.
    #[arg(long)]
    pub writes: bool,
    /// It sees customer or personal data.
    #[arg(long)]
    pub customer_data: bool,
    /// It calls or messages something outside the company.
    #[arg(long)]
    pub external_calls: bool,
    /// It can move or promise money.
    #[arg(long)]
    pub money: bool,
    /// It does none of the four.
    #[arg(long, conflicts_with_all = ["writes", "customer_data", "external_calls", "money"])]
    pub only_reads: bool,
    /// The team it works for [default: yours, if that is clear].
    #[arg(long, value_name = "TEAM")]
    pub team: Option<String>,
    /// Who is to answer for it: a Slack user id [default: you].
    #[arg(long, value_name = "PERSON")]
    pub owner: Option<String>,
    /// Where it runs.
    #[arg(long, value_name = "TEXT")]
    pub runs_on: Option<String>,
    /// The model behind it.
    #[arg(long, value_name = "TEXT")]
    pub model: Option<String>,
    /// Send it without showing what it leads to.
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Make no key: the agent gets none with its registration.
    #[arg(long)]
    pub no_key: bool,
    /// Whether to wait; on a terminal it waits anyway, unless --no-wait is given.
    #[command(flatten)]
    pub waiting: Waiting,
    /// Do not wait, on a terminal either.
    #[arg(long, conflicts_with = "wait")]
    pub no_wait: bool,
}

/// Registers it.
///
/// # Errors
///
/// Why it is not registered.
pub async fn run(arguments: Register, session: &Session) -> Result<Exit, Trouble> {
    let server = session.server()?;
    // Somebody who is not logged in must not answer five questions first.
    let catalogue: Catalogue = server.get("/api/v1/catalogue").await?;
    let registration = fill(&arguments, session, &catalogue.teams)?;
    if !arguments.yes {
        let preview: Preview = server.post("/api/v1/agents/preview", &registration).await?;
        session.screen.note(&format!("\n{}", words(&registration, &preview, session.screen.err)));
        if session.screen.interactive {
            let question = Question { text: "Send it?", help: "", flag: "--yes" };
            if !session.screen.ask_yes(question, Some(true))? {
                let told =
                    Told::new("Nothing was sent.").next(["agent-cli register   begins again"]);
                return Err(Trouble::told(Exit::No, "not_confirmed", told));
            }
        }
    }
    // One yes is for both: the agent, and the key by which it proves itself.
    let (credential, told) = match arguments.no_key {
        true => (None, None),
        false => {
            let made = key::made(session, &checked(&registration.name)?, Default::default())?;
            (Some(made.0), Some(made.1))
        }
    };
    let registration = Registration { credential, ..registration };
    let registered: Registered = server.post("/api/v1/agents", &registration).await?;
    if let Some(told) = told {
        session.screen.note(&told.render(Ink::Good, session.screen.err));
    }
    let waiting = match arguments.no_wait {
        true => Waiting::default(),
        false if arguments.waiting.wait.is_none() && session.screen.interactive => Waiting::ALWAYS,
        false => arguments.waiting,
    };
    let Settled { request, exit } =
        settle(session, &server, registered.request.clone(), waiting).await?;
    session.screen.answer(&json!({ "agent": registered.agent, "request": request }))?;
    Ok(exit)
}

/// What the command line and `agent.toml` say, and for the rest what whoever sits here says.
fn fill(
    arguments: &Register,
    session: &Session,
    teams: &[String],
) -> Result<Registration, Trouble> {
    let screen = &session.screen;
    let manifest = manifest(arguments.name.as_deref(), &session.folder)?;
    let said = manifest.as_ref().map(|manifest| &manifest.agent);
    let text = |given: &Option<String>, said: Option<&String>| {
        given.clone().or_else(|| said.cloned()).filter(|text| !text.trim().is_empty())
    };
    let name = text(&arguments.name, said.map(|said| &said.name));
    let purpose = text(&arguments.purpose, said.map(|said| &said.purpose));
    let name = match name {
        Some(name) => checked(&name)?.to_string(),
        None => ask_name(screen, &session.folder)?,
    };
    let purpose = match purpose {
        Some(purpose) => purpose,
        None => ask_purpose(screen)?,
    };
    let systems = match (&arguments.systems, said) {
        (Some(systems), _) => systems.clone(),
        (None, Some(said)) => said.systems.clone(),
        (None, None) => {
            let typed = screen.ask(
                Question {
                    text: "Which systems does it touch?",
                    help: "With commas between: figma, slack.",
                    flag: "--systems a,b",
                },
                None,
                not_empty,
            )?;
            typed
                .split(',')
                .map(|system| system.trim().to_owned())
                .filter(|s| !s.is_empty())
                .collect()
        }
    };
    // A file that leaves these out is from this machine, where the key is made, too.
    let here = said.map(|_| device_name(session));
    let no_model = said.map(|_| NO_MODEL.to_owned());
    let runs_on = text(&arguments.runs_on, said.map(|said| &said.runs_on)).or(here);
    let model = text(&arguments.model, said.map(|said| &said.model)).or(no_model);
    let (runs_on, model) = match (runs_on, model) {
        (Some(runs_on), Some(model)) => (runs_on, model),
        (runs_on, model) => ask_where(screen, runs_on, model)?,
    };
    let answers = match answers_given(arguments) {
        Some(answers) => answers,
        None => match said {
            Some(said) => said.answers(),
            None => ask_answers(screen)?,
        },
    };
    let team = match text(&arguments.team, said.and_then(|said| said.team.as_ref())) {
        None if teams.len() > 1 && screen.interactive => {
            let question =
                Question { text: "Which team does it work for?", help: "", flag: "--team TEAM" };
            let at = screen.choose(question, teams)?;
            teams.get(at).cloned()
        }
        // One alone is clear, and where nobody can be asked the server may know the person's own.
        team => team,
    };
    Ok(Registration {
        name,
        purpose,
        systems,
        runs_on,
        model,
        answers,
        team,
        owner: text(&arguments.owner, said.and_then(|said| said.owner.as_ref())),
        credential: None,
    })
}

fn ask_name(screen: &Screen, folder: &Path) -> Result<String, Trouble> {
    screen.ask(
        Question {
            text: "What is it called?",
            help: "Small letters, digits and dashes: support-agent, figma-to-slack.",
            flag: "its name: agent-cli register NAME",
        },
        likely_name(folder).as_deref(),
        |typed| typed.parse::<Slug>().map(drop).map_err(|error| format!("{error}.")),
    )
}

fn ask_purpose(screen: &Screen) -> Result<String, Trouble> {
    let question = Question {
        text: "What is it for?",
        help: "A sentence that a colleague understands.",
        flag: "--purpose \"…\"",
    };
    screen.ask(question, None, not_empty)
}

/// Where it runs and the model behind it, as far as one of them is not known.
fn ask_where(
    screen: &Screen,
    runs_on: Option<String>,
    model: Option<String>,
) -> Result<(String, String), Trouble> {
    if let Some(runs_on) = runs_on {
        let question = Question {
            text: "Which model is behind it?",
            help: "Such as Claude or GPT; none, if there is none.",
            flag: "--model \"…\"",
        };
        return Ok((runs_on, screen.ask(question, None, not_empty)?));
    }
    if let Some(model) = model {
        let question = Question {
            text: "Where does it run?",
            help: "Such as my laptop, a GitHub workflow, the support cluster.",
            flag: "--runs-on \"…\"",
        };
        return Ok((screen.ask(question, None, not_empty)?, model));
    }
    let question = Question {
        text: "Where does it run, and which model is behind it?",
        help: "With a comma between: my laptop, Claude. Without a model, the place alone.",
        flag: "--runs-on \"…\" and --model \"…\"",
    };
    let typed = screen.ask(question, None, not_empty)?;
    let (place, model) = typed.split_once(',').unwrap_or((&typed, NO_MODEL));
    let or = |text: &str, else_: &str| {
        let text = text.trim();
        if text.is_empty() { else_.to_owned() } else { text.to_owned() }
    };
    Ok((or(place, "not said"), or(model, NO_MODEL)))
}

fn checked(name: &str) -> Result<Slug, Trouble> {
    name.parse().map_err(|error| {
        Trouble::invalid(
            format!("`{}` cannot be its name.", harmless(name)),
            format!("{error}."),
            "agent-cli register NAME",
        )
    })
}

/// The `agent.toml` around, unless it is another agent's than the one that is named.
fn manifest(name: Option<&str>, folder: &Path) -> Result<Option<Manifest>, Trouble> {
    let Some(path) = manifest_above(folder) else { return Ok(None) };
    let text =
        std::fs::read_to_string(&path).map_err(|error| Trouble::file("read", &path, &error))?;
    let manifest: Manifest = toml::from_str(&text).map_err(|error| {
        Trouble::invalid(
            format!("{} cannot be understood.", path.display()),
            error.message().to_owned(),
            "mend it: agent-cli gate names each mistake with its line",
        )
    })?;
    Ok(Some(manifest).filter(|manifest| name.is_none_or(|name| name == manifest.agent.name)))
}

/// The name of the folder, if it would do.
fn likely_name(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?.to_lowercase().replace(['_', ' ', '.'], "-");
    name.parse::<Slug>().ok().map(|slug| slug.to_string())
}

/// What the flags say, if they say anything.
fn answers_given(arguments: &Register) -> Option<Answers> {
    let Register { writes, customer_data, external_calls, money, only_reads, .. } = *arguments;
    let answers = Answers { writes, customer_data, external_calls, money };
    (only_reads || answers != Answers::default()).then_some(answers)
}

/// The four yes-or-no questions in one.
fn ask_answers(screen: &Screen) -> Result<Answers, Trouble> {
    let options = [
        "It writes or changes something",
        "It sees customer or personal data",
        "It calls or messages something outside the company",
        "It can move or promise money",
    ]
    .map(str::to_owned);
    let question = Question {
        text: "Which of these are true?",
        help: "Their numbers, with commas between; nothing if it only reads.",
        flag: "--only-reads, or those of --writes --customer-data --external-calls --money that are true",
    };
    let places = screen.choose_any(question, &options, |_| Ok(()))?;
    Ok(Answers {
        writes: places.contains(&0),
        customer_data: places.contains(&1),
        external_calls: places.contains(&2),
        money: places.contains(&3),
    })
}

/// What would be sent, and what it leads to.
fn words(registration: &Registration, preview: &Preview, look: Look) -> String {
    let route = &preview.route;
    let reasons: Vec<String> = preview.reasons.iter().map(|reason| harmless(reason)).collect();
    let needs: Vec<String> = route.needs.iter().map(|role| harmless(role)).collect();
    let decides = match &route.without_people {
        Some(rule) => format!("at once, by the rule “{}”", harmless(rule)),
        None if needs.is_empty() => "nobody has to".to_owned(),
        None => listed(&needs, "and"),
    };
    let usual = route.usual.as_ref().map_or_else(
        || format!("within {}", Span::seconds(route.decide_within.seconds).words()),
        |usual| format!("usually {}", Span::seconds(usual.seconds).words()),
    );
    let told = Told::new(format!(
        "{} will be tier {}, {}.",
        registration.name,
        route.tier,
        harmless(&route.meaning)
    ))
    .row("Because", reasons.join("; "))
    .row("Purpose", harmless(&registration.purpose))
    .row("Systems", harmless(&registration.systems.join(", ")))
    .row("Team", registration.team.as_deref().map(harmless).unwrap_or_default())
    .row("Decides", decides);
    let told = if route.without_people.is_some() { told } else { told.row("Wait", usual) };
    told.render(Ink::Strong, look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Lasting;
    use crate::contract::agents::Route;

    #[test]
    fn what_it_leads_to_is_shown_before_it_is_sent() {
        let lasting = |text: &str, seconds| Lasting { text: text.to_owned(), seconds };
        let registration = Registration {
            name: "figma-to-slack".to_owned(),
            purpose: "posts new designs to the team's channel".to_owned(),
            systems: vec!["figma".to_owned(), "slack".to_owned()],
            team: Some("design".to_owned()),
            ..Registration::default()
        };
        let people = Preview {
            reasons: vec!["it writes".to_owned()],
            route: Route {
                tier: 2,
                meaning: "internal actor".to_owned(),
                needs: vec!["team-lead".to_owned(), "security".to_owned()],
                decide_within: lasting("4h", 14_400),
                usual: Some(lasting("40m", 2_400)),
                without_people: None,
            },
            teams: Vec::new(),
        };
        let mut rule = people.clone();
        rule.reasons.clear();
        rule.route.without_people = Some("read-only agents".to_owned());
        let text = |preview| words(&registration, preview, Look::PLAIN);
        insta::assert_snapshot!(format!("{}\n{}", text(&people), text(&rule)));
    }

    #[test]
    fn a_folders_name_is_proposed_if_it_would_do() {
        let name = |folder: &str| likely_name(Path::new(folder));
        assert_eq!(name("/src/Figma_to Slack").as_deref(), Some("figma-to-slack"));
        assert_eq!(name("/src/-x"), None);
        assert_eq!(name("/"), None);
    }

    #[test]
    fn another_agents_file_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        let text = "version = 1\n[agent]\nname = \"one-agent\"\npurpose = \"p\"\nwrites = true\n";
        std::fs::write(&path, text).unwrap();
        let found = |name| manifest(name, folder.path()).unwrap().map(|found| found.agent.writes);
        assert_eq!(found(None), Some(true));
        assert_eq!(found(Some("one-agent")), Some(true));
        assert_eq!(found(Some("another")), None);
        std::fs::write(&path, "version = 1\n[agent]\nnmae = \"x\"\n").unwrap();
        assert!(manifest(None, folder.path()).is_err());
    }
}
