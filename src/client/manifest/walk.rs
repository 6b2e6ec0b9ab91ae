//! Walks a TOML file and notes on the way whatever is not as it should be, with its place.
//!
//! By hand instead of through serde, which stops at the first mistake and forgets the places of the
//! rest.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Mistake, Place};
use crate::domain::near::near;

/// What is wrong with a file, and where what it says stands.
pub(super) struct Log<'t> {
    file: &'t str,
    text: &'t str,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) places: BTreeMap<String, Place>,
}

impl<'t> Log<'t> {
    pub(super) const fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, mistakes: Vec::new(), places: BTreeMap::new() }
    }

    /// Notes a mistake; `at` is a place in the text, in bytes.
    pub(super) fn mistake(&mut self, at: usize, what: impl Into<String>, cure: impl Into<String>) {
        let place = position(self.text, at);
        let (what, cure) = (what.into(), cure.into());
        self.mistakes.push(Mistake { file: self.file.to_owned(), place, what, cure });
    }

    fn stands(&mut self, path: &str, at: usize) {
        self.places.insert(path.to_owned(), position(self.text, at));
    }
}

/// Line and column of a place in bytes. A place inside a character is the character's; one beyond the
/// end is the end.
fn position(text: &str, at: usize) -> Place {
    let before = text.get(..text.floor_char_boundary(at)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let small = |n| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: small(line), column: small(column) }
}

/// The file as a tree. What is no TOML is noted, and then there is no tree: what is left of one would
/// only give mistakes that are none.
pub(super) fn parse<'i>(text: &'i str, log: &mut Log<'_>) -> Option<DeTable<'i>> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut seen = BTreeSet::new();
    for error in &errors {
        let span = error.span().unwrap_or_default();
        // One slip often breaks several rules of the grammar on the same line.
        if !seen.insert(position(text, span.start).line) {
            continue;
        }
        if error.message().starts_with("duplicate key") {
            let key = shown(text.get(span.clone()).unwrap_or_default());
            log.mistake(span.start, format!("{key} stands here twice"), "Keep one of the two.");
        } else {
            log.mistake(
                span.start,
                format!("this is not TOML: {}", shown(error.message())),
                "Texts stand in double quotes, lists in [ ], and each key on a line of its own \
                 (see https://toml.io).",
            );
        }
    }
    errors.is_empty().then(|| tree.into_inner())
}

/// What somebody typed, on one line and not longer than a glance.
pub(super) fn shown(text: &str) -> String {
    crate::domain::text::clean(text, 60)
}

/// A table: what it holds, where it begins, and its name (`access[0]`; empty for the whole file).
pub(super) struct Table<'s, 'i> {
    entries: &'s DeTable<'i>,
    pub(super) at: usize,
    path: String,
}

/// A value, with its place and its name (`agent.purpose`).
pub(super) struct Value<'s, 'i> {
    value: &'s DeValue<'i>,
    pub(super) at: usize,
    pub(super) path: String,
}

impl<'s, 'i> Table<'s, 'i> {
    pub(super) const fn root(entries: &'s DeTable<'i>) -> Self {
        Self { entries, at: 0, path: String::new() }
    }

    /// Notes every key that is not one of these, and where the others stand.
    pub(super) fn only(&self, log: &mut Log<'_>, known: &[&str]) {
        for (key, _) in self.entries {
            let (name, at): (&str, usize) = (key.get_ref(), key.span().start);
            log.stands(&self.child(name), at);
            if known.contains(&name) {
                continue;
            }
            let place = match self.path.as_str() {
                "" => "at the top".to_owned(),
                path => format!("in {path}"),
            };
            let cure = match near(name, known.iter().copied(), 1).first() {
                Some(near) => format!("Did you mean \"{near}\"?"),
                None => format!("The keys here are: {}.", known.join(", ")),
            };
            log.mistake(at, format!("unknown key \"{}\" {place}", shown(name)), cure);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Value<'s, 'i>> {
        let value: &'s Spanned<DeValue<'i>> = self.entries.get(key)?;
        let (at, path) = (value.span().start, self.child(key));
        Some(Value { value: value.get_ref(), at, path })
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, log: &mut Log<'_>, key: &str, cure: &str) -> Option<Value<'s, 'i>> {
        let found = self.get(key);
        if found.is_none() {
            log.mistake(self.at, format!("{} is missing", self.child(key)), cure);
        }
        found
    }

    fn child(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

impl<'s, 'i> Value<'s, 'i> {
    fn is_no(&self, log: &mut Log<'_>, kind: &str, like: &str) {
        let found = match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        log.mistake(
            self.at,
            format!("{} must be {kind}, and this is {found}", self.path),
            format!("Write it like {like}."),
        );
    }

    pub(super) fn table(&self, log: &mut Log<'_>, like: &str) -> Option<Table<'s, 'i>> {
        let DeValue::Table(entries) = self.value else {
            self.is_no(log, "a table", like);
            return None;
        };
        log.stands(&self.path, self.at);
        Some(Table { entries, at: self.at, path: self.path.clone() })
    }

    /// The elements of a list, each named `access[0]`, from 0 as programs count.
    pub(super) fn list(&self, log: &mut Log<'_>, like: &str) -> Option<Vec<Value<'s, 'i>>> {
        let DeValue::Array(array) = self.value else {
            self.is_no(log, "a list", like);
            return None;
        };
        let element = |(i, value): (usize, &'s Spanned<DeValue<'i>>)| Value {
            value: value.get_ref(),
            at: value.span().start,
            path: format!("{}[{i}]", self.path),
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    pub(super) fn text(&self, log: &mut Log<'_>, like: &str) -> Option<&'s str> {
        let DeValue::String(text) = self.value else {
            self.is_no(log, "a text", like);
            return None;
        };
        Some(text)
    }

    pub(super) fn flag(&self, log: &mut Log<'_>) -> Option<bool> {
        let DeValue::Boolean(flag) = self.value else {
            self.is_no(log, "true or false", "`true`, without quotes");
            return None;
        };
        Some(*flag)
    }

    pub(super) fn number(&self, log: &mut Log<'_>, like: &str) -> Option<u32> {
        let DeValue::Integer(number) = self.value else {
            self.is_no(log, "a whole number", like);
            return None;
        };
        // What does not fit is no number that means anything here.
        let found = i64::from_str_radix(number.as_str(), number.radix()).ok();
        Some(found.and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX))
    }

    /// Notes where it stands under another name.
    pub(super) fn stands_for(&self, log: &mut Log<'_>, name: &str) {
        log.stands(name, self.at);
    }
}
