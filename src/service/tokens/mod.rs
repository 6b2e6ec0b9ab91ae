//! Tokens for agents: issued for a proof of who asks, exchanged, looked into, taken back.
//!
//! | file | idea |
//! |---|---|
//! | [`refused`] | a "no" in the words of OAuth |
//! | [`form`] | what is asked, as it came in |
//! | `wanted` | whom a token is for, and which grants it carries |
//! | `proof` | who proves to be which agent |
//! | `people` | whose token a person's is, and who acted before |
//! | `issue` | one transaction: everything is still so, and it is on the record |
//! | [`look`] | whether a token is still good; taking it back |
//! | [`caller`] | who calls: a service that the policy names, or an agent |
//! | [`workload`] | a workload that is no agent: a pipeline at its gate |
//! | [`keys`] | the server's own keys, made and followed in time |

pub mod caller;
pub mod form;
mod issue;
pub mod keys;
pub mod look;
mod people;
mod proof;
pub mod refused;
mod wanted;
pub mod workload;

use std::sync::Arc;

use serde_json::Value;

use self::form::{TokenForm, kind};
use self::issue::Issue;
use self::people::Subject;
use self::proof::Actor;
use self::refused::{Code, Refused};
use self::wanted::Wanted;
use super::{Result, Service};
use crate::identity::dpop::{self, Call, Proof};
use crate::identity::issuers::IssuerKeys;
use crate::identity::ring::KeyRing;
use crate::identity::{Kind, Signer};
use crate::policy::runtime::Counter;

/// A planned outcome, or the "no" of OAuth.
type Outcome<T> = std::result::Result<T, Refused>;

/// Says no.
macro_rules! refuse {
    ($code:ident, $($words:tt)*) => {
        return Ok(Err($crate::service::tokens::refused::Refused::new(
            $crate::service::tokens::refused::Code::$code,
            format!($($words)*),
        )))
    };
}
/// The value of a planned outcome inside of a [`Result`], or an early "no".
macro_rules! granted {
    ($outcome:expr) => {
        match $outcome {
            Ok(value) => value,
            Err(refused) => return Ok(Err(refused)),
        }
    };
}
use {granted, refuse};

/// What is given out.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    /// The access token.
    pub token: String,
    /// `Bearer` or `DPoP`.
    pub token_type: &'static str,
    /// For so many seconds.
    pub expires_in: i64,
    /// The accesses that it carries, as scopes; none if it carries none.
    pub scope: Option<String>,
    /// The grants that it carries (RFC 9396).
    pub details: Vec<Value>,
    /// What was issued (RFC 8693), in an exchange.
    pub issued: Option<&'static str>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// The use cases about tokens.
#[derive(Clone)]
pub struct TokenDesk {
    parts: Arc<Parts>,
}

struct Parts {
    service: Service,
    ring: Arc<KeyRing>,
    issuers: IssuerKeys,
    quota: Counter,
    /// For tokens, introspection, revocation.
    endpoints: [String; 3],
}

impl TokenDesk {
    /// Over these use cases and keys. The token endpoint is `/oauth/token` below the issuer.
    pub fn new(service: Service, ring: Arc<KeyRing>, issuers: IssuerKeys) -> Self {
        let at = |path| format!("{}/oauth/{path}", ring.issuer());
        let endpoints = [at("token"), at("introspect"), at("revoke")];
        Self {
            parts: Arc::new(Parts { service, ring, issuers, quota: Counter::default(), endpoints }),
        }
    }

    /// This server's keys.
    pub fn ring(&self) -> &Arc<KeyRing> {
        &self.parts.ring
    }

    /// The use cases beside these.
    pub fn service(&self) -> &Service {
        &self.parts.service
    }

    fn issuer(&self) -> &str {
        self.parts.ring.issuer()
    }

    /// Whom assertions may be for: this issuer, or one of the endpoints where they are shown (RFC
    /// 7523, section 3; libraries name the one that they call).
    fn own_audiences(&self) -> [&str; 4] {
        let [token, introspect, revoke] = &self.parts.endpoints;
        [self.issuer(), token, introspect, revoke]
    }

    /// Answers a request for a token. `proof` is the header `DPoP`.
    pub async fn token(&self, form: TokenForm, proof: Option<&str>) -> Result<Outcome<Given>> {
        if !self.parts.ring.can_sign(Kind::AccessToken) {
            refuse!(
                Unavailable,
                "this server has no key to sign tokens with; its log says what its operator must set"
            );
        }
        let proof = granted!(self.possession(proof));
        match form.grant_type.as_deref() {
            Some(kind::CLIENT_CREDENTIALS) => self.for_itself(form, proof).await,
            Some(kind::TOKEN_EXCHANGE) => self.exchange(form, proof).await,
            None => refuse!(InvalidRequest, "grant_type is missing"),
            Some(_) => refuse!(
                UnsupportedGrantType,
                "grant_type must be client_credentials or {}",
                kind::TOKEN_EXCHANGE
            ),
        }
    }

    fn possession(&self, proof: Option<&str>) -> Outcome<Option<Proof>> {
        let Some(text) = proof else { return Ok(None) };
        let [address, ..] = &self.parts.endpoints;
        let call = Call { method: "POST", address, token: None };
        dpop::check(text, call, self.service().now())
            .map(Some)
            .map_err(|wrong| Refused::new(Code::InvalidDpopProof, format!("DPoP: {wrong}")))
    }

    /// An agent asks for itself: by a signature, or by its platform's word.
    async fn for_itself(&self, form: TokenForm, proof: Option<Proof>) -> Result<Outcome<Given>> {
        let wanted = granted!(Wanted::read(&form, self.issuer(), &self.service().policy()));
        let actor = granted!(self.client(&form).await?);
        self.issue(Issue { actor, subject: None, wanted, proof, exchange: false }).await
    }

    /// A token for a token (RFC 8693): a workload's for an agent's; a person's, with an agent as the
    /// actor, for one in the person's name.
    async fn exchange(&self, form: TokenForm, proof: Option<Proof>) -> Result<Outcome<Given>> {
        let wanted = granted!(Wanted::read(&form, self.issuer(), &self.service().policy()));
        if let Some(other) = form.requested_token_type.as_deref()
            && ![kind::ACCESS_TOKEN, kind::JWT].contains(&other)
        {
            refuse!(InvalidRequest, "requested_token_type must be {}", kind::ACCESS_TOKEN);
        }
        let Some(subject) = form.subject_token.as_deref() else {
            refuse!(InvalidRequest, "subject_token is missing");
        };
        let subject_type = form.subject_token_type.as_deref();
        let known = [kind::ACCESS_TOKEN, kind::JWT, kind::ID_TOKEN];
        if !subject_type.is_some_and(|one| known.contains(&one)) {
            refuse!(InvalidRequest, "subject_token_type must be one of {}", known.join(", "));
        }
        let subject = granted!(self.subject(subject, proof.as_ref()).await?);
        let actor = granted!(self.actor(&form, proof.as_ref()).await?);
        let issue = match (subject, actor) {
            // The workload is the agent itself.
            (Subject::Agent(own), None) => {
                Issue { actor: own, subject: None, wanted, proof, exchange: true }
            }
            (Subject::Agent(own), Some(actor)) if own.agent == actor.agent => {
                Issue { actor, subject: None, wanted, proof, exchange: true }
            }
            (Subject::Agent(_), Some(_)) => refuse!(
                InvalidRequest,
                "the workload of subject_token and the actor are different agents: exchange each \
                 alone"
            ),
            (Subject::Other(_), None) => refuse!(
                InvalidRequest,
                "who acts for the subject? Send the agent's own token as actor_token, or a \
                 client_assertion"
            ),
            (Subject::Other(subject), Some(actor)) => {
                let subject = Some(*subject);
                Issue { actor, subject, wanted, proof, exchange: true }
            }
        };
        self.issue(issue).await
    }

    /// Who acts in an exchange: by an actor token, by an assertion, or both for the same agent.
    async fn actor(
        &self,
        form: &TokenForm,
        proof: Option<&Proof>,
    ) -> Result<Outcome<Option<Actor>>> {
        let by_token = match (form.actor_token.as_deref(), form.actor_token_type.as_deref()) {
            (None, None) => None,
            (None, Some(_)) => refuse!(InvalidRequest, "actor_token is missing"),
            (Some(token), Some(kind::ACCESS_TOKEN)) => {
                Some(granted!(self.by_own_token(token, proof).await?))
            }
            (Some(token), Some(kind::JWT | kind::ID_TOKEN)) => {
                Some(granted!(self.by_workload(token, form.client_id.as_deref()).await?))
            }
            (Some(_), _) => refuse!(
                InvalidRequest,
                "actor_token_type must be {} or {}",
                kind::ACCESS_TOKEN,
                kind::JWT
            ),
        };
        let by_assertion = match form.assertion {
            Some(_) => Some(granted!(self.client(form).await?)),
            None => None,
        };
        match (by_token, by_assertion) {
            (Some(token), Some(client)) if token.agent != client.agent => {
                refuse!(InvalidClient, "client_assertion and actor_token are of different agents")
            }
            (Some(token), Some(client)) => Ok(Ok(Some(Actor { once: client.once, ..token }))),
            (token, client) => Ok(Ok(token.or(client))),
        }
    }
}
