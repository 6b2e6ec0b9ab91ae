//! Socket Mode: envelopes, acknowledgements, repetitions, and every way a socket can end.

use std::time::Duration;

use countersign::sandbox::{
    ClickOutcome, CommandOutcome, DisconnectReason, Sandbox, SubmitOutcome,
};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{SOON, config, error, form, http, ok, post_card, sandbox};

struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

async fn url(sandbox: &Sandbox) -> Value {
    let token = format!("Bearer {}", config().app_token);
    let headers = [("authorization", token.as_str())];
    let path = "/api/apps.connections.open";
    http(sandbox.address(), "POST", path, &headers, vec![]).await.unwrap().json()
}

impl Socket {
    /// Opens a socket and reads its greeting.
    async fn open(sandbox: &Sandbox) -> (Self, Value) {
        let url = url(sandbox).await["url"].as_str().unwrap().to_owned();
        let (stream, _) = connect_async(url).await.unwrap();
        let mut socket = Self { stream };
        let hello = socket.next().await.unwrap();
        assert_eq!(hello["type"], "hello", "{hello}");
        (socket, hello)
    }

    /// The next message; `None` when the socket has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(SOON, self.stream.next()).await.unwrap();
            match message? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    async fn ack(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut answer = json!({"envelope_id": envelope["envelope_id"]});
        if let Some(payload) = payload {
            answer["payload"] = payload;
        }
        self.stream.send(Message::Text(answer.to_string().into())).await.unwrap();
    }
}

#[tokio::test]
async fn a_command_arrives_in_one_envelope_and_is_answered_in_its_acknowledgement() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let (mut one, hello) = Socket::open(&sandbox).await;
    assert_eq!(hello["num_connections"], 1);
    assert_eq!(hello["connection_info"]["app_id"], "A0COUNTERSIGN");
    let (mut two, _) = Socket::open(&sandbox).await;
    let command = workspace.slash_command("U0DANA", "C0SUPPORT", "list");
    let answering = async {
        let (envelope, socket) = tokio::select! {
            envelope = one.next() => (envelope.unwrap(), &mut one),
            envelope = two.next() => (envelope.unwrap(), &mut two),
        };
        assert_eq!(envelope["type"], "slash_commands");
        assert_eq!(envelope["accepts_response_payload"], true);
        assert_eq!(envelope["payload"]["text"], "list");
        assert_eq!(envelope["payload"]["user_id"], "U0DANA");
        socket.ack(&envelope, Some(json!({"text": "none yet"}))).await;
    };
    let (outcome, ()) = tokio::join!(command, answering);
    assert_eq!(outcome.unwrap().words(), "none yet");
}

#[tokio::test]
async fn a_ticket_opens_one_socket_and_guesses_open_none() {
    let sandbox = sandbox().await;
    let url = url(&sandbox).await["url"].as_str().unwrap().to_owned();
    let (_kept, _) = connect_async(&url).await.unwrap();
    assert!(connect_async(&url).await.is_err(), "a ticket is for one socket");
    let guess = format!("ws://{}/link/?ticket=guess", sandbox.address());
    assert!(connect_async(guess).await.is_err());
}

#[tokio::test]
async fn a_click_takes_no_payload_and_a_submission_does() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let (mut socket, _) = Socket::open(&sandbox).await;
    let ts = post_card(&sandbox, "C0APPROVALS").await;
    let click = workspace.click("U0THEO", "C0APPROVALS", &ts, "approve");
    let answering = async {
        let envelope = socket.next().await.unwrap();
        assert_eq!(envelope["type"], "interactive");
        assert_eq!(envelope["accepts_response_payload"], false);
        // It is acknowledged; what comes along is dropped.
        socket.ack(&envelope, Some(json!({"text": "dropped"}))).await;
    };
    let (outcome, ()) = tokio::join!(click, answering);
    assert_eq!(outcome.unwrap(), ClickOutcome::Acknowledged);
    assert_eq!(workspace.messages("C0APPROVALS").len(), 1);

    let fields = workspace.command_fields("U0DANA", "C0GENERAL", "/agent", "").unwrap();
    let args = json!({"trigger_id": fields["trigger_id"], "view": form()});
    let id = ok(&sandbox, "views.open", args).await["view"]["id"].as_str().unwrap().to_owned();
    workspace.fill("U0DANA", &id, "name", "text", json!("x")).unwrap();
    let submit = workspace.submit("U0DANA", &id);
    let answering = async {
        let envelope = socket.next().await.unwrap();
        assert_eq!(envelope["accepts_response_payload"], true);
        let errors = json!({"response_action": "errors", "errors": {"name": "no"}});
        socket.ack(&envelope, Some(errors)).await;
    };
    let (outcome, ()) = tokio::join!(submit, answering);
    assert_eq!(outcome.unwrap(), SubmitOutcome::Errors([("name".into(), "no".into())].into()));
}

#[tokio::test]
async fn a_person_is_told_when_nobody_answers() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let nobody = workspace.slash_command("U0DANA", "C0SUPPORT", "list").await.unwrap();
    let words = "/agent failed because the app did not respond";
    assert_eq!(nobody, CommandOutcome::Failed(words.into()));
    // What failed for the person does not happen later after all.
    let (mut socket, _) = Socket::open(&sandbox).await;
    workspace.open_home("U0DANA").unwrap();
    assert_eq!(socket.next().await.unwrap()["type"], "events_api");
}

#[tokio::test]
async fn what_a_lost_socket_did_not_acknowledge_goes_to_another_at_once() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let (mut first, _) = Socket::open(&sandbox).await;
    let command = workspace.slash_command("U0DANA", "C0SUPPORT", "list");
    let answering = async {
        let lost = first.next().await.unwrap();
        drop(first);
        let (mut second, _) = Socket::open(&sandbox).await;
        let again = second.next().await.unwrap();
        assert_eq!(again["payload"], lost["payload"]);
        assert_ne!(again["envelope_id"], lost["envelope_id"]);
        assert_eq!(again["retry_attempt"], 1);
        assert_eq!(again["retry_reason"], "socket_closed");
        second.ack(&again, None).await;
        second
    };
    let (outcome, _second) = tokio::join!(command, answering);
    assert_eq!(outcome.unwrap(), CommandOutcome::Quiet);
}

#[tokio::test]
async fn an_event_comes_again_until_it_is_acknowledged() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let (mut socket, _) = Socket::open(&sandbox).await;
    workspace.open_home("U0DANA").unwrap();
    let first = socket.next().await.unwrap();
    assert_eq!((&first["retry_attempt"], &first["retry_reason"]), (&json!(0), &json!("")));
    let again = socket.next().await.unwrap();
    assert_eq!(again["payload"]["event_id"], first["payload"]["event_id"]);
    assert_eq!((&again["retry_attempt"], &again["retry_reason"]), (&json!(1), &json!("timeout")));
    socket.ack(&again, None).await;
    workspace.open_home("U0THEO").unwrap();
    let other = socket.next().await.unwrap();
    assert_eq!(other["payload"]["event"]["user"], "U0THEO", "the first does not come a third time");
}

#[tokio::test]
async fn a_warned_socket_still_listens_and_new_ones_get_what_comes() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let (mut old, _) = Socket::open(&sandbox).await;
    assert_eq!(workspace.disconnect(DisconnectReason::Warning), 1);
    let warning = old.next().await.unwrap();
    assert_eq!((&warning["type"], &warning["reason"]), (&json!("disconnect"), &json!("warning")));
    // Nobody else is there: the warned socket gets it.
    workspace.open_home("U0DANA").unwrap();
    let envelope = old.next().await.unwrap();
    old.ack(&envelope, None).await;
    let (mut new, _) = Socket::open(&sandbox).await;
    workspace.open_home("U0THEO").unwrap();
    let envelope = new.next().await.unwrap();
    new.ack(&envelope, None).await;
    assert_eq!(workspace.close_warned(), 1);
    assert_eq!(old.next().await, None);
    workspace.wait_for_sockets(SOON, 1).await.unwrap();
}

#[tokio::test]
async fn sockets_end_in_every_way_that_slack_ends_them() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    for (reason, code) in [
        (DisconnectReason::RefreshRequested, "refresh_requested"),
        (DisconnectReason::TooManyWebsockets, "too_many_websockets"),
    ] {
        let (mut socket, _) = Socket::open(&sandbox).await;
        workspace.disconnect(reason);
        assert_eq!(socket.next().await.unwrap()["reason"], code);
        assert_eq!(socket.next().await, None);
        workspace.wait_for_sockets(SOON, 0).await.unwrap();
    }
    let (mut socket, _) = Socket::open(&sandbox).await;
    assert_eq!(workspace.reset_sockets(), 1);
    assert_eq!(socket.next().await, None, "without a word");

    let (mut socket, _) = Socket::open(&sandbox).await;
    workspace.disconnect(DisconnectReason::LinkDisabled);
    assert_eq!(socket.next().await.unwrap()["reason"], "link_disabled");
    assert_eq!(url(&sandbox).await["ok"], false, "none can be opened any more");
    workspace.enable_socket_mode();
    assert_eq!(url(&sandbox).await["ok"], true);
    assert_eq!(error(&sandbox, "apps.connections.open", json!({})).await, "not_allowed_token_type");
}

#[tokio::test]
async fn ten_sockets_are_enough() {
    let sandbox = sandbox().await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(Socket::open(&sandbox).await.0);
    }
    let (mut eleventh, _) = Socket::open(&sandbox).await;
    assert_eq!(eleventh.next().await.unwrap()["reason"], "too_many_websockets");
    assert_eq!(eleventh.next().await, None);
    let what = Duration::from_secs(5);
    sandbox.workspace().wait_for_sockets(what, 10).await.unwrap();
}
