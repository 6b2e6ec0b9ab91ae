//! Small facts: whose App Home is kept true, and which policy is in force.

use std::collections::BTreeSet;

use super::error::StoreError;
use super::session::{Session, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

statements! {
    REMEMBER_HOME on "homes" = "INSERT INTO homes (person) VALUES ($1) ON CONFLICT DO NOTHING";
    HAS_HOME on "homes" = "SELECT person FROM homes WHERE person = $1";
    SET_POLICY on "policy_in_force" = "INSERT INTO policy_in_force (only_row, digest, at) \
        VALUES (1, $1, $2) ON CONFLICT (only_row) DO UPDATE SET digest = excluded.digest, at = excluded.at";
    POLICY on "policy_in_force" = "SELECT digest FROM policy_in_force";
}

/// Those among some people, whose places follow.
const HOMES: &str = "SELECT person FROM homes WHERE person IN";

impl Tx {
    /// This person opened App Home; it is kept true from now on.
    pub async fn remember_home(&mut self, person: &PersonId) -> Result<(), StoreError> {
        execute!(self, REMEMBER_HOME, person.to_string()).map(drop)
    }

    /// The policy with this digest is in force from now on.
    pub async fn set_policy(&mut self, digest: &str, at: Timestamp) -> Result<(), StoreError> {
        execute!(self, SET_POLICY, digest, at).map(drop)
    }
}

impl Session {
    /// Whether this person ever opened App Home.
    pub async fn has_home(&mut self, person: &PersonId) -> Result<bool, StoreError> {
        Ok(one!(self, HAS_HOME, (String,), person.to_string())?.is_some())
    }

    /// Those among these people who ever opened App Home.
    pub(super) async fn homes_among(
        &mut self,
        people: &BTreeSet<PersonId>,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let names: Vec<String> = people.iter().map(ToString::to_string).collect();
        let rows: Vec<(String,)> =
            self.all_of("homes", HOMES, |n| format!("${n}"), "", &names).await?;
        let with: BTreeSet<String> = rows.into_iter().map(|(name,)| name).collect();
        Ok(people.iter().filter(|person| with.contains(&person.to_string())).cloned().collect())
    }

    /// The digest of the policy in force, if one was ever loaded.
    pub async fn current_policy(&mut self) -> Result<Option<String>, StoreError> {
        Ok(one!(self, POLICY, (String,))?.map(|(digest,)| digest))
    }
}
