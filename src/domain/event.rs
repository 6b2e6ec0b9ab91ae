//! The audit log's lines and their chain.
//!
//! Every change appends one event in the same transaction. Each line carries the hash of the one
//! before, so that an edit, a deletion or a reordering is found, and the first bad line named. Free
//! text of people is kept where it belongs and enters the log by its SHA-256 only: a secret that
//! somebody pastes into a justification must not live for ever in a record that cannot be changed.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access::Access;
use super::ids::{
    ActivityId, AgentId, BatchId, CredentialId, DeliveryId, GrantId, LoginId, RequestId, TokenId,
};
use super::login::Ending;
use super::person::PersonId;
use super::request::Reference;
use super::role::RoleName;
use super::tier::Tier;
use super::time::{Span, Timestamp};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    Person(PersonId),
    /// An agent, for itself.
    Agent(AgentId),
    /// A service that the policy names.
    Service(String),
    /// The service itself: a deadline, a policy that was loaded.
    System,
}

/// The SHA-256 of a text, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextHash(String);

impl TextHash {
    /// The hash of this text.
    pub fn of(text: &str) -> Self {
        Self(hex::encode(Sha256::digest(text.as_bytes())))
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A question was put to people.
    RequestOpened {
        /// Which.
        request: RequestId,
        /// What people call it.
        reference: Reference,
        /// About which agent.
        agent: AgentId,
        /// Its kind, in one word.
        ask: String,
        /// What is to be opened.
        access: Option<Access>,
        /// For how long.
        lasting: Option<Span>,
        /// The tier whose people decide.
        tier: Tier,
        /// The yeses that are needed.
        needs: Vec<RoleName>,
        /// The policy by which it was routed.
        policy: String,
        /// The justification's hash.
        because: Option<TextHash>,
    },
    /// The named owner agreed to answer for the agent.
    OwnershipAccepted {
        /// In which request.
        request: RequestId,
    },
    /// Somebody's word counted.
    VoteCast {
        /// On which request.
        request: RequestId,
        /// `true` for yes.
        approve: bool,
        /// The roles held at the click.
        roles: Vec<RoleName>,
        /// The reason's hash, of a no.
        reason: Option<TextHash>,
    },
    /// A request was approved.
    RequestApproved {
        /// Which.
        request: RequestId,
        /// The rule, when no people were needed.
        rule: Option<String>,
        /// The distinct people who covered the requirements.
        people: Vec<PersonId>,
    },
    /// A request was denied.
    RequestDenied {
        /// Which.
        request: RequestId,
        /// The reason's hash.
        reason: TextHash,
    },
    /// A request was taken back.
    RequestCancelled {
        /// Which.
        request: RequestId,
    },
    /// Nobody answered in time.
    RequestExpired {
        /// Which.
        request: RequestId,
    },
    /// An agent went to work.
    AgentActivated {
        /// Which.
        agent: AgentId,
        /// With which tier.
        tier: Tier,
        /// Answered for by whom.
        owner: PersonId,
    },
    /// A registration came to nothing.
    AgentRejected {
        /// Which.
        agent: AgentId,
    },
    /// An agent's tier was raised.
    TierRaised {
        /// Which.
        agent: AgentId,
        /// From.
        from: Tier,
        /// To.
        to: Tier,
    },
    /// An agent was stopped.
    AgentSuspended {
        /// Which.
        agent: AgentId,
        /// The reason's hash.
        reason: TextHash,
    },
    /// An agent that was stopped goes on.
    AgentReinstated {
        /// Which.
        agent: AgentId,
    },
    /// A grant began.
    GrantStarted {
        /// Which.
        grant: GrantId,
        /// To whom.
        agent: AgentId,
        /// For what.
        access: Access,
        /// Until when.
        until: Timestamp,
    },
    /// A grant goes on for longer.
    GrantExtended {
        /// Which.
        grant: GrantId,
        /// By which request.
        request: RequestId,
        /// Until when now.
        until: Timestamp,
    },
    /// A grant's time came.
    GrantExpired {
        /// Which.
        grant: GrantId,
    },
    /// Somebody ended a grant.
    GrantRevoked {
        /// Which.
        grant: GrantId,
        /// The reason's hash.
        reason: TextHash,
    },
    /// A grant was handed back.
    GrantReleased {
        /// Which.
        grant: GrantId,
    },
    /// A policy is in force from now on.
    PolicyLoaded {
        /// Its digest.
        digest: String,
        /// The one before, if there was one.
        before: Option<String>,
    },
    /// A policy did not check; the one before stays.
    PolicyRefused {
        /// The digest of what was refused.
        digest: String,
        /// How many mistakes it has.
        mistakes: u32,
    },
    /// An agent can prove itself in another way from now on.
    CredentialAdded {
        /// Which.
        credential: CredentialId,
        /// Whose.
        agent: AgentId,
        /// `key` or `workload`.
        proof: String,
        /// What tells it from others: the thumbprint, or the issuer with its claims.
        fingerprint: String,
        /// Until when.
        until: Timestamp,
    },
    /// A credential was taken away.
    CredentialRevoked {
        /// Which.
        credential: CredentialId,
        /// Whose.
        agent: AgentId,
        /// The reason's hash.
        reason: TextHash,
    },
    /// A key for signing tokens was made.
    SigningKeyMade {
        /// Its name, as tokens carry it.
        kid: String,
    },
    /// A key signs nothing new any more.
    SigningKeyRetired {
        /// Its name.
        kid: String,
    },
    /// An agent got a token.
    TokenIssued {
        /// Which.
        token: TokenId,
        /// To whom.
        agent: AgentId,
        /// By which credential, or by which token for another.
        by: String,
        /// For which audience.
        audience: Vec<String>,
        /// The grants that it carries.
        grants: Vec<GrantId>,
        /// The person in whose name, if not the agent's own.
        on_behalf_of: Option<String>,
        /// Until when.
        until: Timestamp,
    },
    /// A token was taken back before its time.
    TokenRevoked {
        /// Which.
        token: TokenId,
        /// Whose.
        agent: AgentId,
    },
    /// A person logs in on a device.
    LoginConfirmed {
        /// Which login.
        login: LoginId,
        /// The hash of the device's name.
        device: TextHash,
    },
    /// A person said that it is not they who log in.
    LoginRefused {
        /// Which login.
        login: LoginId,
        /// The hash of the device's name.
        device: TextHash,
    },
    /// A login is over before its time.
    LoginEnded {
        /// Which.
        login: LoginId,
        /// Whose.
        person: PersonId,
        /// How it ended.
        ending: Ending,
    },
    /// Questions were answered. What was asked and answered stands beside the log, in records that
    /// this line seals by their hash.
    EvaluationsRecorded {
        /// Which group.
        batch: BatchId,
        /// How many.
        count: u32,
        /// SHA-256 of the records as they are stored, in hex.
        sha256: String,
    },
    /// An agent told what it did; sealed in the same way.
    ActivityRecorded {
        /// Which.
        activity: ActivityId,
        /// Who.
        agent: AgentId,
        /// SHA-256 of the record as it is stored, in hex.
        sha256: String,
    },
    /// An agent asks too often, and was told to wait.
    QuotaReached {
        /// Which.
        agent: AgentId,
        /// Of what: `evaluations`, `tokens`, `requests`.
        quota: String,
    },
    /// A message can never arrive.
    DeliveryFailed {
        /// Which.
        delivery: DeliveryId,
        /// Slack's error code, or ours.
        error: String,
    },
}

/// The ids under which an event is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct About {
    /// The agent.
    pub agent: Option<AgentId>,
    /// The request.
    pub request: Option<RequestId>,
    /// The grant.
    pub grant: Option<GrantId>,
}

impl What {
    /// The agent that the event tells of without being found under it (see [`What::about`]).
    pub const fn told_of(&self) -> Option<AgentId> {
        match self {
            Self::TokenIssued { agent, .. }
            | Self::TokenRevoked { agent, .. }
            | Self::ActivityRecorded { agent, .. } => Some(*agent),
            _ => None,
        }
    }

    /// The ids that the event itself carries.
    pub const fn about(&self) -> About {
        let none = About { agent: None, request: None, grant: None };
        match self {
            Self::RequestOpened { request, agent, .. } => {
                About { agent: Some(*agent), request: Some(*request), grant: None }
            }
            Self::OwnershipAccepted { request }
            | Self::VoteCast { request, .. }
            | Self::RequestApproved { request, .. }
            | Self::RequestDenied { request, .. }
            | Self::RequestCancelled { request }
            | Self::RequestExpired { request } => About { request: Some(*request), ..none },
            Self::AgentActivated { agent, .. }
            | Self::AgentRejected { agent }
            | Self::TierRaised { agent, .. }
            | Self::AgentSuspended { agent, .. }
            | Self::AgentReinstated { agent }
            | Self::CredentialAdded { agent, .. }
            | Self::CredentialRevoked { agent, .. }
            | Self::QuotaReached { agent, .. } => About { agent: Some(*agent), ..none },
            Self::GrantStarted { grant, agent, .. } => {
                About { agent: Some(*agent), grant: Some(*grant), ..none }
            }
            Self::GrantExtended { grant, request, .. } => {
                About { grant: Some(*grant), request: Some(*request), ..none }
            }
            Self::GrantExpired { grant }
            | Self::GrantRevoked { grant, .. }
            | Self::GrantReleased { grant } => About { grant: Some(*grant), ..none },
            Self::PolicyLoaded { .. }
            | Self::PolicyRefused { .. }
            | Self::SigningKeyMade { .. }
            | Self::SigningKeyRetired { .. }
            // Too many to stand among what people did around an agent; they are found by the
            // token, the batch or the activity.
            | Self::TokenIssued { .. }
            | Self::TokenRevoked { .. }
            | Self::ActivityRecorded { .. }
            | Self::EvaluationsRecorded { .. }
            // Of people, not of agents.
            | Self::LoginConfirmed { .. }
            | Self::LoginRefused { .. }
            | Self::LoginEnded { .. }
            | Self::DeliveryFailed { .. } => none,
        }
    }
}

/// The hash of one line, which the next line carries: SHA-256, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainHash(String);

impl ChainHash {
    /// What the first line carries in place of a line before it.
    pub fn origin() -> Self {
        Self(hex::encode(Sha256::digest(b"countersign audit log")))
    }

    /// The hash as stored text.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The hash of a line: of the one before, the number, the moment (microseconds since 1970) and the
/// body exactly as it is stored.
pub fn chain(before: &ChainHash, seq: i64, at: Timestamp, body: &str) -> ChainHash {
    let mut hash = Sha256::new();
    for part in [before.as_str(), &seq.to_string(), &at.timestamp_micros().to_string(), body] {
        // Lengths first, so that no two different lines read the same.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    ChainHash(hex::encode(hash.finalize()))
}

/// What a line holds, as it is stored and hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// One line of the log, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The body as stored: JSON of [`Body`].
    pub body: String,
    /// The hash that it carries of the line before.
    pub before: ChainHash,
    /// Its own hash.
    pub hash: ChainHash,
}

/// What is wrong with the first bad line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing or out of order.
    #[error("line {expected} is missing: line {found} stands in its place")]
    Missing {
        /// The number that should have come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// The line does not follow from the one before.
    #[error("line {seq} does not follow from line {}: a line was changed, removed or moved", seq - 1)]
    Unchained {
        /// The line.
        seq: i64,
    },
    /// The line is not what was written.
    #[error("line {seq} was changed after it was written")]
    Edited {
        /// The line.
        seq: i64,
    },
    /// The log ends before its recorded head.
    #[error(
        "the log ends at line {found}, but line {expected} was its last: lines were removed from its end"
    )]
    Truncated {
        /// The last line there should be.
        expected: i64,
        /// The last line there is.
        found: i64,
    },
}

/// Checks lines one by one, in order.
#[derive(Debug, Clone)]
pub struct Verifier {
    seq: i64,
    hash: ChainHash,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { seq: 0, hash: ChainHash::origin() }
    }
}

impl Verifier {
    /// Takes the next line.
    pub fn check(&mut self, line: &Line) -> Result<(), Broken> {
        let expected = self.seq + 1;
        if line.seq != expected {
            return Err(Broken::Missing { expected, found: line.seq });
        }
        if line.before != self.hash {
            return Err(Broken::Unchained { seq: line.seq });
        }
        if chain(&line.before, line.seq, line.at, &line.body) != line.hash {
            return Err(Broken::Edited { seq: line.seq });
        }
        self.seq = line.seq;
        self.hash = line.hash.clone();
        Ok(())
    }

    /// Ends at this head; returns how many lines were checked and the last hash.
    pub fn finish(self, head_seq: i64, head: &ChainHash) -> Result<(i64, ChainHash), Broken> {
        if self.seq != head_seq {
            return Err(Broken::Truncated { expected: head_seq, found: self.seq });
        }
        if self.hash != *head {
            return Err(Broken::Edited { seq: self.seq });
        }
        Ok((self.seq, self.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(bodies: &[String]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut before = ChainHash::origin();
        for (i, body) in bodies.iter().enumerate() {
            let seq = i as i64 + 1;
            let at = Timestamp::from_timestamp(1_800_000_000 + seq, 0).unwrap();
            let hash = chain(&before, seq, at, body);
            lines.push(Line { seq, at, body: body.clone(), before, hash: hash.clone() });
            before = hash;
        }
        lines
    }

    fn verify(lines: &[Line], head: (i64, ChainHash)) -> Result<(i64, ChainHash), Broken> {
        let mut verifier = Verifier::default();
        for line in lines {
            verifier.check(line)?;
        }
        verifier.finish(head.0, &head.1)
    }

    proptest! {
        /// Promise 10: any edit, deletion or reordering is found, at the first bad line.
        #[test]
        fn tampering_is_found(bodies in proptest::collection::vec("[a-z]{1,8}", 2..12),
                              which in any::<prop::sample::Index>(), how in 0u8..4) {
            let mut lines = log(&bodies);
            let head = (lines.len() as i64, lines.last().unwrap().hash.clone());
            prop_assert!(verify(&lines, head.clone()).is_ok());
            let i = which.index(lines.len());
            match how {
                0 => lines[i].body.push('!'),
                1 => { lines.remove(i); }
                2 => { let j = (i + 1) % lines.len(); lines.swap(i, j); }
                _ => {
                    // A forger who rehashes one line leaves the next one hanging.
                    lines[i].body.push('!');
                    let l = lines[i].clone();
                    lines[i].hash = chain(&l.before, l.seq, l.at, &l.body);
                }
            }
            prop_assert!(verify(&lines, head).is_err());
        }
    }
}
