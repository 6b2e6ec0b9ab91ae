//! Agents, requests and grants to measure with, as the use cases would have left them.

use chrono::TimeDelta;
use countersign::clock::Entropy;
use countersign::domain::access::Access;
use countersign::domain::agent::{Agent, AgentState, Description, Slug};
use countersign::domain::deadline::{Deadline, Due};
use countersign::domain::delivery::{Card, Face, MessageRef, Place};
use countersign::domain::grant::{Grant, GrantState};
use countersign::domain::ids::{AgentId, CardId, DeadlineId, GrantId, RequestId};
use countersign::domain::person::PersonId;
use countersign::domain::request::{
    Acceptance, ApprovedBy, Ask, Origin, Reference, Request, RequestState,
};
use countersign::domain::role::{RoleName, TeamName};
use countersign::domain::tier::{Answers, Tier};
use countersign::domain::time::{Span, Timestamp};
use countersign::store::{Engine, Store, work};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use ulid::Ulid;

use super::bed::Database;
use super::now;

/// So many in one transaction.
const AT_ONCE: usize = 20;

/// A person of the workspace.
pub fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

/// An agent of Dana's at work, of tier 2.
pub fn agent(entropy: &Entropy, slug: &str) -> Agent {
    agent_of(entropy, slug, "U0DANA")
}

/// An agent of this person's at work, of tier 2.
pub fn agent_of(entropy: &Entropy, slug: &str, owner: &str) -> Agent {
    let now = now();
    Agent {
        id: AgentId::new(entropy.ulid(now)),
        slug: slug.parse::<Slug>().expect("a name"),
        description: Description {
            purpose: "answers support tickets".to_owned(),
            systems: vec!["tickets".to_owned(), "database".to_owned()],
            runs_on: "kubernetes".to_owned(),
            model: "a model, version 5".to_owned(),
            answers: Answers { writes: true, ..Answers::default() },
        },
        owner: person(owner),
        team: TeamName::new("support"),
        tier: Tier::Internal,
        registered_at: now,
        state: AgentState::Active { since: now, certified_until: now + TimeDelta::days(90) },
        orphaned: None,
    }
}

/// Keeps these agents.
pub async fn agents(store: &Store, agents: Vec<Agent>) {
    for some in agents.chunks(AT_ONCE) {
        let some = some.to_vec();
        let work = work(move |tx| {
            Box::pin(async move {
                for agent in &some {
                    tx.insert_agent(agent).await?;
                }
                Ok(())
            })
        });
        store.write(work).await.expect("kept");
    }
}

/// A request that is open, and the timestamp of its card in the approvals channel.
pub type Asked = (RequestId, String);

/// Keeps so many open requests that need security and a team lead, each with its cards in the
/// approvals channel and in the messages of the four who may decide.
pub async fn requests(store: &Store, entropy: &Entropy, agent: &Agent, many: usize) -> Vec<Asked> {
    let mut all = Vec::with_capacity(many);
    let mut at = 0;
    while at < many {
        let mut some = Vec::new();
        for _ in 0..AT_ONCE.min(many - at) {
            some.push(question(entropy, agent));
            at += 1;
        }
        let work = work(move |tx| {
            Box::pin(async move {
                let mut asked = Vec::new();
                for (mut request, cards) in some {
                    request.reference.number = tx.next_number().await?;
                    tx.insert_request(&request).await?;
                    let ts = format!("1790000000.{:06}", request.reference.number);
                    let mut cards = cards;
                    for card in &mut cards {
                        let channel = match &card.place {
                            Place::Channel(channel) => channel.clone(),
                            Place::Thread(_) => continue,
                            Place::Person(person) => person.user.replace('U', "D"),
                        };
                        card.message = Some(MessageRef { channel, ts: ts.clone() });
                    }
                    tx.insert_cards(&cards).await?;
                    asked.push((request.id, ts));
                }
                Ok(asked)
            })
        });
        all.extend(store.write(work).await.expect("kept"));
    }
    all
}

fn question(entropy: &Entropy, agent: &Agent) -> (Request, Vec<Card>) {
    let now = now();
    let id = RequestId::new(entropy.ulid(now));
    let request = Request {
        id,
        reference: Reference { letter: 'G', number: 0 },
        agent: agent.id,
        asked_by: agent.owner.clone(),
        origin: Origin::Person,
        asked_at: now,
        ask: Ask::Grant {
            access: Access::new("tickets", "comment"),
            lasting: Span::seconds(1_800),
            because: "customer support queries".to_owned(),
            raise_to: None,
        },
        brings: None,
        tier: Tier::Internal,
        team: agent.team.clone(),
        needs: vec![RoleName::new("security"), RoleName::new("team-lead")],
        asked: Vec::new(),
        acceptance: Acceptance::NotNeeded,
        votes: Vec::new(),
        findings: Vec::new(),
        decide_by: now + TimeDelta::hours(8),
        backup: Default::default(),
        policy: "of the measurement".to_owned(),
        state: RequestState::Open,
    };
    let people = ["U0SAM", "U0SARA", "U0THEO", "U0TINA"].map(|user| Place::Person(person(user)));
    let places = std::iter::once(Place::Channel("C0APPROVALS".to_owned())).chain(people);
    let cards = places.map(|place| {
        let face = Face::Approval;
        Card { id: CardId::new(entropy.ulid(now)), request: id, place, face, message: None }
    });
    (request, cards.collect())
}

/// Writes so many live grants with their requests and deadlines, all ending at one moment, in
/// bulk and with the database's own means; each agent has as many.
pub async fn grants(
    database: &Database,
    entropy: &Entropy,
    agents: &[Agent],
    many: usize,
    ends: Timestamp,
) {
    let share = many / agents.len();
    let (mut first, mut all) = (1_000_000, Vec::new());
    for agent in agents {
        let (mut request, _) = question(entropy, agent);
        request.votes.clear();
        request.state = RequestState::Approved { at: now(), by: ApprovedBy::People };
        request.reference.number = NUMBER;
        request.id = RequestId::new(ID.parse::<Ulid>().expect("an id"));
        let grant = Grant {
            id: GrantId::new(request.id.ulid()),
            reference: request.reference,
            agent: agent.id,
            access: Access::new("tickets", "comment"),
            request: request.id,
            starts_at: now(),
            expires_at: ends,
            state: GrantState::Active,
        };
        let due = Due::GrantExpiry { grant: grant.id };
        let deadline = Deadline { id: DeadlineId::new(grant.id.ulid()), at: ends, due };
        all.push(bulk(database.engine, &request, &grant, &deadline, first, share));
        first += share;
    }
    let sql = sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {}; COMMIT", all.join("; "))));
    match database.engine {
        Engine::Sqlite => {
            let mut to = SqliteConnection::connect(&database.url).await.expect("a connection");
            sql.execute(&mut to).await.expect("rows");
            to.close().await.expect("a clean end");
        }
        Engine::Postgres => {
            let mut to = PgConnection::connect(&database.url).await.expect("a connection");
            sql.execute(&mut to).await.expect("rows");
            to.close().await.expect("a clean end");
        }
    }
}

/// Stand in the templates for the id and for the number of each row.
const ID: &str = "01KAAAAAAAAAAAAAAA77777777";
const NUMBER: u32 = 777_777_777;

fn bulk(
    engine: Engine,
    request: &Request,
    grant: &Grant,
    deadline: &Deadline,
    first: usize,
    many: usize,
) -> String {
    let json = |value: serde_json::Result<String>| value.expect("JSON");
    let quote = |text: String| format!("'{}'", text.replace('\'', "''"));
    let time = |at: Timestamp| match engine {
        Engine::Sqlite => format!("'{}'", at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)),
        Engine::Postgres => format!("'{}'::timestamptz", at.to_rfc3339()),
    };
    let doc = |text: String| {
        let id = "'01KAAAAAAAAAAAAAAA' || CAST(10000000 + i AS TEXT)";
        let doc =
            format!("REPLACE(REPLACE({}, '{ID}', {id}), '{NUMBER}', CAST(i AS TEXT))", quote(text));
        match engine {
            Engine::Sqlite => doc,
            Engine::Postgres => format!("CAST({doc} AS JSONB)"),
        }
    };
    let id = |prefix: &str| format!("'{prefix}_01KAAAAAAAAAAAAAAA' || CAST(10000000 + i AS TEXT)");
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {})",
        first + many - 1
    );
    let (agent, owner, tier) = (&request.agent, &request.asked_by, request.tier);
    let (asked, ends) = (time(request.asked_at), time(grant.expires_at));
    let prefix = |id: String| id.split('_').next().unwrap_or_default().to_owned();
    let (req, grt, dln) = (
        prefix(request.id.to_string()),
        prefix(grant.id.to_string()),
        prefix(deadline.id.to_string()),
    );
    let statements = [
        format!(
            "{numbers} INSERT INTO requests (id, number, agent_id, asked_by, asked_at, ask, access, \
             grant_id, tier, decide_by, state, ended_at, by_people, doc) \
             SELECT {}, i, '{agent}', '{owner}', {asked}, 'grant', 'tickets:comment', NULL, {tier}, \
             {asked}, 'approved', {asked}, TRUE, {} FROM n",
            id(&req),
            doc(json(serde_json::to_string(request))),
        ),
        format!(
            "{numbers} INSERT INTO grants (id, number, agent_id, request_id, resource, access, \
             starts_at, expires_at, state, doc) \
             SELECT {}, i, '{agent}', {}, 'tickets', 'tickets:comment', {asked}, {ends}, 'active', {} \
             FROM n",
            id(&grt),
            id(&req),
            doc(json(serde_json::to_string(grant))),
        ),
        format!(
            "{numbers} INSERT INTO deadlines (id, at, subject, doc) SELECT {}, {ends}, {}, {} FROM n",
            id(&dln),
            id(&grt),
            doc(json(serde_json::to_string(deadline))),
        ),
    ];
    statements.join("; ")
}
