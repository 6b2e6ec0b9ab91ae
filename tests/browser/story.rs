//! Register, approve, ask, approve, remind, extend, end, stop: by hand, in a browser.

use countersign::slack::commands::WORDS;

use crate::chromium::Chromium;
use crate::looks;
use crate::page::{Page, Visit};
use crate::server::Server;

const REGISTER: &str = "/agent register support-agent-v2";
const REQUEST: &str =
    "/agent request support-agent-v2 database:read for 30m because customer support queries";

/// The version of the form in front of Dana, as the workspace has it.
const VERSION: &str =
    "fetch('/_page/state?as=U0DANA').then((r) => r.json()).then((s) => s.modals[0].hash)";

const DANA: &str = "U0DANA";
const THEO: &str = "U0THEO";
const SAM: &str = "U0SAM";
const OMAR: &str = "U0OMAR";
const GUS: &str = "U0GUS";

/// The whole story. One window changes hands, as a newcomer does it; another is Sam's all along.
#[tokio::test]
async fn a_newcomer_lives_the_whole_story_in_a_browser() {
    let server = Server::start();
    let browser = Chromium::start().await;
    let page = browser.window(&server.address, Visit::First).await;
    let sams =
        browser.window(&format!("{}?as={SAM}&at=C0APPROVALS", server.address), Visit::Later).await;

    first_sight(&page).await;
    fills_in_the_form(&page).await;
    votes_that_do_not_count(&page).await;
    approves_registration(&page, &sams).await;
    asks_for_access(&page, &sams).await;
    is_denied(&page, &sams).await;
    is_reminded_and_extends(&page, &sams).await;
    sees_the_end(&page).await;
    looks_around(&page).await;
    in_a_narrow_window(&page).await;

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "the page complained:\n{}", complaints.join("\n"));
}

/// The panel says what to try, and does its first half.
async fn first_sight(page: &Page) {
    page.until("the panel is open", "here('tour')").await;
    page.look("01-first-sight").await;
    looks::judge(page, "01-first-sight").await;
    page.click("here('tour-register').querySelector('button')").await;
    page.until("the command is typed", &format!("here('composer').value === '{REGISTER}'")).await;
    page.look("02-filled-in-for-me").await;
    page.press("tour-close").await;
    page.until("the panel is closed", "!here('tour')").await;
    page.types_into("composer", "/agent ").await;
    let offered = "[...here('composer').form.querySelectorAll('[role=option]')].map((o) => o.dataset.testid.replace('suggest-', ''))";
    let offered = page.value(offered).await;
    assert_eq!(offered, serde_json::json!(WORDS), "the page offers what the product understands");
    page.look("02-commands").await;
}

/// An empty purpose is said at its field; the tier follows from what is ticked, before sending.
async fn fills_in_the_form(page: &Page) {
    page.press("channel-C0SUPPORT").await;
    page.says(REGISTER).await;
    page.form("Register an agent").await;
    page.until("the name is filled in", "here('input-name').value === 'support-agent-v2'").await;
    page.until("the lowest tier is shown", "here('modal').innerText.includes('Tier 1')").await;
    looks::judge(page, "03-form").await;

    page.press("modal-submit").await;
    page.until("the purpose is missed", "here('error-purpose')").await;
    page.look("04-field-error").await;

    page.types_into("input-purpose", "Answers support tickets with what the database knows.").await;
    page.until("it no longer complains", "!here('error-purpose')").await;
    page.types_into("input-systems", "helpdesk, support database").await;
    page.types_into("input-runs_on", "Kubernetes, cluster eu-1").await;
    page.types_into("input-model", "a language model, version 5").await;
    page.until("Dana's team is chosen", "here('input-team').value === 'support'").await;
    // Another team is another lead; the form is sent anew, and stays where it was.
    let place = "here('option-writes').getBoundingClientRect().top";
    page.value("here('option-writes').scrollIntoView({ block: 'center' })").await;
    let ticked_at = page.value(place).await;
    let before = page.value(VERSION).await;
    page.value("choose('input-team', 'data')").await;
    page.value("choose('input-team', 'support')").await;
    let newer = format!("wait(async () => (await {VERSION}) !== {before})");
    assert_eq!(page.value(&newer).await["ok"], true, "the form was never sent anew");
    page.press("option-writes").await;
    page.until("writing makes it tier 2", "here('modal').innerText.includes('Tier 2')").await;
    page.until("who must approve", "/security and team lead/.test(here('modal').innerText)").await;
    page.until("the tick stays", "here('option-writes').checked").await;
    assert_eq!(page.value(place).await, ticked_at, "the form does not jump under the mouse");
    page.look("05-tier-2").await;
    page.sends().await;
    // The form is gone; what happens next is said in the app's conversation.
    page.press("dm-bot").await;
    let told = page.reads(&["support-agent-v2"]).await;
    assert!(told.contains("security and team lead"), "{told}");
    page.look("06-asked").await;
}

/// Whoever clicks without a say is told why, alone, and nothing changes.
async fn votes_that_do_not_count(page: &Page) {
    page.press("channel-C0APPROVALS").await;
    page.reads(&["asks to be registered"]).await;
    page.press_in("asks to be registered", "approve").await;
    let told = page.is_told(&["own"]).await;
    page.look("07-own-request").await;
    assert!(told.contains("Only visible to you"), "{told}");
    page.be(OMAR).await;
    page.press_in("asks to be registered", "approve").await;
    page.is_told(&["you are not among them"]).await;
    page.look("08-not-eligible").await;
}

/// Theo by his message, Sam in the channel; both copies of the card say who is awaited.
async fn approves_registration(page: &Page, sams: &Page) {
    page.until("something waits for Theo", &format!("here('waiting-{THEO}')")).await;
    page.look("09-waits-for-theo").await;
    page.be(THEO).await;
    page.press("dm-bot").await;
    page.reads(&["asks to be registered"]).await;
    looks::judge(page, "10-theos-messages").await;
    page.press_in("asks to be registered", "approve").await;
    page.reads(&["asks to be registered", "✓ team lead"]).await;
    page.look("11-theo-approved").await;

    // Sam's window was open all the while, and is not loaded again.
    sams.reads(&["asks to be registered", "✓ team lead"]).await;
    sams.look("12-sams-window").await;
    sams.press_in("asks to be registered", "approve").await;
    sams.reads(&["asks to be registered", "✓ security"]).await;
    let gone = "!within(message('asks to be registered'), 'action-approve')";
    sams.until("the buttons are gone", gone).await;
    sams.look("13-approved").await;
    page.until("the buttons are gone from Theo's copy too", gone).await;

    page.be(DANA).await;
    page.press("dm-bot").await;
    page.reads(&["is registered and at work"]).await;
    looks::judge(page, "14-danas-outcome").await;
}

/// A request with findings; two votes; the grant is there.
async fn asks_for_access(page: &Page, sams: &Page) {
    page.press("channel-C0SUPPORT").await;
    page.says(REQUEST).await;
    page.is_told(&["database"]).await;
    page.look("15-request-asked").await;
    sams.reads(&["asks for database", "first time for this resource", "customer support queries"])
        .await;
    page.be(THEO).await;
    page.press("dm-bot").await;
    page.press_in("asks for database", "approve").await;
    sams.reads(&["asks for database", "✓ team lead"]).await;
    sams.look("16-card-with-a-vote").await;
    sams.keep("story").await;
    sams.press_in("asks for database", "approve").await;
    sams.until("the card is settled", "!within(message('asks for database'), 'action-approve')")
        .await;
    looks::judge(sams, "17-channel").await;
    page.be(DANA).await;
    page.press("dm-bot").await;
    page.reads(&["now has database", "left", "Hand back"]).await;
    page.look("18-grant").await;
}

/// A no has a reason, and the requester reads it.
async fn is_denied(page: &Page, sams: &Page) {
    page.press("channel-C0SUPPORT").await;
    page.says("/agent request support-agent-v2 database:write for 1h because tidy up").await;
    page.is_told(&["database : write"]).await;
    sams.reads(&["asks for database : write"]).await;
    sams.press_in("asks for database : write", "deny").await;
    sams.until("the reason is asked", "here('modal')").await;
    sams.look("19-deny").await;
    sams.press("modal-submit").await;
    sams.until("a reason is missed", "here('error-because')").await;
    sams.types_into("input-because", "Reading is enough to answer tickets.").await;
    sams.sends().await;
    sams.reads(&["asks for database : write", "Reading is enough to answer tickets."]).await;
    sams.look("20-denied-card").await;
    page.press("dm-bot").await;
    page.reads(&["Not approved", "Reading is enough to answer tickets."]).await;
    page.look("21-denied-outcome").await;
}

/// The clock moves; the reminder comes, with what can be done about it.
async fn is_reminded_and_extends(page: &Page, sams: &Page) {
    page.press("clock-next").await;
    let ending = page.reads(&["loses database : read", "Ends", "Extend…"]).await;
    looks::judge(page, "22-reminder").await;
    assert!(ending.contains("Extend"), "{ending}");
    // The team's channel hears of it too; a guest who clicks there is told why it does not count.
    page.be(GUS).await;
    page.press("channel-C0SUPPORT").await;
    page.reads(&["loses database : read"]).await;
    page.press_in("loses database : read", "extend").await;
    page.is_told(&["guest"]).await;
    page.look("23-guest").await;

    page.be(DANA).await;
    page.press("dm-bot").await;
    page.press_in("loses database : read", "extend").await;
    page.form("Ask for more time").await;
    page.look("24-extend").await;
    page.types_into("input-lasting", "30m").await;
    page.types_into("input-because", "the queue is long today").await;
    page.sends().await;
    sams.reads(&["asks to keep database : read", "the queue is long today"]).await;
    sams.press_in("asks to keep database", "approve").await;
    page.be(THEO).await;
    page.press("dm-bot").await;
    page.press_in("asks to keep database", "approve").await;
    sams.until("the card is settled", "!within(message('asks to keep'), 'action-approve')").await;
    sams.look("25-extended").await;
    page.be(DANA).await;
    page.press("dm-bot").await;
    page.reads(&["keeps database : read"]).await;
    page.look("26-keeps").await;
}

/// The next deadline is another reminder, and the one after it the end.
async fn sees_the_end(page: &Page) {
    page.press("channel-C0SUPPORT").await;
    page.says("/agent grants support-agent-v2").await;
    page.is_told(&["database : read", "left"]).await;
    page.look("27-grants").await;
    page.press("home").await;
    let home = "document.getElementById('home')";
    page.until("the grant can be handed back", &format!("within({home}, 'action-release')")).await;
    looks::judge(page, "27-home").await;
    page.press("dm-bot").await;
    // The reminder of the end that was put off says so.
    page.reads(&["Extended: support-agent-v2 keeps database : read"]).await;
    page.press("clock-next").await;
    page.until("the reminder comes", "within(messages().at(-1), 'action-extend')").await;
    page.look("28-second-reminder").await;
    page.press("clock-next").await;
    page.reads(&["database : read", "ended"]).await;
    let offered = "messages().some((one) => within(one, 'action-extend'))";
    page.until("nothing is offered that is over", &format!("!{offered}")).await;
    page.look("29-ended").await;
}

/// Show, list, help, App Home; and everything ends at once.
async fn looks_around(page: &Page) {
    page.press("channel-C0SUPPORT").await;
    page.says("/agent show support-agent-v2").await;
    page.is_told(&["support-agent-v2", "Purpose", "History"]).await;
    looks::judge(page, "30-show").await;
    page.says("/agent list").await;
    page.is_told(&["support-agent-v2", "support"]).await;
    page.look("31-list").await;
    page.says("/agent").await;
    page.is_told(&["Your agents: 1"]).await;
    looks::judge(page, "32-help").await;
    page.says("/agent help").await;
    page.is_told(&["What can be typed"]).await;
    page.look("33-help-static").await;
    page.says("/agent regster x").await;
    page.is_told(&["did you mean", "/agent register"]).await;
    page.says("/agent request support-agent-v2 databse:read for 30m because x").await;
    page.until("an answer", "told('database') || here('modal')").await;
    page.look("34-near").await;
    page.until("the form is closed", "!here('modal') || (here('modal-close').click(), false)")
        .await;

    // Opening the home has it drawn anew by the app; what is clicked must be the new one.
    let home = "fetch('/_page/state?as=U0DANA').then((r) => r.json()).then((s) => s.home)";
    let before = page.value(&format!("{home}.then((h) => h.hash)")).await;
    page.press("home").await;
    let shown = "document.querySelector('#home [data-block]')?.dataset.block";
    let anew =
        format!("{home}.then((h) => h.hash !== {before} && h.view.blocks[0].block_id === {shown})");
    page.until("the home is as of now", &anew).await;
    page.look("35-home").await;
    page.click("within(document.getElementById('home'), 'action-request')").await;
    page.form("Ask for access").await;
    looks::judge(page, "36-request-form").await;
    page.press("modal-close").await;
    page.until("the form is closed", "!here('modal')").await;

    page.press("channel-C0SUPPORT").await;
    page.says("/agent stop support-agent-v2 because it loops").await;
    page.is_told(&["support-agent-v2 is stopped", "/agent reinstate"]).await;
    page.look("37-stopped").await;
}

/// The drawer, the card and the form in a window like a telephone's.
async fn in_a_narrow_window(page: &Page) {
    looks::narrow(page).await;
    page.press("drawer").await;
    page.until("the drawer is open", &format!("here('person-{THEO}')")).await;
    page.look("38-narrow-drawer").await;
    page.press(&format!("person-{THEO}")).await;
    page.until(
        "this is Theo",
        &format!("document.querySelector('[data-testid=me]').dataset.person === '{THEO}'"),
    )
    .await;
    page.press("drawer").await;
    page.press("channel-C0APPROVALS").await;
    page.reads(&["asks to be registered"]).await;
    looks::assert_fits(page, "the approvals channel").await;
    page.look("39-narrow-approvals").await;
    page.says("/agent register second-agent").await;
    page.form("Register an agent").await;
    looks::assert_fits(page, "the form").await;
    page.press("modal-close").await;
    page.until("the form is closed", "!here('modal')").await;
    looks::judge(page, "40-approvals").await;
}
