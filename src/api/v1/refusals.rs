//! What a use case refuses, as a problem: one function, so that every resource says it alike.

use axum::http::StatusCode;

use super::appeals;
use super::names::Named;
use super::ownership;
use super::refused::Refused;
use crate::contract::problem::FieldProblem;
use crate::domain::agent::{Agent, AgentState, Cause, Slug};
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{Request, RequestState};
use crate::domain::role::RoleName;
use crate::domain::text::clean;
use crate::service::credentials::outcome::{CredentialField, CredentialProblem};
use crate::service::outcome::{Field, FieldProblem as Wrong, Refusal};

/// The longest piece of what was sent that is repeated, in characters.
const TYPED: usize = 80;
/// As many of what there is are named.
const NAMED: usize = 20;

/// The people whom the refusal names.
pub(super) fn people(refusal: &Refusal) -> Vec<&PersonId> {
    match refusal {
        Refusal::NotOwner { owner, .. }
        | Refusal::MayNotEnd { owner, .. }
        | Refusal::MayNotStop { owner, .. } => vec![owner],
        Refusal::NotRequester { asked_by } => vec![asked_by],
        Refusal::Owner(refusal) => ownership::people(refusal),
        Refusal::Change(why) => super::changes::people(why),
        Refusal::Appeal(why) => appeals::people(why),
        Refusal::NotActive(agent) | Refusal::NotSuspended(agent) => match &agent.state {
            AgentState::Suspended { by, .. } | AgentState::Retired { by, .. } => {
                std::iter::once(&agent.owner).chain(by.person()).collect()
            }
            _ => vec![&agent.owner],
        },
        _ => Vec::new(),
    }
}

/// 403: whoever has this standing can do nothing here.
pub(super) fn not_member(standing: Standing) -> Refused {
    let is = match standing {
        Standing::Member => "This account is a full member of the workspace.",
        Standing::Guest => "This account is a guest in the workspace.",
        Standing::Outsider => "This account belongs to another workspace.",
        Standing::Deactivated => "This account is deactivated.",
        Standing::Bot => "This account is a bot or an app.",
        Standing::Invited => "This account has not finished joining the workspace.",
        Standing::Unknown => "Slack does not know this account.",
    };
    let detail = format!("{is} Only full, active members can ask, own, decide and look.");
    Refused::new(StatusCode::FORBIDDEN, "not_a_member", "Only for members", detail)
        .next(["ask a full member of your team to do it for you".to_owned()])
}

pub(super) fn of(status: StatusCode, kind: &str, title: &str, detail: String) -> Refused {
    Refused::new(status, kind, title, detail)
}

/// 400: this field says something that cannot be.
pub(super) fn invalid(kind: &str, field: &str, detail: String) -> Refused {
    of(StatusCode::BAD_REQUEST, kind, "Something must change first", detail).about(field)
}

pub(super) fn forbidden(kind: &str, detail: String) -> Refused {
    of(StatusCode::FORBIDDEN, kind, "Not for this caller", detail)
}

/// Why something cannot be asked or done, and what to do next.
pub(super) fn refused(refusal: &Refusal, named: &Named) -> Refused {
    match refusal {
        Refusal::NotMember(standing) => not_member(*standing),
        Refusal::UnknownAgent { typed, near, yours } => {
            let detail = format!("There is no agent called `{}`.", clean(typed, TYPED));
            let status = StatusCode::NOT_FOUND;
            of(status, "unknown_agent", "There is no such agent", detail)
                .near(near.iter().map(ToString::to_string))
                .next(unknown_agent(typed, near, yours))
        }
        Refusal::NotOwner { agent, owner } => forbidden(
            "not_owner",
            format!("Only its owner can do that for {agent}: {}.", named.say(owner)),
        )
        .next([format!("ask {} to do it", named.say(owner))]),
        Refusal::Owner(refusal) => ownership::refused(refusal, named),
        Refusal::NotActive(agent) => not_active(agent, named),
        Refusal::NotSuspended(agent) => {
            let state = agent.state.word();
            let detail =
                format!("{} was not stopped (it is {state}): nothing is to undo.", agent.slug);
            of(StatusCode::CONFLICT, "not_suspended", "It was not stopped", detail)
                .next([format!("agent-cli show {}", agent.slug)])
        }
        Refusal::BadAccess { typed, resources } => invalid(
            "bad_access",
            "access",
            format!(
                "`{}` names no access: write resource and action, like `database:read`.",
                clean(typed, TYPED)
            ),
        )
        .near(resources.iter().take(NAMED).cloned())
        .next([ask_for(resources.first().map(String::as_str))]),
        Refusal::UnknownResource { typed, near, all } => {
            let some = if near.is_empty() { all } else { near };
            let detail = format!("There is no resource `{}`.", clean(typed, TYPED));
            invalid("unknown_resource", "access", detail)
                .near(some.iter().take(NAMED).cloned())
                .next([ask_for(some.first().map(String::as_str))])
        }
        Refusal::UnknownAction { access, near, all } => {
            let resource = clean(&access.resource, TYPED);
            let detail = match clean(&access.action, TYPED) {
                none if none.is_empty() => format!("It is not said what to do with {resource}."),
                action => format!("There is no action `{action}` on {resource}."),
            };
            let all = all.iter().map(|(action, _)| action);
            let some: Vec<&String> =
                if near.is_empty() { all.collect() } else { near.iter().collect() };
            let near = some.into_iter().take(NAMED).map(|action| format!("{resource}:{action}"));
            let near: Vec<String> = near.collect();
            let next = ask_for(near.first().map(String::as_str));
            invalid("unknown_action", "access", detail).near(near).next([next])
        }
        Refusal::BadDuration { typed, longest } => invalid(
            "bad_duration",
            "for",
            format!(
                "`{}` is no length of time: write it like `30m`, `8h` or `1h30m`; at most \
                 `{longest}`.",
                clean(typed, TYPED)
            ),
        )
        .next([format!("--for {longest}   or less")]),
        Refusal::TooLong { asked, longest, tier } => invalid(
            "too_long",
            "for",
            format!(
                "{} is too long: tier {tier} may have at most {} at once.",
                asked.words(),
                longest.words()
            ),
        )
        .next([format!("ask for {longest} or less; it can be extended before it ends")]),
        Refusal::TooLongInAll { asked, left, longest } => invalid(
            "too_long_in_all",
            "by",
            format!(
                "{} more would be too long: a grant lasts at most {} in all.",
                asked.words(),
                longest.words()
            ),
        )
        .next([match left {
            Some(left) => format!("ask for at most {left} more"),
            None => "let it end, and ask for a new grant: agent-cli request-permission".to_owned(),
        }]),
        Refusal::NoReason => invalid(
            "no_reason",
            "justification",
            "A reason is missing; people decide by it.".to_owned(),
        )
        .next(["say in a few words why, like \"customer support queries\"".to_owned()]),
        Refusal::AlreadyAsked(request) => of(
            StatusCode::CONFLICT,
            "already_asked",
            "It is being decided already",
            format!("The same was asked before, and is being decided: {}.", request.reference),
        )
        .reference(request.reference)
        .next([format!("agent-cli status {} --wait", request.reference)]),
        Refusal::AlreadyHas(grant) => of(
            StatusCode::CONFLICT,
            "already_has",
            "It has this already",
            format!("It has {} already, by {}.", grant.access, grant.reference),
        )
        .reference(grant.reference)
        .next([format!("agent-cli extend {} --by 30m --justification \"...\"", grant.reference)]),
        Refusal::TooManyOpen { limit } => of(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_open",
            "Too many requests are open",
            format!("The agent waits for {limit} answers already, which is as many as it may."),
        )
        .next(["wait for one of the answers, or take a request back".to_owned()])
        .retry_after(60),
        Refusal::NobodyCanDecide { roles } => of(
            StatusCode::CONFLICT,
            "nobody_can_decide",
            "Nobody could decide this",
            format!("There is nobody else for {}. Security has been told.", and(roles)),
        )
        .next(["ask again once people hold these roles".to_owned()]),
        Refusal::UnknownReference { typed, near } => of(
            StatusCode::NOT_FOUND,
            "unknown_reference",
            "There is no such thing",
            format!("There is nothing here called `{}`.", clean(typed, TYPED)),
        )
        .near(near.iter().map(ToString::to_string))
        .next(["agent-cli grants".to_owned(), "agent-cli status".to_owned()]),
        Refusal::NotDecided(request) => of(
            StatusCode::CONFLICT,
            "not_decided",
            "It is not decided yet",
            format!(
                "{} is a request that people are still deciding: there is no grant of it yet.",
                request.reference
            ),
        )
        .reference(request.reference)
        .next([format!("agent-cli status {} --wait", request.reference)]),
        Refusal::GrantEnded(grant) => of(
            StatusCode::GONE,
            "grant_ended",
            "The grant has ended",
            format!("{} is not live any more.", grant.reference),
        )
        .reference(grant.reference)
        .next([format!(
            "agent-cli request-permission --resource {} --justification \"...\"",
            grant.access
        )]),
        Refusal::MayNotEnd { agent, owner } => forbidden(
            "may_not_end",
            format!(
                "Only the owner, those who decide on it and security can do that for {agent}. Its \
                 owner is {}.",
                named.say(owner)
            ),
        )
        .next([format!("ask {}, or security if it is urgent", named.say(owner))]),
        Refusal::MayNotStop { agent, owner } => forbidden(
            "may_not_stop",
            format!(
                "Only the owner and security can stop {agent}. Its owner is {}.",
                named.say(owner)
            ),
        )
        .next([format!("ask {}, or security if it is urgent", named.say(owner))]),
        Refusal::Change(why) => super::changes::refused(why, named),
        Refusal::NotRequester { asked_by } => forbidden(
            "not_requester",
            format!("Only who asked can take it back: {}.", named.say(asked_by)),
        )
        .next([format!("ask {}; approvers can deny it", named.say(asked_by))]),
        // Programs neither break the glass nor look into incidents; people cancel requests here.
        Refusal::Emergency(_) | Refusal::Incident(_) => {
            let detail = "That is for people to do, in Slack.".to_owned();
            forbidden("in_slack", detail).next(["/agent help, in Slack".to_owned()])
        }
        Refusal::Appeal(why) => appeals::refused(why, named),
        Refusal::RequestEnded(request) => {
            let how = how_ended(request);
            let detail = format!("{} has ended: it {how}.", request.reference);
            of(StatusCode::GONE, "request_ended", "The request has ended", detail)
                .reference(request.reference)
                .next([format!("agent-cli status {}", request.reference)])
        }
    }
}

/// How a request ended: `was denied`.
pub(super) const fn how_ended(request: &Request) -> &'static str {
    match request.state {
        RequestState::Approved { .. } => "was approved",
        RequestState::Denied { .. } => "was denied",
        RequestState::Cancelled { .. } => "was taken back",
        RequestState::Expired { .. } | RequestState::Open => "expired unanswered",
    }
}

/// The command that asks for this; without a name, the one that shows what there is.
fn ask_for(access: Option<&str>) -> String {
    match access {
        Some(access) => {
            format!("agent-cli request-permission --resource {access} --justification \"...\"")
        }
        None => "agent-cli request-permission   shows on a terminal what there is".to_owned(),
    }
}

fn unknown_agent(typed: &str, near: &[Slug], yours: &[Slug]) -> Vec<String> {
    let some = if near.is_empty() { yours } else { near };
    let mut next: Vec<String> =
        some.iter().take(3).map(|name| format!("agent-cli show {name}")).collect();
    if near.is_empty()
        && let Ok(name) = typed.parse::<Slug>()
    {
        next.push(format!("agent-cli register {name}"));
    }
    next.push("agent-cli list".to_owned());
    next
}

fn not_active(agent: &Agent, named: &Named) -> Refused {
    let (slug, owner) = (&agent.slug, named.say(&agent.owner));
    let (detail, next) = match &agent.state {
        AgentState::Pending { .. } => (
            format!("{slug} is not approved yet: people are deciding."),
            format!("agent-cli status {slug} --wait"),
        ),
        AgentState::Suspended { by, reason, cause, .. } => {
            let why = if reason.is_empty() { String::new() } else { format!(": \"{reason}\"") };
            let how = if *cause == Cause::Stopped { "stopped" } else { "suspended" };
            // An owner who is gone undoes nothing.
            let cause = if agent.orphaned.is_some() { Cause::Ownerless } else { *cause };
            (
                format!("{slug} was {how} by {}{why}.", named.say_by(by)),
                cause.undone_by(slug, owner),
            )
        }
        AgentState::Retired { by, .. } => (
            format!("{slug} was retired by {}.", named.say_by(by)),
            "agent-cli register".to_owned(),
        ),
        AgentState::Rejected { .. } => (
            format!("{slug} was not approved; the name is free again."),
            format!("agent-cli register {slug}"),
        ),
        AgentState::Active { .. } => {
            (format!("{slug} is at work already."), format!("agent-cli show {slug}"))
        }
    };
    let status = StatusCode::CONFLICT;
    Refused::new(status, "not_active", "The agent is not at work", detail).next([next])
}

/// Roles as people read them: `security and team lead`.
pub(super) fn and(roles: &[RoleName]) -> String {
    let names: Vec<String> = roles.iter().map(|role| role.as_str().replace('-', " ")).collect();
    crate::service::access_requests::offer::and(&names)
}

/// The people whom problems of a registration name.
pub(super) fn people_of(problems: &[(Field, Wrong)]) -> Vec<&PersonId> {
    problems
        .iter()
        .filter_map(|(_, wrong)| match wrong {
            Wrong::NameTaken { owner } => Some(owner),
            _ => None,
        })
        .collect()
}

/// Why a registration is not taken: 409 if it is only that the name is taken, else 400.
pub(super) fn not_registered(
    problems: &[(Field, Wrong)],
    teams: &[String],
    named: &Named,
) -> Refused {
    if let [(Field::Name, Wrong::NameTaken { owner })] = problems {
        let detail = format!("An agent has this name; {} answers for it.", named.say(owner));
        return Refused::new(StatusCode::CONFLICT, "name_taken", "The name is taken", detail)
            .about("name")
            .next(["choose another name, such as one with the team or a number".to_owned()]);
    }
    let fields = problems.iter().map(|(field, wrong)| {
        let name = match field {
            Field::Name => "name",
            Field::Purpose => "purpose",
            Field::Systems => "systems",
            Field::RunsOn => "runs_on",
            Field::Model => "model",
            Field::Team => "team",
            Field::Owner => "owner",
        };
        let problem = match wrong {
            Wrong::Empty if *field == Field::Team => {
                format!("say for which team it works: {}", teams.join(", "))
            }
            Wrong::Empty => "it is missing".to_owned(),
            Wrong::BadName(bad) => bad.to_string(),
            Wrong::NameTaken { owner } => {
                format!("an agent has this name; {} answers for it", named.say(owner))
            }
            Wrong::UnknownTeam => format!("there is no such team: {}", teams.join(", ")),
            Wrong::OwnerNotMember(standing) => {
                let is = match standing {
                    Standing::Member => "is a full member",
                    Standing::Guest => "is a guest",
                    Standing::Outsider => "belongs to another workspace",
                    Standing::Deactivated => "has a deactivated account",
                    Standing::Bot => "is a bot or an app",
                    Standing::Invited => "has not joined yet",
                    Standing::Unknown => "is not known to Slack",
                };
                format!("this person {is}: only a full, active member can own an agent")
            }
        };
        FieldProblem { field: name.to_owned(), problem }
    });
    Refused::fields(fields.collect())
}

/// Why a credential cannot be asked for; `within` stands before the names of its fields. Nothing of a
/// key is repeated.
pub(super) fn bad_credential(
    within: &str,
    problems: &[(CredentialField, CredentialProblem)],
) -> Refused {
    let fields = problems.iter().map(|(field, wrong)| {
        let name = match field {
            CredentialField::Name => "name",
            CredentialField::Key => "public_key",
            CredentialField::Issuer => "issuer",
            CredentialField::Claims => "claims",
            CredentialField::Lasting => "for",
            CredentialField::Because => "justification",
        };
        let name = format!("{within}{name}");
        let problem = match wrong {
            CredentialProblem::Empty => "it is missing".to_owned(),
            CredentialProblem::BadKey(bad) => bad.to_string(),
            CredentialProblem::BadClaims(bad) => bad.to_string(),
            CredentialProblem::UnknownIssuer { all } if all.is_empty() => {
                "the policy trusts no issuer with workloads".to_owned()
            }
            CredentialProblem::UnknownIssuer { all } => {
                format!("the policy trusts these issuers with workloads: {}", all.join(", "))
            }
            CredentialProblem::BadDuration { longest } => {
                format!("it is no length of time: write it like `30d`; at most `{longest}`")
            }
            CredentialProblem::TooLong { longest } => {
                format!("a credential may live for {longest} at most")
            }
            CredentialProblem::HasAlready { name } => {
                format!("the agent has this key already, under the name \"{name}\"")
            }
            CredentialProblem::InUse { holder: Some(holder) } => {
                format!("{holder} proves itself by it: make a key of its own for each agent")
            }
            CredentialProblem::InUse { holder: None } => {
                "another agent proves itself by it: make a key of its own for each agent".to_owned()
            }
        };
        FieldProblem { field: name, problem }
    });
    let has = |wrong: &CredentialProblem| matches!(wrong, CredentialProblem::HasAlready { .. });
    let has_already = problems.iter().any(|(_, wrong)| has(wrong));
    Refused::fields(fields.collect()).next(
        has_already
            .then(|| "agent-cli token   shows that it works: there is nothing to ask".to_owned()),
    )
}

#[cfg(test)]
#[path = "refusals_tests.rs"]
mod tests;
