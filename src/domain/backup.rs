//! When the time to decide is over: the people whom the policy names as backup are asked, once. Only
//! what people decide is ever approved; time alone never grants.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::request::{Asked, Request, RequestState};
use super::role::RoleName;
use super::time::{Span, Timestamp};

/// Who is asked when the others did not answer in time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "backup", rename_all = "snake_case")]
pub enum Backup {
    /// Nobody: it expires.
    #[default]
    Nobody,
    /// These, when the time is over.
    Planned {
        /// Whoever holds this role.
        role: RoleName,
        /// The time that they get.
        within: Span,
    },
    /// These were asked. Each of them can answer for any one requirement.
    Called {
        /// Whoever holds this role.
        role: RoleName,
        /// Since when.
        at: Timestamp,
        /// The roles whose yes was missing then.
        missing: Vec<RoleName>,
    },
}

impl Backup {
    /// Whether there is none: the field is then left out of what is stored.
    pub const fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// The role that can answer for any requirement by now.
    pub const fn called(&self) -> Option<&RoleName> {
        match self {
            Self::Called { role, .. } => Some(role),
            Self::Nobody | Self::Planned { .. } => None,
        }
    }
}

impl Request {
    /// Whether its time is over and it goes to the backup instead of expiring. Until that is
    /// recorded nobody's word counts.
    pub fn goes_to_backup(&self, now: Timestamp) -> bool {
        matches!(self.state, RequestState::Open)
            && now >= self.decide_by
            && matches!(self.backup, Backup::Planned { .. })
            // An owner who does not accept has no backup.
            && !self.awaited().is_empty()
    }

    /// The backup is asked, and gets its time. `None` if it is not time for that.
    pub fn escalate(self, asked: Vec<Asked>, now: Timestamp) -> Option<Self> {
        if !self.goes_to_backup(now) {
            return None;
        }
        let missing = self.awaited();
        let Backup::Planned { role, within } = self.backup.clone() else { return None };
        let decide_by = now + within.delta();
        let backup = Backup::Called { role, at: now, missing };
        let request = Self { backup, decide_by, ..self };
        Some(asked.into_iter().fold(request, Self::also_asking))
    }

    /// Nobody could be asked as backup: its time is over for good. `None` if it is not time for that.
    pub fn expire_without_backup(self, now: Timestamp) -> Option<Self> {
        Self { backup: Backup::Nobody, ..self }.expire(now)
    }

    /// Since when those who are awaited were asked.
    pub const fn awaited_since(&self) -> Timestamp {
        match &self.backup {
            Backup::Called { at, .. } => *at,
            Backup::Nobody | Backup::Planned { .. } => self.asked_at,
        }
    }

    /// The roles whose holders can answer now.
    pub fn answerable(&self) -> Vec<RoleName> {
        let mut all: Vec<RoleName> = Vec::new();
        for role in self.needs.iter().chain(self.backup.called()) {
            if !all.contains(role) {
                all.push(role.clone());
            }
        }
        all
    }

    /// The requirements that somebody with these roles can answer for: any, as the backup.
    pub fn covers(&self, held: &BTreeSet<RoleName>) -> BTreeSet<RoleName> {
        let any = self.backup.called().is_some_and(|role| held.contains(role));
        self.needs.iter().filter(|need| any || held.contains(need)).cloned().collect()
    }
}
