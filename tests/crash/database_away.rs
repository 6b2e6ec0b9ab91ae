//! The database goes away while the server runs, or takes no connection: people are told in time,
//! and it recovers.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::sandbox::model::Message;
use countersign::sandbox::{ClickOutcome, CommandOutcome};
use countersign::store::Engine;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::proxy::{Proxy, Wire};
use crate::site::{Door, Site};
use crate::story::{AGENT, Bot};

/// A person must be told within three seconds.
pub(super) const IN_TIME: Duration = Duration::from_secs(3);

/// The buttons of a card.
const BOTH: [&str; 2] = ["approve", "deny"];

/// What a person reads in a channel that nobody else does.
fn private(site: &Site, person: &str, channel: &str) -> Vec<Message> {
    let mut seen = site.workspace().visible_to(person, channel);
    seen.retain(|m| m.is_ephemeral());
    seen
}

/// Theo clicks these buttons of his card and Dana types, and each is told in time that it did not
/// work.
pub(super) async fn all_are_told(
    site: &Site,
    bot: &Bot,
    (card, buttons): (&Message, &[&str]),
    trouble: &str,
    words: &str,
) {
    let told = async |person: &str, channel: &str, before: usize, asked: Instant| {
        let what = format!("word to {person} when {trouble}");
        let told = site.until(&what, || private(site, person, channel).into_iter().nth(before));
        let told = told.await;
        let after = asked.elapsed();
        assert!(after < IN_TIME, "{trouble}: told after {after:?}");
        assert!(told.words().contains(words), "{trouble}: {}", told.words());
    };
    let channel = site.workspace().dm_with_bot("U0THEO");
    for button in buttons {
        let (before, asked) = (private(site, "U0THEO", &channel).len(), Instant::now());
        let click = site.workspace().click_as_seen("U0THEO", &channel, card, button).await;
        assert_eq!(click.unwrap(), ClickOutcome::Acknowledged);
        told("U0THEO", &channel, before, asked).await;
    }
    let (before, asked) = (private(site, "U0DANA", "C0SUPPORT").len(), Instant::now());
    let typed = format!("/agent request {AGENT} database:read for 30m because queries");
    let typed = site.workspace().slash_command("U0DANA", "C0SUPPORT", &typed).await.unwrap();
    assert!(!matches!(typed, CommandOutcome::Failed(_)), "acknowledged: {typed:?}");
    told("U0DANA", "C0SUPPORT", before, asked).await;
    assert!(bot.server().ended().is_none(), "it goes on");
}

/// Everything goes on as if nothing had been.
async fn it_recovers(site: &Site, bot: &Bot) {
    bot.approves("U0THEO", "team lead", &[]).await;
    bot.approves("U0SAM", "security", &[]).await;
    bot.dana_reads("is registered").await;
    assert!(!bot.died(), "it was the same process all along");
    let store = site.store().await;
    site.everything_is_out(&store).await;
    assert_eq!(site.live_buttons(), [], "{}", site.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_in_time_and_the_server_recovers() {
    let mut site = Site::open(Engine::Postgres, Door::Socket).await;
    let far = PgConnectOptions::from_str(site.database.url()).unwrap();
    let wire = Proxy::to(format!("{}:{}", far.get_host(), far.get_port())).await;
    let near = wire.near();
    let near = far.host(&near.ip().to_string()).port(near.port());
    site.url = near.to_url_lossy().to_string();
    let site = Arc::new(site);
    let bot = Bot::start(&site, None).await;
    bot.registers(AGENT, &["writes"]).await;
    let (card, _) = bot.card("U0THEO", &[]).await;

    for (trouble, words) in [(Wire::Cut, "nothing was recorded"), (Wire::Silent, "ecorded")] {
        wire.set(trouble);
        all_are_told(&site, &bot, (&card, &BOTH), &format!("the wire is {trouble:?}"), words).await;
        wire.set(Wire::Whole);
        let asked = Instant::now();
        let words = bot.types("U0DANA", "/agent list").await;
        println!("{trouble:?}: back after {:?}: {words}", asked.elapsed());
    }
    it_recovers(&site, &bot).await;
}

/// Others have taken all the connections that there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_in_time_when_there_is_no_connection() {
    let mut site = Site::open(Engine::Postgres, Door::Http).await;
    let mut admin = PgConnection::connect(site.database.url()).await.expect("the database");
    let options = PgConnectOptions::from_str(site.database.url()).unwrap();
    let database = options.get_database().expect("a name").to_owned();
    let role = format!("{database}_few");
    let say = async |admin: &mut PgConnection, sql: String| {
        sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(admin).await.expect(&sql);
    };
    // Limits do not hold for whoever may do everything, so the server is somebody who may not.
    say(
        &mut admin,
        format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'few'; ALTER DATABASE {database} OWNER TO {role}"
        ),
    )
    .await;
    site.url = options.username(&role).password("few").to_url_lossy().to_string();
    let site = Arc::new(site);
    let bot = Bot::start(&site, None).await;
    bot.registers(AGENT, &["writes"]).await;
    let (card, _) = bot.card("U0THEO", &[]).await;
    let store = site.store().await;
    site.everything_is_out(&store).await;

    say(
        &mut admin,
        format!(
            "ALTER ROLE {role} CONNECTION LIMIT 0; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
        ),
    )
    .await;
    all_are_told(&site, &bot, (&card, &BOTH), "there is no connection", "nothing was recorded")
        .await;
    say(&mut admin, format!("ALTER ROLE {role} CONNECTION LIMIT -1")).await;
    it_recovers(&site, &bot).await;

    let server = bot.server();
    bot.retire();
    server.signal("TERM");
    server.end(crate::server::PATIENCE).await;
    say(
        &mut admin,
        format!(
            "ALTER DATABASE {database} OWNER TO CURRENT_USER; \
             REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}"
        ),
    )
    .await;
    admin.close().await.expect("a clean end");
}
