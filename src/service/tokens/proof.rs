//! Who proves to be which agent: by a signature of its own, by its platform's word, or by a token
//! that it was given here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::form::{TokenForm, kind};
use super::refused::{Code, Refused};
use super::{Outcome, Result, TokenDesk, granted, refuse};
use crate::domain::agent::Agent;
use crate::domain::credential::{Credential, Proof as Shown};
use crate::domain::ids::{AgentId, CredentialId};
use crate::domain::token::IssuedToken;
use crate::identity::Kind;
use crate::identity::Signer;
use crate::identity::algorithm::VerifyingKey;
use crate::identity::dpop::Proof;
use crate::identity::issuers::Source;
use crate::identity::jws::Jws;
use crate::identity::verify::{Expected, Text, audience as audience_of, verify};
use crate::policy::Policy;
use crate::policy::runtime::{Issuer, Keys, Trusted};
use crate::store::Session;

/// An agent that has proved who it is. Whether it may still do anything is asked when the token is
/// issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) agent: AgentId,
    pub(super) credential: CredentialId,
    /// What may be used once.
    pub(super) once: Option<String>,
    /// The token of ours by which it proved itself.
    pub(super) token: Option<IssuedToken>,
}

/// The longest `jti` that is taken.
const LONGEST_JTI: usize = 512;

impl TokenDesk {
    /// The agent that the form's assertion proves.
    pub(super) async fn client(&self, form: &TokenForm) -> Result<Outcome<Actor>> {
        let Some(assertion) = &form.assertion else {
            if form.has_secret {
                refuse!(
                    InvalidClient,
                    "agents have no client_secret: sign a client_assertion (private_key_jwt) with \
                     the agent's key"
                );
            }
            refuse!(
                InvalidClient,
                "client_assertion is missing: sign one with the agent's key (private_key_jwt), or \
                 send the token that its platform gives it"
            );
        };
        if ![kind::JWT_BEARER, kind::JWT_SPIFFE].contains(&assertion.kind.as_str()) {
            refuse!(InvalidClient, "client_assertion_type must be {}", kind::JWT_BEARER);
        }
        let jws = match Jws::parse(&assertion.text) {
            Ok(jws) => jws,
            Err(why) => refuse!(InvalidClient, "client_assertion: {why}"),
        };
        if self.whose(&self.service().policy(), &jws).is_some() {
            return self.by_workload(&assertion.text, form.client_id.as_deref()).await;
        }
        self.by_signature(&jws, form.client_id.as_deref()).await
    }

    /// `private_key_jwt` (RFC 7523): signed by a key that the agent has.
    async fn by_signature(&self, jws: &Jws<'_>, client: Option<&str>) -> Result<Outcome<Actor>> {
        let (Some(iss), Some(sub)) = (jws.claim("iss"), jws.claim("sub")) else {
            refuse!(InvalidClient, "client_assertion: iss and sub must be the agent's name");
        };
        if iss != sub {
            refuse!(InvalidClient, "client_assertion: iss and sub must both be the agent's name");
        }
        let now = self.service().now();
        let mut session = self.service().store().read().await?;
        let agent = find(&mut session, iss).await?;
        let credentials = match &agent {
            Some(agent) => session.credentials_of(agent.id).await?,
            None => Vec::new(),
        };
        let named = match (&agent, client) {
            (Some(agent), Some(client)) => is_named(agent, client),
            _ => true,
        };
        drop(session);
        if !named {
            refuse!(InvalidClient, "client_id is another agent than client_assertion is of");
        }
        let kid = jws.header("kid");
        let keys =
            credentials.iter().filter(|one| one.is_live(now)).filter_map(|one| match &one.proof {
                Shown::Key { key, thumbprint } => {
                    let fits = kid.is_none_or(|kid| kid == thumbprint || kid == one.id.to_string());
                    if fits { VerifyingKey::of(key).map(|key| (one, key)) } else { None }
                }
                Shown::Workload { .. } => None,
            });
        let keys: Vec<(&Credential, VerifyingKey)> = keys.collect();
        // Whether there is such an agent is told to nobody who has none of its keys.
        let signed = keys.iter().find(|(_, key)| jws.is_signed_by(key));
        let (Some(agent), Some((credential, key))) = (agent, signed) else {
            refuse!(
                InvalidClient,
                "client_assertion is not signed by a live key of an agent of this name: look at its \
                 credentials in Slack with /agent show, and at kid and alg (ES256, EdDSA)"
            );
        };
        let audiences = self.own_audiences();
        let keys = [key.clone()];
        let expected = Expected { keys: &keys, issuer: Some(iss), audiences: &audiences };
        let claims = match verify(Text::Assertion, jws, &expected, now) {
            Ok(claims) => claims,
            Err(wrong) => refuse!(InvalidClient, "client_assertion: {wrong}"),
        };
        let jti = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
        if jti.len() > LONGEST_JTI {
            refuse!(InvalidClient, "client_assertion: jti is too long");
        }
        let jti = hex::encode(Sha256::digest(jti.as_bytes()));
        let once = Some(format!("assertion:{}:{jti}", agent.id));
        Ok(Ok(Actor { agent: agent.id, credential: credential.id, once, token: None }))
    }

    /// A token of an issuer that vouches for workloads, with the claims of one agent's credential.
    pub(super) async fn by_workload(
        &self,
        token: &str,
        client: Option<&str>,
    ) -> Result<Outcome<Actor>> {
        let (issuer, claims) = granted!(self.foreign(token, Code::InvalidClient).await?);
        if issuer.vouches_for != Trusted::Workloads {
            refuse!(InvalidClient, "the token's issuer vouches for people, not for workloads");
        }
        self.workload(&issuer, &claims, client).await
    }

    /// The agent whose credential these claims fit.
    pub(super) async fn workload(
        &self,
        issuer: &Issuer,
        claims: &Map<String, Value>,
        client: Option<&str>,
    ) -> Result<Outcome<Actor>> {
        let now = self.service().now();
        let mut session = self.service().store().read().await?;
        let wanted = match client {
            Some(name) => match find(&mut session, name).await? {
                Some(agent) => Some(agent.id),
                None => refuse!(InvalidClient, "no agent of this name has such a credential"),
            },
            None => None,
        };
        let credentials = session.credentials_of_issuer(&issuer.name).await?;
        drop(session);
        let mut fitting = credentials.into_iter().filter(|one| {
            one.is_live(now)
                && wanted.is_none_or(|agent| one.agent == agent)
                && matches!(&one.proof, Shown::Workload { claims: needed, .. } if holds(needed, claims))
        });
        let Some(first) = fitting.next() else {
            refuse!(
                InvalidClient,
                "no agent has a live credential that fits this workload's claims: its owner adds one \
                 in Slack"
            );
        };
        if fitting.any(|other| other.agent != first.agent) {
            refuse!(InvalidClient, "this workload is several agents: say which with client_id");
        }
        Ok(Ok(Actor { agent: first.agent, credential: first.id, once: None, token: None }))
    }

    /// The agent that shows a token which it was given for this server.
    pub(super) async fn by_own_token(
        &self,
        token: &str,
        proof: Option<&Proof>,
    ) -> Result<Outcome<Actor>> {
        let bad = |words: String| Refused::new(Code::InvalidGrant, words);
        let recognised = self.parts.ring.recognise(Kind::AccessToken, Some(self.issuer()), token);
        let claims = match recognised {
            Ok(claims) => claims,
            Err(why) => {
                return Ok(Err(bad(format!(
                    "actor_token: {why}. It must be a token that the agent got for {} itself",
                    self.issuer()
                ))));
            }
        };
        granted!(is_held(&claims, proof));
        let Some(token) = self.live_token(&claims).await? else {
            return Ok(Err(bad(
                "actor_token: it, its agent or a grant that it carries has ended".into()
            )));
        };
        let (agent, credential) = (token.agent, token.credential);
        Ok(Ok(Actor { agent, credential, once: None, token: Some(token) }))
    }

    /// A token of an issuer that the policy trusts, and what it says.
    pub(super) async fn foreign(
        &self,
        token: &str,
        code: Code,
    ) -> Result<Outcome<(Issuer, Map<String, Value>)>> {
        let bad = |words: String| Ok(Err(Refused::new(code, words)));
        let jws = match Jws::parse(token) {
            Ok(jws) => jws,
            Err(why) => return bad(why.to_string()),
        };
        let policy = self.service().policy();
        let Some(issuer) = self.whose(&policy, &jws) else {
            return bad("the token's issuer is not trusted: the policy lists those that are \
                 ([issuers])"
                .to_owned());
        };
        let source = match &issuer.keys {
            Keys::Discovered => Source::Discovered,
            Keys::Url(url) => Source::Url(url),
            Keys::Given(set) => Source::Given(set),
        };
        // An algorithm that is never believed is no reason to read keys.
        if jws.algorithm().is_none() {
            return bad("its `alg` is not one that is accepted here".to_owned());
        }
        let keys = match self.parts.issuers.keys(&issuer.issuer, source, jws.header("kid")).await {
            Ok(keys) => keys,
            Err(why) => refuse!(Unavailable, "the issuer {}: {why}", issuer.name),
        };
        let audience = issuer.audience.as_deref().unwrap_or(self.issuer());
        // Which it is, was chosen by `iss`, or by `sub` where `iss` says nothing.
        let (text, iss) = match issuer.trust_domain() {
            Some(_) => (Text::Svid, None),
            None => (Text::Foreign, Some(issuer.issuer.as_str())),
        };
        let expected = Expected { keys: &keys, issuer: iss, audiences: &[audience] };
        match verify(text, &jws, &expected, self.service().now()) {
            Ok(claims) => Ok(Ok((issuer, claims))),
            Err(wrong) => bad(format!("the token of the issuer {}: {wrong}", issuer.name)),
        }
    }

    /// The issuer of the policy whose token it says it is. One address may stand for two of them, which
    /// then differ in the audience: an identity provider that vouches for people and for workloads.
    fn whose(&self, policy: &Policy, jws: &Jws<'_>) -> Option<Issuer> {
        let meant = |one: &&Issuer| one.answers_for(jws.claim("iss"), jws.claim("sub"));
        let for_us = |one: &&Issuer| {
            let audience = one.audience.as_deref().unwrap_or(self.issuer());
            audience_of(&jws.claims).is_some_and(|found| found.contains(&audience))
        };
        let all = || policy.issuers().values().filter(meant);
        all().find(for_us).or_else(|| all().next()).cloned()
    }
}

/// A bound token (`cnf`) is good only in the hand that holds its key.
pub(super) fn is_held(claims: &Map<String, Value>, proof: Option<&Proof>) -> Outcome<()> {
    match claims.get("cnf") {
        None => Ok(()),
        Some(cnf) => {
            let bound = cnf.get("jkt").and_then(Value::as_str);
            let held = proof.map(|proof| proof.thumbprint.as_str());
            if bound.is_some() && bound == held {
                Ok(())
            } else {
                let words = "the token is bound to a key: send a DPoP proof by that key";
                Err(Refused::new(Code::InvalidDpopProof, words))
            }
        }
    }
}

/// The agent of this name or id.
pub(super) async fn find(
    session: &mut Session,
    name: &str,
) -> std::result::Result<Option<Agent>, crate::store::StoreError> {
    match name.parse::<AgentId>() {
        Ok(id) => session.agent(id).await,
        Err(_) if name.len() <= 64 => session.agent_by_slug(name).await,
        Err(_) => Ok(None),
    }
}

fn is_named(agent: &Agent, name: &str) -> bool {
    agent.slug.as_str() == name || agent.id.to_string() == name
}

/// Whether each of these claims is there with exactly this value. A name that begins with `/` is a
/// path into the claims (RFC 6901), such as `/kubernetes.io/namespace`.
pub(super) fn holds(needed: &BTreeMap<String, String>, claims: &Map<String, Value>) -> bool {
    let whole = Value::Object(claims.clone());
    !needed.is_empty()
        && needed.iter().all(|(name, value)| {
            let found = if name.starts_with('/') { whole.pointer(name) } else { claims.get(name) };
            match found {
                Some(Value::String(text)) => text == value,
                Some(Value::Bool(truth)) => truth.to_string() == *value,
                Some(Value::Number(number)) => number.to_string() == *value,
                _ => false,
            }
        })
}
