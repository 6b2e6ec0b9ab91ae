//! Programs of others that judge ours, or work with it; made once for all tests, whichever comes first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::installed;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/others")
}

/// A Python with an MCP client, and with readers of JUnit's XML and of SARIF.
pub fn python() -> PathBuf {
    installed::python("cli-python", &here().join("requirements.txt"), "python")
}

/// A Python program of these tests.
pub fn script(name: &str) -> PathBuf {
    here().join(name)
}

/// `node_modules` with a Node that runs TypeScript, TypeScript's compiler, and Node's types.
pub fn node() -> PathBuf {
    let folder =
        installed::once("cli-node", &here().join("package.json"), "node_modules", |folder| {
            fs::copy(here().join("package.json"), folder.join("package.json")).expect("copied");
            let install = ["install", "--no-audit", "--no-fund", "--no-package-lock"];
            installed::run(Command::new("npm").args(install).current_dir(folder), "npm is needed");
        });
    folder.join("node_modules")
}
