//! Who answers for an agent, by hand, in a browser: a new owner, none at all, and who takes it.

use crate::chromium::Chromium;
use crate::looks;
use crate::page::{Page, Visit};
use crate::server::Server;
use crate::steps::{DANA, Does, SAM, THEO, TINA, VERA, approves, asks, has_an_agent};

#[tokio::test]
async fn an_agent_changes_hands_in_a_browser() {
    let server = Server::start();
    let browser = Chromium::start().await;
    let page = browser.window(&server.address, Visit::Later).await;

    let purpose = "Answers support tickets with what the database knows.";
    has_an_agent(&page, "support-agent-v2", purpose, Does::Writes).await;
    is_handed_over(&page).await;
    loses_its_owner(&page).await;

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "the page complained:\n{}", complaints.join("\n"));
}

/// Vera accepts, and a lead of the team agrees.
async fn is_handed_over(page: &Page) {
    let ask = "/agent transfer support-agent-v2 to @vera because she leads the project now";
    asks(page, DANA, ask, &["Sent", "handed over"]).await;
    page.be(VERA).await;
    page.press("dm-bot").await;
    page.reads(&["asks you to answer for", "Accept"]).await;
    page.look("80-accept").await;
    page.press_in("asks you to answer for", "accept").await;
    page.be(SAM).await;
    page.press("channel-C0APPROVALS").await;
    page.reads(&["is to be handed over to", "@Vera Vice accepted as owner"]).await;
    looks::judge(page, "81-handover").await;
    page.keep_message("handover", &["is to be handed over to"]).await;
    page.be(TINA).await;
    page.press("dm-bot").await;
    // A card that changes under the mouse takes no click: her copy shows Vera's yes first.
    page.reads(&["is to be handed over to", "@Vera Vice accepted as owner"]).await;
    approves(page, "is to be handed over to", "✓ team lead").await;
    page.be(VERA).await;
    page.press("dm-bot").await;
    page.reads(&["@Vera Vice answers for support-agent-v2 from now on"]).await;
    page.look("82-handed-over").await;
}

/// Vera's account is deactivated: security reads it, and Theo takes the agent with one click.
async fn loses_its_owner(page: &Page) {
    page.be(SAM).await;
    page.press("channel-C0SECURITY").await;
    page.press("people-more").await;
    page.until("the people are shown", &format!("here('kind-{VERA}')")).await;
    page.look("83-people").await;
    page.value(&format!("choose('kind-{VERA}', 'deactivated')")).await;
    page.press("people-close").await;
    page.until("the dialog is closed", "!here('people-dialog')").await;
    page.reads(&["Nobody answers for support-agent-v2 any more", "stopped", "retired"]).await;
    looks::judge(page, "84-ownerless").await;
    page.keep_message("ownerless", &["Nobody answers for support-agent-v2"]).await;
    page.be(THEO).await;
    page.press("dm-bot").await;
    page.press_in("Nobody answers for support-agent-v2", "take").await;
    page.press("confirm-ok").await;
    page.reads(&["You answer for support-agent-v2 now"]).await;
    let open = "within(message('is to be handed over to'), 'action-approve')";
    page.until("his card of the handover is settled", &format!("!{open}")).await;
    page.look("85-taken").await;
    page.be(SAM).await;
    page.press("channel-C0SECURITY").await;
    page.reads(&["@Theo Lead answers for support-agent-v2 now"]).await;
}
