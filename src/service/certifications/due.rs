//! What happens when the moments of a review come.

use super::{ask, call_off, open, tell};
use crate::clock::Entropy;
use crate::domain::agent::{Agent, Cause};
use crate::domain::certification::Certification;
use crate::domain::deadline::Due;
use crate::domain::delivery::Place;
use crate::domain::event::{Actor, TextHash, What};
use crate::domain::ids::CertificationId;
use crate::domain::person::{By, PersonId};
use crate::domain::role::RoleName;
use crate::domain::time::Timestamp;
use crate::policy::Policy;
use crate::service::opening::refresh_homes;
use crate::service::people::deciders;
use crate::service::settle::conflict;
use crate::service::winding_down::cancel_all;
use crate::service::{Service, bulletins};
use crate::store::{StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// Why an agent is suspended whose owner did not answer.
const UNANSWERED: &str = "its owner did not say in time that it is still needed";

/// Who is there to be told, as it was found before the transaction.
#[derive(Debug, Clone)]
pub(in crate::service) struct Watch {
    /// Whether the owner can be asked at all.
    owner_here: bool,
    /// The leads of the team, without the owner.
    leads: Vec<PersonId>,
}

impl Service {
    /// Who watches over the agent. When the workspace does not say, the owner counts as there, and
    /// security's channel watches alone: a review must not wait for it.
    pub(super) async fn watch(&self, agent: &Agent) -> Watch {
        let owner_here = match self.standing(&agent.owner).await {
            Ok(standing) => standing.is_member(),
            Err(_) => true,
        };
        let lead = [RoleName::new(RoleName::TEAM_LEAD)];
        let workspace = &agent.owner.workspace;
        let roster = self.roster(&self.policy(), &lead, &agent.team, workspace).await;
        let leads = roster.map(|roster| deciders(&roster, &[&agent.owner]).into_keys().collect());
        Watch { owner_here, leads: leads.unwrap_or_default() }
    }
}

impl Watch {
    /// The leads of the team, and security's channel.
    fn places(&self, policy: &Policy) -> Vec<Place> {
        let leads = self.leads.iter().cloned().map(Place::Person);
        leads.chain([Place::Channel(policy.security_channel().to_owned())]).collect()
    }
}

/// The moment has come. Returns the agent, if it changed.
pub(in crate::service) async fn act(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    due: Due,
    watch: &Watch,
    now: Timestamp,
) -> Done<Option<Agent>> {
    match due {
        Due::CertificationOpening { agent } => {
            let Some(agent) = tx.agent(agent).await? else { return Ok(None) };
            let Some(review) = open(tx, entropy, policy, &agent, now).await? else {
                return Ok(None);
            };
            // Nobody can answer for an owner who is gone: others must know early.
            if watch.owner_here {
                ask(tx, entropy, &review, &agent, now).await?;
            } else {
                tell(tx, entropy, &review, watch.places(policy), now).await?;
            }
        }
        Due::CertificationReminder { certification, .. } => {
            let found = asked(tx, entropy, certification, now).await?;
            if let Some((review, agent)) = found.filter(|_| watch.owner_here) {
                ask(tx, entropy, &review, &agent, now).await?;
            }
        }
        Due::CertificationDue { certification } => {
            let found = asked(tx, entropy, certification, now).await?;
            let Some((review, agent)) = found else { return Ok(None) };
            bulletins::redraw(tx, entropy, &review.id, now);
            if watch.owner_here {
                ask(tx, entropy, &review, &agent, now).await?;
            }
            tell(tx, entropy, &review, watch.places(policy), now).await?;
            refresh_homes(tx, entropy, now, [&agent.owner]);
        }
        Due::CertificationEnd { certification } => {
            let found = asked(tx, entropy, certification, now).await?;
            let Some((review, agent)) = found else { return Ok(None) };
            return missed(tx, entropy, policy, review, agent, watch, now).await;
        }
        _ => {}
    }
    Ok(None)
}

/// The review, if its owner is still asked. One whose agent was stopped meanwhile asks nothing.
async fn asked(
    tx: &mut Tx,
    entropy: &Entropy,
    id: CertificationId,
    now: Timestamp,
) -> Done<Option<(Certification, Agent)>> {
    let found = tx.certification_with_agent(id).await?;
    let Some((review, agent)) = found.filter(|(review, _)| review.can_be_answered()) else {
        return Ok(None);
    };
    if agent.is_active() {
        return Ok(Some((review, agent)));
    }
    call_off(tx, entropy, agent.id, now).await?;
    Ok(None)
}

/// Nobody answered: the agent is suspended. What it holds stays as it is, and opens nothing meanwhile.
async fn missed(
    tx: &mut Tx,
    entropy: &Entropy,
    policy: &Policy,
    review: Certification,
    agent: Agent,
    watch: &Watch,
    now: Timestamp,
) -> Done<Option<Agent>> {
    let Some(review) = review.miss(now) else { return Ok(None) };
    tx.update_certification(&review).await?;
    tx.drop_deadlines(&review.id.to_string()).await?;
    let agent = agent
        .suspend(By::System, UNANSWERED.to_owned(), Cause::Uncertified, now)
        .map_err(conflict)?;
    tx.update_agent(&agent).await?;
    let what = What::CertificationMissed { certification: review.id, agent: agent.id };
    tx.append(now, Actor::System, what).await?;
    let what = What::AgentSuspended { agent: agent.id, reason: TextHash::of(UNANSWERED) };
    tx.append(now, Actor::System, what).await?;
    let why = format!("{} was suspended: {UNANSWERED}", agent.slug);
    cancel_all(tx, entropy, &agent, &By::System, &why, now).await?;
    bulletins::redraw(tx, entropy, &review.id, now);
    if watch.owner_here {
        ask(tx, entropy, &review, &agent, now).await?;
    }
    let team = policy.team(&agent.team).map(|team| Place::Channel(team.channel.clone()));
    let security = Place::Channel(policy.security_channel().to_owned());
    tell(tx, entropy, &review, team.into_iter().chain([security]), now).await?;
    refresh_homes(tx, entropy, now, [&agent.owner]);
    Ok(Some(agent))
}
