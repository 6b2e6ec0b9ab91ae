//! `[identity]`: where the server keeps the keys by which it signs.

use std::path::PathBuf;

use secrecy::SecretString;

use super::keys::Key;
use super::reader::{Found, Reader};

/// Where the server keeps the keys by which it signs.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// A file for them; beside the SQLite database, if none is named.
    pub keys_file: Option<PathBuf>,
    /// The secret by which they are encrypted in the database.
    pub encryption_key: Option<SecretString>,
}

impl Identity {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let long = |text: &str| match text.chars().count() {
            32.. => Ok(()),
            _ => Err("at least 32 characters that nobody can guess are needed; `openssl rand \
                      -base64 32` makes them"
                .to_owned()),
        };
        let keys_file = match reader.text(Key::KEYS_FILE) {
            Found::Set(path) => Some(Some(PathBuf::from(path))),
            Found::Unset => Some(None),
            Found::Wrong => None,
        };
        let encryption_key = match reader.secret(Key::ENCRYPTION_KEY, long) {
            Found::Set(secret) => Some(Some(secret)),
            Found::Unset => Some(None),
            Found::Wrong => None,
        };
        Some(Self { keys_file: keys_file?, encryption_key: encryption_key? })
    }
}
