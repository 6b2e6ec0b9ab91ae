//! What comes after the registration, by hand, in a browser: an emergency, an incident, a review
//! that was forgotten, an owner who leaves, and what is found that nobody registered.

use crate::chromium::Chromium;
use crate::looks;
use crate::page::{Page, Visit};
use crate::server::Server;
use crate::steps::{DANA, Does, OMAR, SAM, THEO, has_an_agent, moves};

const AGENT: &str = "support-agent-v2";
/// Its owner answers for this one in time.
const ANOTHER: &str = "ticket-reader";

#[tokio::test]
async fn a_company_lives_with_its_agents_in_a_browser() {
    let server = Server::start();
    let browser = Chromium::start().await;
    let page = browser.window(&server.address, Visit::Later).await;

    let purpose = "Answers support tickets with what the database knows.";
    has_an_agent(&page, AGENT, purpose, Does::Writes).await;
    has_an_agent(&page, ANOTHER, "Counts open tickets.", Does::Reads).await;
    finds_what_nobody_registered(&page).await;
    breaks_the_glass(&page).await;
    delegates(&page).await;
    reads_the_numbers(&page).await;
    forgets_a_review(&page).await;
    opens_an_incident(&page).await;

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "the page complained:\n{}", complaints.join("\n"));
}

/// The workspace has a bot that no agent claims: security says whose it is.
async fn finds_what_nobody_registered(page: &Page) {
    page.be(SAM).await;
    page.press("channel-C0SECURITY").await;
    page.reads(&["Robo"]).await;
    looks::judge(page, "50-found").await;
    page.keep_message("found", &["No agent claims", "Robo"]).await;
    page.press_in("Robo", "discovery_dismiss").await;
    page.until("why is asked", "here('modal')").await;
    page.look("51-not-an-agent").await;
    page.types_into("input-because", "It only posts the menu of the day.").await;
    page.sends().await;
    page.reads(&["Robo", "It only posts the menu of the day."]).await;
    page.says("/agent discoveries").await;
    page.is_told(&["1"]).await;
    page.look("52-inventory").await;
}

/// Omar is on call: it is open at once, and Sam says that it was justified.
async fn breaks_the_glass(page: &Page) {
    page.be(OMAR).await;
    page.press("channel-C0SUPPORT").await;
    page.says(&format!("/agent break-glass {AGENT}")).await;
    page.until("the form warns", "here('modal')").await;
    looks::judge(page, "53-break-glass").await;
    page.press("modal-close").await;
    page.until("the form is closed", "!here('modal')").await;
    page.says(&format!(
        "/agent break-glass {AGENT} database:write for 15m because orders are stuck since noon"
    ))
    .await;
    page.is_told(&["has database : write until"]).await;
    page.look("54-open").await;
    page.be(SAM).await;
    page.press("channel-C0SECURITY").await;
    page.reads(&["in an emergency: nobody was asked"]).await;
    looks::judge(page, "55-emergency").await;
    page.keep("emergency").await;
    page.press("dm-bot").await;
    page.press_in("Was it an emergency", "approve").await;
    page.until("it is answered", "!within(message('Was it an emergency'), 'action-approve')").await;
    page.look("56-justified").await;
}

/// Theo goes on leave: who answers for him, and who holds which role.
async fn delegates(page: &Page) {
    page.be(THEO).await;
    page.press("channel-C0SUPPORT").await;
    page.says("/agent delegate @vera").await;
    page.until("the form opens", "here('modal')").await;
    looks::judge(page, "57-delegate").await;
    page.press("modal-close").await;
    page.until("the form is closed", "!here('modal')").await;
    page.says("/agent delegate @vera until Friday").await;
    page.is_told(&["answers for"]).await;
    page.says("/agent roles").await;
    page.is_told(&["Who holds which role"]).await;
    looks::judge(page, "58-roles").await;
    page.keep_message("roles", &["Who holds which role"]).await;
}

async fn reads_the_numbers(page: &Page) {
    page.be(DANA).await;
    page.press("channel-C0SUPPORT").await;
    page.says("/agent insights").await;
    page.is_told(&["30 days"]).await;
    looks::judge(page, "59-insights").await;
}

/// Nobody says that it is still needed: it is suspended, and goes on by one click.
async fn forgets_a_review(page: &Page) {
    page.press("dm-bot").await;
    for _ in 0..2 {
        moves(page, "clock-30d").await;
    }
    for _ in 0..17 {
        moves(page, "clock-1d").await;
    }
    page.reads(&[ANOTHER, "still needed?"]).await;
    page.reads(&[AGENT, "still needed?"]).await;
    looks::judge(page, "60-still-needed").await;
    page.keep_message("still-needed", &[AGENT, "still needed?"]).await;
    page.press_in(&format!("Is {ANOTHER} still needed?"), "certify").await;
    page.press("confirm-ok").await;
    page.reads(&[ANOTHER, "is certified"]).await;
    for _ in 0..20 {
        moves(page, "clock-1d").await;
    }
    page.reads(&["is suspended since"]).await;
    looks::judge(page, "61-suspended").await;
    reads_the_campaign(page).await;
    page.press("home").await;
    page.until(
        "the home says so",
        "document.getElementById('home').innerText.includes('suspended')",
    )
    .await;
    looks::judge(page, "62-home").await;
    page.press("dm-bot").await;
    page.says(&format!("/agent certify {AGENT}")).await;
    page.until("the questions are asked", "here('modal')").await;
    looks::judge(page, "63-certify").await;
    page.press("modal-close").await;
    page.until("the form is closed", "!here('modal')").await;
    page.press_in("is suspended since", "certify").await;
    page.press("confirm-ok").await;
    page.is_told(&["goes on"]).await;
    page.look("64-certified").await;
}

/// Who is certified, and who is not: security's view of all reviews.
async fn reads_the_campaign(page: &Page) {
    page.be(SAM).await;
    page.press("channel-C0SECURITY").await;
    page.says("/agent certifications").await;
    page.is_told(&["Reviews of 2 agents", "1 suspended"]).await;
    looks::judge(page, "61-campaign").await;
    page.keep_message("campaign", &["Reviews of 2 agents"]).await;
    page.be(DANA).await;
}

async fn opens_an_incident(page: &Page) {
    page.be(SAM).await;
    page.press("channel-C0SECURITY").await;
    page.says(&format!("/agent incident {AGENT} because it deletes rows of orders")).await;
    page.is_told(&["is open: ", "is stopped"]).await;
    page.reads(&["Incident I-", "it deletes rows of orders"]).await;
    looks::judge(page, "65-incident").await;
    page.keep("incident").await;
}
