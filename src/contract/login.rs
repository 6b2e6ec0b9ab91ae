//! A person logs in from a terminal: RFC 8628, confirmed in Slack.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `agent-cli`'s name at the server; a public client (RFC 6749, section 2.1).
pub const CLIENT_ID: &str = "agent-cli";
/// The grant type by which a device fetches its tokens (RFC 8628, section 3.4).
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What `POST /oauth/device_authorization` answers (RFC 8628, section 3.2). The form that is sent has
/// `client_id`, and may have `device_name` (shown to the person: `dana's laptop`) and `login_hint` (an
/// e-mail address or a Slack user id: that person gets the question in a DM).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceAuthorization {
    /// What the device shows when it asks for its tokens.
    pub device_code: String,
    /// What the person types: `/agent login WDJB-MJHT`.
    pub user_code: String,
    /// A page that says how to confirm.
    pub verification_uri: String,
    /// The same with the code filled in.
    pub verification_uri_complete: String,
    /// For so many seconds.
    pub expires_in: u64,
    /// So many seconds between two questions, at the least.
    pub interval: u64,
    /// Whether the person named in `login_hint` was sent a message. Always `true` where a hint was given:
    /// nobody learns by it who is in the workspace.
    #[serde(default)]
    pub message_sent: bool,
}

/// What `POST /oauth/token` answers to a device, and to a refresh token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonTokens {
    /// Shown at `/api/v1`; opaque.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// For so many seconds.
    pub expires_in: u64,
    /// Good for one renewal; using it twice ends the login.
    pub refresh_token: String,
}

/// Without the tokens.
impl std::fmt::Debug for PersonTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonTokens").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// An OAuth refusal (RFC 6749, section 5.2; RFC 8628, section 3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OAuthRefusal {
    /// `authorization_pending`, `slow_down`, `expired_token`, `access_denied`, `invalid_grant`, …
    pub error: String,
    /// In words.
    #[serde(default)]
    pub error_description: Option<String>,
}
