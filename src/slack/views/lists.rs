//! `/agent list`, `/agent show`, `/agent grants`, and the rows that App Home and help share.

use std::collections::BTreeMap;

use super::card::{decide, description};
use super::certifications;
use super::escape::roughly;
use super::life;
use super::line::Line;
use super::owners;
use super::page::{Message, Page, button, confirmed, danger, hand_back, primary};
use super::words::{self, MOST_NAMED};
use crate::domain::agent::{Agent, AgentState, Slug};
use crate::domain::event::What;
use crate::domain::grant::Grant;
use crate::domain::ids::GrantId;
use crate::domain::person::PersonId;
use crate::domain::request::Ask;
use crate::domain::time::{Span, Timestamp};
use crate::service::certifications::outcome::GrantUse;
use crate::service::outcome::{
    AgentDetail, AgentLine, GrantOf, HistoryLine, Listing, Overview, RequestOf,
};
use crate::slack::actions::Button;

/// All agents.
pub fn agents(listing: &Listing<AgentLine>) -> Message {
    if listing.shown.is_empty() {
        return Page::message()
            .lines(vec![
                Line::strong("No agent is registered yet."),
                Line::fact("Next").text("be the first: it takes two minutes."),
            ])
            .buttons(vec![primary(&Button::Register, "Register an agent")])
            .into_message();
    }
    let total = usize::try_from(listing.total).unwrap_or(usize::MAX).max(listing.shown.len());
    Page::message()
        .line(Line::strong(words::count(total, "agent")))
        .entries(&listing.shown, total, 20, |page, line| agent_row(page, line, listing.now))
        .small(Line::say("All about one of them: ").code("/agent show support-agent-v2"))
        .into_message()
}

/// An agent in a list, with the button that shows it.
pub fn agent_row(page: &mut Page, line: &AgentLine, now: Timestamp) -> bool {
    let agent = &line.agent;
    let show = button(&Button::Show(agent.id), "Show");
    page.entry(&agent.id.to_string(), agent_lines(line, now), vec![show])
}

fn agent_lines(line: &AgentLine, now: Timestamp) -> Vec<Line> {
    let agent = &line.agent;
    let grants = match line.live_grants {
        0 => "no live grant".to_owned(),
        n => format!("{n} live grant{}", if n == 1 { "" } else { "s" }),
    };
    vec![
        Line::say(format!("{} ", words::agent_mark(agent)))
            .bold(agent.slug.as_str())
            .text(format!(" · tier {} · {grants} · ", agent.tier))
            .line(words::agent_state(agent, now)),
        match agent.orphaned {
            None => Line::default(),
            Some(_) => Line::say("⚠ no owner; before, "),
        }
        .person(&agent.owner)
        .text(", team ")
        .text(agent.team.as_str()),
    ]
}

/// The reader's own agent: with what it needs next, and what it proves itself by.
pub fn own_agent_row(page: &mut Page, line: &AgentLine, now: Timestamp) -> bool {
    let agent = &line.agent;
    if !agent.is_active() {
        return agent_row(page, line, now);
    }
    let (mut lines, mut buttons) = (agent_lines(line, now), Vec::new());
    if line.live_credentials == 0 {
        lines.push(no_credential(agent));
        buttons.push(primary(&Button::AddKey(agent.id), "Add a credential…"));
    } else {
        buttons.push(button(&Button::Keys(agent.id), "Keys"));
    }
    buttons.push(owners::take_or_hand_over(agent));
    buttons.push(button(&Button::Show(agent.id), "Show"));
    page.entry(&agent.id.to_string(), lines, buttons)
}

/// The next step of an agent that cannot prove who it is.
fn no_credential(agent: &Agent) -> Line {
    Line::fact("Next")
        .text("it cannot prove who it is yet, and so gets no token: ")
        .code(format!("/agent key add {}", agent.slug))
}

/// A request that waits for the reader: with the buttons that decide it.
pub fn waiting_row(page: &mut Page, of: &RequestOf, me: &PersonId, now: Timestamp) -> bool {
    let RequestOf { request, agent } = of;
    let mut lines = vec![words::asks(request, agent).text(format!(" · {}", request.reference))];
    lines.extend(request.ask.because().map(|because| Line::fact("Why").quoted(because)));
    lines.push(
        Line::fact(if request.ask.is_review() { "Opened by" } else { "Asked by" })
            .person(&request.asked_by)
            .text(match request.ask.is_review() {
                true => ", due ".to_owned(),
                false => format!(", tier {}, until ", request.tier),
            })
            .at(request.decide_by, now),
    );
    let buttons = if request.accept_awaited() && request.acceptor(&agent.owner) == me {
        vec![
            primary(&Button::Accept(request.id), "Accept"),
            danger(&Button::Decline(request.id), "Decline…"),
            button(&Button::Details(request.id), "Details"),
        ]
    } else {
        decide(request)
    };
    page.entry(&request.id.to_string(), lines, buttons)
}

/// A request of the reader's that waits for others: for whom, since when, and how long that usually
/// takes.
pub fn request_row(page: &mut Page, of: &RequestOf, usual: Option<Span>, now: Timestamp) -> bool {
    let RequestOf { request, agent } = of;
    let mut lines = vec![words::asks(request, agent).text(format!(" · {}", request.reference))];
    lines.extend(words::escalated(request, now));
    lines.extend(words::requirements(request, agent, now));
    lines.push(words::until(request, usual, now));
    if request.ask.is_review() {
        return page.entry(&request.id.to_string(), lines, Vec::new());
    }
    page.entry(
        &request.id.to_string(),
        lines,
        vec![confirmed(
            button(&Button::TakeBack(request.id), "Take back"),
            "Take it back?",
            &format!("{} is no longer asked. You can ask again.", request.reference),
            "Take it back",
        )],
    )
}

/// The time that requests of this one's tier usually take.
pub fn usual(overview: &Overview, of: &RequestOf) -> Option<Span> {
    // Others decide on appeals than those of the tier.
    let appeal = matches!(of.request.ask, Ask::Appeal { .. });
    overview.usual.get(&of.request.tier).copied().filter(|_| !appeal)
}

/// A live grant on one line.
pub fn grant_line(of: &GrantOf, now: Timestamp) -> Line {
    Line::strong(words::access(&of.grant.access))
        .text(" for ")
        .bold(of.agent.slug.as_str())
        .text(format!(" · {} · ", of.grant.reference))
        .line(words::grant_state(&of.grant, now))
}

/// A live grant with how it is used.
fn used_grant_row(
    page: &mut Page,
    of: &GrantOf,
    me: Option<&PersonId>,
    used: &GrantUse,
    now: Timestamp,
) -> bool {
    let line = Line::say("").line(certifications::used(used, now)).capitalised();
    grant_entry(page, of, me, Some(line), now)
}

/// A live grant: its owner can extend it and hand it back; others, who may, can revoke it. With no
/// reader named, both.
pub fn grant_row(page: &mut Page, of: &GrantOf, me: Option<&PersonId>, now: Timestamp) -> bool {
    grant_entry(page, of, me, None, now)
}

fn grant_entry(
    page: &mut Page,
    of: &GrantOf,
    me: Option<&PersonId>,
    used: Option<Line>,
    now: Timestamp,
) -> bool {
    let GrantOf { grant, agent } = of;
    let mut buttons = Vec::new();
    if grant.is_live(now) {
        if me.is_none_or(|me| agent.owner == *me) {
            buttons.push(button(&Button::Extend(grant.id), "Extend…"));
            buttons.push(hand_back(grant));
        }
        if me.is_none_or(|me| agent.owner != *me) {
            buttons.push(danger(&Button::Revoke(grant.id), "Revoke…"));
        }
    }
    let mut lines = vec![
        Line::strong(words::access(&grant.access))
            .text(" for ")
            .bold(agent.slug.as_str())
            .text(format!(" · {}", grant.reference)),
        words::grant_state(grant, now),
    ];
    lines.extend(used);
    page.entry(&grant.id.to_string(), lines, buttons)
}

/// Live grants, of one agent or of all that the reader may see; `of` names the one agent.
///
/// Owner and others see the same buttons; whoever may not use one is told so on clicking. Where the
/// reader is known, [`grants_for`] shows only theirs.
pub fn grants(listing: &Listing<GrantOf>, of: Option<&Slug>) -> Message {
    grants_for(listing, of, None)
}

/// Live grants as this reader may act on them: Extend and Hand back for the owner, Revoke for others.
pub fn grants_for(listing: &Listing<GrantOf>, of: Option<&Slug>, me: Option<&PersonId>) -> Message {
    grants_listed(listing, of, me, None)
}

/// The same, with how each was used.
pub fn grants_used(
    listing: &Listing<GrantOf>,
    of: Option<&Slug>,
    me: Option<&PersonId>,
    used: &BTreeMap<GrantId, GrantUse>,
) -> Message {
    grants_listed(listing, of, me, Some(used))
}

fn grants_listed(
    listing: &Listing<GrantOf>,
    of: Option<&Slug>,
    me: Option<&PersonId>,
    used: Option<&BTreeMap<GrantId, GrantUse>>,
) -> Message {
    let whose = of.map_or_else(String::new, |slug| format!(" of {slug}"));
    if listing.shown.is_empty() {
        return Page::message()
            .lines(vec![
                Line::strong(format!("No live grant{whose}.")),
                Line::fact("Next").text("ask for what is needed: ").code(match of {
                    Some(slug) => format!("/agent request {slug}"),
                    None => "/agent request".to_owned(),
                }),
            ])
            .buttons(vec![button(&Button::Request(None), "Ask for access")])
            .into_message();
    }
    let total = usize::try_from(listing.total).unwrap_or(usize::MAX).max(listing.shown.len());
    Page::message()
        .line(Line::strong(format!("{}{whose}", words::count(total, "live grant"))))
        .entries(&listing.shown, total, 10, |page, of| match used {
            None => grant_row(page, of, me, listing.now),
            Some(used) => {
                let used = used.get(&of.grant.id).copied().unwrap_or_default();
                used_grant_row(page, of, me, &used, listing.now)
            }
        })
        .into_message()
}

/// Everything about one agent.
pub fn agent(detail: &AgentDetail) -> Message {
    let AgentDetail { agent, route, grants, used: used_by, live_credentials, open, history, now } =
        detail;
    let now = *now;
    let used = |of: Option<&GrantUse>| certifications::used(&of.copied().unwrap_or_default(), now);
    let mut lines = vec![
        Line::say(format!("{} ", words::agent_mark(agent)))
            .bold(agent.slug.as_str())
            .text(" · ")
            .line(words::agent_state(agent, now)),
    ];
    lines.extend(description(agent));
    lines.extend(owners::owner(agent, now));
    let deciders = if route.needs.is_empty() {
        "nobody: the policy says yes by itself".to_owned()
    } else {
        words::roles(&route.needs)
    };
    let usual =
        route.usual.map_or_else(String::new, |span| format!(", usually in {}", roughly(span)));
    lines.push(Line::fact("Decided by").text(format!("{deciders}{usual}")));
    if let AgentState::Active { certified_until, .. } = agent.state {
        let word = if now < certified_until { "until " } else { "lapsed " };
        lines.push(Line::fact("Certified").text(word).at(certified_until, now));
    }
    lines.extend(life::undone_by(agent).map(|line| Line::fact("Undone by").line(line)));
    match live_credentials {
        0 if agent.is_active() => lines.push(no_credential(agent)),
        0 => {}
        n => {
            let credentials = words::count(*n as usize, "credential");
            lines.push(if agent.is_active() {
                Line::fact("Proves itself").text(format!("by {credentials}"))
            } else {
                Line::fact("Keeps").text(format!("{credentials}, good for nothing meanwhile"))
            });
        }
    }
    let mut page = Page::message().lines(lines);
    let grants: Vec<&Grant> = grants.iter().collect();
    page = if grants.is_empty() {
        page.line(Line::say("No live grant."))
    } else {
        let lines = some(&grants, |grant| {
            Line::say(format!("• {}  ", grant.reference))
                .bold(words::access(&grant.access))
                .text("  ")
                .line(words::grant_state(grant, now))
                .text(", ")
                .line(used(used_by.get(&grant.id)))
        });
        page.lines(titled(&words::count(grants.len(), "live grant"), lines))
    };
    if !open.is_empty() {
        let open: Vec<_> = open.iter().collect();
        let lines = some(&open, |request| {
            Line::say(format!("• {}  ", request.reference))
                .line(words::asks(request, agent))
                .text(", awaited since ")
                .at(request.awaited_since(), now)
                .text(", until ")
                .at(request.decide_by, now)
        });
        page = page.lines(titled(&words::count(open.len(), "open request"), lines));
    }
    if !history.is_empty() {
        let history: Vec<_> = history.iter().collect();
        page = page.lines(titled("History", some(&history, |line| event(line, agent, now))));
    }
    page.buttons(agent_buttons(agent)).into_message()
}

fn titled(title: &str, mut lines: Vec<Line>) -> Vec<Line> {
    lines.insert(0, Line::strong(title));
    lines
}

/// The first of them as lines, and how many more there are.
fn some<T>(items: &[&T], show: impl Fn(&T) -> Line) -> Vec<Line> {
    let mut lines: Vec<Line> = items.iter().take(MOST_NAMED).map(|item| show(item)).collect();
    if items.len() > MOST_NAMED {
        lines.push(Line::say(format!("… and {} more", items.len() - MOST_NAMED)));
    }
    lines
}

fn agent_buttons(agent: &Agent) -> Vec<slack_morphism::prelude::SlackBlockButtonElement> {
    match agent.state {
        AgentState::Active { .. } | AgentState::Suspended { .. } if agent.orphaned.is_some() => {
            vec![owners::take_or_hand_over(agent), button(&Button::Keys(agent.id), "Keys")]
        }
        AgentState::Active { .. } => vec![
            button(&Button::Request(Some(agent.id)), "Ask for access"),
            button(&Button::Keys(agent.id), "Keys"),
            owners::take_or_hand_over(agent),
            danger(&Button::Stop(agent.id), "Stop…"),
        ]
        .into_iter()
        .chain(life::change_buttons(agent))
        .collect(),
        AgentState::Suspended { .. } => life::undo(agent)
            .into_iter()
            .chain([
                button(&Button::Keys(agent.id), "Keys"),
                owners::take_or_hand_over(agent),
                danger(&Button::Retire(agent.id), "Retire…"),
            ])
            .collect(),
        AgentState::Pending { request } => vec![button(&Button::Details(request), "Details")],
        AgentState::Retired { .. } | AgentState::Rejected { .. } => Vec::new(),
    }
}

/// One line of an agent's history.
fn event(line: &HistoryLine, agent: &Agent, now: Timestamp) -> Line {
    let named = line.reference.map_or_else(String::new, |reference| format!("{reference} "));
    let said = Line::say("• ").at(line.at, now).text("  ").text(named);
    let said = said.text(happened(&line.what, agent));
    match &line.by {
        Some(person) => said.text(", ").person(person),
        None => said,
    }
}

/// What happened, in a few words.
pub fn happened(what: &What, agent: &Agent) -> String {
    match what {
        What::RequestOpened { ask, access, lasting, .. } => {
            let access = access.as_ref().map_or_else(String::new, |a| format!(" {a}"));
            let lasting =
                lasting.as_ref().map_or_else(String::new, |s| format!(" for {}", s.words()));
            format!("asked: {ask}{access}{lasting}")
        }
        What::OwnershipAccepted { .. } => "ownership accepted".to_owned(),
        What::VoteCast { approve: true, roles, .. } => format!("yes from {}", words::roles(roles)),
        What::VoteCast { approve: false, roles, .. } => format!("no from {}", words::roles(roles)),
        What::RequestApproved { rule: Some(_), .. } => "approved by the policy".to_owned(),
        What::RequestApproved { .. } => "approved".to_owned(),
        What::EmergencyOpened { .. } => "opened at once, in an emergency".to_owned(),
        What::IncidentOpened { reference, .. } => format!("incident {reference} opened"),
        What::IncidentClosed { .. } => "incident closed".to_owned(),
        What::RequestDenied { .. } => "denied".to_owned(),
        What::RequestCancelled { .. } => "taken back".to_owned(),
        What::RequestExpired { .. } => "expired unanswered".to_owned(),
        What::RequestEscalated { role, .. } => {
            format!("not answered in time; {} asked as backup", words::role(role))
        }
        What::DelegationGiven { .. }
        | What::DelegationWithdrawn { .. }
        | What::DelegationEnded { .. } => "a delegation".to_owned(),
        What::AgentActivated { tier, .. } => format!("at work, tier {tier}"),
        What::AgentRejected { .. } => "registration not approved".to_owned(),
        What::TierRaised { from, to, .. } => format!("tier raised from {from} to {to}"),
        What::TierLowered { from, to, .. } => format!("tier lowered from {from} to {to}"),
        What::AgentDescribed { .. } => "described anew".to_owned(),
        What::CertificationOpened { .. } => "its owner was asked whether it is needed".to_owned(),
        What::AgentCertified { .. } => "certified".to_owned(),
        What::CertificationMissed { .. } => "not certified in time".to_owned(),
        What::AgentRetired { .. } => "retired for good".to_owned(),
        What::AgentSuspended { .. } => "stopped".to_owned(),
        What::AgentReinstated { .. } => "may go on".to_owned(),
        What::AgentOrphaned { .. } => "its owner has left".to_owned(),
        What::OwnerChanged { .. } => "handed over".to_owned(),
        What::TeamChanged { to, .. } => format!("works for team {to}"),
        What::OwnerTaken { .. } => "taken over, as nobody answered for it".to_owned(),
        What::OwnerReturned { .. } => "its owner is back".to_owned(),
        What::GrantStarted { access, .. } => format!("grant began: {access}"),
        What::GrantExtended { .. } => "grant extended".to_owned(),
        What::GrantExpired { .. } => "grant ended when its time came".to_owned(),
        What::GrantRevoked { .. } => "grant revoked".to_owned(),
        What::GrantReleased { .. } => "grant handed back".to_owned(),
        What::PolicyLoaded { .. } => "policy loaded".to_owned(),
        What::PolicyRefused { .. } => "policy refused".to_owned(),
        What::CredentialAdded { proof, .. } => format!("may prove itself by another {proof}"),
        What::CredentialRevoked { .. } => "credential taken away".to_owned(),
        What::SigningKeyMade { .. } | What::SigningKeyRetired { .. } => "signing key".to_owned(),
        What::TokenIssued { .. } => "got a token".to_owned(),
        What::TokenRevoked { .. } => "token taken back".to_owned(),
        What::IdpGroupChanged { .. } | What::IdpGroupsClaimed { .. } => {
            "groups of the identity provider".to_owned()
        }
        What::IdpUserChanged { .. } | What::IdpUserMatched { .. } => {
            "a user of the identity provider".to_owned()
        }
        What::LoginConfirmed { .. } | What::LoginRefused { .. } | What::LoginEnded { .. } => {
            "a login".to_owned()
        }
        What::EvaluationsRecorded { .. } => "questions answered".to_owned(),
        What::ActivityRecorded { .. } => "told what it did".to_owned(),
        What::QuotaReached { quota, .. } => format!("used up its {quota} for a while"),
        What::DiscoveryClaimed { .. } => "something that was found belongs to it".to_owned(),
        What::DiscoveryFound { .. }
        | What::DiscoveryAsked { .. }
        | What::DiscoveryDismissed { .. }
        | What::DiscoveryPutOff { .. }
        | What::DiscoveryReopened { .. }
        | What::DiscoveryGone { .. } => "something that was found".to_owned(),
        What::DeliveryFailed { .. } => format!("a message about {} never arrived", agent.slug),
    }
}
