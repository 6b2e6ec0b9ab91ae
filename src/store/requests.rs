//! Requests and the votes on them.

use std::collections::BTreeMap;

use sqlx::types::Json;

use super::agents;
use super::error::StoreError;
use super::session::{Doc, Session, all, count, entities, entity, execute, one};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::access::Access;
use crate::domain::agent::Agent;
use crate::domain::grant::Grant;
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::{ApprovedBy, Ask, Request, RequestState};
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};
use crate::domain::vote::Choice;

statements! {
    INSERT on "requests" = "INSERT INTO requests (id, number, agent_id, asked_by, asked_at, ask, access, \
        grant_id, tier, decide_by, state, ended_at, by_people, doc, appeal_of) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING";
    UPDATE on "requests" = "UPDATE requests \
        SET tier = $2, decide_by = $3, state = $4, ended_at = $5, by_people = $6, doc = $7 \
        WHERE id = $1 AND state = 'open' \
        RETURNING (SELECT COUNT(*) FROM votes WHERE request_id = $1), \
        (SELECT COUNT(*) FROM votes WHERE request_id = $1 AND person = $8)";
    BY_ID on "requests" = "SELECT id, doc FROM requests WHERE id = $1";
    WITH_AGENT on "requests" = "SELECT r.id, r.doc, a.id, a.doc FROM requests r \
        JOIN agents a ON a.id = r.agent_id WHERE r.id = $1";
    OPEN_WITH_AGENTS on "requests" = "SELECT r.id, r.doc, a.id, a.doc FROM requests r \
        JOIN agents a ON a.id = r.agent_id WHERE r.state = 'open' \
        ORDER BY r.asked_at, r.number LIMIT $1";
    BY_NUMBER on "requests" = "SELECT id, doc FROM requests WHERE number = $1";
    OPEN on "requests" = "SELECT id, doc FROM requests WHERE state = 'open' \
        ORDER BY asked_at, number LIMIT $1";
    OPEN_HANDOVERS on "requests" = "SELECT id, doc FROM requests \
        WHERE state = 'open' AND ask IN ('handover', 'appeal') ORDER BY number";
    OPEN_OF_AGENT on "requests" = "SELECT id, doc FROM requests \
        WHERE agent_id = $1 AND state = 'open' ORDER BY number";
    OPEN_BY on "requests" = "SELECT id, doc FROM requests \
        WHERE asked_by = $1 AND state = 'open' ORDER BY number";
    OF_AGENT on "requests" = "SELECT id, doc FROM requests WHERE agent_id = $1 \
        ORDER BY number DESC LIMIT $2";
    OPEN_GRANT on "requests" = "SELECT id, doc FROM requests \
        WHERE agent_id = $1 AND ask = 'grant' AND access IN ($2, $3) AND state = 'open' ORDER BY number LIMIT 1";
    OPEN_EXTENSION on "requests" = "SELECT id, doc FROM requests \
        WHERE grant_id = $1 AND ask = 'extension' AND state = 'open' ORDER BY number LIMIT 1";
    OPEN_REVIEW on "requests" = "SELECT id, doc FROM requests \
        WHERE asked_by = $1 AND ask = 'review' AND state = 'open' ORDER BY number LIMIT 1";
    REVIEW_OF on "requests" = "SELECT id, doc FROM requests \
        WHERE grant_id = $1 AND ask = 'review' ORDER BY number LIMIT 1";
    OPEN_TO on "requests" = "SELECT id, doc FROM requests \
        WHERE agent_id = $1 AND ask = $2 AND state = 'open' ORDER BY number LIMIT 1";
    OPEN_REINSTATEMENT on "requests" = "SELECT id, doc FROM requests \
        WHERE agent_id = $1 AND ask = 'reinstatement' AND state = 'open' ORDER BY number LIMIT 1";
    APPEAL_OF on "requests" = "SELECT id, doc FROM requests WHERE appeal_of = $1";
    STANDING on "requests" = "SELECT r.id, r.doc, a.id, a.doc, g.id, g.doc FROM requests r \
        JOIN agents a ON a.id = r.agent_id LEFT JOIN grants g \
        ON g.id = COALESCE((SELECT s.id FROM grants s WHERE s.request_id = r.id), r.grant_id) \
        WHERE r.id = $1";
    CHOSEN on "requests" = "SELECT r.id, r.doc, a.id, a.doc, g.id, g.doc FROM requests r \
        JOIN agents a ON a.id = r.agent_id LEFT JOIN grants g \
        ON g.id = COALESCE((SELECT s.id FROM grants s WHERE s.request_id = r.id), r.grant_id) \
        WHERE ($1 = '' OR r.agent_id = $1) AND ($2 = '' OR r.asked_by = $2) \
        AND ($3 = '' OR r.state = $3) AND r.number < $4 ORDER BY r.number DESC LIMIT $5";
    COUNT_CHOSEN on "requests" = "SELECT COUNT(*) FROM requests WHERE ($1 = '' OR agent_id = $1) \
        AND ($2 = '' OR asked_by = $2) AND ($3 = '' OR state = $3)";
    WAITS on "requests" = "SELECT tier, asked_at, ended_at FROM requests \
        WHERE tier = $1 AND by_people = TRUE AND ask <> 'appeal' AND ended_at IS NOT NULL \
        ORDER BY ended_at DESC LIMIT 50";
    ALL_WAITS on "requests" = "SELECT * FROM (SELECT tier, asked_at, ended_at FROM requests \
        WHERE tier = 1 AND by_people = TRUE AND ask <> 'appeal' AND ended_at IS NOT NULL \
        ORDER BY ended_at DESC LIMIT 50) AS one UNION ALL \
        SELECT * FROM (SELECT tier, asked_at, ended_at FROM requests \
        WHERE tier = 2 AND by_people = TRUE AND ask <> 'appeal' AND ended_at IS NOT NULL \
        ORDER BY ended_at DESC LIMIT 50) AS two UNION ALL \
        SELECT * FROM (SELECT tier, asked_at, ended_at FROM requests \
        WHERE tier = 3 AND by_people = TRUE AND ask <> 'appeal' AND ended_at IS NOT NULL \
        ORDER BY ended_at DESC LIMIT 50) AS three";
}

/// A vote that is written at the end of the transaction.
#[derive(Debug, Clone)]
pub(super) struct NewVote {
    request: RequestId,
    by: PersonId,
    approve: bool,
    at: Timestamp,
}

/// Which requests are wanted; an empty choice wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestChoice {
    /// About which agent.
    pub agent: Option<AgentId>,
    /// Asked by whom.
    pub asked_by: Option<PersonId>,
    /// In which state, in a word.
    pub state: Option<String>,
}

/// A request with its agent, and the grant that came of it or was to be prolonged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInFull {
    /// The request.
    pub request: Request,
    /// The agent.
    pub agent: Agent,
    /// The grant.
    pub grant: Option<Grant>,
}

type InFullRow = (String, Doc<Request>, String, Doc<Agent>, Option<String>, Option<Doc<Grant>>);

fn standing((request, r, agent, a, grant, g): InFullRow) -> Result<RequestInFull, StoreError> {
    let grant = match (grant, g) {
        (Some(id), Some(doc)) => Some(doc.open(&STANDING, &id)?),
        _ => None,
    };
    let (request, agent) = (r.open(&BY_ID, &request)?, a.open(&agents::BY_ID, &agent)?);
    Ok(RequestInFull { request, agent, grant })
}

type Pair = (String, Doc<Request>, String, Doc<Agent>);

fn pair((request, r, agent, a): Pair) -> Result<(Request, Agent), StoreError> {
    Ok((r.open(&BY_ID, &request)?, a.open(&agents::BY_ID, &agent)?))
}

/// Whether people approved something that waited for them: how long that takes is counted. Nobody
/// waits for a review.
const fn by_people(request: &Request) -> bool {
    matches!(request.state, RequestState::Approved { by: ApprovedBy::People, .. })
        && !request.ask.is_review()
}

impl Tx {
    /// Keeps a new request. Its agent must be kept before it.
    pub async fn insert_request(&mut self, request: &Request) -> Result<(), StoreError> {
        let grant = match &request.ask {
            Ask::Extension { grant, .. } | Ask::Review { grant, .. } => Some(grant.to_string()),
            Ask::Registration
            | Ask::Grant { .. }
            | Ask::Emergency { .. }
            | Ask::Reinstatement { .. }
            | Ask::Handover { .. }
            | Ask::TierChange { .. }
            | Ask::Change { .. }
            | Ask::Credential { .. }
            | Ask::Appeal { .. } => None,
        };
        let appeal_of = match &request.ask {
            Ask::Appeal { denied, .. } => Some(denied.request.to_string()),
            _ => None,
        };
        let inserted = execute!(
            self,
            INSERT,
            request.id.to_string(),
            i64::from(request.reference.number),
            request.agent.to_string(),
            request.asked_by.to_string(),
            request.asked_at,
            request.ask.word(),
            request.ask.access().map(ToString::to_string),
            grant,
            i64::from(request.tier.number()),
            request.decide_by,
            request.state.word(),
            request.state.ended_at(),
            by_people(request),
            Json(request),
            appeal_of,
        )?;
        if inserted != 1 {
            return Err(StoreError::conflict(format!("there is a request {}", request.reference)));
        }
        self.keep_votes(request, 0, false)
    }

    /// Keeps the request as it is now. [`StoreError::Conflict`] if it had ended (a request ends
    /// once), or if somebody voted on it meanwhile.
    pub async fn update_request(&mut self, request: &Request) -> Result<(), StoreError> {
        let updated = one!(
            self,
            UPDATE,
            (i64, i64),
            request.id.to_string(),
            i64::from(request.tier.number()),
            request.decide_by,
            request.state.word(),
            request.state.ended_at(),
            by_people(request),
            Json(request),
            request.votes.last().map(|vote| vote.by.to_string()),
        )?;
        let Some((kept, has_voted)) = updated else {
            return Err(StoreError::conflict(format!(
                "{} is not open any more",
                request.reference
            )));
        };
        self.touched.any = true;
        self.keep_votes(request, kept, has_voted > 0)
    }

    /// Keeps the votes that are new, behind so many that are in the table. Votes only ever come on
    /// top: what a person said stays said, and the table's key has room for one word of each.
    fn keep_votes(
        &mut self,
        request: &Request,
        kept: i64,
        last_has_voted: bool,
    ) -> Result<(), StoreError> {
        let waiting = self.votes.unwritten().iter().filter(|vote| vote.request == request.id);
        let kept = usize::try_from(kept).unwrap_or(usize::MAX).saturating_add(waiting.count());
        let Some(new) = request.votes.get(kept..) else {
            let what = format!("somebody voted on {} meanwhile", request.reference);
            return Err(StoreError::conflict(what));
        };
        for (at, vote) in new.iter().enumerate() {
            let before = request.votes.get(..kept + at).unwrap_or_default();
            let last = at + 1 == new.len();
            if before.iter().any(|known| known.by == vote.by) || (last && last_has_voted) {
                let what = format!("{} has voted on {}", vote.by, request.reference);
                return Err(StoreError::conflict(what));
            }
            let approve = matches!(vote.choice, Choice::Approve);
            let (request, by, at) = (request.id, vote.by.clone(), vote.at);
            self.votes.push(NewVote { request, by, approve, at });
        }
        Ok(())
    }

    /// Writes the votes that were cast.
    pub(super) async fn settle_votes(&mut self) -> Result<(), StoreError> {
        let votes = self.votes.take();
        let text =
            |places| format!("INSERT INTO votes (request_id, person, approve, at) VALUES {places}");
        let written = several!(self, "votes", &votes, 4, text, |query, vote| query
            .bind(vote.request.to_string())
            .bind(vote.by.to_string())
            .bind(vote.approve)
            .bind(vote.at));
        written.map(drop)
    }
}

impl Session {
    /// The request.
    pub async fn request(&mut self, id: RequestId) -> Result<Option<Request>, StoreError> {
        entity!(self, BY_ID, Request, id.to_string())
    }

    /// The request with its agent.
    pub async fn request_with_agent(
        &mut self,
        id: RequestId,
    ) -> Result<Option<(Request, Agent)>, StoreError> {
        one!(self, WITH_AGENT, Pair, id.to_string())?.map(pair).transpose()
    }

    /// The request with its agent and its grant.
    pub async fn standing(&mut self, id: RequestId) -> Result<Option<RequestInFull>, StoreError> {
        one!(self, STANDING, InFullRow, id.to_string())?.map(standing).transpose()
    }

    /// The requests that are wanted, the newest first, from the one before the number `before` on; and
    /// how many there are in all.
    pub async fn requests_chosen(
        &mut self,
        choice: &RequestChoice,
        before: Option<u32>,
        limit: u32,
    ) -> Result<(Vec<RequestInFull>, u32), StoreError> {
        let agent = choice.agent.map(|id| id.to_string()).unwrap_or_default();
        let by = choice.asked_by.as_ref().map(ToString::to_string).unwrap_or_default();
        let state = choice.state.as_deref().unwrap_or_default();
        let before = before.map_or(i64::MAX, i64::from);
        let limit = i64::from(limit);
        let rows = all!(self, CHOSEN, InFullRow, &agent, &by, state, before, limit)?;
        let requests = rows.into_iter().map(standing).collect::<Result<_, _>>()?;
        Ok((requests, count!(self, COUNT_CHOSEN, &agent, &by, state)?))
    }

    /// The open requests with their agents, the oldest first.
    pub async fn open_requests_with_agents(
        &mut self,
        limit: u32,
    ) -> Result<Vec<(Request, Agent)>, StoreError> {
        let rows = all!(self, OPEN_WITH_AGENTS, Pair, i64::from(limit))?;
        rows.into_iter().map(pair).collect()
    }

    /// The request with this number in its reference.
    pub async fn request_by_number(&mut self, number: u32) -> Result<Option<Request>, StoreError> {
        entity!(self, BY_NUMBER, Request, i64::from(number))
    }

    /// The open requests, the oldest first. Whether the time to decide has passed is not looked at.
    pub async fn open_requests(&mut self, limit: u32) -> Result<Vec<Request>, StoreError> {
        entities!(self, OPEN, Request, i64::from(limit))
    }

    /// The open requests about this agent, the oldest first.
    pub async fn open_requests_of_agent(
        &mut self,
        agent: AgentId,
    ) -> Result<Vec<Request>, StoreError> {
        entities!(self, OPEN_OF_AGENT, Request, agent.to_string())
    }

    /// The open requests to hand an agent over, appeals for that among them, the oldest first.
    pub async fn open_handovers(&mut self) -> Result<Vec<Request>, StoreError> {
        let mut open: Vec<Request> = entities!(self, OPEN_HANDOVERS, Request)?;
        open.retain(|request| request.ask.new_owner().is_some());
        Ok(open)
    }

    /// The open requests that this person made, the oldest first.
    pub async fn open_requests_by(
        &mut self,
        person: &PersonId,
    ) -> Result<Vec<Request>, StoreError> {
        entities!(self, OPEN_BY, Request, person.to_string())
    }

    /// All requests about this agent, the newest first.
    pub async fn requests_of_agent(
        &mut self,
        agent: AgentId,
        limit: u32,
    ) -> Result<Vec<Request>, StoreError> {
        entities!(self, OF_AGENT, Request, agent.to_string(), i64::from(limit))
    }

    /// The open request for a grant of this access, or of all objects of its resource, to this agent.
    pub async fn open_grant_request(
        &mut self,
        agent: AgentId,
        access: &Access,
    ) -> Result<Option<Request>, StoreError> {
        let (one, all) = (access.to_string(), access.to_all().to_string());
        entity!(self, OPEN_GRANT, Request, agent.to_string(), one, all)
    }

    /// The open request to extend this grant.
    pub async fn open_extension(&mut self, grant: GrantId) -> Result<Option<Request>, StoreError> {
        entity!(self, OPEN_EXTENSION, Request, grant.to_string())
    }

    /// The review that this person's last emergency still waits for.
    pub async fn open_review_of(
        &mut self,
        person: &PersonId,
    ) -> Result<Option<Request>, StoreError> {
        entity!(self, OPEN_REVIEW, Request, person.to_string())
    }

    /// The review of the emergency from which this grant came.
    pub async fn review_of(&mut self, grant: GrantId) -> Result<Option<Request>, StoreError> {
        entity!(self, REVIEW_OF, Request, grant.to_string())
    }

    /// The open request to let this agent go on after it was stopped.
    pub async fn open_reinstatement(
        &mut self,
        agent: AgentId,
    ) -> Result<Option<Request>, StoreError> {
        entity!(self, OPEN_REINSTATEMENT, Request, agent.to_string())
    }

    /// The open request of this kind about this agent.
    pub async fn open_request_to(
        &mut self,
        agent: AgentId,
        ask: &str,
    ) -> Result<Option<Request>, StoreError> {
        entity!(self, OPEN_TO, Request, agent.to_string(), ask)
    }

    /// The appeal against the denial of this request, however it stands.
    pub async fn appeal_of(&mut self, denied: RequestId) -> Result<Option<Request>, StoreError> {
        entity!(self, APPEAL_OF, Request, denied.to_string())
    }

    /// How long the people of this tier usually take to approve: the median of the last 50; none
    /// while there are fewer than 3 to judge by.
    pub async fn usual_wait(&mut self, tier: Tier) -> Result<Option<Span>, StoreError> {
        let rows = all!(self, WAITS, WaitRow, i64::from(tier.number()))?;
        Ok(usual(&rows, tier))
    }

    /// The same for each tier.
    pub async fn usual_waits(&mut self) -> Result<BTreeMap<Tier, Span>, StoreError> {
        let rows = all!(self, ALL_WAITS, WaitRow)?;
        Ok(Tier::ALL.into_iter().filter_map(|tier| Some((tier, usual(&rows, tier)?))).collect())
    }
}

/// A request's tier, when it was asked and when people approved it.
type WaitRow = (i64, Timestamp, Timestamp);

/// The median of the tier's waits, if there are enough.
fn usual(rows: &[WaitRow], tier: Tier) -> Option<Span> {
    let of_tier = rows.iter().filter(|(of, ..)| *of == i64::from(tier.number()));
    let mut waits: Vec<i64> =
        of_tier.map(|(_, asked, ended)| (*ended - *asked).num_seconds()).collect();
    if waits.len() < 3 {
        return None;
    }
    waits.sort_unstable();
    let median = waits.get(waits.len() / 2).copied().unwrap_or_default();
    Some(Span::seconds(u32::try_from(median.max(0)).unwrap_or(u32::MAX)))
}
