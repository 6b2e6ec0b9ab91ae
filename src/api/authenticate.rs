//! Who asks: a service that the policy names, or an agent.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};

use crate::domain::event::Actor;
use crate::domain::ids::AgentId;
use crate::policy::runtime::ServiceProof;
use crate::policy::{Policy, PolicyHandle};

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A service that the policy names; it may ask about anybody.
    Service {
        /// Its name in the policy.
        name: String,
    },
    /// An agent; it may ask about itself.
    Agent {
        /// Which.
        id: AgentId,
    },
}

impl Caller {
    /// As the record names them.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Service { name } => Actor::Service(name.clone()),
            Self::Agent { id } => Actor::Agent(*id),
        }
    }
}

/// Why it is not known who asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorised {
    /// There is no proof.
    #[error("say who asks: send `Authorization: Bearer …`")]
    Missing,
    /// The proof is not accepted.
    #[error("the token is not accepted: {0}")]
    Refused(String),
    /// It cannot be judged at the moment.
    #[error("who asks cannot be judged at the moment; ask again")]
    Unavailable,
}

/// Finds out who asks.
#[async_trait]
pub trait Authenticate: Send + Sync + 'static {
    /// Who sends this request.
    ///
    /// # Errors
    ///
    /// It is not known; see [`Unauthorised`].
    async fn caller(&self, request: &Parts) -> Result<Caller, Unauthorised>;
}

/// Services by their bearer tokens, of which the policy holds the hashes.
#[derive(Debug, Clone)]
pub struct ServiceTokens {
    policy: PolicyHandle,
}

impl ServiceTokens {
    /// The services of this policy, as it is at each request.
    pub const fn new(policy: PolicyHandle) -> Self {
        Self { policy }
    }
}

#[async_trait]
impl Authenticate for ServiceTokens {
    async fn caller(&self, request: &Parts) -> Result<Caller, Unauthorised> {
        let token = bearer(request)?;
        service_with(&self.policy.current(), token)
            .map(|name| Caller::Service { name })
            .ok_or_else(|| Unauthorised::Refused("no service of the policy has it".to_owned()))
    }
}

/// The bearer token of a request.
///
/// # Errors
///
/// There is none.
pub fn bearer(request: &Parts) -> Result<&str, Unauthorised> {
    let value = request.headers.get(AUTHORIZATION).ok_or(Unauthorised::Missing)?;
    let value = value.to_str().map_err(|_| Unauthorised::Missing)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Some(token.trim()).filter(|token| !token.is_empty()).ok_or(Unauthorised::Missing)
        }
        _ => Err(Unauthorised::Missing),
    }
}

/// The service with this token. How long it takes says nothing of how near the token is: hashes are
/// compared, all of them and to their ends.
pub fn service_with(policy: &Arc<Policy>, token: &str) -> Option<String> {
    let presented = hex::encode(Sha256::digest(token.as_bytes()));
    let mut found = None;
    for service in policy.services().values() {
        for proof in &service.proofs {
            if let ServiceProof::Bearer { sha256 } = proof
                && same(sha256.as_bytes(), presented.as_bytes())
            {
                found = Some(service.name.clone());
            }
        }
    }
    found
}

fn same(one: &[u8], other: &[u8]) -> bool {
    let differ = one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_its_scheme() {
        let of = |value: &str| {
            let request = axum::http::Request::builder().header("authorization", value);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            bearer(&parts).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc").as_deref(), Ok("abc"));
        assert_eq!(of("bearer  abc").as_deref(), Ok("abc"));
        for none in ["Bearer", "Bearer ", "Basic abc", "abc"] {
            assert_eq!(of(none), Err(Unauthorised::Missing), "{none}");
        }
    }

    #[test]
    fn hashes_are_the_same_or_not() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
