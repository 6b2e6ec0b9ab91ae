//! A "no" in the words of OAuth: a code for programs and a sentence for people.

use std::borrow::Cow;

/// The codes (RFC 6749 section 5.2, RFC 8628 section 3.5, RFC 8707, RFC 9396, RFC 9449).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Something is missing, twice there or malformed.
    InvalidRequest,
    /// Nobody proved to be the client.
    InvalidClient,
    /// A token that was shown is not good.
    InvalidGrant,
    /// The client is known and may not.
    UnauthorizedClient,
    /// Not a way to get tokens here.
    UnsupportedGrantType,
    /// No live grant opens what is asked.
    InvalidScope,
    /// Tokens are not given for this audience.
    InvalidTarget,
    /// The details cannot be given.
    InvalidDetails,
    /// The proof of possession does not hold.
    InvalidDpopProof,
    /// Nobody has confirmed the login yet.
    AuthorizationPending,
    /// The device asks more often than it was told to.
    SlowDown,
    /// Nobody confirmed the login in time.
    ExpiredToken,
    /// Somebody said no to the login.
    AccessDenied,
    /// Whoever asks does so too often (RFC 6585: 429).
    TooOften {
        /// In so many seconds it may ask again.
        wait: u64,
    },
    /// Something that is needed is away; try again.
    Unavailable,
}

impl Code {
    /// The code as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidDetails => "invalid_authorization_details",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown | Self::TooOften { .. } => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::AccessDenied => "access_denied",
            Self::Unavailable => "temporarily_unavailable",
        }
    }
}

/// A "no".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// For programs.
    pub code: Code,
    /// For people: what happened, and what to do.
    pub words: Cow<'static, str>,
}

impl Refused {
    /// With these words.
    pub fn new(code: Code, words: impl Into<Cow<'static, str>>) -> Self {
        Self { code, words: words.into() }
    }
}
