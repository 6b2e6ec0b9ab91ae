//! `agent-cli completions`, `agent-cli man`: what a shell and a manual know of the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::super::arguments::Arguments;
use super::super::exit::Exit;
use super::super::look::Ink;
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::{Told, counted};

/// For which shell.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
For this shell alone:  source <(agent-cli completions bash)
For good:              agent-cli completions bash > ~/.local/share/bash-completion/completions/agent-cli
                       agent-cli completions zsh  > a folder of $fpath, as _agent-cli
                       agent-cli completions fish > ~/.config/fish/completions/agent-cli.fish")]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Where the pages go.
#[derive(Debug, Clone, Args)]
pub struct Man {
    /// The folder; /usr/local/share/man/man1 is one that `man` looks into.
    pub folder: PathBuf,
}

/// Prints the script.
///
/// # Errors
///
/// When nobody reads it any more.
pub fn completions(arguments: &Completions) -> Result<Exit, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "agent-cli", &mut script);
    match std::io::Write::write_all(&mut std::io::stdout(), &script) {
        Ok(()) => Ok(Exit::Done),
        Err(_) => Err(Trouble::Closed),
    }
}

/// Writes the pages.
///
/// # Errors
///
/// When the folder cannot be written to.
pub fn man(arguments: &Man, session: &Session) -> Result<Exit, Trouble> {
    let folder = &arguments.folder;
    let failed = |error: std::io::Error| Trouble::file("written", folder, &error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    let pages = std::fs::read_dir(folder).map_err(failed)?.count();
    let told = Told::new(format!("{} in {}.", counted(pages, "page", "pages"), folder.display()));
    session.screen.tell(Ink::Good, &told)?;
    session.screen.answer(&serde_json::json!({ "folder": folder, "pages": pages }))?;
    Ok(Exit::Done)
}
