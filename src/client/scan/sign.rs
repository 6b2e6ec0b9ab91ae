//! What a sign is: a row of the tables, and what it may be found by.

use serde::Serialize;

/// What a sign speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The program calls a model.
    Model,
    /// It is built on a framework for agents: calls a model, and acts.
    Framework,
    /// It lets a model act: tools, loops over them.
    Acts,
    /// It calls itself an agent. Counts only beside a model.
    Named,
    /// It gives tools to agents (an MCP server).
    Server,
    /// It lets a model use other programs' tools (an MCP client).
    McpClient,
    /// An agent works in the repository's own pipeline.
    PipelineAgent,
    /// Something starts it at times.
    Schedule,
    /// Other systems start it.
    Webhook,
    /// It reads a token that a person has made.
    PersonalToken,
    /// A key stands in the files themselves.
    HardCodedKey,
    /// People who work on it have an assistant. Says nothing about the program.
    Assistant,
}

/// One row: what it is, and by which names it is known.
#[derive(Debug)]
pub struct Sign {
    /// Stable: it stands in `--json` and in SARIF.
    pub id: &'static str,
    /// What it speaks for.
    pub kind: Kind,
    /// What was found, in words that fit after "uses" or stand alone.
    pub says: &'static str,
    /// How much it proves where programs stand: 0 to 100.
    pub weight: u8,
    /// What it is found by.
    pub names: &'static [Name],
}

/// Something a sign is found by. A `*` at the end stands for anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A package of this registry; for npm, crates and Go its imports too.
    Package(Registry, &'static str),
    /// A module of Python's: `google.genai`.
    Python(&'static str),
    /// A package of Java's or Kotlin's: `dev.langchain4j`.
    Jvm(&'static str),
    /// A namespace of .NET's.
    DotNet(&'static str),
    /// What Ruby requires.
    Ruby(&'static str),
    /// A namespace of PHP's.
    Php(&'static str),
    /// Text anywhere in a program or its settings, bounded by what is no letter where it ends in one.
    Text(&'static str),
    /// Text in a pipeline's file.
    Pipeline(&'static str),
}

/// Where packages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Registry {
    /// JavaScript and TypeScript.
    Npm,
    /// Python. Names are compared as PEP 503 says.
    PyPi,
    /// Rust.
    Crates,
    /// Go's module paths.
    Go,
    /// Ruby.
    Gems,
    /// Java and Kotlin: `group:artifact`.
    Maven,
    /// .NET.
    NuGet,
    /// PHP.
    Packagist,
}

/// A package of npm's.
pub const fn npm(name: &'static str) -> Name {
    Name::Package(Registry::Npm, name)
}
/// A package of PyPI's.
pub const fn pypi(name: &'static str) -> Name {
    Name::Package(Registry::PyPi, name)
}
/// A crate.
pub const fn krate(name: &'static str) -> Name {
    Name::Package(Registry::Crates, name)
}
/// A Go module.
pub const fn go(name: &'static str) -> Name {
    Name::Package(Registry::Go, name)
}
/// A gem.
pub const fn gem(name: &'static str) -> Name {
    Name::Package(Registry::Gems, name)
}
/// A Maven artifact, `group:artifact`.
pub const fn maven(name: &'static str) -> Name {
    Name::Package(Registry::Maven, name)
}
/// A NuGet package.
pub const fn nuget(name: &'static str) -> Name {
    Name::Package(Registry::NuGet, name)
}
/// A Composer package.
pub const fn packagist(name: &'static str) -> Name {
    Name::Package(Registry::Packagist, name)
}

/// Whether a name of the tables stands for a found one; what comes after `separators` is part of it.
pub fn stands_for(name: &str, found: &str, separators: &[char]) -> bool {
    if let Some(prefix) = name.strip_suffix('*') {
        return found.starts_with(prefix);
    }
    found.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(separators))
}

/// A PyPI name as PEP 503 writes it: small letters, and `-` for any run of `-`, `_` and `.`.
pub fn pep503(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_a_separator_stands() {
        assert!(stands_for("openai", "openai", &['.']));
        assert!(stands_for("openai", "openai.types", &['.']));
        assert!(!stands_for("openai", "openai_mock", &['.']));
        assert!(stands_for("@langchain/*", "@langchain/core", &['/']));
        assert!(!stands_for("@langchain/*", "@lang/core", &['/']));
        assert_eq!(pep503("Semantic_Kernel.x--y"), "semantic-kernel-x-y");
    }
}
