//! The agent and its life: Pending → Active → Suspended / Retired, or Rejected.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{AgentId, RequestId};
use super::person::{By, PersonId};
use super::role::TeamName;
use super::tier::{Answers, Tier};
use super::time::Timestamp;

/// The agent's name among people: `support-agent-v2`. 3 to 40 of `a-z 0-9 -`, beginning with a
/// letter, no dash at the end or doubled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Slug(String);

/// A text that cannot be an agent's name, and what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSlug {
    /// Shorter than 3 or longer than 40 characters.
    #[error("a name has 3 to 40 characters")]
    Length,
    /// Something other than small letters, digits and single dashes.
    #[error("a name is small letters, digits and single dashes, and begins with a letter{}",
        .try_this.as_ref().map(|s| format!(": try `{s}`")).unwrap_or_default())]
    Characters {
        /// The nearest name that would do.
        try_this: Option<String>,
    },
}

impl Slug {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn fits(text: &str) -> bool {
        (3..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && !text.contains("--")
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }

    /// The name that a thing of another name would have as an agent: `Deploy Helper` is
    /// `deploy-helper`. `None` if nothing is left of it.
    pub fn like(name: &str) -> Option<Self> {
        Self::nearest(name).map(Self)
    }

    /// The nearest name to what somebody typed, if anything is left of it.
    fn nearest(text: &str) -> Option<String> {
        let mut out = String::new();
        for c in text.to_lowercase().chars() {
            if c.is_ascii_alphanumeric() {
                out.push(c);
            } else if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
        }
        let start = out.trim_start_matches(|c: char| !c.is_ascii_lowercase());
        let cut: String = start.chars().take(40).collect();
        let cut = cut.trim_end_matches('-').to_owned();
        Self::fits(&cut).then_some(cut)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = BadSlug;
    fn from_str(text: &str) -> Result<Self, BadSlug> {
        let text = text.trim();
        if Self::fits(text) {
            Ok(Self(text.to_owned()))
        } else if !(3..=40).contains(&text.chars().count()) {
            Err(BadSlug::Length)
        } else {
            Err(BadSlug::Characters { try_this: Self::nearest(text) })
        }
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> String {
        slug.0
    }
}

impl TryFrom<String> for Slug {
    type Error = BadSlug;
    fn try_from(text: String) -> Result<Self, BadSlug> {
        text.parse()
    }
}

/// What the agent is, in its owner's words: everything the registration asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// What it is for; one or two sentences.
    pub purpose: String,
    /// The systems it touches, as the owner names them.
    pub systems: Vec<String>,
    /// Where it runs: `kubernetes`, `a laptop under cron`.
    pub runs_on: String,
    /// The model behind it, with its version where known.
    pub model: String,
    /// The answers from which the tier follows.
    pub answers: Answers,
}

/// A non-human worker with one owner and a tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its identity, for ever.
    pub id: AgentId,
    /// Its name among people.
    pub slug: Slug,
    /// What it is.
    pub description: Description,
    /// The one person who answers for it.
    pub owner: PersonId,
    /// The team it works for.
    pub team: TeamName,
    /// How much harm it could do; never lower than its answers say.
    pub tier: Tier,
    /// When somebody asked for it to be registered.
    pub registered_at: Timestamp,
    /// Where it stands in its life.
    pub state: AgentState,
    /// Set while nobody answers for it: its owner has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphaned: Option<Orphaned>,
}

/// Nobody answers for the agent: how long that is borne.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphaned {
    /// Since when it is known.
    pub since: Timestamp,
    /// When it is stopped, if nobody takes it.
    pub suspended_at: Timestamp,
    /// When it is retired, if nobody takes it.
    pub retired_at: Timestamp,
}

/// Why an agent is stopped, and with that who can undo it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody stopped it: the people of its tier let it go on.
    #[default]
    Stopped,
    /// Its owner did not say in time that it is still needed: saying so lets it go on.
    Uncertified,
    /// Nobody answers for it: whoever takes it lets it go on.
    Ownerless,
}

impl Cause {
    /// One word: `stopped`, `uncertified`, `ownerless`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Uncertified => "uncertified",
            Self::Ownerless => "ownerless",
        }
    }

    /// Who undoes it and how, as a sentence; `owner` is what the agent's owner is called.
    pub fn undone_by(self, agent: &Slug, owner: &str) -> String {
        match self {
            Self::Stopped => format!(
                "{owner} can ask that it goes on, and people decide: /agent reinstate {agent} in Slack"
            ),
            Self::Uncertified => format!(
                "{owner} is to say that it is still needed, and it goes on at once: /agent certify \
                 {agent} in Slack"
            ),
            Self::Ownerless => {
                format!("whoever answers for it from now on takes it: /agent take {agent} in Slack")
            }
        }
    }
}

/// Where an agent stands in its life, with the facts that belong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    /// Registered, and waiting for approval.
    Pending {
        /// The registration that is being decided.
        request: RequestId,
    },
    /// At work.
    Active {
        /// Since when.
        since: Timestamp,
        /// Until when its owner's word that it is needed and compliant holds.
        certified_until: Timestamp,
    },
    /// Stopped: it gets nothing until somebody else approves that it may go on.
    Suspended {
        /// Since when.
        at: Timestamp,
        /// Who stopped it.
        by: By,
        /// Why; may be empty when the person gave no reason.
        reason: String,
        /// What kind of stop it is.
        #[serde(default)]
        cause: Cause,
        /// What to go back to.
        certified_until: Timestamp,
    },
    /// Ended for good; the record stays.
    Retired {
        /// Since when.
        at: Timestamp,
        /// Who ended it.
        by: By,
        /// Why; may be empty.
        #[serde(default)]
        reason: String,
    },
    /// The registration was denied, cancelled or never answered; the name is free again.
    Rejected {
        /// Since when.
        at: Timestamp,
    },
}

impl AgentState {
    /// One word for the state: `pending`, `active`, `suspended`, `retired`, `rejected`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Active { .. } => "active",
            Self::Suspended { .. } => "suspended",
            Self::Retired { .. } => "retired",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// A step that the agent's state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{slug} is {state}: it cannot be {step}")]
pub struct BadStep {
    slug: Slug,
    state: &'static str,
    step: &'static str,
}

impl Agent {
    /// Whether it may hold and use grants.
    pub const fn is_active(&self) -> bool {
        matches!(self.state, AgentState::Active { .. })
    }

    /// Whether its owner's last word on it still holds; `None` when the question does not arise.
    pub fn certified_at(&self, now: Timestamp) -> Option<bool> {
        match self.state {
            AgentState::Active { certified_until, .. } => Some(now < certified_until),
            _ => None,
        }
    }

    /// The registration was approved: the agent goes to work.
    pub fn activate(self, now: Timestamp, certified_until: Timestamp) -> Result<Self, BadStep> {
        match self.state {
            AgentState::Pending { .. } => {
                Ok(Self { state: AgentState::Active { since: now, certified_until }, ..self })
            }
            _ => Err(self.bad("activated")),
        }
    }

    /// The registration was denied, and approved on appeal: the agent goes to work after all.
    pub fn revive(self, now: Timestamp, certified_until: Timestamp) -> Result<Self, BadStep> {
        match self.state {
            AgentState::Rejected { .. } => {
                Ok(Self { state: AgentState::Active { since: now, certified_until }, ..self })
            }
            _ => Err(self.bad("revived")),
        }
    }

    /// The registration came to nothing.
    pub fn reject(self, now: Timestamp) -> Result<Self, BadStep> {
        match self.state {
            AgentState::Pending { .. } => {
                Ok(Self { state: AgentState::Rejected { at: now }, orphaned: None, ..self })
            }
            _ => Err(self.bad("rejected")),
        }
    }

    /// Whether people can stop it: it is at work, or it would be again as soon as its owner says
    /// that it is needed or somebody answers for it.
    pub const fn can_be_stopped(&self) -> bool {
        match &self.state {
            AgentState::Active { .. } => true,
            AgentState::Suspended { cause, .. } => !matches!(cause, Cause::Stopped),
            _ => false,
        }
    }

    /// It is stopped. What people stop stays stopped, whatever it was suspended for before.
    pub fn suspend(
        self,
        by: impl Into<By>,
        reason: String,
        cause: Cause,
        now: Timestamp,
    ) -> Result<Self, BadStep> {
        match self.state {
            AgentState::Suspended { cause: before, .. }
                if cause != Cause::Stopped || before == Cause::Stopped =>
            {
                Err(self.bad("stopped"))
            }
            AgentState::Active { certified_until, .. }
            | AgentState::Suspended { certified_until, .. } => Ok(Self {
                state: AgentState::Suspended {
                    at: now,
                    by: by.into(),
                    reason,
                    cause,
                    certified_until,
                },
                ..self
            }),
            _ => Err(self.bad("stopped")),
        }
    }

    /// It is ended for good.
    pub fn retire(
        self,
        by: impl Into<By>,
        reason: String,
        now: Timestamp,
    ) -> Result<Self, BadStep> {
        match self.state {
            AgentState::Active { .. } | AgentState::Suspended { .. } => {
                let by = by.into();
                Ok(Self {
                    state: AgentState::Retired { at: now, by, reason },
                    orphaned: None,
                    ..self
                })
            }
            _ => Err(self.bad("retired")),
        }
    }

    /// Why it is stopped, if it is.
    pub const fn cause(&self) -> Option<Cause> {
        match &self.state {
            AgentState::Suspended { cause, .. } => Some(*cause),
            _ => None,
        }
    }

    /// The people who must agreed that it may go on.
    pub fn reinstate(self, now: Timestamp) -> Result<Self, BadStep> {
        match self.state {
            AgentState::Suspended { certified_until, .. } => {
                Ok(Self { state: AgentState::Active { since: now, certified_until }, ..self })
            }
            _ => Err(self.bad("reinstated")),
        }
    }

    /// Its owner said that it is needed and compliant: that holds until then. What was suspended for
    /// want of that word goes on.
    pub fn certify(self, until: Timestamp, now: Timestamp) -> Result<Self, BadStep> {
        let since = match self.state {
            AgentState::Active { since, .. } => since,
            AgentState::Suspended { cause: Cause::Uncertified, .. } => now,
            _ => return Err(self.bad("certified")),
        };
        Ok(Self { state: AgentState::Active { since, certified_until: until }, ..self })
    }

    /// The tier that this description would give it. What it was raised to stays, unless the answers
    /// give less than those before.
    pub fn tier_by(&self, description: &Description) -> Tier {
        let (before, after) = (self.description.answers.tier(), description.answers.tier());
        if after < before { after } else { self.tier.max(after) }
    }

    /// It is something else now, and its tier follows.
    pub fn describe(self, description: Description) -> Self {
        let tier = self.tier_by(&description);
        Self { tier, description, ..self }
    }

    /// It works for this team from now on.
    pub fn moved(self, team: TeamName) -> Self {
        Self { team, ..self }
    }

    /// Its tier becomes this; never less than its answers say.
    pub fn set_tier(self, tier: Tier) -> Self {
        Self { tier: tier.max(self.description.answers.tier()), ..self }
    }

    /// Its tier becomes `tier`, if that is higher.
    pub fn raise(self, tier: Tier) -> Self {
        Self { tier: self.tier.max(tier), ..self }
    }

    fn bad(self, step: &'static str) -> BadStep {
        BadStep { state: self.state.word(), slug: self.slug, step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_kindly() {
        assert!("support-agent-v2".parse::<Slug>().is_ok());
        assert_eq!("ab".parse::<Slug>(), Err(BadSlug::Length));
        let near = |text: &str| match text.parse::<Slug>() {
            Err(BadSlug::Characters { try_this }) => try_this,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(near("Support Agent V2").as_deref(), Some("support-agent-v2"));
        assert_eq!(near("2-fast--").as_deref(), Some("fast"));
        assert_eq!(near("---"), None);
        assert_eq!(near("<!channel>").as_deref(), Some("channel"));
    }
}
