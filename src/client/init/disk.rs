//! Files onto the disk, and never over what is there without being asked.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::project::File;
use crate::client::trouble::Trouble;

/// What is to be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is none yet.
    New,
    /// The same is there already.
    Same,
    /// Something else is there.
    Differs,
}

/// What is there in place of a file of the project.
///
/// # Errors
///
/// When it cannot be looked at.
pub fn state(folder: &Path, file: &File) -> Result<State, Trouble> {
    let path = place(folder, file);
    match std::fs::read(&path) {
        Ok(found) if found == file.text.as_bytes() => Ok(State::Same),
        Ok(_) => Ok(State::Differs),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(State::New),
        Err(error) => Err(Trouble::file("read", &path, &error)),
    }
}

/// Writes a file where there is none. One that has come about meanwhile is not touched.
///
/// # Errors
///
/// When it cannot be written.
pub fn create(folder: &Path, file: &File) -> Result<(), Trouble> {
    let path = place(folder, file);
    let failed = |error| Trouble::file("written", &path, &error);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let created = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    created.and_then(|mut created| created.write_all(file.text.as_bytes())).map_err(failed)
}

/// Writes a file over what is there; somebody was asked.
///
/// # Errors
///
/// When it cannot be written.
pub fn overwrite(folder: &Path, file: &File) -> Result<(), Trouble> {
    let path = place(folder, file);
    std::fs::write(&path, &file.text).map_err(|error| Trouble::file("written", &path, &error))
}

fn place(folder: &Path, file: &File) -> PathBuf {
    file.path.split('/').fold(folder.to_owned(), |path, part| path.join(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file =
            |text: &str| File { path: "src/main.rs", text: text.to_owned(), optional: false };
        assert_eq!(state(folder.path(), &file("ours")), Ok(State::New));
        create(folder.path(), &file("ours")).unwrap();
        assert_eq!(state(folder.path(), &file("ours")), Ok(State::Same));
        assert_eq!(state(folder.path(), &file("theirs")), Ok(State::Differs));
        assert!(create(folder.path(), &file("theirs")).is_err());
        assert_eq!(state(folder.path(), &file("ours")), Ok(State::Same));
        overwrite(folder.path(), &file("theirs")).unwrap();
        assert_eq!(state(folder.path(), &file("theirs")), Ok(State::Same));
    }
}
