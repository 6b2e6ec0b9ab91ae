//! Whom the policy trusts at run time, and how far.

use std::collections::BTreeMap;

use crate::domain::credential::PublicKey;
use crate::domain::time::Span;

/// A service that asks whether agents may (an enforcement point).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its name: `crm`.
    pub name: String,
    /// How it proves who it is; any one of these.
    pub proofs: Vec<ServiceProof>,
}

impl ServiceAccount {
    /// The hashes of its bearer tokens.
    pub(in crate::policy) fn bearers(&self) -> impl Iterator<Item = &str> {
        self.proofs.iter().filter_map(|proof| match proof {
            ServiceProof::Bearer { sha256 } => Some(sha256.as_str()),
            ServiceProof::Key { .. } | ServiceProof::Workload { .. } => None,
        })
    }
}

/// How a service proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceProof {
    /// A long random bearer token, of which the policy holds the SHA-256 (hex) alone.
    Bearer {
        /// 64 small hexadecimal digits.
        sha256: String,
    },
    /// A signature by the private half of this key (`private_key_jwt`).
    Key {
        /// The public half.
        key: PublicKey,
    },
    /// A token of a trusted issuer with these claims.
    Workload {
        /// The issuer's name in the policy.
        issuer: String,
        /// Each must be there with exactly this value.
        claims: BTreeMap<String, String>,
    },
}

/// Somebody outside whose tokens are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its name in the policy: `github`.
    pub name: String,
    /// The `iss` that its tokens carry, exactly; of a SPIFFE trust domain, `spiffe://` and its name.
    pub issuer: String,
    /// The `aud` that its tokens must carry; this server's own issuer address, if none.
    pub audience: Option<String>,
    /// Where its keys come from.
    pub keys: Keys,
    /// What its tokens prove.
    pub vouches_for: Trusted,
}

impl Issuer {
    /// The trust domain, if its tokens are JWT-SVIDs. They need not carry `iss`: whose they are is said
    /// by `sub` (SPIFFE's JWT-SVID specification, section 3.1).
    pub fn trust_domain(&self) -> Option<&str> {
        self.issuer.strip_prefix(SPIFFE)
    }

    /// Whether it is this issuer whose word a token with these claims would be.
    pub fn answers_for(&self, iss: Option<&str>, sub: Option<&str>) -> bool {
        match self.trust_domain() {
            None => iss == Some(self.issuer.as_str()),
            Some(domain) => sub
                .and_then(|sub| sub.strip_prefix(SPIFFE)?.strip_prefix(domain)?.strip_prefix('/'))
                .is_some_and(|path| !path.is_empty()),
        }
    }
}

/// What the ids of a trust domain begin with.
pub const SPIFFE: &str = "spiffe://";

/// Where an issuer's keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// By OpenID discovery below the issuer's address.
    Discovered,
    /// From this address of a JWK set.
    Url(String),
    /// From the policy itself: a JWK set as JSON.
    Given(String),
}

/// What an issuer's tokens prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trusted {
    /// Which workload runs.
    Workloads,
    /// Which person it is: the claim that holds the Slack user's id, and the one that holds the
    /// workspace's, if another claim does (else the agent's own workspace is meant).
    People {
        /// Such as `https://slack.com/user_id`.
        user_claim: String,
        /// Such as `https://slack.com/team_id`.
        workspace_claim: Option<String>,
        /// The claim that lists the person's groups, if they are to count: `groups`.
        groups_claim: Option<String>,
    },
}

/// How the identity provider tells who is in its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// The SHA-256 of the bearer tokens by which it may push people and groups (SCIM 2.0), in hex;
    /// none: it pushes nothing, and what it pushed before does not count.
    pub scim_bearers: Vec<String>,
    /// So long counts what a person's token said of their groups, from the moment it was made.
    pub stale_after: Span,
}

impl Default for IdentityProvider {
    fn default() -> Self {
        Self { scim_bearers: Vec::new(), stale_after: Span::hours(24) }
    }
}

/// What tokens are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// How long one lives at most; never longer than the shortest grant it carries.
    pub lasting: Span,
    /// How many actors a chain may have.
    pub longest_chain: u32,
    /// The resource servers that tokens may be for; any absolute URI, if empty.
    pub audiences: Vec<String>,
    /// How long a credential lives at most.
    pub longest_credential: Span,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            lasting: Span::minutes(5),
            longest_chain: 4,
            audiences: Vec::new(),
            longest_credential: Span::days(90),
        }
    }
}

/// How often one agent may do what, and how often a person may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas {
    /// Questions a minute.
    pub evaluations: u32,
    /// Tokens a minute.
    pub tokens: u32,
    /// Requests that are open at the same time.
    pub open_requests: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { evaluations: 6_000, tokens: 60, open_requests: 10 }
    }
}

/// Where outcomes of access requests may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Callbacks {
    /// Hosts, exactly (`hooks.example.com`) or all below one (`*.example.com`); none: no callbacks.
    pub hosts: Vec<String>,
    /// Whether loopback, private and link-local addresses may be called.
    pub private_addresses: bool,
}
