//! Identifiers that say what they name: `req_01J…` in a log line is a request, at a glance.
//!
//! Each is a ULID (26 characters, ordered by time) behind its own type, so that a grant's id can
//! never be passed where a request's is meant. The text form carries a prefix, everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

/// A text that is not an identifier of the kind that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind} id (expected `{prefix}_` and 26 characters)")]
pub struct BadId {
    text: String,
    kind: &'static str,
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// The identifier made of a fresh ULID.
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// The ULID behind the prefix.
            pub const fn ulid(self) -> Ulid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Ulid::from_str(rest).ok())
                    .map(Self)
                    .ok_or_else(|| BadId { text: text.to_owned(), kind: $kind, prefix: $prefix })
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }
    )*};
}

ids! {
    /// Names an agent, for ever; the slug may be taken again once a registration was rejected.
    AgentId = "agt", "an agent";
    /// Names a request.
    RequestId = "req", "a request";
    /// Names a grant.
    GrantId = "gnt", "a grant";
    /// Names one copy of a card, in one channel or direct message.
    CardId = "crd", "a card";
    /// Names a notice that is kept true.
    BulletinId = "bul", "a bulletin";
    /// Names a message on its way.
    DeliveryId = "dlv", "a delivery";
    /// Names something that was found: a bot, a service account, a key.
    DiscoveryId = "dsc", "a discovery";
    /// Names something to do at a time.
    DeadlineId = "due", "a deadline";
    /// Names a credential of an agent.
    CredentialId = "key", "a credential";
    /// Names a token that was issued; its `jti`.
    TokenId = "tok", "a token";
    /// Names one question at run time; AuthZEN's `evaluation_id`.
    EvaluationId = "eval", "an evaluation";
    /// Names a group of evaluations that were recorded together.
    BatchId = "bat", "a batch of evaluations";
    /// Names a report of what an agent did.
    ActivityId = "act", "an activity";
    /// Names an access request made by a program; what it polls.
    TaskId = "tsk", "a task";
    /// Names a user of the identity provider, as it pushed them.
    IdpUserId = "usr", "an identity provider's user";
    /// Names a group of the identity provider.
    IdpGroupId = "grp", "an identity provider's group";
    /// Names an incident.
    IncidentId = "inc", "an incident";
    /// Names one review of an agent by its owner.
    CertificationId = "crt", "a certification";
    /// Names a login of a person on a device.
    LoginId = "lgn", "a login";
    /// Names a delegation: somebody answers in the place of another for a time.
    DelegationId = "dlg", "a delegation";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_carries_the_kind_and_comes_back() {
        let id = RequestId::new(Ulid::from_parts(1_700_000_000_000, 7));
        assert!(id.to_string().starts_with("req_"));
        assert_eq!(id.to_string().parse::<RequestId>(), Ok(id));
        assert!(id.to_string().parse::<GrantId>().is_err());
    }
}
