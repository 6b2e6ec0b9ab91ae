//! Who answers in whose place.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, entities, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::delegation::Delegation;
use crate::domain::ids::DelegationId;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

statements! {
    INSERT on "delegations" = "INSERT INTO delegations \
        (id, from_person, to_person, until, state, doc) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT DO NOTHING";
    UPDATE on "delegations" = "UPDATE delegations SET until = $2, state = $3, doc = $4 \
        WHERE id = $1 AND state = 'active'";
    BY_ID on "delegations" = "SELECT id, doc FROM delegations WHERE id = $1";
    TO on "delegations" = "SELECT id, doc FROM delegations \
        WHERE to_person = $1 AND state = 'active' AND until > $2 ORDER BY id";
    FROM on "delegations" = "SELECT id, doc FROM delegations \
        WHERE from_person = $1 AND state = 'active' AND until > $2 ORDER BY id";
    IN_FORCE on "delegations" = "SELECT id, doc FROM delegations \
        WHERE state = 'active' AND until > $1 ORDER BY id";
}

impl Tx {
    /// Keeps a new delegation.
    pub async fn insert_delegation(&mut self, delegation: &Delegation) -> Result<(), StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            delegation.id.to_string(),
            delegation.from.to_string(),
            delegation.to.to_string(),
            delegation.until,
            delegation.state.word(),
            Json(delegation),
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is a delegation {}", delegation.id)))
        }
    }

    /// Keeps the delegation as it is now. [`StoreError::Conflict`] if it was over before.
    pub async fn update_delegation(&mut self, delegation: &Delegation) -> Result<(), StoreError> {
        let (id, word) = (delegation.id.to_string(), delegation.state.word());
        if execute!(self, UPDATE, id, delegation.until, word, Json(delegation))? == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("delegation {} is over", delegation.id)))
        }
    }
}

impl Session {
    /// The delegation.
    pub async fn delegation(&mut self, id: DelegationId) -> Result<Option<Delegation>, StoreError> {
        entity!(self, BY_ID, Delegation, id.to_string())
    }

    /// The delegations in force by which this person answers for others, the oldest first.
    pub async fn delegations_to(
        &mut self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        entities!(self, TO, Delegation, person.to_string(), now)
    }

    /// The delegations in force that this person gave, the oldest first.
    pub async fn delegations_from(
        &mut self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        entities!(self, FROM, Delegation, person.to_string(), now)
    }

    /// All delegations in force, the oldest first.
    pub async fn delegations_in_force(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        entities!(self, IN_FORCE, Delegation, now)
    }
}
