//! The names of the settings.
//!
//! Tools outside this repository write these names into files and environments: one that is
//! published here keeps its meaning.

use std::fmt;

/// What the name of an environment variable begins with.
const PREFIX: &str = "COUNTERSIGN_";

/// The name of a setting: `slack.bot_token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(&'static str);

impl Key {
    /// `server.listen`: an address and a port.
    pub const LISTEN: Self = Self("server.listen");
    /// `server.public_url`: the server's address in links.
    pub const PUBLIC_URL: Self = Self("server.public_url");
    /// `database.url`: where the record is kept; may hold a password.
    pub const DATABASE_URL: Self = Self("database.url");
    /// `policy.path`: the policy folder.
    pub const POLICY_PATH: Self = Self("policy.path");
    /// `slack.mode`: how Slack reaches the server.
    pub const SLACK_MODE: Self = Self("slack.mode");
    /// `slack.api_url`: where the Web API is.
    pub const SLACK_API_URL: Self = Self("slack.api_url");
    /// `slack.bot_token`: a secret.
    pub const BOT_TOKEN: Self = Self("slack.bot_token");
    /// `slack.app_token`: a secret.
    pub const APP_TOKEN: Self = Self("slack.app_token");
    /// `slack.signing_secret`: a secret.
    pub const SIGNING_SECRET: Self = Self("slack.signing_secret");
    /// `identity.keys_file`: where the keys are that sign tokens.
    pub const KEYS_FILE: Self = Self("identity.keys_file");
    /// `identity.encryption_key`: a secret.
    pub const ENCRYPTION_KEY: Self = Self("identity.encryption_key");
    /// `telemetry.level`: what is logged.
    pub const LEVEL: Self = Self("telemetry.level");
    /// `telemetry.format`: how it is logged.
    pub const FORMAT: Self = Self("telemetry.format");
    /// `telemetry.otlp_endpoint`: where traces, metrics and records are sent.
    pub const OTLP_ENDPOINT: Self = Self("telemetry.otlp_endpoint");

    /// All of them, in the order of `default.toml`.
    pub const ALL: [Self; 19] = [
        Self::LISTEN,
        Self::PUBLIC_URL,
        Self::DATABASE_URL,
        Self("database.url_file"),
        Self::POLICY_PATH,
        Self::SLACK_MODE,
        Self::SLACK_API_URL,
        Self::BOT_TOKEN,
        Self("slack.bot_token_file"),
        Self::APP_TOKEN,
        Self("slack.app_token_file"),
        Self::SIGNING_SECRET,
        Self("slack.signing_secret_file"),
        Self::KEYS_FILE,
        Self::ENCRYPTION_KEY,
        Self("identity.encryption_key_file"),
        Self::LEVEL,
        Self::FORMAT,
        Self::OTLP_ENDPOINT,
    ];

    /// The setting of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.0 == name)
    }

    /// The setting whose name is nearest to this one, if any is near enough to be meant.
    pub fn nearest(name: &str) -> Option<Self> {
        let distance = |key: &Self| strsim::damerau_levenshtein(name, key.0);
        let near = Self::ALL.into_iter().min_by_key(distance)?;
        // A name of the right setting in the wrong section is far by letters and clear to a reader.
        let moved = || {
            let last = name.rsplit('.').next()?;
            Self::ALL.into_iter().find(|key| key.name() == last)
        };
        if distance(&near) <= 3 { Some(near) } else { moved() }
    }

    /// The setting that this environment variable is (`COUNTERSIGN_SLACK__MODE`), by its exact name.
    pub fn of_variable(variable: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.variable() == variable)
    }

    /// The setting's environment variable.
    pub fn variable(self) -> String {
        format!("{PREFIX}{}", self.0.replace('.', "__").to_ascii_uppercase())
    }

    /// The setting that names a file holding this secret, if this is a secret.
    pub fn file(self) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.0.strip_suffix("_file") == Some(self.0))
    }

    /// Whether the value must never be shown.
    pub fn is_secret(self) -> bool {
        self.file().is_some()
    }

    /// The whole name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The section: `slack` of `slack.mode`.
    pub fn section(self) -> &'static str {
        self.0.split_once('.').map_or("", |(section, _)| section)
    }

    /// The name within the section: `mode` of `slack.mode`.
    pub fn name(self) -> &'static str {
        self.0.split_once('.').map_or(self.0, |(_, name)| name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What an environment variable means to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// It sets this.
    Sets(Key),
    /// It looks like a setting and is none; this one may be meant.
    Unknown(Option<Key>),
    /// It is somebody else's.
    NotOurs,
}

impl Variable {
    /// What this name means.
    ///
    /// Two underscores mark a setting. A name with single ones is taken for a setting only when it is
    /// one letter away from it: a container platform sets variables such as
    /// `COUNTERSIGN_SERVER_PORT` for every service it knows, and they must not stop the start.
    pub fn of(name: &str) -> Self {
        let Some(rest) = name.strip_prefix(PREFIX) else { return Self::NotOurs };
        if let Some(key) = Key::of_variable(name) {
            return Self::Sets(key);
        }
        if rest.contains("__") {
            return Self::Unknown(Key::nearest(&rest.to_ascii_lowercase().replace("__", ".")));
        }
        let flat = |text: &str| text.to_ascii_lowercase().replace(['.', '_'], "");
        let meant = Key::ALL
            .into_iter()
            .find(|key| strsim::damerau_levenshtein(&flat(key.as_str()), &flat(rest)) <= 1);
        meant.map_or(Self::NotOurs, |key| Self::Unknown(Some(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_a_variable_and_a_variable_a_setting() {
        assert_eq!(Key::BOT_TOKEN.variable(), "COUNTERSIGN_SLACK__BOT_TOKEN");
        for key in Key::ALL {
            assert_eq!(Variable::of(&key.variable()), Variable::Sets(key));
            assert_eq!(Key::named(key.as_str()), Some(key));
        }
    }

    #[test]
    fn secrets_are_the_settings_that_a_file_may_hold() {
        let secrets: Vec<_> = Key::ALL.into_iter().filter(|key| key.is_secret()).collect();
        assert_eq!(
            secrets,
            [
                Key::DATABASE_URL,
                Key::BOT_TOKEN,
                Key::APP_TOKEN,
                Key::SIGNING_SECRET,
                Key::ENCRYPTION_KEY,
            ]
        );
    }

    #[test]
    fn what_is_near_is_found() {
        assert_eq!(Key::nearest("slack.bot_tokn"), Some(Key::BOT_TOKEN));
        assert_eq!(Key::nearest("sever.listen"), Some(Key::LISTEN));
        assert_eq!(Key::nearest("server.bot_token"), Some(Key::BOT_TOKEN));
        assert_eq!(Key::nearest("colour"), None);
    }

    #[test]
    fn foreign_variables_are_left_alone_and_misspelt_ones_are_not() {
        assert_eq!(
            Variable::of("COUNTERSIGN_SLACK_BOT_TOKEN"),
            Variable::Unknown(Some(Key::BOT_TOKEN))
        );
        assert_eq!(
            Variable::of("COUNTERSIGN_SLACK__BOT_TOKN"),
            Variable::Unknown(Some(Key::BOT_TOKEN))
        );
        assert_eq!(Variable::of("COUNTERSIGN_SLACK__COLOUR"), Variable::Unknown(None));
        for foreign in [
            "COUNTERSIGN_CONFIG",
            "COUNTERSIGN_TEST_POSTGRES",
            "COUNTERSIGN_SERVER_SERVICE_HOST",
            "COUNTERSIGN_SERVER_PORT_8080_TCP",
            "COUNTERSIGN_PORT",
            "HOME",
        ] {
            assert_eq!(Variable::of(foreign), Variable::NotOurs, "{foreign}");
        }
    }
}
