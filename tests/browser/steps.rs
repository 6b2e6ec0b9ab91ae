//! What several stories begin with: the people, an agent at work, the clock.

use crate::page::Page;

pub const DANA: &str = "U0DANA";
pub const THEO: &str = "U0THEO";
pub const TINA: &str = "U0TINA";
pub const SAM: &str = "U0SAM";
pub const SARA: &str = "U0SARA";
pub const CLEO: &str = "U0CLEO";
pub const VERA: &str = "U0VERA";
pub const OMAR: &str = "U0OMAR";

/// What an agent does, as its owner ticks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// It only reads: a lead of its team agrees.
    Reads,
    /// It writes: security has to agree, too.
    Writes,
}

/// Registered by Dana, approved by those whom its tier asks, and at work.
pub async fn has_an_agent(page: &Page, name: &str, purpose: &str, does: Does) {
    page.be(DANA).await;
    page.press("channel-C0SUPPORT").await;
    page.says(&format!("/agent register {name}")).await;
    page.form("Register an agent").await;
    page.types_into("input-purpose", purpose).await;
    page.types_into("input-systems", "helpdesk, support database").await;
    page.types_into("input-runs_on", "Kubernetes, cluster eu-1").await;
    page.types_into("input-model", "a language model, version 5").await;
    if does == Does::Writes {
        page.press("option-writes").await;
        page.until("writing makes it tier 2", "here('modal').innerText.includes('Tier 2')").await;
    }
    page.sends().await;
    let asks = format!("{name} asks to be registered");
    page.be(THEO).await;
    approves(page, &asks, "✓ team lead").await;
    if does == Does::Writes {
        page.be(SAM).await;
        approves(page, &asks, "✓ security").await;
    }
    page.be(DANA).await;
    page.press("dm-bot").await;
    page.reads(&[name, "is registered and at work"]).await;
}

/// Types a command in the support channel, and waits for the private answer with these words.
pub async fn asks(page: &Page, person: &str, command: &str, words: &[&str]) {
    page.be(person).await;
    page.press("channel-C0SUPPORT").await;
    page.says(command).await;
    page.is_told(words).await;
}

/// Says yes to the card with these words in the person's own messages, and waits until it shows so.
pub async fn approves(page: &Page, asks: &str, shows: &str) {
    page.press("dm-bot").await;
    page.press_in(asks, "approve").await;
    page.reads(&[asks, shows]).await;
}

/// The clock goes on by a step.
pub async fn moves(page: &Page, step: &str) {
    let before = page.value("here('now').dateTime").await;
    page.press(step).await;
    page.until("the clock has moved", &format!("here('now').dateTime !== {before}")).await;
}
