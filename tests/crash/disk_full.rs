//! The file takes nothing more, as on a full disk: people are told in time that nothing was recorded,
//! what they can read they still read, and when there is room again it goes on.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use countersign::sandbox::model::Message;
use countersign::sandbox::{ClickOutcome, CommandOutcome, SubmitOutcome};
use countersign::store::Engine;
use serde_json::json;

use crate::database_away::{IN_TIME, all_are_told};
use crate::server::Server;
use crate::site::{Door, Site};
use crate::story::{AGENT, Bot};

/// How large a file the server may write from now on: the kernel says no, as it does when a disk is
/// full. (`prlimit` is a part of every Linux; a disk to be filled would need a right to mount one.)
fn largest_file(server: &Server, bytes: &str) {
    let set = Command::new("prlimit")
        .args(["--pid", &server.id().to_string(), &format!("--fsize={bytes}:unlimited")])
        .status()
        .expect("prlimit is there");
    assert!(set.success(), "the limit of the server's files could not be set to {bytes}");
}

/// A no takes a reason: its form opens, and stays open with what was filled in.
async fn keeps_the_form(site: &Site, card: &Message) {
    let (workspace, channel) = (site.workspace(), site.workspace().dm_with_bot("U0THEO"));
    let click = workspace.click_as_seen("U0THEO", &channel, card, "deny").await;
    assert_eq!(click.expect("a click"), ClickOutcome::Acknowledged);
    let form = site.until("form", || workspace.modal("U0THEO")).await;
    workspace.fill("U0THEO", &form.id, "because", "because", json!("not yet")).expect("filled in");
    let asked = Instant::now();
    let sent = workspace.submit("U0THEO", &form.id).await.expect("sent");
    assert!(asked.elapsed() < IN_TIME, "told after {:?}", asked.elapsed());
    let SubmitOutcome::Errors(errors) = &sent else { panic!("the form is gone: {sent:?}") };
    assert!(errors["because"].contains("nothing was recorded"), "{errors:?}");
    workspace.close("U0THEO", &form.id).expect("closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_disk_is_full_people_are_told_and_it_goes_on_when_it_is_not() {
    let site = Arc::new(Site::open(Engine::Sqlite, Door::Socket).await);
    let bot = Bot::start(&site, None).await;
    bot.registers(AGENT, &["writes"]).await;
    let (registration, _) = bot.approves("U0THEO", "team lead", &[]).await;
    bot.approves("U0SAM", "security", &[]).await;
    bot.dana_reads("is registered").await;
    let done = [registration];
    bot.asks("tickets:read", "tickets : read").await;
    let (card, _) = bot.card("U0THEO", &done).await;
    let store = site.store().await;
    site.everything_is_out(&store).await;
    store.close().await;

    for times in ["once", "again"] {
        largest_file(&bot.server(), "0");
        let trouble = format!("the disk is full {times}");
        let approve = (&card, &["approve"] as &[&str]);
        all_are_told(&site, &bot, approve, &trouble, "nothing was recorded").await;
        keeps_the_form(&site, &card).await;
        let listed = site.workspace().slash_command("U0DANA", "C0SUPPORT", "/agent list").await;
        let Ok(CommandOutcome::Answered(_)) = &listed else { panic!("reading ends: {listed:?}") };
        largest_file(&bot.server(), "unlimited");
        let words = bot.types("U0DANA", &format!("/agent show {AGENT}")).await;
        assert!(words.contains(AGENT), "{words}");
    }
    bot.approves("U0THEO", "team lead", &done).await;
    bot.approves("U0SAM", "security", &done).await;
    bot.dana_reads("now has tickets : read").await;
    assert!(!bot.died(), "it was the same process all along");
    let store = site.store().await;
    site.everything_is_out(&store).await;
    assert_eq!(site.live_buttons(), [], "nothing that was said not to be recorded is there");
    site.audit_verifies().await;
}
