//! The one link: whoever meets a refusal, with no program at hand that could ask, puts the ready
//! request before the agent's owner; and a pipeline's gate the ready registration before the person
//! whom the repository names. The link gives no authority: only the owner can ask by it.

use serde::{Deserialize, Serialize};

use crate::domain::access::Access;
use crate::domain::agent::{Agent, Slug};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::draft::Draft;
use crate::domain::event::TextHash;
use crate::domain::ids::AgentId;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::identity::{Disbelief, Kind, Signer, claims_of, read_claims};
use crate::service::opening::send;
use crate::service::outcome::Refusal;
use crate::service::owners::nobody_answers;
use crate::service::{Result, Service};
use crate::store::{StoreError, Tx, work};

/// Where links lead, below the server's address.
pub const LINKS: &str = "/r/";
/// How long a link leads anywhere.
const LASTS: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// How many messages an owner gets of one agent, or of agents to register, in an hour.
const IN_AN_HOUR: u32 = 5;

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked {
    /// An access that an agent lacks.
    Access {
        /// The agent.
        agent: AgentId,
        /// What it lacks.
        access: Access,
        /// What tells this link from others: the evaluation that said no.
        name: String,
    },
    /// An agent that nobody registered.
    Registration {
        /// Who is to answer for it.
        owner: PersonId,
        /// What is said about it.
        draft: Draft,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<Access>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<PersonId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    draft: Option<Draft>,
}

/// What a link shows before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// An access that an agent lacks.
    Access {
        /// The agent's name.
        agent: Slug,
        /// What it lacks.
        access: Access,
        /// Why nothing can be asked for the agent now, if nothing can.
        refusal: Option<Box<Refusal>>,
    },
    /// An agent that nobody registered.
    Registration {
        /// The name that is wished for; untrusted.
        name: String,
    },
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
    /// The agent is registered by now.
    Registered,
    /// Whoever is to answer for the agent is no full, active member.
    NobodyThere,
    /// The owner had as many messages as an hour bears.
    TooOften,
    /// Nothing can be asked for the agent now.
    Refused(Box<Refusal>),
    /// The agent is gone.
    Gone,
}

/// The address of the link for an access that an agent lacks. `name` tells it from others.
pub fn link(
    signer: &dyn Signer,
    agent: AgentId,
    access: &Access,
    name: impl ToString,
    now: Timestamp,
) -> Option<String> {
    let (agent, access) = (Some(agent), Some(access.clone()));
    let jti = name.to_string();
    let claims = |aud, exp| Claims { aud, exp, jti, agent, access, owner: None, draft: None };
    address(signer, claims, now)
}

/// The address of the link that puts a registration before the person who is to answer for it.
pub fn registration_link(
    signer: &dyn Signer,
    owner: &PersonId,
    draft: &Draft,
    now: Timestamp,
) -> Option<String> {
    let draft = draft.short();
    let jti = format!("register:{}", draft.name);
    let (owner, draft) = (Some(owner.clone()), Some(draft));
    let claims = |aud, exp| Claims { aud, exp, jti, agent: None, access: None, owner, draft };
    address(signer, claims, now)
}

fn address(
    signer: &dyn Signer,
    claims: impl FnOnce(String, i64) -> Claims,
    now: Timestamp,
) -> Option<String> {
    let aud = format!("{}{LINKS}", signer.issuer());
    let claims = claims(aud.clone(), (now + LASTS).timestamp());
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
    let claims: Claims = read_claims(claims).ok_or(Disbelief::NotOurs)?;
    match claims {
        Claims { agent: Some(agent), access: Some(access), jti: name, .. } => {
            Ok(Linked::Access { agent, access, name })
        }
        Claims { owner: Some(owner), draft: Some(draft), .. } => {
            Ok(Linked::Registration { owner, draft })
        }
        _ => Err(Disbelief::NotOurs),
    }
}

impl Service {
    /// What the link's page shows; none if the agent is gone.
    pub async fn link_page(&self, linked: &Linked) -> Result<Option<Page>> {
        match linked {
            Linked::Access { agent, access, .. } => {
                let agent = self.agent_by_id(*agent).await?;
                Ok(agent.map(|agent| Page::Access {
                    refusal: refusal(&agent).map(Box::new),
                    agent: agent.slug,
                    access: access.clone(),
                }))
            }
            Linked::Registration { draft, .. } => {
                Ok(Some(Page::Registration { name: draft.name.clone() }))
            }
        }
    }

    /// Puts what is ready before the owner.
    pub async fn pass_on(&self, linked: &Linked) -> Result<PassedOn> {
        match linked.clone() {
            Linked::Access { agent, access, name } => {
                self.pass_access_on(agent, access, name).await
            }
            Linked::Registration { owner, draft } => self.pass_draft_on(owner, draft).await,
        }
    }

    async fn pass_access_on(
        &self,
        agent: AgentId,
        access: Access,
        name: String,
    ) -> Result<PassedOn> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(agent) = tx.agent(agent).await? else { return Ok(PassedOn::Gone) };
                if let Some(refusal) = refusal(&agent) {
                    return Ok(PassedOn::Refused(Box::new(refusal)));
                }
                if tx.live_grant_for(agent.id, &access, now).await?.is_some() {
                    return Ok(PassedOn::AlreadyHas);
                }
                let open = tx.open_grant_request(agent.id, &access).await?;
                if open.is_some_and(|request| request.is_open(now)) {
                    return Ok(PassedOn::BeingDecided);
                }
                let hour = now.timestamp().div_euclid(3_600);
                let said = [format!("link:{name}"), format!("link:{}:{access}:{hour}", agent.id)];
                let whose = agent.id.to_string();
                if let Some(not) = not_again(tx, &said, &whose, hour, now).await? {
                    return Ok(not);
                }
                let notice = Notice::MayBeAsked { agent: agent.id, access };
                let place = Place::Person(agent.owner);
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                Ok(PassedOn::Done)
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    async fn pass_draft_on(&self, owner: PersonId, draft: Draft) -> Result<PassedOn> {
        if !self.standing(&owner).await?.is_member() {
            return Ok(PassedOn::NobodyThere);
        }
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                if tx.agent_by_slug(&draft.name).await?.is_some() {
                    return Ok(PassedOn::Registered);
                }
                let hour = now.timestamp().div_euclid(3_600);
                // Whatever else changes in the repository, the name is the same agent.
                let name = TextHash::of(&draft.name);
                let name = serde_json::to_string(&name).unwrap_or_default();
                let said = [format!("link:{owner}:{name}:{hour}")];
                let whose = format!("register:{owner}");
                if let Some(not) = not_again(tx, &said, &whose, hour, now).await? {
                    return Ok(not);
                }
                let notice = Notice::MayBeRegistered { draft };
                let place = Place::Person(owner);
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                Ok(PassedOn::Done)
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}

/// Why nothing can be asked for the agent now, if nothing can.
fn refusal(agent: &Agent) -> Option<Refusal> {
    if agent.is_active() { nobody_answers(agent) } else { Some(Refusal::NotActive(agent.clone())) }
}

/// Why the owner gets no message: this was said before, or an hour bears no more. If nothing speaks
/// against it, it counts as said.
async fn not_again(
    tx: &mut Tx,
    said: &[String],
    whose: &str,
    hour: i64,
    now: Timestamp,
) -> std::result::Result<Option<PassedOn>, StoreError> {
    for key in said {
        if tx.was_done(key).await? {
            return Ok(Some(PassedOn::Before));
        }
    }
    let mut room = false;
    for place in 0..IN_AN_HOUR {
        if tx.once(&format!("link:{whose}:{hour}:{place}"), now).await? {
            room = true;
            break;
        }
    }
    if !room {
        return Ok(Some(PassedOn::TooOften));
    }
    for key in said {
        tx.once(key, now).await?;
    }
    Ok(None)
}
