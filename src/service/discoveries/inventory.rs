//! How many are known, claimed, unclaimed; and the list.

use super::{DiscoveryOf, with_agent};
use crate::domain::discovery::Discovery;
use crate::domain::ids::DiscoveryId;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::service::registry::Part;
use crate::service::{Result, Service};
use crate::store::DiscoveryCounts;

/// As many as the list in Slack shows.
const SHOWN: u32 = 15;

/// What `/agent discoveries` shows to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// How many there are of each.
    pub counts: DiscoveryCounts,
    /// Whether the person decides on them: then all that are open are listed, else those that are asked
    /// of the person.
    pub decides: bool,
    /// The first of them.
    pub shown: Vec<DiscoveryOf>,
    /// When this was true.
    pub now: Timestamp,
}

/// Which are wanted by a program; what is empty wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiscoveryChoice {
    /// In which state, in a word.
    pub state: String,
    /// From which source.
    pub source: String,
}

impl Service {
    /// The inventory, as this person may see it.
    pub async fn inventory(&self, person: &PersonId) -> Result<Inventory> {
        let decides = self.is_of_security(person).await?;
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let counts = session.count_discoveries().await?;
        let found = if decides {
            session.open_discoveries(SHOWN).await?
        } else {
            session.discoveries_asked_of(person, SHOWN).await?
        };
        let mut shown = Vec::with_capacity(found.len());
        for discovery in found {
            shown.push(with_agent(&mut session, discovery).await?);
        }
        Ok(Inventory { counts, decides, shown, now })
    }

    /// What was found, a page at a time, the oldest first, from the one behind `after` on.
    pub async fn discoveries_chosen(
        &self,
        choice: &DiscoveryChoice,
        after: Option<DiscoveryId>,
        limit: u32,
    ) -> Result<Part<DiscoveryOf>> {
        let now = self.now();
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let mut session = self.parts.store.read().await?;
        let (mut found, total): (Vec<Discovery>, u32) = session
            .discoveries_chosen(&choice.state, &choice.source, &after, limit.saturating_add(1))
            .await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let mut items = Vec::with_capacity(found.len());
        for discovery in found {
            items.push(with_agent(&mut session, discovery).await?);
        }
        Ok(Part { items, total, more, now })
    }
}
