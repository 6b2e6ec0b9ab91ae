//! `countersign config`: the settings in force, and all there are.

use std::io::Write;

use super::arguments;
use super::exit::{Exit, Failure};
use crate::config::{Config, DEFAULT_TOML, Sources, show};

/// Prints settings. Those in force are printed also when something is wrong with them: that is when
/// one wants to see where they are from.
pub(super) fn run(command: &arguments::Config, out: &mut dyn Write) -> Result<Exit, Failure> {
    match command {
        arguments::Config::Default => write!(out, "{DEFAULT_TOML}")?,
        arguments::Config::Show(file) => {
            let sources = Sources::of_process(file.config.clone());
            write!(out, "{}", show(&sources))?;
            out.flush()?;
            Config::load(&sources)?;
        }
    }
    Ok(Exit::Well)
}
