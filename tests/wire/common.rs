//! What the tests of both doors set up: a card, a form, desks that answer it, and what people do.

use std::sync::Arc;

use countersign::domain::delivery::MessageRef;
use countersign::domain::ids::RequestId;
use countersign::sandbox::{ClickOutcome, CommandOutcome, Workspace};
use countersign::slack::actions::Button;
use countersign::slack::wire::desk::{Ack, Answer, FollowUp, Message};
use countersign::slack::wire::inbound::Inbound;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use ulid::Ulid;

use super::desk::{PATIENCE, TestDesk, Wire};

/// The request that the card is about.
pub fn request_id() -> RequestId {
    RequestId::new(Ulid::from_parts(1_700_000_000_000, 7))
}

/// A message with our Approve button.
pub fn card() -> Message {
    let button = Button::Approve(request_id());
    let label = json!({"type": "plain_text", "text": "Approve"});
    let element = json!({
        "type": "button", "action_id": button.action_id(), "value": button.value(), "text": label,
    });
    Message {
        text: "A request".to_owned(),
        blocks: json!([{"type": "actions", "block_id": "decide", "elements": [element]}]),
    }
}

/// A form with one field.
pub fn form() -> Value {
    json!({
        "type": "modal",
        "callback_id": "deny",
        "private_metadata": json!({"form": "deny", "request": request_id()}).to_string(),
        "title": {"type": "plain_text", "text": "Deny"},
        "submit": {"type": "plain_text", "text": "Deny"},
        "blocks": [{
            "type": "input",
            "block_id": "reason",
            "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }],
    })
}

/// A desk that opens the form for a command, and answers a submission so.
pub fn forms(submitted: Ack) -> Arc<TestDesk> {
    TestDesk::new(move |inbound| {
        let answer = match inbound {
            Inbound::Slash(slash) => {
                Answer::then(FollowUp::OpenView { trigger_id: slash.trigger_id, view: form() })
            }
            _ => Answer::ack(submitted.clone()),
        };
        async move { answer }
    })
}

/// Opens the form as Dana and fills it in; its id.
pub async fn fill_in(wire: &Wire) -> String {
    let workspace = wire.workspace();
    types(wire, "/agent form").await;
    let opened = workspace
        .wait_for(PATIENCE, "a form", |model| model.modals.get("U0DANA")?.last().cloned())
        .await
        .unwrap();
    workspace.fill("U0DANA", &opened.id, "reason", "text", json!("no need")).unwrap();
    opened.id
}

/// Whether the message is for this person's eyes only.
pub fn is_to(message: &countersign::sandbox::model::Message, person: &str) -> bool {
    message.ephemeral_to.as_deref() == Some(person)
}

/// What comes of what Dana types.
pub async fn types(wire: &Wire, text: &str) -> CommandOutcome {
    wire.workspace().slash_command("U0DANA", "C0GENERAL", text).await.unwrap()
}

/// A card in the approvals channel.
pub async fn post_card(wire: &Wire) -> MessageRef {
    wire.client.post_message("C0APPROVALS", &card()).await.unwrap()
}

/// Theo clicks the card's button; what he sees.
pub async fn click(workspace: &Workspace, posted: &MessageRef) -> ClickOutcome {
    workspace.click("U0THEO", &posted.channel, &posted.ts, "approve").await.unwrap()
}

/// A desk that answers so, each time only after it was let.
pub fn held(answer: Answer) -> (Arc<TestDesk>, Arc<Semaphore>) {
    let open = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&open);
    let desk = TestDesk::new(move |_| {
        let (gate, answer) = (Arc::clone(&gate), answer.clone());
        async move {
            gate.acquire().await.unwrap().forget();
            answer
        }
    });
    (desk, open)
}
