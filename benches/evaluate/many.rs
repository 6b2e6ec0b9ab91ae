//! Many live grants, each of one object, written in bulk with the database's own means.

use chrono::SecondsFormat;
use countersign::domain::access::Access;
use countersign::domain::agent::Agent;
use countersign::domain::grant::{Grant, GrantState};
use countersign::domain::ids::{GrantId, RequestId};
use countersign::domain::request::{
    Acceptance, ApprovedBy, Ask, Origin, Reference, Request, RequestState,
};
use countersign::domain::time::{Span, Timestamp};
use countersign::store::Engine;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use ulid::Ulid;

use crate::common::bed::Database;
use crate::common::now;

/// Stand in the templates for the id, the number and the object of each row.
const ID: &str = "01KAAAAAAAAAAAAAAA77777777";
const NUMBER: u32 = 777_777_777;
const OBJECT: &str = "t-888888888";
/// The first number, with as many digits as all others.
const FIRST: usize = 10_000_000;

/// The name of an object.
pub fn object(n: usize) -> String {
    format!("t-{}", FIRST + n)
}

/// Each agent may comment on each of so many tickets.
pub async fn grants(database: &Database, agents: &[Agent], objects: usize, ends: Timestamp) {
    for (at, agent) in agents.iter().enumerate() {
        let sql = rows(database.engine, agent, at * objects, objects, ends);
        let sql = sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {sql}; COMMIT")));
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
}

fn rows(engine: Engine, agent: &Agent, first: usize, many: usize, ends: Timestamp) -> String {
    let id = ID.parse::<Ulid>().expect("an id");
    let access = Access::to_object("tickets", OBJECT, "comment").expect("an access");
    let reference = Reference { letter: 'G', number: NUMBER };
    let request = Request {
        id: RequestId::new(id),
        reference,
        agent: agent.id,
        asked_by: agent.owner.clone(),
        asked_at: now(),
        ask: Ask::Grant {
            access: access.clone(),
            lasting: Span::days(1),
            because: "customer support queries".to_owned(),
            raise_to: None,
        },
        brings: None,
        tier: agent.tier,
        team: agent.team.clone(),
        needs: Vec::new(),
        asked: Vec::new(),
        acceptance: Acceptance::NotNeeded,
        votes: Vec::new(),
        findings: Vec::new(),
        decide_by: ends,
        backup: Default::default(),
        policy: "of the measurement".to_owned(),
        origin: Origin::Person,
        state: RequestState::Approved { at: now(), by: ApprovedBy::People },
    };
    let grant = Grant {
        id: GrantId::new(id),
        reference,
        agent: agent.id,
        access,
        request: request.id,
        starts_at: now(),
        expires_at: ends,
        state: GrantState::Active,
    };
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {})",
        FIRST + first,
        FIRST + first + many - 1
    );
    let time = |at: Timestamp| match engine {
        Engine::Sqlite => format!("'{}'", at.to_rfc3339_opts(SecondsFormat::AutoSi, false)),
        Engine::Postgres => format!("'{}'::timestamptz", at.to_rfc3339()),
    };
    let object = format!("'t-' || CAST(i - {first} AS TEXT)");
    let row = "'01KAAAAAAAAAAAAAAA' || CAST(i AS TEXT)";
    let doc = |text: serde_json::Result<String>| {
        let text = text.expect("JSON").replace('\'', "''");
        let doc = format!(
            "REPLACE(REPLACE(REPLACE('{text}', '{ID}', {row}), '{NUMBER}', CAST(i AS TEXT)), \
             '{OBJECT}', {object})"
        );
        match engine {
            Engine::Sqlite => doc,
            Engine::Postgres => format!("CAST({doc} AS JSONB)"),
        }
    };
    let (asked, ends) = (time(request.asked_at), time(grant.expires_at));
    let access = format!("'tickets#' || {object} || ':comment'");
    format!(
        "{numbers} INSERT INTO requests (id, number, agent_id, asked_by, asked_at, ask, access, \
         grant_id, tier, decide_by, state, ended_at, by_people, doc) \
         SELECT 'req_' || {row}, i, '{agent}', '{owner}', {asked}, 'grant', {access}, NULL, {tier}, \
         {asked}, 'approved', {asked}, TRUE, {} FROM n; \
         {numbers} INSERT INTO grants (id, number, agent_id, request_id, resource, access, \
         starts_at, expires_at, state, doc) \
         SELECT 'gnt_' || {row}, i, '{agent}', 'req_' || {row}, 'tickets', {access}, {asked}, \
         {ends}, 'active', {} FROM n",
        doc(serde_json::to_string(&request)),
        doc(serde_json::to_string(&grant)),
        agent = agent.id,
        owner = agent.owner,
        tier = agent.tier,
    )
}
