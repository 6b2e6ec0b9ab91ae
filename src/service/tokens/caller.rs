//! Who calls: a service that the policy names, an agent, or a person who logged in.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::form::TokenForm;
use super::proof::{holds, is_held};
use super::refused::Code;
use super::{Outcome, Result, TokenDesk};
use crate::domain::behalf::TokenUsed;
use crate::domain::ids::AgentId;
use crate::identity::algorithm::VerifyingKey;
use crate::identity::dpop::{self, Call};
use crate::identity::jws::Jws;
use crate::identity::verify::{Expected, Text, verify};
use crate::identity::{Disbelief, Kind, Signer};
use crate::policy::Policy;
use crate::policy::runtime::{ServiceProof, Trusted};
use crate::service::logins::tokens::{LoggedIn, is_persons};
use crate::store::work;

/// Who calls.
#[derive(Debug, Clone, PartialEq)]
pub enum Caller {
    /// A service that the policy names.
    Service {
        /// Its name.
        name: String,
    },
    /// An agent.
    Agent {
        /// Which.
        id: AgentId,
        /// What its token says; empty when it proved itself by a signature.
        claims: Map<String, Value>,
        /// The token as the record has it; none when it proved itself by a signature.
        token: Option<TokenUsed>,
    },
    /// A person, by the token of a login.
    Person(LoggedIn),
}

/// What a caller shows in `Authorization`, and the call it is for.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Whether the scheme is `DPoP` (RFC 9449, section 7.1) and not `Bearer`.
    pub bound: bool,
    /// The token.
    pub token: &'a str,
    /// The header `DPoP`.
    pub proof: Option<&'a str>,
    /// `GET`, `POST`.
    pub method: &'a str,
    /// The path below this server's address.
    pub path: &'a str,
}

/// Why somebody is not known, in a few words for them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKnown {
    /// What was shown is nobody's, or over.
    #[error("{0}")]
    Token(String),
    /// The proof of possession does not hold.
    #[error("DPoP: {0}")]
    Proof(String),
}

impl TokenDesk {
    /// Who shows this.
    pub async fn caller(&self, shown: Shown<'_>) -> Result<std::result::Result<Caller, NotKnown>> {
        if is_persons(shown.token) {
            // People's tokens are bound to no key.
            if shown.bound {
                let words = "the token is a person's: send it as Bearer";
                return Ok(Err(NotKnown::Token(words.to_owned())));
            }
            let person = self.service().person_by_token(shown.token).await?;
            return Ok(person.map(Caller::Person).map_err(|why| NotKnown::Token(why.to_string())));
        }
        let policy = self.service().policy();
        if !shown.bound
            && let Some(name) = by_bearer(&policy, shown.token)
        {
            return Ok(Ok(Caller::Service { name }));
        }
        let unknown = |words: &str| Ok(Err(NotKnown::Token(words.to_owned())));
        let Ok(jws) = Jws::parse(shown.token) else {
            return unknown(
                "nobody is known by this token: the policy lists services ([services])",
            );
        };
        match jws.claim("iss") {
            // What takes longer is kept out of what every call carries along.
            Some(iss) if iss == self.issuer() => Box::pin(self.agent_by_token(shown)).await,
            Some(name) if !shown.bound && policy.services().contains_key(name) => {
                match self.service_by_key(&policy, &jws, name) {
                    Some(caller) => Ok(Ok(caller)),
                    None => unknown("the token is not signed by this service for this server"),
                }
            }
            // A trust domain's token need not say from whom it is.
            _ if !shown.bound => Box::pin(self.service_by_workload(&policy, shown.token)).await,
            _ => unknown("nobody is known by this token"),
        }
    }

    async fn agent_by_token(
        &self,
        shown: Shown<'_>,
    ) -> Result<std::result::Result<Caller, NotKnown>> {
        let ring = &self.parts.ring;
        let claims = match ring.recognise(Kind::AccessToken, Some(self.issuer()), shown.token) {
            Ok(claims) => claims,
            Err(Disbelief::Audience) => {
                let words = "the token is for another resource: get one for this server";
                return Ok(Err(NotKnown::Token(words.to_owned())));
            }
            Err(why) => return Ok(Err(NotKnown::Token(why.to_string()))),
        };
        let address = format!("{}{}", self.issuer(), shown.path);
        let now = self.service().now();
        let proof = match shown.proof.filter(|_| shown.bound) {
            None => None,
            Some(text) => {
                let call =
                    Call { method: shown.method, address: &address, token: Some(shown.token) };
                match dpop::check(text, call, now) {
                    Ok(proof) => Some(proof),
                    Err(why) => return Ok(Err(NotKnown::Proof(why.to_string()))),
                }
            }
        };
        if let Err(refused) = is_held(&claims, proof.as_ref()) {
            return Ok(Err(NotKnown::Proof(refused.words.into_owned())));
        }
        if shown.bound && !claims.contains_key("cnf") {
            let words = "the token is not bound to a key: send it as Bearer";
            return Ok(Err(NotKnown::Token(words.to_owned())));
        }
        let Some(token) = self.live_token(&claims).await? else {
            let words = "the token, its agent or a grant that it carries has ended";
            return Ok(Err(NotKnown::Token(words.to_owned())));
        };
        if let Some(proof) = proof {
            let once = work(move |tx| Box::pin(async move { tx.once(&proof.once, now).await }));
            if !self.service().store().write(once).await? {
                return Ok(Err(NotKnown::Proof("the proof was used before".to_owned())));
            }
        }
        let shown = Some(TokenUsed::shown(&token));
        Ok(Ok(Caller::Agent { id: token.agent, claims, token: shown }))
    }

    /// A service signs for itself: `iss` and `sub` are its name, and the text is good for an hour
    /// at most. It may be shown again while it is good, as a bearer token may.
    fn service_by_key(&self, policy: &Policy, jws: &Jws<'_>, name: &str) -> Option<Caller> {
        let proofs = &policy.services().get(name)?.proofs;
        let keys: Vec<VerifyingKey> = proofs
            .iter()
            .filter_map(|proof| match proof {
                ServiceProof::Key { key } => VerifyingKey::of(key),
                _ => None,
            })
            .collect();
        let audiences = self.own_audiences();
        let expected = Expected { keys: &keys, issuer: Some(name), audiences: &audiences };
        let claims = verify(Text::Assertion, jws, &expected, self.service().now()).ok()?;
        (claims.get("sub")?.as_str()? == name).then(|| Caller::Service { name: name.to_owned() })
    }

    async fn service_by_workload(
        &self,
        policy: &Policy,
        token: &str,
    ) -> Result<std::result::Result<Caller, NotKnown>> {
        let (issuer, claims) = match self.foreign(token, Code::InvalidClient).await? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(NotKnown::Token(refused.words.into_owned()))),
        };
        let fits = |proof: &ServiceProof| match proof {
            ServiceProof::Workload { issuer: name, claims: needed } => {
                issuer.vouches_for == Trusted::Workloads
                    && *name == issuer.name
                    && holds(needed, &claims)
            }
            _ => false,
        };
        let found = policy.services().values().find(|service| service.proofs.iter().any(fits));
        Ok(found.map(|service| Caller::Service { name: service.name.clone() }).ok_or_else(|| {
            NotKnown::Token("no service of the policy has this workload's claims".to_owned())
        }))
    }

    /// Who proves themselves in a form, as at the token endpoint: an agent by its assertion, or a
    /// service by one.
    pub async fn caller_by_form(&self, form: &TokenForm) -> Result<Outcome<Caller>> {
        if let Some(assertion) = &form.assertion
            && let Ok(jws) = Jws::parse(&assertion.text)
            && let Some(name) = jws.claim("iss")
            && let Some(caller) = self.service_by_key(&self.service().policy(), &jws, name)
        {
            return Ok(Ok(caller));
        }
        let actor = match self.client(form).await? {
            Ok(actor) => actor,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(once) = actor.once {
            let now = self.service().now();
            let work = work(move |tx| Box::pin(async move { tx.once(&once, now).await }));
            if !self.service().store().write(work).await? {
                super::refuse!(
                    InvalidClient,
                    "client_assertion was used before: make one for each request (jti)"
                );
            }
        }
        Ok(Ok(Caller::Agent { id: actor.agent, claims: Map::new(), token: None }))
    }
}

/// The service whose bearer token this is. All are compared, each in the same time.
fn by_bearer(policy: &Policy, token: &str) -> Option<String> {
    let digest = hex::encode(Sha256::digest(token.as_bytes()));
    let mut found = None;
    for service in policy.services().values() {
        for proof in &service.proofs {
            if let ServiceProof::Bearer { sha256 } = proof
                && is_same(sha256.as_bytes(), digest.as_bytes())
            {
                found = Some(service.name.clone());
            }
        }
    }
    found
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(in crate::service) fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
