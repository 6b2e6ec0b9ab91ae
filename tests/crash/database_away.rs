//! The database goes away while the server runs: people are told in time, and it recovers.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::sandbox::{ClickOutcome, CommandOutcome};
use countersign::store::Engine;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::proxy::{Proxy, Wire};
use crate::site::{Door, Site};
use crate::story::{AGENT, Bot};

/// A person must be told within three seconds.
const IN_TIME: Duration = Duration::from_secs(3);

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
    let channel = site.workspace().dm_with_bot("U0THEO");
    let private = |person: &str, channel: &str| {
        let mut seen = site.workspace().visible_to(person, channel);
        seen.retain(|m| m.is_ephemeral());
        seen
    };

    for (trouble, words) in [(Wire::Cut, "nothing was recorded"), (Wire::Silent, "ecorded")] {
        wire.set(trouble);
        let (before, asked) = (private("U0THEO", &channel).len(), Instant::now());
        let click = site.workspace().click_as_seen("U0THEO", &channel, &card, "approve").await;
        assert_eq!(click.unwrap(), ClickOutcome::Acknowledged);
        let what = format!("word to Theo when the wire is {trouble:?}");
        let told = site.until(&what, || private("U0THEO", &channel).into_iter().nth(before));
        let told = told.await;
        let after = asked.elapsed();
        assert!(after < IN_TIME, "{trouble:?}: told after {after:?}");
        assert!(told.words().contains(words), "{trouble:?}: {}", told.words());

        let (before, asked) = (private("U0DANA", "C0SUPPORT").len(), Instant::now());
        let typed = format!("/agent request {AGENT} database:read for 30m because queries");
        let typed = site.workspace().slash_command("U0DANA", "C0SUPPORT", &typed).await.unwrap();
        assert!(!matches!(typed, CommandOutcome::Failed(_)), "acknowledged: {typed:?}");
        let what = format!("word to Dana when the wire is {trouble:?}");
        let told = site.until(&what, || private("U0DANA", "C0SUPPORT").into_iter().nth(before));
        let told = told.await;
        let after = asked.elapsed();
        assert!(after < IN_TIME, "{trouble:?}: told after {after:?}");
        assert!(told.words().contains(words), "{trouble:?}: {}", told.words());
        assert!(bot.server().ended().is_none(), "it goes on");

        wire.set(Wire::Whole);
        let asked = Instant::now();
        let words = bot.types("U0DANA", "/agent list").await;
        println!("{trouble:?}: back after {:?}: {words}", asked.elapsed());
    }
    bot.approves("U0THEO", "team lead", &[]).await;
    bot.approves("U0SAM", "security", &[]).await;
    bot.dana_reads("is registered").await;
    assert!(!bot.died(), "it was the same process all along");
    let store = site.store().await;
    site.everything_is_out(&store).await;
    assert_eq!(site.live_buttons(), [], "{}", site.transcript());
}
