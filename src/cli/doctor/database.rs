//! Whether the database is there and usable. It is only looked at: tables are made and brought up to
//! date by a server that starts.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{bad, good};
use crate::config::{DatabaseUrl, Engine};
use crate::slack::wire::doctor::Check;

/// A database that is slower than this is of no use to people who wait for a button.
const PATIENCE: Duration = Duration::from_secs(5);

const NAME: &str = "database";

/// Looks at the database.
pub(super) async fn look(url: &DatabaseUrl) -> Check {
    let look = async {
        match (url.engine(), url.file()) {
            (Engine::Sqlite, Some(path)) if !path.exists() => Ok(to_be_made(url, path)),
            (Engine::Sqlite, _) => sqlite(url).await,
            (Engine::Postgres, _) => postgres(url).await,
        }
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(check)) => check,
        Ok(Err(error)) => bad(
            NAME,
            format!("{url} cannot be used: {error}"),
            Some("check database.url (user, password, host, name) and that the database runs"),
        ),
        Err(_) => bad(
            NAME,
            format!("{url} does not answer within {} s", PATIENCE.as_secs()),
            Some("check database.url and the network on the way there"),
        ),
    }
}

fn to_be_made(url: &DatabaseUrl, path: &Path) -> Check {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // The server makes the folders that are missing, in the nearest one that is there.
    let nearest = absolute.ancestors().skip(1).find(|folder| folder.exists());
    let writable = nearest
        .and_then(|folder| folder.metadata().ok())
        .is_some_and(|folder| folder.is_dir() && !folder.permissions().readonly());
    if writable {
        good(NAME, format!("{url}, which the first start makes"))
    } else {
        bad(
            NAME,
            format!("{url} is not there, and cannot be made"),
            Some("let the server's user write to that folder, or name another in database.url"),
        )
    }
}

async fn sqlite(url: &DatabaseUrl) -> Result<Check, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url.expose())?.create_if_missing(false);
    let mut connection = options.connect().await?;
    let tables: (i64,) = sqlx::query_as(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'chain_head'",
    )
    .fetch_one(&mut connection)
    .await?;
    let found = match tables {
        (0,) => None,
        _ => Some(head(&mut connection).await?),
    };
    connection.close().await?;
    Ok(good(NAME, format!("{url}, {}", contents(found))))
}

async fn head(connection: &mut sqlx::SqliteConnection) -> Result<i64, sqlx::Error> {
    let (seq,): (i64,) = sqlx::query_as("SELECT seq FROM chain_head").fetch_one(connection).await?;
    Ok(seq)
}

async fn postgres(url: &DatabaseUrl) -> Result<Check, sqlx::Error> {
    let mut connection = PgConnectOptions::from_str(url.expose())?.connect().await?;
    let (version, tables, may_create): (String, bool, bool) = sqlx::query_as(
        "SELECT current_setting('server_version'), to_regclass('chain_head') IS NOT NULL, \
         coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)",
    )
    .fetch_one(&mut connection)
    .await?;
    let found = if tables {
        let row = sqlx::query_as("SELECT seq FROM chain_head").fetch_one(&mut connection);
        let (seq,): (i64,) = row.await?;
        Some(seq)
    } else {
        None
    };
    connection.close().await?;
    if !may_create {
        return Ok(bad(
            NAME,
            format!("{url} (PostgreSQL {version}): this user may not make tables"),
            Some("as its owner run GRANT CREATE ON SCHEMA public TO the user of database.url"),
        ));
    }
    Ok(good(NAME, format!("{url} (PostgreSQL {version}), {}", contents(found))))
}

fn contents(head: Option<i64>) -> String {
    match head {
        None => "empty; the first start makes the tables".to_owned(),
        Some(1) => "1 line in the audit log".to_owned(),
        Some(lines) => format!("{lines} lines in the audit log"),
    }
}
