//! Socket Mode: nothing is acknowledged before it is done, nothing is lost when connections go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::clock::Entropy;
use countersign::sandbox::{
    ClickOutcome, CommandOutcome, DisconnectReason, Fault, Lasting, SubmitOutcome,
};
use countersign::slack::wire::desk::{Ack, Answer, FollowUp, Message};
use countersign::slack::wire::inbound::Inbound;
use countersign::slack::wire::socket::{SocketError, SocketHealth, SocketMode, SocketSettings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::common::*;
use super::desk::{PATIENCE, TestDesk, Wire};

struct Connected {
    stop: CancellationToken,
    running: JoinHandle<Result<(), SocketError>>,
    health: SocketHealth,
}

impl Connected {
    /// Ends it and gives how it ended.
    async fn end(self) -> Result<(), SocketError> {
        self.stop.cancel();
        self.ended().await
    }

    async fn ended(self) -> Result<(), SocketError> {
        tokio::time::timeout(PATIENCE, self.running).await.expect("an end").expect("no panic")
    }
}

fn impatient() -> SocketSettings {
    SocketSettings {
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(100),
        ..Default::default()
    }
}

fn start(wire: &Wire, settings: SocketSettings) -> Connected {
    let socket = SocketMode::new(
        Arc::clone(&wire.client),
        Arc::clone(&wire.intake),
        Arc::clone(&wire.clock),
        Arc::new(Entropy::seeded(7)),
        settings,
    );
    let (stop, health) = (CancellationToken::new(), socket.health());
    let running = tokio::spawn(socket.run(stop.clone()));
    Connected { stop, running, health }
}

async fn connect(wire: &Wire) -> Connected {
    let connected = start(wire, impatient());
    wire.workspace().wait_for_sockets(PATIENCE, 2).await.unwrap();
    connected
}

#[tokio::test]
async fn commands_clicks_and_forms_arrive_and_are_answered() {
    let desk = TestDesk::new(|inbound| async move {
        match inbound {
            Inbound::Slash(slash) if slash.text == "form" => {
                Answer::then(FollowUp::OpenView { trigger_id: slash.trigger_id, view: form() })
            }
            Inbound::Submitted(_) => {
                Answer::ack(Ack::FieldErrors([("reason".to_owned(), "say more".to_owned())].into()))
            }
            _ => Answer::say(Message::text("hello")),
        }
    });
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let workspace = wire.workspace();
    let outcome = types(&wire, "/agent list").await;
    assert_eq!(outcome.words(), "hello", "in the acknowledgement itself");
    assert!(workspace.calls().iter().all(|call| call.method != "response_url"));

    let posted = post_card(&wire).await;
    let click = click(workspace, &posted).await;
    assert_eq!(click, ClickOutcome::Acknowledged);
    let told = workspace.wait_for(PATIENCE, "words beside the card", |model| {
        let mut all = model.channels.get("C0APPROVALS")?.messages.iter();
        all.find(|m| m.text == "hello" && m.is_ephemeral()).cloned()
    });
    told.await.unwrap();

    let view = fill_in(&wire).await;
    let outcome = workspace.submit("U0DANA", &view).await.unwrap();
    let said = [("reason".to_owned(), "say more".to_owned())].into();
    assert_eq!(outcome, SubmitOutcome::Errors(said));

    let state = connected.health.state();
    assert_eq!(state.connected, 2);
    assert!(state.last_hello.is_some());
    let health = connected.health.clone();
    assert_eq!(connected.end().await, Ok(()));
    assert_eq!(health.state().connected, 0);
    wire.workspace().wait_for_sockets(PATIENCE, 0).await.unwrap();
}

#[tokio::test]
async fn what_was_not_recorded_is_not_acknowledged_and_comes_again() {
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    let desk = TestDesk::new(move |inbound| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        let ack =
            if first && matches!(inbound, Inbound::Button(_)) { Ack::Again } else { Ack::Empty };
        async move { Answer::ack(ack) }
    });
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let posted = post_card(&wire).await;
    let workspace = wire.workspace();
    let click = click(workspace, &posted).await;
    assert!(matches!(click, ClickOutcome::Failed(_)), "Theo saw that it failed: {click:?}");
    let seen = desk.wait_for(2).await;
    let [Inbound::Button(first), Inbound::Button(second)] = seen.as_slice() else {
        panic!("not the click twice: {seen:?}");
    };
    assert_eq!(first.once, second.once, "it is the same click");
    connected.end().await.unwrap();
}

#[tokio::test]
async fn a_click_is_acknowledged_only_after_the_desk_has_answered() {
    let (desk, open) = held(Answer::empty());
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let posted = post_card(&wire).await;
    let workspace = wire.workspace().clone();
    let mut click = tokio::spawn(async move {
        workspace.click("U0THEO", &posted.channel, &posted.ts, "approve").await
    });
    desk.wait_for(1).await;
    assert!(futures::poll!(&mut click).is_pending());
    open.add_permits(1);
    assert_eq!(click.await.unwrap().unwrap(), ClickOutcome::Acknowledged);
    connected.end().await.unwrap();
}

#[tokio::test]
async fn many_are_handled_at_once() {
    let (desk, open) = held(Answer::say(Message::text("done")));
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let all = (0..20).map(|n| {
        let workspace = wire.workspace().clone();
        let text = format!("/agent show a{n}");
        tokio::spawn(async move { workspace.slash_command("U0DANA", "C0GENERAL", &text).await })
    });
    let all: Vec<_> = all.collect();
    desk.wait_for(20).await;
    open.add_permits(20);
    for one in all {
        assert_eq!(one.await.unwrap().unwrap().words(), "done");
    }
    connected.end().await.unwrap();
}

#[tokio::test]
async fn the_successor_is_there_before_the_old_connection_goes_and_nothing_is_lost() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let workspace = wire.workspace();
    for round in 0..3 {
        assert_eq!(workspace.disconnect(DisconnectReason::Warning), 2);
        // Two successors beside the two that were warned.
        workspace.wait_for_sockets(PATIENCE, 4).await.unwrap();
        let command = format!("/agent show before-{round}");
        let outcome = workspace.slash_command("U0DANA", "C0GENERAL", &command).await.unwrap();
        assert_eq!(outcome.words(), "hello");
        assert_eq!(workspace.close_warned(), 2);
        let command = format!("/agent show after-{round}");
        let outcome = workspace.slash_command("U0DANA", "C0GENERAL", &command).await.unwrap();
        assert_eq!(outcome.words(), "hello");
        workspace.wait_for_sockets(PATIENCE, 2).await.unwrap();
    }
    assert_eq!(desk.seen().len(), 6, "each once");
    connected.end().await.unwrap();
}

#[tokio::test]
async fn what_the_old_connection_took_is_acknowledged_on_it() {
    let (desk, open) = held(Answer::say(Message::text("done")));
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let workspace = wire.workspace().clone();
    let asked =
        tokio::spawn(
            async move { workspace.slash_command("U0DANA", "C0GENERAL", "/agent list").await },
        );
    desk.wait_for(1).await;
    wire.workspace().disconnect(DisconnectReason::Warning);
    wire.workspace().wait_for_sockets(PATIENCE, 4).await.unwrap();
    open.add_permits(1);
    assert_eq!(asked.await.unwrap().unwrap().words(), "done");
    assert_eq!(desk.seen().len(), 1);
    connected.end().await.unwrap();
}

#[tokio::test]
async fn connections_that_break_or_are_closed_come_back() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let workspace = wire.workspace();
    for reason in
        [None, Some(DisconnectReason::RefreshRequested), Some(DisconnectReason::TooManyWebsockets)]
    {
        let opened = opened(&wire);
        match reason {
            None => workspace.reset_sockets(),
            Some(reason) => workspace.disconnect(reason),
        };
        let what = format!("two fresh connections after {reason:?}");
        let fresh = workspace.wait_for_calls(PATIENCE, &what, |calls| {
            let now = calls.iter().filter(|call| call.method == "apps.connections.open").count();
            (now >= opened + 2).then_some(())
        });
        fresh.await.unwrap();
        workspace.wait_for_sockets(PATIENCE, 2).await.unwrap();
        let outcome = types(&wire, "/agent list").await;
        assert_eq!(outcome.words(), "hello", "{reason:?}");
    }
    connected.end().await.unwrap();
}

fn opened(wire: &Wire) -> usize {
    let calls = wire.workspace().calls();
    calls.iter().filter(|call| call.method == "apps.connections.open").count()
}

#[tokio::test]
async fn an_outage_is_waited_out() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    wire.sandbox.faults().inject(
        "apps.connections.open",
        Fault::Html { status: 503 },
        Lasting::Calls(6),
    );
    let connected = connect(&wire).await;
    let outcome = types(&wire, "/agent list").await;
    assert_eq!(outcome.words(), "hello");
    connected.end().await.unwrap();
}

#[tokio::test]
async fn what_no_retry_will_cure_ends_it_with_the_reason_and_the_cure() {
    let desk = TestDesk::says("hello");
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    wire.workspace().disconnect(DisconnectReason::LinkDisabled);
    let end = connected.ended().await;
    assert_eq!(end, Err(SocketError::Disabled));
    assert!(end.unwrap_err().to_string().contains("Socket Mode on"));

    for code in ["invalid_auth", "token_revoked", "missing_scope", "not_allowed_token_type"] {
        let wire = Wire::to(TestDesk::says("hello")).await;
        let fault = Fault::Error(code.to_owned());
        wire.sandbox.faults().inject("apps.connections.open", fault, Lasting::UntilCleared);
        let end = start(&wire, impatient()).ended().await;
        assert_eq!(end, Err(SocketError::Refused { code: code.to_owned() }));
        assert!(end.unwrap_err().to_string().contains("xapp") || code != "not_allowed_token_type");
        assert!(opened(&wire) <= 2, "nobody kept trying");
    }
}

#[tokio::test]
async fn at_the_end_what_was_taken_is_answered_first() {
    let (desk, open) = held(Answer::say(Message::text("done")));
    let wire = Wire::to(Arc::clone(&desk)).await;
    let connected = connect(&wire).await;
    let workspace = wire.workspace().clone();
    let asked =
        tokio::spawn(
            async move { workspace.slash_command("U0DANA", "C0GENERAL", "/agent list").await },
        );
    desk.wait_for(1).await;
    connected.stop.cancel();
    open.add_permits(1);
    assert_eq!(asked.await.unwrap().unwrap().words(), "done");
    assert_eq!(connected.end().await, Ok(()));
}

#[tokio::test]
async fn without_a_connection_slack_says_that_nobody_is_there() {
    let wire = Wire::to(TestDesk::says("hello")).await;
    let outcome = types(&wire, "/agent list").await;
    assert!(matches!(outcome, CommandOutcome::Failed(_)), "{outcome:?}");
}
