//! The reviews of agents by their owners.

use sqlx::types::Json;

use super::agents;
use super::error::StoreError;
use super::session::{Doc, Session, all, count, entities, entity, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::agent::Agent;
use crate::domain::certification::Certification;
use crate::domain::ids::{AgentId, CertificationId};
use crate::domain::person::PersonId;

statements! {
    INSERT on "certifications" = "INSERT INTO certifications (id, agent_id, state, due, opened_at, doc) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    UPDATE on "certifications" = "UPDATE certifications SET state = $2, due = $3, doc = $4 \
        WHERE id = $1 AND state IN ('open', 'missed')";
    BY_ID on "certifications" = "SELECT id, doc FROM certifications WHERE id = $1";
    WITH_AGENT on "certifications" = "SELECT c.id, c.doc, a.id, a.doc FROM certifications c \
        JOIN agents a ON a.id = c.agent_id WHERE c.id = $1";
    NEWEST on "certifications" = "SELECT id, doc FROM certifications WHERE agent_id = $1 \
        ORDER BY id DESC LIMIT 1";
    OPEN_OF on "certifications" = "SELECT id, doc FROM certifications \
        WHERE agent_id = $1 AND state = 'open'";
    ALL_OPEN on "certifications" = "SELECT c.id, c.doc, a.id, a.doc FROM certifications c \
        JOIN agents a ON a.id = c.agent_id WHERE c.state = 'open' AND c.id > $1 \
        ORDER BY c.id LIMIT $2";
    LAST_CERTIFIED on "certifications" = "SELECT id, doc FROM certifications \
        WHERE agent_id = $1 AND state = 'certified' ORDER BY id DESC LIMIT 1";
    TO_ANSWER on "certifications" = "SELECT c.id, c.doc, a.id, a.doc FROM agents a \
        JOIN certifications c ON c.id = (SELECT n.id FROM certifications n \
        WHERE n.agent_id = a.id ORDER BY n.id DESC LIMIT 1) \
        WHERE a.owner = $1 AND c.state IN ('open', 'missed') \
        AND a.state IN ('active', 'suspended') ORDER BY c.due, c.id";
    UNPLANNED on "agents" = "SELECT a.id, a.doc FROM agents a WHERE a.state = 'active' \
        AND NOT EXISTS (SELECT 1 FROM deadlines d WHERE d.subject = 'certify:' || a.id) \
        AND NOT EXISTS (SELECT 1 FROM certifications c WHERE c.agent_id = a.id AND c.state = 'open') \
        ORDER BY a.id LIMIT $1";
    REVIEWED on "agents" = "SELECT a.id, a.doc, c.id, c.doc, d.id, d.doc FROM agents a \
        LEFT JOIN certifications c ON c.id = (SELECT n.id FROM certifications n \
        WHERE n.agent_id = a.id ORDER BY n.id DESC LIMIT 1) \
        LEFT JOIN certifications d ON d.id = (SELECT n.id FROM certifications n \
        WHERE n.agent_id = a.id AND n.state = 'certified' ORDER BY n.id DESC LIMIT 1) \
        WHERE a.state IN ('active', 'suspended') AND a.slug > $1 ORDER BY a.slug LIMIT $2";
    COUNT_REVIEWED on "agents" = "SELECT COUNT(*) FROM agents WHERE state IN ('active', 'suspended')";
}

/// An agent at work or suspended, with its reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The agent.
    pub agent: Agent,
    /// Its newest review.
    pub newest: Option<Certification>,
    /// The last one in which its owner said yes.
    pub certified: Option<Certification>,
}

type Pair = (String, Doc<Certification>, String, Doc<Agent>);
type Row = (
    String,
    Doc<Agent>,
    Option<String>,
    Option<Doc<Certification>>,
    Option<String>,
    Option<Doc<Certification>>,
);

fn pair((id, doc, agent, a): Pair) -> Result<(Certification, Agent), StoreError> {
    Ok((doc.open(&BY_ID, &id)?, a.open(&agents::BY_ID, &agent)?))
}

fn reviewed((agent, a, newest, n, certified, c): Row) -> Result<Reviewed, StoreError> {
    let open = |id: Option<String>, doc: Option<Doc<Certification>>| {
        id.zip(doc).map(|(id, doc)| doc.open(&BY_ID, &id)).transpose()
    };
    let agent = a.open(&agents::BY_ID, &agent)?;
    Ok(Reviewed { agent, newest: open(newest, n)?, certified: open(certified, c)? })
}

impl Tx {
    /// Keeps a new review. `false` if the agent has an open one.
    pub async fn insert_certification(
        &mut self,
        review: &Certification,
    ) -> Result<bool, StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            review.id.to_string(),
            review.agent.to_string(),
            review.state.word(),
            review.due,
            review.opened_at,
            Json(review),
        )?;
        Ok(inserted == 1)
    }

    /// Keeps the review as it is now. [`StoreError::Conflict`] if it had ended.
    pub async fn update_certification(&mut self, review: &Certification) -> Result<(), StoreError> {
        let (id, word) = (review.id.to_string(), review.state.word());
        if execute!(self, UPDATE, id, word, review.due, Json(review))? == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("the review {} has ended", review.id)))
        }
    }
}

impl Session {
    /// The review.
    pub async fn certification(
        &mut self,
        id: CertificationId,
    ) -> Result<Option<Certification>, StoreError> {
        entity!(self, BY_ID, Certification, id.to_string())
    }

    /// The review with its agent.
    pub async fn certification_with_agent(
        &mut self,
        id: CertificationId,
    ) -> Result<Option<(Certification, Agent)>, StoreError> {
        one!(self, WITH_AGENT, Pair, id.to_string())?.map(pair).transpose()
    }

    /// The newest review of this agent.
    pub async fn newest_certification(
        &mut self,
        agent: AgentId,
    ) -> Result<Option<Certification>, StoreError> {
        entity!(self, NEWEST, Certification, agent.to_string())
    }

    /// The open review of this agent.
    pub async fn open_certification(
        &mut self,
        agent: AgentId,
    ) -> Result<Option<Certification>, StoreError> {
        entity!(self, OPEN_OF, Certification, agent.to_string())
    }

    /// The last review of this agent in which its owner said yes.
    pub async fn last_certified(
        &mut self,
        agent: AgentId,
    ) -> Result<Option<Certification>, StoreError> {
        entity!(self, LAST_CERTIFIED, Certification, agent.to_string())
    }

    /// Open reviews with their agents, in the order of their ids, from the one behind `after` on.
    pub async fn open_certifications(
        &mut self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(Certification, Agent)>, StoreError> {
        let rows = all!(self, ALL_OPEN, Pair, after, i64::from(limit))?;
        rows.into_iter().map(pair).collect()
    }

    /// The reviews that this person can answer, with their agents, the most pressing first.
    pub async fn certifications_to_answer(
        &mut self,
        owner: &PersonId,
    ) -> Result<Vec<(Certification, Agent)>, StoreError> {
        let rows = all!(self, TO_ANSWER, Pair, owner.to_string())?;
        rows.into_iter().map(pair).collect()
    }

    /// Agents at work of which no review is open or planned.
    pub async fn agents_without_review(&mut self, limit: u32) -> Result<Vec<Agent>, StoreError> {
        entities!(self, UNPLANNED, Agent, i64::from(limit))
    }

    /// The agents at work or suspended with their reviews, by name, from the one behind `after` on; and
    /// how many there are in all.
    pub async fn agents_reviewed(
        &mut self,
        after: &str,
        limit: u32,
    ) -> Result<(Vec<Reviewed>, u32), StoreError> {
        let rows = all!(self, REVIEWED, Row, after, i64::from(limit))?;
        let agents = rows.into_iter().map(reviewed).collect::<Result<_, _>>()?;
        Ok((agents, count!(self, COUNT_REVIEWED)?))
    }
}
