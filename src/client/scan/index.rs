//! The tables, made ready for looking up: names by where they come from, and one automaton for all texts.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::secret::{self, KeyKind};
use super::sign::{Kind, Name, Registry, Sign, pep503, stands_for};
use super::signs;

/// What is known of a sign once it was found; of a key too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Which sign.
    pub id: &'static str,
    /// What it speaks for.
    pub kind: Kind,
    /// In words.
    pub says: &'static str,
    /// How much it proves: 0 to 100.
    pub weight: u8,
}

impl From<&'static Sign> for Mark {
    fn from(sign: &'static Sign) -> Self {
        Self { id: sign.id, kind: sign.kind, says: sign.says, weight: sign.weight }
    }
}

impl From<&'static KeyKind> for Mark {
    fn from(key: &'static KeyKind) -> Self {
        Self { id: key.id, kind: Kind::HardCodedKey, says: key.says, weight: key.weight }
    }
}

/// Where a name means what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space {
    /// Packages of a registry.
    Package(Registry),
    /// Python's modules.
    Python,
    /// Java's and Kotlin's packages.
    Jvm,
    /// .NET's namespaces.
    DotNet,
    /// What Ruby requires.
    Ruby,
    /// PHP's namespaces.
    Php,
}

impl Space {
    /// What stands between the parts of a name.
    const fn separators(self) -> &'static [char] {
        match self {
            Self::Package(Registry::Npm | Registry::Go) | Self::Ruby => &['/'],
            Self::Package(Registry::NuGet) | Self::Python | Self::Jvm | Self::DotNet => &['.'],
            Self::Package(_) => &[],
            Self::Php => &['\\'],
        }
    }
}

/// What a piece of text stands for.
#[derive(Debug, Clone, Copy)]
enum Needle {
    Text(&'static Sign, &'static str),
    Pipeline(&'static Sign),
    Key(&'static KeyKind),
}

/// All tables.
pub struct Index {
    names: HashMap<(Space, String), Mark>,
    beginnings: Vec<(Space, &'static str, Mark)>,
    texts: AhoCorasick,
    needles: Vec<Needle>,
}

impl Index {
    /// From the tables.
    ///
    /// # Errors
    /// The automaton cannot be built: the tables are too large for it.
    pub fn new() -> Result<Self, aho_corasick::BuildError> {
        let (mut names, mut beginnings) = (HashMap::new(), Vec::new());
        let (mut patterns, mut needles) = (Vec::new(), Vec::new());
        for sign in signs::all() {
            for name in sign.names {
                let (space, name) = match *name {
                    Name::Package(registry, name) => (Space::Package(registry), name),
                    Name::Python(name) => (Space::Python, name),
                    Name::Jvm(name) => (Space::Jvm, name),
                    Name::DotNet(name) => (Space::DotNet, name),
                    Name::Ruby(name) => (Space::Ruby, name),
                    Name::Php(name) => (Space::Php, name),
                    Name::Text(text) => {
                        patterns.push(text);
                        needles.push(Needle::Text(sign, text));
                        continue;
                    }
                    Name::Pipeline(text) => {
                        patterns.push(text);
                        needles.push(Needle::Pipeline(sign));
                        continue;
                    }
                };
                if name.ends_with('*') {
                    beginnings.push((space, name, sign.into()));
                } else {
                    names.insert((space, name.to_owned()), sign.into());
                }
            }
        }
        for kind in secret::KINDS {
            patterns.push(kind.prefix);
            needles.push(Needle::Key(kind));
        }
        let texts = AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns)?;
        Ok(Self { names, beginnings, texts, needles })
    }

    /// What a name stands for: itself, or else the longest of its beginnings that is in the tables
    /// (`google.genai.types` is `google.genai`).
    pub fn name(&self, space: Space, found: &str) -> Option<Mark> {
        let found = match space {
            Space::Package(Registry::PyPi) => pep503(found),
            Space::Package(Registry::Crates) => found.replace('_', "-"),
            _ => found.to_owned(),
        };
        let mut part = found.as_str();
        let exact = loop {
            if let Some(mark) = self.names.get(&(space, part.to_owned())) {
                break Some((part.len(), *mark));
            }
            match part.rfind(space.separators()) {
                Some(end) if !space.separators().is_empty() => part = part.get(..end)?,
                _ => break None,
            }
        };
        let in_space = self.beginnings.iter().filter(|(of, ..)| *of == space);
        let beginning = in_space
            .filter(|(_, name, _)| stands_for(name, &found, &[]))
            .map(|(_, name, mark)| (name.len() - 1, *mark));
        beginning.chain(exact).max_by_key(|(length, _)| *length).map(|(_, mark)| mark)
    }

    /// What a program is that bears this name itself. A name that only begins like one of the tables may be
    /// anybody's (`langgraph-bot`), unless its beginning is a scope, which has one owner (`@langchain/…`).
    pub fn own_name(&self, registry: Registry, name: &str) -> Option<Mark> {
        let space = Space::Package(registry);
        let is_listed = |mark: &Mark| {
            let exact = match registry {
                Registry::PyPi => pep503(name),
                Registry::Crates => name.replace('_', "-"),
                _ => name.to_owned(),
            };
            name.starts_with('@') || self.names.get(&(space, exact)) == Some(mark)
        };
        self.name(space, name).filter(is_listed)
    }

    /// Every text and every key in a file, with the byte where it begins.
    pub fn texts(&self, text: &str, pipeline: bool) -> Vec<(usize, Mark)> {
        let mut found = Vec::new();
        for hit in self.texts.find_overlapping_iter(text) {
            let Some(needle) = self.needles.get(hit.pattern().as_usize()) else { continue };
            let before = text.get(..hit.start()).and_then(|before| before.chars().next_back());
            let after = text.get(hit.end()..).unwrap_or_default();
            let mark = match *needle {
                Needle::Text(sign, needle) => {
                    let bounded = is_bounded(needle, before, after.chars().next());
                    bounded.then(|| Mark::from(sign))
                }
                Needle::Pipeline(sign) => pipeline.then(|| sign.into()),
                Needle::Key(kind) => kind.is_here(before, after).then(|| kind.into()),
            };
            found.extend(mark.map(|mark| (hit.start(), mark)));
        }
        found
    }
}

/// Whether a text stands for itself, and is no part of a longer word.
fn is_bounded(needle: &str, before: Option<char>, after: Option<char>) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphabetic());
    let free_before = !is_letter(needle.chars().next()) || !before.is_some_and(is_of_word);
    let free_after = !is_letter(needle.chars().next_back()) || !after.is_some_and(is_of_word);
    free_before && free_after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(space: Space, name: &str) -> Option<&'static str> {
        Index::new().unwrap().name(space, name).map(|mark| mark.id)
    }

    #[test]
    fn names_are_found_where_they_mean_it() {
        let npm = Space::Package(Registry::Npm);
        assert_eq!(id(npm, "openai"), Some("model/openai"));
        assert_eq!(id(npm, "openai/helpers/zod"), Some("model/openai"));
        assert_eq!(id(npm, "@langchain/langgraph"), Some("framework/langgraph"));
        assert_eq!(id(npm, "@langchain/core/messages"), Some("framework/langchain"));
        assert_eq!(id(npm, "@modelcontextprotocol/sdk/server/mcp.js"), Some("mcp/server"));
        assert_eq!(id(npm, "@modelcontextprotocol/sdk"), Some("mcp/library"));
        assert_eq!(id(npm, "openai-mock"), None);
        assert_eq!(id(Space::Python, "google.genai.types"), Some("model/google"));
        assert_eq!(id(Space::Python, "google.cloud.storage"), None);
        assert_eq!(
            id(Space::Package(Registry::PyPi), "Semantic_Kernel"),
            Some("framework/semantic-kernel")
        );
        assert_eq!(id(Space::Package(Registry::Crates), "async_openai"), Some("model/openai"));
        assert_eq!(
            id(Space::Jvm, "dev.langchain4j.agent.tool.Tool"),
            Some("framework/langchain4j")
        );
        assert_eq!(
            id(Space::Package(Registry::Go), "github.com/openai/openai-go/v3"),
            Some("model/openai")
        );
    }

    #[test]
    fn texts_are_whole_words() {
        let index = Index::new().unwrap();
        let ids = |text: &str| -> Vec<&str> {
            index.texts(text, false).into_iter().map(|(_, mark)| mark.id).collect()
        };
        assert_eq!(ids("for c in message.tool_calls:"), ["acts/tool-calls"]);
        assert_eq!(ids("my_tool_calls_total += 1"), Vec::<&str>::new());
        assert_eq!(ids("https://api.openai.com/v1"), ["model/address"]);
        assert_eq!(ids("https://notapi.openai.com.evil"), Vec::<&str>::new());
        assert_eq!(ids("- uses: anthropics/claude-code-action@v1"), Vec::<&str>::new());
        assert_eq!(index.texts("uses: anthropics/claude-code-action@v1", true).len(), 1);
    }
}
