//! Programs of others that the tests need; made once for all tests, whichever comes first.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes what `make` makes in a folder of its own, unless it was made from the same list before and
/// `proof`, below the folder, is there.
pub fn once(name: &str, list: &Path, proof: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let made = || -> io::Result<PathBuf> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let wanted = fs::read_to_string(list)?;
        let done = folder.join("installed.txt");
        let there = fs::read_to_string(&done).is_ok_and(|installed| installed == wanted);
        if !there || !folder.join(proof).exists() {
            make(&folder);
            fs::write(&done, wanted)?;
        }
        Ok(folder)
    };
    made().unwrap_or_else(|error| panic!("{name}, from {}: {error}", list.display()))
}

/// Runs a command that must succeed; `needs` says what it needs.
pub fn run(command: &mut Command, needs: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed; {needs}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A program of a Python that has what the list (`requirements.txt`) names: `python`, or one that
/// comes with it.
pub fn python(name: &str, list: &Path, program: &str) -> PathBuf {
    const NEEDS: &str = "Python 3 with venv and pip is needed";
    let program = format!("venv/bin/{program}");
    let folder = once(name, list, &program, |folder| {
        let venv = folder.join("venv");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), NEEDS);
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(venv.join("bin/python")).args(pip).arg(list), NEEDS);
    });
    folder.join(program)
}
