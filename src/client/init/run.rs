//! Questions → files → registration → the agent at work.

use std::path::Path;

use super::asked::{Answered, ask, of_files};
use super::disk::{State, create, overwrite, state};
use super::project::{File, files};
use super::{Args, Language};
use crate::client::ask::Question;
use crate::client::exit::Exit;
use crate::client::look::Ink;
use crate::client::manifest::{Mistake, read};
use crate::client::session::Session;
use crate::client::trouble::Trouble;
use crate::client::words::{Told, harmless};
use crate::contract::catalogue::Catalogue;
use crate::contract::manifest::FILE;

/// Begins an agent.
///
/// # Errors
///
/// What was not done, and why; what was written before stays.
pub async fn run(args: Args, session: &Session) -> Result<Exit, Trouble> {
    let folder = match &args.into {
        Some(folder) => session.folder.join(folder),
        None => session.folder.clone(),
    };
    std::fs::create_dir_all(&folder).map_err(|error| Trouble::file("made", &folder, &error))?;
    let answered = match there_already(&folder)? {
        Some(answered) => kept(answered, &args),
        None => {
            let catalogue = catalogue(session, &args).await?;
            ask(&session.screen, &args, &folder, catalogue.as_ref())?
        }
    };
    let written = write(session, &args, &folder, &answered)?;
    session.screen.tell(Ink::Good, &told(&answered, &written))?;
    Ok(Exit::Done)
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

/// What there is to ask for, where a server can say it.
async fn catalogue(session: &Session, args: &Args) -> Result<Option<Catalogue>, Trouble> {
    if args.no_register {
        return Ok(match session.server() {
            Ok(server) => server.get("/api/v1/catalogue").await.ok(),
            Err(_) => None,
        });
    }
    session.server()?.get("/api/v1/catalogue").await.map(Some)
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

fn told(answered: &Answered, written: &Written) -> Told {
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
    told.next(next(name, *language))
}

fn next(name: &str, language: Option<Language>) -> Vec<String> {
    let mut next = vec![format!("agent-cli register {name}")];
    if let Some(language) = language {
        next.push(format!("agent-cli run -- {} --ask", language.command().join(" ")));
    }
    next
}
