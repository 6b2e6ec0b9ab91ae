//! What was found and may be an agent that nobody registered: taken, matched, told, decided.
//!
//! | file | idea |
//! |---|---|
//! | [`record`] | findings become discoveries, by whatever road they come |
//! | `workspace` | the workspace looked through, daily and as it changes |
//! | `tell` | security is told what is new, all of it at once |
//! | `decide` | somebody says whose it is, or that it is no agent |
//! | `follow` | what registrations mean for what was found |
//! | `inventory` | how many are known, claimed, unclaimed |

mod decide;
mod follow;
mod inventory;
pub mod record;
mod tell;
mod workspace;

pub(super) use follow::{registered, registering, unregistered};
pub use inventory::{DiscoveryChoice, Inventory};
pub(super) use tell::{remind, tell};

use super::opening::due_at;
use super::outcome::Refusal;
use crate::clock::Entropy;
use crate::domain::agent::Agent;
use crate::domain::deadline::Due;
use crate::domain::discovery::Discovery;
use crate::domain::event::{Actor, What};
use crate::domain::ids::DiscoveryId;
use crate::domain::person::{PersonId, Standing};
use crate::domain::time::Timestamp;
use crate::store::{Session, StoreError, Tx};

type Done<T> = std::result::Result<T, StoreError>;

/// What was found, with the agent it belongs to or waits to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryOf {
    /// What was found.
    pub discovery: Discovery,
    /// The agent.
    pub agent: Option<Agent>,
}

/// What came of saying something about what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It counts; how it stands now.
    Done(Box<DiscoveryOf>),
    /// It came too late: how it stood already.
    Late(Box<DiscoveryOf>),
    /// It cannot be said so.
    Refused(NotDecided),
    /// The same was said before.
    Before,
}

/// Why something cannot be said about what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDecided {
    /// Only security decides.
    NotSecurity,
    /// Only who is asked may.
    NotAsked {
        /// Who is.
        of: PersonId,
    },
    /// A reason is missing.
    NoReason,
    /// Nobody was named.
    Nobody,
    /// Whoever was named cannot register an agent.
    CannotRegister {
        /// Who.
        of: PersonId,
        /// What they are.
        standing: Standing,
    },
    /// There is no such agent, or it is none any more.
    Agent(Refusal),
    /// There is no such discovery.
    Unknown,
}

/// What was found, with its agent.
pub(super) async fn with_agent(session: &mut Session, discovery: Discovery) -> Done<DiscoveryOf> {
    let agent = match discovery.state.agent() {
        Some(agent) => session.agent(agent).await?,
        None => None,
    };
    Ok(DiscoveryOf { discovery, agent })
}

/// What was found under this id, with its agent.
pub(super) async fn found(session: &mut Session, id: DiscoveryId) -> Done<Option<DiscoveryOf>> {
    let Some(it) = session.discovery(id).await? else { return Ok(None) };
    Ok(Some(with_agent(session, it).await?))
}

/// Keeps how it stands now, on the record, and every message about it shows it.
async fn change(
    tx: &mut Tx,
    entropy: &Entropy,
    before: &Discovery,
    after: &Discovery,
    actor: Actor,
    what: What,
    now: Timestamp,
) -> Done<()> {
    tx.update_discovery(after).await?;
    tx.append(now, actor, what).await?;
    tx.drop_deadlines(&after.id.to_string()).await?;
    super::bulletins::redraw(tx, entropy, &after.id, now);
    // Those that were told together have a message together, too.
    for batch in [&before.told, &after.told].into_iter().flatten() {
        if *batch != after.id.to_string() {
            super::bulletins::redraw(tx, entropy, batch, now);
        }
    }
    if after.told.is_none() && after.is_open() {
        to_be_told(tx, entropy, now).await?;
    }
    Ok(())
}

/// What security does not know yet is told it at once, with what else there is by then.
async fn to_be_told(tx: &mut Tx, entropy: &Entropy, now: Timestamp) -> Done<()> {
    tx.drop_deadlines(Due::DISCOVERIES).await?;
    tx.put_deadline(&due_at(entropy, now, now, Due::Discoveries)).await
}
