//! What a process is told from outside: its environment, and the folders that follow from it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::trouble::Trouble;

/// The server's address.
pub const SERVER: &str = "COUNTERSIGN_SERVER";
/// A bearer token to show instead of a login.
pub const TOKEN: &str = "COUNTERSIGN_TOKEN";
/// Where a command that is run finds its token, as it is renewed.
pub const TOKEN_FILE: &str = "COUNTERSIGN_TOKEN_FILE";
/// The private key by which an agent proves itself.
pub const AGENT_KEY: &str = "COUNTERSIGN_AGENT_KEY";
/// The agent's name.
pub const AGENT: &str = "COUNTERSIGN_AGENT";

/// The variables of a process. Empty ones are as good as absent.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

/// Without the values: some are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// This process's.
    pub fn of_process() -> Self {
        let readable =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Self(std::env::vars_os().filter_map(readable).collect())
    }

    /// These.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    /// A variable, if it is set to a text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    }

    /// A variable that names a file or a folder.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Whether it asks for no colours (no-color.org).
    pub fn is_plain(&self) -> bool {
        self.get("NO_COLOR").is_some() || self.get("TERM").is_none_or(|term| term == "dumb")
    }
}

/// The folders of one person on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Settings, and logins where there is no keyring.
    pub config: PathBuf,
    /// What must be kept: agents' private keys.
    pub data: PathBuf,
}

impl Places {
    /// As the XDG base directories have them.
    ///
    /// # Errors
    ///
    /// When nothing says where the person's home is.
    pub fn of(environment: &Environment) -> Result<Self, Trouble> {
        // The specification has relative paths ignored.
        let set = |name| environment.path(name).filter(|path: &PathBuf| path.is_absolute());
        let home = set("HOME");
        let below = |name, rest: &str| {
            set(name)
                .or_else(|| home.as_ref().map(|home| home.join(rest)))
                .map(|path| path.join("countersign"))
        };
        match (below("XDG_CONFIG_HOME", ".config"), below("XDG_DATA_HOME", ".local/share")) {
            (Some(config), Some(data)) => Ok(Self { config, data }),
            _ => Err(Trouble::usage(
                "There is no place for settings: HOME is not set.",
                "set HOME, or XDG_CONFIG_HOME and XDG_DATA_HOME",
            )),
        }
    }

    /// The settings.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// An agent's private key.
    pub fn key_file(&self, agent: &str) -> PathBuf {
        self.data.join("keys").join(format!("{agent}.pem"))
    }
}

/// Writes a file that its owner alone may read, whole or not at all.
///
/// # Errors
///
/// Why it could not be written.
pub fn write_private(path: &Path, text: &str) -> Result<(), Trouble> {
    let failed = |error| Trouble::file("written", path, &error);
    if let Some(folder) = path.parent() {
        make_private_folder(folder).map_err(failed)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    let written = private_file(&beside)
        .and_then(|mut file| {
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // The rest of what failed; that it cannot be removed either is no news.
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(failed)
}

fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Reads a file of secrets; `None` if it is not there.
///
/// # Errors
///
/// When it cannot be read, or others may read it: then it is not used, and its owner is told.
pub fn read_private(path: &Path) -> Result<Option<String>, Trouble> {
    let failed = |error| Trouble::file("read", path, &error);
    let mode = match std::fs::metadata(path) {
        Ok(metadata) => mode(&metadata),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if mode & 0o077 != 0 {
        return Err(Trouble::invalid(
            format!("{} can be read by others, so it is not used.", path.display()),
            "whoever could read it may have its secrets already.",
            format!(
                "chmod 600 {}   and make new ones if others have used this machine",
                path.display()
            ),
        ));
    }
    std::fs::read_to_string(path).map(Some).map_err(failed)
}

/// Who may do what with a file; where a system has no such bits, its owner alone.
fn mode(metadata: &std::fs::Metadata) -> u32 {
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    #[cfg(not(unix))]
    let mode = 0;
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_the_environment() {
        let places = |environment: Environment| Places::of(&environment);
        let home = places(Environment::of([("HOME", "/home/dana")])).unwrap();
        assert_eq!(home.config_file(), Path::new("/home/dana/.config/countersign/config.toml"));
        let key = Path::new("/home/dana/.local/share/countersign/keys/bot.pem");
        assert_eq!(home.key_file("bot"), key);
        let set = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_DATA_HOME", "relative")];
        let set = places(Environment::of(set)).unwrap();
        assert_eq!(set.config, Path::new("/c/countersign"));
        assert_eq!(set.data, Path::new("/h/.local/share/countersign"));
        assert!(places(Environment::default()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner/secret");
        assert_eq!(read_private(&path), Ok(None));
        write_private(&path, "one").unwrap();
        write_private(&path, "two").unwrap();
        assert_eq!(read_private(&path), Ok(Some("two".to_owned())));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        for looser in [0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(looser)).unwrap();
            let words = read_private(&path).unwrap_err().words();
            assert!(words.what.contains("can be read by others"), "{words:?}");
        }
    }
}
