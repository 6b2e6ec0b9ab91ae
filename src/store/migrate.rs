//! Brings the tables up to date at the start, also when several replicas start at once.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Connection, PgConnection, SqlSafeStr, SqliteConnection};

use super::error::{Cause, StoreError, is_trouble};
use super::open::Target;

/// How long a start may wait for another replica's migration.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a server may take to answer at all.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);

/// The migrations, in order: number, what it does, text. A test holds the list to the folder.
pub const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first tables", include_str!("../../migrations/0001_first_tables.sql")),
    (2, "identity", include_str!("../../migrations/0002_identity.sql")),
    (3, "evaluations", include_str!("../../migrations/0003_evaluations.sql")),
    (4, "tasks", include_str!("../../migrations/0004_tasks.sql")),
    (5, "activity", include_str!("../../migrations/0005_activity.sql")),
    (6, "logins", include_str!("../../migrations/0006_logins.sql")),
    (7, "bulletins", include_str!("../../migrations/0007_bulletins.sql")),
    (8, "votes", include_str!("../../migrations/0008_votes.sql")),
    (9, "certifications", include_str!("../../migrations/0009_certifications.sql")),
    (10, "ownerless", include_str!("../../migrations/0010_ownerless.sql")),
    (11, "discoveries", include_str!("../../migrations/0011_discoveries.sql")),
    (12, "incidents", include_str!("../../migrations/0012_incidents.sql")),
    (13, "identity provider", include_str!("../../migrations/0013_identity_provider.sql")),
    (14, "insights", include_str!("../../migrations/0014_insights.sql")),
    (15, "asked agents", include_str!("../../migrations/0015_asked_agents.sql")),
];

/// What the two engines must be told in different words: that the audit log only grows. It guards
/// against mistakes; whoever owns the database can take it away, and the chain of hashes finds
/// what they then change.
const APPEND_ONLY_SQLITE: &str = "
    CREATE TRIGGER IF NOT EXISTS events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
    CREATE TRIGGER IF NOT EXISTS events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;";
const IS_APPEND_ONLY_POSTGRES: &str = "SELECT count(*) FROM pg_trigger \
    WHERE tgrelid = 'events'::regclass AND tgname = 'events_are_not_changed'";
const APPEND_ONLY_POSTGRES: &str = "
    CREATE OR REPLACE FUNCTION countersign_events_are_not_changed() RETURNS trigger
    LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is never changed'; END $$;
    CREATE TRIGGER events_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_events_are_not_changed();";

fn migrator() -> Migrator {
    let mut migrator = Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|(number, what, sql)| {
                let what = Cow::Borrowed(*what);
                Migration::new(*number, what, MigrationType::Simple, sql.into_sql_str(), false)
            })
            .collect(),
    );
    // An older version starts again beside newer tables: migrations only ever add (expand), until
    // nothing that runs needs the old (contract).
    migrator.set_ignore_missing(true);
    migrator
}

/// Runs what has not run yet.
pub(super) async fn migrate(target: &Target) -> Result<(), StoreError> {
    let work = async {
        match target {
            Target::Sqlite(options) => {
                // The switch to WAL mode does not wait for others who switch at the same moment.
                let options = options.clone().busy_timeout(LONGEST);
                let mut connection = loop {
                    match SqliteConnection::connect_with(&options).await {
                        Err(sqlx::Error::Database(e)) if is_busy(e.as_ref()) => {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        other => break other?,
                    }
                };
                sqlite(&mut connection).await?;
                connection.close().await?;
            }
            Target::Postgres(options) => {
                let connected = PgConnection::connect_with(options);
                let connected = tokio::time::timeout(LONGEST_CONNECT, connected).await;
                let mut connection = connected.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
                postgres(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok::<_, MigrateError>(())
    };
    match tokio::time::timeout(LONGEST, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(MigrateError::Execute(e))) if is_trouble(&e) => {
            Err(Cause::Database(Arc::new(e)).into())
        }
        Ok(Err(source)) => Err(StoreError::Migration { source }),
        Err(_) => Err(Cause::Slow.into()),
    }
}

fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

async fn sqlite(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    // One transaction for all of it: the driver has no lock of its own for migrations.
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    migrator().run_direct(None, &mut *tx, false).await?;
    sqlx::raw_sql(APPEND_ONLY_SQLITE).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn postgres(connection: &mut PgConnection) -> Result<(), MigrateError> {
    // Under the driver's advisory lock.
    migrator().run_direct(None, &mut *connection, false).await?;
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT seq FROM chain_head FOR UPDATE").execute(&mut *tx).await?;
    let (there,): (i64,) = sqlx::query_as(IS_APPEND_ONLY_POSTGRES).fetch_one(&mut *tx).await?;
    if there == 0 {
        sqlx::raw_sql(APPEND_ONLY_POSTGRES).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
