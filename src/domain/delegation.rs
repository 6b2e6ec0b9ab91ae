//! Somebody answers in the place of another for a time. A delegation lends the roles that its giver
//! holds at the click, never those that others lend to them: there are no chains.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ids::DelegationId;
use super::person::PersonId;
use super::role::RoleName;
use super::time::Timestamp;

/// Which roles are lent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lent", content = "roles", rename_all = "snake_case")]
pub enum Lent {
    /// All that the giver holds.
    All,
    /// These; never empty.
    These(BTreeSet<RoleName>),
}

impl Lent {
    /// Whether this role is among them.
    pub fn has(&self, role: &RoleName) -> bool {
        match self {
            Self::All => true,
            Self::These(roles) => roles.contains(role),
        }
    }
}

/// Where a delegation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DelegationState {
    /// In force, until its time comes.
    Active,
    /// Taken back, or handed back, before its time.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// By whom: the one or the other.
        by: PersonId,
    },
    /// Its time came.
    Ended {
        /// When.
        at: Timestamp,
    },
}

impl DelegationState {
    /// One word for the state: `active`, `withdrawn`, `ended`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Ended { .. } => "ended",
        }
    }
}

/// Somebody answers in the place of another for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Its identity.
    pub id: DelegationId,
    /// In whose place.
    pub from: PersonId,
    /// Who answers.
    pub to: PersonId,
    /// For which of the roles.
    pub roles: Lent,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Where it stands.
    pub state: DelegationState,
}

/// Why a delegation cannot be withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CannotWithdraw {
    /// It is over.
    Over(DelegationState),
    /// It is of others.
    NotYours,
}

impl Delegation {
    /// Whether it lends anything at this moment, recorded or not.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.state == DelegationState::Active && self.since <= now && now < self.until
    }

    /// The state as it is in truth at this moment.
    pub fn state_at(&self, now: Timestamp) -> DelegationState {
        match &self.state {
            DelegationState::Active if now >= self.until => {
                DelegationState::Ended { at: self.until }
            }
            state => state.clone(),
        }
    }

    /// The one or the other of the two ends it before its time.
    pub fn withdraw(self, by: &PersonId, now: Timestamp) -> Result<Self, CannotWithdraw> {
        if *by != self.from && *by != self.to {
            return Err(CannotWithdraw::NotYours);
        }
        if !self.is_in_force(now) {
            return Err(CannotWithdraw::Over(self.state_at(now)));
        }
        Ok(Self { state: DelegationState::Withdrawn { at: now, by: by.clone() }, ..self })
    }

    /// Its time came. `None` if it is over already, or it is not yet time.
    pub fn end(self, now: Timestamp) -> Option<Self> {
        (self.state == DelegationState::Active && now >= self.until)
            .then_some(Self { state: DelegationState::Ended { at: now }, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulid::Ulid;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn person(name: &str) -> PersonId {
        PersonId::new("T0ACME", name)
    }

    fn delegation() -> Delegation {
        Delegation {
            id: DelegationId::new(Ulid::from_parts(1, 1)),
            from: person("THEO"),
            to: person("VERA"),
            roles: Lent::All,
            since: at(0),
            until: at(100),
            state: DelegationState::Active,
        }
    }

    #[test]
    fn it_holds_from_its_beginning_to_its_end() {
        let given = delegation();
        assert!(given.is_in_force(at(0)) && given.is_in_force(at(99)));
        assert!(!given.is_in_force(at(-1)) && !given.is_in_force(at(100)));
        assert!(given.clone().end(at(99)).is_none());
        let ended = given.end(at(100)).unwrap();
        assert!(!ended.is_in_force(at(50)));
        assert!(ended.end(at(101)).is_none(), "it ends once");
    }

    #[test]
    fn both_may_withdraw_it_once_and_nobody_else() {
        for by in ["THEO", "VERA"] {
            let over = delegation().withdraw(&person(by), at(5)).unwrap();
            assert!(!over.is_in_force(at(6)));
            let again = over.withdraw(&person("THEO"), at(6));
            assert!(matches!(again, Err(CannotWithdraw::Over(DelegationState::Withdrawn { .. }))));
        }
        assert_eq!(delegation().withdraw(&person("SAM"), at(5)), Err(CannotWithdraw::NotYours));
        let late = delegation().withdraw(&person("THEO"), at(100));
        assert!(matches!(late, Err(CannotWithdraw::Over(DelegationState::Ended { .. }))));
    }
}
