//! What the agent reads: what came of its call, and what to do now. Pure.

use serde_json::{Value, json};

use super::tools::{HAND_BACK, MAY_I, MY_GRANTS, REQUEST_PERMISSION, WAIT_FOR};
use crate::client::look::Look;
use crate::client::trouble::Trouble;
use crate::client::words::{Told, harmless, listed};
use crate::contract::grants::Grant;
use crate::contract::requests::Request;
use crate::domain::access::Access;
use crate::domain::agent::Slug;
use crate::domain::request::Reference;
use crate::domain::time::Span;

/// The answer to "may I?", for the model and for the program.
pub(super) fn judged(agent: &Slug, access: &Access, answer: &Value) -> (String, Value) {
    let context = &answer["context"];
    let text = |at: &str| context.pointer(at).and_then(Value::as_str).map(harmless);
    let evaluation = text("/evaluation_id");
    let allowed = answer["decision"] == true;
    let reason = text("/reason_user/en");
    // The agent asks by its own tool, not in Slack.
    let (why, wait) = (text("/why/en"), text("/wait/en"));
    let grant = text("/grant/reference");
    let until = text("/grant/expires_at");
    let link = text("/access_request/form_url");
    let can_be_asked = context["access_request"].is_object();
    let mut words = if allowed {
        let mut words = format!("Yes: {agent} may {} {} now.", access.action, access.resource);
        if let (Some(grant), Some(until)) = (&grant, &until) {
            words.push_str(&format!(" It rests on {grant}, which ends at {until}."));
        }
        words.push_str(" The next access needs a question of its own.");
        words
    } else {
        let why = why.filter(|_| can_be_asked).or_else(|| reason.clone());
        let why = why.unwrap_or_else(|| format!("{agent} may not {access}."));
        let next = if can_be_asked {
            let wait = wait.map(|wait| format!(" {wait}")).unwrap_or_default();
            format!(
                "Next: do not do it. Call {REQUEST_PERMISSION} with access \"{access}\" and a \
                 justification, or stop and say that you were not allowed.{wait}"
            )
        } else {
            "Next: do not do it. It cannot be asked for from here: stop, and say that you were not \
             allowed and why."
                .to_owned()
        };
        format!("No. {why}\n{next}")
    };
    if let Some(link) = link.as_ref().filter(|_| !allowed) {
        words.push_str(&format!(
            "\nFor a person: one click puts the request before the owner: {link}"
        ));
    }
    if let Some(evaluation) = &evaluation {
        words.push_str(&format!("\nEvaluation: {evaluation}"));
    }
    let facts = json!({
        "allowed": allowed,
        "evaluation_id": evaluation,
        "reason": context["reason"],
        "words": reason,
        "grant": grant,
        "until": until,
        "can_be_asked": can_be_asked,
        "link": link,
    });
    (words, facts)
}

/// Permission was asked for.
pub(super) fn asked(request: &Request) -> String {
    let reference = &request.reference;
    if request.state == "open" {
        let usual = request.usual.as_ref();
        let usual = usual.map(|usual| Span::seconds(usual.seconds).words());
        let usual = usual.map(|usual| format!(" Usually it takes {usual}.")).unwrap_or_default();
        return format!(
            "{reference}: people are asked. {}{usual}\nNext: call {WAIT_FOR} with reference \
             \"{reference}\", or go on with other work and look later.",
            awaited(request)
        );
    }
    stands(request)
}

/// Who is awaited.
pub(super) fn awaited(request: &Request) -> String {
    let missing: Vec<String> = request
        .needs
        .iter()
        .filter(|need| need.given_by.is_none())
        .map(|need| harmless(&need.role.replace('-', " ")))
        .collect();
    let given = request.needs.len() - missing.len();
    match (&request.awaits_owner, missing.as_slice()) {
        (Some(_), _) => "It waits for the owner to accept.".to_owned(),
        (None, []) => "It is being settled.".to_owned(),
        (None, missing) => {
            format!(
                "It waits for {} ({given} of {} said yes).",
                listed(missing, "and"),
                request.needs.len()
            )
        }
    }
}

/// How a request stands.
pub(super) fn stands(request: &Request) -> String {
    let reference = &request.reference;
    let reason = request.outcome.as_ref().and_then(|outcome| outcome.reason.as_deref());
    let reason = reason.map(|reason| format!(" Reason: {}", harmless(reason))).unwrap_or_default();
    match request.state.as_str() {
        "open" => format!(
            "{reference} is not decided yet. {}\nNext: nothing is lost. Call {WAIT_FOR} again, or do \
             other work and look later.",
            awaited(request)
        ),
        "approved" => {
            let until = request.grant.as_ref().map(|grant| format!(" until {}", grant.expires_at));
            format!(
                "{reference} is approved{}.{reason}\nNext: call {MAY_I}, then act. Call {HAND_BACK} with \
                 \"{reference}\" when the task is done.",
                until.unwrap_or_default()
            )
        }
        "denied" => {
            let appeal = request.outcome.as_ref().and_then(|outcome| outcome.appeal_until);
            let appeal = appeal.map(|until| {
                format!(" Until {until} your owner can appeal: agent-cli appeal {reference}")
            });
            format!(
                "{reference} was denied.{reason}\nNext: do not do it, and do not ask for the same \
                 again unless the reason is mended. Say that you were not allowed and why.{}",
                appeal.unwrap_or_default()
            )
        }
        "expired" => format!(
            "{reference} ran out: nobody answered in time.\nNext: call {REQUEST_PERMISSION} again if it is \
             still needed."
        ),
        other => format!(
            "{reference} is {}.{reason}\nNext: call {REQUEST_PERMISSION} if it is still needed.",
            harmless(other)
        ),
    }
}

/// What is granted, and what is being decided.
pub(super) fn holdings(grants: &[Grant], open: &[Request]) -> String {
    let mut lines = Vec::new();
    for grant in grants {
        let left = grant.left.as_ref().map(|left| format!(" ({} left)", left.text));
        lines.push(format!(
            "{}: {} until {}{}",
            grant.reference,
            harmless(&grant.access),
            grant.expires_at,
            left.unwrap_or_default()
        ));
    }
    if lines.is_empty() {
        lines.push("Nothing is granted now.".to_owned());
    }
    for request in open {
        let what = request.access.as_deref().unwrap_or(&request.kind);
        lines.push(format!(
            "{}: {} is asked for. {}",
            request.reference,
            harmless(what),
            awaited(request)
        ));
    }
    lines.push(format!(
        "Next: {MAY_I} before each access; {REQUEST_PERMISSION} for what is missing; {HAND_BACK} what is not \
         needed any more."
    ));
    lines.join("\n")
}

/// A grant was handed back.
pub(super) fn handed_back(grant: &Grant) -> String {
    format!("{}: {} is handed back, and ended.", grant.reference, harmless(&grant.access))
}

/// The lines that stand under a label.
fn of_label(told: &Told, label: &str) -> Vec<Vec<String>> {
    told.rows.iter().filter(|(name, _)| name == label).map(|(_, lines)| lines.clone()).collect()
}

/// A next step as an agent takes it: the command line is for people. None, if it is for people alone.
fn by_tool(line: &str) -> Option<String> {
    let Some(command) = line.strip_prefix("agent-cli ") else { return Some(line.to_owned()) };
    let mut words = command.split_whitespace();
    let (command, first) = (words.next().unwrap_or_default(), words.next());
    let reference = first.filter(|word| word.parse::<Reference>().is_ok());
    match (command, reference) {
        ("grants" | "list" | "show", _) | ("status", None) => Some(format!("call {MY_GRANTS}")),
        ("status", Some(reference)) => {
            Some(format!("call {WAIT_FOR} with reference \"{reference}\""))
        }
        ("release", Some(reference)) => {
            Some(format!("call {HAND_BACK} with reference \"{reference}\""))
        }
        ("request-permission", _) => {
            let mut words = line.split_whitespace().skip_while(|word| *word != "--resource");
            let access = words.nth(1).map(|access| format!(" with access \"{access}\""));
            Some(format!("call {REQUEST_PERMISSION}{}", access.unwrap_or_default()))
        }
        ("extend", _) => Some("ask the person you work for to prolong it".to_owned()),
        _ => None,
    }
}

/// Why something was not done.
pub(super) fn trouble(trouble: &Trouble) -> String {
    let mut told = trouble.words();
    for (_, lines) in told.rows.iter_mut().filter(|(label, _)| label == "Next" || label == "See") {
        *lines = lines.iter().filter_map(|line| by_tool(line)).collect();
        lines.dedup();
    }
    // What is to be seen is what comes next, said once.
    let next = of_label(&told, "Next");
    let again = |label: &str, lines: &Vec<String>| label == "See" && next.contains(lines);
    told.rows.retain(|(label, lines)| !lines.is_empty() && !again(label, lines));
    let words = told.render(crate::client::look::Ink::Bad, Look { colour: false, width: 400 });
    let next = if trouble.may_pass() {
        "Nothing was changed that you can rely on. What was not answered is not allowed: wait a little, \
         then call again."
    } else {
        "If you cannot mend it, stop, and tell the person you work for what stands here."
    };
    format!("{words}{next}")
}
