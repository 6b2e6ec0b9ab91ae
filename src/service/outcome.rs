//! What a use case answers: values for everything that is to be expected, so that each door says
//! it in its own words.

use super::certifications::outcome::ReviewOf;
use super::credentials::outcome::{CredentialField, CredentialProblem};
use super::emergency::NoEmergency;
use super::incidents::NoIncident;
use super::owners::outcome::OwnerRefusal;
use crate::domain::access::Access;
use crate::domain::agent::{Agent, BadSlug, Slug};
use crate::domain::delegation::Delegation;
use crate::domain::event::What;
use crate::domain::grant::Grant;
use crate::domain::ids::GrantId;
use crate::domain::login::Login;
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{NotCounted, Reference, Request};
use crate::domain::role::{RoleName, TeamName};
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};
use crate::store::{GrantUse, WithLive};
use std::collections::BTreeMap;

/// Who decides on a request of some tier, and how long that takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The tier whose people decide.
    pub tier: Tier,
    /// One role for each yes.
    pub needs: Vec<RoleName>,
    /// The time they have.
    pub decide_within: Span,
    /// The time it usually takes (the median of what was approved lately), if there is a record.
    pub usual: Option<Span>,
    /// The rule by which the policy says yes without people, if one applies.
    pub without_people: Option<String>,
}

/// What the registration form shows while it is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierPreview {
    /// Why the tier is what it is.
    pub reasons: Vec<&'static str>,
    /// Who decides.
    pub route: Route,
}

/// A field of the registration form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The agent's name.
    Name,
    /// What it is for.
    Purpose,
    /// The systems it touches.
    Systems,
    /// Where it runs.
    RunsOn,
    /// The model behind it.
    Model,
    /// The team it works for.
    Team,
    /// The person who answers for it.
    Owner,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldProblem {
    /// Nothing is in it.
    Empty,
    /// It is no name.
    BadName(BadSlug),
    /// An agent has this name.
    NameTaken {
        /// Who answers for that one.
        owner: PersonId,
    },
    /// The policy knows no such team.
    UnknownTeam,
    /// The named owner cannot own an agent.
    OwnerNotMember(Standing),
}

/// What came of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// People are asked.
    Opened {
        /// The agent, pending.
        agent: Agent,
        /// The request.
        request: Request,
        /// The time it usually takes.
        usual: Option<Span>,
    },
    /// The policy said yes at once.
    Approved {
        /// The agent, active.
        agent: Agent,
        /// The request.
        request: Request,
    },
    /// Something in the form must change first.
    Invalid(Vec<(Field, FieldProblem)>),
    /// The credential that it brings along must change first.
    InvalidCredential(Vec<(CredentialField, CredentialProblem)>),
    /// It cannot be asked.
    Refused(Refusal),
    /// The same form was taken before; nothing was done twice.
    Before,
}

/// What came of asking for a grant, an extension or a reinstatement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// People are asked.
    Opened {
        /// The agent.
        agent: Agent,
        /// The request.
        request: Request,
        /// The time it usually takes.
        usual: Option<Span>,
    },
    /// The policy said yes at once.
    Approved {
        /// The agent.
        agent: Agent,
        /// The request.
        request: Request,
        /// The grant that came of it or was prolonged, if one did.
        grant: Option<Grant>,
    },
    /// It cannot be asked.
    Refused(Refusal),
    /// The same request was taken before; nothing was done twice.
    Before,
}

/// Why something cannot be asked or done, with what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Only a full, active member may.
    NotMember(Standing),
    /// No agent has this name.
    UnknownAgent {
        /// What was typed; untrusted text.
        typed: String,
        /// Names near to it.
        near: Vec<Slug>,
        /// The person's own agents.
        yours: Vec<Slug>,
    },
    /// Only the owner may.
    NotOwner {
        /// Of this agent.
        agent: Slug,
        /// Who is.
        owner: PersonId,
    },
    /// Because of who answers for the agent, or does not.
    Owner(OwnerRefusal),
    /// The agent is not at work.
    NotActive(Agent),
    /// The agent was not stopped, so there is nothing to undo.
    NotSuspended(Agent),
    /// What was typed is no access.
    BadAccess {
        /// What was typed; untrusted text.
        typed: String,
        /// What exists.
        resources: Vec<String>,
    },
    /// The policy knows no such resource.
    UnknownResource {
        /// What was typed.
        typed: String,
        /// Names near to it.
        near: Vec<String>,
        /// All there are.
        all: Vec<String>,
    },
    /// The resource has no such action.
    UnknownAction {
        /// What was typed.
        access: Access,
        /// Names near to it.
        near: Vec<String>,
        /// All that the resource has, with the tier that each needs.
        all: Vec<(String, Tier)>,
    },
    /// What was typed is no length of time.
    BadDuration {
        /// What was typed; untrusted text.
        typed: String,
        /// The longest that could be asked.
        longest: Span,
    },
    /// Longer than the policy allows at once.
    TooLong {
        /// What was asked.
        asked: Span,
        /// The longest at once.
        longest: Span,
        /// The tier for which that holds.
        tier: Tier,
    },
    /// With this extension the grant would last longer than the policy allows in all.
    TooLongInAll {
        /// What was asked.
        asked: Span,
        /// What could still be added, if anything.
        left: Option<Span>,
        /// The longest in all.
        longest: Span,
    },
    /// A reason is missing.
    NoReason,
    /// The same is being decided already.
    AlreadyAsked(Request),
    /// The agent has it already.
    AlreadyHas(Grant),
    /// The agent waits for as many requests of its own as it may.
    TooManyOpen {
        /// How many.
        limit: u32,
    },
    /// No distinct people could cover what the policy requires.
    NobodyCanDecide {
        /// The roles that cannot be covered.
        roles: Vec<RoleName>,
    },
    /// There is no grant or request by this name.
    UnknownReference {
        /// What was typed; untrusted text.
        typed: String,
        /// What the person may have meant.
        near: Vec<Reference>,
    },
    /// It is a request, and people are still deciding: nothing is granted by it yet.
    NotDecided(Request),
    /// The grant is not live any more.
    GrantEnded(Grant),
    /// Only its owner, those who decide on it, and security may.
    MayNotEnd {
        /// The agent.
        agent: Slug,
        /// Who answers for it.
        owner: PersonId,
    },
    /// Only its owner and security may stop an agent.
    MayNotStop {
        /// The agent.
        agent: Slug,
        /// Who answers for it.
        owner: PersonId,
    },
    /// It is not opened at once.
    Emergency(NoEmergency),
    /// Nothing can be done so about an incident.
    Incident(NoIncident),
    /// It cannot become what was asked.
    Change(CannotChange),
    /// Only who asked may take a request back.
    NotRequester {
        /// Who asked.
        asked_by: PersonId,
    },
    /// The request has ended.
    RequestEnded(Request),
    /// The no stands.
    Appeal(NoAppeal),
}

/// Why a no cannot be appealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAppeal {
    /// The policy names nobody who decides on appeals.
    NoBoard,
    /// Only a no can be appealed, and this is none.
    NotDenied(Request),
    /// What was decided on an appeal is final.
    Final(Request),
    /// It was appealed before; once is all.
    AppealedBefore(Request),
    /// Only who asked, and the agent's owner, may appeal.
    MayNotAppeal {
        /// Who asked.
        asked_by: PersonId,
        /// The agent's owner.
        owner: PersonId,
    },
    /// The no is too long ago.
    TooLateToAppeal {
        /// What was denied.
        reference: Reference,
        /// Until when it could have been appealed.
        until: Timestamp,
        /// When it was tried.
        now: Timestamp,
    },
    /// The no was that of a person who does not want to own the agent.
    OwnerDeclined {
        /// Who.
        owner: PersonId,
    },
    /// What was denied could not become true any more, whoever agreed.
    CannotBecomeTrue {
        /// What was denied.
        reference: Reference,
        /// Why not.
        reason: String,
    },
}

/// A field of the form by which somebody lets another answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DelegationField {
    /// Who is to answer.
    Person,
    /// Until when.
    Until,
    /// For which roles.
    Roles,
}

/// What is wrong with such a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DelegationProblem {
    /// Nothing is in it.
    Empty,
    /// Nobody stands in for themselves.
    Oneself,
    /// The person cannot answer for anybody.
    NotMember(Standing),
    /// The policy lets only holders of these roles answer for others.
    NotEntitled {
        /// The roles.
        roles: Vec<RoleName>,
    },
    /// It is no day.
    BadDay {
        /// What was typed; untrusted text.
        typed: String,
    },
    /// It has passed.
    Past {
        /// What was typed.
        at: Timestamp,
        /// When it was typed.
        now: Timestamp,
    },
    /// It is longer than the policy allows.
    TooLong {
        /// The longest.
        longest: Span,
    },
    /// The policy does not let this role be lent.
    MayNotLend {
        /// Which.
        role: RoleName,
    },
    /// The policy knows no such role.
    UnknownRole {
        /// What was typed; untrusted text.
        typed: String,
        /// All there are.
        all: Vec<RoleName>,
    },
}

/// What came of letting another answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delegated {
    /// It is in force.
    Done {
        /// The delegation.
        delegation: Delegation,
        /// Now.
        now: Timestamp,
    },
    /// Something must change first.
    Invalid(Vec<(DelegationField, DelegationProblem)>),
    /// Only a full, active member may.
    NotMember(Standing),
    /// The policy does not let anybody.
    SwitchedOff,
    /// The same was done before.
    Before,
}

/// What came of taking a delegation back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelegated {
    /// It is over.
    Done {
        /// The delegation.
        delegation: Delegation,
        /// Now.
        now: Timestamp,
    },
    /// It was over before.
    Over {
        /// The delegation, as it is in truth.
        delegation: Delegation,
        /// Now.
        now: Timestamp,
    },
    /// It is of others.
    NotYours,
    /// There is none.
    Unknown,
    /// The same click was taken before.
    Before,
}

/// The delegations of one person, and what the form for another needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationsOf {
    /// Whose.
    pub person: PersonId,
    /// Whether the policy lets anybody delegate.
    pub allowed: bool,
    /// The longest at once.
    pub longest: Span,
    /// Those that the person gave.
    pub given: Vec<Delegation>,
    /// Those by which the person answers for others.
    pub received: Vec<Delegation>,
    /// The roles that may be lent.
    pub roles: Vec<RoleName>,
    /// When this was true.
    pub now: Timestamp,
}

/// Why an agent cannot become something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CannotChange {
    /// Only its owner and security may retire an agent.
    MayNotRetire {
        /// The agent.
        agent: Slug,
        /// Who answers for it.
        owner: PersonId,
    },
    /// What was typed is no tier.
    BadTier {
        /// What was typed; untrusted text.
        typed: String,
    },
    /// It has this tier already.
    HasTier(Agent),
    /// A tier below what the answers at registration say.
    BelowAnswers {
        /// The agent.
        agent: Agent,
        /// What was asked.
        wanted: Tier,
    },
    /// It is described so already.
    Nothing(Agent),
    /// It is suspended because its owner did not answer: nobody needs to decide, the owner answers.
    NeedsCertifying(Agent),
    /// Only security may look at all reviews.
    NotSecurity,
}

/// What a click on a card did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoteReply {
    /// It counts, and others are awaited.
    Counted {
        /// The request as it is now.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// It was the last yes.
    Approved {
        /// The request as it is now.
        request: Request,
        /// The agent.
        agent: Agent,
        /// The grant that came of it, if one did.
        grant: Option<Grant>,
    },
    /// It was a no.
    Denied {
        /// The request as it is now.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// It was the last yes, and yet nothing could come of it: the request is cancelled.
    CameToNothing {
        /// The request as it is now, with the reason.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// It changes nothing.
    NotCounted {
        /// Why.
        why: NotCounted,
        /// The request as it is now.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// There is no such request.
    Unknown,
    /// The same click was taken before.
    Before,
}

/// What came of ending a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It has ended.
    Done {
        /// The grant.
        grant: Grant,
        /// The agent that had it.
        agent: Agent,
    },
    /// It cannot be ended so.
    Refused(Refusal),
    /// The same was done before.
    Before,
}

/// What came of stopping an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// Everything it had has ended.
    Done {
        /// The agent, suspended.
        agent: Agent,
        /// The grants that were revoked.
        grants: Vec<Grant>,
        /// The requests that were cancelled.
        requests: Vec<Request>,
    },
    /// It cannot be stopped so.
    Refused(Refusal),
    /// The same was done before.
    Before,
}

/// What came of taking a request back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It is cancelled.
    Done {
        /// The request.
        request: Request,
        /// The agent.
        agent: Agent,
    },
    /// It cannot be.
    Refused(Refusal),
    /// The same was done before.
    Before,
}

/// A request and its agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestOf {
    /// The request.
    pub request: Request,
    /// The agent it is about.
    pub agent: Agent,
}

/// A grant and its agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantOf {
    /// The grant.
    pub grant: Grant,
    /// The agent that has it.
    pub agent: Agent,
}

/// An agent in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentLine {
    /// The agent.
    pub agent: Agent,
    /// How many live grants it has.
    pub live_grants: u32,
    /// By how many credentials it can prove itself.
    pub live_credentials: u32,
}

impl From<WithLive> for AgentLine {
    fn from(found: WithLive) -> Self {
        let WithLive { agent, grants, credentials } = found;
        Self { agent, live_grants: grants, live_credentials: credentials }
    }
}

/// What concerns one person: what `/agent` and App Home show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Who it is for.
    pub person: PersonId,
    /// Whether they may do anything here.
    pub standing: Standing,
    /// Requests that wait for this person's word.
    pub waiting_for_you: Vec<RequestOf>,
    /// Reviews of this person's agents that wait for their word.
    pub to_certify: Vec<ReviewOf>,
    /// Requests of this person that wait for others.
    pub your_requests: Vec<RequestOf>,
    /// Agents that nobody answers for, and that this person may take.
    pub ownerless: Vec<Agent>,
    /// The person's agents.
    pub your_agents: Vec<AgentLine>,
    /// Live grants of the person's agents, the first to end first: as many as are looked at.
    pub your_grants: Vec<GrantOf>,
    /// How many there are in all.
    pub grants_in_all: usize,
    /// Where the person is logged in, the newest first; looked up for App Home alone.
    pub your_logins: Vec<Login>,
    /// The time that each tier usually takes, where there is a record.
    pub usual: BTreeMap<Tier, Span>,
    /// By which the person lets others answer, and answers for others; looked up for App Home alone.
    pub delegations: Vec<Delegation>,
    /// When this was true.
    pub now: Timestamp,
}

/// Part of a list that may be longer than what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The first of them.
    pub shown: Vec<T>,
    /// How many there are in all.
    pub total: u32,
    /// When this was true.
    pub now: Timestamp,
}

/// Everything about one agent: what `/agent show` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentDetail {
    /// The agent.
    pub agent: Agent,
    /// Who decides on its requests.
    pub route: Route,
    /// Its live grants.
    pub grants: Vec<Grant>,
    /// How they were used; those that are missing never were.
    pub used: BTreeMap<GrantId, GrantUse>,
    /// By how many credentials it can prove itself.
    pub live_credentials: u32,
    /// Its open requests.
    pub open: Vec<Request>,
    /// What happened to it, the latest first.
    pub history: Vec<HistoryLine>,
    /// When this was true.
    pub now: Timestamp,
}

/// One line of an agent's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// Who, if it was a person.
    pub by: Option<PersonId>,
    /// What people call the request or the grant that it is about, if it is about one.
    pub reference: Option<Reference>,
    /// What.
    pub what: What,
}

/// What a form needs to offer its choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormChoices {
    /// The teams of the policy.
    pub teams: Vec<TeamName>,
    /// The team that is offered first.
    pub likely_team: Option<TeamName>,
    /// The person's active agents.
    pub your_agents: Vec<Slug>,
    /// What can be asked for, with the lowest tier that may hold it and in plain words what it opens.
    pub accesses: Vec<(Access, Tier, Option<String>)>,
}
