//! What comes in and must not get through; and what comes in while something is away.

use std::str::FromStr;
use std::time::Duration;

use countersign::sandbox::{CommandOutcome, SignedRequest};
use countersign::store::Engine;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::stories_of;
use crate::support::{Office, Setup};

const FORM: &str = "application/x-www-form-urlencoded";

async fn base(office: &Office) -> String {
    format!("http://{}", office.address().await)
}

/// Dana stops an agent by command: something that changes a lot.
async fn stop_command(office: &Office) -> SignedRequest {
    let fields = office
        .workspace()
        .command_fields("U0DANA", "C0SUPPORT", "/agent", "stop support-agent-v2 because it loops")
        .expect("a command");
    let body = serde_urlencoded::to_string(&fields).expect("a form").into_bytes();
    office.workspace().signed_request(&base(office).await, "/slack/commands", FORM, body)
}

async fn status(office: &Office, request: &SignedRequest) -> u16 {
    office.workspace().send(request).await.expect("an answer").status
}

stories_of! {
    |setup| setup.over_http = true;

    /// Registered, approved, asked, granted, ended: over signed requests, too.
    async fn the_whole_story_over_signed_requests(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &["writes"]).await;
        let reference = dana.gets("support-agent-v2", "database:write", "2h").await;
        office.advance("2h").await;
        assert_eq!(office.grant(&reference).await.state.word(), "expired");
        dana.home().await;
    }

    /// Forged, altered, unsigned, old or repeated: 401, and nothing is done.
    async fn what_is_not_slacks_does_nothing(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let lines = office.verifies().await;
        let good = stop_command(office).await;
        let now: i64 = good.timestamp.parse().expect("a time");
        let signed_at = |at: i64| SignedRequest {
            timestamp: at.to_string(),
            signature: office.workspace().sign(at, &good.body),
            ..good.clone()
        };
        let mut other_body = good.clone();
        other_body.body.extend_from_slice(b"+again");
        let refused = [
            ("forged", SignedRequest { signature: format!("v0={}", "a".repeat(64)), ..good.clone() }),
            ("unsigned", SignedRequest { signature: String::new(), ..good.clone() }),
            ("altered", other_body),
            ("another time than was signed", SignedRequest { timestamp: (now + 1).to_string(), ..good.clone() }),
            ("old", signed_at(now - 301)),
            ("from the future", signed_at(now + 301)),
        ];
        for (what, request) in &refused {
            assert_eq!(status(office, request).await, 401, "{what}");
        }
        assert_eq!(office.verifies().await, lines);
        assert!(office.agent("support-agent-v2").await.is_active());
        assert_eq!(status(office, &good).await, 200);
        assert!(!office.agent("support-agent-v2").await.is_active());
        let lines = office.verifies().await;
        assert_eq!(status(office, &good).await, 401, "repeated");
        assert_eq!(office.verifies().await, lines);
    }

    /// Too long: 413. Not what it says it is: 400. Nothing is done, and the next one is served.
    async fn what_cannot_be_read_does_nothing(office) {
        let (workspace, base) = (office.workspace(), base(office).await);
        let lines = office.verifies().await;
        let long = vec![b'x'; 4 * 1024 * 1024];
        let request = workspace.signed_request(&base, "/slack/commands", FORM, long);
        assert_eq!(status(office, &request).await, 413);
        for (path, kind, body) in [
            ("/slack/events", "application/json", &b"{\"type\": "[..]),
            ("/slack/events", "application/json", b"\xff\xfe"),
            ("/slack/events", "application/json", b"[]"),
            ("/slack/interactions", FORM, b"payload=%7Bnot+json"),
            ("/slack/interactions", FORM, b"no=payload"),
            ("/slack/interactions", FORM, b"payload=%7B%22type%22%3A%22block_actions%22%7D"),
            ("/slack/commands", FORM, b"command=%2Fagent"),
            ("/slack/commands", FORM, b"%%%"),
        ] {
            let request = workspace.signed_request(&base, path, kind, body.to_vec());
            let got = status(office, &request).await;
            assert_eq!(got, 400, "{path} {}", String::from_utf8_lossy(body));
        }
        assert_eq!(office.verifies().await, lines);
        assert!(office.dana().types("/agent list").await.contains("No agent"));
    }
}

stories_of! {
    |setup| setup.org_wide = true;

    /// Installed for a whole organisation, over sockets: `team` is null in what comes in.
    async fn org_wide_over_sockets(office) {
        org_wide(office).await;
    }
}

stories_of! {
    |setup| { setup.org_wide = true; setup.over_http = true; };

    /// The same over signed requests.
    async fn org_wide_over_signed_requests(office) {
        org_wide(office).await;
    }
}

async fn org_wide(office: &Office) {
    let dana = office.dana();
    dana.has_agent("support-agent-v2", &["writes"]).await;
    let reference = dana.puts("support-agent-v2", "database:write", "2h").await;
    office.theo().approves(&reference).await;
    office.sam().approves_in_channel(&reference).await;
    assert!(office.may("support-agent-v2", "database:write").await);
    dana.reads("now has database : write").await;
    dana.home().await;
    assert!(dana.at_home().await.contains("Live grants of your agents (1)"));
    let said = office.person("U0GUS").types("/agent list").await;
    assert!(said.contains("You are a guest"), "{said}");
}

/// Lets connections to a database in, or not.
async fn allow(admin: &mut PgConnection, name: &str, yes: bool) {
    let sql = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await.expect("the right to do so");
}

/// The database goes away and comes back: people are told within three seconds that nothing was
/// recorded, and then everything goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgres_is_away_people_are_told() {
    let office = Office::set_up(Setup { over_http: true, ..Setup::on(Engine::Postgres) }).await;
    office.dana().has_agent("support-agent-v2", &[]).await;
    let reference = office.dana().puts("support-agent-v2", "database:read", "2h").await;
    let card = office.theo().card(&reference).await;
    let ours = PgConnectOptions::from_str(office.database.url()).expect("an address");
    let name = ours.get_database().expect("a name").to_owned();
    let server = std::env::var(crate::database::POSTGRES).expect("a server");
    let server = PgConnectOptions::from_str(&server).expect("an address");
    let mut admin: PgConnection = server.connect().await.expect("the server");
    allow(&mut admin, &name, false).await;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
        .bind(&name)
        .execute(&mut admin)
        .await
        .expect("cut");

    let asked = tokio::time::Instant::now();
    let said = office.dana().types("/agent list").await;
    assert!(said.contains("nothing was recorded") && said.contains("try again"), "{said}");
    assert!(asked.elapsed() < Duration::from_secs(3), "after {:?}", asked.elapsed());
    let asked = tokio::time::Instant::now();
    let theo = office.theo();
    let said = theo.clicks(&theo.dm(), &card.ts, "approve").await;
    assert!(said.contains("nothing was recorded"), "{said}");
    assert!(asked.elapsed() < Duration::from_secs(3), "after {:?}", asked.elapsed());

    allow(&mut admin, &name, true).await;
    admin.close().await.expect("a clean end");
    office
        .until_so("answered again", || async {
            office.dana().types("/agent list").await.contains("support-agent-v2")
        })
        .await;
    assert!(!office.may("support-agent-v2", "database:read").await);
    let said = theo.approves(&reference).await;
    assert!(said.contains("the last yes"), "{said}");
    assert!(office.may("support-agent-v2", "database:read").await);
    office.close().await;
}

/// The same of SQLite: another program holds the file for itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_sqlite_is_held_people_are_told() {
    let office = Office::open(Engine::Sqlite).await;
    office.dana().has_agent("support-agent-v2", &[]).await;
    let reference = office.dana().puts("support-agent-v2", "database:read", "2h").await;
    let theo = office.theo();
    let card = theo.card(&reference).await;
    office.settled().await;
    let mut other = sqlx::sqlite::SqliteConnectOptions::from_str(office.database.url())
        .expect("an address")
        .connect()
        .await
        .expect("the file");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("held");
    let asked = tokio::time::Instant::now();
    let said = theo.clicks(&theo.dm(), &card.ts, "approve").await;
    assert!(said.contains("nothing was recorded"), "{said}");
    assert!(asked.elapsed() < Duration::from_secs(3), "after {:?}", asked.elapsed());
    let outcome = office.workspace().slash_command("U0DANA", "C0SUPPORT", "/agent list").await;
    assert!(matches!(outcome, Ok(CommandOutcome::Answered(_))), "reading goes on: {outcome:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("let go");
    other.close().await.expect("a clean end");
    office.settled().await;
    assert!(office.request(&reference).await.votes.is_empty(), "what was said not to be recorded");
    let said = theo.approves(&reference).await;
    assert!(said.contains("the last yes"), "{said}");
    let shown = json!(theo.inbox().last().expect("a message").blocks).to_string();
    assert!(!shown.is_empty());
    office.close().await;
}
