//! What a yes opens, until when: Active → Expired / Revoked / Released.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::ids::{AgentId, GrantId, RequestId};
use super::person::{By, PersonId};
use super::request::Reference;
use super::task::Submitter;
use super::time::{Span, Timestamp};

/// An agent may do an action on a resource, until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its identity.
    pub id: GrantId,
    /// What people call it: the reference of the request that it came from, `G-1042`.
    pub reference: Reference,
    /// Who may.
    pub agent: AgentId,
    /// May do what.
    pub access: Access,
    /// The request whose approval it came from.
    pub request: RequestId,
    /// From the approval on.
    pub starts_at: Timestamp,
    /// From this moment on every answer is no, whether or not any worker is alive.
    pub expires_at: Timestamp,
    /// Where it stands in its life.
    pub state: GrantState,
}

/// Where a grant stands, with the facts that belong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum GrantState {
    /// Live until `expires_at`.
    Active,
    /// Its time came.
    Expired {
        /// When that was recorded; the grant itself ended at `expires_at`.
        at: Timestamp,
    },
    /// Somebody ended it.
    Revoked {
        /// When.
        at: Timestamp,
        /// Who.
        by: By,
        /// Why; may be empty.
        reason: String,
    },
    /// It was handed back.
    Released {
        /// When.
        at: Timestamp,
        /// Who; for an agent that did it by itself, the person who answers for it.
        by: PersonId,
        /// The program that handed it back by itself, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        program: Option<Submitter>,
    },
}

impl GrantState {
    /// One word for the state.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::Released { .. } => "released",
        }
    }
}

/// What came of an attempt to end or prolong a grant that is not active any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLive(pub GrantState);

impl Grant {
    /// Whether it opens anything at this moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        matches!(self.state, GrantState::Active) && self.starts_at <= now && now < self.expires_at
    }

    /// The time that is left, if it is live.
    pub fn left(&self, now: Timestamp) -> Option<Span> {
        if self.is_live(now) { Span::between(now, self.expires_at) } else { None }
    }

    /// Whether what is left of it is about as good as a new one for so long: whoever asks again a
    /// moment later, not knowing that it was given, needs no second one.
    pub fn suffices(&self, lasting: Span, now: Timestamp) -> bool {
        let most = |span: Span| u64::from(span.as_seconds()) * 19 / 20;
        self.left(now).is_some_and(|left| u64::from(left.as_seconds()) >= most(lasting))
    }

    /// How long it lasts in all.
    pub fn total(&self) -> Span {
        Span::between(self.starts_at, self.expires_at).unwrap_or(Span::seconds(1))
    }

    /// Its time came. Not before `expires_at`: then it is given back unchanged.
    pub fn expire(self, now: Timestamp) -> Result<Self, NotLive> {
        match self.state {
            GrantState::Active if now >= self.expires_at => {
                Ok(Self { state: GrantState::Expired { at: now }, ..self })
            }
            state => Err(NotLive(state)),
        }
    }

    /// Somebody ends it at once.
    pub fn revoke(
        self,
        by: impl Into<By>,
        reason: String,
        now: Timestamp,
    ) -> Result<Self, NotLive> {
        self.end(now, GrantState::Revoked { at: now, by: by.into(), reason })
    }

    /// Its owner hands it back.
    pub fn release(self, by: PersonId, now: Timestamp) -> Result<Self, NotLive> {
        self.end(now, GrantState::Released { at: now, by, program: None })
    }

    /// The agent hands it back by itself; `owner` answers for it.
    pub fn release_by_program(
        self,
        program: Submitter,
        owner: PersonId,
        now: Timestamp,
    ) -> Result<Self, NotLive> {
        self.end(now, GrantState::Released { at: now, by: owner, program: Some(program) })
    }

    fn end(self, now: Timestamp, end: GrantState) -> Result<Self, NotLive> {
        if self.is_live(now) {
            Ok(Self { state: end, ..self })
        } else {
            Err(NotLive(self.state_at(now)))
        }
    }

    /// It goes on for longer, counted from its present end.
    pub fn extend(self, by: Span, now: Timestamp) -> Result<Self, NotLive> {
        if self.is_live(now) {
            Ok(Self { expires_at: self.expires_at + by.delta(), ..self })
        } else {
            Err(NotLive(self.state_at(now)))
        }
    }

    /// The state as it is in truth: past its end a grant is expired, recorded or not.
    pub fn state_at(&self, now: Timestamp) -> GrantState {
        match &self.state {
            GrantState::Active if now >= self.expires_at => {
                GrantState::Expired { at: self.expires_at }
            }
            state => state.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use ulid::Ulid;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn grant(lasting: i64) -> Grant {
        Grant {
            id: GrantId::new(Ulid::from_parts(1, 1)),
            reference: "G-1".parse().unwrap(),
            agent: AgentId::new(Ulid::from_parts(1, 2)),
            access: Access::new("database", "read"),
            request: RequestId::new(Ulid::from_parts(1, 3)),
            starts_at: at(0),
            expires_at: at(lasting),
            state: GrantState::Active,
        }
    }

    fn dana() -> PersonId {
        PersonId::new("T", "U")
    }

    #[test]
    fn it_ends_to_the_second_with_or_without_a_worker() {
        let grant = grant(60);
        assert!(grant.is_live(at(59)));
        assert!(!grant.is_live(at(60)));
        assert!(!grant.is_live(at(-1)));
        assert_eq!(grant.state_at(at(60)).word(), "expired");
        assert!(grant.expire(at(59)).is_err());
    }

    #[test]
    fn about_as_long_is_long_enough() {
        let hour = grant(3_600);
        assert!(hour.suffices(Span::hours(1), at(1)) && hour.suffices(Span::hours(1), at(180)));
        assert!(!hour.suffices(Span::hours(1), at(181)));
        assert!(hour.suffices(Span::minutes(30), at(1_800)));
        assert!(!hour.suffices(Span::seconds(1), at(3_600)));
    }

    #[test]
    fn what_ended_stays_ended() {
        let revoked = grant(60).revoke(dana(), String::new(), at(10)).unwrap();
        assert!(!revoked.is_live(at(11)));
        assert!(revoked.clone().extend(Span::minutes(5), at(12)).is_err());
        assert!(revoked.clone().release(dana(), at(12)).is_err());
        assert!(revoked.expire(at(100)).is_err());
    }

    proptest! {
        /// Whatever is done to a grant in whatever order, once it is not live it never is again.
        #[test]
        fn never_live_again(steps in proptest::collection::vec((0u8..4, 1i64..40), 1..20)) {
            let (mut grant, mut now, mut ended) = (grant(60), at(0), false);
            for (step, wait) in steps {
                now += TimeDelta::seconds(wait);
                ended |= !grant.is_live(now);
                let before = grant.clone();
                grant = match step {
                    0 => grant.expire(now),
                    1 => grant.revoke(dana(), "x".into(), now),
                    2 => grant.release(dana(), now),
                    _ => grant.extend(Span::seconds(30), now),
                }.unwrap_or(before);
                prop_assert!(!(ended && grant.is_live(now)));
                prop_assert!(!grant.is_live(grant.expires_at));
            }
        }
    }
}
