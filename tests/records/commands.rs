//! The commands that read the record, and another hand that writes to it.

use std::path::Path;
use std::process::Command;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Printed {
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// `countersign …` on this database.
pub fn countersign(url: &str, arguments: &[&str]) -> Printed {
    let output = Command::new(Path::new(env!("CARGO_BIN_EXE_countersign")))
        .args(arguments)
        .env_clear()
        .env("COUNTERSIGN_DATABASE__URL", url)
        .output()
        .expect("the command runs");
    Printed {
        status: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// What somebody does who may write to the database.
pub async fn tamper(url: &str, sql: &str) {
    let sql = || AssertSqlSafe(sql.to_owned());
    if url.starts_with("sqlite:") {
        let mut to = SqliteConnection::connect(url).await.unwrap();
        sqlx::raw_sql(sql()).execute(&mut to).await.unwrap();
        to.close().await.unwrap();
    } else {
        let mut to = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(sql()).execute(&mut to).await.unwrap();
        to.close().await.unwrap();
    }
}
