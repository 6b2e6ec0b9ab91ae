//! What is to be shown arrives, or it is known why not.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use countersign::domain::delivery::{Delivery, MessageRef, Notice, Place};
use countersign::domain::ids::CardId;
use countersign::domain::person::{PersonId, Standing};
use countersign::sandbox::{Fault, Lasting, Sandbox};
use countersign::service::messenger::{Content, Delivered, Messenger, Parcel};
use countersign::service::outcome::Overview;
use countersign::slack::wire::desk::Message;
use countersign::slack::wire::limits::{LimitSettings, Limits, Rate};
use countersign::slack::wire::messenger::{Rendered, SlackMessenger};
use serde_json::json;
use ulid::Ulid;

use super::desk::workspace;

async fn messenger(limits: Limits) -> (Sandbox, SlackMessenger) {
    let (sandbox, client) =
        workspace(false, limits, |s| s.patience = Duration::from_millis(700)).await;
    let installation = Arc::new(client.installation().await.unwrap());
    let render = |parcel: &Parcel| match parcel {
        Parcel::Home { .. } => Rendered::Home(json!({"type": "home", "blocks": []})),
        _ => Rendered::Message(Message::text("the policy changed")),
    };
    (sandbox, SlackMessenger::new(client, installation, Arc::new(render)))
}

fn now() -> countersign::domain::time::Timestamp {
    chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn notice(place: Place) -> Parcel {
    Parcel::Notice { place, content: Content::PolicyLoaded { digest: "d".to_owned() }, now: now() }
}

fn channel(id: &str) -> Place {
    Place::Channel(id.to_owned())
}

fn of(place: Place) -> Delivery {
    Delivery::Notice { place, notice: Notice::PolicyLoaded { digest: "d".to_owned() } }
}

#[tokio::test]
async fn notices_go_to_channels_and_people_and_say_where_they_are() {
    let (sandbox, messenger) = messenger(Limits::none()).await;
    let Delivered::Posted(message) = messenger.deliver(&notice(channel("C0SECURITY"))).await else {
        panic!("not posted");
    };
    assert_eq!(message.channel, "C0SECURITY");
    let dana = Place::Person(PersonId::new("T0ACME", "U0DANA"));
    let Delivered::Posted(message) = messenger.deliver(&notice(dana)).await else {
        panic!("not posted");
    };
    assert_eq!(message.channel, sandbox.workspace().dm_with_bot("U0DANA"));
    let call = sandbox.workspace().calls().pop().unwrap();
    assert_eq!(call.args.get("unfurl_links"), Some(&json!(false)));
    assert_eq!(call.args.get("unfurl_media"), Some(&json!(false)));
}

#[tokio::test]
async fn app_homes_are_published() {
    let (sandbox, messenger) = messenger(Limits::none()).await;
    let overview = Overview {
        person: PersonId::new("T0ACME", "U0DANA"),
        standing: Standing::Member,
        waiting_for_you: Vec::new(),
        to_certify: Vec::new(),
        your_requests: Vec::new(),
        ownerless: Vec::new(),
        your_agents: Vec::new(),
        your_grants: Vec::new(),
        grants_in_all: 0,
        your_logins: Vec::new(),
        usual: Default::default(),
        delegations: Vec::new(),
        now: now(),
    };
    assert_eq!(messenger.deliver(&Parcel::Home { overview }).await, Delivered::Shown);
    assert!(sandbox.workspace().home("U0DANA").is_some());
}

#[tokio::test]
async fn later_and_never_are_told_apart() {
    let (sandbox, messenger) = messenger(Limits::none()).await;
    let never = |code: &str| Delivered::Never { error: code.to_owned() };
    let found = messenger.deliver(&notice(channel("C0NOSUCH"))).await;
    assert_eq!(found, never("channel_not_found"));
    sandbox.workspace().archive("C0DATA", true).unwrap();
    assert_eq!(messenger.deliver(&notice(channel("C0DATA"))).await, never("is_archived"));
    let outsider = Place::Person(PersonId::new("T0OTHER", "U0OSCAR"));
    assert_eq!(messenger.deliver(&notice(outsider)).await, never("of_another_workspace"));
    for fault in [
        Fault::Html { status: 500 },
        Fault::Hang,
        Fault::ResetBefore,
        Fault::NotOkWithoutError,
        Fault::Error("internal_error".to_owned()),
    ] {
        sandbox.faults().inject("chat.postMessage", fault.clone(), Lasting::Calls(1));
        let found = messenger.deliver(&notice(channel("C0SECURITY"))).await;
        assert!(matches!(found, Delivered::Retry { after: None, .. }), "{fault:?}: {found:?}");
        sandbox.faults().clear();
    }
    let fault = Fault::RateLimited { retry_after: 7 };
    sandbox.faults().inject("chat.postMessage", fault, Lasting::Calls(1));
    let found = messenger.deliver(&notice(channel("C0SECURITY"))).await;
    let seven = Some(Duration::from_secs(7));
    assert_eq!(found, Delivered::Retry { after: seven, error: "ratelimited".to_owned() });
    let wait = messenger.ready(&of(channel("C0SECURITY")), None).unwrap_err();
    assert!(wait <= Duration::from_secs(7) && wait > Duration::from_secs(5), "{wait:?}");
    assert_eq!(messenger.ready(&of(channel("C0DATA")), None), Ok(()));
}

#[tokio::test]
async fn a_channel_that_had_enough_is_known_before_it_is_tried() {
    let hour = Rate { every: Duration::from_secs(3_600), burst: NonZeroU32::new(3).unwrap() };
    let settings = LimitSettings { channel: hour, ..LimitSettings::default() };
    let (sandbox, messenger) = messenger(Limits::new(Some(settings))).await;
    let delivery = of(channel("C0SECURITY"));
    for _ in 0..3 {
        assert_eq!(messenger.ready(&delivery, None), Ok(()));
        let found = messenger.deliver(&notice(channel("C0SECURITY"))).await;
        assert!(matches!(found, Delivered::Posted(_)), "{found:?}");
    }
    assert!(messenger.ready(&delivery, None).is_err());
    let found = messenger.deliver(&notice(channel("C0SECURITY"))).await;
    assert!(matches!(found, Delivered::Retry { after: Some(_), .. }), "{found:?}");
    let calls = sandbox.workspace().calls();
    let posts = calls.iter().filter(|call| call.method == "chat.postMessage").count();
    assert_eq!(posts, 3, "Slack was not asked a fourth time");
    assert_eq!(messenger.ready(&of(channel("C0DATA")), None), Ok(()), "another channel is free");
    let card = Delivery::Card { card: CardId::new(Ulid::from_parts(1, 1)) };
    let message = MessageRef { channel: "C0SECURITY".to_owned(), ts: "1.2".to_owned() };
    assert_eq!(messenger.ready(&card, Some(&message)), Ok(()), "a change is no message");
    assert_eq!(messenger.ready(&card, None), Ok(()));
}
