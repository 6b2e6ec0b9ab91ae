//! Small facts: whose App Home is kept true, and which policy is in force.

use super::error::StoreError;
use super::session::{Session, all, execute, one};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

statements! {
    REMEMBER_HOME on "homes" = "INSERT INTO homes (person) VALUES ($1) ON CONFLICT DO NOTHING";
    HAS_HOME on "homes" = "SELECT person FROM homes WHERE person = $1";
    HOMES on "homes" = "SELECT person FROM homes \
        WHERE person IN ($1, $2, $3, $4, $5, $6, $7, $8)";
    SET_POLICY on "policy_in_force" = "INSERT INTO policy_in_force (only_row, digest, at) \
        VALUES (1, $1, $2) ON CONFLICT (only_row) DO UPDATE SET digest = excluded.digest, at = excluded.at";
    POLICY on "policy_in_force" = "SELECT digest FROM policy_in_force";
}

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
    pub async fn homes_among<'p>(
        &mut self,
        people: &[&'p PersonId],
    ) -> Result<Vec<&'p PersonId>, StoreError> {
        let mut with = Vec::new();
        for some in people.chunks(8) {
            let names: Vec<String> = some.iter().map(ToString::to_string).collect();
            // Places that are left over ask for the first again.
            let name = |at: usize| names.get(at).or(names.first()).map_or("", String::as_str);
            let rows = all!(
                self,
                HOMES,
                (String,),
                name(0),
                name(1),
                name(2),
                name(3),
                name(4),
                name(5),
                name(6),
                name(7),
            )?;
            let has = |name: &String| rows.iter().any(|(found,)| found == name);
            with.extend(some.iter().zip(&names).filter(|(_, name)| has(name)).map(|(one, _)| *one));
        }
        Ok(with)
    }

    /// The digest of the policy in force, if one was ever loaded.
    pub async fn current_policy(&mut self) -> Result<Option<String>, StoreError> {
        Ok(one!(self, POLICY, (String,))?.map(|(digest,)| digest))
    }
}
