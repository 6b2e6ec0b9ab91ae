//! What agents did, and what leads from there to the people who allowed it.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, all, entities, entity, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::activity::{Activity, seal};
use crate::domain::event::What;
use crate::domain::ids::{ActivityId, AgentId, EvaluationId, GrantId};
use crate::domain::request::Request;
use crate::domain::time::Timestamp;

const TABLE: &str = "activities";

statements! {
    INSERT on "activities" = "INSERT INTO activities \
        (id, agent_id, evaluation_id, grant_id, at, sha256, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BY_ID on "activities" = "SELECT id, doc FROM activities WHERE id = $1";
    OF_EVALUATION on "activities" = "SELECT id, doc FROM activities WHERE evaluation_id = $1 \
        ORDER BY id LIMIT $2";
    OF_GRANT on "activities" = "SELECT id, doc FROM activities WHERE grant_id = $1 \
        ORDER BY id LIMIT $2";
    KEEP_KEY on "activity_keys" = "INSERT INTO activity_keys (name, sha256, at, doc) \
        VALUES ($1, $2, $3, $4)";
    KEY on "activity_keys" = "SELECT name, sha256, doc FROM activity_keys WHERE name = $1";
    FORGET_KEYS on "activity_keys" = "DELETE FROM activity_keys WHERE at < $1";
    REGISTRATION on "requests" = "SELECT id, doc FROM requests \
        WHERE agent_id = $1 AND ask = 'registration' ORDER BY number LIMIT 1";
    ABOUT_GRANT on "requests" = "SELECT id, doc FROM requests WHERE grant_id = $1 ORDER BY number";
}

type Row = (String, String);

pub(super) fn open((row, doc): Row) -> Result<Activity, StoreError> {
    serde_json::from_str(&doc).map_err(|error| {
        tracing::error!(table = TABLE, row, %error, "a record is not understood");
        StoreError::Inconsistent { table: TABLE, column: "doc".to_owned(), row }
    })
}

impl Tx {
    /// Keeps what an agent did, and seals it in the log. The agent must be kept before it.
    pub async fn record_activity(&mut self, activity: &Activity) -> Result<(), StoreError> {
        let doc = serde_json::to_string(activity)
            .map_err(|source| StoreError::Unwritable { table: TABLE, source })?;
        let sha256 = seal(&doc);
        execute!(
            self,
            INSERT,
            activity.id.to_string(),
            activity.agent.to_string(),
            activity.evaluation.map(|id| id.to_string()),
            activity.grant.map(|id| id.to_string()),
            activity.at,
            sha256.as_str(),
            doc,
        )?;
        let what = What::ActivityRecorded { activity: activity.id, agent: activity.agent, sha256 };
        self.append(activity.at, activity.told_by.clone(), what).await
    }

    /// Remembers what was told under this key, and forgets the keys of before `old`.
    pub async fn keep_activity_key(
        &mut self,
        name: &str,
        told: &str,
        ids: &[ActivityId],
        now: Timestamp,
        old: Timestamp,
    ) -> Result<(), StoreError> {
        execute!(self, FORGET_KEYS, old)?;
        execute!(self, KEEP_KEY, name, told, now, Json(ids)).map(drop)
    }
}

impl Session {
    /// What was told under this key: its hash, and the activities.
    pub async fn activity_key(
        &mut self,
        name: &str,
    ) -> Result<Option<(String, Vec<ActivityId>)>, StoreError> {
        type Row = (String, String, super::session::Doc<Vec<ActivityId>>);
        let row = one!(self, KEY, Row, name)?;
        row.map(|(name, told, doc)| Ok((told, doc.open(&KEY, &name)?))).transpose()
    }

    /// What was done.
    pub async fn activity(&mut self, id: ActivityId) -> Result<Option<Activity>, StoreError> {
        one!(self, BY_ID, Row, id.to_string())?.map(open).transpose()
    }

    /// What was done after this question, in the order in which it was told.
    pub async fn activities_after(
        &mut self,
        evaluation: EvaluationId,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let rows = all!(self, OF_EVALUATION, Row, evaluation.to_string(), i64::from(limit))?;
        rows.into_iter().map(open).collect()
    }

    /// What was done with this grant, in the order in which it was told.
    pub async fn activities_with(
        &mut self,
        grant: GrantId,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let rows = all!(self, OF_GRANT, Row, grant.to_string(), i64::from(limit))?;
        rows.into_iter().map(open).collect()
    }

    /// The request by which this agent was registered.
    pub async fn registration_of(&mut self, agent: AgentId) -> Result<Option<Request>, StoreError> {
        entity!(self, REGISTRATION, Request, agent.to_string())
    }

    /// The requests about a grant that there is already: to extend it. The oldest first.
    pub async fn requests_about_grant(
        &mut self,
        grant: GrantId,
    ) -> Result<Vec<Request>, StoreError> {
        entities!(self, ABOUT_GRANT, Request, grant.to_string())
    }
}
