//! What the audit log's lines tell.
//!
//! Every change appends one event in the same transaction; how the lines are chained is in
//! [`chain`](super::chain). Free text of people is kept where it belongs and enters the log by its
//! SHA-256 only: a secret that somebody pastes into a justification must not live for ever in a record
//! that cannot be changed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access::Access;
pub use super::chain::{Broken, ChainHash, Line, Verifier, chain};
use super::identity_provider::Presence;
use super::ids::{
    ActivityId, AgentId, BatchId, CertificationId, CredentialId, DelegationId, DeliveryId,
    DiscoveryId, GrantId, IdpGroupId, IdpUserId, IncidentId, LoginId, RequestId, TokenId,
};
use super::login::Ending;
use super::person::{By, PersonId, Standing};
use super::request::Reference;
use super::role::{RoleName, TeamName};
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
    /// The identity provider, by what it pushes (SCIM) or what its tokens say.
    IdentityProvider,
    /// The service itself: a deadline, a policy that was loaded.
    System,
}

impl From<By> for Actor {
    fn from(by: By) -> Self {
        match by {
            By::Person(person) => Self::Person(person),
            By::System => Self::System,
        }
    }
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
        /// Those in whose place it could count.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stands_in: Vec<PersonId>,
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
    /// Somebody who is entitled said yes alone, because it could not wait.
    EmergencyOpened {
        /// Which request.
        request: RequestId,
        /// Who would have been asked, and was told instead.
        skipped: Vec<PersonId>,
        /// The review that is due.
        review: RequestId,
    },
    /// A request was denied.
    RequestDenied {
        /// Which.
        request: RequestId,
        /// The reason's hash.
        reason: TextHash,
    },
    /// Nobody answered in time, and the backup is asked.
    RequestEscalated {
        /// Which.
        request: RequestId,
        /// The role that is the backup.
        role: RoleName,
        /// The roles whose yes was missing.
        missing: Vec<RoleName>,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody lets another answer in their place.
    DelegationGiven {
        /// Which.
        delegation: DelegationId,
        /// In whose place.
        from: PersonId,
        /// Who answers.
        to: PersonId,
        /// For which roles; for all if it is empty.
        roles: Vec<RoleName>,
        /// Until when.
        until: Timestamp,
    },
    /// A delegation was taken back, or handed back.
    DelegationWithdrawn {
        /// Which.
        delegation: DelegationId,
    },
    /// A delegation's time came.
    DelegationEnded {
        /// Which.
        delegation: DelegationId,
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
    /// An agent's tier was lowered.
    TierLowered {
        /// Which.
        agent: AgentId,
        /// From.
        from: Tier,
        /// To.
        to: Tier,
    },
    /// What an agent is was described anew.
    AgentDescribed {
        /// Which.
        agent: AgentId,
        /// By which request.
        request: RequestId,
        /// The new description's hash, of its JSON.
        description: TextHash,
    },
    /// An owner was asked whether an agent is still needed and compliant.
    CertificationOpened {
        /// Which review.
        certification: CertificationId,
        /// Of which agent.
        agent: AgentId,
        /// Until when the owner should answer.
        due: Timestamp,
    },
    /// The owner said that it is.
    AgentCertified {
        /// In which review.
        certification: CertificationId,
        /// Which agent.
        agent: AgentId,
        /// Until when that holds.
        until: Timestamp,
    },
    /// The owner did not answer in time.
    CertificationMissed {
        /// Which review.
        certification: CertificationId,
        /// Of which agent.
        agent: AgentId,
    },
    /// An agent was ended for good.
    AgentRetired {
        /// Which.
        agent: AgentId,
        /// The reason's hash.
        reason: TextHash,
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
    /// Nobody answers for an agent any more.
    AgentOrphaned {
        /// Which.
        agent: AgentId,
        /// Who did.
        owner: PersonId,
        /// What became of that person.
        standing: Standing,
    },
    /// An agent was handed over.
    OwnerChanged {
        /// Which.
        agent: AgentId,
        /// From.
        from: PersonId,
        /// To.
        to: PersonId,
    },
    /// An agent works for another team.
    TeamChanged {
        /// Which.
        agent: AgentId,
        /// By which request.
        request: RequestId,
        /// From.
        from: TeamName,
        /// To.
        to: TeamName,
    },
    /// Somebody took an agent that nobody answered for.
    OwnerTaken {
        /// Which.
        agent: AgentId,
        /// Who answered for it before.
        from: PersonId,
        /// Who does now.
        to: PersonId,
    },
    /// The owner of an agent that nobody had taken is a full member again.
    OwnerReturned {
        /// Which.
        agent: AgentId,
        /// Who answers for it again.
        owner: PersonId,
    },
    /// Something is wrong with an agent: people look into it together.
    IncidentOpened {
        /// Which.
        incident: IncidentId,
        /// What people call it.
        reference: Reference,
        /// About which agent.
        agent: AgentId,
        /// The reason's hash.
        reason: TextHash,
    },
    /// An incident is over.
    IncidentClosed {
        /// Which.
        incident: IncidentId,
        /// About which agent.
        agent: AgentId,
        /// The hash of what was found.
        note: TextHash,
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
    /// Who is in a group of the identity provider changed, or what it is called: who approves.
    IdpGroupChanged {
        /// Which.
        group: IdpGroupId,
        /// What it is called now; none if it is gone.
        name: Option<String>,
        /// What it was called before; none if it is new.
        before: Option<String>,
        /// Who came into it.
        joined: Vec<IdpUserId>,
        /// Who left it.
        left: Vec<IdpUserId>,
    },
    /// The identity provider has a user, has one no more, or said that one may (not) work.
    IdpUserChanged {
        /// Which.
        user: IdpUserId,
        /// What it is now.
        now: Presence,
    },
    /// A user of the identity provider was looked for in the workspace, and is another person than
    /// before.
    IdpUserMatched {
        /// Which.
        user: IdpUserId,
        /// Who it is; none if the workspace knows nobody by their address.
        person: Option<PersonId>,
    },
    /// A person's token said of other groups than before that they are theirs.
    IdpGroupsClaimed {
        /// Who.
        person: PersonId,
        /// By the word of this issuer of the policy.
        issuer: String,
        /// Groups that were not among them before.
        joined: Vec<String>,
        /// Groups that are not among them any more.
        left: Vec<String>,
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
    /// Something was found that may be an agent.
    DiscoveryFound {
        /// Which.
        discovery: DiscoveryId,
        /// Where: `slack`, `aws-iam`.
        source: String,
        /// What it is, in a word.
        thing: String,
        /// The hash of its id there.
        external: TextHash,
    },
    /// Somebody was asked to register what was found.
    DiscoveryAsked {
        /// Which.
        discovery: DiscoveryId,
        /// Whom.
        of: PersonId,
    },
    /// What was found belongs to an agent.
    DiscoveryClaimed {
        /// Which.
        discovery: DiscoveryId,
        /// The agent.
        agent: AgentId,
        /// What matched (`name`, `external_id`), if nobody said it.
        matched: Option<String>,
    },
    /// What was found is no agent.
    DiscoveryDismissed {
        /// Which.
        discovery: DiscoveryId,
        /// The reason's hash.
        reason: TextHash,
    },
    /// What was found is left as it is for now.
    DiscoveryPutOff {
        /// Which.
        discovery: DiscoveryId,
        /// Until when.
        until: Timestamp,
    },
    /// What was found is nobody's again.
    DiscoveryReopened {
        /// Which.
        discovery: DiscoveryId,
        /// Why, in a word: `not_theirs`, `not_registered`, `wrong_agent`, `agent_ended`, `returned`.
        why: String,
    },
    /// What was found is not there any more.
    DiscoveryGone {
        /// Which.
        discovery: DiscoveryId,
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
            | Self::RequestEscalated { request, .. }
            | Self::RequestApproved { request, .. }
            | Self::EmergencyOpened { request, .. }
            | Self::RequestDenied { request, .. }
            | Self::RequestCancelled { request }
            | Self::RequestExpired { request } => About { request: Some(*request), ..none },
            Self::AgentActivated { agent, .. }
            | Self::AgentRejected { agent }
            | Self::TierRaised { agent, .. }
            | Self::TierLowered { agent, .. }
            | Self::CertificationOpened { agent, .. }
            | Self::AgentCertified { agent, .. }
            | Self::CertificationMissed { agent, .. }
            | Self::AgentRetired { agent, .. }
            | Self::AgentSuspended { agent, .. }
            | Self::AgentReinstated { agent }
            | Self::AgentOrphaned { agent, .. }
            | Self::OwnerChanged { agent, .. }
            | Self::OwnerTaken { agent, .. }
            | Self::OwnerReturned { agent, .. }
            | Self::IncidentOpened { agent, .. }
            | Self::IncidentClosed { agent, .. }
            | Self::CredentialAdded { agent, .. }
            | Self::CredentialRevoked { agent, .. }
            | Self::DiscoveryClaimed { agent, .. }
            | Self::QuotaReached { agent, .. } => About { agent: Some(*agent), ..none },
            Self::AgentDescribed { agent, request, .. }
            | Self::TeamChanged { agent, request, .. } => {
                About { agent: Some(*agent), request: Some(*request), grant: None }
            }
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
            // Of what is no agent, or not yet.
            | Self::DiscoveryFound { .. }
            | Self::DiscoveryAsked { .. }
            | Self::DiscoveryDismissed { .. }
            | Self::DiscoveryPutOff { .. }
            | Self::DiscoveryReopened { .. }
            | Self::DiscoveryGone { .. }
            // Of people, not of agents.
            | Self::DelegationGiven { .. }
            | Self::DelegationWithdrawn { .. }
            | Self::DelegationEnded { .. }
            | Self::LoginConfirmed { .. }
            | Self::LoginRefused { .. }
            | Self::LoginEnded { .. }
            | Self::IdpGroupChanged { .. }
            | Self::IdpUserChanged { .. }
            | Self::IdpUserMatched { .. }
            | Self::IdpGroupsClaimed { .. }
            | Self::DeliveryFailed { .. } => none,
        }
    }
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
