//! The words for the domain's states, the same wherever they are read.

use super::escape::{and, first, roughly};
use super::line::Line;
use crate::domain::agent::{Agent, AgentState, Cause};
use crate::domain::backup::Backup;
use crate::domain::grant::{Grant, GrantState};
use crate::domain::person::{PersonId, Standing};
use crate::domain::request::{Acceptance, ApprovedBy, Ask, Request, RequestState};
use crate::domain::review::Finding;
use crate::domain::role::RoleName;
use crate::domain::task::Submitter;
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};

/// So many people are named for one role.
const MOST_PEOPLE: usize = 3;
/// So many items of a list are named; the others are counted.
pub const MOST_NAMED: usize = 12;

/// A role as people say it: `team lead`, `VP`.
pub fn role(name: &RoleName) -> String {
    let words = name.as_str().replace(['-', '_'], " ");
    if words.len() <= 3 { words.to_uppercase() } else { words }
}

/// Roles as people say them: `security and team lead`.
pub fn roles(names: &[RoleName]) -> String {
    let mut said: Vec<String> = Vec::new();
    for name in names {
        let words = role(name);
        if !said.contains(&words) {
            let count = names.iter().filter(|n| *n == name).count();
            said.push(if count > 1 { format!("{count} × {words}") } else { words });
        }
    }
    and(&first(&said, MOST_NAMED))
}

/// `tier 2, internal actor`.
pub fn tier(tier: Tier) -> String {
    format!("tier {tier}, {}", tier.meaning())
}

/// What an agent of this tier may come to do, in one sentence.
pub const fn tier_means(tier: Tier) -> &'static str {
    match tier {
        Tier::Observer => "It reads inside the company and changes nothing.",
        Tier::Internal => "It may change things inside the company.",
        Tier::External => {
            "It reaches customers, personal data, money or the world outside the company."
        }
    }
}

/// Resource and action with room between them: `database : read`, `database # orders : read`.
pub fn access(access: &crate::domain::access::Access) -> String {
    match &access.object {
        None => format!("{} : {}", access.resource, access.action),
        Some(object) => format!("{} # {object} : {}", access.resource, access.action),
    }
}

/// A program that acts by itself: `support-agent-v2 itself`, or `crm, for support-agent-v2`.
pub fn itself(program: &Submitter, agent: &Agent) -> Line {
    match program {
        Submitter::Agent(_) => Line::say(format!("{} itself", agent.slug)),
        Submitter::Service(name) => {
            Line::say(super::escape::clip(name, 60)).text(format!(", for {}", agent.slug))
        }
    }
}

/// `1 grant`, `3 grants`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// A finding of the review, with its mark.
pub fn finding(finding: Finding) -> String {
    let mark = if finding.is_warning() { "⚠" } else { "✓" };
    let words = match finding {
        Finding::OwnerActive => "owner active".to_owned(),
        Finding::OwnerGone => "owner is no longer an active member".to_owned(),
        Finding::OthersAgree => "nobody else is left who usually agrees to it".to_owned(),
        Finding::Certified => "certified".to_owned(),
        Finding::CertificationLapsed => "certification has lapsed".to_owned(),
        Finding::TierSuffices => "tier allows it".to_owned(),
        Finding::RaisesTier { from, to } => format!("raises its tier from {from} to {to}"),
        Finding::LowersTier { from, to } => format!("lowers its tier from {from} to {to}"),
        Finding::FirstTime => "first time for this resource".to_owned(),
        Finding::HadBefore { times: n } => format!("had this {} before", times(n)),
        Finding::DeniedBefore { times: n } => format!("denied {} before", times(n)),
        Finding::Sensitive { sensitivity } => format!("{} data", sensitivity.word()),
        Finding::FirstCredential => "its first credential".to_owned(),
        Finding::BesideLive { live } => {
            format!("beside {} that it has", count(live as usize, "credential"))
        }
        Finding::Renewal => "the same as it has, for longer".to_owned(),
        Finding::BroadClaims { breadth } => super::keys::breadth(breadth).to_owned(),
    };
    format!("{mark} {words}")
}

/// All findings on one line.
pub fn findings(found: &[Finding]) -> Option<Line> {
    let said: Vec<String> = found.iter().copied().map(finding).collect();
    (!said.is_empty()).then(|| Line::fact("Checks").text(first(&said, MOST_NAMED).join(" · ")))
}

/// What a request asks, as the beginning of a card: `support-agent-v2 asks for database : read`.
pub fn asks(request: &Request, agent: &Agent) -> Line {
    let line = Line::strong(agent.slug.as_str());
    match &request.ask {
        Ask::Appeal { denied, .. } => line
            .text(" appeals for ")
            .bold(appealed(&denied.ask))
            .text(format!(", denied as {}", denied.reference)),
        Ask::Registration => line.text(" asks to be registered"),
        Ask::Grant { access: a, .. } => line.text(" asks for ").bold(access(a)),
        Ask::Extension { access: a, by, .. } => {
            line.text(" asks to keep ").bold(access(a)).text(format!(" {} longer", by.words()))
        }
        Ask::Emergency { .. } | Ask::Review { .. } => super::emergency::asks(request, agent),
        Ask::Reinstatement { .. } => line.text(" asks to go on, after it was stopped"),
        Ask::Handover { to, .. } => line.text(" is to be handed over to ").person(to),
        Ask::TierChange { from, to, .. } => {
            line.text(format!(" asks for tier {to} instead of {from}"))
        }
        Ask::Change { .. } => line.text(" asks to be described anew"),
        Ask::Credential { .. } => line
            .text(" asks to prove itself by ")
            .line(super::card::asked_for_credential(&request.ask)),
    }
}

/// The same as part of a sentence: `database : read for support-agent-v2`.
pub fn subject(request: &Request, agent: &Agent) -> String {
    subject_of(&request.ask, agent)
}

/// The same of what is asked.
pub fn subject_of(ask: &Ask, agent: &Agent) -> String {
    let slug = agent.slug.as_str();
    match ask {
        Ask::Appeal { denied, .. } => format!("the appeal for {}", subject_of(&denied.ask, agent)),
        Ask::Registration => format!("the registration of {slug}"),
        Ask::Grant { access: a, .. } => format!("{} for {slug}", access(a)),
        Ask::Extension { access: a, .. } => format!("more time for {slug} on {}", access(a)),
        Ask::Emergency { access: a, .. } => format!("{} for {slug} in an emergency", access(a)),
        Ask::Review { emergency, .. } => format!("the review of {emergency} for {slug}"),
        Ask::Reinstatement { .. } => format!("that {slug} may go on"),
        Ask::Handover { .. } => format!("that {slug} is handed over"),
        Ask::TierChange { to, .. } => format!("tier {to} for {slug}"),
        Ask::Change { .. } => format!("the new description of {slug}"),
        Ask::Credential { name, .. } => {
            format!("the credential “{}” for {slug}", super::escape::clip(name, 60))
        }
    }
}

/// What an agent asks for on appeal, where the agent was named already: `database : read`.
fn appealed(denied: &Ask) -> String {
    match denied {
        Ask::Grant { access: a, .. } | Ask::Emergency { access: a, .. } => access(a),
        Ask::Extension { access: a, .. } => format!("more time on {}", access(a)),
        Ask::Registration => "its registration".to_owned(),
        Ask::Reinstatement { .. } => "going on".to_owned(),
        Ask::Handover { .. } => "its handover".to_owned(),
        Ask::TierChange { to, .. } => format!("tier {to}"),
        Ask::Change { .. } => "its new description".to_owned(),
        Ask::Credential { name, .. } => {
            format!("the credential “{}”", super::escape::clip(name, 60))
        }
        Ask::Review { emergency, .. } => format!("another review of {emergency}"),
        // An appeal is final.
        Ask::Appeal { .. } => denied.word().to_owned(),
    }
}

/// Who covers what, who is awaited: `✓ team lead: Theo, 2 minutes ago · ○ security: Sam or Sara`.
///
/// A named owner's word is one of the things that are awaited.
pub fn requirements(request: &Request, agent: &Agent, now: Timestamp) -> Option<Line> {
    let needs = request.requirements();
    let mut said: Vec<Line> = needs
        .iter()
        .take(MOST_NAMED)
        .map(|need| match need.covered_by {
            Some(vote) => {
                let line = Line::say(format!("✓ {}: ", role(need.role))).person(&vote.by);
                let line = match need.in_place_of {
                    Some(other) => line.text(" for ").person(other),
                    None if !vote.roles.contains(need.role) => line.text(" as backup"),
                    None => line,
                };
                line.text(", ").ago(vote.at, now)
            }
            None => awaited(request, need.role),
        })
        .collect();
    if needs.len() > MOST_NAMED {
        said.push(Line::say(format!("and {} more", needs.len() - MOST_NAMED)));
    }
    let acceptor = request.acceptor(&agent.owner);
    match request.acceptance {
        Acceptance::NotNeeded => {}
        Acceptance::Awaited => {
            said.push(Line::say("○ ").person(acceptor).text(" as owner"));
        }
        Acceptance::Given { at } => {
            said.push(Line::say("✓ ").person(acceptor).text(" accepted as owner, ").ago(at, now))
        }
    }
    if said.is_empty() {
        return None;
    }
    let mut line = Line::fact(if request.is_open(now) { "Needs" } else { "Needed" });
    for (i, one) in said.into_iter().enumerate() {
        line = if i > 0 { line.text(" · ").line(one) } else { line.line(one) };
    }
    Some(line)
}

/// A role whose yes is missing, and who could give it: `○ security: Sam or Sara`.
fn awaited(request: &Request, role_name: &RoleName) -> Line {
    let line = Line::say(format!("○ {}", role(role_name)));
    let (away, people): (Vec<_>, Vec<_>) =
        request.asked_for(role_name).partition(|asked| asked.away.is_some());
    let named = people.iter().take(MOST_PEOPLE);
    let mut line = named.enumerate().fold(line, |line, (i, asked)| {
        let line = line.text(if i == 0 { ": " } else { " or " }).person(asked.person);
        match asked.in_place_of {
            Some(other) => line.text(" for ").person(other),
            None => line,
        }
    });
    if people.len() > MOST_PEOPLE {
        line = line.text(format!(" or {} others", people.len() - MOST_PEOPLE));
    }
    // By name and not by mention: who is away is not called.
    let away: Vec<String> = away
        .iter()
        .filter_map(|asked| asked.away)
        .filter(|name| !name.is_empty())
        .map(|name| super::escape::clip(name, 40))
        .collect();
    match away.as_slice() {
        [] => line,
        [one] => line.text(format!(" ({one} is away)")),
        several => line.text(format!(" ({} are away)", and(&first(several, MOST_PEOPLE)))),
    }
}

/// Until when people can answer, how long it usually takes, and since when they are asked.
pub fn until(request: &Request, usual: Option<Span>, now: Timestamp) -> Line {
    if request.ask.is_review() {
        return super::emergency::due(request, now);
    }
    let line = Line::fact("Until").at(request.decide_by, now);
    let line = match usual {
        Some(span) => line.text(format!(" (usually takes {})", roughly(span))),
        None => line,
    };
    line.text(" · awaited since ").at(request.awaited_since(), now)
}

/// Who did not answer in time, and who is asked instead since when.
pub fn escalated(request: &Request, now: Timestamp) -> Option<Line> {
    let Backup::Called { role: backup, at, missing } = &request.backup else { return None };
    Some(
        Line::fact("Backup")
            .text(format!("{}, since ", role(backup)))
            .at(*at, now)
            .text(format!(": {} did not answer in time", roles(missing))),
    )
}

/// The mark of how a request ended.
pub const fn outcome_mark(state: &RequestState) -> &'static str {
    match state {
        RequestState::Open => "⏳",
        RequestState::Approved { .. } => "✅",
        RequestState::Denied { .. } => "❌",
        RequestState::Cancelled { .. } => "⚪",
        RequestState::Expired { .. } => "⌛",
    }
}

/// How a request ended, with its mark. `None` while it is open.
pub fn marked_outcome(request: &Request, agent: &Agent, now: Timestamp) -> Option<Line> {
    let mark = outcome_mark(&request.state_at(now));
    outcome(request, agent, now).map(|line| Line::say(format!("{mark} ")).line(line))
}

/// How a request ended: in words, by whom, when. `None` while it is open.
pub fn outcome(request: &Request, agent: &Agent, now: Timestamp) -> Option<Line> {
    Some(match request.state_at(now) {
        RequestState::Open => return None,
        RequestState::Approved { at, by: ApprovedBy::Policy { rule } } => Line::strong("Approved")
            .text(" at once, ")
            .at(at, now)
            .text(", by the policy’s rule ")
            .quoted(&rule),
        RequestState::Approved { at, by: ApprovedBy::Emergency } => Line::strong("Opened")
            .text(" at once by ")
            .person(&request.asked_by)
            .text(", ")
            .at(at, now),
        RequestState::Approved { at, by: ApprovedBy::People } => {
            let mut line = Line::strong(match request.ask.is_review() {
                true => "Found justified",
                false => "Approved",
            });
            let voters: Vec<_> =
                request.requirements().into_iter().filter_map(|r| r.covered_by).collect();
            for (i, vote) in voters.iter().take(MOST_NAMED).enumerate() {
                let word = match i {
                    0 => " by ",
                    i if i + 1 == voters.len() => " and ",
                    _ => ", ",
                };
                line = line.text(word).person(&vote.by);
            }
            line.text(", ").at(at, now)
        }
        RequestState::Denied { at, by, reason } => {
            let declined = is_declined(request, agent, &by);
            Line::strong(match (request.ask.is_review(), declined) {
                (true, _) => "Found not justified",
                (_, true) => "Declined",
                _ => "Denied",
            })
            .text(" by ")
            .person(&by)
            .text(", ")
            .at(at, now)
            .text(": ")
            .quoted(&reason)
        }
        RequestState::Cancelled { at, by, program, reason } => {
            let own = program.is_some() || by == request.asked_by;
            // Nobody took it back: with the last yes it was found that nothing can come of it.
            let last = program.is_none() && request.votes.iter().any(|vote| by == vote.by);
            let how = if last { " at the last yes, that of " } else { " by " };
            let line = Line::strong(if own { "Taken back" } else { "Cancelled" }).text(how);
            let line = match &program {
                None => line.by(&by),
                Some(program) => line.line(itself(program, agent)),
            };
            let line = line.text(", ").at(at, now);
            if reason.is_empty() { line } else { line.text(": ").quoted(&reason) }
        }
        RequestState::Expired { at } => Line::strong("Expired").text(" unanswered, ").at(at, now),
    })
}

/// Whether a no is the named owner's, who does not want to be it.
pub fn is_declined(request: &Request, agent: &Agent, by: &PersonId) -> bool {
    by == request.acceptor(&agent.owner) && request.acceptance == Acceptance::Awaited
}

/// Where an agent stands.
pub fn agent_state(agent: &Agent, now: Timestamp) -> Line {
    match &agent.state {
        AgentState::Pending { .. } => Line::say("waiting for approval"),
        AgentState::Active { certified_until, .. } if now >= *certified_until => {
            Line::say("at work, certification has lapsed")
        }
        AgentState::Active { .. } if agent.orphaned.is_some() => {
            Line::say("at work, and nobody answers for it")
        }
        AgentState::Active { .. } => Line::say("at work"),
        AgentState::Suspended { at, by, reason, cause, .. } => {
            let how = match cause {
                Cause::Stopped => "stopped by ",
                Cause::Uncertified | Cause::Ownerless => "suspended by ",
            };
            let line = Line::say(how).by(by).text(", ").at(*at, now);
            if reason.is_empty() { line } else { line.text(": ").quoted(reason) }
        }
        AgentState::Retired { at, by, reason } => {
            let line = Line::say("retired by ").by(by).text(", ").at(*at, now);
            if reason.is_empty() { line } else { line.text(": ").quoted(reason) }
        }
        AgentState::Rejected { at } => Line::say("registration not approved, ").at(*at, now),
    }
}

/// The mark of where an agent stands.
pub const fn agent_mark(agent: &Agent) -> &'static str {
    match agent.state {
        AgentState::Pending { .. } => "🟡",
        AgentState::Active { .. } if agent.orphaned.is_some() => "🟠",
        AgentState::Active { .. } => "🟢",
        AgentState::Suspended { .. } => "🛑",
        AgentState::Retired { .. } | AgentState::Rejected { .. } => "⚪",
    }
}

/// How a grant stands: the time left, or how it ended.
pub fn grant_state(grant: &Grant, now: Timestamp) -> Line {
    match grant.state_at(now) {
        GrantState::Active => {
            let line = match grant.left(now) {
                Some(left) => Line::say(format!("{} left, until ", roughly(left))),
                None => Line::say("until "),
            };
            line.at(grant.expires_at, now)
        }
        GrantState::Expired { .. } => {
            Line::say("ended when its time came, ").at(grant.expires_at, now)
        }
        GrantState::Revoked { at, by, reason } => {
            let line = Line::say("revoked by ").by(&by).text(", ").at(at, now);
            if reason.is_empty() { line } else { line.text(": ").quoted(&reason) }
        }
        GrantState::Released { at, by, program: None } => {
            Line::say("handed back by ").person(&by).text(", ").at(at, now)
        }
        GrantState::Released { at, program: Some(_), .. } => {
            Line::say("handed back by the agent itself, ").at(at, now)
        }
    }
}

/// Why somebody of this standing can do nothing here, as a sentence to them.
pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "You are a full member of this workspace.",
        Standing::Guest => "You are a guest in this workspace.",
        Standing::Outsider => "You belong to another workspace.",
        Standing::Deactivated => "Your account is deactivated.",
        Standing::Bot => "Bots and apps cannot ask, own or decide.",
        Standing::Invited => "You have not finished joining this workspace.",
        Standing::Unknown => "Slack does not know this account.",
    }
}

/// The same of somebody else, as the end of a sentence: `is a guest`.
pub const fn is_standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "is a full member",
        Standing::Guest => "is a guest",
        Standing::Outsider => "belongs to another workspace",
        Standing::Deactivated => "has a deactivated account",
        Standing::Bot => "is a bot or an app",
        Standing::Invited => "has not joined yet",
        Standing::Unknown => "is not known to Slack",
    }
}

/// The questions whose answers make the tier, and what each is about.
pub const QUESTIONS: [(&str, &str, &str); 4] = [
    ("writes", "It writes or changes something", "Creates, edits, deletes, sends, deploys"),
    ("customer_data", "It sees customer or personal data", "Names, addresses, messages, orders"),
    ("external_calls", "It calls or messages outside the company", "Other companies' APIs, e-mail"),
    ("money", "It can move or promise money", "Refunds, discounts, purchases"),
];

/// How long a wait usually is: `Usually takes 40 minutes`, or the deadline where nothing is known.
pub fn wait(usual: Option<Span>, decide_by: Timestamp, now: Timestamp) -> Line {
    match usual {
        Some(span) => Line::say(format!("usually {}, at most until ", roughly(span))),
        None => Line::say("at most until "),
    }
    .at(decide_by, now)
}
