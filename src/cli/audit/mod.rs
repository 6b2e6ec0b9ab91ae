//! `countersign audit`: read the log, and prove that nobody has changed it.
//!
//! Both need only the database, so that an auditor can run them on a copy of it, without the server
//! and without Slack.

mod list;
mod seals;
mod verify;
mod words;

#[cfg(test)]
mod tests;

use std::io::Write;

pub use verify::Anchor;
pub(super) use verify::verify;
pub(super) use words::Names;

use super::arguments::{self, ConfigFile};
use super::exit::{Exit, Failure};
use crate::config::{Database, RecordConfig, Sources};
use crate::store::Store;

/// Runs the command.
pub(super) async fn run(
    command: arguments::Audit,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    match command {
        arguments::Audit::Verify { file, head } => {
            let store = open(file).await?;
            let exit = verify::verify(&mut read(&store).await?, head.as_ref(), out).await;
            store.close().await;
            exit
        }
        arguments::Audit::List { file, json, agent, limit } => {
            let store = open(file).await?;
            let which = list::Which { agent, limit };
            let exit = list::list(&mut read(&store).await?, &which, json, out).await;
            store.close().await;
            exit
        }
    }
}

pub(super) async fn open(file: ConfigFile) -> Result<Store, Failure> {
    let config = RecordConfig::load(&Sources::of_process(file.config))?;
    connect(&config.database).await
}

/// Opens a record that is there. One that is not is never made: an empty log would verify.
pub(super) async fn connect(database: &Database) -> Result<Store, Failure> {
    let url = &database.url;
    if let Some(path) = url.file().filter(|path| !path.exists()) {
        return Err(Failure::NotThere(format!(
            "there is no database {}; name the server's configuration with --config, or its \
             database as COUNTERSIGN_DATABASE__URL",
            path.display()
        )));
    }
    Store::connect(url.expose()).await.map_err(|error| {
        Failure::unavailable(format!("the database {url} cannot be opened"), error)
    })
}

pub(super) async fn read(store: &Store) -> Result<crate::store::Session, Failure> {
    store.read().await.map_err(unreadable)
}

pub(super) fn unreadable(error: crate::store::StoreError) -> Failure {
    Failure::unavailable("the audit log cannot be read", error)
}
