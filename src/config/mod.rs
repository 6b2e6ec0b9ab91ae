//! The settings: read once, from the defaults, a file and the environment, into types that cannot be
//! wrong.
//!
//! | file | idea |
//! |---|---|
//! | `default.toml` | every setting with its default and its meaning; compiled in |
//! | [`keys`] | the names of the settings and of their variables |
//! | [`source`] | the sources laid over each other, and who won |
//! | [`mistake`] | what is wrong, said so that it can be put right |
//! | [`server`] [`database`] [`policy`] [`slack`] [`identity`] [`telemetry`] | one section each |
//! | [`show`](show()) | the whole as it is in force, secrets left out |
//!
//! All mistakes are found at once. Secrets are [`secrecy::SecretString`]s: printing a [`Config`] shows
//! none of them.

pub mod address;
pub mod database;
pub mod identity;
pub mod keys;
pub mod mistake;
pub mod policy;
mod reader;
pub mod server;
mod show;
pub mod slack;
pub mod source;
pub mod telemetry;

#[cfg(test)]
mod tests;

use reader::Reader;

pub use address::WebAddress;
pub use database::{Database, DatabaseUrl, Engine};
pub use identity::Identity;
pub use mistake::{Mistake, Mistakes};
pub use policy::Policy;
pub use server::Server;
pub use show::show;
pub use slack::{Mode, Slack};
pub use source::Sources;
pub use telemetry::{Format, Telemetry};

/// The defaults, and the reference of all settings.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

/// Everything that a server needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens.
    pub server: Server,
    /// Where the record is kept.
    pub database: Database,
    /// Where the policy folder is.
    pub policy: Policy,
    /// How it and the workspace reach each other.
    pub slack: Slack,
    /// Where its keys are.
    pub identity: Identity,
    /// What is logged.
    pub telemetry: Telemetry,
}

impl Config {
    /// Reads the sources. The error holds all mistakes, those between sections too.
    pub fn load(sources: &Sources) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(sources);
        let server = Server::read(&mut reader);
        let database = Database::read(&mut reader);
        let policy = Policy::read(&mut reader);
        let slack = Slack::read(&mut reader);
        let identity = Identity::read(&mut reader);
        let telemetry = Telemetry::read(&mut reader);
        let whole = match (server, database, policy, slack, identity, telemetry) {
            (
                Some(server),
                Some(database),
                Some(policy),
                Some(slack),
                Some(identity),
                Some(telemetry),
            ) => Some(Self { server, database, policy, slack, identity, telemetry }),
            _ => None,
        };
        reader.finish(whole)
    }

    /// What is allowed and still deserves a look, in sentences for the log.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(url) = self.server.public_url.as_ref().filter(|url| url.is_exposed()) {
            warnings.push(format!(
                "server.public_url is {url}: whoever follows a link is sent there unencrypted; \
                 use https"
            ));
        }
        if self.server.public_url.is_none() && self.server.listen.ip().is_unspecified() {
            warnings.push(format!(
                "server.public_url is not set: tokens and links would name this server {}, where \
                 nobody finds it; set it to the address by which agents, services and people reach \
                 this server",
                self.server.listen
            ));
        }
        warnings
    }
}

/// What a command about the record needs, where Slack's tokens play no part: `countersign audit`.
#[derive(Debug, Clone)]
pub struct RecordConfig {
    /// Where the record is kept.
    pub database: Database,
    /// What is logged.
    pub telemetry: Telemetry,
}

impl RecordConfig {
    /// Reads these sections alone; unknown settings are refused in all of them.
    pub fn load(sources: &Sources) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(sources);
        let database = Database::read(&mut reader);
        let telemetry = Telemetry::read(&mut reader);
        let both = database.zip(telemetry);
        reader.finish(both.map(|(database, telemetry)| Self { database, telemetry }))
    }
}
