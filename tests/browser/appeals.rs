//! What goes before other people than usual, by hand, in a browser: a no before a board, another tier
//! before the people of the higher one.
//!
//! A story of its own: Slack takes only so many changes of messages in a minute.

use crate::chromium::Chromium;
use crate::looks;
use crate::page::{Page, Visit};
use crate::server::Server;
use crate::steps::{CLEO, DANA, Does, SAM, VERA, approves, asks, has_an_agent};

#[tokio::test]
async fn a_no_and_a_tier_are_decided_by_others_in_a_browser() {
    let server = Server::start();
    let browser = Chromium::start().await;
    let page = browser.window(&server.address, Visit::Later).await;

    let purpose = "Answers support tickets with what the database knows.";
    has_an_agent(&page, "support-agent-v2", purpose, Does::Writes).await;
    appeals_against_a_no(&page).await;
    asks_for_another_tier(&page).await;

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "the page complained:\n{}", complaints.join("\n"));
}

/// Sam says no; others than he hear both sides, and decide.
async fn appeals_against_a_no(page: &Page) {
    let ask = "/agent request support-agent-v2 database:write for 1h because tidy up the orders";
    asks(page, DANA, ask, &["Sent", "database : write"]).await;
    page.be(SAM).await;
    page.press("dm-bot").await;
    page.press_in("asks for database : write", "deny").await;
    page.until("the reason is asked", "here('modal')").await;
    page.types_into("input-because", "Reading is enough to answer tickets.").await;
    page.sends().await;
    page.be(DANA).await;
    page.press("dm-bot").await;
    page.press_in("Reading is enough to answer tickets.", "appeal").await;
    page.form("Appeal").await;
    page.look("72-appeal-form").await;
    let new = "Since the outage 4,000 orders have a wrong status, and customers ask about them.";
    page.types_into("input-because", new).await;
    page.sends().await;
    page.be(CLEO).await;
    approves(page, "appeals for database : write", "✓ compliance").await;
    page.be(SAM).await;
    page.press("channel-C0APPROVALS").await;
    page.reads(&["appeals for database : write", "Reading is enough to answer tickets.", new])
        .await;
    looks::judge(page, "73-appeal").await;
    page.keep_message("appeal", &["appeals for database : write"]).await;
    page.be(VERA).await;
    approves(page, "appeals for database : write", "✓ VP").await;
    page.be(DANA).await;
    page.press("dm-bot").await;
    page.reads(&["now has database : write", "Hand back"]).await;
    page.look("74-appeal-outcome").await;
}

/// The people of the higher tier decide.
async fn asks_for_another_tier(page: &Page) {
    let ask = "/agent tier support-agent-v2 3 because it is to answer customers by itself";
    asks(page, DANA, ask, &["Sent", "tier 3"]).await;
    page.be(CLEO).await;
    approves(page, "asks for tier 3 instead of 2", "✓ compliance").await;
    page.be(SAM).await;
    page.press("channel-C0APPROVALS").await;
    page.reads(&["asks for tier 3 instead of 2", "✓ compliance"]).await;
    page.look("77-another-tier").await;
    page.keep_message("another-tier", &["asks for tier 3 instead of 2"]).await;
    approves(page, "asks for tier 3 instead of 2", "✓ security").await;
    page.be(VERA).await;
    approves(page, "asks for tier 3 instead of 2", "✓ VP").await;
}
