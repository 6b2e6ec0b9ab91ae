//! What is asked of the token endpoint, as it came in.

/// The names that are sent.
pub mod kind {
    /// `grant_type`: an agent asks for itself.
    pub const CLIENT_CREDENTIALS: &str = "client_credentials";
    /// `grant_type`: a token for a token.
    pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    /// `client_assertion_type`: a signature by the client's key, or the word of its platform.
    pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    /// `client_assertion_type`: a JWT-SVID (draft-ietf-oauth-spiffe-client-auth, section 3.1).
    pub const JWT_SPIFFE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
    /// A token type: one of this server's tokens.
    pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
    /// A token type: any signed token.
    pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
    /// A token type: an OpenID Connect ID token.
    pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
    /// The `type` of authorization details (RFC 9396): a grant.
    pub const GRANT: &str = "countersign_grant";
}

/// How a client proves itself in the form (RFC 7521, section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// `client_assertion_type`.
    pub kind: String,
    /// `client_assertion`.
    pub text: String,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenForm {
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// `client_id`: an agent's name or id.
    pub client_id: Option<String>,
    /// The client's proof.
    pub assertion: Option<Assertion>,
    /// Whether a shared secret was sent; none is ever accepted.
    pub has_secret: bool,
    /// `scope`.
    pub scope: Option<String>,
    /// `authorization_details`, as JSON.
    pub details: Option<String>,
    /// `resource`, each.
    pub resources: Vec<String>,
    /// `audience`, each.
    pub audiences: Vec<String>,
    /// `subject_token`.
    pub subject_token: Option<String>,
    /// `subject_token_type`.
    pub subject_token_type: Option<String>,
    /// `actor_token`.
    pub actor_token: Option<String>,
    /// `actor_token_type`.
    pub actor_token_type: Option<String>,
    /// `requested_token_type`.
    pub requested_token_type: Option<String>,
}
