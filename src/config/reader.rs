//! Takes settings out of the layers, and collects what is wrong with them.

use std::path::PathBuf;

use figment::value::Value;
use secrecy::SecretString;

use super::keys::Key;
use super::mistake::{Mistake, Mistakes, Origin};
use super::source::{Layers, Sources};

/// Reads settings one by one. A wrong one leaves a mistake and comes back as nothing, so that all the
/// others are looked at too.
#[derive(Debug)]
pub(super) struct Reader {
    layers: Layers,
    mistakes: Vec<Mistake>,
}

/// A setting that was looked for.
#[derive(Debug)]
pub(super) enum Found<T> {
    /// It is there and right.
    Set(T),
    /// Nobody set it.
    Unset,
    /// It is there and wrong; the mistake is noted.
    Wrong,
}

impl<T> Found<T> {
    /// The value, if it is there and right.
    pub(super) fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Unset | Self::Wrong => None,
        }
    }
}

impl Reader {
    /// Reads the sources.
    pub(super) fn new(sources: &Sources) -> Self {
        let mut mistakes = Vec::new();
        let layers = Layers::read(sources, &mut mistakes);
        Self { layers, mistakes }
    }

    /// The value, unless anything at all is wrong.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Mistakes> {
        if self.mistakes.iter().any(Mistake::hides_others) {
            self.mistakes.retain(|mistake| !matches!(mistake, Mistake::Missing { .. }));
        }
        match value {
            Some(value) if self.mistakes.is_empty() => Ok(value),
            _ => Err(Mistakes(self.mistakes)),
        }
    }

    /// Notes that a setting is missing.
    pub(super) fn missing(&mut self, key: Key, why: &'static str) {
        self.mistakes.push(Mistake::Missing { key, why });
    }

    /// Where a setting was set.
    pub(super) fn origin(&self, key: Key) -> Option<Origin> {
        self.layers.find(key).map(|(_, origin)| origin)
    }

    /// A setting that is text.
    pub(super) fn text(&mut self, key: Key) -> Found<String> {
        match self.layers.find(key) {
            None => Found::Unset,
            Some((Value::String(_, text), at)) if text.trim().is_empty() => {
                self.wrong(at, key, "is empty", "give it a value, or leave it out")
            }
            Some((Value::String(_, text), _)) => Found::Set(text),
            Some((other, at)) => {
                let is = format!("is {}", kind(&other));
                self.wrong(at, key, is, "write it as text, in quotation marks")
            }
        }
    }

    /// A setting that is parsed from text. `parse` says of a wrong one what is allowed.
    pub(super) fn parsed<T>(
        &mut self,
        key: Key,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Found<T> {
        let text = match self.text(key) {
            Found::Set(text) => text,
            Found::Unset => return Found::Unset,
            Found::Wrong => return Found::Wrong,
        };
        match parse(text.trim()) {
            Ok(value) => Found::Set(value),
            Err(allowed) => {
                let at = self.origin(key).unwrap_or(Origin::Default);
                self.wrong(at, key, format!("is {text:?}"), allowed)
            }
        }
    }

    /// A secret: the setting itself, or the content of the file that stands for it. `check` says what
    /// is wrong with its form, without repeating it.
    pub(super) fn secret(
        &mut self,
        key: Key,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Found<SecretString> {
        let own = self.layers.find(key);
        let file = key.file().and_then(|file| self.layers.find(file).map(|(_, at)| (file, at)));
        let (text, at) = match (own, file) {
            (None, None) => return Found::Unset,
            // The default gives way to a file; a value that somebody set does not.
            (Some((_, value)), Some((_, file))) if value != Origin::Default => {
                self.mistakes.push(Mistake::Twice { key, value, file });
                return Found::Wrong;
            }
            (_, Some((file, at))) => match self.secret_file(file, &at) {
                Found::Set(text) => (text, at),
                Found::Unset | Found::Wrong => return Found::Wrong,
            },
            (Some((_, at)), None) => match self.text(key) {
                Found::Set(text) => (text, at),
                Found::Unset | Found::Wrong => return Found::Wrong,
            },
        };
        let text = text.trim();
        if text.contains(char::is_whitespace) {
            return self.wrong(at, key, "contains white space", "write the secret alone");
        }
        match check(text) {
            Ok(()) => Found::Set(SecretString::from(text)),
            Err(allowed) => self.wrong(at, key, "has the wrong form", allowed),
        }
    }

    fn secret_file(&mut self, key: Key, at: &Origin) -> Found<String> {
        let path = match self.text(key) {
            Found::Set(path) => PathBuf::from(path),
            Found::Unset => return Found::Unset,
            Found::Wrong => return Found::Wrong,
        };
        let (is, cure) = match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => {
                ("is empty".to_owned(), "write the secret into it")
            }
            Ok(text) => return Found::Set(text),
            Err(error) => {
                (format!("cannot be read: {error}"), "name a file that the server may read")
            }
        };
        self.wrong(at.clone(), key, format!("names {}, which {is}", path.display()), cure)
    }

    fn wrong<T>(
        &mut self,
        at: Origin,
        key: Key,
        is: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Found<T> {
        self.mistakes.push(Mistake::Value { at, key, is: is.into(), allowed: allowed.into() });
        Found::Wrong
    }
}

/// What a value is, in words, without the value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(..) => "text",
        Value::Char(..) => "a character",
        Value::Bool(..) => "true or false",
        Value::Num(..) => "a number",
        Value::Empty(..) => "nothing",
        Value::Dict(..) => "a table",
        Value::Array(..) => "a list",
    }
}
