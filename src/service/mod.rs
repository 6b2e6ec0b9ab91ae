//! The use cases: load, let the domain decide, write state, event, deadlines and deliveries in one
//! transaction. Nothing here knows Slack or HTTP.
//!
//! A use case looks people up first (that may take a network call), then opens a transaction, loads
//! again, decides purely, writes, commits. What it answers is a value in [`outcome`]; an error
//! means that nothing was recorded.

pub mod access_requests;
pub mod activity;
mod agents;
mod appeals;
mod ask;
mod bulletins;
pub mod certifications;
pub mod changes;
pub mod credentials;
mod deadlines;
mod delegate;
mod digest;
pub mod directory;
pub mod discoveries;
pub mod emergency;
mod escalate;
pub mod gate;
mod grants;
pub mod identity_provider;
pub mod incidents;
pub mod input;
mod insights;
pub mod logins;
mod lookups;
pub mod messenger;
mod once;
mod opening;
pub mod outcome;
mod overview;
mod own;
pub mod owners;
mod parcels;
mod people;
mod policies;
mod quota;
mod register;
pub mod registry;
pub mod retire;
mod settle;
mod stand_in;
mod sweep;
pub mod tokens;
pub mod trace;
mod uses;
mod voices;
mod vote;
mod weigh;
pub mod why;
mod winding_down;

use std::sync::Arc;

use crate::clock::{Clock, Entropy};
use crate::domain::time::Timestamp;
use crate::policy::{Policy, PolicyHandle};
use crate::store::{Store, StoreError};
use directory::{Directory, DirectoryError};

/// Something that is needed is away. Nothing was recorded, except as
/// [`ServiceError::may_be_recorded`] says.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The database.
    #[error("the store could not be used")]
    Store(#[from] StoreError),
    /// The workspace.
    #[error("people could not be looked up")]
    Directory(#[from] DirectoryError),
}

impl ServiceError {
    /// Whether it is not certain that nothing was recorded: the database did not say in time.
    pub const fn may_be_recorded(&self) -> bool {
        match self {
            Self::Store(error) => error.may_be_recorded(),
            Self::Directory(_) => false,
        }
    }
}

/// What a use case answers.
pub type Result<T> = std::result::Result<T, ServiceError>;

/// The use cases, over a store, a policy and a workspace.
#[derive(Clone)]
pub struct Service {
    parts: Arc<Parts>,
    /// How often people and devices try to log in.
    pace: Arc<logins::Pace>,
}

/// What the service is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// Who approves what, as it is now.
    pub policy: PolicyHandle,
    /// Who is in the workspace.
    pub directory: Arc<dyn Directory>,
    /// The time by which the product lives.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub entropy: Arc<Entropy>,
}

impl Service {
    /// The use cases over these parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts), pace: Arc::default() }
    }

    /// The store, for the workers that carry deliveries and deadlines out.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The time by which the product lives.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.parts.policy.current()
    }

    fn entropy(&self) -> Arc<Entropy> {
        Arc::clone(&self.parts.entropy)
    }
}
