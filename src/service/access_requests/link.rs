//! The one link: whoever meets a refusal, with no program at hand that could ask, puts the ready
//! request before the agent's owner. The link gives no authority: only the owner can ask by it.

use serde::{Deserialize, Serialize};

use crate::domain::access::Access;
use crate::domain::agent::Slug;
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::ids::{AgentId, EvaluationId};
use crate::domain::time::Timestamp;
use crate::identity::{Disbelief, Kind, Signer, claims_of, read_claims};
use crate::service::opening::send;
use crate::service::{Result, Service};
use crate::store::work;

/// Where links lead, below the server's address.
pub const LINKS: &str = "/r/";
/// How long a link leads anywhere.
const LASTS: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// How many messages an owner gets of one agent in an hour.
const IN_AN_HOUR: u32 = 5;

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The agent that was refused something.
    pub agent: AgentId,
    /// What it was refused.
    pub access: Access,
    /// The evaluation that said no.
    pub evaluation: EvaluationId,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    jti: EvaluationId,
    agent: AgentId,
    access: Access,
}

/// What a link shows before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The agent's name.
    pub agent: Slug,
    /// What it was refused.
    pub access: Access,
    /// Whether the agent is at work; nothing can be asked for it otherwise.
    pub active: bool,
}

/// What came of using a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassedOn {
    /// The owner has a message.
    Done,
    /// The owner had one before.
    Before,
    /// People decide on it already.
    BeingDecided,
    /// The agent has it.
    AlreadyHas,
    /// The owner had as many messages of this agent as an hour bears.
    TooOften,
    /// The agent is not at work.
    NotActive,
}

/// The address of the link for a refusal.
pub fn link(
    signer: &dyn Signer,
    agent: AgentId,
    access: &Access,
    evaluation: EvaluationId,
    now: Timestamp,
) -> Option<String> {
    let aud = format!("{}{LINKS}", signer.issuer());
    let exp = (now + LASTS).timestamp();
    let claims = Claims { aud: aud.clone(), exp, jti: evaluation, agent, access: access.clone() };
    Some(format!("{aud}{}", signer.sign(Kind::Link, &claims_of(&claims)?)?))
}

/// What a link is about.
///
/// # Errors
///
/// Why it leads nowhere.
pub fn read_link(signer: &dyn Signer, token: &str) -> std::result::Result<Linked, Disbelief> {
    let audience = format!("{}{LINKS}", signer.issuer());
    let claims = signer.recognise(Kind::Link, Some(&audience), token)?;
    let Claims { jti, agent, access, .. } = read_claims(claims).ok_or(Disbelief::NotOurs)?;
    Ok(Linked { agent, access, evaluation: jti })
}

impl Service {
    /// What the link's page shows; none if the agent is gone.
    pub async fn link_page(&self, linked: &Linked) -> Result<Option<Page>> {
        let agent = self.agent_by_id(linked.agent).await?;
        Ok(agent.map(|agent| Page {
            active: agent.is_active(),
            agent: agent.slug,
            access: linked.access.clone(),
        }))
    }

    /// Puts the ready request before the agent's owner.
    pub async fn pass_on(&self, linked: &Linked) -> Result<PassedOn> {
        let (now, entropy) = (self.now(), self.entropy());
        let Linked { agent, access, evaluation } = linked.clone();
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(agent) = tx.agent(agent).await?.filter(|agent| agent.is_active()) else {
                    return Ok(PassedOn::NotActive);
                };
                if tx.live_grant_for(agent.id, &access, now).await?.is_some() {
                    return Ok(PassedOn::AlreadyHas);
                }
                let open = tx.open_grant_request(agent.id, &access).await?;
                if open.is_some_and(|request| request.is_open(now)) {
                    return Ok(PassedOn::BeingDecided);
                }
                let hour = now.timestamp().div_euclid(3_600);
                let this_link = format!("link:{evaluation}");
                let this_hour = format!("link:{}:{access}:{hour}", agent.id);
                if tx.was_done(&this_link).await? || tx.was_done(&this_hour).await? {
                    return Ok(PassedOn::Before);
                }
                let mut room = false;
                for place in 0..IN_AN_HOUR {
                    if tx.once(&format!("link:{}:{hour}:{place}", agent.id), now).await? {
                        room = true;
                        break;
                    }
                }
                if !room {
                    return Ok(PassedOn::TooOften);
                }
                tx.once(&this_link, now).await?;
                tx.once(&this_hour, now).await?;
                let notice = Notice::MayBeAsked { agent: agent.id, access };
                let place = Place::Person(agent.owner);
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                Ok(PassedOn::Done)
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}
