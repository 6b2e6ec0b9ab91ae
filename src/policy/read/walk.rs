//! Walks a TOML file and notes on the way whatever is not as it should be, with its place.
//!
//! By hand instead of through serde, because serde stops at the first mistake and forgets the
//! places of the rest.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use chrono::DateTime;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::log::Log;
use crate::domain::access::{Sensitivity, is_name};
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};
use crate::policy::near;

/// The file as a tree. What is no TOML at all is noted, and then there is no tree: what is left of
/// one would only give mistakes that are none.
pub(in crate::policy) fn parse<'i>(text: &'i str, log: &mut Log<'_>) -> Option<DeTable<'i>> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut seen = BTreeSet::new();
    let mut section_twice = 0..0;
    for error in &errors {
        let span = error.span().unwrap_or_default();
        // One slip often breaks several rules of the grammar at the same place.
        if !seen.insert(span.start) {
            continue;
        }
        if !error.message().starts_with("duplicate key") {
            let quote = match log.quote(span.clone()).as_str() {
                "" => String::new(),
                quote => format!(" at `{quote}`"),
            };
            log.mistake(
                span.start,
                format!("this is not TOML: {}{quote}", error.message()),
                "Texts stand in double quotes, lists in [ ], and each key on a line of its own \
                 (see https://toml.io).",
            );
        } else if !section_twice.contains(&span.start) {
            let (what, section) = twice(text, span);
            log.mistake(section.start, format!("{what} stands here twice"), "Keep one of the two.");
            section_twice = section;
        }
    }
    errors.is_empty().then(|| tree.into_inner())
}

/// What stands there for the second time: a key, or a whole section. The keys of such a section all
/// stand there for the second time too, which need not be said.
fn twice(text: &str, key: Range<usize>) -> (String, Range<usize>) {
    let start = text.get(..key.start).and_then(|before| before.rfind('\n')).map_or(0, |i| i + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    if line.starts_with('[') {
        let end = text.get(key.end..).and_then(|rest| rest.find("\n["));
        let end = end.map_or(text.len(), |length| key.end + length);
        (line.chars().filter(|c| !c.is_control()).take(40).collect(), start..end)
    } else {
        (text.get(key.clone()).unwrap_or_default().escape_debug().to_string(), key)
    }
}

/// A table of the file: what it holds, where it begins, and its name (`tiers.2`; empty for the
/// whole file).
pub(in crate::policy) struct Table<'s, 'i> {
    entries: &'s DeTable<'i>,
    pub(in crate::policy) at: usize,
    pub(in crate::policy) path: String,
}

/// A key of the file.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Key<'s> {
    pub(in crate::policy) name: &'s str,
    pub(in crate::policy) at: usize,
}

/// A value of the file, with its place and its name (`tiers.2.requires`).
pub(in crate::policy) struct Value<'s, 'i> {
    value: &'s DeValue<'i>,
    pub(in crate::policy) at: usize,
    pub(in crate::policy) path: String,
}

impl<'s, 'i> Table<'s, 'i> {
    pub(in crate::policy) const fn root(entries: &'s DeTable<'i>) -> Self {
        Self { entries, at: 0, path: String::new() }
    }

    /// Notes every key that is not one of these.
    pub(in crate::policy) fn only(&self, log: &mut Log<'_>, known: &[&str]) {
        for (key, _) in self.entries() {
            if !known.contains(&key.name) {
                let place = match self.path.as_str() {
                    "" => "at the top".to_owned(),
                    path => format!("in {path}"),
                };
                log.mistake(
                    key.at,
                    format!("unknown key \"{}\" {place}", key.name),
                    near::cure(key.name, "keys here", known.iter().copied()),
                );
            }
        }
    }

    pub(in crate::policy) fn get(&self, key: &str) -> Option<Value<'s, 'i>> {
        self.entries.get(key).map(|value| self.value(key, value))
    }

    /// The value of a key that must be there.
    pub(in crate::policy) fn need(
        &self,
        log: &mut Log<'_>,
        key: &str,
        cure: impl Into<String>,
    ) -> Option<Value<'s, 'i>> {
        let found = self.get(key);
        if found.is_none() {
            log.mistake(self.at, format!("{} is missing", self.child(key)), cure);
        }
        found
    }

    /// What it holds, in the order of the keys' names.
    pub(in crate::policy) fn entries(&self) -> impl Iterator<Item = (Key<'s>, Value<'s, 'i>)> {
        self.entries.iter().map(|(key, value)| {
            let name: &'s str = key.get_ref();
            (Key { name, at: key.span().start }, self.value(name, value))
        })
    }

    /// What it holds under names, each noted that is no name.
    pub(in crate::policy) fn named(
        &self,
        log: &mut Log<'_>,
        kind: &str,
    ) -> Vec<(Key<'s>, Value<'s, 'i>)> {
        self.entries()
            .filter(|(key, _)| {
                if !is_name(key.name) {
                    log.mistake(
                        key.at,
                        format!("\"{}\" cannot be the name of {kind}", key.name),
                        "Use small letters, digits, and - _ . / (at most 64, a letter or digit \
                         first).",
                    );
                }
                is_name(key.name)
            })
            .collect()
    }

    fn value(&self, key: &str, value: &'s Spanned<DeValue<'i>>) -> Value<'s, 'i> {
        Value { value: value.get_ref(), at: value.span().start, path: self.child(key) }
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
        log.mistake(
            self.at,
            format!("{} must be {kind}, and this is {}", self.path, what_is(self.value)),
            format!("Write it like {like}."),
        );
    }

    pub(in crate::policy) fn table(&self, log: &mut Log<'_>, like: &str) -> Option<Table<'s, 'i>> {
        let DeValue::Table(entries) = self.value else {
            self.is_no(log, "a table", like);
            return None;
        };
        Some(Table { entries, at: self.at, path: self.path.clone() })
    }

    /// The table, if this is one: for a second look at what was judged before.
    pub(in crate::policy) fn quietly(&self) -> Option<Table<'s, 'i>> {
        let DeValue::Table(entries) = self.value else { return None };
        Some(Table { entries, at: self.at, path: self.path.clone() })
    }

    /// The elements of a list, each named `without_people[2]`, from 1.
    pub(in crate::policy) fn list(
        &self,
        log: &mut Log<'_>,
        like: &str,
    ) -> Option<Vec<Value<'s, 'i>>> {
        let DeValue::Array(array) = self.value else {
            self.is_no(log, "a list", like);
            return None;
        };
        let element = |(i, value): (usize, &'s Spanned<DeValue<'i>>)| Value {
            value: value.get_ref(),
            at: value.span().start,
            path: format!("{}[{}]", self.path, i + 1),
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    /// A list of texts; one text alone counts as a list of one.
    pub(in crate::policy) fn texts(&self, log: &mut Log<'_>, like: &str) -> Option<Vec<Key<'s>>> {
        if let DeValue::String(one) = self.value {
            return Some(vec![Key { name: one, at: self.at }]);
        }
        let all = self.list(log, like)?;
        all.iter()
            .map(|value| value.text(log, like).map(|name| Key { name, at: value.at }))
            .collect()
    }

    /// The same as JSON; dates are texts.
    pub(in crate::policy) fn json(&self) -> Json {
        json(self.value)
    }

    /// A moment: a date and time with its distance from UTC, in quotes or without.
    pub(in crate::policy) fn moment(&self, log: &mut Log<'_>) -> Option<Timestamp> {
        const LIKE: &str = "2026-03-02T10:00:00+01:00";
        let text = match self.value {
            DeValue::Datetime(at) => at.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.is_no(log, "a date and time", LIKE);
                return None;
            }
        };
        let at = DateTime::parse_from_rfc3339(&text).ok();
        if at.is_none() {
            log.mistake(
                self.at,
                format!("{}: {} is no moment", self.path, text.escape_debug()),
                format!("Write date, time and distance from UTC like {LIKE}."),
            );
        }
        at.map(|at| at.to_utc())
    }

    pub(in crate::policy) const fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    pub(in crate::policy) const fn is_flag(&self) -> bool {
        matches!(self.value, DeValue::Boolean(_))
    }

    pub(in crate::policy) fn text(&self, log: &mut Log<'_>, like: &str) -> Option<&'s str> {
        let DeValue::String(text) = self.value else {
            self.is_no(log, "a text", like);
            return None;
        };
        Some(text)
    }

    pub(in crate::policy) fn flag(&self, log: &mut Log<'_>) -> Option<bool> {
        let DeValue::Boolean(flag) = self.value else {
            self.is_no(log, "true or false", "`true`");
            return None;
        };
        Some(*flag)
    }

    /// A whole number in this range.
    pub(in crate::policy) fn count(
        &self,
        log: &mut Log<'_>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let like = format!("{}, without quotes", range.start());
        let DeValue::Integer(number) = self.value else {
            self.is_no(log, "a whole number", &like);
            return None;
        };
        let found = i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| range.contains(n));
        if found.is_none() {
            log.mistake(
                self.at,
                format!("{}: {number} is too little or too much", self.path),
                format!("Write a number from {} to {}.", range.start(), range.end()),
            );
        }
        found
    }

    /// A text of plain words: not empty, on one line, short enough for a card.
    pub(in crate::policy) fn words(&self, log: &mut Log<'_>, like: &str) -> Option<&'s str> {
        const LONGEST: usize = 300;
        let text = self.text(log, like)?;
        if text.trim().is_empty() {
            log.mistake(self.at, format!("{} says nothing", self.path), format!("Write {like}."));
        } else if text.chars().count() > LONGEST || text.contains(char::is_control) {
            log.mistake(
                self.at,
                format!("{} is too long for a card, or has more than one line", self.path),
                format!("Say it on one line, in at most {LONGEST} characters."),
            );
        } else {
            return Some(text);
        }
        None
    }

    pub(in crate::policy) fn span(&self, log: &mut Log<'_>) -> Option<Span> {
        const LIKE: &str = "\"30m\", \"8h\", \"1h30m\" or \"7d\", in quotes";
        let DeValue::String(text) = self.value else {
            self.is_no(log, "a length of time", LIKE);
            return None;
        };
        let span = text.parse().ok();
        if span.is_none() {
            log.mistake(
                self.at,
                format!("{}: \"{text}\" is not a length of time", self.path),
                format!("Write it like {LIKE}."),
            );
        }
        span
    }

    pub(in crate::policy) fn tier(&self, log: &mut Log<'_>) -> Option<Tier> {
        let DeValue::Integer(number) = self.value else {
            self.is_no(log, "a tier", "`1`, `2` or `3`, without quotes");
            return None;
        };
        let tier = i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .and_then(|n| u8::try_from(n).ok())
            .and_then(|n| Tier::try_from(n).ok());
        if tier.is_none() {
            log.mistake(
                self.at,
                format!("{}: {number} is no tier", self.path),
                "There are 1 (read-only), 2 (internal writes) and 3 (external, customer data, \
                 money).",
            );
        }
        tier
    }

    pub(in crate::policy) fn sensitivity(&self, log: &mut Log<'_>) -> Option<Sensitivity> {
        const ALL: [Sensitivity; 4] = [
            Sensitivity::Public,
            Sensitivity::Internal,
            Sensitivity::Confidential,
            Sensitivity::Restricted,
        ];
        let text = self.text(log, "\"internal\"")?;
        let found = ALL.into_iter().find(|s| s.word() == text);
        if found.is_none() {
            log.mistake(
                self.at,
                format!("{}: \"{text}\" is no sensitivity", self.path),
                near::cure(text, "sensitivities", ALL.map(Sensitivity::word)),
            );
        }
        found
    }
}

fn json(value: &DeValue<'_>) -> Json {
    match value {
        DeValue::String(text) => Json::from(text.as_ref()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Json::Null, Json::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Json::Null, Json::from),
        DeValue::Boolean(flag) => Json::from(*flag),
        DeValue::Datetime(at) => Json::from(at.to_string()),
        DeValue::Array(all) => all.iter().map(|value| json(value.get_ref())).collect(),
        DeValue::Table(all) => {
            let each = all.iter().map(|(key, value)| {
                let name: &str = key.get_ref();
                (name.to_owned(), json(value.get_ref()))
            });
            Json::Object(each.collect())
        }
    }
}

fn what_is(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
