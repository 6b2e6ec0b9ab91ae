//! A person logs in on a device (RFC 8628): Asked → Confirmed → Live → Ended, or Refused.
//!
//! The device asks and shows a code; the person says yes in Slack, where it is known who they are; the
//! device fetches its tokens once. An access token lives for an hour, and a refresh token is good for one
//! renewal: when one is used that was used before, somebody else has a copy of it, and the login ends.
//!
//! Of all secrets there is only the hash here. A time that is over needs no worker: every question is
//! judged with the time as an argument.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ids::LoginId;
use super::person::PersonId;
use super::text::clean;
use super::time::{Span, Timestamp};
use super::user_code::UserCode;

/// So long a code can be confirmed.
pub const CODE_LIVES: Span = Span::minutes(10);
/// So long an access token is good.
pub const ACCESS_LIVES: Span = Span::hours(1);
/// So long a login lasts without being used.
pub const IDLE: Span = Span::days(14);
/// So long it lasts at the most.
pub const LONGEST: Span = Span::days(90);
/// A device asks for its tokens no more often than once in this time.
pub const INTERVAL: Span = Span::seconds(5);
/// So many access tokens of one login are good at the same time; with more the oldest goes.
const MOST_ACCESS: usize = 4;
/// The longest name of a device, in characters.
const LONGEST_NAME: usize = 60;

/// The SHA-256 of a secret, in hex: all that is kept of it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(String);

impl SecretHash {
    /// The hash of this secret.
    pub fn of(secret: &str) -> Self {
        Self(hex::encode(Sha256::digest(secret.as_bytes())))
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first digits, which tell two apart in a log.
impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretHash({:.8}…)", self.0)
    }
}

/// A login of a person on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Its identity.
    pub id: LoginId,
    /// What the device calls itself, cleaned; untrusted.
    pub device: String,
    /// The network address from which it asked, as far as the server saw it.
    pub from: Option<String>,
    /// When it asked.
    pub asked_at: Timestamp,
    /// The hash of the code by which the device fetches its tokens.
    pub device_code: SecretHash,
    /// Where it stands.
    pub state: LoginState,
}

/// Where a login stands, with the facts that belong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LoginState {
    /// The device shows a code.
    Asked {
        /// The code.
        code: UserCode,
        /// The only person who may confirm it, if the device named one.
        meant_for: Option<PersonId>,
        /// Until when it can be confirmed.
        until: Timestamp,
    },
    /// A person said yes; the device has not fetched its tokens yet.
    Confirmed {
        /// Who.
        person: PersonId,
        /// When.
        at: Timestamp,
        /// Until when the tokens can be fetched.
        until: Timestamp,
    },
    /// A person said no.
    Refused {
        /// Who.
        person: PersonId,
        /// When.
        at: Timestamp,
    },
    /// The device has tokens.
    Live(Live),
    /// It is over.
    Ended {
        /// Whose it was.
        person: PersonId,
        /// When it ended.
        at: Timestamp,
        /// How.
        ending: Ending,
    },
}

/// A login at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Whose.
    pub person: PersonId,
    /// Since when.
    pub since: Timestamp,
    /// When its tokens were last renewed.
    pub renewed_at: Timestamp,
    /// The access tokens that are good, the newest last.
    access: Vec<Access>,
    /// The one refresh token that is good.
    refresh: SecretHash,
    /// Until when it lasts without being renewed.
    pub until: Timestamp,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Access {
    hash: SecretHash,
    until: Timestamp,
}

/// How a login ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The device logged out.
    LoggedOut,
    /// The person ended it in Slack.
    ByPerson,
    /// A refresh token was used twice.
    RefreshReused,
    /// The device's code was used twice.
    CodeReused,
    /// The person is no full, active member any more.
    NotMember,
}

impl Ending {
    /// Whether it means that somebody else has a copy of what only the device should have.
    pub const fn is_theft(self) -> bool {
        matches!(self, Self::RefreshReused | Self::CodeReused)
    }

    /// In a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged out on the device",
            Self::ByPerson => "ended by its person in Slack",
            Self::RefreshReused => "a refresh token was used twice",
            Self::CodeReused => "the device's code was used twice",
            Self::NotMember => "its person is no full, active member any more",
        }
    }
}

/// The hashes of a new pair of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Of the access token.
    pub access: SecretHash,
    /// Of the refresh token.
    pub refresh: SecretHash,
}

/// Why a person's yes or no to a login changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// Its time is over.
    Expired,
    /// The device named somebody else.
    ForAnother,
    /// It was answered before.
    Answered {
        /// By whom.
        by: PersonId,
        /// Whether it was a yes.
        yes: bool,
    },
}

/// What a device gets that asks for its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Nobody has answered yet.
    Pending,
    /// Nobody answered in time.
    Expired,
    /// Somebody said no.
    Denied,
    /// The tokens are its own, from now on.
    Began(Login),
    /// They were fetched before: the login as it ends.
    Reused(Login),
    /// They were fetched before, and it is over.
    Over,
}

/// What comes of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewed {
    /// Another pair is good now.
    Renewed(Login),
    /// It was used before: the login as it ends.
    Reused(Login),
    /// The login is over.
    Over,
}

/// The name of a device, made safe to keep.
pub fn device_name(typed: &str) -> String {
    let name = clean(typed, LONGEST_NAME);
    if name.is_empty() { "a device without a name".to_owned() } else { name }
}

impl Login {
    /// Whose it is, as soon as somebody has answered.
    pub const fn person(&self) -> Option<&PersonId> {
        match &self.state {
            LoginState::Asked { .. } => None,
            LoginState::Confirmed { person, .. }
            | LoginState::Refused { person, .. }
            | LoginState::Live(Live { person, .. })
            | LoginState::Ended { person, .. } => Some(person),
        }
    }

    /// The moment from which on nothing can come of it any more.
    pub const fn over_at(&self) -> Timestamp {
        match &self.state {
            LoginState::Asked { until, .. } | LoginState::Confirmed { until, .. } => *until,
            LoginState::Refused { at, .. } | LoginState::Ended { at, .. } => *at,
            LoginState::Live(live) => live.until,
        }
    }

    /// The login at work, if it is.
    pub fn live(&self, now: Timestamp) -> Option<&Live> {
        match &self.state {
            LoginState::Live(live) if now < live.until => Some(live),
            _ => None,
        }
    }

    /// Whether it waits for somebody's answer.
    pub fn waits(&self, now: Timestamp) -> bool {
        matches!(&self.state, LoginState::Asked { until, .. } if now < *until)
    }

    /// Whether this person may answer it now.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub fn may_answer(&self, by: &PersonId, now: Timestamp) -> Result<(), NoAnswer> {
        match &self.state {
            LoginState::Asked { until, .. } if now >= *until => Err(NoAnswer::Expired),
            LoginState::Asked { meant_for: Some(other), .. } if other != by => {
                Err(NoAnswer::ForAnother)
            }
            LoginState::Asked { .. } => Ok(()),
            LoginState::Refused { person, .. } => {
                Err(NoAnswer::Answered { by: person.clone(), yes: false })
            }
            LoginState::Confirmed { person, .. }
            | LoginState::Live(Live { person, .. })
            | LoginState::Ended { person, .. } => {
                Err(NoAnswer::Answered { by: person.clone(), yes: true })
            }
        }
    }

    /// A person answers: yes, it is they who log in; or no.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]; nothing changes.
    pub fn answer(self, by: &PersonId, yes: bool, now: Timestamp) -> Result<Self, NoAnswer> {
        self.may_answer(by, now)?;
        let (person, until) = (by.clone(), self.over_at());
        let state = if yes {
            LoginState::Confirmed { person, at: now, until }
        } else {
            LoginState::Refused { person, at: now }
        };
        Ok(Self { state, ..self })
    }

    /// The device asks for its tokens; these are the ones that it would get.
    pub fn fetch(self, pair: Pair, now: Timestamp) -> Fetched {
        match self.state {
            LoginState::Asked { until, .. } if now < until => Fetched::Pending,
            LoginState::Confirmed { person, until, .. } if now < until => {
                let live = Live {
                    person,
                    since: now,
                    renewed_at: now,
                    access: vec![Access { hash: pair.access, until: now + ACCESS_LIVES.delta() }],
                    refresh: pair.refresh,
                    until: now + IDLE.delta(),
                };
                Fetched::Began(Self { state: LoginState::Live(live), ..self })
            }
            LoginState::Asked { .. } | LoginState::Confirmed { .. } => Fetched::Expired,
            LoginState::Refused { .. } => Fetched::Denied,
            LoginState::Live(_) => match self.end(Ending::CodeReused, now) {
                Some(ended) => Fetched::Reused(ended),
                None => Fetched::Over,
            },
            LoginState::Ended { .. } => Fetched::Over,
        }
    }

    /// The device shows a refresh token that was given to this login at some time.
    pub fn renew(self, shown: &SecretHash, pair: Pair, now: Timestamp) -> Renewed {
        let Some(live) = self.live(now).cloned() else { return Renewed::Over };
        if live.refresh != *shown {
            return match self.end(Ending::RefreshReused, now) {
                Some(ended) => Renewed::Reused(ended),
                None => Renewed::Over,
            };
        }
        let last = live.since + LONGEST.delta();
        let until = (now + IDLE.delta()).min(last);
        let mut access: Vec<Access> =
            live.access.into_iter().filter(|one| now < one.until).collect();
        access.push(Access { hash: pair.access, until: (now + ACCESS_LIVES.delta()).min(until) });
        let access = access.split_off(access.len().saturating_sub(MOST_ACCESS));
        let live = Live { renewed_at: now, access, refresh: pair.refresh, until, ..live };
        Renewed::Renewed(Self { state: LoginState::Live(live), ..self })
    }

    /// The login at work, if this access token opens it now.
    pub fn opened_by(&self, shown: &SecretHash, now: Timestamp) -> Option<&Live> {
        let good = |one: &Access| one.hash == *shown && now < one.until;
        self.live(now).filter(|live| live.access.iter().any(good))
    }

    /// It ends, before or while it is at work. `None` if it was over already, or nobody has
    /// confirmed it yet.
    pub fn end(self, ending: Ending, now: Timestamp) -> Option<Self> {
        if now >= self.over_at() {
            return None;
        }
        match self.state {
            LoginState::Confirmed { person, .. } | LoginState::Live(Live { person, .. }) => {
                Some(Self { state: LoginState::Ended { person, at: now, ending }, ..self })
            }
            LoginState::Asked { .. } | LoginState::Refused { .. } | LoginState::Ended { .. } => {
                None
            }
        }
    }
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
