//! Programs of others that judge ours, or work with it; made once for all tests, whichever comes first.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/others")
}

/// Makes what `make` makes in a folder of its own, unless it was made from the same list before.
fn once(name: &str, list: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let lock = File::create(folder.join("lock")).expect("a lock");
    lock.lock().expect("locked");
    let wanted = fs::read_to_string(here().join(list)).expect("a list");
    let done = folder.join("installed.txt");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return folder;
    }
    make(&folder);
    fs::write(&done, wanted).expect("written");
    folder
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A Python with an MCP client, and with readers of JUnit's XML and of SARIF.
pub fn python() -> PathBuf {
    let folder = once("cli-python", "requirements.txt", |folder| {
        let venv = folder.join("venv");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(venv.join("bin/python")).args(pip).arg(here().join("requirements.txt")));
    });
    folder.join("venv/bin/python")
}

/// A Python program of these tests.
pub fn script(name: &str) -> PathBuf {
    here().join(name)
}

/// `node_modules` with a Node that runs TypeScript, TypeScript's compiler, and Node's types.
pub fn node() -> PathBuf {
    let folder = once("cli-node", "package.json", |folder| {
        fs::copy(here().join("package.json"), folder.join("package.json")).expect("copied");
        let install = ["install", "--no-audit", "--no-fund", "--no-package-lock"];
        run(Command::new("npm").args(install).current_dir(folder));
    });
    folder.join("node_modules")
}
