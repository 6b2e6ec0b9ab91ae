//! Files in, answers and the exit status out.

use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use super::report::{Judged, Report, Silence};
use super::{Args, OnUnreachable, When, github, identity, json, junit, sarif, words};
use crate::client::exit::Exit;
use crate::client::look::Ink;
use crate::client::manifest::{self, Found};
use crate::client::server::Server;
use crate::client::session::Session;
use crate::client::trouble::Trouble;
use crate::contract::gate::{GateAnswer, GateQuestion};
use crate::contract::manifest::FILE;

/// The longest manifest that is read, in bytes.
const LONGEST: u64 = 256 * 1024;
/// What stands for standard output in place of a file.
const STANDARD_OUTPUT: &str = "-";

/// Checks the manifests, says what was found in every form that is wanted, and ends as the verdict says.
///
/// # Errors
///
/// What keeps it from judging at all: wrong use, a file that cannot be read or written. That the server
/// gives no answer is a verdict.
pub async fn run(args: Args, session: &Session) -> Result<Exit, Trouble> {
    let address = session.address()?;
    one_document(session, &args)?;
    let mut judged = Vec::new();
    let mut silence = None;
    let mut server: Option<Result<Server, Trouble>> = None;
    for path in &args.paths {
        let (path, shown) = file(&session.folder, path);
        let Some(text) = text(&path)? else {
            judged.push(Judged::missing(&shown));
            continue;
        };
        let found = match manifest::read(&shown, &text) {
            Ok(found) => found,
            Err(mistakes) => {
                judged.push(Judged::mistaken(&shown, mistakes));
                continue;
            }
        };
        if server.is_none() {
            server = Some(identity::server(session, args.audience.as_deref()).await);
        }
        let answer = match &server {
            Some(Ok(server)) => ask(server, &found).await,
            Some(Err(trouble)) => Err(trouble.clone()),
            None => continue,
        };
        judged.push(match answer {
            Ok(answer) => Judged::answered(&shown, &found, answer),
            Err(trouble) => {
                let quiet = silence_of(session, address.as_str(), &trouble);
                let goes_on = quiet.away && args.on_unreachable == OnUnreachable::Warn;
                silence = silence.or((!goes_on).then_some(quiet.exit));
                Judged::unjudged(&shown, &found, &quiet, goes_on)
            }
        });
    }
    let report = Report { judged, advise: args.advise, silence };
    let told = tell(session, &args, &report);
    match (told, report.exit()) {
        (Ok(()), exit) => Ok(exit),
        (Err(trouble), Exit::Done) => Err(trouble),
        // A no is what the pipeline must hear, also where its file could not be written.
        (Err(trouble), exit) => {
            session.screen.note(&trouble.words().render(Ink::Bad, session.screen.err));
            Ok(exit)
        }
    }
}

async fn ask(server: &Server, found: &Found) -> Result<GateAnswer, Trouble> {
    let question = GateQuestion { manifest: found.manifest.clone() };
    server.post("/api/v1/gate", &question).await
}

/// Why there is no answer, with what would help in this pipeline.
fn silence_of(session: &Session, address: &str, trouble: &Trouble) -> Silence {
    let hint = match trouble {
        Trouble::LoggedOut { .. } => identity::hint(&session.environment, address),
        _ => None,
    };
    let told = hint.unwrap_or_else(|| trouble.words());
    let lines = |label: &str| -> Vec<String> {
        told.rows
            .iter()
            .filter(|(name, _)| name == label)
            .flat_map(|(_, rows)| rows.clone())
            .collect()
    };
    Silence {
        what: told.what.clone(),
        why: lines("Why").into_iter().next(),
        next: lines("Next"),
        away: trouble.may_pass(),
        exit: trouble.exit(),
    }
}

/// Where a manifest is, and what it is called in what is said: below the folder where the command was
/// called, if it is there.
fn file(folder: &Path, path: &Path) -> (PathBuf, String) {
    let whole = folder.join(path);
    let path = if whole.is_dir() { path.join(FILE) } else { path.to_owned() };
    let shown = path.strip_prefix(folder).unwrap_or(&path);
    let parts = shown.components().filter(|part| *part != Component::CurDir);
    let shown: PathBuf = parts.collect();
    (folder.join(&path), shown.display().to_string())
}

/// A manifest's text; `None` if there is no such file.
fn text(path: &Path) -> Result<Option<String>, Trouble> {
    let failed = |error| Trouble::file("read", path, &error);
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Trouble::invalid(
            format!("{} is too large for a manifest.", path.display()),
            format!("more than {LONGEST} bytes are not read."),
            "name the manifest: agent-cli gate path/to/agent.toml",
        ));
    }
    // What is no text is a mistake like any other, at its place.
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// That not two documents are wanted on standard output.
fn one_document(session: &Session, args: &Args) -> Result<(), Trouble> {
    let here = |path: &Option<PathBuf>| {
        path.as_ref().is_some_and(|path| path.as_os_str() == STANDARD_OUTPUT)
    };
    let wanted = [session.screen.json, here(&args.sarif), here(&args.junit)];
    if wanted.into_iter().filter(|wanted| *wanted).count() < 2 {
        return Ok(());
    }
    Err(Trouble::usage(
        "Standard output can hold one document.",
        "write the others to files: --sarif FILE, --junit FILE",
    ))
}

/// Says what was found, wherever it is wanted.
fn tell(session: &Session, args: &Args, report: &Report) -> Result<(), Trouble> {
    let screen = &session.screen;
    let on_github = match args.github {
        When::Always => true,
        When::Never => false,
        When::Auto => session.environment.get("GITHUB_ACTIONS") == Some("true"),
    };
    let mut taken = screen.json;
    screen.answer(&json::document(report))?;
    let sarif = args.sarif.as_ref().map(|path| (path, sarif::render(report)));
    let junit = args.junit.as_ref().map(|path| (path, junit::render(report)));
    let mut files = Vec::new();
    for (path, text) in sarif.into_iter().chain(junit) {
        if path.as_os_str() == STANDARD_OUTPUT {
            taken = true;
            screen.say(&text)?;
        } else {
            files.push((session.folder.join(path), text));
        }
    }
    let words = words::render(report, if taken { screen.err } else { screen.out });
    // The runner would obey what others wrote into names and reasons.
    let words = if on_github { github::tame(&words) } else { words };
    if taken && !screen.json {
        screen.note(&words);
    } else {
        screen.say(&words)?;
    }
    if on_github {
        screen.note(&github::annotations(report));
        let outputs = format!("verdict={}\n", report.verdict().word());
        for (name, text) in
            [("GITHUB_STEP_SUMMARY", github::summary(report)), ("GITHUB_OUTPUT", outputs)]
        {
            if let Some(path) = session.environment.path(name) {
                append(&path, &text).map_err(|error| Trouble::file("written", &path, &error))?;
            }
        }
    }
    // Last: whoever reads the log has the verdict before a file that cannot be written.
    for (path, text) in files {
        std::fs::write(&path, text).map_err(|error| Trouble::file("written", &path, &error))?;
    }
    Ok(())
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_called_as_annotations_need_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("agents/one")).unwrap();
        let shown = |path: &str| file(root, Path::new(path)).1;
        assert_eq!(shown("agent.toml"), "agent.toml");
        assert_eq!(shown("."), "agent.toml");
        assert_eq!(shown("./agents/one"), "agents/one/agent.toml");
        assert_eq!(shown("agents/one/agent.toml"), "agents/one/agent.toml");
        assert_eq!(shown("../other/agent.toml"), "../other/agent.toml");
        let whole = root.join("agents/one");
        assert_eq!(shown(whole.to_str().unwrap()), "agents/one/agent.toml");
    }

    #[test]
    fn what_is_too_large_is_no_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        assert_eq!(text(&path), Ok(None));
        std::fs::write(&path, "#".repeat(300_000)).unwrap();
        assert_eq!(text(&path).unwrap_err().exit(), Exit::Invalid);
        std::fs::write(&path, b"\xff").unwrap();
        assert!(manifest::read("agent.toml", &text(&path).unwrap().unwrap()).is_err());
    }
}
