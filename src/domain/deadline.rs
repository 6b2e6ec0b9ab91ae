//! Something to do at a time. Kept in the store, so that it is done whatever dies meanwhile.

use serde::{Deserialize, Serialize};

use super::ids::{CredentialId, DeadlineId, DiscoveryId, GrantId, RequestId};
use super::time::{Span, Timestamp};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "due", rename_all = "snake_case")]
pub enum Due {
    /// Remind those whose yes is awaited.
    RequestReminder {
        /// Of this request.
        request: RequestId,
    },
    /// A request that nobody answered expires.
    RequestExpiry {
        /// This one.
        request: RequestId,
    },
    /// Say that a grant is about to end.
    GrantReminder {
        /// This one.
        grant: GrantId,
        /// So long before its end.
        before: Span,
    },
    /// A grant's time has come.
    GrantExpiry {
        /// This one.
        grant: GrantId,
    },
    /// Say that a credential is about to end, so that another can follow it.
    CredentialReminder {
        /// This one.
        credential: CredentialId,
        /// So long before its end.
        before: Span,
    },
    /// A credential's time has come.
    CredentialExpiry {
        /// This one.
        credential: CredentialId,
    },
    /// Something that was found is still nobody's: say so again.
    DiscoveryReminder {
        /// This one.
        discovery: DiscoveryId,
    },
    /// Tell security what was found, all of it at once.
    Discoveries,
    /// Once a day: look whether everything is still as it is recorded, outside as well.
    Sweep,
}

impl Due {
    /// The subject of the daily sweep, of which there is one.
    pub const SWEEP: &'static str = "sweep";

    /// The subject of what security is still to be told was found.
    pub const DISCOVERIES: &'static str = "discoveries";

    /// What it is about, for finding all deadlines of one thing: a request's, a
    /// grant's, a credential's or a discovery's id.
    pub fn subject(&self) -> String {
        match self {
            Self::RequestReminder { request } | Self::RequestExpiry { request } => {
                request.to_string()
            }
            Self::GrantReminder { grant, .. } | Self::GrantExpiry { grant } => grant.to_string(),
            Self::CredentialReminder { credential, .. } | Self::CredentialExpiry { credential } => {
                credential.to_string()
            }
            Self::DiscoveryReminder { discovery } => discovery.to_string(),
            Self::Discoveries => Self::DISCOVERIES.to_owned(),
            Self::Sweep => Self::SWEEP.to_owned(),
        }
    }
}

/// Something to do at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Its identity.
    pub id: DeadlineId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub due: Due,
}
