//! In whose name a token is wanted: a person's, by the word of an identity provider, or that of
//! somebody for whom another agent acts already.

use serde_json::{Map, Value, json};

use super::proof::{Actor, is_held};
use super::refused::Code;
use super::{Outcome, Result, TokenDesk, granted, refuse};
use crate::domain::agent::Agent;
use crate::domain::ids::TokenId;
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::identity::dpop::Proof;
use crate::identity::jws::Jws;
use crate::identity::verify::seconds;
use crate::identity::{Kind, Signer};
use crate::policy::runtime::Trusted;
use crate::service::identity_provider::claims::Said;

/// Whom a subject token is about.
pub(super) enum Subject {
    /// A workload that is an agent.
    Agent(Actor),
    /// Somebody for whom an agent acts.
    Other(Box<Other>),
}

/// Somebody for whom an agent acts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Other {
    pub(super) who: Who,
    /// The actors before, as they came; never cut.
    act: Option<Value>,
    /// Who may act, if the token says so.
    may_act: Option<Value>,
    /// When the subject's own token ends.
    pub(super) until: Timestamp,
    /// The token of ours that was shown.
    pub(super) token: Option<TokenId>,
    /// What it says of the person's groups.
    pub(super) said: Option<Said>,
}

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// A person; without a workspace, one of the agent's owner's.
    Person { workspace: Option<String>, user: String },
    /// The `sub` of a token of ours, as it is.
    Subject(String),
}

impl TokenDesk {
    /// Whom a subject token is about.
    pub(super) async fn subject(
        &self,
        token: &str,
        proof: Option<&Proof>,
    ) -> Result<Outcome<Subject>> {
        let ours = Jws::parse(token).is_ok_and(|jws| jws.claim("iss") == Some(self.issuer()));
        if ours {
            return self.own_subject(token, proof).await;
        }
        let (issuer, claims) = granted!(self.foreign(token, Code::InvalidGrant).await?);
        let Trusted::People { user_claim, workspace_claim, groups_claim } = &issuer.vouches_for
        else {
            let actor = granted!(self.workload(&issuer, &claims, None).await?);
            return Ok(Ok(Subject::Agent(actor)));
        };
        let text = |name: &String| {
            claims.get(name).and_then(Value::as_str).filter(|text| is_slack_id(text))
        };
        let Some(user) = text(user_claim).map(str::to_owned) else {
            refuse!(InvalidGrant, "subject_token has no Slack user id in its claim {user_claim}");
        };
        let workspace = match workspace_claim {
            None => None,
            Some(name) => match text(name) {
                Some(workspace) => Some(workspace.to_owned()),
                None => refuse!(InvalidGrant, "subject_token has no workspace in its claim {name}"),
            },
        };
        let until = ends(&claims);
        let who = Who::Person { workspace, user };
        let said = groups_claim
            .as_ref()
            .and_then(|name| Said::read(&issuer.name, name, &claims, self.service().now()));
        Ok(Ok(Subject::Other(Box::new(Other { said, ..other(who, &claims, until, None) }))))
    }

    /// A token of ours: somebody's for whom an agent acts, or an agent's own.
    async fn own_subject(&self, token: &str, proof: Option<&Proof>) -> Result<Outcome<Subject>> {
        let claims = match self.parts.ring.recognise(Kind::AccessToken, None, token) {
            Ok(claims) => claims,
            Err(why) => refuse!(InvalidGrant, "subject_token: {why}"),
        };
        granted!(is_held(&claims, proof));
        let Some(issued) = self.live_token(&claims).await? else {
            refuse!(
                InvalidGrant,
                "subject_token: it, its agent or a grant that it carries has ended"
            );
        };
        let sub = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let other = other(Who::Subject(sub), &claims, issued.until, Some(issued.id));
        Ok(Ok(Subject::Other(Box::new(other))))
    }
}

fn other(who: Who, claims: &Map<String, Value>, until: Timestamp, token: Option<TokenId>) -> Other {
    Other {
        who,
        act: claims.get("act").cloned(),
        may_act: claims.get("may_act").cloned(),
        until,
        token,
        said: None,
    }
}

impl Who {
    /// The `sub`, and the person to look up, for an agent of this owner.
    pub(super) fn subject(&self, owner: &PersonId) -> (String, Option<PersonId>) {
        match self {
            Self::Subject(sub) => (sub.clone(), None),
            Self::Person { workspace, user } => {
                let workspace = workspace.as_ref().unwrap_or(&owner.workspace);
                let person = PersonId::new(workspace.clone(), user.clone());
                (person.to_string(), Some(person))
            }
        }
    }
}

/// Why a chain cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadChain {
    #[error("the token's `act` is malformed")]
    Malformed,
    #[error(
        "with this agent more than {0} would act one for the other; no chain is cut, and the \
             policy allows no longer one ([tokens] longest_chain)"
    )]
    TooLong(u32),
    #[error("the token's `may_act` names another actor")]
    MayNot,
    #[error("an agent cannot act for itself: ask with grant_type=client_credentials")]
    Itself,
}

impl Other {
    /// The `act` of a token by which this agent acts, after all who acted before.
    pub(super) fn act(
        &self,
        agent: &Agent,
        issuer: &str,
        longest: u32,
    ) -> std::result::Result<Value, BadChain> {
        let id = agent.id.to_string();
        let is_it = |actor: &Value| {
            let sub = actor.get("sub").and_then(Value::as_str);
            let iss = actor.get("iss").and_then(Value::as_str);
            let named = sub == Some(&id) || sub == Some(agent.slug.as_str());
            named && iss.is_none_or(|iss| iss == issuer)
        };
        if self.may_act.as_ref().is_some_and(|may| !is_it(may)) {
            return Err(BadChain::MayNot);
        }
        if self.who == Who::Subject(id.clone()) {
            return Err(BadChain::Itself);
        }
        let mut depth = 0;
        let mut next = self.act.as_ref();
        while let Some(actor) = next {
            depth += 1;
            if depth > longest {
                return Err(BadChain::TooLong(longest));
            }
            if !actor.get("sub").is_some_and(Value::is_string) {
                return Err(BadChain::Malformed);
            }
            next = actor.get("act");
        }
        let actor = json!({ "sub": id, "iss": issuer, "sub_profile": "ai_agent" });
        match &self.act {
            // It acts already: the chain stays as it is.
            Some(act) if is_it(act) => Ok(act.clone()),
            Some(_) | None if depth >= longest => Err(BadChain::TooLong(longest)),
            Some(act) => {
                let mut actor = actor;
                if let Some(members) = actor.as_object_mut() {
                    members.insert("act".to_owned(), act.clone());
                }
                Ok(actor)
            }
            None => Ok(actor),
        }
    }
}

/// When a foreign token that was verified ends.
fn ends(claims: &Map<String, Value>) -> Timestamp {
    let exp = seconds(claims, "exp").ok().flatten().unwrap_or_default();
    Timestamp::from_timestamp(exp, 0).unwrap_or_default()
}

/// Ids of Slack are letters and digits.
fn is_slack_id(text: &str) -> bool {
    (2..=32).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}
