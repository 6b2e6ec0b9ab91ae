//! The way to the desk and back, within Slack's three seconds.
//!
//! Whatever comes in is handled in a task of its own, which nothing on the wire can cut short: a
//! connection that breaks, a caller that hangs up, a deadline. When the desk takes longer than the
//! wire can wait, the person is told that it takes long (never that nothing was recorded, because
//! the write may still commit), and the answer follows when it is there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::courier::Courier;
use super::desk::{Ack, Answer, Desk, FollowUp, Message};
use super::inbound::{Inbound, ResponseUrl};
use super::installation::Installation;
use crate::domain::person::PersonId;
use crate::meters::SPANS;
use crate::service::directory::DirectoryError;

/// Knows people, and forgets what it knew when it hears that they changed.
#[async_trait]
pub trait Acquaintance: Send + Sync + 'static {
    /// Who somebody of an unknown workspace is: named with the installation's id if they belong
    /// after all, as they were if not.
    async fn settle(&self, seen: &PersonId) -> Result<PersonId, DirectoryError>;

    /// People or a group have changed.
    fn heard(&self, inbound: &Inbound);
}

/// How long, and how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeSettings {
    /// How long the desk may take before the person is told that it takes long. Slack waits three
    /// seconds, of which the way there and back takes some.
    pub deadline: Duration,
    /// How many things may be handled at once, those included that take long.
    pub at_once: usize,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self { deadline: Duration::from_millis(2_500), at_once: 1_024 }
    }
}

/// Takes what came in to the desk, and brings the answer back.
pub struct Intake {
    desk: Arc<dyn Desk>,
    people: Arc<dyn Acquaintance>,
    courier: Courier,
    installation: Arc<Installation>,
    settings: IntakeSettings,
    turns: Arc<Semaphore>,
    running: TaskTracker,
}

/// What Slack is told at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It was taken.
    Empty,
    /// It was taken, and this is said.
    With(Payload),
    /// It was taken, and this is said: JSON as Slack reads it.
    Ready(Bytes),
    /// It could not be taken; Slack is to deliver it again.
    Again,
}

/// The body of an answer, as Slack reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Payload {
    /// Words for the person who typed a command.
    Message {
        /// `ephemeral`: for nobody else.
        response_type: &'static str,
        /// As plain text.
        text: String,
        /// Block Kit.
        #[serde(skip_serializing_if = "is_blank")]
        blocks: Value,
    },
    /// What is wrong with a form, by block.
    Errors {
        /// `errors`
        response_action: &'static str,
        /// Block id to text.
        errors: BTreeMap<String, String>,
    },
    /// A view.
    View {
        /// `update` or `push`
        response_action: &'static str,
        /// The view.
        view: Value,
    },
    /// No view any more.
    Clear {
        /// `clear`
        response_action: &'static str,
    },
}

impl Payload {
    /// Words for the person who typed a command, and nobody else.
    pub fn private(message: Message) -> Self {
        let Message { text, blocks } = message;
        Self::Message { response_type: "ephemeral", text, blocks }
    }
}

/// Whether there are no blocks.
pub fn is_blank(blocks: &Value) -> bool {
    blocks.as_array().is_none_or(Vec::is_empty)
}

/// Who waits for the answer, and where it can reach them.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The person; nobody for events.
    pub by: Option<PersonId>,
    /// The channel they are in.
    pub channel: Option<String>,
    /// Where an answer may be posted.
    pub response_url: Option<ResponseUrl>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Slash { command: String, trigger_id: String },
    Click { view: Option<String>, trigger_id: String },
    Form { view: String, first_block: Option<String>, trigger_id: Option<String> },
    Event,
}

impl Asker {
    fn of(inbound: &Inbound) -> Self {
        match inbound {
            Inbound::Slash(slash) => Self {
                by: Some(slash.by.clone()),
                channel: Some(slash.channel.clone()),
                response_url: slash.response_url.clone(),
                kind: Kind::Slash {
                    command: slash.command.clone(),
                    trigger_id: slash.trigger_id.clone(),
                },
            },
            Inbound::Button(click) | Inbound::Changed(click) => Self {
                by: Some(click.by.clone()),
                channel: click.channel.clone(),
                response_url: click.response_url.clone(),
                kind: Kind::Click {
                    view: click.view.as_ref().map(|view| view.id.clone()),
                    trigger_id: click.trigger_id.clone(),
                },
            },
            Inbound::Submitted(form) => Self {
                by: Some(form.by.clone()),
                channel: None,
                response_url: form.response_urls.first().cloned(),
                kind: Kind::Form {
                    view: form.view.id.clone(),
                    first_block: form
                        .view
                        .values
                        .as_object()
                        .and_then(|blocks| blocks.keys().next().cloned()),
                    trigger_id: form.trigger_id.clone(),
                },
            },
            _ => Self { by: None, channel: None, response_url: None, kind: Kind::Event },
        }
    }

    /// The follow-up that tells the asker something privately; `None` if nobody asked.
    pub fn tell(&self, message: Message) -> Option<FollowUp> {
        Some(FollowUp::Tell {
            to: self.by.clone()?,
            channel: self.channel.clone(),
            response_url: self.response_url.clone(),
            message,
        })
    }

    /// Words at once, in the way that fits what came in. A form stays open, so that what was
    /// filled in is not lost.
    fn words(&self, text: &str) -> Ack {
        match &self.kind {
            Kind::Form { first_block: Some(block), .. } => {
                Ack::FieldErrors(BTreeMap::from([(block.clone(), text.to_owned())]))
            }
            Kind::Event => Ack::Again,
            _ => Ack::Message(Message::text(text)),
        }
    }

    /// What is said when it is not known whether anything was recorded, after what happened.
    fn unsure(&self, what: &str) -> Ack {
        match &self.kind {
            // Typing a command again is another command, so it cannot be promised that it counts
            // once; for sending the same form or clicking the same button again it can.
            Kind::Slash { command, .. } => self.words(&format!(
                "{what} It may still be recorded: look with `{command} list` in a minute, before \
                 you try again."
            )),
            _ => self.words(&format!(
                "{what} If nothing changes within a minute, try again: nothing is done twice."
            )),
        }
    }
}

const BUSY: &str =
    "Countersign has too much to do right now. Nothing was recorded. Try again in a minute.";
const STRANGER: &str = "Slack could not say who you are just now, so nothing was recorded. \
                        Try again in a minute.";
const SLOW: &str = "This is taking longer than it should.";
const BROKEN: &str = "Something went wrong here.";

/// The reply and what is to be done after it, fitted to what came in.
///
/// `with_payload`: whether Slack reads what the acknowledgement carries; otherwise words go out
/// as a private message after it.
pub fn fit(asker: &Asker, answer: Answer, with_payload: bool) -> (Reply, Vec<FollowUp>) {
    let Answer { ack, mut then } = answer;
    let reply = match (ack, &asker.kind) {
        (Ack::Again, _) => Reply::Again,
        (Ack::Empty, _) | (_, Kind::Event) => Reply::Empty,
        (Ack::Message(message), Kind::Slash { .. }) if with_payload => {
            Reply::With(Payload::private(message))
        }
        (Ack::Prepared(prepared), Kind::Slash { .. }) if with_payload => {
            Reply::Ready(prepared.body().clone())
        }
        (Ack::Prepared(prepared), _) => {
            then.splice(0..0, asker.tell(prepared.message().clone()));
            Reply::Empty
        }
        (Ack::Message(message), _) => {
            then.splice(0..0, asker.tell(message));
            Reply::Empty
        }
        (Ack::FieldErrors(errors), Kind::Form { .. }) if with_payload => {
            Reply::With(Payload::Errors { response_action: "errors", errors })
        }
        (Ack::FieldErrors(errors), _) => {
            let text = errors.into_values().collect::<Vec<_>>().join("\n");
            then.splice(0..0, asker.tell(Message::text(text)));
            Reply::Empty
        }
        (Ack::UpdateView(view), Kind::Form { .. }) if with_payload => {
            Reply::With(Payload::View { response_action: "update", view })
        }
        (Ack::PushView(view), Kind::Form { .. }) if with_payload => {
            Reply::With(Payload::View { response_action: "push", view })
        }
        (Ack::ClearViews, Kind::Form { .. }) if with_payload => {
            Reply::With(Payload::Clear { response_action: "clear" })
        }
        (Ack::ClearViews, _) => Reply::Empty,
        (Ack::UpdateView(view), kind) => {
            then.insert(0, show(kind, view, false));
            Reply::Empty
        }
        (Ack::PushView(view), kind) => {
            then.insert(0, show(kind, view, true));
            Reply::Empty
        }
    };
    (reply, then)
}

/// The call that shows a view where the acknowledgement cannot carry it.
fn show(kind: &Kind, view: Value, push: bool) -> FollowUp {
    let (open, trigger_id) = match kind {
        Kind::Slash { trigger_id, .. } => (None, trigger_id.clone()),
        Kind::Click { view, trigger_id } => (view.clone(), trigger_id.clone()),
        Kind::Form { view, trigger_id, .. } => {
            (Some(view.clone()), trigger_id.clone().unwrap_or_default())
        }
        Kind::Event => (None, String::new()),
    };
    match open {
        Some(_) if push => FollowUp::PushView { trigger_id, view },
        Some(view_id) => FollowUp::UpdateView { view_id, hash: None, view },
        None => FollowUp::OpenView { trigger_id, view },
    }
}

impl Intake {
    /// The way to this desk.
    pub fn new(
        desk: Arc<dyn Desk>,
        people: Arc<dyn Acquaintance>,
        courier: Courier,
        installation: Arc<Installation>,
        settings: IntakeSettings,
    ) -> Self {
        Self {
            desk,
            people,
            courier,
            installation,
            turns: Arc::new(Semaphore::new(settings.at_once)),
            settings,
            running: TaskTracker::new(),
        }
    }

    /// Where the app is installed.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Takes this to the desk. Returns within the deadline, whatever the desk does.
    pub async fn take(self: &Arc<Self>, inbound: Inbound, with_payload: bool) -> Reply {
        if let Inbound::Ignored { kind } = &inbound {
            tracing::debug!(kind, "nothing to do for what Slack sent");
            return Reply::Empty;
        }
        let asker = Asker::of(&inbound);
        let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() else {
            tracing::warn!("too much to do at once; turned something away");
            return self.send_off(&asker, Answer::ack(asker.words(BUSY)), with_payload);
        };
        let (hand_over, mut answered) = oneshot::channel();
        let (me, waiting) = (Arc::clone(self), asker.clone());
        let span = tracing::info_span!(target: SPANS, "slack", slack.kind = inbound.kind());
        self.running.spawn(async move {
            let answer = me.handle(inbound, &waiting).instrument(span).await;
            if let Err(late) = hand_over.send(answer) {
                let (_, then) = fit(&waiting, late, false);
                me.courier.run(&waiting, then).await;
            }
            drop(turn);
        });
        let answer = match tokio::time::timeout(self.settings.deadline, &mut answered).await {
            Ok(answer) => answer.ok(),
            Err(_) => {
                // Whatever is handed over from here on is late; what already was is not.
                answered.close();
                match answered.try_recv() {
                    Ok(answer) => Some(answer),
                    Err(
                        oneshot::error::TryRecvError::Closed | oneshot::error::TryRecvError::Empty,
                    ) => {
                        tracing::warn!("the desk takes longer than Slack waits");
                        Some(Answer::ack(asker.unsure(SLOW)))
                    }
                }
            }
        };
        // The task ended without an answer: it panicked.
        let answer = answer.unwrap_or_else(|| Answer::ack(asker.unsure(BROKEN)));
        self.send_off(&asker, answer, with_payload)
    }

    async fn handle(&self, mut inbound: Inbound, asker: &Asker) -> Answer {
        if matches!(
            inbound,
            Inbound::PeopleChanged { .. }
                | Inbound::MachineChanged { .. }
                | Inbound::GroupChanged { .. }
        ) {
            self.people.heard(&inbound);
        }
        if let Some(seen) = person(&mut inbound)
            && seen.workspace != self.installation.id()
        {
            match self.people.settle(seen).await {
                Ok(settled) => *seen = settled,
                Err(error) => {
                    tracing::warn!(%error, "could not find out where somebody belongs");
                    return Answer::ack(asker.words(STRANGER));
                }
            }
        }
        self.desk.handle(inbound).await
    }

    /// Fits the answer, and has what comes after it done.
    fn send_off(self: &Arc<Self>, asker: &Asker, answer: Answer, with_payload: bool) -> Reply {
        let (reply, then) = fit(asker, answer, with_payload);
        if !then.is_empty() {
            let (me, asker) = (Arc::clone(self), asker.clone());
            self.running.spawn(async move { me.courier.run(&asker, then).await });
        }
        reply
    }

    /// Waits until everything that was taken is done, follow-ups included. For the end, after the
    /// ways in are closed.
    pub async fn drain(&self) {
        self.running.close();
        self.running.wait().await;
    }
}

fn person(inbound: &mut Inbound) -> Option<&mut PersonId> {
    match inbound {
        Inbound::Slash(slash) => Some(&mut slash.by),
        Inbound::Button(click) | Inbound::Changed(click) => Some(&mut click.by),
        Inbound::Submitted(form) => Some(&mut form.by),
        Inbound::HomeOpened { person } => Some(person),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::input::OnceKey;
    use crate::slack::wire::desk::Prepared;
    use crate::slack::wire::inbound::{Click, Slash, Submission, ViewRef};
    use serde_json::json;

    fn dana() -> PersonId {
        PersonId::new("T0ACME", "U0DANA")
    }

    fn view() -> ViewRef {
        ViewRef {
            id: "V1".to_owned(),
            hash: None,
            callback_id: String::new(),
            private_metadata: String::new(),
            values: json!({"reason": {}}),
        }
    }

    fn once() -> OnceKey {
        OnceKey("trigger:1".to_owned())
    }

    fn slash() -> Asker {
        Asker::of(&Inbound::Slash(Slash {
            by: dana(),
            channel: "C1".to_owned(),
            channel_name: String::new(),
            command: "/agent".to_owned(),
            text: String::new(),
            trigger_id: "t".to_owned(),
            response_url: None,
            once: once(),
        }))
    }

    fn click(view: Option<ViewRef>) -> Asker {
        Asker::of(&Inbound::Button(Click {
            by: dana(),
            button: None,
            action_id: String::new(),
            block_id: String::new(),
            value: Value::Null,
            message: None,
            channel: None,
            view,
            trigger_id: "t".to_owned(),
            response_url: None,
            once: once(),
        }))
    }

    fn form() -> Asker {
        Asker::of(&Inbound::Submitted(Submission {
            by: dana(),
            form: None,
            view: view(),
            trigger_id: Some("t".to_owned()),
            response_urls: Vec::new(),
            once: once(),
        }))
    }

    fn event() -> Asker {
        Asker::of(&Inbound::GroupChanged { group: None })
    }

    fn acks() -> Vec<Ack> {
        vec![
            Ack::Empty,
            Ack::Message(Message::text("words")),
            Ack::Prepared(Prepared::new(Message::text("words"))),
            Ack::FieldErrors(BTreeMap::from([("reason".to_owned(), "words".to_owned())])),
            Ack::UpdateView(json!("shown")),
            Ack::PushView(json!("shown")),
            Ack::ClearViews,
        ]
    }

    /// What a person gets to read or see of an answer, in whichever way.
    fn reaches(asker: &Asker, ack: Ack, with_payload: bool) -> String {
        let (reply, then) = fit(asker, Answer::ack(ack), with_payload);
        let now = match reply {
            Reply::With(payload) => serde_json::to_string(&payload).unwrap(),
            Reply::Ready(body) => String::from_utf8(body.to_vec()).unwrap(),
            Reply::Empty | Reply::Again => String::new(),
        };
        format!("{now} {then:?}")
    }

    #[test]
    fn whatever_the_desk_answers_reaches_whoever_asked() {
        for asker in [slash(), click(None), click(Some(view())), form()] {
            for ack in acks() {
                for with_payload in [true, false] {
                    let said = reaches(&asker, ack.clone(), with_payload);
                    let wanted = match ack {
                        Ack::Message(_) | Ack::Prepared(_) | Ack::FieldErrors(_) => "words",
                        Ack::UpdateView(_) | Ack::PushView(_) => "shown",
                        _ => "",
                    };
                    assert!(said.contains(wanted), "{ack:?} for {asker:?}: {said}");
                }
            }
        }
    }

    #[test]
    fn slack_reads_a_payload_only_where_it_fits() {
        for asker in [slash(), click(None), click(Some(view())), form(), event()] {
            for ack in acks() {
                let (reply, _) = fit(&asker, Answer::ack(ack.clone()), false);
                assert_eq!(reply, Reply::Empty, "{ack:?} for {asker:?}");
            }
        }
        for asker in [click(None), click(Some(view())), event()] {
            for ack in acks() {
                let (reply, _) = fit(&asker, Answer::ack(ack.clone()), true);
                assert_eq!(reply, Reply::Empty, "{ack:?} for {asker:?}");
            }
        }
        for asker in [slash(), click(None), form(), event()] {
            let (reply, then) = fit(&asker, Answer::ack(Ack::Again), true);
            assert_eq!((reply, then.len()), (Reply::Again, 0));
        }
    }

    #[test]
    fn a_form_is_changed_where_it_is_and_a_command_opens_one() {
        let (_, then) = fit(&click(Some(view())), Answer::ack(Ack::UpdateView(json!("x"))), true);
        assert!(
            matches!(then.as_slice(), [FollowUp::UpdateView { view_id, .. }] if view_id == "V1")
        );
        let (_, then) = fit(&slash(), Answer::ack(Ack::UpdateView(json!("x"))), true);
        assert!(
            matches!(then.as_slice(), [FollowUp::OpenView { trigger_id, .. }] if trigger_id == "t")
        );
    }

    #[test]
    fn words_come_before_what_else_is_to_follow() {
        let open = FollowUp::OpenView { trigger_id: "t".to_owned(), view: Value::Null };
        let answer = Answer { ack: Ack::Message(Message::text("words")), then: vec![open] };
        let (_, then) = fit(&click(None), answer, true);
        assert!(matches!(then.as_slice(), [FollowUp::Tell { .. }, FollowUp::OpenView { .. }]));
    }
}
