//! Two servers on one PostgreSQL share the work; one may die.

use std::sync::Arc;

use countersign::sandbox::ClickOutcome;
use countersign::store::{Engine, Store};

use crate::server::Server;
use crate::site::{Door, Site};
use crate::story::{AGENT, Bot, Story};

/// Two servers, started at the same moment on an empty database.
async fn two() -> (Arc<Site>, Arc<Bot>, Server) {
    two_at(Site::open(Engine::Postgres, Door::Socket).await).await
}

/// The same, at this site.
pub(super) async fn two_at(site: Site) -> (Arc<Site>, Arc<Bot>, Server) {
    let site = Arc::new(site);
    let second = site.launch(None);
    let bot = Bot::start(&site, None).await;
    second.address().await;
    let four = || (site.workspace().sockets_open() == 4).then_some(());
    site.until("two sockets of each", four).await;
    (site, bot, second)
}

/// How many cards were posted, and how many are on record.
async fn cards(site: &Site, store: &Store) -> (usize, usize) {
    let new = |call: &countersign::sandbox::RecordedCall| {
        call.method == "chat.postMessage"
            && serde_json::Value::Object(call.args.clone()).to_string().contains("Where it stands")
    };
    let posted = site.workspace().calls().iter().filter(|call| new(call)).count();
    let mut session = store.read().await.unwrap();
    let agent = session.agent_by_slug(AGENT).await.unwrap().unwrap();
    let mut known = 0;
    for request in session.requests_of_agent(agent.id, 50).await.unwrap() {
        known += session.cards_of(request.id).await.unwrap().len();
    }
    (posted, known)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_share_the_work_and_post_each_card_once() {
    let (site, bot, second) = two().await;
    bot.tells(Story::Asking).await;
    assert_eq!(bot.ends_true(Story::Asking).await, 0, "{}", site.transcript());
    let store = site.store().await;
    let (posted, known) = cards(&site, &store).await;
    assert_eq!(posted, known, "{}", site.transcript());
    assert!(second.ended().is_none() && !bot.died(), "both are at work to the end");
    site.audit_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_clicks_over_both_are_one_approval() {
    let (site, bot, _second) = two().await;
    bot.registers(AGENT, &["writes"]).await;
    let mut clicks = Vec::new();
    for person in ["U0THEO", "U0TINA", "U0SAM", "U0SARA"] {
        let (card, _) = bot.card(person, &[]).await;
        let channel = site.workspace().dm_with_bot(person);
        for _ in 0..10 {
            let (workspace, card, channel) =
                (site.workspace().clone(), card.clone(), channel.clone());
            clicks.push(tokio::spawn(async move {
                workspace.click_as_seen(person, &channel, &card, "approve").await
            }));
        }
    }
    for click in clicks {
        let click = click.await.unwrap().unwrap();
        assert_eq!(click, ClickOutcome::Acknowledged, "{}", site.transcript());
    }
    bot.dana_reads("is registered").await;
    let store = site.store().await;
    site.everything_is_out(&store).await;
    let mut session = store.read().await.unwrap();
    let lines = session.lines(0, 500).await.unwrap();
    let count = |event: &str| lines.iter().filter(|line| line.body.contains(event)).count();
    assert_eq!(count("\"request_approved\""), 1);
    assert_eq!(count("\"agent_activated\""), 1);
    assert_eq!(count("\"vote_cast\""), 2, "one team lead and one of security");
    assert_eq!(site.live_buttons(), []);
    site.audit_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_killed_and_the_other_goes_on() {
    let (site, bot, second) = two().await;
    bot.registers(AGENT, &["writes"]).await;
    let (card, _) = bot.card("U0THEO", &[]).await;
    let channel = site.workspace().dm_with_bot("U0THEO");
    let workspace = site.workspace().clone();
    // Clicks are on their way through both when one dies.
    let clicks = (0..8).map(|_| workspace.click_as_seen("U0THEO", &channel, &card, "approve"));
    let (clicks, ()) = tokio::join!(futures::future::join_all(clicks), async {
        second.signal("KILL");
    });
    for click in clicks {
        click.unwrap();
    }
    site.until("two sockets", || (workspace.sockets_open() == 2).then_some(())).await;
    bot.approves("U0SAM", "security", &[]).await;
    bot.dana_reads("is registered").await;
    let store = site.store().await;
    site.everything_is_out(&store).await;
    assert_eq!(site.live_buttons(), [], "{}", site.transcript());
    let mut session = store.read().await.unwrap();
    let lines = session.lines(0, 500).await.unwrap();
    let votes = lines.iter().filter(|line| line.body.contains("\"vote_cast\"")).count();
    assert_eq!(votes, 2, "eight clicks of one person are one vote");
    site.audit_verifies().await;
}
