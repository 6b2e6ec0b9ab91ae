//! One file: the signs in it, each with its line.

use super::import::{Language, imports};
use super::index::{Index, Mark, Space};
use super::manifest;
use super::pipeline;
use super::place::{Setting, is_manifest};
use super::secret;
use super::sign::{Kind, Registry};
use super::signs::{ASSISTANT, SELF_NAMED};

/// A sign at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What was found.
    pub mark: Mark,
    /// The line, from 1.
    pub line: u32,
    /// How much it proves here: 0 to 100.
    pub percent: u32,
}

/// What one file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its path below the root, with `/`.
    pub path: String,
    /// What it is for.
    pub setting: Setting,
    /// The signs, at most one of each kind of sign a line.
    pub hits: Vec<Hit>,
    /// A package of the tables that this file declares itself to be.
    pub is_library: Option<Mark>,
}

/// Lines longer than this are a machine's, and are not read for imports.
const LONGEST_LINE: usize = 2_000;

/// Looks at one file's text.
pub fn inspect(path: &str, text: &str, index: &Index) -> Seen {
    let setting = Setting::of(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let language = Language::of(name);
    let mut seen = Seen { path: path.to_owned(), setting, hits: Vec::new(), is_library: None };

    let lines: Vec<&str> = text.lines().collect();
    let is_comment = |line: u32| {
        let text = lines.get(line as usize - 1).map_or("", |line| line.trim_start());
        match (language, setting) {
            (Some(language), _) => language.is_comment(text),
            (None, Setting::Docs) => false,
            (None, _) => text.starts_with('#') || text.starts_with("//") || text.starts_with(';'),
        }
    };
    if is_manifest(&name.to_ascii_lowercase()) {
        dependencies(name, text, index, &mut seen);
    }
    if setting == Setting::Lock {
        locked(text, index, &mut seen);
        return seen;
    }
    if let Some(language) = language {
        for (line, number) in lines.iter().zip(1..).filter(|(line, _)| line.len() < LONGEST_LINE) {
            for (space, imported) in imports(language, line) {
                seen.add(index.name(space, &imported), number, 100);
            }
        }
    }
    let mut at = Lines::new(text);
    let mut texts = index.texts(text, setting == Setting::Pipeline);
    texts.sort_by_key(|(offset, _)| *offset);
    for (offset, mark) in texts {
        let line = at.line_of(offset);
        let in_pipeline = setting == Setting::Pipeline && mark.kind == Kind::PersonalToken;
        // A key in a comment is as open as any other.
        if in_pipeline || (mark.kind != Kind::HardCodedKey && is_comment(line)) {
            continue;
        }
        seen.add(Some(mark), line, 100);
    }
    for (line, number) in lines.iter().zip(1..).filter(|(line, _)| line.len() < LONGEST_LINE) {
        if setting == Setting::Pipeline {
            seen.add(pipeline::token(line), number, 100);
        } else if language.is_some() || setting == Setting::Settings {
            seen.add(secret::unknown_key(line).map(Mark::from), number, 100);
        }
        if language.is_some() && names_an_agent(line) {
            seen.add(Some((&SELF_NAMED).into()), number, 100);
        }
    }
    if language.is_some() && path_names_an_agent(path) {
        seen.add(Some((&SELF_NAMED).into()), 1, 90);
    }
    if is_assistants(path) {
        seen.add(Some((&ASSISTANT).into()), 1, 100);
        // What an assistant is told to use is no sign of what the program does.
        seen.hits.retain(|hit| matches!(hit.mark.kind, Kind::Assistant | Kind::HardCodedKey));
    }
    seen
}

impl Seen {
    /// Notes a sign, unless the same stands on this line already.
    fn add(&mut self, mark: Option<Mark>, line: u32, percent: u32) {
        let Some(mark) = mark else { return };
        let known = |hit: &&Hit| hit.mark.id == mark.id && hit.line == line;
        if self.hits.iter().rev().take(64).find(known).is_none() {
            // What starts a program stands in settings by its nature.
            let here = match (self.setting, mark.kind) {
                (Setting::Settings, Kind::Schedule) => 100,
                (setting, _) => setting.percent(),
            };
            let percent = u32::from(mark.weight) * percent * here / 10_000;
            self.hits.push(Hit { mark, line, percent });
        }
    }
}

fn dependencies(name: &str, text: &str, index: &Index, seen: &mut Seen) {
    let manifest = manifest::read(name, text);
    let own = manifest.own.and_then(|(registry, name)| index.own_name(registry, &name));
    let is_library =
        |mark: &Mark| matches!(mark.kind, Kind::Model | Kind::Framework | Kind::Server);
    seen.is_library = own.filter(is_library).filter(|_| seen.setting.is_the_program_itself());
    for dependency in manifest.dependencies {
        let mark = index.name(Space::Package(dependency.registry), &dependency.name);
        seen.add(mark, dependency.line, dependency.scope.percent());
    }
}

/// A lock file: any line that names a package of the tables, in whatever way.
fn locked(text: &str, index: &Index, seen: &mut Seen) {
    let registry =
        match seen.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "cargo.lock" => Registry::Crates,
            "go.sum" => Registry::Go,
            "gemfile.lock" => Registry::Gems,
            "composer.lock" => Registry::Packagist,
            "packages.lock.json" => Registry::NuGet,
            "poetry.lock" | "uv.lock" | "pdm.lock" | "pipfile.lock" | "pixi.lock" => Registry::PyPi,
            _ => Registry::Npm,
        };
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| line.len() < 400) {
        let line = line.trim();
        let name = match registry {
            Registry::Crates | Registry::PyPi => {
                line.strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"'))
            }
            Registry::Go | Registry::Gems => line.split(' ').next(),
            _ => line.trim_start_matches('"').split(['"', '\'']).next().map(|name| {
                let name = name.rsplit("node_modules/").next().unwrap_or(name);
                let version = name.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
                name.get(..version.unwrap_or(name.len())).unwrap_or(name).trim_end_matches(':')
            }),
        };
        let mark = name.and_then(|name| index.name(Space::Package(registry), name));
        seen.add(mark, number, 100);
    }
}

/// `class SupportAgent`, `type Agent struct`, `def run_agent`; not `UserAgent`.
fn names_an_agent(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("export ").trim_start_matches("default ");
    let line = line.trim_start_matches("pub ").trim_start_matches("async ");
    let declared =
        ["class ", "struct ", "type ", "interface ", "def ", "fn ", "func ", "function "]
            .iter()
            .find_map(|word| line.strip_prefix(word));
    let Some(rest) = declared else { return false };
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    is_an_agents_name(rest.get(..end).unwrap_or_default())
}

fn path_names_an_agent(path: &str) -> bool {
    let parts = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    parts.into_iter().any(is_an_agents_name)
}

/// Whether one of the words of a name is `agent`, and it is no other agent that people know.
fn is_an_agents_name(name: &str) -> bool {
    const OTHERS: &[&str] =
        &["user", "ssh", "http", "https", "proxy", "gpg", "dd", "java", "node", "monitoring"];
    let words = words(name);
    let Some(at) = words.iter().position(|word| word == "agent" || word == "agents") else {
        return false;
    };
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    !before.is_some_and(|word| OTHERS.contains(&word.as_str()))
}

/// The words of `runSupportAgent`, `run_support_agent` or `run-support-agent`, in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_small = false;
    for c in name.chars() {
        let is_word = c.is_alphanumeric();
        let begins = words.is_empty() || (c.is_uppercase() && was_small);
        if (!is_word || begins) && words.last().is_none_or(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if is_word && let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
    }
    words
}

/// Files that instruct assistants such as Claude Code, Copilot or Cursor.
fn is_assistants(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let folder = path.split('/').any(|part| {
        matches!(
            part,
            ".claude" | ".cursor" | ".codex" | ".gemini" | ".windsurf" | ".roo" | ".clinerules"
        )
    });
    let known = matches!(
        name,
        "AGENTS.md"
            | "CLAUDE.md"
            | "GEMINI.md"
            | ".cursorrules"
            | ".windsurfrules"
            | ".mcp.json"
            | "copilot-instructions.md"
            | "copilot-setup-steps.yml"
    );
    folder || known || path == ".vscode/mcp.json"
}

/// Finds lines for offsets that grow.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, offset: 0, line: 1 }
    }

    /// The line in which this byte stands, from 1.
    fn line_of(&mut self, offset: usize) -> u32 {
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        let between = self.text.as_bytes().get(self.offset..offset).unwrap_or_default();
        let newlines = between.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
