//! Questions → files → registration → the agent at work.

use std::path::Path;

use serde_json::json;

use super::asked::{Answered, HERE, Known, NO_MODEL, ask, of_files};
use super::disk::{State, create, overwrite, state};
use super::project::{File, files};
use super::tools::missing;
use super::{Args, Language};
use crate::client::ask::Question;
use crate::client::commands;
use crate::client::commands::key;
use crate::client::commands::register::Register;
use crate::client::commands::settle::{Settled, Waiting, settle};
use crate::client::exit::Exit;
use crate::client::look::Ink;
use crate::client::manifest::{Mistake, read};
use crate::client::session::Session;
use crate::client::trouble::Trouble;
use crate::client::words::{Told, harmless};
use crate::contract::agents::Agent;
use crate::contract::catalogue::Catalogue;
use crate::contract::manifest::{Described, FILE};
use crate::contract::people::Me;
use crate::domain::agent::Slug;

/// Begins an agent.
///
/// # Errors
///
/// What was not done, and why; what was done before stays, and the next `init` goes on from there.
pub async fn run(args: Args, session: &Session) -> Result<Exit, Trouble> {
    let folder = &session.folder;
    let answered = match there_already(folder)? {
        Some(answered) => kept(answered, &args),
        None => {
            let known = known(session, &args).await?;
            ask(&session.screen, &args, folder, &known)?
        }
    };
    let written = write(session, &args, folder, &answered)?;
    let told = told(&answered, &written, args.no_register);
    if args.no_register {
        session.screen.tell(Ink::Good, &told)?;
        let name = &answered.manifest.agent.name;
        session
            .screen
            .answer(&json!({ "agent": name, "new": written.new, "kept": written.kept }))?;
        return Ok(Exit::Done);
    }
    session.screen.note(&told.render(Ink::Good, session.screen.err));
    let name: Slug = answered
        .manifest
        .agent
        .name
        .parse()
        .map_err(|error| Trouble::fault("The manifest has no name that could be.", error))?;
    let exit = registered(&args, session, &name, &answered.manifest.agent).await?;
    if exit != Exit::Done || session.screen.json {
        return Ok(exit);
    }
    if !can_prove_itself(session, &name).await? {
        let told = Told::new(format!("{name} waits for people."))
            .next(["agent-cli init   goes on from here".to_owned()]);
        session.screen.note(&told.render(Ink::Care, session.screen.err));
        return Ok(Exit::Done);
    }
    at_work(session, answered.language).await
}

/// The agent is registered and has a key here, or people are asked about it; whatever of that was done
/// before is not done again.
async fn registered(
    args: &Args,
    session: &Session,
    name: &Slug,
    said: &Described,
) -> Result<Exit, Trouble> {
    let server = session.server()?;
    let waiting = match args.no_wait {
        true => Waiting::default(),
        false if args.waiting.wait.is_none() && session.screen.interactive => Waiting::ALWAYS,
        false => args.waiting,
    };
    let known = match server.get::<Agent>(&format!("/api/v1/agents/{name}")).await {
        Ok(agent) => agent,
        Err(Trouble::Problem(problem)) if problem.status == 404 => {
            return register(args, session, said).await;
        }
        Err(trouble) => return Err(trouble),
    };
    let open = |kind: &str| known.open.iter().find(|request| request.kind == kind).cloned();
    let mut active = known.line.state == "active";
    if let Some(request) = open("registration") {
        let Settled { request, exit } = settle(session, &server, request, waiting).await?;
        active = request.state == "approved";
        if !active {
            return Ok(exit);
        }
    }
    if !active {
        let told = Told::new(format!("{name} is {}.", harmless(&known.line.state)))
            .why("an agent of this name is known, and it is not at work.")
            .next([format!("agent-cli show {name}"), "or choose another name".to_owned()]);
        return Err(Trouble::told(Exit::Invalid, "not_active", told));
    }
    let request = match open("credential") {
        Some(request) => request,
        None if session.places()?.key_file(name.as_str()).exists() => return Ok(Exit::Done),
        None => {
            let wanted = key::Wanted {
                justification: "the first key, made when the agent was begun".to_owned(),
                ..key::Wanted::default()
            };
            key::ask(session, &server, name, wanted).await?
        }
    };
    Ok(settle(session, &server, request, waiting).await?.exit)
}

async fn register(args: &Args, session: &Session, said: &Described) -> Result<Exit, Trouble> {
    // What the manifest says is taken from there; what it leaves open is not one more question.
    let unsaid = |text: &str, likely: &str| text.is_empty().then(|| likely.to_owned());
    let register = Register {
        name: Some(said.name.clone()),
        purpose: None,
        systems: None,
        writes: false,
        customer_data: false,
        external_calls: false,
        money: false,
        only_reads: false,
        team: None,
        owner: None,
        runs_on: unsaid(&said.runs_on, HERE),
        model: unsaid(&said.model, NO_MODEL),
        yes: true,
        no_key: false,
        waiting: args.waiting,
        no_wait: args.no_wait,
    };
    commands::register::run(register, session).await
}

/// Whether the agent's key is accepted by now.
async fn can_prove_itself(session: &Session, name: &Slug) -> Result<bool, Trouble> {
    if !session.places()?.key_file(name.as_str()).exists() {
        return Ok(false);
    }
    match session.server_as_agent(name.clone())?.agent_token(None).await {
        Ok(_) => Ok(true),
        Err(Trouble::Expired { .. }) => Ok(false),
        Err(trouble) => Err(trouble),
    }
}

/// Starts the agent for the first time.
async fn at_work(session: &Session, language: Option<Language>) -> Result<Exit, Trouble> {
    let Some(language) = language else { return Ok(Exit::Done) };
    if let Some(missing) = missing(language) {
        let told = Told::new("Everything is there but what runs it.")
            .why(missing)
            .next([format!("agent-cli run -- {} --ask", language.command().join(" "))]);
        session.screen.note(&told.render(Ink::Care, session.screen.err));
        return Ok(Exit::Done);
    }
    let words = language.command().iter().copied().chain(["--ask"]);
    let command: Vec<std::ffi::OsString> = words.map(Into::into).collect();
    session.screen.note(&format!(
        "\n{}",
        session.screen.err.ink(
            Ink::Command,
            &format!("$ agent-cli run -- {} --ask", language.command().join(" "))
        )
    ));
    let run = commands::run::Run { agent: None, audience: None, command };
    commands::run::run(run, session).await
}

/// What the folder's own manifest says, if it has one.
fn there_already(folder: &Path) -> Result<Option<Answered>, Trouble> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Trouble::file("read", &path, &error)),
    };
    match read(FILE, &text) {
        Ok(found) => {
            let language = of_files(folder);
            Ok(Some(Answered { manifest: found.manifest, language, guessed: true }))
        }
        Err(mistakes) => {
            let told = Told::new(format!("{FILE} is there already, and cannot be understood."))
                .rows("Mend", mistakes.iter().map(Mistake::to_string))
                .next(["mend it, or move it away, and begin again: agent-cli init"]);
            Err(Trouble::told(Exit::Invalid, "bad_manifest", told))
        }
    }
}

/// A manifest that is there answers everything; the language can still be said.
fn kept(answered: Answered, args: &Args) -> Answered {
    match args.language {
        Some(wished) => Answered { language: wished.language(), guessed: false, ..answered },
        None => answered,
    }
}

/// What there is to ask for, and who is asking, where a server can say it.
async fn known(session: &Session, args: &Args) -> Result<Known, Trouble> {
    match (asked(session).await, args.no_register) {
        (Err(_), true) => Ok(Known::default()),
        (known, _) => known,
    }
}

async fn asked(session: &Session) -> Result<Known, Trouble> {
    let server = session.server()?;
    let catalogue: Catalogue = server.get("/api/v1/catalogue").await?;
    let owner = match server.get("/api/v1/me").await? {
        Me::Person { person, .. } => Some(person.id.user),
        Me::Agent { .. } | Me::Service { .. } | Me::Workload { .. } => None,
    };
    Ok(Known { catalogue: Some(catalogue), owner })
}

/// What became of the files.
#[derive(Debug, Default)]
struct Written {
    new: Vec<&'static str>,
    kept: Vec<&'static str>,
}

/// Writes the project's files; over what is there only after a yes.
fn write(
    session: &Session,
    args: &Args,
    folder: &Path,
    answered: &Answered,
) -> Result<Written, Trouble> {
    let mut written = Written::default();
    for file in files(&answered.manifest, answered.language) {
        match state(folder, &file)? {
            State::New => {
                create(folder, &file)?;
                written.new.push(file.path);
            }
            State::Same => {}
            // The manifest that is there is what the answers came from.
            State::Differs if file.path == FILE => {}
            State::Differs if may_overwrite(session, args, &file)? => {
                overwrite(folder, &file)?;
                written.new.push(file.path);
            }
            State::Differs => written.kept.push(file.path),
        }
    }
    Ok(written)
}

fn may_overwrite(session: &Session, args: &Args, file: &File) -> Result<bool, Trouble> {
    if args.overwrite {
        return Ok(!file.optional);
    }
    // Where nobody can be asked, what is there stays.
    if file.optional || !session.screen.interactive {
        return Ok(false);
    }
    let text = format!("{} is there already, and differs. Write over it?", file.path);
    let help = "No keeps yours.";
    session.screen.ask_yes(Question { text: &text, help, flag: "--overwrite" }, Some(false))
}

fn told(answered: &Answered, written: &Written, alone: bool) -> Told {
    let Answered { manifest, language, guessed } = answered;
    let name = &manifest.agent.name;
    let what = if written.new.is_empty() {
        format!("{name}: everything is there already.")
    } else {
        format!("{name} is written.")
    };
    let mut told = Told::new(what);
    if !written.new.is_empty() {
        told = told.row("New", harmless(&written.new.join(", ")));
    }
    if !written.kept.is_empty() {
        told = told
            .row("Kept", format!("{} (yours; --overwrite replaces them)", written.kept.join(", ")));
    }
    if let (Some(language), true) = (language, guessed) {
        told = told.row("In", format!("{}; another with --language", language.name()));
    }
    if alone { told.next(next(name, *language)) } else { told }
}

fn next(name: &str, language: Option<Language>) -> Vec<String> {
    let mut next = vec![format!("agent-cli register {name}")];
    if let Some(language) = language {
        next.push(format!("agent-cli run -- {} --ask", language.command().join(" ")));
    }
    next
}
