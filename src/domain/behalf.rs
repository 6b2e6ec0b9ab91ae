//! By which token an agent acted when a question was asked at run time, and in whose name.
//!
//! Our own record knows both of each token that was issued. What an enforcement point says of a token is
//! held against that record, and nothing of it is taken over.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evaluation::{AGENT, Entity, Properties};
use super::event::Actor;
use super::ids::{AgentId, TokenId};
use super::time::Timestamp;
use super::token::IssuedToken;

/// The agent's token behind a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum TokenUsed {
    /// The agent asked with it.
    Shown {
        /// Which: its `jti`.
        id: TokenId,
        /// The person in whose name it was issued, if not the agent's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_behalf_of: Option<String>,
    },
    /// The service that asked named it, and it was this agent's and good at that moment.
    Named {
        /// Which.
        id: TokenId,
        /// The person in whose name it was issued, if not the agent's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_behalf_of: Option<String>,
    },
    /// The service that asked named it, and the record knew no good token of this agent by that id.
    Unknown {
        /// Which.
        id: TokenId,
    },
}

impl TokenUsed {
    /// The token that an agent shows when it asks.
    pub fn shown(token: &IssuedToken) -> Self {
        Self::Shown { id: token.id, on_behalf_of: token.on_behalf_of.clone() }
    }

    /// The token that a service named in a question about this agent, by what the record knows of it.
    pub fn named(
        id: TokenId,
        agent: Option<AgentId>,
        known: Option<&IssuedToken>,
        at: Timestamp,
    ) -> Self {
        match known.filter(|token| Some(token.agent) == agent && token.is_live(at)) {
            Some(token) => Self::Named { id, on_behalf_of: token.on_behalf_of.clone() },
            None => Self::Unknown { id },
        }
    }

    /// Which.
    pub const fn id(&self) -> TokenId {
        match self {
            Self::Shown { id, .. } | Self::Named { id, .. } | Self::Unknown { id } => *id,
        }
    }

    /// Whether it is a token of the agent's, by our own record.
    pub const fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }

    /// The person in whose name it was issued, if not the agent's own.
    pub fn on_behalf_of(&self) -> Option<&str> {
        match self {
            Self::Shown { on_behalf_of, .. } | Self::Named { on_behalf_of, .. } => {
                on_behalf_of.as_deref()
            }
            Self::Unknown { .. } => None,
        }
    }
}

/// The token that a question names: `context.agent.token_id`, the `jti` of the agent's token as the
/// enforcement point saw it. The token itself has no place there.
pub fn named_in(context: &Properties) -> Option<TokenId> {
    context.get("agent")?.get("token_id").and_then(Value::as_str)?.parse().ok()
}

/// The agent that acts for this subject, as the caller has it (`properties.act`, with `iss` and `sub`): the
/// one that is judged in its place. None where the subject acts itself, where it is an agent, or where
/// somebody acts who is no agent. `issuer` is the name of this server, whose agents are known here.
pub fn acting(subject: &Entity, issuer: Option<&str>) -> Option<Entity> {
    if subject.kind == AGENT {
        return None;
    }
    let act = subject.properties.get("act")?;
    let said = |name: &str| act.get(name).and_then(Value::as_str);
    let (iss, sub) = (act.get("iss"), said("sub"));
    let ours = iss.is_none() || (iss.and_then(Value::as_str) == issuer && issuer.is_some());
    let id = match (sub, said("iss")) {
        (Some(sub), _) if ours => sub.to_owned(),
        // Another's agent is none of ours, whatever it is called.
        (Some(sub), Some(iss)) if said("sub_profile") == Some("ai_agent") => format!("{iss} {sub}"),
        (Some(_), Some(_)) => return None,
        // Whoever it is, nobody knows them.
        _ => act.to_string().chars().take(LONGEST_ACT).collect(),
    };
    Some(Entity { kind: AGENT.to_owned(), id, properties: Properties::new() })
}

/// So much of an `act` that names nobody is repeated, in characters.
const LONGEST_ACT: usize = 100;

/// Whether others stand behind the one who acts for this subject.
pub fn has_chain(subject: &Entity) -> bool {
    subject.properties.get("act").is_some_and(|act| act.get("act").is_some())
}

/// Who asks, and by which token an agent acts, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Who asks.
    pub caller: Actor,
    /// The agent's token.
    pub token: Option<TokenUsed>,
}

impl From<Actor> for Asker {
    fn from(caller: Actor) -> Self {
        Self { caller, token: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ids::CredentialId;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn token() -> IssuedToken {
        let ulid = |n| ulid::Ulid::from_parts(n, 1);
        IssuedToken {
            id: TokenId::new(ulid(1)),
            agent: AgentId::new(ulid(2)),
            credential: CredentialId::new(ulid(3)),
            exchanged: Vec::new(),
            grants: Vec::new(),
            audience: Vec::new(),
            on_behalf_of: Some("T0ACME/U0DANA".to_owned()),
            issued_at: at(0),
            until: at(300),
            revoked_at: None,
        }
    }

    #[test]
    fn a_name_is_believed_where_the_record_agrees() {
        let known = token();
        let (id, own) = (known.id, Some(known.agent));
        let named = TokenUsed::named(id, own, Some(&known), at(1));
        assert_eq!(named.on_behalf_of(), Some("T0ACME/U0DANA"));
        assert!(named.is_known());
        let other = Some(AgentId::new(ulid::Ulid::from_parts(9, 1)));
        let revoked = token().revoke(at(10)).unwrap();
        for unknown in [
            TokenUsed::named(id, other, Some(&known), at(1)),
            TokenUsed::named(id, None, Some(&known), at(1)),
            TokenUsed::named(id, own, None, at(1)),
            TokenUsed::named(id, own, Some(&known), at(300)),
            TokenUsed::named(id, own, Some(&revoked), at(20)),
        ] {
            assert_eq!(unknown, TokenUsed::Unknown { id });
            assert_eq!((unknown.on_behalf_of(), unknown.id()), (None, id));
        }
    }

    #[test]
    fn nothing_but_an_id_names_a_token() {
        let named = |context: Value| named_in(context.as_object().unwrap());
        let id = token().id;
        assert_eq!(named(json!({ "agent": { "token_id": id } })), Some(id));
        for other in [
            json!({}),
            json!({ "agent": "tok_01" }),
            json!({ "agent": { "token_id": 7 } }),
            json!({ "agent": { "token_id": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln" } }),
            json!({ "token_id": id }),
        ] {
            assert_eq!(named(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn who_acts_is_judged_in_the_subjects_place() {
        const US: &str = "https://agents.example.com";
        let of = |kind: &str, act: Value| {
            let properties = json!({ "act": act }).as_object().unwrap().clone();
            let subject = Entity { kind: kind.to_owned(), id: "alice".to_owned(), properties };
            acting(&subject, Some(US)).map(|agent| agent.id)
        };
        let (ours, theirs) = (Some("reader"), Some("https://evil.example reader"));
        for (act, id) in [
            (json!({ "iss": US, "sub": "reader" }), ours),
            (json!({ "sub": "reader", "act": { "sub": "x" } }), ours),
            (
                json!({ "iss": "https://evil.example", "sub": "reader", "sub_profile": "ai_agent" }),
                theirs,
            ),
            (
                json!({ "iss": "https://evil.example", "sub": "gateway", "sub_profile": "service" }),
                None,
            ),
            (json!({ "iss": 7, "sub": "reader" }), Some(r#"{"iss":7,"sub":"reader"}"#)),
            (json!({ "sub": 7 }), Some(r#"{"sub":7}"#)),
            (json!("reader"), Some(r#""reader""#)),
        ] {
            assert_eq!(of("user", act.clone()).as_deref(), id, "{act}");
            assert_eq!(of("agent", act), None);
        }
        let alone =
            Entity { kind: "user".to_owned(), id: "a".to_owned(), properties: Properties::new() };
        assert_eq!(acting(&alone, Some(US)), None);
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let id = token().id;
        for used in [TokenUsed::shown(&token()), TokenUsed::Unknown { id }] {
            let text = serde_json::to_string(&used).unwrap();
            assert_eq!(serde_json::from_str::<TokenUsed>(&text).unwrap(), used, "{text}");
        }
    }
}
