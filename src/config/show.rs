//! The configuration as it is in force, and where each value is from; secrets left out.

use std::fmt::{self, Write};

use super::database::DatabaseUrl;
use super::keys::Key;
use super::mistake::Origin;
use super::reader::{Found, Reader};
use super::source::Sources;

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// All settings in the form of a configuration file. Each line says where its value is from.
pub fn show(sources: &Sources) -> String {
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = write_all(&mut text, Reader::new(sources));
    text
}

fn write_all(out: &mut String, mut reader: Reader) -> fmt::Result {
    let mut section = "";
    for key in Key::ALL {
        if key.section() != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            section = key.section();
            writeln!(out, "{gap}[{section}]")?;
        }
        match (value(&mut reader, key), reader.origin(key)) {
            (Some(value), Some(origin)) => writeln!(out, "{} = {value}  # {origin}", key.name())?,
            _ => writeln!(out, "# {} is not set", key.name())?,
        }
    }
    Ok(())
}

/// The value as a configuration file would have it.
fn value(reader: &mut Reader, key: Key) -> Option<String> {
    // A default that gave way to a file is not in force.
    if reader.origin(key) == Some(Origin::Default)
        && key.file().is_some_and(|file| reader.origin(file).is_some())
    {
        return None;
    }
    let shown = match reader.text(key) {
        Found::Unset => return None,
        Found::Wrong => "(wrong)".to_owned(),
        Found::Set(text) if key == Key::DATABASE_URL => {
            text.parse::<DatabaseUrl>().map_or(HIDDEN.to_owned(), |url| url.to_string())
        }
        Found::Set(_) if key.is_secret() => HIDDEN.to_owned(),
        Found::Set(text) => text,
    };
    Some(toml::Value::String(shown).to_string())
}
