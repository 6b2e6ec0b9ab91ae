//! Roles by the groups of an identity provider: what it pushes (SCIM 2.0), what its people's tokens
//! say, and who of the workspace that is.
//!
//! | file | idea |
//! |---|---|
//! | [`users`], [`groups`] | what is pushed is kept, and every change is on the record |
//! | `matching` | who of the workspace a user is, by their e-mail address |
//! | [`claims`] | what tokens say of groups, for a while |
//! | `holders` | who holds a role by all that |
//! | [`roles`] | how it stands, for people |
//!
//! Two kinds of word, and how long each counts:
//!
//! - What is **pushed** counts until something else is pushed. The identity provider tells of every
//!   change by itself, and of nothing while nothing changes: silence is no sign that it is stale, and
//!   to let it lapse would take all approvers away after a quiet weekend. How old it is is shown.
//! - What a **token** says counts from the moment the token was made for as long as the policy says
//!   (`stale_after`), and not after that: nobody tells when it stops being true.

pub mod claims;
pub mod groups;
mod holders;
mod matching;
pub mod roles;
pub mod users;

use sha2::{Digest, Sha256};

use super::Service;
use super::tokens::caller::is_same;
use crate::domain::ids::IdpUserId;

/// What came of something that was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed<T> {
    /// It is so now.
    Done(T),
    /// Another has this name.
    NameTaken,
    /// There is nothing by this id.
    Unknown,
    /// These would be members, and nobody was pushed by these ids.
    NoSuchUsers(Vec<IdpUserId>),
}

impl Service {
    /// Whether this is the token by which the identity provider pushes. All are compared, each in the
    /// same time.
    pub fn is_identity_provider(&self, token: &str) -> bool {
        let digest = hex::encode(Sha256::digest(token.as_bytes()));
        let policy = self.policy();
        let bearers = &policy.identity_provider().scim_bearers;
        bearers
            .iter()
            .fold(false, |found, known| is_same(known.as_bytes(), digest.as_bytes()) | found)
    }
}
