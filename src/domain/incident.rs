//! An incident: something is wrong with an agent, and people look into it together.
//! Open → Closed.

use serde::{Deserialize, Serialize};

use super::ids::{AgentId, CredentialId, GrantId, IncidentId, RequestId, TokenId};
use super::person::PersonId;
use super::reference::Reference;
use super::time::Timestamp;

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// What people call it: `I-12`, counted with the requests.
    pub reference: Reference,
    /// The agent it is about.
    pub agent: AgentId,
    /// Who opened it.
    pub opened_by: PersonId,
    /// When.
    pub opened_at: Timestamp,
    /// Why; untrusted text, cleaned; never empty.
    pub reason: String,
    /// Who answered for the agent then.
    pub owner: PersonId,
    /// Who was on call then, and was told.
    pub on_call: Vec<PersonId>,
    /// What the agent did from here on belongs to it.
    pub since: Timestamp,
    /// Whether it stopped the agent; else the agent was not at work before.
    pub stopped: bool,
    /// What the agent had until then.
    pub cut_off: CutOff,
    /// Where it stands.
    pub state: IncidentState,
}

/// What an agent had at the moment when an incident was opened, and has no more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CutOff {
    /// Its live grants.
    pub grants: Vec<GrantId>,
    /// What it waited for.
    pub requests: Vec<RequestId>,
    /// What it could prove itself by.
    pub credentials: Vec<CredentialId>,
    /// The tokens that it held.
    pub tokens: Vec<TokenId>,
}

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum IncidentState {
    /// People look into it.
    Open,
    /// It is over.
    Closed {
        /// When.
        at: Timestamp,
        /// Who says so.
        by: PersonId,
        /// What was found; untrusted text, cleaned; never empty.
        note: String,
    },
}

impl IncidentState {
    /// One word for the state: `open`, `closed`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed { .. } => "closed",
        }
    }
}

/// Some of what is known when an incident is opened: a message each, in its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    /// What the agent did lately, and what it was refused.
    Deeds,
    /// Which grants it had, and who allowed each.
    Grants,
    /// Which models and versions it was seen with.
    Models,
    /// By which credentials and tokens it could act.
    CutOff,
    /// How it ended: told when it does.
    Closing,
}

impl Facts {
    /// What is told at the beginning, in this order.
    pub const ALL: [Self; 4] = [Self::Deeds, Self::Grants, Self::Models, Self::CutOff];
}

impl Incident {
    /// The letter of its reference.
    pub const LETTER: char = 'I';

    /// Whether people still look into it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, IncidentState::Open)
    }

    /// It is over. `None` if it was before.
    pub fn close(self, by: PersonId, note: String, now: Timestamp) -> Option<Self> {
        self.is_open()
            .then_some(Self { state: IncidentState::Closed { at: now, by, note }, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_closed_once_and_keeps_the_first_word() {
        let at = |s: i64| Timestamp::from_timestamp(1_800_000_000 + s, 0).unwrap();
        let (dana, sam) = (PersonId::new("T0ACME", "U0DANA"), PersonId::new("T0ACME", "U0SAM"));
        let open = Incident {
            id: IncidentId::new(ulid::Ulid(1)),
            reference: "I-12".parse().unwrap(),
            agent: AgentId::new(ulid::Ulid(2)),
            opened_by: sam.clone(),
            opened_at: at(0),
            reason: "it writes where it should read".to_owned(),
            owner: dana,
            on_call: Vec::new(),
            since: at(-86_400),
            stopped: true,
            cut_off: CutOff::default(),
            state: IncidentState::Open,
        };
        let closed = open.close(sam.clone(), "a wrong prompt".to_owned(), at(60)).unwrap();
        assert!(!closed.is_open());
        let text = serde_json::to_string(&closed).unwrap();
        assert_eq!(serde_json::from_str::<Incident>(&text).unwrap(), closed);
        assert_eq!(closed.close(sam, "again".to_owned(), at(61)), None);
    }
}
