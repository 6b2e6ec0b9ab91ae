//! Reads a Rust file as far as these tests need it: its words without comments, texts and tests, and
//! the paths among them that lead to another module of the crate.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path below `src`.
    pub(crate) path: PathBuf,
    /// The module it is: `["slack", "wire", "socket"]`.
    pub(crate) module: Vec<String>,
    /// The top modules it names.
    pub(crate) edges: Vec<Edge>,
    /// How many lines hold code.
    pub(crate) lines: usize,
    /// Modules in files of their own that only tests have.
    pub(crate) test_modules: Vec<Vec<String>>,
}

/// A path that leads to a top module of the crate.
#[derive(Debug)]
pub(crate) struct Edge {
    /// The line (from 1).
    pub(crate) line: usize,
    /// The top module.
    pub(crate) to: String,
}

impl File {
    /// Reads the text of the file at this path below `src`.
    pub(crate) fn read(path: &Path, text: &str) -> Self {
        let module = module_of(path);
        let (tokens, tests) = without_tests(&tokens(text));
        let lines = tokens.iter().map(|token| token.line).collect::<BTreeSet<_>>().len();
        let test_modules =
            tests.into_iter().map(|name| [module.clone(), vec![name]].concat()).collect();
        Self { path: path.to_owned(), edges: edges(&module, &tokens), module, lines, test_modules }
    }
}

fn module_of(path: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

/// A word or a sign, and where it stands. `::` is one sign.
#[derive(Debug, Clone)]
struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The words and signs of a text, without comments; a text or number counts as one sign.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let start = i;
        let c = at(i);
        let kept = if c.is_whitespace() {
            i += 1;
            false
        } else if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
            false
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
            false
        } else if let Some(end) = raw_text(&chars, i) {
            i = end;
            true
        } else if c == '"' {
            i += 1;
            while i < chars.len() && at(i) != '"' {
                i += if at(i) == '\\' { 2 } else { 1 };
            }
            i += 1;
            true
        } else if c == '\'' {
            // A character ends with a quote; a lifetime is a quote and then a word.
            i += if at(i + 1) == '\\' {
                (3..).find(|n| at(i + n) == '\'' || i + n >= chars.len()).unwrap_or(3) + 1
            } else if at(i + 2) == '\'' {
                3
            } else {
                1
            };
            true
        } else if c.is_alphanumeric() || c == '_' {
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            true
        } else {
            i += if c == ':' && at(i + 1) == ':' { 2 } else { 1 };
            true
        };
        let end = i.min(chars.len());
        if kept {
            tokens.push(Token { line, text: chars[start..end].iter().collect() });
        }
        line += chars[start..end].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

/// Where the raw text (`r#"…"#`) that begins here ends, if one does.
fn raw_text(chars: &[char], start: usize) -> Option<usize> {
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut i = start;
    if at(i) == 'b' || at(i) == 'c' {
        i += 1;
    }
    if at(i) != 'r' {
        return None;
    }
    let hashes = (0..).find(|n| at(i + 1 + n) != '#')?;
    i += 1 + hashes;
    if at(i) != '"' {
        return None;
    }
    let ends = |end: usize| at(end) == '"' && (1..=hashes).all(|n| at(end + n) == '#');
    (i + 1..chars.len()).find(|end| ends(*end)).map(|end| end + 1 + hashes)
}

/// Takes out every item under `#[cfg(test)]`; returns the names of those that are `mod name;` too.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        let is_mark = MARK.iter().enumerate().all(|(n, text)| text_at(tokens, i + n) == *text);
        if !is_mark {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i += MARK.len();
        // The item ends with the first `;` or block outside of brackets; attributes come before it.
        let mut depth = 0;
        while i < tokens.len() {
            match text_at(tokens, i) {
                "mod" if depth == 0 && text_at(tokens, i + 2) == ";" => {
                    modules.push(text_at(tokens, i + 1).to_owned());
                }
                "(" | "[" | "{" => depth += 1,
                ")" | "]" => depth -= 1,
                "}" => {
                    depth -= 1;
                    if depth == 0 {
                        // `use a::{b};` has its `;` still to come.
                        i += if text_at(tokens, i + 1) == ";" { 1 } else { 0 };
                        break;
                    }
                }
                ";" if depth == 0 => break,
                _ => {}
            }
            i += 1;
        }
        i += 1;
    }
    (kept, modules)
}

fn text_at(tokens: &[Token], i: usize) -> &str {
    tokens.get(i).map_or("", |token| token.text.as_str())
}

/// The top modules that the paths of a module's code lead to.
fn edges(module: &[String], tokens: &[Token]) -> Vec<Edge> {
    let mut edges = Vec::new();
    // The inline modules around the place, each with the depth of braces it began at.
    let mut inline: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut i = 0;
    while i < tokens.len() {
        let text = text_at(tokens, i);
        match text {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inline.last() == Some(&depth) {
                    inline.pop();
                }
            }
            "mod" if text_at(tokens, i + 2) == "{" => inline.push(depth),
            "crate" if text_at(tokens, i + 1) == "::" => named(tokens, i + 2, &mut edges),
            "super"
                if text_at(tokens, i + 1) == "::" && text_at(tokens, i.wrapping_sub(1)) != "::" =>
            {
                let mut ups = 1;
                while text_at(tokens, i + 2 * ups) == "super"
                    && text_at(tokens, i + 2 * ups + 1) == "::"
                {
                    ups += 1;
                }
                // Only a path that climbs out of everything reaches the top modules.
                if ups >= module.len() + inline.len() {
                    named(tokens, i + 2 * ups, &mut edges);
                }
            }
            _ => {}
        }
        i += 1;
    }
    edges
}

/// Notes the module named here, or each one of the group that opens here.
fn named(tokens: &[Token], start: usize, edges: &mut Vec<Edge>) {
    let mut note = |i: usize| {
        if let Some(token) = tokens.get(i).filter(|token| token.is_word()) {
            edges.push(Edge { line: token.line, to: token.text.clone() });
        }
    };
    if text_at(tokens, start) != "{" {
        return note(start);
    }
    let mut depth = 0;
    for i in start..tokens.len() {
        match text_at(tokens, i) {
            "{" => {
                depth += 1;
                if depth == 1 {
                    note(i + 1);
                }
            }
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return;
                }
            }
            "," if depth == 1 => note(i + 1),
            _ => {}
        }
    }
}

/// The crates that a text may name: words before `::`, and words after `use`, tests included.
pub(crate) fn crates_named(text: &str) -> BTreeSet<String> {
    let tokens = tokens(text);
    let before = |i: usize| i.checked_sub(1).map_or("", |i| text_at(&tokens, i));
    tokens
        .iter()
        .enumerate()
        .filter(|(i, token)| {
            token.is_word()
                && before(*i) != "::"
                && (text_at(&tokens, i + 1) == "::" || before(*i) == "use")
        })
        .map(|(_, token)| token.text.clone())
        .collect()
}
