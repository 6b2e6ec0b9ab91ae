//! What every command has at hand: where it speaks, what it was told from outside, which server it asks
//! and in whose name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::address::Address;
use super::agent_key::AgentKey;
use super::config::Config;
use super::environment::{AGENT, AGENT_KEY, Environment, Places, SERVER, TOKEN};
use super::logins::Logins;
use super::screen::Screen;
use super::server::{Credentials, Server, bad_address};
use super::trouble::Trouble;
use crate::clock::{Clock, Entropy, SystemClock};
use crate::domain::agent::Slug;
use crate::domain::time::Timestamp;

/// What every command has at hand.
pub struct Session {
    /// Where it speaks.
    pub screen: Screen,
    /// What it was told from outside.
    pub environment: Environment,
    /// The folder it was called in.
    pub folder: PathBuf,
    server: Option<String>,
    clock: Arc<dyn Clock>,
    chance: Entropy,
}

impl Session {
    /// A session. `server` is the address from the command line, before all others.
    pub fn new(
        screen: Screen,
        environment: Environment,
        folder: PathBuf,
        server: Option<String>,
    ) -> Self {
        let (clock, chance) = (Arc::new(SystemClock), Entropy::from_system());
        Self { screen, environment, folder, server, clock, chance }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The folders of whoever called.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn places(&self) -> Result<Places, Trouble> {
        Places::of(&self.environment)
    }

    /// The settings of whoever called.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn config(&self) -> Result<Config, Trouble> {
        Config::load(&self.places()?)
    }

    /// Where the server is: the command line says it, or the environment, or the last login.
    ///
    /// # Errors
    ///
    /// When nothing says it, or what says it is no address.
    pub fn address(&self) -> Result<Address, Trouble> {
        let said = self.server.as_deref().or_else(|| self.environment.get(SERVER));
        match said {
            Some(said) => said.parse().map_err(bad_address),
            None => {
                let server = self.config()?.server.ok_or(Trouble::NoServer)?;
                server.parse().map_err(bad_address)
            }
        }
    }

    /// The logins at a server.
    ///
    /// # Errors
    ///
    /// When the settings cannot be read.
    pub fn logins(&self, address: Address) -> Result<Logins, Trouble> {
        let places = self.places()?;
        Ok(Logins::at(address, &self.environment, &places, &Config::load(&places)?))
    }

    /// The server, in the name of whoever is known best: a token in the environment, an agent's key in
    /// the environment, or a person's login.
    ///
    /// # Errors
    ///
    /// When no server is known, or what proves the caller cannot be read.
    pub fn server(&self) -> Result<Server, Trouble> {
        let address = self.address()?;
        let credentials = if let Some(token) = self.environment.get(TOKEN) {
            Credentials::Token(token.into())
        } else if let Some(path) = self.environment.path(AGENT_KEY) {
            let name = match self.named_agent(None)? {
                Some(name) => name,
                None => stem(&path)?,
            };
            Credentials::Agent { name, key: Arc::new(AgentKey::read(&path)?) }
        } else {
            Credentials::Login(self.logins(address.clone())?)
        };
        Server::open(address.as_str(), credentials)
    }

    /// The server, in an agent's name: by the key that the environment names, or the one that was made on
    /// this machine.
    ///
    /// # Errors
    ///
    /// When no server is known, or there is no key of the agent's.
    pub fn server_as_agent(&self, name: Slug) -> Result<Server, Trouble> {
        let path = match self.environment.path(AGENT_KEY) {
            Some(path) => path,
            None => self.places()?.key_file(name.as_str()),
        };
        let key = Arc::new(AgentKey::read(&path)?);
        Server::open(self.address()?.as_str(), Credentials::Agent { name, key })
    }

    /// The agent in whose name something is done by its key: as [`Session::named_agent`], or the one whose
    /// key the environment names.
    ///
    /// # Errors
    ///
    /// When what says it is no agent's name.
    pub fn agent_with_key(&self, said: Option<&str>) -> Result<Option<Slug>, Trouble> {
        match (self.named_agent(said)?, self.environment.path(AGENT_KEY)) {
            (Some(name), _) => Ok(Some(name)),
            (None, Some(path)) => stem(&path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// A name that nothing else has.
    pub fn fresh_id(&self) -> String {
        self.chance.ulid(self.now()).to_string()
    }

    /// The agent that is meant, as far as it was said: on the command line, in the environment, or by the
    /// `agent.toml` of the folder or of one above it.
    ///
    /// # Errors
    ///
    /// When what says it is no agent's name.
    pub fn named_agent(&self, said: Option<&str>) -> Result<Option<Slug>, Trouble> {
        let (said, by) = match (said, self.environment.get(AGENT)) {
            (Some(said), _) => (Some(said.to_owned()), "the command line".to_owned()),
            (None, Some(set)) => (Some(set.to_owned()), AGENT.to_owned()),
            (None, None) => match manifest_above(&self.folder) {
                Some(path) => (name_in(&path)?, path.display().to_string()),
                None => (None, String::new()),
            },
        };
        let read = |said: String| {
            said.parse().map_err(|error| {
                Trouble::invalid(
                    format!("`{}` cannot be an agent's name.", super::words::harmless(&said)),
                    format!("{error} ({by})."),
                    "agent-cli list   shows the names there are",
                )
            })
        };
        said.map(read).transpose()
    }
}

/// The `agent.toml` of a folder, or of the nearest above it; not above the repository.
pub fn manifest_above(folder: &Path) -> Option<PathBuf> {
    for folder in folder.ancestors() {
        let path = folder.join(crate::contract::manifest::FILE);
        if path.is_file() {
            return Some(path);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The agent's name in an `agent.toml`; what else stands there is not looked at.
fn name_in(path: &Path) -> Result<Option<String>, Trouble> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Trouble::file("read", path, &error))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        Trouble::invalid(
            format!("{} cannot be understood.", path.display()),
            error.message().to_owned(),
            "agent-cli gate   names each mistake with its line; --agent NAME does without the file",
        )
    })?;
    let name = table.get("agent").and_then(|agent| agent.get("name"));
    Ok(name.and_then(toml::Value::as_str).map(str::to_owned))
}

/// A key's file is called as its agent, where nothing else says whose it is.
fn stem(path: &Path) -> Result<Slug, Trouble> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.parse().map_err(|_| Trouble::Missing {
        what: format!("Which agent does the key {} belong to?", path.display()),
        flag: format!("{AGENT}=name to the environment"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::look::Look;
    use super::*;

    fn session(environment: Environment, folder: &Path, server: Option<&str>) -> Session {
        let look = Look::PLAIN;
        let screen = Screen { out: look, err: look, json: false, interactive: false, live: false };
        Session::new(screen, environment, folder.to_owned(), server.map(str::to_owned))
    }

    #[test]
    fn the_nearest_word_says_which_server() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().to_str().unwrap();
        let none = session(Environment::of([("HOME", path)]), home.path(), None);
        assert_eq!(none.address(), Err(Trouble::NoServer));
        let config = Config { server: Some("c.example".to_owned()), ..Config::default() };
        config.save(&none.places().unwrap()).unwrap();
        let text = |session: Session| session.address().unwrap().to_string();
        assert_eq!(text(none), "https://c.example");
        let set = || Environment::of([("HOME", path), (SERVER, "e.example")]);
        assert_eq!(text(session(set(), home.path(), None)), "https://e.example");
        let flag = session(set(), home.path(), Some("f.example"));
        assert_eq!(text(flag), "https://f.example");
        let bad = session(set(), home.path(), Some("http://f.example"));
        assert_eq!(bad.address().unwrap_err().exit(), super::super::exit::Exit::Usage);
    }

    #[test]
    fn the_repository_says_which_agent() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("src/deep");
        std::fs::create_dir_all(&inner).unwrap();
        let here = |environment| session(environment, &inner, None);
        assert_eq!(here(Environment::default()).named_agent(None), Ok(None));
        let file = root.path().join("agent.toml");
        std::fs::write(&file, "version = 1\n[agent]\nname = \"from-the-file\"\n").unwrap();
        let name = |session: Session, said| {
            session.named_agent(said).map(|name| name.map(|name| name.to_string()))
        };
        assert_eq!(name(here(Environment::default()), None), Ok(Some("from-the-file".to_owned())));
        let set = || here(Environment::of([(AGENT, "from-the-environment")]));
        assert_eq!(name(set(), None), Ok(Some("from-the-environment".to_owned())));
        assert_eq!(name(set(), Some("said")), Ok(Some("said".to_owned())));
        let words = format!("{:?}", name(set(), Some("Not This")).unwrap_err().words());
        assert!(words.contains("not-this"), "{words}");
        std::fs::create_dir(root.path().join("src/.git")).unwrap();
        assert_eq!(name(here(Environment::default()), None), Ok(None), "another repository's");
    }
}
