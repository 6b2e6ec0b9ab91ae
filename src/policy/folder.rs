//! Finds the files of a policy folder on disk, and those of the starter in the program.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::read::{MAIN, TESTS};
use super::runtime::cedar;
use super::{Mistake, Policy, Refused, digest};

/// A file of the folder is written by hand: anything longer is a mistake.
const LARGEST_FILE: u64 = 1024 * 1024;
/// Folders within folders that are looked into.
const DEEPEST: usize = 4;

/// The files of `manifests/policy`, by name.
const STARTER: [(&str, &str); 5] = [
    (MAIN, include_str!("../../manifests/policy/policy.toml")),
    ("rules.cedar", include_str!("../../manifests/policy/rules.cedar")),
    ("schema.cedarschema", include_str!("../../manifests/policy/schema.cedarschema")),
    ("tests/answers.toml", include_str!("../../manifests/policy/tests/answers.toml")),
    ("tests/routing.toml", include_str!("../../manifests/policy/tests/routing.toml")),
];

/// See [`Policy::starter`].
#[expect(clippy::panic, reason = "its files are part of the program, and a test reads them")]
pub(super) fn starter() -> Policy {
    let files = STARTER.map(|(name, text)| (name.to_owned(), text.to_owned()));
    match Policy::from_files(&files.into()) {
        Ok(policy) => policy,
        Err(refused) => panic!("the starter policy: {refused}"),
    }
}

/// The files that matter, by their names from the folder. Names that begin with a dot are passed
/// over (`.git`, and what Kubernetes keeps beside a mounted ConfigMap).
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, String>, Refused> {
    let mut found = Found::default();
    found.walk(folder, "", 0);
    if found.mistakes.is_empty() {
        return Ok(found.files);
    }
    // What could not be read counts in the digest too, so that another fault is another refusal.
    for mistake in &found.mistakes {
        found.files.insert(mistake.file.clone(), mistake.what.clone());
    }
    Err(Refused { digest: digest::of(&found.files), mistakes: found.mistakes })
}

#[derive(Default)]
struct Found {
    files: BTreeMap<String, String>,
    mistakes: Vec<Mistake>,
}

impl Found {
    /// Looks through one folder; `within` is its name from the policy folder, with a slash.
    fn walk(&mut self, folder: &Path, within: &str, depth: usize) {
        let shown = if within.is_empty() {
            folder.display().to_string()
        } else {
            within.trim_end_matches('/').to_owned()
        };
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => {
                let cure = match error.kind() {
                    io::ErrorKind::NotFound => "Create it, or correct `policy.path`.",
                    io::ErrorKind::NotADirectory => "Name the folder that holds policy.toml.",
                    _ => "See that the service may read it.",
                };
                self.mistake(shown, format!("the folder cannot be read: {error}"), cure);
                return;
            }
        };
        for entry in entries {
            let path = entry.path();
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if name.starts_with('.') {
                continue;
            }
            let shown = format!("{within}{name}");
            // Follows symbolic links: a mounted ConfigMap consists of them.
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() && depth < DEEPEST => {
                    self.walk(&path, &format!("{shown}/"), depth + 1);
                }
                Ok(about) if about.is_file() && matters(&shown) => {
                    self.file(&path, shown, about.len());
                }
                Ok(_) => {}
                Err(error) if matters(&shown) => self.unreadable(shown, &error),
                Err(_) => {}
            }
        }
    }

    fn file(&mut self, path: &Path, shown: String, size: u64) {
        if size > LARGEST_FILE {
            self.mistake(
                shown,
                format!("the file has {size} bytes, and {LARGEST_FILE} is the most that is read"),
                "Take out what is no policy.",
            );
            return;
        }
        match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => {
                self.files.insert(shown, text);
            }
            Ok(Err(error)) => self.mistake(
                shown,
                format!("the file is not UTF-8: {}", error.utf8_error()),
                "Save it as UTF-8.",
            ),
            Err(error) => self.unreadable(shown, &error),
        }
    }

    fn unreadable(&mut self, shown: String, error: &io::Error) {
        let cure = "See that the file is there and the service may read it.";
        self.mistake(shown, format!("the file cannot be read: {error}"), cure);
    }

    fn mistake(&mut self, file: String, what: String, cure: &str) {
        self.mistakes.push(Mistake { file, line: 1, column: 1, what, cure: cure.to_owned() });
    }
}

/// Whether a file is part of the policy, or looks as if somebody meant it to be: the TOML files at
/// the top and in `tests/`, Cedar files anywhere, and the entities.
fn matters(name: &str) -> bool {
    let toml = name.ends_with(".toml") && (!name.contains('/') || name.starts_with(TESTS));
    toml || cedar::is_ours(name) || name.ends_with(".cedarschema")
}
