//! Issuing: one transaction in which everything is looked at once more and put on the record; then
//! the token is signed.

use chrono::{SubsecRound, TimeDelta};
use serde_json::{Map, Value, json};

use super::form::kind;
use super::look::is_live;
use super::people::Other;
use super::proof::Actor;
use super::refused::{Code, Refused};
use super::wanted::{Carried, Wanted};
use super::{Given, Outcome, Result, TokenDesk, refuse};
use crate::domain::agent::{Agent, AgentState, Cause};
use crate::domain::event::{Actor as By, What};
use crate::domain::ids::{GrantId, TokenId};
use crate::domain::request::{ApprovedBy, RequestState};
use crate::domain::time::Timestamp;
use crate::domain::token::IssuedToken;
use crate::domain::vote::Choice;
use crate::identity::dpop::Proof;
use crate::identity::{Kind, Signer};
use crate::policy::runtime::{Tokens, TooOften};
use crate::store::{StoreError, Tx, work};

/// A token that is to be issued.
pub(super) struct Issue {
    pub(super) actor: Actor,
    pub(super) subject: Option<Other>,
    pub(super) wanted: Wanted,
    pub(super) proof: Option<Proof>,
    /// Whether it was asked for in exchange for another.
    pub(super) exchange: bool,
}

/// In whose name, when it is not the agent's own.
#[derive(Clone)]
struct Behalf {
    sub: String,
    act: Value,
}

/// A token on the record, and what it will say.
struct Recorded {
    token: IssuedToken,
    carried: Vec<(Carried, Vec<String>)>,
    agent: Agent,
    behalf: Option<Behalf>,
}

impl TokenDesk {
    /// Issues a token, if everything is still so.
    pub(super) async fn issue(&self, issue: Issue) -> Result<Outcome<Given>> {
        let service = self.service();
        let policy = service.policy();
        let behalf = match &issue.subject {
            None => None,
            Some(subject) => {
                let agent = service.store().read().await?.agent(issue.actor.agent).await?;
                let Some(agent) = agent else { refuse!(InvalidClient, "the agent is gone") };
                let (sub, person) = subject.who.subject(&agent.owner);
                if let Some(person) = person {
                    if !service.standing(&person).await?.is_member() {
                        refuse!(
                            InvalidGrant,
                            "the person of subject_token is no active full member of the workspace"
                        );
                    }
                    if let Some(said) = &subject.said {
                        service.hear_of_groups(&person, said).await?;
                    }
                }
                let longest = policy.tokens().longest_chain;
                match subject.act(&agent, self.issuer(), longest) {
                    Ok(act) => Some(Behalf { sub, act }),
                    Err(why) => refuse!(InvalidRequest, "{why}"),
                }
            }
        };
        let now = service.now();
        let (agent, limit) = (issue.actor.agent, policy.quotas().tokens);
        if let Err(TooOften { wait, first }) = self.parts.quota.take(agent, limit, now) {
            crate::meters::QUOTA_REFUSALS.one(&["tokens"]);
            if first && let Err(error) = service.tell_quota(agent, "tokens", limit).await {
                self.parts.quota.untold(agent);
                return Err(error);
            }
            let wait = wait.as_secs() + 1;
            let words = format!(
                "the agent gets {limit} tokens a minute: keep one until it ends, or come again in \
                 {wait} s"
            );
            return Ok(Err(Refused::new(Code::TooOften { wait }, words)));
        }
        let id = TokenId::new(service.entropy().ulid(now));
        let tokens = policy.tokens().clone();
        let bound = issue.proof.as_ref().map(|proof| proof.thumbprint.clone());
        let exchange = issue.exchange;
        let done = work(move |tx| {
            Box::pin(async move { record(tx, issue, behalf, &tokens, id, now).await })
        });
        let recorded = match service.store().write(done).await? {
            Ok(recorded) => recorded,
            Err(refused) => return Ok(Err(refused)),
        };
        let claims = recorded.claims(bound.as_deref(), self.issuer());
        let Some(token) = self.parts.ring.sign(Kind::AccessToken, &claims) else {
            refuse!(Unavailable, "this server has no key to sign tokens with");
        };
        crate::meters::TOKENS.one(&[]);
        Ok(Ok(Given {
            token,
            token_type: if bound.is_some() { "DPoP" } else { "Bearer" },
            expires_in: (recorded.token.until - now).num_seconds(),
            scope: recorded.scope(),
            details: recorded.details(),
            issued: exchange.then_some(kind::ACCESS_TOKEN),
        }))
    }
}

/// Looks at everything again, under the lock that all writers share, and records the token. What may
/// be used once is used up, whatever comes of it.
async fn record(
    tx: &mut Tx,
    issue: Issue,
    behalf: Option<Behalf>,
    rules: &Tokens,
    id: TokenId,
    now: Timestamp,
) -> std::result::Result<Outcome<Recorded>, StoreError> {
    let Issue { actor, subject, wanted, proof, .. } = issue;
    let Actor { agent, credential, once, token } = actor;
    if let Some(once) = &once
        && !tx.once(once, now).await?
    {
        refuse!(InvalidClient, "client_assertion was used before: make one for each request (jti)");
    }
    if let Some(proof) = &proof
        && !tx.once(&proof.once, now).await?
    {
        refuse!(
            InvalidDpopProof,
            "the DPoP proof was used before: make one for each request (jti)"
        );
    }
    let Some(agent) = tx.agent(agent).await? else { refuse!(InvalidClient, "the agent is gone") };
    if let Some(words) = not_at_work(&agent) {
        refuse!(UnauthorizedClient, "{words}");
    }
    let credential = tx.credential(credential).await?.filter(|one| one.is_live(now));
    let Some(credential) = credential.filter(|one| one.agent == agent.id) else {
        refuse!(InvalidClient, "the credential is over: the agent's owner adds another in Slack");
    };
    let mut until = (now + rules.lasting.delta()).min(credential.expires_at);
    let mut exchanged = Vec::new();
    if let Some(token) = &token {
        until = until.min(token.until);
        exchanged.push(token.id);
    }
    if let Some(subject) = &subject {
        until = until.min(subject.until);
        exchanged.extend(subject.token);
    }
    for parent in &exchanged {
        let parent = tx.token(*parent).await?;
        let live = match &parent {
            Some(parent) => is_live(tx, parent, now).await?,
            None => false,
        };
        if !live {
            refuse!(InvalidGrant, "a token that was shown has ended meanwhile");
        }
    }
    let mut live = tx.live_grants_of(agent.id, now).await?;
    if let Some(token) = &token {
        live.retain(|grant| token.grants.contains(&grant.id));
    }
    let chosen = match wanted.choose(&agent.slug, live) {
        Ok(chosen) => chosen,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut carried = Vec::new();
    for one in chosen {
        until = until.min(one.grant.expires_at);
        let approved = approved_by(tx, &one).await?;
        carried.push((one, approved));
    }
    // Tokens tell whole seconds, and none is good beyond what it rests on.
    let until = until.trunc_subsecs(0);
    if until <= now {
        let words = "what the token would rest on ends within this second: ask for a new grant, or \
                     with another credential";
        return Ok(Err(Refused::new(Code::InvalidGrant, words)));
    }
    let mut grants: Vec<GrantId> = carried.iter().map(|(one, _)| one.grant.id).collect();
    grants.dedup();
    let token = IssuedToken {
        id,
        agent: agent.id,
        credential: credential.id,
        exchanged: exchanged.clone(),
        grants,
        audience: wanted.audience,
        on_behalf_of: behalf.as_ref().map(|behalf| behalf.sub.clone()),
        issued_at: now,
        until,
        revoked_at: None,
    };
    tx.insert_token(&token).await?;
    let by = exchanged.first().map_or_else(|| credential.id.to_string(), ToString::to_string);
    let what = What::TokenIssued {
        token: id,
        agent: agent.id,
        by,
        audience: token.audience.clone(),
        grants: token.grants.clone(),
        on_behalf_of: token.on_behalf_of.clone(),
        until,
    };
    tx.append(now, By::Agent(agent.id), what).await?;
    Ok(Ok(Recorded { token, carried, agent, behalf }))
}

/// Who said yes to a grant: people, or a rule of the policy.
async fn approved_by(
    tx: &mut Tx,
    carried: &Carried,
) -> std::result::Result<Vec<String>, StoreError> {
    let Some(request) = tx.request(carried.grant.request).await? else { return Ok(Vec::new()) };
    Ok(match &request.state {
        RequestState::Approved { by: ApprovedBy::Policy { rule }, .. } => {
            vec![format!("policy:{rule}")]
        }
        RequestState::Approved { by: ApprovedBy::Emergency, .. } => {
            vec![format!("emergency:{}", request.asked_by)]
        }
        RequestState::Approved { by: ApprovedBy::People, .. } => {
            let yes = request.votes.iter().filter(|vote| vote.choice == Choice::Approve);
            yes.map(|vote| vote.by.to_string()).collect()
        }
        _ => Vec::new(),
    })
}

/// Why an agent gets nothing, and what to do; none if it is at work.
pub(super) fn not_at_work(agent: &Agent) -> Option<String> {
    let slug = &agent.slug;
    Some(match &agent.state {
        AgentState::Active { .. } => return None,
        AgentState::Pending { .. } => {
            format!("{slug} waits for approval: /agent show {slug} tells in Slack who is asked")
        }
        AgentState::Suspended { cause, .. } => {
            let why = match cause {
                Cause::Stopped => "was stopped",
                Cause::Uncertified => "is suspended, because nobody said in time that it is needed",
                Cause::Ownerless => "is suspended, because nobody answers for it",
            };
            format!("{slug} {why}: {}", cause.undone_by(slug, "its owner"))
        }
        AgentState::Retired { .. } => format!("{slug} is retired for good: register another agent"),
        AgentState::Rejected { .. } => {
            format!("the registration of {slug} came to nothing: register it again in Slack")
        }
    })
}

impl Recorded {
    /// The accesses that can be written as scopes.
    fn scope(&self) -> Option<String> {
        let words: Vec<String> = self
            .carried
            .iter()
            .map(|(one, _)| one.access.to_string())
            .filter(|word| word.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\'))
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The grants as authorization details (RFC 9396).
    fn details(&self) -> Vec<Value> {
        let detail = |(one, approved): &(Carried, Vec<String>)| {
            let mut detail = json!({
                "type": kind::GRANT,
                "identifier": one.grant.id.to_string(),
                "reference": one.grant.reference.to_string(),
                "access": one.access.to_string(),
                "resource": one.access.resource,
                "actions": [one.access.action],
                "expires_at": one.grant.expires_at.timestamp(),
                "approved_by": approved,
            });
            if let (Some(object), Some(members)) = (&one.access.object, detail.as_object_mut()) {
                members.insert("object".to_owned(), object.clone().into());
            }
            detail
        };
        self.carried.iter().map(detail).collect()
    }

    /// The claims (RFC 9068, section 2.2). Who issues it and when is added where it is signed.
    fn claims(&self, bound: Option<&str>, issuer: &str) -> Map<String, Value> {
        let Self { token, agent, behalf, .. } = self;
        let id = agent.id.to_string();
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| {
            claims.insert(name.to_owned(), value);
        };
        match behalf {
            Some(Behalf { sub, act }) => {
                set("sub", sub.clone().into());
                set("act", act.clone());
            }
            None => {
                set("sub", id.clone().into());
                set("sub_profile", "ai_agent".into());
            }
        }
        set("client_id", id.into());
        set("jti", token.id.to_string().into());
        set("exp", token.until.timestamp().into());
        set(
            "aud",
            match token.audience.as_slice() {
                [one] => one.clone().into(),
                [] => issuer.into(),
                many => many.into(),
            },
        );
        set("agent", agent.slug.as_str().into());
        set("owner", agent.owner.to_string().into());
        set("tier", agent.tier.number().into());
        set("grants", token.grants.iter().map(ToString::to_string).collect::<Vec<_>>().into());
        let mut people: Vec<&String> = self.carried.iter().flat_map(|(_, by)| by).collect();
        people.sort();
        people.dedup();
        set("approved_by", json!(people));
        if let Some(scope) = self.scope() {
            set("scope", scope.into());
        }
        if !self.carried.is_empty() {
            set("authorization_details", self.details().into());
        }
        if let Some(thumbprint) = bound {
            set("cnf", json!({ "jkt": thumbprint }));
        }
        claims
    }
}

/// The tokens that are forgotten: so long after their end the log alone tells of them.
pub(super) fn forgotten_before(now: Timestamp) -> Timestamp {
    now - TimeDelta::days(30)
}
