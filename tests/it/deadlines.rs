//! What is due is done, whatever lies beside it.

use sqlx::Connection;

use crate::support::Office;
use countersign::store::Engine;

/// A grant whose row somebody spoilt does not keep the others from ending.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoilt_row_holds_nothing_back() {
    let office = Office::open(Engine::Sqlite).await;
    let dana = office.dana();
    dana.has_agent("support-agent-v2", &["writes"]).await;
    for (access, n) in [("database:read", 2), ("tickets:read", 3)] {
        dana.asks("support-agent-v2", access, "30m").await;
        office.everybody_approves(&format!("G-{n}")).await;
    }
    let mut hand = sqlx::SqliteConnection::connect(office.database.url()).await.expect("a hand");
    let doc = "SELECT doc FROM grants WHERE number = 2";
    let doc: String = sqlx::query_scalar(doc).fetch_one(&mut hand).await.expect("a row");
    let write = "UPDATE grants SET doc = $1 WHERE number = 2";
    sqlx::query(write).bind("{}").execute(&mut hand).await.expect("spoils a row");

    office.advance("40m").await;
    let told = dana.reads("no longer has").await;
    assert!(told.words().contains("tickets"), "{}", told.words());

    // Mended, it is caught up with.
    sqlx::query(write).bind(doc).execute(&mut hand).await.expect("mends the row");
    hand.close().await.expect("a clean end");
    office.advance("2h").await;
    let told = dana.reads("no longer has database").await;
    assert!(told.words().contains("G-2"), "{}", told.words());
    office.close().await;
}
