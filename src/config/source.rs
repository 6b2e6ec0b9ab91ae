//! Where settings come from: the defaults, a file, the environment; and which of them won.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use toml::de::{DeTable, DeValue};

use super::DEFAULT_TOML;
use super::keys::{Key, Variable};
use super::mistake::{Mistake, Origin};

/// Where to read settings from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file of `--config`, if one was named.
    pub file: Option<PathBuf>,
    /// The environment's variables.
    pub env: Vec<(OsString, OsString)>,
}

impl Sources {
    /// This file, and the environment of the process.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        Self { file, env: std::env::vars_os().collect() }
    }
}

/// The names of the layers, by which figment tells which of them a value is from.
const DEFAULTS: &str = "defaults";
const FILE: &str = "file";
const ENVIRONMENT: &str = "environment";

/// The sources, laid over each other.
#[derive(Debug)]
pub(super) struct Layers {
    figment: Figment,
    file: Option<PathBuf>,
    lines: BTreeMap<String, usize>,
}

impl Layers {
    /// Reads the sources. What cannot be read or is unknown goes to `mistakes`; the rest stands.
    pub(super) fn read(sources: &Sources, mistakes: &mut Vec<Mistake>) -> Self {
        let mut layers =
            Self { figment: Figment::new(), file: sources.file.clone(), lines: BTreeMap::new() };
        let defaults = DEFAULT_TOML.parse().map(dict).unwrap_or_default();
        layers.figment = layers.figment.merge(Layer { name: DEFAULTS, values: defaults });
        if let Some(path) = &sources.file {
            let values = layers.read_file(path, mistakes);
            layers.figment = layers.figment.merge(Layer { name: FILE, values });
        }
        let values = read_environment(&sources.env, mistakes);
        layers.figment = layers.figment.merge(Layer { name: ENVIRONMENT, values });
        layers
    }

    fn read_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) -> Dict {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                mistakes
                    .push(Mistake::Unreadable { path: path.to_owned(), why: error.to_string() });
                return Dict::new();
            }
        };
        let table = match DeTable::parse(&text) {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map(|span| line_of(&text, span.start));
                let at = Origin::File { path: path.to_owned(), line };
                mistakes.push(Mistake::Syntax { at, why: error.message().to_owned() });
                return Dict::new();
            }
        };
        for (section, values) in table.get_ref() {
            let at = |offset: usize| Origin::File {
                path: path.to_owned(),
                line: Some(line_of(&text, offset)),
            };
            let DeValue::Table(values) = values.get_ref() else {
                let name = section.get_ref().to_string();
                let near = Key::nearest(&name);
                mistakes.push(Mistake::Unknown { at: at(section.span().start), name, near });
                continue;
            };
            for name in values.keys() {
                let full = format!("{}.{}", section.get_ref(), name.get_ref());
                let line = line_of(&text, name.span().start);
                match Key::named(&full) {
                    Some(_) => {
                        self.lines.insert(full, line);
                    }
                    None => mistakes.push(Mistake::Unknown {
                        at: at(name.span().start),
                        near: Key::nearest(&full),
                        name: full,
                    }),
                }
            }
            if values.is_empty() && !Key::ALL.iter().any(|key| key.section() == section.get_ref()) {
                let name = section.get_ref().to_string();
                mistakes.push(Mistake::Unknown { at: at(section.span().start), name, near: None });
            }
        }
        text.parse().map(dict).unwrap_or_default()
    }

    /// The value of a setting, and where it was set.
    pub(super) fn find(&self, key: Key) -> Option<(Value, Origin)> {
        let value = self.figment.find_value(key.as_str()).ok()?;
        let layer = self.figment.get_metadata(value.tag()).map(|layer| layer.name.to_string());
        let origin = match (layer.as_deref(), &self.file) {
            (Some(ENVIRONMENT), _) => Origin::Variable(key.variable()),
            (Some(FILE), Some(path)) => {
                Origin::File { path: path.clone(), line: self.lines.get(key.as_str()).copied() }
            }
            _ => Origin::Default,
        };
        Some((value, origin))
    }
}

/// The line (from 1) of a byte of the text.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn dict(table: toml::Table) -> Dict {
    Value::serialize(table).ok().and_then(Value::into_dict).unwrap_or_default()
}

/// The environment's settings, each as the text it is: a token that looks like a number stays a text.
fn read_environment(env: &[(OsString, OsString)], mistakes: &mut Vec<Mistake>) -> Dict {
    let mut values = Dict::new();
    let mut names: Vec<_> = env.iter().filter_map(|(n, v)| Some((n.to_str()?, v))).collect();
    names.sort_unstable();
    for (name, value) in names {
        let at = Origin::Variable(name.to_owned());
        match (Variable::of(name), value.to_str()) {
            (Variable::NotOurs, _) => {}
            (Variable::Unknown(near), _) => {
                mistakes.push(Mistake::Unknown { at, name: name.to_owned(), near });
            }
            (Variable::Sets(key), None) => mistakes.push(Mistake::Value {
                at,
                key,
                is: "is not readable text".to_owned(),
                allowed: "write it in UTF-8".to_owned(),
            }),
            (Variable::Sets(key), Some(value)) => {
                let section = values.entry(key.section().to_owned());
                if let Value::Dict(_, section) = section.or_insert_with(|| Dict::new().into()) {
                    section.insert(key.name().to_owned(), value.into());
                }
            }
        }
    }
    values
}

/// One source's values.
struct Layer {
    name: &'static str,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
