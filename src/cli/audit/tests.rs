//! Real logs, and what other hands do to them.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use tempfile::TempDir;

use super::list::{Which, list};
use super::verify::{Anchor, verify};
use super::*;
use crate::config::DatabaseUrl;
use crate::domain::access::Access;
use crate::domain::agent::{Agent, AgentState, Description};
use crate::domain::event::{About, Actor, ChainHash, TextHash, What, chain};
use crate::domain::ids::{AgentId, DeliveryId, DiscoveryId, GrantId, LoginId, RequestId};
use crate::domain::login::Ending;
use crate::domain::person::PersonId;
use crate::domain::request::Reference;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::{Answers, Tier};
use crate::domain::time::{Span, Timestamp};

/// A log in a folder of its own, as a server leaves it behind.
struct Log {
    folder: TempDir,
}

impl Log {
    /// The log of a first day: an agent is registered, gets a grant, and is stopped.
    async fn of_a_day() -> Self {
        let log = Self::of(day()).await;
        let store = log.store().await;
        let agent = agent();
        store.write(|tx| Box::pin(async move { tx.insert_agent(&agent).await })).await.unwrap();
        store.close().await;
        log
    }

    async fn of(events: Vec<(Actor, What, About)>) -> Self {
        let log = Self { folder: tempfile::tempdir().unwrap() };
        let store = Store::connect(&log.url()).await.unwrap();
        store
            .write(|tx| {
                Box::pin(async move {
                    for (n, (actor, what, about)) in events.into_iter().enumerate() {
                        let at = moment(n as i64);
                        tx.append_about(at, actor, what, about).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        store.close().await;
        log
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("countersign.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }

    async fn store(&self) -> Store {
        let url: DatabaseUrl = self.url().parse().unwrap();
        connect(&Database { url }).await.unwrap()
    }

    /// What a hand does that may write to the database.
    async fn tamper(&self, sql: &str) {
        let mut connection = self.raw().await;
        for trigger in ["events_are_not_changed", "events_are_not_deleted"] {
            let sql = format!("DROP TRIGGER IF EXISTS {trigger}");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        }
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn raw(&self) -> sqlx::SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap()
    }

    /// Changes a line and makes all hashes right again, the head's too.
    async fn rewrite(&self, seq: i64) {
        self.tamper(&format!(
            "UPDATE events SET body = replace(body, 'U0TEO', 'U0EVE') WHERE seq = {seq}"
        ))
        .await;
        let store = self.store().await;
        let lines = store.read().await.unwrap().lines(0, 100).await.unwrap();
        store.close().await;
        let (mut before, mut sql) = (ChainHash::origin(), String::new());
        for line in lines {
            let hash = chain(&before, line.seq, line.at, &line.body);
            sql += &format!(
                "UPDATE events SET hash_before = '{before}', hash = '{hash}' WHERE seq = {};",
                line.seq
            );
            before = hash;
        }
        self.tamper(&format!("{sql} UPDATE chain_head SET hash = '{before}'")).await;
    }

    async fn verify(&self, head: Option<&str>) -> (Exit, String) {
        let anchor = head.map(|head| Anchor::parse(head).unwrap());
        let store = self.store().await;
        let mut out = Vec::new();
        let mut session = store.read().await.unwrap();
        let exit = verify(&mut session, anchor.as_ref(), &mut out).await.unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    async fn list(&self, agent: Option<&str>, limit: u32, json: bool) -> Result<String, Failure> {
        let which = Which { agent: agent.map(str::to_owned), limit };
        let store = self.store().await;
        let mut out = Vec::new();
        list(&mut store.read().await.unwrap(), &which, json, &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    async fn head(&self) -> String {
        let (_, text) = self.verify(None).await;
        text.lines().find_map(|line| line.strip_prefix("Head  ")).unwrap().to_owned()
    }
}

fn moment(n: i64) -> Timestamp {
    Timestamp::from_timestamp(1_790_000_000 + 60 * n, 0).unwrap()
}

fn ulid(n: u128) -> ulid::Ulid {
    ulid::Ulid(n)
}

fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

fn agent() -> Agent {
    Agent {
        id: AgentId::new(ulid(1)),
        slug: "support-agent-v2".parse().unwrap(),
        description: Description {
            purpose: "Answers questions".to_owned(),
            systems: vec!["helpdesk".to_owned()],
            runs_on: "kubernetes".to_owned(),
            model: "a model".to_owned(),
            answers: Answers::default(),
        },
        owner: person("U0DANA"),
        team: TeamName::new("support"),
        tier: Tier::Observer,
        registered_at: moment(0),
        state: AgentState::Active { since: moment(3), certified_until: moment(9_000) },
        orphaned: None,
    }
}

fn day() -> Vec<(Actor, What, About)> {
    let (dana, teo) = (person("U0DANA"), person("U0TEO"));
    let (agent, request, grant) =
        (AgentId::new(ulid(1)), RequestId::new(ulid(2)), GrantId::new(ulid(3)));
    let access = Access::new("database", "read");
    let by = |who: &PersonId| Actor::Person(who.clone());
    let about = About { agent: Some(agent), request: None, grant: None };
    let none = About::default();
    let lead = RoleName::new("team-lead");
    vec![
        (Actor::System, What::PolicyLoaded { digest: "4f3a9c".repeat(8), before: None }, none),
        (
            by(&dana),
            What::RequestOpened {
                request,
                reference: Reference { letter: 'G', number: 1 },
                agent,
                ask: "grant".to_owned(),
                access: Some(access.clone()),
                lasting: Some(Span::minutes(30)),
                tier: Tier::Observer,
                needs: vec![lead.clone()],
                policy: "4f3a9c".repeat(8),
                because: Some(TextHash::of("customer support queries")),
            },
            none,
        ),
        (
            by(&teo),
            What::VoteCast {
                request,
                approve: true,
                roles: vec![lead],
                stands_in: Vec::new(),
                reason: None,
            },
            about,
        ),
        (
            Actor::System,
            What::RequestApproved { request, rule: None, people: vec![teo.clone()] },
            about,
        ),
        (Actor::System, What::GrantStarted { grant, agent, access, until: moment(33) }, none),
        (by(&teo), What::AgentSuspended { agent, reason: TextHash::of("odd queries") }, none),
        (by(&teo), What::GrantRevoked { grant, reason: TextHash::of("odd queries") }, about),
        (
            Actor::System,
            What::DeliveryFailed {
                delivery: DeliveryId::new(ulid(4)),
                error: "channel_not_found\u{1b}[2J".to_owned(),
            },
            none,
        ),
    ]
}

#[tokio::test]
async fn a_whole_log_is_said_to_be_whole() {
    let log = Log::of_a_day().await;
    let (exit, text) = log.verify(None).await;
    assert_eq!(exit, Exit::Well);
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn an_empty_log_is_said_to_be_empty() {
    let log = Log::of(Vec::new()).await;
    let (exit, text) = log.verify(None).await;
    assert_eq!(
        (exit, text.as_str()),
        (Exit::Well, "The audit log is empty: nothing has happened yet.\n")
    );
    assert_eq!(log.list(None, 10, false).await.unwrap(), "Nothing has happened yet.\n");
}

#[tokio::test]
async fn a_long_log_is_walked_to_its_end() {
    let what = What::RequestExpired { request: RequestId::new(ulid(7)) };
    let event = (Actor::System, what, About::default());
    for lines in [999, 1_000, 1_001, 2_345] {
        let log = Log::of(vec![event.clone(); lines]).await;
        let (exit, text) = log.verify(None).await;
        assert_eq!(exit, Exit::Well);
        assert!(text.contains(&format!("intact: {lines} lines")), "{text}");
    }
}

#[tokio::test]
async fn what_another_hand_does_is_found_and_the_first_bad_line_named() {
    let mut told = String::new();
    for (what, sql) in [
        ("edited", "UPDATE events SET body = replace(body, 'true', 'false') WHERE seq = 3"),
        ("moved in time", "UPDATE events SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 4"),
        ("deleted", "DELETE FROM events WHERE seq = 5"),
        ("deleted at the end", "DELETE FROM events WHERE seq > 6"),
        (
            "added at the end",
            "INSERT INTO events (seq, at, body, hash_before, hash) \
             SELECT 9, at, body, hash, 'x' FROM events WHERE seq = 8",
        ),
        (
            "exchanged",
            "UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; \
             UPDATE events SET seq = 3 WHERE seq = 99",
        ),
    ] {
        let log = Log::of_a_day().await;
        log.tamper(sql).await;
        let (exit, text) = log.verify(None).await;
        assert_eq!(exit, Exit::Faults, "{what}: {text}");
        told += &format!("-- {what}\n{text}\n");
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_forged_line_that_follows_is_found_beyond_the_recorded_end() {
    let log = Log::of_a_day().await;
    let mut raw = log.raw().await;
    let last = sqlx::query("SELECT at, body, hash FROM events WHERE seq = 8")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    let (at, body): (Timestamp, String) = (last.get(0), last.get(1));
    let before = ChainHash::from_text(last.get::<String, _>(2));
    let hash = chain(&before, 9, at, &body);
    drop(raw);
    log.tamper(&format!(
        "INSERT INTO events (seq, at, body, hash_before, hash) \
         SELECT 9, at, body, hash, '{hash}' FROM events WHERE seq = 8"
    ))
    .await;
    let (exit, text) = log.verify(None).await;
    assert_eq!(exit, Exit::Faults);
    assert!(text.contains("line 9 stands after the log's recorded end (line 8)"), "{text}");
}

#[tokio::test]
async fn a_log_that_was_rewritten_whole_is_found_by_the_head_kept_elsewhere() {
    let log = Log::of_a_day().await;
    let head = log.head().await;
    assert_eq!(log.verify(Some(&head)).await.0, Exit::Well);
    log.rewrite(3).await;
    // Alone, it is a log like any other.
    assert_eq!(log.verify(None).await.0, Exit::Well);
    let (exit, text) = log.verify(Some(&head)).await;
    assert_eq!(exit, Exit::Faults);
    assert!(text.contains("line 8 has another hash than at the earlier check"), "{text}");
    let later = head.replacen("8:", "12:", 1);
    let (exit, text) = log.verify(Some(&later)).await;
    assert_eq!(exit, Exit::Faults);
    assert!(text.contains("the log ends at line 8, and had line 12"), "{text}");
}

#[test]
fn a_head_is_read_as_it_is_printed() {
    let hash = "9F2C".repeat(16);
    assert!(Anchor::parse(&format!("1204:{hash}")).is_ok());
    for wrong in ["", "1204", "0:00", "x:9f", "1204:9f2c"] {
        assert!(Anchor::parse(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn the_lines_are_told_in_words() {
    let log = Log::of_a_day().await;
    insta::assert_snapshot!(log.list(None, 50, false).await.unwrap());
    assert_eq!(log.list(None, 2, false).await.unwrap().lines().count(), 2);
}

#[tokio::test]
async fn logins_are_told_without_the_name_of_a_device() {
    let (dana, login) = (PersonId::new("T0ACME", "U0DANA"), LoginId::new(ulid(5)));
    let device = TextHash::of("dana's laptop");
    let by = |what| (Actor::Person(dana.clone()), what, About::default());
    let mut events = vec![
        by(What::LoginConfirmed { login, device: device.clone() }),
        by(What::LoginRefused { login, device }),
    ];
    for ending in [
        Ending::LoggedOut,
        Ending::ByPerson,
        Ending::RefreshReused,
        Ending::CodeReused,
        Ending::NotMember,
    ] {
        events.push(by(What::LoginEnded { login, person: dana.clone(), ending }));
    }
    let log = Log::of(events).await;
    insta::assert_snapshot!(log.list(None, 50, false).await.unwrap());
    assert!(!log.list(None, 50, true).await.unwrap().contains("laptop"));
}

#[tokio::test]
async fn what_was_found_is_told_by_its_id() {
    let (discovery, agent) = (DiscoveryId::new(ulid(6)), AgentId::new(ulid(1)));
    let sam = PersonId::new("T0ACME", "U0SAM");
    let by = |what| (Actor::Person(sam.clone()), what, About::default());
    let found = What::DiscoveryFound {
        discovery,
        source: "aws-iam".to_owned(),
        thing: "service-account".to_owned(),
        external: TextHash::of("arn:aws:iam::1:user/deploy"),
    };
    let events = vec![
        (Actor::Service("inventory".to_owned()), found, About::default()),
        by(What::DiscoveryAsked { discovery, of: PersonId::new("T0ACME", "U0DANA") }),
        by(What::DiscoveryReopened { discovery, why: "not_theirs".to_owned() }),
        by(What::DiscoveryPutOff { discovery, until: moment(50) }),
        by(What::DiscoveryClaimed { discovery, agent, matched: Some("name".to_owned()) }),
        by(What::DiscoveryClaimed { discovery, agent, matched: None }),
        by(What::DiscoveryDismissed { discovery, reason: TextHash::of("a toy") }),
        (Actor::System, What::DiscoveryGone { discovery }, About::default()),
    ];
    let log = Log::of(events).await;
    insta::assert_snapshot!(log.list(None, 50, false).await.unwrap());
}

#[tokio::test]
async fn the_lines_about_one_agent_are_found_by_its_name_and_its_id() {
    let log = Log::of_a_day().await;
    let by_name = log.list(Some("support-agent-v2"), 50, false).await.unwrap();
    let by_id = log.list(Some(&AgentId::new(ulid(1)).to_string()), 50, false).await.unwrap();
    assert_eq!(by_name, by_id);
    let numbers: Vec<&str> = by_name.lines().map(|line| &line[..1]).collect();
    assert_eq!(numbers, ["2", "3", "4", "5", "6", "7"]);
    let error = log.list(Some("suport-agent-v2"), 50, false).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no agent suport-agent-v2; did you mean support-agent-v2?"
    );
}

#[tokio::test]
async fn the_json_carries_what_was_hashed() {
    let log = Log::of_a_day().await;
    let text = log.list(None, 50, true).await.unwrap();
    let mut before = ChainHash::origin();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let body = line.split_once("\"body\":").unwrap().1.strip_suffix('}').unwrap();
        let at = value["at"].as_str().unwrap().parse().unwrap();
        let hash = chain(&before, value["seq"].as_i64().unwrap(), at, body);
        assert_eq!(value["hash"], hash.to_string());
        before = hash;
    }
    insta::assert_snapshot!(text.lines().nth(2).unwrap());
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_shown_and_not_obeyed() {
    let log = Log::of_a_day().await;
    log.tamper("UPDATE events SET body = '{\"kind\":\"new\u{1b}[2J' WHERE seq = 8").await;
    let text = log.list(None, 1, false).await.unwrap();
    assert!(text.contains("not understood: {\"kind\":\"new[2J"), "{text}");
    let json = log.list(None, 1, true).await.unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
}

#[tokio::test]
async fn a_record_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    let url: DatabaseUrl = format!("sqlite://{}", path.display()).parse().unwrap();
    let failure = connect(&Database { url }).await.unwrap_err();
    assert!(failure.to_string().starts_with("there is no database"), "{failure}");
    assert_eq!(failure.status(), 69);
    assert!(!Path::new(&path).exists());
}
