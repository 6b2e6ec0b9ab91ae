//! A story in words: pure, from what the record holds to lines for a terminal.

use std::fmt::Write;

use super::call::{the_call, the_question};
use crate::domain::activity::Accessed;
use crate::domain::agent::{Agent, AgentState, Cause};
use crate::domain::event::Actor;
use crate::domain::grant::{Grant, GrantState};
use crate::domain::request::{ApprovedBy, Ask, Origin, Request, RequestState};
use crate::domain::task::Submitter;
use crate::domain::text::clean;
use crate::domain::time::Timestamp;
use crate::domain::vote::Choice;
use crate::service::trace::{
    AgentStory, Call, Done, GrantStory, MOST_ACTIVITIES, MOST_ASKED, Seal, Story, Token,
};

/// The longest line that is told of one fact, in characters.
const LONGEST: usize = 1_200;

/// Lines with a word before them that says what they are about.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// A line. What others wrote must not play with the terminal.
    pub(super) fn line(&mut self, label: &str, text: &str) {
        let text = clean(text, LONGEST);
        let line = format!("{label:<10}{text}");
        // Writing into a text cannot fail.
        let _ = writeln!(self.0, "{}", line.trim_end());
    }

    /// A further line about the same.
    pub(super) fn more(&mut self, text: &str) {
        self.line("", text);
    }

    fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}

/// The whole story.
pub(super) fn tell(story: &Story) -> String {
    let mut page = Page::default();
    if let Some(call) = &story.call {
        the_call(&mut page, call, story);
    }
    if let Some(token) = &story.token {
        page.gap();
        the_token(&mut page, token, story);
    }
    if !story.asked.is_empty() {
        page.gap();
        story.asked.iter().for_each(|record| the_question(&mut page, record));
        if story.asked_more {
            page.more(&format!("(the last {MOST_ASKED}; there are more)"));
        }
    }
    for grant in &story.grants {
        page.gap();
        the_grant(&mut page, grant);
    }
    for request in &story.requests {
        page.gap();
        the_request(&mut page, "Request", request);
    }
    if let Some(agent) = &story.agent {
        page.gap();
        the_agent(&mut page, agent);
    }
    if !story.activities.is_empty() {
        page.gap();
        story.activities.iter().for_each(|done| the_deed(&mut page, done, story));
        if story.activities.len() >= usize::try_from(MOST_ACTIVITIES).unwrap_or(usize::MAX) {
            page.more(&format!("(the first {MOST_ACTIVITIES}; there may be more)"));
        }
    }
    page.0
}

/// One grant, and who allowed it.
pub(in crate::cli) fn grant(story: &GrantStory) -> String {
    let mut page = Page::default();
    the_grant(&mut page, story);
    page.0
}

pub(super) fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

pub(super) fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

pub(super) fn who(actor: &Actor, story: &Story) -> String {
    match actor {
        Actor::Person(person) => person.to_string(),
        Actor::Agent(id) => match &story.agent {
            Some(known) if known.agent.id == *id => format!("agent {}", known.agent.slug),
            _ => format!("agent {id}"),
        },
        Actor::Service(name) => format!("service {name}"),
        Actor::IdentityProvider => "the identity provider".to_owned(),
        Actor::System => "the server itself".to_owned(),
    }
}

pub(super) fn sealed(seal: Option<Seal>) -> String {
    match seal {
        Some(Seal { line, whole: true }) => format!("as line {line} of the audit log sealed it"),
        Some(Seal { line, whole: false }) => format!(
            "NOT as line {line} of the audit log sealed it: it was changed. Run `countersign audit \
             verify`"
        ),
        None => "sealed by NO line of the audit log. Run `countersign audit verify`".to_owned(),
    }
}

fn the_token(page: &mut Page, token: &Token, story: &Story) {
    page.line("Token", &token.id.to_string());
    let (from, to) = (moment(token.issued_at), moment(token.until));
    page.more(&format!("from {from} to {to}, for {}", list(token.audience.iter().cloned())));
    if let Some(person) = &token.on_behalf_of {
        page.more(&format!("on behalf of {person}"));
    }
    page.more(&match token.revoked_at {
        Some(at) => format!("taken back {}", moment(at)),
        None if story.told_at < token.until => "still good, as far as it itself goes".to_owned(),
        None => "its time is over".to_owned(),
    });
    match &token.credential {
        Some(credential) => {
            page.line("Proof", &format!("{} \"{}\"", credential.proof.word(), credential.name));
            page.more(&credential.proof.fingerprint());
        }
        None => page.line("Proof", &token.by),
    }
    if let Some(request) = &token.credential_request {
        the_request(page, "Allowed", request);
    }
    if story.call.is_none() && story.grants.is_empty() {
        page.line("Grants", "it carried none");
    }
}

fn the_grant(page: &mut Page, story: &GrantStory) {
    let GrantStory { grant, request, later } = story;
    let Grant { id, reference, access, starts_at, expires_at, .. } = grant;
    page.line("Grant", &format!("{reference}: {access} ({id})"));
    page.more(&format!("from {} to {}", moment(*starts_at), moment(*expires_at)));
    page.more(&match &grant.state {
        GrantState::Active => "in force now".to_owned(),
        GrantState::Expired { .. } => format!("ended on time, {}", moment(*expires_at)),
        GrantState::Revoked { at, by, reason } => {
            format!("REVOKED {} by {by}{}", moment(*at), quoted(reason))
        }
        GrantState::Released { at, by, program: None } => {
            format!("handed back {} by {by}", moment(*at))
        }
        GrantState::Released { at, program: Some(program), .. } => {
            format!("handed back {} by {}", moment(*at), program.key())
        }
    });
    match request {
        Some(request) => the_request(page, "Request", request),
        None => page.line("Request", "it is NOT on the record: run `countersign audit verify`"),
    }
    later.iter().for_each(|request| the_request(page, "Later", request));
}

fn quoted(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": \"{text}\"") }
}

fn the_request(page: &mut Page, label: &str, request: &Request) {
    let access = request.ask.access().map(|access| format!(" of {access}")).unwrap_or_default();
    let Request { reference, asked_by, asked_at, tier, policy, .. } = request;
    page.line(label, &format!("{reference}: {}{access}, tier {tier}", request.ask.word()));
    page.more(&match &request.origin {
        Origin::Person => format!("asked by {asked_by}, {}", moment(*asked_at)),
        Origin::Agent { evaluation, by_service, .. } => {
            let by = by_service.as_ref().map_or("the agent itself".to_owned(), |name| {
                format!("service {name} in the agent's name")
            });
            let after = evaluation.map(|id| format!(", after {id} said no")).unwrap_or_default();
            format!("asked by {by} (owner {asked_by}), {}{after}", moment(*asked_at))
        }
    });
    if let Ask::Credential { name, proof, .. } = &request.ask {
        page.more(&format!("{} \"{name}\": {}", proof.word(), proof.fingerprint()));
    }
    if let Some(because) = request.ask.because() {
        page.more(&format!("\"{because}\""));
    }
    let needs = list(request.needs.iter().map(|role| role.as_str().to_owned()));
    page.more(&format!("needed {needs} (policy {})", short(policy)));
    for vote in &request.votes {
        let mut roles = list(vote.roles.iter().map(|role| role.as_str().to_owned()));
        if !vote.stands_in.is_empty() {
            let others = list(vote.stands_in.keys().map(ToString::to_string));
            roles = format!("{roles}, and could stand in for {others}");
        }
        let (yes, why) = match &vote.choice {
            Choice::Approve => ("yes", String::new()),
            Choice::Deny { reason } => ("no", quoted(reason)),
        };
        let (by, at) = (&vote.by, moment(vote.at));
        page.line(
            if yes == "yes" { "  Yes" } else { "  No" },
            &format!("{by} as {roles}, {at}{why}"),
        );
    }
    page.more(&match &request.state {
        RequestState::Open if request.ask.is_review() => {
            format!("open; due {}", moment(request.decide_by))
        }
        RequestState::Open => format!("open, to be decided by {}", moment(request.decide_by)),
        RequestState::Approved { at, by: ApprovedBy::Emergency } => format!(
            "OPENED AT ONCE {}, in an emergency, by {} alone; not asked: {}",
            moment(*at),
            request.asked_by,
            list(request.asked.iter().map(|asked| asked.person.to_string()))
        ),
        RequestState::Approved { at, by: ApprovedBy::People } if request.ask.is_review() => {
            format!("found justified {}", moment(*at))
        }
        RequestState::Denied { at, by, reason } if request.ask.is_review() => {
            format!("found NOT justified {} by {by}{}", moment(*at), quoted(reason))
        }
        RequestState::Approved { at, by: ApprovedBy::People } => {
            format!("approved {}", moment(*at))
        }
        RequestState::Approved { at, by: ApprovedBy::Policy { rule } } => {
            format!("approved {} without people, by the policy's rule \"{rule}\"", moment(*at))
        }
        RequestState::Denied { at, by, reason } => {
            format!("denied {} by {by}{}", moment(*at), quoted(reason))
        }
        RequestState::Cancelled { at, program: Some(program), reason, .. } => {
            let by = match program {
                Submitter::Agent(_) => "the agent itself".to_owned(),
                Submitter::Service(name) => format!("service {name}"),
            };
            format!("taken back {} by {by}{}", moment(*at), quoted(reason))
        }
        RequestState::Cancelled { at, by, program: None, reason } => {
            format!("taken back {} by {by}{}", moment(*at), quoted(reason))
        }
        RequestState::Expired { at } => {
            format!("expired {}: too few answered in time", moment(*at))
        }
    });
}

fn the_agent(page: &mut Page, story: &AgentStory) {
    let AgentStory { agent, registration } = story;
    let Agent { id, slug, owner, team, tier, description, .. } = agent;
    page.line("Agent", &format!("{slug} ({id}), tier {tier}, team {team}", team = team.as_str()));
    page.more(&format!("owned by {owner}; model {}", description.model));
    page.more(&match &agent.state {
        AgentState::Pending { .. } => "not approved yet".to_owned(),
        AgentState::Active { since, .. } => format!("at work since {}", moment(*since)),
        AgentState::Suspended { at, by, reason, cause, .. } => {
            let how = if *cause == Cause::Stopped { "STOPPED" } else { "SUSPENDED" };
            format!("{how} {} by {by}{}", moment(*at), quoted(reason))
        }
        AgentState::Retired { at, by, reason } => {
            format!("retired {} by {by}{}", moment(*at), quoted(reason))
        }
        AgentState::Rejected { at } => format!("its registration came to nothing {}", moment(*at)),
    });
    if let Some(request) = registration {
        the_request(page, "Allowed", request);
    }
}

fn the_deed(page: &mut Page, done: &Done, story: &Story) {
    let activity = &done.activity;
    let deed = &activity.deed;
    let outcome = deed.outcome.map(|outcome| format!(": {}", outcome.word())).unwrap_or_default();
    page.line("Done", &format!("{}{outcome}", activity.id));
    page.more(&format!(
        "{}, told by {}",
        moment(activity.occurred_at),
        who(&activity.told_by, story)
    ));
    let denied = |call: &Call| {
        Some(call.evaluation.id) == activity.evaluation && !call.evaluation.answer.is_allowed()
    };
    if story.call.as_ref().is_some_and(denied) && !deed.data_accessed.is_empty() {
        page.more("AFTER A NO: the call was denied, and data was accessed");
    }
    let said =
        [("model", &deed.model_version), ("prompt", &deed.prompt_hash), ("task", &deed.task)];
    let said: Vec<String> = said
        .into_iter()
        .filter_map(|(what, text)| Some(format!("{what} {}", text.as_ref()?)))
        .collect();
    if !said.is_empty() {
        page.more(&said.join(", "));
    }
    if let Some(rationale) = &deed.decision_rationale {
        page.more(&format!("\"{rationale}\""));
    }
    for Accessed { kind, id, fields } in &deed.data_accessed {
        let fields = match fields.as_slice() {
            [] => String::new(),
            fields => format!(": {}", list(fields.iter().cloned())),
        };
        page.more(&format!("touched {kind} \"{id}\"{fields}"));
    }
    page.more(&sealed(done.seal));
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
