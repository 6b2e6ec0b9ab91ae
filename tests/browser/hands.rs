//! What the page owes to hands and eyes: no click is lost, what is new is marked, and the clock moves
//! by what its buttons say.

use crate::chromium::Chromium;
use crate::page::{Page, Visit};
use crate::server::Server;
use crate::steps::{DANA, Does, SAM, THEO, has_an_agent};

const REQUEST: &str =
    "/agent request support-agent-v2 database:read for 2h because customer support queries";

#[tokio::test]
async fn no_click_is_lost_and_what_is_new_is_marked() {
    let server = Server::start();
    let browser = Chromium::start().await;
    let page = browser.window(&server.address, Visit::Later).await;
    let at = format!("{}?as={SAM}&at=C0SECURITY", server.address);
    let sams = browser.window(&at, Visit::Later).await;
    has_an_agent(&page, "support-agent-v2", "Answers support tickets.", Does::Writes).await;

    is_where_the_address_says(&page, &sams).await;
    marks_what_is_unread(&page, &sams).await;
    a_click_on_what_changes_counts(&page, &sams).await;
    the_clock_moves_by_what_the_button_says(&page).await;

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "the page complained:\n{}", complaints.join("\n"));
}

/// Whoever opens an address is there, and whoever becomes another person stays where they are.
async fn is_where_the_address_says(page: &Page, sams: &Page) {
    sams.until("Sam is in security’s channel", &in_the_place("security")).await;
    page.press("channel-C0APPROVALS").await;
    page.until("the channel is open", &in_the_place("agent-approvals")).await;
    for person in [THEO, DANA] {
        page.be(person).await;
        page.until("it is the same channel", &in_the_place("agent-approvals")).await;
    }
}

fn in_the_place(name: &str) -> String {
    format!("here('place').innerText.trim() === '{name}'")
}

/// Who waits has a number, the channel and the window's title show it, a line stands before what is
/// new; and what was seen is not marked any more.
async fn marks_what_is_unread(page: &Page, sams: &Page) {
    page.press("channel-C0SUPPORT").await;
    page.says(REQUEST).await;
    page.is_told(&["Waits for"]).await;
    // A card in the channel that Sam does not look at, and one in Sam's messages.
    let unread = |testid: &str| format!("here('{testid}').classList.contains('unread')");
    sams.until("the channel is unread", &unread("channel-C0APPROVALS")).await;
    let badge = "here('dm-bot').querySelector('.badge')?.innerText";
    sams.until("the messages are counted", &format!("parseInt({badge}) >= 1")).await;
    sams.until("the title counts them", "/^\\([0-9]+\\) /.test(document.title)").await;
    page.until("the page says who waits", &format!("here('waiting-{SAM}')")).await;
    sams.look("hands-unread").await;

    sams.press("channel-C0APPROVALS").await;
    sams.reads(&["support-agent-v2 asks for database : read"]).await;
    let line = "document.querySelector('.divider-new')";
    let before = "message('support-agent-v2 asks for database : read')";
    sams.until(
        "a line stands before it",
        &format!(
            "{line} && {line}.compareDocumentPosition({before}) & Node.DOCUMENT_POSITION_FOLLOWING"
        ),
    )
    .await;
    sams.look("hands-new").await;
    sams.until("it was seen", &format!("!{}", unread("channel-C0APPROVALS"))).await;
    sams.press("dm-bot").await;
    sams.reads(&["support-agent-v2 asks for database : read"]).await;
    sams.until("nothing is unread", &format!("!{}", unread("dm-bot"))).await;
    sams.until("the title counts nothing", "!document.title.startsWith('(')").await;
    page.until("nobody waits for Sam", &format!("!here('waiting-{SAM}')")).await;
}

/// The card changes between the press and the release: the click counts all the same, and then the
/// change is shown.
async fn a_click_on_what_changes_counts(page: &Page, sams: &Page) {
    let card = "message('support-agent-v2 asks for database : read')";
    let held = sams.holds(&format!("within({card}, 'action-approve')")).await;
    page.be(THEO).await;
    page.press("dm-bot").await;
    page.press_in("asks for database", "approve").await;
    page.reads(&["asks for database : read", "✓ team lead"]).await;
    sams.until("the change waits for the mouse", "document.body.dataset.redraw === 'held'").await;
    let shown = sams.value(&format!("{card}.innerText.includes('✓ team lead')")).await;
    assert_eq!(shown, false, "the card was drawn anew under the mouse");
    sams.lets_go(&held).await;
    sams.reads(&["asks for database : read", "✓ team lead", "✓ security"]).await;
    sams.until("nothing waits any more", "!document.body.dataset.redraw").await;
    page.be(DANA).await;
    page.press("dm-bot").await;
    page.reads(&["now has database : read", "Hand back"]).await;
}

/// Ten minutes are ten minutes.
async fn the_clock_moves_by_what_the_button_says(page: &Page) {
    for (button, seconds) in [("clock-10m", 600), ("clock-1h", 3_600)] {
        let before = page.value("Number(here('now').dataset.offset)").await;
        page.press(button).await;
        let moved = format!("Number(here('now').dataset.offset) - {before}");
        page.until("the clock has moved", &format!("{moved} > 0")).await;
        // Counted in whole seconds on both sides.
        let moved = page.value(&moved).await.as_i64().expect("seconds");
        assert!((seconds - 1..=seconds + 1).contains(&moved), "{button} moves by {moved}");
    }
    // The reminder an hour before the end came by the way, and is said to be new there.
    page.reads(&["loses database : read", "Ends", "Extend…"]).await;
    page.look("hands-clock").await;
}
