//! Who answers what an agent asks, by hand, in a browser: a colleague in somebody's place, and whoever
//! is reminded; and what a week of that comes to.

use crate::chromium::Chromium;
use crate::looks;
use crate::page::{Page, Visit};
use crate::server::Server;
use crate::steps::{DANA, Does, SAM, SARA, THEO, TINA, VERA, approves, asks, has_an_agent, moves};

#[tokio::test]
async fn what_an_agent_asks_is_answered_in_a_browser() {
    let server = Server::start();
    let browser = Chromium::start().await;
    let page = browser.window(&server.address, Visit::Later).await;

    let purpose = "Answers support tickets with what the database knows.";
    has_an_agent(&page, "support-agent-v2", purpose, Does::Writes).await;
    somebody_answers_for_theo(&page).await;
    reminds_those_awaited(&page).await;
    reads_the_numbers(&page).await;
    reads_the_week(&page).await;

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "the page complained:\n{}", complaints.join("\n"));
}

/// Theo goes on leave: Vera's yes counts in his place, and the card says so.
async fn somebody_answers_for_theo(page: &Page) {
    asks(page, THEO, "/agent delegate @vera until Friday", &["answers for", "Withdraw"]).await;
    page.look("70-delegated").await;
    page.keep_message("delegation", &["answers for", "Withdraw"]).await;
    let ask =
        "/agent request support-agent-v2 database:read for 2h because customer support queries";
    asks(page, DANA, ask, &["Sent", "database : read"]).await;
    moves(page, "clock-10m").await;
    page.be(VERA).await;
    approves(page, "asks for database : read", "✓ team lead").await;
    page.be(SAM).await;
    page.press("channel-C0APPROVALS").await;
    page.reads(&["asks for database : read", "✓ team lead: @Vera Vice for @Theo Lead"]).await;
    page.look("71-vera-for-theo").await;
    page.keep_message("delegated", &["asks for database : read"]).await;
    approves(page, "asks for database : read", "✓ security").await;
}

/// Nobody answers: at half of the time those who are awaited get the card again.
async fn reminds_those_awaited(page: &Page) {
    let ask = "/agent request support-agent-v2 deploys:trigger for 1h because release the fix";
    asks(page, DANA, ask, &["Sent", "deploys : trigger"]).await;
    for _ in 0..4 {
        moves(page, "clock-1h").await;
    }
    page.be(TINA).await;
    approves(page, "Still waiting: support-agent-v2 asks for deploys : trigger", "✓ team lead")
        .await;
    page.be(SARA).await;
    page.press("dm-bot").await;
    page.reads(&["Still waiting", "deploys : trigger", "✓ team lead: @Tina Lead"]).await;
    page.look("75-reminded").await;
    page.keep_message("reminder", &["Still waiting", "deploys : trigger"]).await;
    approves(page, "asks for deploys : trigger", "✓ security").await;
}

/// The numbers, when they are asked for.
async fn reads_the_numbers(page: &Page) {
    asks(page, DANA, "/agent insights", &["Time to approve", "half within"]).await;
    looks::judge(page, "76-numbers").await;
    page.keep_message("numbers", &["Time to approve"]).await;
}

/// The digest on Monday, with its picture.
async fn reads_the_week(page: &Page) {
    page.be(SAM).await;
    page.press("channel-C0APPROVALS").await;
    for _ in 0..7 {
        moves(page, "clock-1d").await;
    }
    page.reads(&["Half of the tier 2 requests", "Without people"]).await;
    let drawn = "within(message('Without people'), 'picture')?.querySelector('img')?.naturalWidth";
    page.until("the picture is drawn", drawn).await;
    looks::judge(page, "78-digest").await;
    page.keep_message("digest", &["Half of the tier 2 requests", "Without people"]).await;
}
