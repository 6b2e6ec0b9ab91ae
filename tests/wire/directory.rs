//! Who somebody is and who is in a group, as Slack says it.

use std::sync::Arc;

use countersign::clock::{Clock, MovableClock};
use countersign::domain::absence::Absence;
use countersign::domain::person::{PersonId, Standing};
use countersign::sandbox::model::{PersonKind, Status};
use countersign::sandbox::{Fault, Lasting, seed};
use countersign::service::directory::Directory;
use countersign::slack::wire::directory::SlackDirectory;
use countersign::slack::wire::inbound::Inbound;
use countersign::slack::wire::intake::Acquaintance;
use countersign::slack::wire::limits::Limits;

use super::desk::workspace;

fn acme(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

struct Asked {
    sandbox: countersign::sandbox::Sandbox,
    directory: Arc<SlackDirectory>,
    clock: Arc<MovableClock>,
}

async fn ask() -> Asked {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    let installation = Arc::new(client.installation().await.unwrap());
    let start = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let clock = Arc::new(MovableClock::standing(start));
    let shared: Arc<dyn Clock> = clock.clone();
    let directory = Arc::new(SlackDirectory::new(client, installation, shared));
    Asked { sandbox, directory, clock }
}

impl Asked {
    fn calls(&self, method: &str) -> usize {
        self.sandbox.workspace().calls().iter().filter(|call| call.method == method).count()
    }

    fn later(&self, seconds: i64) {
        self.clock.advance(chrono::TimeDelta::seconds(seconds));
    }
}

#[tokio::test]
async fn people_of_every_sort_are_told_apart() {
    let asked = ask().await;
    for (user, expected) in [
        ("U0DANA", Standing::Member),
        ("U0GUS", Standing::Guest),
        ("U0GINA", Standing::Guest),
        ("U0DORA", Standing::Deactivated),
        ("U0ROBO", Standing::Bot),
        ("USLACKBOT", Standing::Bot),
        ("U0OSCAR", Standing::Outsider),
        ("U0NOBODY", Standing::Unknown),
    ] {
        let profile = asked.directory.profile(&acme(user)).await.unwrap();
        assert_eq!(profile.standing, expected, "{user}");
    }
    let named = asked.directory.profile(&acme("U0DANA")).await.unwrap();
    assert_eq!(named.name, "dana");
    let elsewhere = PersonId::new("T0OTHER", "U0DANA");
    let foreign = asked.directory.profile(&elsewhere).await.unwrap();
    assert_eq!(foreign.standing, Standing::Outsider, "the same id in another workspace");
}

#[tokio::test]
async fn what_slack_said_holds_a_minute_or_until_slack_says_otherwise() {
    let asked = ask().await;
    let standing = || async { asked.directory.profile(&acme("U0DANA")).await.unwrap().standing };
    assert_eq!(standing().await, Standing::Member);
    asked.sandbox.workspace().set_person_kind("U0DANA", PersonKind::Guest).unwrap();
    asked.later(59);
    assert_eq!(standing().await, Standing::Member, "for a minute at most");
    asked.later(1);
    assert_eq!(standing().await, Standing::Guest);
    asked.sandbox.workspace().deactivate("U0DANA").unwrap();
    asked
        .directory
        .heard(&Inbound::PeopleChanged { user: Some(PersonId::new("T0ACME", "U0DANA")) });
    assert_eq!(standing().await, Standing::Deactivated, "at once");
    assert_eq!(asked.calls("users.info"), 3);
}

#[tokio::test]
async fn groups_are_known_for_a_quarter_of_a_minute_and_older_only_in_need() {
    let asked = ask().await;
    let group = || async { asked.directory.group("S0SECURITY").await };
    let all = ["U0SAM", "U0SARA", "U0DORA"].map(acme).to_vec();
    assert_eq!(group().await.unwrap(), all);
    asked.sandbox.workspace().set_group_members("S0SECURITY", &["U0SAM"]).unwrap();
    asked.later(14);
    assert_eq!(group().await.unwrap(), all);
    asked.later(1);
    assert_eq!(group().await.unwrap(), [acme("U0SAM")].to_vec());

    asked.sandbox.faults().inject(
        "usergroups.users.list",
        Fault::Html { status: 503 },
        Lasting::UntilCleared,
    );
    asked.later(59);
    assert_eq!(group().await.unwrap(), [acme("U0SAM")].to_vec(), "Slack has no time");
    asked.later(1);
    let error = group().await.unwrap_err();
    assert_eq!((error.about.as_str(), error.error.as_str()), ("S0SECURITY", "http 503"));
}

#[tokio::test]
async fn a_group_that_is_disabled_or_unknown_holds_nobody() {
    let asked = ask().await;
    asked.sandbox.workspace().change_model(|model| {
        if let Some(group) = model.groups.get_mut("S0SECURITY") {
            group.disabled = true;
        }
    });
    assert_eq!(asked.directory.group("S0SECURITY").await.unwrap(), vec![]);
    assert_eq!(asked.directory.group("S0NOSUCH").await.unwrap(), vec![]);
}

#[tokio::test]
async fn forty_who_click_at_once_are_one_question() {
    let asked = ask().await;
    let all = futures::future::join_all((0..40).map(|_| asked.directory.group("S0SECURITY")));
    assert!(all.await.iter().all(|found| found.as_ref().is_ok_and(|people| people.len() == 3)));
    assert_eq!(asked.calls("usergroups.users.list"), 1);
}

#[tokio::test]
async fn while_slack_asks_to_wait_nobody_is_asked_again() {
    let asked = ask().await;
    let fault = Fault::RateLimited { retry_after: 30 };
    asked.sandbox.faults().inject("users.info", fault, Lasting::Calls(1));
    for user in ["U0DANA", "U0THEO", "U0SAM"] {
        let error = asked.directory.profile(&acme(user)).await.unwrap_err();
        assert_eq!(error.error, "ratelimited");
    }
    assert_eq!(asked.calls("users.info"), 1);
}

#[tokio::test]
async fn who_is_away_is_told_by_status_and_pause_and_nobody_where_it_is_not_known() {
    let asked = ask().await;
    let workspace = asked.sandbox.workspace();
    let now = asked.clock.now();
    let absence = Absence { statuses: vec![":palm_tree:".to_owned()], dnd: true };
    let people = ["U0SAM", "U0SARA", "U0THEO", "U0NOBODY"].map(acme);
    let away = || async {
        let away = asked.directory.away(&people, &absence, asked.clock.now()).await;
        away.into_iter().map(|person| person.user).collect::<Vec<_>>()
    };
    assert_eq!(away().await, [""; 0]);
    let ends = now.timestamp() + 3_600;
    let status =
        Status { emoji: ":palm_tree:".to_owned(), text: "At sea".to_owned(), expiration: ends };
    workspace.set_status("U0SARA", status).unwrap();
    workspace.set_paused("U0THEO", Some((now.timestamp(), ends))).unwrap();
    workspace.set_paused("U0SAM", Some((ends, ends + 60))).unwrap();
    asked.later(60);
    assert_eq!(away().await, ["U0SARA", "U0THEO"]);
    // One question for all, and none again within a minute.
    assert_eq!(away().await.len(), 2);
    assert_eq!(asked.calls("dnd.teamInfo"), 2);
    asked.later(3_540);
    assert_eq!(away().await, ["U0SAM"], "the status and the pause have ended");
    asked.sandbox.faults().inject(
        "dnd.teamInfo",
        Fault::Html { status: 503 },
        Lasting::UntilCleared,
    );
    asked.later(60);
    assert_eq!(away().await, [""; 0]);
}

/// Page for page, however many there are, and again when Slack asks to wait.
#[tokio::test]
async fn everybody_is_looked_through_for_what_is_no_person() {
    let asked = ask().await;
    asked.sandbox.workspace().change_model(|model| {
        for n in 0..2_500 {
            model.people.push(seed::member(&format!("U9{n}"), "somebody", "Some Body", ""));
        }
        model.people.push(seed::bot("U9LAST", "last", "Last bot", "B9LAST", "A9LAST"));
    });
    let fault = Fault::RateLimited { retry_after: 1 };
    asked.sandbox.faults().inject("users.list", fault, Lasting::Calls(1));
    let found = asked.directory.machines().await.unwrap().unwrap();
    let ids: Vec<&str> = found.iter().map(|machine| machine.sent.external_id.as_str()).collect();
    assert_eq!(ids, ["U0ROBO", "U9LAST"], "neither ourselves nor Slackbot");
    assert_eq!(asked.calls("users.list"), 4);
    // Longer than anybody waits: said, and not taken for an empty workspace.
    let fault = Fault::RateLimited { retry_after: 3_600 };
    asked.sandbox.faults().inject("users.list", fault, Lasting::Calls(1));
    let error = asked.directory.machines().await.unwrap_err();
    assert_eq!(error.error, "ratelimited");

    let machine = async |id| asked.directory.machine(id).await.unwrap();
    assert_eq!(machine("U0ROBO").await.unwrap().sent.name, "Robo");
    for other in ["U0DANA", "U0COUNTERSIGN", "USLACKBOT", "U0NOBODY"] {
        assert_eq!(machine(other).await, None, "{other}");
    }
}
