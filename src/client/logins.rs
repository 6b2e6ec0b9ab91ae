//! Logins: who somebody is at which server, kept between two commands. Two commands at once never renew
//! the same login twice: a refresh token is good for once, and the second use would end the login.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::address::Address;
use super::config::{Config, Keep};
use super::environment::{Environment, Places, read_private, write_private};
use super::keyring::Keyring;
use super::trouble::Trouble;
use crate::contract::login::PersonTokens;
use crate::domain::time::Timestamp;

/// A login, with its secrets.
#[derive(Clone)]
pub struct Login {
    /// What is shown to the server.
    pub access: SecretString,
    /// What renews it; good for once.
    pub refresh: SecretString,
    /// From when on it must be renewed.
    pub access_until: Timestamp,
}

/// Without the tokens.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("access_until", &self.access_until).finish_non_exhaustive()
    }
}

impl Login {
    /// What the server gave, at this moment.
    pub fn given(tokens: PersonTokens, now: Timestamp) -> Self {
        let seconds = i64::try_from(tokens.expires_in).unwrap_or(0).min(366 * 24 * 3600);
        Self {
            access: tokens.access_token.into(),
            refresh: tokens.refresh_token.into(),
            access_until: now + chrono::TimeDelta::seconds(seconds),
        }
    }

    fn write(&self) -> Written {
        Written {
            access_token: self.access.expose_secret().to_owned(),
            refresh_token: self.refresh.expose_secret().to_owned(),
            access_until: self.access_until,
        }
    }
}

impl From<Written> for Login {
    fn from(written: Written) -> Self {
        Self {
            access: written.access_token.into(),
            refresh: written.refresh_token.into(),
            access_until: written.access_until,
        }
    }
}

/// A login as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    access_token: String,
    refresh_token: String,
    access_until: Timestamp,
}

/// The file: a login for each server.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Book {
    #[serde(default)]
    logins: BTreeMap<String, Written>,
}

/// Where one server's login is kept.
#[derive(Debug, Clone)]
pub struct Logins {
    address: Address,
    folder: PathBuf,
    keyring: Option<Keyring>,
}

/// As long as this lives, nobody else on this machine changes logins.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "the lock goes when the file is closed")] File);

impl Logins {
    /// Where the login at this server is kept: in the keyring if there is one and the settings do not say
    /// otherwise.
    pub fn at(
        address: Address,
        environment: &Environment,
        places: &Places,
        config: &Config,
    ) -> Self {
        let keyring = match config.logins {
            Keep::Auto => Keyring::of(environment),
            Keep::File => None,
        };
        Self { address, folder: places.config.clone(), keyring }
    }

    /// Where it is kept, for people.
    pub fn place(&self) -> String {
        let in_keyring = |keyring: Keyring| keyring.get(self.address.as_str()).is_some();
        if self.keyring.is_some_and(in_keyring) {
            "the keyring".to_owned()
        } else {
            self.file().display().to_string()
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("credentials.json")
    }

    /// Waits until nobody else changes logins.
    ///
    /// # Errors
    ///
    /// When the lock's file cannot be made.
    pub async fn hold(&self) -> Result<Held, Trouble> {
        let path = self.folder.join("credentials.lock");
        let opened = path.clone();
        let locked = tokio::task::spawn_blocking(move || {
            if let Some(folder) = opened.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let file = File::options().create(true).truncate(false).write(true).open(&opened)?;
            file.lock()?;
            Ok(file)
        });
        let locked = locked.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        locked.map(Held).map_err(|error| Trouble::file("locked", &path, &error))
    }

    /// The login, if there is one.
    ///
    /// # Errors
    ///
    /// When the keyring or the file cannot be read, or others may read the file.
    pub fn load(&self) -> Result<Option<Login>, Trouble> {
        if let Some(keyring) = self.keyring
            && let Some(text) = keyring.get(self.address.as_str())
        {
            return serde_json::from_str(&text)
                .map(|written: Written| Some(written.into()))
                .map_err(|_| self.unreadable());
        }
        Ok(self.book()?.logins.remove(self.address.as_str()).map(Into::into))
    }

    /// Keeps a login.
    ///
    /// # Errors
    ///
    /// When it cannot be kept.
    pub fn save(&self, login: &Login) -> Result<(), Trouble> {
        let text = serde_json::to_string(&login.write())
            .map_err(|error| Trouble::fault("The login could not be written down.", error))?;
        if let Some(keyring) = self.keyring
            && keyring.set(self.address.as_str(), &text)
        {
            // One that was kept before there was a keyring.
            return self.change(|logins| drop(logins.remove(self.address.as_str())));
        }
        self.change(|logins| drop(logins.insert(self.address.to_string(), login.write())))
    }

    /// Forgets the login; with the whole file, if that cannot be read.
    ///
    /// # Errors
    ///
    /// When it could not be removed.
    pub fn forget(&self) -> Result<(), Trouble> {
        if let Some(keyring) = self.keyring {
            keyring.remove(self.address.as_str());
        }
        if self.book().is_ok() {
            return self.change(|logins| drop(logins.remove(self.address.as_str())));
        }
        let path = self.file();
        std::fs::remove_file(&path).map_err(|error| Trouble::file("removed", &path, &error))
    }

    fn book(&self) -> Result<Book, Trouble> {
        match read_private(&self.file())? {
            None => Ok(Book::default()),
            Some(text) => serde_json::from_str(&text).map_err(|_| self.unreadable()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Written>)) -> Result<(), Trouble> {
        let mut book = self.book()?;
        let empty = book.logins.is_empty();
        change(&mut book.logins);
        if empty && book.logins.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&book)
            .map_err(|error| Trouble::fault("The login could not be written down.", error))?;
        write_private(&self.file(), &text)
    }

    fn unreadable(&self) -> Trouble {
        Trouble::invalid(
            format!("The login kept in {} cannot be read.", self.place()),
            "it is damaged, or was written by a newer agent-cli.",
            format!("agent-cli logout   and then: agent-cli login {}", self.address),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(n: &str) -> Login {
        let tokens = PersonTokens {
            access_token: format!("csp_{n}"),
            token_type: "Bearer".to_owned(),
            expires_in: 600,
            refresh_token: format!("csr_{n}"),
        };
        Login::given(tokens, chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap())
    }

    fn logins(folder: &tempfile::TempDir, address: &str) -> Logins {
        let path = folder.path().to_owned();
        let places = Places { config: path.clone(), data: path };
        let none = Environment::default();
        Logins::at(address.parse().unwrap(), &none, &places, &Config::default())
    }

    #[test]
    fn each_server_has_a_login_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (logins(&folder, "https://one.example"), logins(&folder, "two.example"));
        assert!(one.load().unwrap().is_none());
        one.save(&login("1")).unwrap();
        two.save(&login("2")).unwrap();
        let token =
            |logins: &Logins| logins.load().unwrap().map(|l| l.access.expose_secret().to_owned());
        assert_eq!(
            (token(&one), token(&two)),
            (Some("csp_1".to_owned()), Some("csp_2".to_owned()))
        );
        one.forget().unwrap();
        assert_eq!((token(&one), token(&two)), (None, Some("csp_2".to_owned())));
    }

    #[test]
    fn a_damaged_file_says_what_to_do_and_that_works() {
        let folder = tempfile::tempdir().unwrap();
        let one = logins(&folder, "https://one.example");
        write_private(&one.file(), "{").unwrap();
        let words = format!("{:?}", one.load().unwrap_err().words());
        assert!(words.contains("agent-cli logout"), "{words}");
        one.forget().unwrap();
        assert!(one.load().unwrap().is_none());
    }

    #[test]
    fn tokens_are_in_no_debug_output() {
        let text = format!("{:?}", login("secret"));
        assert!(!text.contains("secret"), "{text}");
    }

    #[tokio::test]
    async fn one_command_at_a_time_changes_logins() {
        let folder = tempfile::tempdir().unwrap();
        let one = logins(&folder, "https://one.example");
        let held = one.hold().await.unwrap();
        let again =
            File::options().write(true).open(folder.path().join("credentials.lock")).unwrap();
        assert!(again.try_lock().is_err());
        drop(held);
        assert!(one.hold().await.is_ok());
    }
}
