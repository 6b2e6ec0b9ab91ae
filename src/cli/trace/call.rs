//! A question and its answer, in words.

use super::words::{Page, moment, sealed, short, who};
use crate::domain::behalf::TokenUsed;
use crate::domain::evaluation::{ApprovalRefused, Basis, Decision, Denial, Name, Record};
use crate::service::trace::{Call, Story};

/// The call that the story begins with, or leads to.
pub(super) fn the_call(page: &mut Page, call: &Call, story: &Story) {
    let Record { id, at, caller, token, subject, action, resource, claims, answer, policy, .. } =
        &call.evaluation;
    let for_whom = &call.evaluation.for_whom;
    let yes = if answer.is_allowed() { "yes" } else { "no" };
    page.line("Call", &format!("{id}: {yes}"));
    page.more(&format!("{}, asked by {}", moment(*at), who(caller, story)));
    let (kind, name) = (&subject.kind, &subject.id);
    let (thing, object) = (&resource.kind, &resource.id);
    page.more(&format!("may {kind} {name} {action} {thing} \"{object}\"?"));
    page.line("Because", &because(answer));
    if let Some(Name { kind, id }) = for_whom {
        let caller = who(caller, story);
        page.line("For", &format!("{kind} \"{id}\": {caller} says so, and nothing here does"));
    }
    if let Some(token) = token {
        by(page, token, &who(caller, story));
    }
    let said =
        [("model", &claims.model_version), ("prompt", &claims.prompt_hash), ("task", &claims.task)];
    let said: Vec<String> = said
        .into_iter()
        .filter_map(|(what, text)| Some(format!("{what} {}", text.as_ref()?)))
        .collect();
    if !said.is_empty() {
        page.line("Said", &said.join(", "));
    }
    page.line("Policy", &short(policy));
    page.line("Record", &sealed(call.seal));
}

fn because(answer: &Decision) -> String {
    let denial = match answer {
        Decision::Allow { basis: Basis::Grant(grant) } => {
            return format!("grant {} opened it, until {}", grant.reference, moment(grant.until));
        }
        Decision::Allow { basis: Basis::Rule { rule } } => {
            return format!("the rule \"{rule}\" of the policy allows it; no grant is needed");
        }
        Decision::Deny { denial } => denial,
    };
    match denial {
        Denial::UnknownSubject => "no agent has this name, and no rule speaks for it".to_owned(),
        Denial::NotActive { state } => format!("the agent was {state}"),
        Denial::UnknownAccess => "the policy knows no such resource or action".to_owned(),
        Denial::TierTooLow { needs, has } => {
            format!("it needs tier {needs}, and the agent had tier {has}")
        }
        Denial::NoGrant => "no grant and no rule opened it".to_owned(),
        Denial::Forbidden { rule, admin, user } => match admin.as_ref().or(user.as_ref()) {
            Some(why) => format!("the rule \"{rule}\" forbids it: {why}"),
            None => format!("the rule \"{rule}\" forbids it"),
        },
        Denial::CannotJudge { what } => format!("a condition could not be judged: {what}"),
        Denial::Approval { why } => match why {
            ApprovalRefused::Expired => "the approval that was shown is over".to_owned(),
            ApprovalRefused::OutOfScope => {
                "the approval that was shown is for something else".to_owned()
            }
            ApprovalRefused::Pending => {
                "the approval that was shown was not effective yet".to_owned()
            }
            ApprovalRefused::Unverifiable => {
                "the approval that was shown is not ours, or was changed".to_owned()
            }
        },
        Denial::Quota => "more was asked about the agent than its quota allows".to_owned(),
    }
}

/// By which token, and in whose name.
fn by(page: &mut Page, token: &TokenUsed, caller: &str) {
    let (id, whose) = (token.id(), token.on_behalf_of());
    let how = match token {
        TokenUsed::Shown { .. } => format!("{id}, with which it was asked"),
        TokenUsed::Named { .. } => format!("{id}, which {caller} named; it is the agent's"),
        TokenUsed::Unknown { .. } => {
            format!("{id}, which {caller} named; NO good token of the agent's had this id")
        }
    };
    page.line("By", &how);
    if let Some(person) = whose {
        page.more(&format!("on behalf of {person}, as the token says"));
    }
}

/// One of the questions that were asked with a token, on a line.
pub(super) fn the_question(page: &mut Page, record: &Record) {
    let Record { id, at, token, action, resource, answer, .. } = record;
    let yes = if answer.is_allowed() { "yes" } else { "no" };
    let by = match answer {
        Decision::Allow { basis: Basis::Grant(grant) } => format!(", by {}", grant.reference),
        Decision::Allow { basis: Basis::Rule { rule } } => format!(", by the rule \"{rule}\""),
        Decision::Deny { denial } => format!(", {}", denial.code()),
    };
    let named = match token {
        Some(TokenUsed::Named { .. }) => "; a service named the token",
        Some(TokenUsed::Unknown { .. }) => "; a service named the token, which was not good then",
        Some(TokenUsed::Shown { .. }) | None => "",
    };
    page.line("Asked", &format!("{id}, {}", moment(*at)));
    page.more(&format!("{action} {} \"{}\": {yes}{by}{named}", resource.kind, resource.id));
}
