//! Stories told by people who do not know that the server dies: what Slack shows them as failed they
//! try again, what was acknowledged they never repeat. Here is what they do, and the first story; the
//! second is in [`life`](crate::life).

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::sandbox::model::Message;
use countersign::sandbox::{ClickOutcome, CommandOutcome, SubmitOutcome};
use serde_json::json;

use crate::server::Server;
use crate::site::{Door, Site, answerable};

/// The agent of the story.
pub const AGENT: &str = "support-agent-v2";
/// Where Dana types.
const SUPPORT: &str = "C0SUPPORT";
/// Why the second request is denied.
pub const REASON: &str = "Please ask for the replica instead.";

/// What is told. Two stories rather than one: each is told once for every commit it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Registered, approved, asked, granted, handed back; asked for more, denied; granted twice by
    /// the policy alone, of which one is reminded of and ends by itself, the other is revoked.
    Asking,
    /// Another tier, more time, a question that nobody answers, an agent that is stopped.
    Living,
}

/// When a server dies, for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Right after so many commits: durable, and nobody is told.
    AfterCommits(u64),
    /// When Slack has said so many times that it shows something: shown, and nobody knows.
    AfterAnswers(u64),
}

/// SIGABRT.
const ABORTED: i32 = 6;

/// A server that is started again when it dies, as a service manager does.
pub struct Bot {
    pub(super) site: Arc<Site>,
    now: Mutex<Arc<Server>>,
    up: AtomicBool,
    died: AtomicBool,
    retired: AtomicBool,
}

impl Bot {
    /// Starts it; it dies once, if that is said.
    pub async fn start(site: &Arc<Site>, death: Option<Death>) -> Arc<Self> {
        let first = Arc::new(site.launch(death));
        let bot = Arc::new(Self {
            site: Arc::clone(site),
            now: Mutex::new(first),
            up: AtomicBool::new(false),
            died: AtomicBool::new(false),
            retired: AtomicBool::new(false),
        });
        tokio::spawn(Arc::clone(&bot).keep());
        bot
    }

    /// The process that runs now.
    pub fn server(&self) -> Arc<Server> {
        Arc::clone(&self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on an end is an end.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    /// Whether it was killed at its moment.
    pub fn died(&self) -> bool {
        self.died.load(Ordering::SeqCst)
    }

    async fn keep(self: Arc<Self>) {
        loop {
            let server = self.server();
            if let Some(end) = server.ended() {
                self.site.remember(&server);
                if self.retired.load(Ordering::SeqCst) {
                    return;
                }
                // Once, and as it was asked for, is the experiment; anything else is a fault, which
                // the story's waits report.
                if !aborted(end) || self.died.swap(true, Ordering::SeqCst) {
                    return;
                }
                self.up.store(false, Ordering::SeqCst);
                *self.now.lock().unwrap_or_else(PoisonError::into_inner) =
                    Arc::new(self.site.launch(None));
                continue;
            }
            if !self.up.load(Ordering::SeqCst) && server.said().contains("at work address=") {
                self.site.reachable(&server).await;
                self.up.store(true, Ordering::SeqCst);
            }
            // The test has ended.
            if Arc::strong_count(&self) == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Waits until Slack can reach it.
    pub(super) async fn is_up(&self) {
        let look = || {
            let up = self.up.load(Ordering::SeqCst) && self.server().ended().is_none();
            up.then_some(())
        };
        self.site.until("server that Slack can reach", look).await;
    }

    /// Types a command until something other than a failure comes of it.
    pub async fn types(&self, person: &str, text: &str) -> String {
        loop {
            match self.try_typing(person, text).await {
                CommandOutcome::Failed(_) => {}
                outcome if failed(&outcome.words()) => {}
                outcome => return outcome.words(),
            }
        }
    }

    pub(super) async fn try_typing(&self, person: &str, text: &str) -> CommandOutcome {
        self.is_up().await;
        let outcome = self.site.workspace().slash_command(person, SUPPORT, text).await;
        outcome.unwrap_or_else(|error| panic!("{person} types {text}: {error}"))
    }

    /// Types a command until words come of it, which say that it was taken, now or before.
    pub(super) async fn is_taken(&self, person: &str, text: &str, taken: &[&str]) -> String {
        let words = loop {
            // Without words in the answer, they come as a private message: that it failed.
            let words = self.types(person, text).await;
            if !words.is_empty() {
                break words;
            }
        };
        assert!(
            taken.iter().chain(&["received before"]).any(|w| words.contains(w)),
            "{words}\n{}",
            self.site.transcript()
        );
        words
    }

    /// Asks for a grant. Who reads that it failed looks whether it was recorded, as the product
    /// tells them, before asking again.
    pub async fn asks(&self, access: &str, shown_as: &str) {
        let text =
            format!("/agent request {AGENT} {access} for 30m because customer support queries");
        loop {
            match self.try_typing("U0DANA", &text).await {
                outcome
                    if matches!(outcome, CommandOutcome::Failed(_) | CommandOutcome::Quiet)
                        || failed(&outcome.words()) =>
                {
                    let shown = self.types("U0DANA", &format!("/agent show {AGENT}")).await;
                    if shown.contains(shown_as) {
                        return;
                    }
                }
                outcome => {
                    let words = outcome.words();
                    let taken = words.contains("G-") || words.contains("before");
                    assert!(taken, "{words}\n{}", self.site.transcript());
                    return;
                }
            }
        }
    }

    /// Waits for a form in front of this person for a little while.
    async fn form(&self, person: &str) -> Option<String> {
        let workspace = self.site.workspace();
        let wait = workspace.wait_for(Duration::from_secs(3), "form", |model| {
            model.modals.get(person)?.last().map(|view| view.id.clone())
        });
        wait.await.ok()
    }

    /// Sends a form until it is taken.
    async fn submits(&self, person: &str, form: &str) {
        loop {
            self.is_up().await;
            match self.site.workspace().submit(person, form).await {
                Ok(SubmitOutcome::Closed) => return,
                Ok(SubmitOutcome::NoAnswer(_)) => {}
                // "Try again", it says: the form stays.
                Ok(SubmitOutcome::Errors(errors)) if errors.values().any(|e| failed(e)) => {}
                other => panic!("{person} sends a form: {other:?}\n{}", self.site.transcript()),
            }
        }
    }

    /// Registers an agent by the form.
    pub async fn registers(&self, name: &str, ticks: &[&str]) {
        let form = loop {
            self.types("U0DANA", &format!("/agent register {name}")).await;
            if let Some(form) = self.form("U0DANA").await {
                break form;
            }
        };
        let workspace = self.site.workspace();
        for (field, value) in [
            ("purpose", "answers support tickets"),
            ("systems", "tickets, database"),
            ("runs_on", "kubernetes"),
            ("model", "a model, version 5"),
        ] {
            workspace.fill("U0DANA", &form, field, field, json!(value)).expect("a field");
        }
        // The tick stays in the form whether or not the server saw it.
        if !ticks.is_empty() {
            let ticked = workspace
                .click_in_view("U0DANA", &form, "answers", "tier_answers", json!(ticks))
                .await;
            ticked.expect("a tick");
        }
        self.submits("U0DANA", &form).await;
    }

    /// The card of a request that is not among the `done`, in front of this person.
    pub async fn card(&self, person: &str, done: &[String]) -> (Message, String) {
        self.site
            .until(&format!("card for {person}"), || {
                self.site.inbox(person).into_iter().rev().find_map(|message| {
                    let request = answerable(&message).find(|id| !done.contains(id))?;
                    Some((message, request))
                })
            })
            .await
    }

    /// Approves, and waits until the card shows it. The request's id, and the card's words.
    pub async fn approves(&self, person: &str, role: &str, done: &[String]) -> (String, String) {
        let (card, request) = self.card(person, done).await;
        let channel = self.site.workspace().dm_with_bot(person);
        let private = || {
            let seen = self.site.workspace().visible_to(person, &channel);
            seen.into_iter().filter(|m| m.is_ephemeral() && failed(&m.words())).count()
        };
        let mark = format!("✓ {role}: <@{person}>");
        loop {
            self.is_up().await;
            let before = private();
            let click =
                self.site.workspace().click_as_seen(person, &channel, &card, "approve").await;
            match click.expect("a click") {
                ClickOutcome::Acknowledged => {}
                // Slack delivers it again by itself.
                ClickOutcome::Failed(_) if self.site.door() == Door::Socket => {}
                ClickOutcome::Failed(_) => continue,
            }
            let what = format!("vote of {person} on the card");
            let shown = self.site.until(&what, || {
                let message = self.site.inbox(person).into_iter().find(|m| m.ts == card.ts)?;
                match message.words() {
                    words if words.contains(&mark) => Some(Some(words)),
                    // They were told that it failed, and to try again.
                    _ => (private() > before).then_some(None),
                }
            });
            if let Some(words) = shown.await {
                return (request, words);
            }
        }
    }

    /// Security and the team's lead approve. The request's id, and the words of the lead's card.
    pub(super) async fn both_approve(&self, done: &[String]) -> (String, String) {
        self.approves("U0SAM", "security", done).await;
        self.approves("U0THEO", "team lead", done).await
    }

    /// Denies with a reason.
    async fn denies(&self, person: &str, done: &[String]) {
        let (card, _) = self.card(person, done).await;
        let channel = self.site.workspace().dm_with_bot(person);
        let form = loop {
            self.is_up().await;
            let click = self.site.workspace().click_as_seen(person, &channel, &card, "deny").await;
            click.expect("a click");
            if let Some(form) = self.form(person).await {
                break form;
            }
        };
        let filled = self.site.workspace().fill(person, &form, "because", "because", json!(REASON));
        filled.expect("a reason");
        self.submits(person, &form).await;
        self.site
            .until("the no on the card", || {
                let message = self.site.inbox(person).into_iter().find(|m| m.ts == card.ts)?;
                message.words().contains("Denied by").then_some(())
            })
            .await;
    }

    /// Waits until the owner reads this.
    pub async fn dana_reads(&self, words: &str) {
        let what = format!("message “{words}”");
        let read = || self.site.inbox("U0DANA").iter().any(|m| m.words().contains(words));
        self.site.until(&what, || read().then_some(())).await;
    }

    /// Tells a story to its end.
    pub async fn tells(&self, story: Story) {
        match story {
            Story::Asking => self.asks_and_holds().await,
            Story::Living => self.lives().await,
        }
    }

    async fn asks_and_holds(&self) {
        self.registers(AGENT, &["writes"]).await;
        let (registration, _) = self.approves("U0THEO", "team lead", &[]).await;
        self.approves("U0SAM", "security", &[]).await;
        self.dana_reads("is registered").await;

        let mut done = vec![registration];
        self.asks("database:read", "database : read").await;
        let (request, words) = self.both_approve(&done).await;
        let reference = reference_in(&words);
        self.dana_reads(&reference).await;
        done.push(request);
        let release = format!("/agent release {reference}");
        self.is_taken("U0DANA", &release, &["no longer has", "handed back"]).await;

        self.asks("database:write", "database : write").await;
        self.denies("U0THEO", &done).await;
        self.dana_reads(REASON).await;

        self.holds_until_the_end().await;
        self.holds_until_it_is_revoked().await;
    }
}

/// Whether a server ended as it was asked to, rather than by a fault.
pub fn aborted(end: std::process::ExitStatus) -> bool {
    end.signal() == Some(ABORTED)
}

/// Whether these words say that it did not work, or is not known to have worked.
pub fn failed(words: &str) -> bool {
    ["nothing was recorded", "may still be recorded", "nothing is done twice"]
        .iter()
        .any(|failure| words.contains(failure))
}

/// The name of a request in these words: `G-1042`.
pub fn reference_in(words: &str) -> String {
    let (_, rest) = words.split_once("G-").unwrap_or_else(|| panic!("no reference in {words}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    format!("G-{digits}")
}
