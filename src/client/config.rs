//! `config.toml`: which server, and where logins are kept. Nothing in it is secret.

use serde::{Deserialize, Serialize};

use super::environment::Places;
use super::exit::Exit;
use super::trouble::Trouble;
use super::words::Told;

/// The settings of one person on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server that is asked when nobody names another; the last that was logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Where logins are kept.
    #[serde(default)]
    pub logins: Keep,
}

/// Where logins are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// In the keyring of the desktop where there is one, else in a file.
    #[default]
    Auto,
    /// In a file that its owner alone may read.
    File,
}

impl Config {
    /// Reads the settings; the defaults, if there is no file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or says what no setting is.
    pub fn load(places: &Places) -> Result<Self, Trouble> {
        let path = places.config_file();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(Trouble::file("read", &path, &error)),
        };
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| {
                text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1)
            });
            let place = line.map(|line| format!(":{line}")).unwrap_or_default();
            let told = Told::new(format!("{}{place} cannot be understood.", path.display()))
                .why(error.message().to_owned())
                .next([
                    "mend the line; it may say: server = \"https://agents.example.com\"".to_owned(),
                    "or remove the file: agent-cli login ADDRESS writes it anew".to_owned(),
                ]);
            Trouble::told(Exit::Usage, "bad_config", told)
        })
    }

    /// Writes the settings.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn save(&self, places: &Places) -> Result<(), Trouble> {
        let text = toml::to_string(self)
            .map_err(|error| Trouble::fault("The settings could not be written down.", error))?;
        super::environment::write_private(&places.config_file(), &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(folder: &tempfile::TempDir) -> Places {
        let path = folder.path().to_owned();
        Places { config: path.clone(), data: path }
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(&folder);
        assert_eq!(Config::load(&places), Ok(Config::default()));
        let config = Config { server: Some("https://a.example".to_owned()), logins: Keep::File };
        config.save(&places).unwrap();
        assert_eq!(Config::load(&places), Ok(config));
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(&folder);
        std::fs::write(places.config_file(), "# mine\nsevrer = \"https://a.example\"\n").unwrap();
        let words = Config::load(&places).unwrap_err().words();
        assert!(words.what.contains("config.toml:2 cannot be understood"), "{words:?}");
        assert!(format!("{words:?}").contains("sevrer"), "{words:?}");
    }
}
