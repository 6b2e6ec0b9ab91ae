//! People, and what they do: verbs of the product.

use countersign::sandbox::model::{Message, View};
use countersign::sandbox::{ClickOutcome, SubmitOutcome};
use serde_json::{Value, json};

use super::office::Office;

/// Where people type their commands.
pub const SUPPORT: &str = "C0SUPPORT";

/// A person in a story.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// Where.
    pub office: &'a Office,
    /// Slack's id.
    pub id: &'a str,
}

/// The yes-or-no answers at registration.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers<'a> {
    /// What is ticked: `writes`, `customer_data`, `external_calls`, `money`.
    pub ticked: &'a [&'a str],
    /// Another owner.
    pub owner: Option<&'a str>,
    /// Another team than support.
    pub team: Option<&'a str>,
}

impl<'a> Person<'a> {
    /// Types a command in the support channel; what only this person reads in answer.
    pub async fn types(&self, text: &str) -> String {
        self.types_in(SUPPORT, text).await
    }

    /// Types a command somewhere.
    pub async fn types_in(&self, channel: &str, text: &str) -> String {
        let workspace = self.office.workspace();
        let outcome = workspace.slash_command(self.id, channel, text).await;
        outcome.unwrap_or_else(|error| panic!("{} types {text}: {error}", self.id)).words()
    }

    /// The form that is open in front of this person.
    pub async fn form(&self) -> View {
        let workspace = self.office.workspace();
        self.office
            .until(&format!("form in front of {}", self.id), || workspace.modal(self.id))
            .await
    }

    /// Fills in a field of the open form.
    pub async fn fills(&self, block: &str, action: &str, value: Value) {
        let form = self.form().await;
        let filled = self.office.workspace().fill(self.id, &form.id, block, action, value);
        filled.unwrap_or_else(|error| panic!("{} fills {block}: {error}", self.id));
    }

    /// Sends the open form.
    pub async fn sends(&self) -> SubmitOutcome {
        let form = self.form().await;
        let sent = self.office.workspace().submit(self.id, &form.id).await;
        sent.unwrap_or_else(|error| panic!("{} sends the form: {error}", self.id))
    }

    /// Registers an agent by the form; the outcome of sending it.
    pub async fn registers_with(&self, name: &str, answers: Answers<'_>) -> SubmitOutcome {
        self.types(&format!("/agent register {name}")).await;
        let form = self.form().await;
        self.fills("purpose", "purpose", json!("answers support tickets")).await;
        self.fills("systems", "systems", json!("tickets, database")).await;
        self.fills("runs_on", "runs_on", json!("kubernetes")).await;
        self.fills("model", "model", json!("a model, version 5")).await;
        if !answers.ticked.is_empty() {
            let workspace = self.office.workspace();
            let ticked = json!(answers.ticked);
            workspace
                .click_in_view(self.id, &form.id, "answers", "tier_answers", ticked)
                .await
                .expect("ticks");
        }
        if let Some(team) = answers.team {
            let workspace = self.office.workspace();
            workspace
                .click_in_view(self.id, &form.id, "team", "team_choice", json!(team))
                .await
                .expect("chooses a team");
        }
        if let Some(owner) = answers.owner {
            self.fills("owner", "owner", json!(owner)).await;
        }
        self.sends().await
    }

    /// Registers an agent; everything in the form is right.
    pub async fn registers(&self, name: &str, ticked: &[&str]) {
        let sent = self.registers_with(name, Answers { ticked, ..Answers::default() }).await;
        assert!(matches!(sent, SubmitOutcome::Closed), "{sent:?}");
        self.office.settled().await;
    }

    /// The channel of direct messages between the app and this person.
    pub fn dm(&self) -> String {
        self.office.workspace().dm_with_bot(self.id)
    }

    /// The app's messages to this person, oldest first.
    pub fn inbox(&self) -> Vec<Message> {
        let mut messages = self.office.workspace().messages(&self.dm());
        messages.retain(|m| m.is_by_app() && !m.is_ephemeral());
        messages
    }

    /// The last message to this person that holds these words.
    pub async fn reads(&self, words: &str) -> Message {
        self.office.settled().await;
        let inbox = self.inbox();
        let found = inbox.iter().rev().find(|m| m.words().contains(words));
        found.cloned().unwrap_or_else(|| {
            let all: Vec<String> = inbox.iter().map(Message::words).collect();
            panic!("{} does not read “{words}” in:\n{}", self.id, all.join("\n---\n"))
        })
    }

    /// The copy of the request's card in this person's messages that can be answered.
    pub async fn card(&self, reference: &str) -> Message {
        self.office.settled().await;
        let inbox = self.inbox();
        let has = |m: &&Message| {
            let actions = m.action_ids();
            m.words().contains(reference) && actions.iter().any(|a| a == "approve" || a == "accept")
        };
        inbox.iter().rev().find(has).cloned().unwrap_or_else(|| {
            let all: Vec<String> = inbox.iter().map(Message::words).collect();
            panic!("{} has no card of {reference} in:\n{}", self.id, all.join("\n---\n"))
        })
    }

    /// Whether this person has a card of the request to answer.
    pub async fn is_asked(&self, reference: &str) -> bool {
        self.office.settled().await;
        self.inbox()
            .iter()
            .any(|m| m.words().contains(reference) && m.action_ids().iter().any(|a| a == "approve"))
    }

    /// Waits until a message to this person holds these words: for answers that come after a form.
    pub async fn hears(&self, words: &str) -> Message {
        let what = format!("message to {} with “{words}”", self.id);
        let found = || self.inbox().into_iter().rev().find(|m| m.words().contains(words));
        self.office.until(&what, found).await
    }

    /// Clicks a button that opens a form; the form.
    pub async fn opens(&self, channel: &str, ts: &str, button: &str) -> View {
        let click = self.office.workspace().click(self.id, channel, ts, button).await;
        let click = click.unwrap_or_else(|e| panic!("{} clicks {button}: {e}", self.id));
        assert!(matches!(click, ClickOutcome::Acknowledged), "{} {button}: {click:?}", self.id);
        self.form().await
    }

    /// The App Home of this person, opened if it was not.
    pub async fn home(&self) -> View {
        self.office.workspace().open_home(self.id).expect("opens the home");
        let what = format!("home of {}", self.id);
        self.office.until(&what, || self.office.workspace().home(self.id)).await;
        self.office.settled().await;
        self.office.workspace().home(self.id).expect("the home")
    }

    /// What the App Home of this person shows now, as text.
    pub async fn at_home(&self) -> String {
        self.office.settled().await;
        let home = self.office.workspace().home(self.id).expect("a home that was opened");
        json!(home.blocks).to_string()
    }

    /// Presses a button in App Home.
    pub async fn presses(&self, button: &str) {
        let home = self.office.workspace().home(self.id).expect("a home that was opened");
        let pressed =
            self.office.workspace().click_in_view(self.id, &home.id, "", button, Value::Null);
        let pressed = pressed.await.unwrap_or_else(|e| panic!("{} presses {button}: {e}", self.id));
        assert!(matches!(pressed, ClickOutcome::Acknowledged), "{button}: {pressed:?}");
    }

    /// Clicks a button of a message; the private words that come in answer.
    pub async fn clicks(&self, channel: &str, ts: &str, button: &str) -> String {
        let before = self.private(channel).len();
        let workspace = self.office.workspace();
        let click = workspace.click(self.id, channel, ts, button).await;
        let click = click.unwrap_or_else(|e| panic!("{} clicks {button}: {e}", self.id));
        assert!(matches!(click, ClickOutcome::Acknowledged), "{} {button}: {click:?}", self.id);
        self.next_private(channel, before).await
    }

    /// Clicks a button of a message as it was when this person last looked; the private answer.
    pub async fn clicks_as_seen(&self, channel: &str, seen: &Message, button: &str) -> String {
        let before = self.private(channel).len();
        let workspace = self.office.workspace();
        let click = workspace.click_as_seen(self.id, channel, seen, button).await;
        let click = click.unwrap_or_else(|e| panic!("{} clicks {button}: {e}", self.id));
        assert!(matches!(click, ClickOutcome::Acknowledged), "{} {button}: {click:?}", self.id);
        self.next_private(channel, before).await
    }

    async fn next_private(&self, channel: &str, before: usize) -> String {
        let what = format!("private answer to {}", self.id);
        let answer = self.office.until(&what, || self.private(channel).into_iter().nth(before));
        answer.await.words()
    }

    fn private(&self, channel: &str) -> Vec<Message> {
        let mut seen = self.office.workspace().visible_to(self.id, channel);
        seen.retain(|m| m.ephemeral_to.as_deref() == Some(self.id));
        seen
    }

    /// Approves a request from the card in the direct messages; the private answer.
    pub async fn approves(&self, reference: &str) -> String {
        let card = self.card(reference).await;
        self.clicks(&self.dm(), &card.ts, "approve").await
    }

    /// Clicks Approve on the card in the approvals channel; the private answer.
    pub async fn approves_in_channel(&self, reference: &str) -> String {
        let card = self.channel_card(reference).await;
        self.clicks("C0APPROVALS", &card.ts, "approve").await
    }

    /// The request's card in the approvals channel.
    pub async fn channel_card(&self, reference: &str) -> Message {
        self.office.settled().await;
        let cards = self.office.posted("C0APPROVALS", reference);
        cards.last().cloned().unwrap_or_else(|| panic!("no card of {reference} in the channel"))
    }

    /// Agrees to own an agent; the private answer.
    pub async fn accepts(&self, reference: &str) -> String {
        let card = self.card(reference).await;
        self.clicks(&self.dm(), &card.ts, "accept").await
    }

    /// Denies a request from the card in the direct messages, giving the reason in the form.
    pub async fn denies(&self, reference: &str, reason: &str) {
        let card = self.card(reference).await;
        let workspace = self.office.workspace();
        workspace.click(self.id, &self.dm(), &card.ts, "deny").await.expect("clicks Deny");
        self.fills("because", "because", json!(reason)).await;
        let sent = self.sends().await;
        assert!(matches!(sent, SubmitOutcome::Closed), "{sent:?}");
        self.office.settled().await;
    }

    /// An agent of this person's, registered and approved by whom its tier takes.
    pub async fn has_agent(&self, name: &str, ticked: &[&str]) {
        self.registers(name, ticked).await;
        let reference = self.last_reference(name).await;
        self.office.everybody_approves(&reference).await;
    }

    /// The reference of the newest request about this agent.
    pub async fn last_reference(&self, agent: &str) -> String {
        let store = self.office.store().await;
        let mut session = store.read().await.expect("a session");
        let agent = session.agent_by_slug(agent).await.expect("a read").expect("the agent");
        let requests = session.requests_of_agent(agent.id, 1).await.expect("a read");
        requests.first().expect("a request").reference.to_string()
    }

    /// Asks for a grant, typed in whole; the private answer.
    pub async fn asks(&self, agent: &str, access: &str, lasting: &str) -> String {
        let answer = self
            .types(&format!(
                "/agent request {agent} {access} for {lasting} because customer support queries"
            ))
            .await;
        self.office.settled().await;
        answer
    }

    /// Asks for a grant that people must decide on; its reference.
    pub async fn puts(&self, agent: &str, access: &str, lasting: &str) -> String {
        let answer = self.asks(agent, access, lasting).await;
        assert!(answer.contains("Asked:"), "{answer}");
        self.last_reference(agent).await
    }

    /// Has a grant: asked for, and approved by everybody whom it takes; its reference.
    pub async fn gets(&self, agent: &str, access: &str, lasting: &str) -> String {
        let reference = self.puts(agent, access, lasting).await;
        self.office.everybody_approves(&reference).await;
        assert!(self.office.may(agent, access).await, "{agent} has no {access}");
        reference
    }
}

impl Office {
    /// Everybody who has a card of the request that can be answered says yes, until it has ended.
    pub async fn everybody_approves(&self, reference: &str) {
        for id in ["U0THEO", "U0TINA", "U0OMAR", "U0SAM", "U0SARA", "U0CLEO", "U0VERA"] {
            let person = self.person(id);
            if person.is_asked(reference).await {
                person.approves(reference).await;
                self.settled().await;
            }
        }
    }
}
