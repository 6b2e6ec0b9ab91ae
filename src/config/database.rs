//! `[database]`: where the record is kept.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use super::keys::Key;
use super::reader::{Found, Reader};

/// Where the record is kept.
#[derive(Debug, Clone)]
pub struct Database {
    /// The address, which may hold a password.
    pub url: DatabaseUrl,
}

/// The kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file, for one server.
    Sqlite,
    /// PostgreSQL, for several servers.
    Postgres,
}

/// The address of a database: `sqlite://file.db` or `postgres://user:password@host/name`. It is shown
/// without its password.
#[derive(Clone)]
pub struct DatabaseUrl {
    engine: Engine,
    url: SecretString,
}

impl DatabaseUrl {
    /// The kind of database.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// The file that the address names, if it names one.
    pub fn file(&self) -> Option<&Path> {
        let path = self.expose().strip_prefix("sqlite://")?;
        Some(Path::new(path.split('?').next().unwrap_or(path)))
    }

    /// The whole address, password and all, for whoever connects.
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str =
            "write sqlite://path/to/file.db, or postgres://user:password@host:5432/name";
        let engine = match text.split_once("://") {
            Some(("sqlite", rest)) => {
                let path = rest.split('?').next().unwrap_or_default();
                if path.is_empty() || path.ends_with('/') {
                    return Err("name the file after sqlite://".to_owned());
                }
                if path.contains(":memory:") || rest.contains("mode=memory") {
                    return Err(
                        "a record kept in memory is lost at the end; name a file".to_owned()
                    );
                }
                Engine::Sqlite
            }
            Some(("postgres" | "postgresql", _)) => {
                // The parser's own words may repeat the address, and with it the password.
                sqlx::postgres::PgConnectOptions::from_str(text).map_err(|_| FORM.to_owned())?;
                Engine::Postgres
            }
            _ => return Err(FORM.to_owned()),
        };
        Ok(Self { engine, url: SecretString::from(text) })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(self.url.expose_secret()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// The address with `***` for the password, wherever it stands: before the host or as a parameter.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "***".to_owned() };
    let (address, parameters) = match rest.split_once('?') {
        Some((address, parameters)) => (address, Some(parameters)),
        None => (rest, None),
    };
    // The last `@` ends the password: one that was not encoded may hold others.
    let address = match address.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => format!("{user}@{host}"),
        },
        None => address.to_owned(),
    };
    let mut shown = format!("{scheme}://{address}");
    for (i, parameter) in parameters.into_iter().flat_map(|all| all.split('&')).enumerate() {
        shown.push(if i == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if name.contains("password") || name == "sslkey" => {
                shown.push_str(name);
                shown.push_str("=***");
            }
            _ => shown.push_str(parameter),
        }
    }
    shown
}

impl Database {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let check = |url: &str| url.parse::<DatabaseUrl>().map(|_| ());
        match reader.secret(Key::DATABASE_URL, check) {
            Found::Set(url) => Some(Self { url: url.expose_secret().parse().ok()? }),
            Found::Wrong => None,
            Found::Unset => {
                reader.missing(Key::DATABASE_URL, "it says where the record is kept");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_are_known() {
        let engine = |text: &str| text.parse::<DatabaseUrl>().map(|url| url.engine());
        assert_eq!(engine("sqlite://countersign-data/countersign.db"), Ok(Engine::Sqlite));
        assert_eq!(engine("sqlite:///var/lib/countersign.db?mode=rwc"), Ok(Engine::Sqlite));
        assert_eq!(engine("postgres://a:b@db/countersign"), Ok(Engine::Postgres));
        assert_eq!(engine("postgresql://db/countersign"), Ok(Engine::Postgres));
        let url: DatabaseUrl = "sqlite:///var/lib/countersign.db?mode=rwc".parse().unwrap();
        assert_eq!(url.file(), Some(Path::new("/var/lib/countersign.db")));
        for wrong in
            ["", "countersign.db", "mysql://db/x", "sqlite://", "sqlite://:memory:", "sqlite://a/"]
        {
            assert!(engine(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://app:hunter2@db:5432/c", "postgres://app:***@db:5432/c"),
            ("postgres://app:hu@nter2@db/c", "postgres://app:***@db/c"),
            ("postgres://db/c?user=app&password=hunter2", "postgres://db/c?user=app&password=***"),
            ("postgres://app@db/c?sslmode=require", "postgres://app@db/c?sslmode=require"),
            ("sqlite://countersign.db", "sqlite://countersign.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
        let url: DatabaseUrl = "postgres://app:hunter2@db:5432/c".parse().unwrap();
        assert!(!format!("{url:?} {url}").contains("hunter2"));
        assert_eq!(url.expose(), "postgres://app:hunter2@db:5432/c");
    }
}
