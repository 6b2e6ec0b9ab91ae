//! What the checks of blocks, elements and views are made of.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Where blocks are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    Message,
    Modal,
    Home,
}

/// Walks through a piece of Block Kit and collects what is wrong, each with its place.
pub(super) struct Checker {
    pub surface: Surface,
    place: Vec<String>,
    found: Vec<String>,
    /// Block ids so far: no two may be the same.
    pub block_ids: BTreeSet<String>,
    /// Action ids so far in this block.
    pub action_ids: BTreeSet<String>,
    /// Elements so far that want the focus: one may.
    pub focused: usize,
}

impl Checker {
    pub(super) fn new(surface: Surface) -> Self {
        Self {
            surface,
            place: Vec::new(),
            found: Vec::new(),
            block_ids: BTreeSet::new(),
            action_ids: BTreeSet::new(),
            focused: 0,
        }
    }

    /// What is wrong.
    pub(super) fn found(self) -> Vec<String> {
        self.found
    }

    /// Something is wrong here.
    pub(super) fn wrong(&mut self, what: impl AsRef<str>) {
        let place = self.place.join("/");
        self.found.push(format!("{} [json-pointer:/{place}]", what.as_ref()));
    }

    /// Looks one step deeper.
    pub(super) fn at(&mut self, step: impl ToString, look: impl FnOnce(&mut Self)) {
        self.place.push(step.to_string());
        look(self);
        self.place.pop();
    }

    /// The object here, or a complaint.
    pub(super) fn object<'v>(&mut self, value: &'v Value) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong("must provide an object");
        }
        object
    }

    /// Complains about every field that is not known.
    pub(super) fn only(&mut self, fields: &Map<String, Value>, known: &[&str], more: &[&str]) {
        for name in fields.keys() {
            if !known.contains(&name.as_str()) && !more.contains(&name.as_str()) {
                self.wrong(format!("invalid additional property: {name}"));
            }
        }
    }

    /// A field that must be there.
    pub(super) fn required<'v>(
        &mut self,
        fields: &'v Map<String, Value>,
        name: &str,
    ) -> Option<&'v Value> {
        let value = fields.get(name).filter(|value| !value.is_null());
        if value.is_none() {
            self.wrong(format!("missing required field: {name}"));
        }
        value
    }

    /// A text of 1 to `longest` characters, if the field is there.
    pub(super) fn string(&mut self, fields: &Map<String, Value>, name: &str, longest: usize) {
        if let Some(value) = fields.get(name).filter(|value| !value.is_null()) {
            self.at(name, |checker| checker.length(value, 1, longest));
        }
    }

    /// As [`Self::string`], and empty will do too.
    pub(super) fn maybe_empty(&mut self, fields: &Map<String, Value>, name: &str, longest: usize) {
        if let Some(value) = fields.get(name).filter(|value| !value.is_null()) {
            self.at(name, |checker| checker.length(value, 0, longest));
        }
    }

    fn length(&mut self, value: &Value, shortest: usize, longest: usize) {
        let Some(text) = value.as_str() else { return self.wrong("must provide a string") };
        let length = text.chars().count();
        if length > longest {
            self.wrong(format!("must be less than {} characters", longest + 1));
        } else if length < shortest {
            self.wrong(format!("must be more than {} characters", shortest.saturating_sub(1)));
        }
    }

    /// `true` or `false`, if the field is there.
    pub(super) fn boolean(&mut self, fields: &Map<String, Value>, name: &str) {
        if fields.get(name).is_some_and(|value| !value.is_boolean() && !value.is_null()) {
            self.at(name, |checker| checker.wrong("must provide a boolean"));
        }
    }

    /// One of these words, if the field is there.
    pub(super) fn one_of(&mut self, fields: &Map<String, Value>, name: &str, words: &[&str]) {
        if let Some(value) = fields.get(name)
            && !value.as_str().is_some_and(|word| words.contains(&word))
        {
            self.at(name, |checker| checker.wrong(format!("must be one of: {}", words.join(", "))));
        }
    }

    /// A list of so many things, each of which is looked at.
    pub(super) fn list(
        &mut self,
        value: &Value,
        (fewest, most): (usize, usize),
        mut look: impl FnMut(&mut Self, &Value),
    ) {
        let Some(items) = value.as_array() else { return self.wrong("must provide an array") };
        if items.len() > most {
            self.wrong(format!("no more than {most} items allowed"));
        }
        if items.len() < fewest {
            self.wrong(format!("no fewer than {fewest} items required"));
        }
        for (at, item) in items.iter().enumerate() {
            self.at(at, |checker| look(checker, item));
        }
    }

    /// A text object.
    pub(super) fn text(&mut self, value: &Value, kind: TextKind, longest: usize) {
        let Some(fields) = self.object(value) else { return };
        let given = fields.get("type").and_then(Value::as_str).unwrap_or_default();
        let fits = match kind {
            TextKind::Plain => given == "plain_text",
            TextKind::Any => matches!(given, "plain_text" | "mrkdwn"),
        };
        if !fits {
            self.at("type", |checker| {
                checker.wrong(match kind {
                    TextKind::Plain => "must be plain_text",
                    TextKind::Any => "must be plain_text or mrkdwn",
                });
            });
        }
        let own = if given == "mrkdwn" { "verbatim" } else { "emoji" };
        self.only(fields, &["type", "text", own], &[]);
        self.boolean(fields, own);
        if self.required(fields, "text").is_some() {
            self.string(fields, "text", longest);
        }
    }

    /// A text object in a field, if the field is there.
    pub(super) fn text_field(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        kind: TextKind,
        longest: usize,
    ) {
        if let Some(value) = fields.get(name).filter(|value| !value.is_null()) {
            self.at(name, |checker| checker.text(value, kind, longest));
        }
    }

    /// A text object in a field that must be there.
    pub(super) fn required_text(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        kind: TextKind,
        longest: usize,
    ) {
        if self.required(fields, name).is_some() {
            self.text_field(fields, name, kind, longest);
        }
    }
}

/// What sort of text may stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    Plain,
    Any,
}
