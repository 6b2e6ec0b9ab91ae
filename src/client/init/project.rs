//! What is written for an agent: its manifest, and a small project that already works. Pure.

use serde_json::json;

use super::Language;
use super::asked::NO_MODEL;
use crate::client::manifest::{quoted, write};
use crate::contract::manifest::{FILE, Manifest};
use crate::domain::access::Access;
use crate::domain::text::clean;

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the project's folder, with `/`.
    pub path: &'static str,
    /// What stands in it.
    pub text: String,
    /// Whether it is only a help: one that is there already is kept without a question.
    pub optional: bool,
}

/// What an agent works with where nothing else is named; the object is the one thing of its kind.
const OBJECT: &str = "example";

/// The files of an agent in this language; the manifest alone, if there is none.
pub fn files(manifest: &Manifest, language: Option<Language>) -> Vec<File> {
    let mut files = vec![File { path: FILE, text: write(manifest), optional: false }];
    let Some(language) = language else { return files };
    let said = Said::of(manifest);
    files.extend(language.templates().iter().map(|(path, template)| File {
        path,
        text: said.fill(template, language),
        optional: matches!(*path, "README.md" | ".gitignore"),
    }));
    files
}

impl Language {
    const fn templates(self) -> &'static [(&'static str, &'static str)] {
        const README: (&str, &str) = ("README.md", include_str!("templates/README.md"));
        match self {
            Self::Python => &[
                ("agent.py", include_str!("templates/python/agent.py")),
                ("countersign.py", include_str!("templates/python/countersign.py")),
                README,
                (".gitignore", "__pycache__/\n"),
            ],
            Self::TypeScript => &[
                ("agent.ts", include_str!("templates/typescript/agent.ts")),
                ("countersign.ts", include_str!("templates/typescript/countersign.ts")),
                ("package.json", include_str!("templates/typescript/package.json")),
                ("tsconfig.json", include_str!("templates/typescript/tsconfig.json")),
                README,
                (".gitignore", "node_modules/\n"),
            ],
            Self::Rust => &[
                ("Cargo.toml", include_str!("templates/rust/Cargo.toml")),
                ("src/main.rs", include_str!("templates/rust/main.rs")),
                ("src/countersign.rs", include_str!("templates/rust/countersign.rs")),
                README,
                (".gitignore", "/target\n"),
            ],
            Self::Shell => &[
                ("agent.sh", include_str!("templates/shell/agent.sh")),
                ("countersign.sh", include_str!("templates/shell/countersign.sh")),
                README,
            ],
        }
    }

    /// What starts the agent, without `agent-cli run --`.
    pub const fn command(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3", "agent.py"],
            Self::TypeScript => &["node", "agent.ts"],
            Self::Rust => &["cargo", "run", "--quiet", "--"],
            Self::Shell => &["sh", "agent.sh"],
        }
    }

    /// The same, as people type it.
    fn typed(self) -> String {
        let command = self.command();
        let command = command.strip_suffix(&["--"]).unwrap_or(command);
        format!("agent-cli run -- {}", command.join(" "))
    }

    fn asking(self) -> String {
        format!("agent-cli run -- {} --ask", self.command().join(" "))
    }

    /// A text as this language writes it.
    fn literal(self, text: &str) -> String {
        match self {
            // What JSON escapes, Python and TypeScript read in the same way.
            Self::Python | Self::TypeScript => json!(text).to_string(),
            Self::Rust => format!("{text:?}"),
            Self::Shell => format!("'{}'", text.replace('\'', "'\\''")),
        }
    }

    /// Where the parts are.
    const fn parts(self) -> &'static str {
        match self {
            Self::Python => {
                "`agent.py` is the work, `countersign.py` how it keeps to what it is allowed."
            }
            Self::TypeScript => {
                "`agent.ts` is the work, `countersign.ts` how it keeps to what it is allowed; Node 22.18 or \
                 newer runs both as they are, and `npm run check` checks their types."
            }
            Self::Rust => {
                "`src/main.rs` is the work, `src/countersign.rs` how it keeps to what it is allowed."
            }
            Self::Shell => {
                "`agent.sh` is the work, `countersign.sh` how it keeps to what it is allowed; they need \
                 `curl` and `jq`."
            }
        }
    }
}

/// What the templates are filled with.
struct Said<'a> {
    manifest: &'a Manifest,
    purpose: String,
    action: String,
    kind: String,
    object: String,
    model: &'a str,
}

impl<'a> Said<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let first = manifest.accesses.first().and_then(|access| access.name.parse::<Access>().ok());
        let first = first.unwrap_or_else(|| Access::new("database", "read"));
        let model = manifest.agent.model.as_str();
        Self {
            manifest,
            // On one line: it stands in comments.
            purpose: clean(&manifest.agent.purpose, 200),
            action: first.action,
            kind: first.resource,
            object: first.object.unwrap_or_else(|| OBJECT.to_owned()),
            model: if model.is_empty() { NO_MODEL } else { model },
        }
    }

    /// The template with everything in its place. What is put in is not looked at again: a purpose may
    /// hold `{{NAME}}` and keeps it.
    fn fill(&self, template: &str, language: Language) -> String {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else { break };
            out.push_str(before);
            out.push_str(&self.value(name, language));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The commands that are worth knowing, in columns.
    fn commands(&self, language: Language) -> String {
        let commands = [
            (language.typed(), "does the work, or says why it may not"),
            (language.asking(), "asks people for what it may not, and waits for them"),
            (
                format!("agent-cli show {}", self.manifest.agent.name),
                "how it stands, and who is awaited",
            ),
            ("agent-cli gate".to_owned(), "what the pipeline checks"),
        ];
        let width = commands.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
        let lines = commands.map(|(command, meaning)| format!("{command:<width$}  # {meaning}"));
        lines.join("\n")
    }

    fn value(&self, name: &str, language: Language) -> String {
        let literal = |text: &str| language.literal(text);
        match name {
            "NAME" => self.manifest.agent.name.clone(),
            "PURPOSE" => self.purpose.clone(),
            "PURPOSE_TEXT" => markdown(&self.purpose),
            "PURPOSE_JSON" => json!(self.purpose).to_string(),
            "PURPOSE_TOML" => quoted(&self.purpose),
            "PROMPT" => literal(&self.purpose),
            "MODEL" => literal(self.model),
            "ACTION" => literal(&self.action),
            "KIND" => literal(&self.kind),
            "OBJECT" => literal(&self.object),
            "COMMANDS" => self.commands(language),
            "WHERE" => language.parts().to_owned(),
            // A template of ours names nothing else; the tests fill all of them.
            other => format!("{{{{{other}}}}}"),
        }
    }
}

/// A text that Markdown leaves alone.
fn markdown(text: &str) -> String {
    let special =
        |c: char| matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
