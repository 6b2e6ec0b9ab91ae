//! Which other packages a line of a program names.

use super::index::Space;
use super::sign::Registry;

/// The languages whose imports are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python, and its notebooks.
    Python,
    /// JavaScript and TypeScript.
    JavaScript,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// Java, Kotlin, Scala, Groovy.
    Jvm,
    /// C#, F#, Visual Basic.
    DotNet,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Shells and others: programs, without imports that are understood.
    Other,
}

impl Language {
    /// By the end of a file's name.
    pub fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "py" | "pyw" | "ipynb" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "vue" | "svelte"
            | "astro" => Self::JavaScript,
            "rs" => Self::Rust,
            "go" => Self::Go,
            "java" | "kt" | "kts" | "scala" | "groovy" => Self::Jvm,
            "cs" | "fs" | "vb" => Self::DotNet,
            "rb" | "rake" => Self::Ruby,
            "php" => Self::Php,
            "sh" | "bash" | "zsh" | "fish" | "ps1" | "pl" | "lua" | "swift" | "dart" | "ex"
            | "exs" | "c" | "cc" | "cpp" | "h" | "hpp" | "m" | "r" | "jl" | "zig" | "hs"
            | "clj" | "elm" => Self::Other,
            _ => return None,
        })
    }

    /// Whether a line (without the spaces before it) is a comment as a whole.
    pub fn is_comment(self, line: &str) -> bool {
        match self {
            Self::Python | Self::Ruby => line.starts_with('#'),
            Self::Other => {
                line.starts_with('#') || line.starts_with("//") || line.starts_with("--")
            }
            Self::Php => line.starts_with("//") || line.starts_with('#') || line.starts_with('*'),
            _ => line.starts_with("//") || line.starts_with('*') || line.starts_with("/*"),
        }
    }
}

/// The names that a line imports, and where each of them means something.
pub fn imports(language: Language, line: &str) -> Vec<(Space, String)> {
    let line = line.trim();
    match language {
        Language::Python => python(line).into_iter().map(|name| (Space::Python, name)).collect(),
        Language::JavaScript => {
            javascript(line).map(|name| (Space::Package(Registry::Npm), name)).into_iter().collect()
        }
        Language::Rust => {
            rust(line).map(|name| (Space::Package(Registry::Crates), name)).into_iter().collect()
        }
        Language::Go => quoted(line)
            .filter(|path| path.contains('.') && path.contains('/') && !path.contains(' '))
            .filter(|_| is_go_import(line))
            .map(|path| (Space::Package(Registry::Go), path.to_owned()))
            .into_iter()
            .collect(),
        Language::Jvm => line
            .strip_prefix("import ")
            .map(|rest| {
                rest.trim_start().trim_start_matches("static ").trim_end_matches(';').trim()
            })
            .map(|name| (Space::Jvm, name.to_owned()))
            .into_iter()
            .collect(),
        Language::DotNet => ["using ", "open ", "Imports ", "global using "]
            .iter()
            .find_map(|word| line.strip_prefix(word))
            .map(|rest| rest.trim_start_matches("static ").trim_end_matches(';').trim())
            .filter(|name| !name.contains([' ', '(', '=']))
            .map(|name| (Space::DotNet, name.to_owned()))
            .into_iter()
            .collect(),
        Language::Ruby => line
            .strip_prefix("require ")
            .or_else(|| line.strip_prefix("require("))
            .and_then(quoted)
            .map(|name| (Space::Ruby, name.to_owned()))
            .into_iter()
            .collect(),
        Language::Php => line
            .strip_prefix("use ")
            .map(|rest| rest.trim_end_matches(';').trim().trim_start_matches('\\'))
            .map(|name| (Space::Php, name.to_owned()))
            .into_iter()
            .collect(),
        Language::Other => Vec::new(),
    }
}

/// `import a.b, c as d` and `from a.b import c, d`: `a.b`, `c`; and `a.b.c`, `a.b.d`.
fn python(line: &str) -> Vec<String> {
    // A notebook holds its lines as JSON texts: `"import openai\n",`.
    let line = line.strip_prefix('"').map_or(line, |rest| {
        rest.trim_end_matches(',').trim_end_matches('"').trim_end_matches("\\n").trim()
    });
    let first_word = |text: &str| -> String {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        text.get(..end.unwrap_or(text.len())).unwrap_or_default().to_owned()
    };
    if let Some(rest) = line.strip_prefix("import ") {
        return rest
            .split(',')
            .map(|part| first_word(part.trim()))
            .filter(|n| !n.is_empty())
            .collect();
    }
    let Some((module, names)) =
        line.strip_prefix("from ").and_then(|rest| rest.split_once(" import "))
    else {
        return Vec::new();
    };
    let module = module.trim();
    // `from .openai import x` is a module of the program's own.
    if module.starts_with('.') || module.is_empty() || module.contains(' ') {
        return Vec::new();
    }
    let names = names.split(',').map(|name| first_word(name.trim().trim_start_matches('(').trim()));
    let inner: Vec<String> =
        names.filter(|name| !name.is_empty()).map(|name| format!("{module}.{name}")).collect();
    if inner.is_empty() { vec![module.to_owned()] } else { inner }
}

/// What stands after `from`, `require(`, `import(` or `import`.
fn javascript(line: &str) -> Option<String> {
    let after = ["from ", "require(", "import(", "import "].iter().find_map(|word| {
        let at = line.rfind(word)?;
        let rest = line.get(at + word.len()..)?.trim_start();
        rest.starts_with(['"', '\'', '`']).then_some(rest)
    })?;
    let name = quoted(after)?;
    if name.starts_with('.') || name.starts_with('/') || name.contains(' ') {
        return None;
    }
    let name = name.trim_start_matches("npm:").trim_start_matches("https://esm.sh/");
    // `ai@3.1`: the version is no part of the name; a scope's `@` stands first.
    let version = name.get(1..)?.find('@').map(|at| at + 1);
    Some(name.get(..version.unwrap_or(name.len()))?.to_owned())
}

/// `use x::…` and `extern crate x`.
fn rust(line: &str) -> Option<String> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let rest = line.strip_prefix("use ").or_else(|| line.strip_prefix("extern crate "))?;
    let rest = rest.trim_start_matches("::");
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    rest.get(..end)
        .filter(|name| !matches!(*name, "crate" | "self" | "super" | "std"))
        .map(str::to_owned)
}

/// In Go a line of an import is a path alone, or one after a name or `import`.
fn is_go_import(line: &str) -> bool {
    let before = line.split('"').next().unwrap_or_default().trim();
    let after = line.rsplit('"').next().unwrap_or_default().trim();
    let is_name = |word: &str| word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    (after.is_empty() || after.starts_with("//")) && before.split(' ').all(is_name)
}

/// The first text in quotes.
fn quoted(line: &str) -> Option<&str> {
    let start = line.find(['"', '\'', '`'])?;
    let quote = line.get(start..)?.chars().next()?;
    let rest = line.get(start + 1..)?;
    rest.get(..rest.find(quote)?).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(language: Language, line: &str) -> Vec<String> {
        imports(language, line).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn imports_are_read_in_each_language() {
        use Language::{DotNet, Go, JavaScript, Jvm, Php, Python, Ruby, Rust};
        for (language, line, expected) in [
            (Python, "import openai", "openai"),
            (Python, "import os, openai as ai", "os openai"),
            (Python, "    from google import genai", "google.genai"),
            (Python, "from langchain.agents import (", "langchain.agents"),
            (Python, "from openai import OpenAI, AsyncOpenAI", "openai.OpenAI openai.AsyncOpenAI"),
            (Python, "    \"import anthropic\\n\",", "anthropic"),
            (Python, "from .openai import client", ""),
            (Python, "important = 1", ""),
            (JavaScript, "import OpenAI from 'openai';", "openai"),
            (
                JavaScript,
                "import { a } from \"@langchain/core/messages\"",
                "@langchain/core/messages",
            ),
            (JavaScript, "const { x } = require('openai')", "openai"),
            (JavaScript, "const x = await import(\"ai\")", "ai"),
            (JavaScript, "} from 'npm:openai@4.2';", "openai"),
            (JavaScript, "import x from '@anthropic-ai/sdk@1'", "@anthropic-ai/sdk"),
            (JavaScript, "import 'dotenv/config'", "dotenv/config"),
            (JavaScript, "import x from './openai'", ""),
            (JavaScript, "// copied from openai", ""),
            (Rust, "use async_openai::Client;", "async_openai"),
            (Rust, "use crate::openai::Client;", ""),
            (
                Go,
                "\topenai \"github.com/sashabaranov/go-openai\"",
                "github.com/sashabaranov/go-openai",
            ),
            (Go, "url := \"https://x.y/z\"", ""),
            (Go, "\t\"fmt\"", ""),
            (
                Jvm,
                "import static dev.langchain4j.data.Message.of;",
                "dev.langchain4j.data.Message.of",
            ),
            (DotNet, "using Microsoft.SemanticKernel;", "Microsoft.SemanticKernel"),
            (DotNet, "using var client = new OpenAI();", ""),
            (Ruby, "require \"openai\"", "openai"),
            (Ruby, "require_relative \"openai\"", ""),
            (Php, "use OpenAI\\Client;", "OpenAI\\Client"),
        ] {
            assert_eq!(names(language, line).join(" "), expected, "{line}");
        }
    }
}
