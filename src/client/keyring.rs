//! The keyring of the desktop, by the tools that the systems bring: `secret-tool` (libsecret: GNOME, KDE)
//! and macOS' `security`. Secrets go through pipes: what stands on a command line, others can read.
//!
//! A keyring that is locked, away or slow is as good as none: then the file is used.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::environment::Environment;

/// What our entries are called there.
const SERVICE: &str = "countersign";
/// How long a keyring may take; it may ask its owner to unlock it.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether the tool has ended.
const LOOK: Duration = Duration::from_millis(5);

/// A keyring of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// The Secret Service of a desktop, by `secret-tool`.
    SecretService,
    /// The login keychain of macOS, by `security`.
    Keychain,
}

impl Keyring {
    /// The keyring that is likely to be here: macOS has one; elsewhere a desktop session with the tool.
    pub fn of(environment: &Environment) -> Option<Self> {
        if cfg!(target_os = "macos") {
            return Some(Self::Keychain);
        }
        environment.get("DBUS_SESSION_BUS_ADDRESS")?;
        let path = environment.path("PATH")?;
        std::env::split_paths(&path)
            .any(|folder| folder.join("secret-tool").is_file())
            .then_some(Self::SecretService)
    }

    /// The secret of an account, if the keyring has it and gives it.
    pub fn get(self, account: &str) -> Option<String> {
        let text = match self {
            Self::SecretService => {
                run("secret-tool", &["lookup", "service", SERVICE, "account", account], "")
            }
            Self::Keychain => {
                let find = ["find-generic-password", "-s", SERVICE, "-a", account, "-w"];
                run("security", &find, "")
            }
        }?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Keeps a secret of an account; whether the keyring took it.
    pub fn set(self, account: &str, secret: &str) -> bool {
        let done = match self {
            Self::SecretService => {
                let label = format!("agent-cli's login at {account}");
                let label = ["store", "--label", &label, "service", SERVICE, "account", account];
                run("secret-tool", &label, secret)
            }
            // Its interactive mode reads commands from a pipe; in hexadecimal nothing needs quoting.
            Self::Keychain => {
                let secret = hex::encode(secret);
                let add =
                    format!("add-generic-password -U -s {SERVICE} -a \"{account}\" -X {secret}\n");
                run("security", &["-i"], &add)
            }
        };
        // `security -i` ends well whatever happened: only reading it again tells.
        done.is_some() && self.get(account).as_deref() == Some(secret)
    }

    /// Forgets the secret of an account, if there is one.
    pub fn remove(self, account: &str) {
        // That it was not there is as good.
        let _ = match self {
            Self::SecretService => {
                run("secret-tool", &["clear", "service", SERVICE, "account", account], "")
            }
            Self::Keychain => {
                run("security", &["delete-generic-password", "-s", SERVICE, "-a", account], "")
            }
        };
    }
}

/// Runs a tool with this on its standard input; what it printed, if it ended well and in time.
fn run(tool: &str, arguments: &[&str], input: &str) -> Option<String> {
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // A tool that has ended already reads nothing.
    let _ = child.stdin.take()?.write_all(input.as_bytes());
    let mut output = child.stdout.take()?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).ok().map(|_| text)
    });
    let begun = Instant::now();
    loop {
        match child.try_wait().ok()? {
            Some(status) => return reader.join().ok().flatten().filter(|_| status.success()),
            None if begun.elapsed() > PATIENCE => {
                let _ = (child.kill(), child.wait());
                return None;
            }
            None => std::thread::sleep(LOOK),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_none_without_a_desktop() {
        if cfg!(target_os = "macos") {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let bus = ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/bus");
        assert_eq!(Keyring::of(&Environment::of([("PATH", path), bus])), None);
        std::fs::write(folder.path().join("secret-tool"), "").unwrap();
        assert_eq!(Keyring::of(&Environment::of([("PATH", path)])), None);
        let found = Keyring::of(&Environment::of([("PATH", path), bus]));
        assert_eq!(found, Some(Keyring::SecretService));
    }

    #[test]
    fn a_tool_that_is_missing_or_fails_is_as_good_as_none() {
        assert_eq!(run("/nonexistent/tool", &[], ""), None);
        assert_eq!(run("false", &[], "unread"), None);
        assert_eq!(run("cat", &[], "through a pipe").as_deref(), Some("through a pipe"));
    }
}
