//! What a button or a form means: the ids that we put into messages and read back from clicks.
//!
//! A button carries the kind as its `action_id` and the one id that it is about as its `value`; a
//! form carries the kind as its `callback_id` and the id in its `private_metadata`. Nothing in them
//! is trusted to be authorised: they name a thing, and the use case judges the person.

use serde::{Deserialize, Serialize};

use crate::domain::access::Access;
use crate::domain::draft::Draft;
use crate::domain::ids::{
    AgentId, CertificationId, CredentialId, DelegationId, DiscoveryId, GrantId, IncidentId,
    LoginId, RequestId,
};
use crate::domain::quiz::{Path, Quiz};
use crate::slack::steps::DiscoveryStep;

/// A button, as read back from a click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Button {
    /// Yes to a request.
    Approve(RequestId),
    /// No to a request: opens the form that asks why.
    Deny(RequestId),
    /// Shows everything about a request.
    Details(RequestId),
    /// The named owner agrees.
    Accept(RequestId),
    /// The named owner declines: opens the form that asks why.
    Decline(RequestId),
    /// The requester takes the request back.
    TakeBack(RequestId),
    /// Opens the form that appeals against a no.
    Appeal(RequestId),
    /// Opens the form by which somebody lets another answer.
    Delegate,
    /// The one or the other ends a delegation.
    Withdraw(DelegationId),
    /// Opens the form that prolongs a grant.
    Extend(GrantId),
    /// The owner hands a grant back.
    Release(GrantId),
    /// Opens the form that ends a grant.
    Revoke(GrantId),
    /// Shows an agent.
    Show(AgentId),
    /// Opens the form that stops an agent.
    Stop(AgentId),
    /// Opens the form that asks that a stopped agent may go on.
    Reinstate(AgentId),
    /// Takes an agent that nobody answers for.
    Take(AgentId),
    /// Opens the form that hands an agent over.
    HandOver(AgentId),
    /// Shows what happened around an incident.
    Timeline(IncidentId),
    /// Opens the form that closes an incident.
    CloseIncident(IncidentId),
    /// The owner says yes to all that a review asks.
    Certify(CertificationId),
    /// Opens the form that answers what is asked about an agent.
    CertifyAgent(AgentId),
    /// Opens the form that asks for another tier.
    Tier(AgentId),
    /// Opens the form that describes an agent anew.
    Edit(AgentId),
    /// Opens the form that ends an agent for good.
    Retire(AgentId),
    /// Opens the registration form.
    Register,
    /// Opens the registration form, filled in with what a repository says.
    RegisterDraft(Draft),
    /// A step about something that was found.
    Discovery(DiscoveryStep, DiscoveryId),
    /// Shows what was found.
    Discoveries,
    /// Opens the form for a grant, for this agent if one is named.
    Request(Option<AgentId>),
    /// Shows what an agent proves itself by.
    Keys(AgentId),
    /// Opens the form for a credential.
    AddKey(AgentId),
    /// Opens the form that takes a credential away.
    RevokeKey(CredentialId),
    /// Opens the form for a grant, filled in with what the agent was refused.
    AskFor(AgentId, Access),
    /// Yes, it is I who log in on that device.
    LogIn(LoginId),
    /// No, it is not.
    NotMe(LoginId),
    /// The person ends one of their logins.
    EndLogin(LoginId),
    /// The person ends all of their logins.
    LogOutEverywhere,
    /// An answer of the quiz: all answers so far, and this one.
    Quiz(Path),
    /// The quiz as it was after these answers; its first question after none.
    QuizAt(Path),
    /// A link or a menu that needs no answer.
    Nothing,
}

/// The `action_id` of the inputs in the registration form whose change shows another tier.
pub const TIER_ANSWERS: &str = "tier_answers";
/// The `action_id` of the team menu in the registration form, whose change shows other approvers.
pub const TEAM_CHOICE: &str = "team_choice";
/// The `action_id` of the menu in the form for a credential whose change shows other fields.
pub const PROOF_CHOICE: &str = "proof_choice";

impl Button {
    /// The `action_id`. Unique within a message, because a message is about one thing; in lists
    /// the block's id tells the rows apart.
    pub fn action_id(&self) -> &'static str {
        match self {
            Self::Approve(_) => "approve",
            Self::Deny(_) => "deny",
            Self::Details(_) => "details",
            Self::Accept(_) => "accept",
            Self::Decline(_) => "decline",
            Self::TakeBack(_) => "take_back",
            Self::Appeal(_) => "appeal",
            Self::Delegate => "delegate",
            Self::Withdraw(_) => "withdraw",
            Self::Extend(_) => "extend",
            Self::Release(_) => "release",
            Self::Revoke(_) => "revoke",
            Self::Show(_) => "show",
            Self::Stop(_) => "stop",
            Self::Reinstate(_) => "reinstate",
            Self::Take(_) => "take",
            Self::HandOver(_) => "hand_over",
            Self::Timeline(_) => "timeline",
            Self::CloseIncident(_) => "close_incident",
            Self::Certify(_) => "certify",
            Self::CertifyAgent(_) => "certify_agent",
            Self::Tier(_) => "tier",
            Self::Edit(_) => "edit",
            Self::Retire(_) => "retire",
            Self::Register => "register",
            Self::RegisterDraft(_) => "register_draft",
            Self::Discovery(step, _) => step.id(),
            Self::Discoveries => "discoveries",
            Self::Request(_) => "request",
            Self::Keys(_) => "keys",
            Self::AddKey(_) => "add_key",
            Self::RevokeKey(_) => "revoke_key",
            Self::AskFor(..) => "ask_for",
            Self::LogIn(_) => "log_in",
            Self::NotMe(_) => "not_me",
            Self::EndLogin(_) => "end_login",
            Self::LogOutEverywhere => "log_out_everywhere",
            Self::Quiz(path) => match path.to_string().as_bytes().last() {
                Some(b'y') => "quiz_yes",
                Some(b'n') => "quiz_no",
                Some(b'm') => "quiz_persons",
                Some(b'o') => "quiz_own",
                _ => "quiz_unsure",
            },
            Self::QuizAt(_) => "quiz_at",
            Self::Nothing => "nothing",
        }
    }

    /// Whether it is a word on a request: then why it does not count is said by the request.
    pub const fn is_vote(&self) -> bool {
        matches!(self, Self::Approve(_) | Self::Deny(_) | Self::Accept(_) | Self::Decline(_))
    }

    /// Whether it ends logins of the person who clicks.
    pub const fn is_logout(&self) -> bool {
        matches!(self, Self::EndLogin(_) | Self::LogOutEverywhere)
    }

    /// The `value`: the id, or `-` where there is none.
    pub fn value(&self) -> String {
        match self {
            Self::Approve(id)
            | Self::Deny(id)
            | Self::Details(id)
            | Self::Accept(id)
            | Self::Decline(id)
            | Self::TakeBack(id)
            | Self::Appeal(id) => id.to_string(),
            Self::Withdraw(id) => id.to_string(),
            Self::Extend(id) | Self::Release(id) | Self::Revoke(id) => id.to_string(),
            Self::Show(id) | Self::Stop(id) | Self::Reinstate(id) => id.to_string(),
            Self::Take(id) | Self::HandOver(id) => id.to_string(),
            Self::Certify(id) => id.to_string(),
            Self::CertifyAgent(id) | Self::Tier(id) | Self::Edit(id) | Self::Retire(id) => {
                id.to_string()
            }
            Self::Request(Some(id)) | Self::Keys(id) | Self::AddKey(id) => id.to_string(),
            Self::RevokeKey(id) => id.to_string(),
            Self::Timeline(id) | Self::CloseIncident(id) => id.to_string(),
            Self::AskFor(id, access) => format!("{id} {access}"),
            Self::RegisterDraft(draft) => serde_json::to_string(draft).unwrap_or_default(),
            Self::LogIn(id) | Self::NotMe(id) | Self::EndLogin(id) => id.to_string(),
            Self::Quiz(path) => path.to_string(),
            Self::QuizAt(path) if path.answered() > 0 => path.to_string(),
            Self::QuizAt(_) => "-".to_owned(),
            Self::Discovery(_, id) => id.to_string(),
            Self::Request(None)
            | Self::Discoveries
            | Self::Register
            | Self::Delegate
            | Self::LogOutEverywhere
            | Self::Nothing => "-".to_owned(),
        }
    }

    /// The button that was clicked; `None` if it is none of ours.
    pub fn read(action_id: &str, value: &str) -> Option<Self> {
        let request = || value.parse::<RequestId>().ok();
        let grant = || value.parse::<GrantId>().ok();
        let agent = || value.parse::<AgentId>().ok();
        match action_id {
            "approve" => request().map(Self::Approve),
            "deny" => request().map(Self::Deny),
            "details" => request().map(Self::Details),
            "accept" => request().map(Self::Accept),
            "decline" => request().map(Self::Decline),
            "take_back" => request().map(Self::TakeBack),
            "appeal" => request().map(Self::Appeal),
            "delegate" => Some(Self::Delegate),
            "withdraw" => value.parse().ok().map(Self::Withdraw),
            "extend" => grant().map(Self::Extend),
            "release" => grant().map(Self::Release),
            "revoke" => grant().map(Self::Revoke),
            "show" => agent().map(Self::Show),
            "stop" => agent().map(Self::Stop),
            "reinstate" => agent().map(Self::Reinstate),
            "take" => agent().map(Self::Take),
            "hand_over" => agent().map(Self::HandOver),
            "timeline" => value.parse().ok().map(Self::Timeline),
            "close_incident" => value.parse().ok().map(Self::CloseIncident),
            "certify" => value.parse().ok().map(Self::Certify),
            "certify_agent" => agent().map(Self::CertifyAgent),
            "tier" => agent().map(Self::Tier),
            "edit" => agent().map(Self::Edit),
            "retire" => agent().map(Self::Retire),
            "register" => Some(Self::Register),
            "register_draft" => {
                let draft: Draft = serde_json::from_str(value).ok()?;
                Some(Self::RegisterDraft(draft.short()))
            }
            "request" if value == "-" => Some(Self::Request(None)),
            "request" => agent().map(|id| Self::Request(Some(id))),
            "keys" => agent().map(Self::Keys),
            "add_key" => agent().map(Self::AddKey),
            "revoke_key" => value.parse().ok().map(Self::RevokeKey),
            "ask_for" => {
                let (agent, access) = value.split_once(' ')?;
                Some(Self::AskFor(agent.parse().ok()?, access.parse().ok()?))
            }
            "log_in" => value.parse().ok().map(Self::LogIn),
            "not_me" => value.parse().ok().map(Self::NotMe),
            "end_login" => value.parse().ok().map(Self::EndLogin),
            "log_out_everywhere" => Some(Self::LogOutEverywhere),
            "quiz_at" if value == "-" => Some(Self::QuizAt(Path::default())),
            "quiz_at" => Quiz::resume(value).ok().map(|quiz| Self::QuizAt(quiz.path().clone())),
            "quiz_yes" | "quiz_no" | "quiz_persons" | "quiz_own" | "quiz_unsure" => {
                Quiz::resume(value).ok().map(|quiz| Self::Quiz(quiz.path().clone()))
            }
            "discoveries" => Some(Self::Discoveries),
            "nothing" => Some(Self::Nothing),
            other => {
                let step = DiscoveryStep::read(other)?;
                Some(Self::Discovery(step, value.parse().ok()?))
            }
        }
    }
}

/// A form, as read back when it is sent: `callback_id` is [`Form::callback_id`],
/// `private_metadata` is this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Form {
    /// The registration of an agent.
    Register,
    /// A request for a grant.
    Request,
    /// Why a request is denied.
    Deny {
        /// Which.
        request: RequestId,
    },
    /// Why a named owner declines.
    Decline {
        /// Which request.
        request: RequestId,
    },
    /// How much longer a grant should last, and why.
    Extend {
        /// Which.
        grant: GrantId,
    },
    /// Why a grant is revoked.
    Revoke {
        /// Which.
        grant: GrantId,
    },
    /// Why an agent is stopped.
    Stop {
        /// Which.
        agent: AgentId,
    },
    /// What cannot wait.
    BreakGlass,
    /// Why an incident about an agent is opened.
    Incident {
        /// Which agent.
        agent: AgentId,
    },
    /// What was found in an incident.
    CloseIncident {
        /// Which.
        incident: IncidentId,
    },
    /// Why a stopped agent should go on.
    Reinstate {
        /// Which.
        agent: AgentId,
    },
    /// Who is to answer for an agent, and why.
    HandOver {
        /// Which.
        agent: AgentId,
    },
    /// What is asked in a review.
    Certify {
        /// Which.
        certification: CertificationId,
    },
    /// Which other tier an agent should have, and why.
    Tier {
        /// Which.
        agent: AgentId,
    },
    /// What an agent is by now, and why.
    Edit {
        /// Which.
        agent: AgentId,
    },
    /// Why an agent is ended for good.
    Retire {
        /// Which.
        agent: AgentId,
    },
    /// Why a no should not stand.
    Appeal {
        /// Which request was denied.
        request: RequestId,
    },
    /// Who answers in somebody's place, and until when.
    Delegate,
    /// What a step about something that was found needs to know.
    Discovery {
        /// Which step.
        step: DiscoveryStep,
        /// About what.
        discovery: DiscoveryId,
    },
    /// How an agent is to prove itself.
    AddKey {
        /// Which.
        agent: AgentId,
    },
    /// Why a credential is taken away.
    RevokeKey {
        /// Which.
        credential: CredentialId,
    },
}

impl Form {
    /// The `callback_id`.
    pub const fn callback_id(&self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Request => "request",
            Self::Deny { .. } => "deny",
            Self::Decline { .. } => "decline",
            Self::Extend { .. } => "extend",
            Self::Revoke { .. } => "revoke",
            Self::Stop { .. } => "stop",
            Self::BreakGlass => "break_glass",
            Self::Incident { .. } => "incident",
            Self::CloseIncident { .. } => "close_incident",
            Self::Reinstate { .. } => "reinstate",
            Self::HandOver { .. } => "hand_over",
            Self::Certify { .. } => "certify",
            Self::Tier { .. } => "tier",
            Self::Edit { .. } => "edit",
            Self::Retire { .. } => "retire",
            Self::Appeal { .. } => "appeal",
            Self::Delegate => "delegate",
            Self::Discovery { step, .. } => step.id(),
            Self::AddKey { .. } => "add_key",
            Self::RevokeKey { .. } => "revoke_key",
        }
    }
}
