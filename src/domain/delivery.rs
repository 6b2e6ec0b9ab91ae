//! A message that must arrive. A delivery names what is to be shown and where; what it says is
//! made from the state at the moment of sending, so that whatever arrives is true.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::agent::Slug;
use super::draft::Draft;
use super::ids::{
    AgentId, BulletinId, CardId, CertificationId, CredentialId, DelegationId, DeliveryId,
    DiscoveryId, GrantId, IncidentId, LoginId, RequestId, TaskId,
};
use super::incident::Facts;
use super::person::{PersonId, Standing};
use super::role::TeamName;
use super::time::{Span, Timestamp};

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "to", content = "id", rename_all = "snake_case")]
pub enum Place {
    /// A channel, by Slack's id.
    Channel(String),
    /// A person's direct messages with the app.
    Person(PersonId),
    /// The thread below a message.
    Thread(MessageRef),
}

/// Which side of a request a card shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Approve and Deny, for those who decide.
    Approval,
    /// Accept and Decline, for the named owner.
    Ownership,
    /// Approve and Deny again, for those who are still awaited when half the time has passed.
    Reminder,
    /// Approve and Deny, for the backup, when the time of the others is over.
    Backup,
}

/// One copy of a request's card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its identity.
    pub id: CardId,
    /// Whose card.
    pub request: RequestId,
    /// Where.
    pub place: Place,
    /// Which side.
    pub face: Face,
    /// The message, once Slack has told us of it.
    pub message: Option<MessageRef>,
}

/// A message as Slack names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    /// The channel's id (`D…` for direct messages).
    pub channel: String,
    /// The message's timestamp, which is its id in the channel.
    pub ts: String,
}

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// To the requester (and the owner): how the request ended, and the next step.
    Outcome {
        /// Which.
        request: RequestId,
    },
    /// To the requester (and the owner): nobody answered in time, and the backup is asked.
    Escalated {
        /// Which.
        request: RequestId,
    },
    /// To both: somebody lets another answer in their place, until when, and how that ended.
    Delegated {
        /// Which.
        delegation: DelegationId,
    },
    /// To a channel: the policy said yes without people.
    ApprovedWithoutPeople {
        /// Which.
        request: RequestId,
    },
    /// To the owner and the team's channel: a grant is about to end.
    GrantEnding {
        /// Which.
        grant: GrantId,
        /// So long before.
        before: Span,
    },
    /// To the owner and the team's channel: a grant has ended, in whatever way.
    GrantEnded {
        /// Which.
        grant: GrantId,
    },
    /// To the owner: a credential is about to end.
    CredentialEnding {
        /// Which.
        credential: CredentialId,
        /// So long before.
        before: Span,
    },
    /// To the owner (and security's channel, if somebody took it away): a credential has ended.
    CredentialEnded {
        /// Which.
        credential: CredentialId,
    },
    /// To the owner, the team's and security's channel: an agent was stopped.
    AgentStopped {
        /// Which.
        agent: AgentId,
    },
    /// To security's and the team's channel, and to the leads of the team: nobody answers for an
    /// agent any more, and who may can take it.
    Ownerless {
        /// Which.
        agent: AgentId,
        /// Since when.
        since: Timestamp,
        /// Who answered for it before.
        owner: PersonId,
        /// What became of that person.
        standing: Standing,
        /// So long before it is stopped, if this says so again.
        before: Option<Span>,
    },
    /// To the team's channel, and to whom it concerns: somebody else answers for an agent.
    OwnerChanged {
        /// Which.
        agent: AgentId,
        /// Who did before.
        from: PersonId,
        /// Who does now; the same as before, if that person came back.
        to: PersonId,
    },
    /// To the channels of both teams: an agent works for another.
    TeamChanged {
        /// Which.
        agent: AgentId,
        /// From.
        from: TeamName,
        /// To.
        to: TeamName,
    },
    /// To those who would have been asked, and to security's channel: somebody said yes alone.
    Emergency {
        /// Which request.
        request: RequestId,
    },
    /// To security's channel: a review should have been done by now.
    ReviewOverdue {
        /// Which.
        request: RequestId,
    },
    /// To security's channel and to those on call: an incident.
    Incident {
        /// Which.
        incident: IncidentId,
    },
    /// Below it: some of what is known.
    IncidentFacts {
        /// Which.
        incident: IncidentId,
        /// About what.
        facts: Facts,
    },
    /// To the owner: is the agent still needed and compliant?
    CertificationAsked {
        /// Which review.
        certification: CertificationId,
        /// Who is asked. When somebody else owns the agent by now, this copy asks nothing any more.
        owner: PersonId,
    },
    /// To those who watch over it: a review was not answered in time, and what follows.
    CertificationWatched {
        /// Which review.
        certification: CertificationId,
    },
    /// To the owner, the team's and security's channel: an agent was ended for good.
    AgentRetired {
        /// Which.
        agent: AgentId,
    },
    /// To security's channel: a request cannot be decided, because too few people hold its roles.
    NobodyCanDecide {
        /// The agent it was about; a registration that was refused leaves only the name.
        agent: Slug,
        /// Who asked.
        asked_by: PersonId,
        /// The roles that nobody (distinct) can answer for.
        roles: Vec<String>,
    },
    /// To security's channel: a message can never arrive.
    DeliveryFailed {
        /// Which.
        delivery: DeliveryId,
        /// Where it should have gone.
        to: Place,
        /// Slack's error code, or ours.
        error: String,
    },
    /// To the agent's owner: somebody met a refusal of the agent, and passes the question on.
    MayBeAsked {
        /// Which agent.
        agent: AgentId,
        /// What it was refused.
        access: Access,
    },
    /// To the person whom a repository names as the owner: its agent is not registered, and the
    /// registration is ready.
    MayBeRegistered {
        /// What the repository says.
        draft: Draft,
    },
    /// To security's channel: something was found that may be an agent, and how it stands.
    DiscoveryFound {
        /// Which.
        discovery: DiscoveryId,
    },
    /// To security's channel: so many were found at once, and how they stand.
    DiscoveriesFound {
        /// Under which name they were told together.
        batch: String,
        /// How many.
        count: u32,
    },
    /// To a person: security asks them to register what was found.
    DiscoveryAsked {
        /// Which.
        discovery: DiscoveryId,
        /// Whom; what is asked of somebody else later is not asked of them.
        of: PersonId,
    },
    /// To the agent's owner: the agent asks so often that it was told to wait.
    QuotaReached {
        /// Which agent.
        agent: AgentId,
        /// Of what: `requests` that wait at the same time; `tokens` or `evaluations` in a minute.
        quota: String,
        /// How many are allowed.
        limit: u32,
    },
    /// To a person: a device asks to log them in.
    LoginAsked {
        /// Which login.
        login: LoginId,
    },
    /// To a person: a login of theirs has ended because somebody else may have had its tokens.
    LoginEnded {
        /// Which login.
        login: LoginId,
    },
    /// To security's channel: the outcome of a program's request can never be told to it.
    CallbackFailed {
        /// The agent it is about.
        agent: AgentId,
        /// The host that does not take it.
        host: String,
        /// What happened.
        error: String,
    },
    /// To the channel that the policy names: the numbers of the week, with a picture.
    Digest,
    /// To security's channel: another policy is in force.
    PolicyLoaded {
        /// Its digest.
        digest: String,
    },
    /// To security's channel: a changed policy has mistakes; the one before stays.
    PolicyRefused {
        /// The mistakes, as `policy check` prints them; the first few.
        mistakes: Vec<String>,
    },
}

/// A notice that is kept true: when what it tells of changes, the message changes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulletin {
    /// Its identity.
    pub id: BulletinId,
    /// What it tells of, by its id: all bulletins about one thing are changed together.
    pub about: String,
    /// Where.
    pub place: Place,
    /// What it tells.
    pub notice: Notice,
    /// The message, once Slack has told us of it.
    pub message: Option<MessageRef>,
}

impl Bulletin {
    /// What makes it show the present state.
    ///
    /// A hundred thousand grants may end at one moment, and Slack takes changes slowly: what was told
    /// of grants waits in one line for each channel, so that nothing else waits behind all of them.
    pub fn redraw(&self) -> Delivery {
        match (&self.notice, &self.message) {
            (Notice::GrantEnding { .. } | Notice::Outcome { .. }, Some(message)) => {
                Delivery::Change { bulletin: self.id, channel: message.channel.clone() }
            }
            _ => Delivery::Bulletin { bulletin: self.id },
        }
    }
}

/// What is to arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "delivery", rename_all = "snake_case")]
pub enum Delivery {
    /// Make this copy show the request's state.
    Card {
        /// Which copy.
        card: CardId,
    },
    /// Post this once.
    Notice {
        /// Where.
        place: Place,
        /// What.
        notice: Notice,
    },
    /// Post this notice, or make it show the present state.
    Bulletin {
        /// Which.
        bulletin: BulletinId,
    },
    /// Make this notice, which was posted, show the present state, when its channel's turn comes.
    Change {
        /// Which.
        bulletin: BulletinId,
        /// Where it is.
        channel: String,
    },
    /// Make this person's App Home show the present state.
    Home {
        /// Whose.
        person: PersonId,
    },
    /// Tell a program, at the address that it named, how what it asked for stands now.
    Callback {
        /// Its task.
        task: TaskId,
    },
}

impl Delivery {
    /// What must stay in order: deliveries of one lane go out one after the other.
    pub fn lane(&self) -> String {
        match self {
            Self::Card { card } => card.to_string(),
            Self::Notice { place: Place::Channel(id), .. } => format!("channel:{id}"),
            Self::Notice { place: Place::Person(person), .. } => format!("person:{person}"),
            Self::Notice { place: Place::Thread(MessageRef { channel, ts }), .. } => {
                format!("thread:{channel}:{ts}")
            }
            Self::Bulletin { bulletin } => bulletin.to_string(),
            Self::Change { channel, .. } => format!("changes:{channel}"),
            Self::Home { person } => format!("home:{person}"),
            Self::Callback { task } => task.to_string(),
        }
    }

    /// Whether a newer one of the same lane makes an older one superfluous, because both show the
    /// state of the same thing at the moment of sending. Where not, the lane is a line of many.
    pub const fn shows_state(&self) -> bool {
        matches!(
            self,
            Self::Card { .. } | Self::Bulletin { .. } | Self::Home { .. } | Self::Callback { .. }
        )
    }
}

/// A delivery on its way, as a worker holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its identity.
    pub id: DeliveryId,
    /// What is to arrive.
    pub delivery: Delivery,
    /// How often it was tried before.
    pub attempts: u32,
    /// Since when it waits.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn what_was_told_of_grants_is_changed_in_line_and_of_anything_else_at_once() {
        let request = RequestId::new(Ulid::from_parts(1, 1));
        let told = |n, notice, channel: Option<&str>| Bulletin {
            id: BulletinId::new(Ulid::from_parts(2, n)),
            about: request.to_string(),
            place: Place::Channel("C0SUPPORT".to_owned()),
            notice,
            message: channel
                .map(|channel| MessageRef { channel: channel.to_owned(), ts: n.to_string() }),
        };
        let lane = |told: &Bulletin| told.redraw().lane();
        let outcome = || Notice::Outcome { request };
        let (one, two) = (told(1, outcome(), Some("D1")), told(2, outcome(), Some("D1")));
        assert_eq!(lane(&one), lane(&two));
        assert!(!one.redraw().shows_state(), "each of the line is another's");
        assert_ne!(lane(&one), lane(&told(3, outcome(), Some("D2"))));
        let (one, two) = (told(4, Notice::Digest, Some("D1")), told(5, Notice::Digest, Some("D1")));
        assert_ne!(lane(&one), lane(&two));
        assert!(one.redraw().shows_state());
    }
}
