//! The questions are few, the files are whole, and nothing that people write breaks out of its place.

use std::path::Path;
use std::process::Command;

use super::Language;
use super::project::{File, files};
use crate::contract::manifest::{Declared, Described, Manifest};

fn manifest(purpose: &str, access: &str) -> Manifest {
    Manifest {
        version: 1,
        agent: Described {
            name: "figma-notes".to_owned(),
            purpose: purpose.to_owned(),
            systems: vec!["database".to_owned()],
            ..Described::default()
        },
        accesses: vec![Declared {
            name: access.to_owned(),
            because: String::new(),
            lasting: Some("1h".to_owned()),
        }],
    }
}

/// What breaks out of comments, texts and templates, if anything does.
const HOSTILE: &str =
    "ends \"\"\" ''' */ -- it's {{NAME}} $(touch owned) `touch owned` ${x} \\ %s \u{202e}x {} ]";

fn written(manifest: &Manifest, language: Language) -> Vec<File> {
    files(manifest, Some(language))
}

#[test]
fn what_is_written() {
    let mut text = String::new();
    for language in Language::ALL {
        for file in written(&manifest("Posts new comments to a channel", "database:read"), language)
        {
            // The helpers hold nothing of the answers: they stand in the templates.
            let is_helper = file.path.contains("countersign.");
            let body = if is_helper { "(as in the templates)\n" } else { &file.text };
            text.push_str(&format!("==== {}: {}\n{body}", language.name(), file.path));
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn templates_are_filled() {
    for language in Language::ALL {
        for file in written(&manifest("Posts", "database:read"), language) {
            let left =
                file.text.split("{{").skip(1).find(|rest| rest.starts_with(char::is_uppercase));
            assert_eq!(left, None, "{}", file.path);
        }
    }
}

#[test]
fn the_manifest_alone() {
    let files = files(&manifest("Posts", "database:read"), None);
    assert_eq!(files.iter().map(|file| file.path).collect::<Vec<_>>(), ["agent.toml"]);
}

/// Writes a project and lets a tool look at it.
fn judged(language: Language, program: &str, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    for file in written(&manifest(HOSTILE, "database#o'r\"d$ers`x`:read"), language) {
        super::disk::create(folder.path(), &file).unwrap();
    }
    let output = Command::new(program).args(arguments).current_dir(folder.path()).output();
    let output = output.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {said}", language.name());
    assert!(!Path::new(&folder.path().join("owned")).exists(), "{}", language.name());
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(out.contains("o'r\"d$ers`x`"), "{}: {out}", language.name());
}

#[test]
fn nothing_breaks_out_of_python() {
    let read = "import agent; print(agent.OBJECT); print(agent.PROMPT)";
    judged(Language::Python, "python3", &["-B", "-c", read]);
}

#[test]
fn nothing_breaks_out_of_shell() {
    let read = "sed -n '/^MODEL_VERSION/,/^ACTION/p' agent.sh > part.sh; . ./part.sh; \
                printf '%s\\n%s\\n' \"$OBJECT\" \"$PROMPT\"; sh -n agent.sh && sh -n countersign.sh";
    judged(Language::Shell, "sh", &["-c", read]);
}
