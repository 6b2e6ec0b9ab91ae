//! What the service asks of the place where people read: show this, there.
//!
//! A [`Parcel`] carries the state at the moment of sending, so that whatever arrives is true.

use std::time::Duration;

use async_trait::async_trait;

use super::certifications::outcome::Seen;
use super::discoveries::DiscoveryOf;
use super::incidents::Known;
use super::outcome::Overview;
use crate::domain::access::Access;
use crate::domain::agent::{Agent, Slug};
use crate::domain::certification::Certification;
use crate::domain::credential::Credential;
use crate::domain::delegation::Delegation;
use crate::domain::delivery::{Bulletin, Card, Delivery, MessageRef, Place};
use crate::domain::discovery::Discovery;
use crate::domain::draft::Draft;
use crate::domain::grant::Grant;
use crate::domain::ids::{DeliveryId, GrantId};
use crate::domain::incident::Incident;
use crate::domain::insights::Insights;
use crate::domain::login::Login;
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{Request, RequestState};
use crate::domain::role::TeamName;
use crate::domain::time::{Span, Timestamp};

/// What a notice says, with everything that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// How a request ended, and the next step.
    Outcome {
        /// The request.
        request: Request,
        /// The agent.
        agent: Agent,
        /// The grant that came of it, if one did.
        grant: Option<Grant>,
        /// Until when a no can be appealed, if it can be.
        appeal_until: Option<Timestamp>,
    },
    /// Nobody answered in time, and the backup is asked.
    Escalated {
        /// The request.
        request: Request,
        /// The agent.
        agent: Agent,
        /// The time it usually takes.
        usual: Option<Span>,
    },
    /// Somebody lets another answer in their place.
    Delegated {
        /// The delegation.
        delegation: Delegation,
    },
    /// The policy said yes without people.
    ApprovedWithoutPeople {
        /// The request.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// A grant is about to end.
    GrantEnding {
        /// The grant.
        grant: Grant,
        /// The agent.
        agent: Agent,
        /// So long before its end this is said; with more left, it was extended since.
        before: Span,
    },
    /// A grant has ended, in whatever way.
    GrantEnded {
        /// The grant.
        grant: Grant,
        /// The agent.
        agent: Agent,
    },
    /// A credential is about to end.
    CredentialEnding {
        /// The credential.
        credential: Credential,
        /// The agent.
        agent: Agent,
        /// How many others the agent has.
        beside: u32,
    },
    /// A credential has ended, in whatever way.
    CredentialEnded {
        /// The credential.
        credential: Credential,
        /// The agent.
        agent: Agent,
        /// How many others the agent has.
        beside: u32,
    },
    /// An agent was stopped.
    AgentStopped {
        /// The agent.
        agent: Agent,
    },
    /// Nobody answers for an agent any more.
    Ownerless {
        /// The agent, as it is now: somebody may have taken it.
        agent: Agent,
        /// Since when.
        since: Timestamp,
        /// Who answered for it before.
        owner: PersonId,
        /// What became of that person.
        standing: Standing,
        /// So long before it is stopped, if this says so again.
        before: Option<Span>,
    },
    /// Somebody else answers for an agent.
    OwnerChanged {
        /// The agent.
        agent: Agent,
        /// Who did before.
        from: PersonId,
        /// Who does now.
        to: PersonId,
    },
    /// An agent works for another team.
    TeamChanged {
        /// The agent.
        agent: Agent,
        /// The team that it worked for.
        from: TeamName,
        /// The team that it works for.
        to: TeamName,
    },
    /// Somebody said yes alone, because it could not wait.
    Emergency {
        /// The request that nobody was asked.
        request: Request,
        /// The agent.
        agent: Agent,
        /// The grant that came of it.
        grant: Grant,
        /// The review that is due, or was.
        review: Option<Request>,
    },
    /// A review should have been done by now.
    ReviewOverdue {
        /// The review.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// An incident.
    Incident {
        /// The incident.
        incident: Incident,
        /// The agent.
        agent: Agent,
    },
    /// Some of what is known in an incident.
    IncidentFacts {
        /// The incident.
        incident: Incident,
        /// The agent.
        agent: Agent,
        /// What is known.
        known: Known,
    },
    /// Is the agent still needed and compliant?
    CertificationAsked {
        /// The review, with what its owner needs to know.
        seen: Box<Seen>,
        /// Who was asked by this copy.
        owner: crate::domain::person::PersonId,
    },
    /// Where a review stands, for those who watch over the agent.
    CertificationWatched {
        /// The review.
        review: Certification,
        /// The agent.
        agent: Agent,
    },
    /// An agent was ended for good.
    AgentRetired {
        /// The agent.
        agent: Agent,
    },
    /// A request cannot be decided, because too few people hold its roles.
    NobodyCanDecide {
        /// The agent's name.
        agent: Slug,
        /// Who asked.
        asked_by: PersonId,
        /// The roles.
        roles: Vec<String>,
    },
    /// A message can never arrive.
    DeliveryFailed {
        /// Which.
        delivery: DeliveryId,
        /// Where it should have gone.
        to: Place,
        /// Why.
        error: String,
    },
    /// Somebody met a refusal of the agent, and passes the question on to its owner.
    MayBeAsked {
        /// The agent.
        agent: Agent,
        /// What it was refused.
        access: Access,
    },
    /// A repository names this person as the owner of an agent that is not registered.
    MayBeRegistered {
        /// What it says about the agent.
        draft: Draft,
    },
    /// Something was found that may be an agent.
    DiscoveryFound {
        /// What, and how it stands.
        found: DiscoveryOf,
    },
    /// Many were found at once.
    DiscoveriesFound {
        /// How many.
        count: u32,
        /// How many of them are still open.
        open: u32,
        /// The first of those.
        first: Vec<Discovery>,
    },
    /// Its reader is asked to register what was found.
    DiscoveryAsked {
        /// What, and how it stands.
        found: DiscoveryOf,
        /// The reader.
        reader: PersonId,
    },
    /// An agent asks too often.
    QuotaReached {
        /// The agent.
        agent: Agent,
        /// Of what: `requests`.
        quota: String,
        /// How many are allowed.
        limit: u32,
    },
    /// A device asks to log its reader in.
    LoginAsked {
        /// The login.
        login: Login,
    },
    /// A login of its reader's has ended because somebody else may have had its tokens.
    LoginEnded {
        /// The login.
        login: Login,
    },
    /// The outcome of a program's request can never be told to it.
    CallbackFailed {
        /// The agent it is about.
        agent: Agent,
        /// The host that does not take it.
        host: String,
        /// What happened.
        error: String,
    },
    /// The numbers of the week, with a picture.
    Digest {
        /// The numbers, as they are now.
        insights: Insights,
    },
    /// Another policy is in force.
    PolicyLoaded {
        /// Its digest.
        digest: String,
    },
    /// A changed policy has mistakes.
    PolicyRefused {
        /// The first few.
        mistakes: Vec<String>,
    },
}

impl Content {
    /// The live grant that a message with this offers to extend and to hand back. Such a message is
    /// kept true: when the grant has ended, it must not offer that any more.
    pub fn offers(&self, now: Timestamp) -> Option<GrantId> {
        let grant = match self {
            Self::GrantEnding { grant, .. } => Some(grant),
            Self::Outcome { request, grant, .. } => grant.as_ref().filter(|_| {
                matches!(request.state, RequestState::Approved { .. }) && !request.ask.is_review()
            }),
            _ => None,
        };
        grant.filter(|grant| grant.is_live(now)).map(|grant| grant.id)
    }
}

/// What is to be shown, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parcel {
    /// Post a copy of a card for the first time: what is asked, without buttons or votes.
    ///
    /// When the answer is lost on its way, this is posted again, and the first copy stays behind,
    /// unknown to us. So it says only what stays true.
    NewCard {
        /// The copy.
        card: Card,
        /// The request.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// Make a copy that was posted show the request's state.
    Card {
        /// The copy.
        card: Card,
        /// The message.
        message: MessageRef,
        /// The request.
        request: Request,
        /// The agent.
        agent: Agent,
        /// What opens if approved, in plain words, as the policy has them.
        opens: Option<String>,
        /// The time it usually takes.
        usual: Option<Span>,
        /// Now.
        now: Timestamp,
    },
    /// Post a message.
    Notice {
        /// Where.
        place: Place,
        /// What.
        content: Content,
        /// Now.
        now: Timestamp,
    },
    /// Post a notice that is kept true, or make it show the present state.
    Bulletin {
        /// Which; with the message, once it was posted.
        bulletin: Bulletin,
        /// What it says.
        content: Content,
        /// Now.
        now: Timestamp,
    },
    /// Publish a person's App Home.
    Home {
        /// What it shows.
        overview: Overview,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// It is there, as this message.
    Posted(MessageRef),
    /// It is there.
    Shown,
    /// The message that was to change is gone.
    Gone,
    /// Not now; try again, not before this time has passed (our own patience if absent).
    Retry {
        /// How long to wait at the least.
        after: Option<Duration>,
        /// What happened.
        error: String,
    },
    /// It can never arrive.
    Never {
        /// Why.
        error: String,
    },
}

/// Shows things to people.
#[async_trait]
pub trait Messenger: Send + Sync + 'static {
    /// Tries once, within the limits of the place; never takes longer than about ten seconds.
    async fn deliver(&self, parcel: &Parcel) -> Delivered;

    /// Whether the limits of the place allow this delivery to be tried now; how long to wait if
    /// not. Lets a worker take other work in the meantime.
    fn ready(&self, delivery: &Delivery, message: Option<&MessageRef>) -> Result<(), Duration>;
}
