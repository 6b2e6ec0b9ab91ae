//! A look into the database past the product: what only a worker needs to know.

use countersign::store::Engine;
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::office::Office;

/// A connection of one's own.
pub enum Hand {
    /// To the file.
    Sqlite(SqliteConnection),
    /// To the server.
    Postgres(PgConnection),
}

impl Hand {
    /// Into the office's database.
    pub async fn into(office: &Office) -> Self {
        let url = office.database.url();
        match office.store().await.engine() {
            Engine::Sqlite => Self::Sqlite(SqliteConnection::connect(url).await.expect("a hand")),
            Engine::Postgres => Self::Postgres(PgConnection::connect(url).await.expect("a hand")),
        }
    }

    /// How many messages a worker is sending at this moment.
    pub async fn being_sent(&mut self) -> i64 {
        let count = "SELECT COUNT(*) FROM deliveries WHERE leased_by IS NOT NULL";
        let counted = match self {
            Self::Sqlite(c) => sqlx::query_scalar(count).fetch_one(c).await,
            Self::Postgres(c) => sqlx::query_scalar(count).fetch_one(c).await,
        };
        counted.expect("a count")
    }
}
