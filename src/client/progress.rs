//! How a request stands, in words: drawn again and again on a terminal, a line for each change where
//! programs read, and at its end what came of it. Pure.

use super::commands::whoami::called;
use super::exit::Exit;
use super::look::{Ink, Look};
use super::table::cut;
use super::times::{clock, moment, relative, until};
use super::words::{Told, harmless, listed};
use crate::contract::requests::{Need, Request};
use crate::domain::time::{Span, Timestamp};

/// The most people who are named as awaited for one role.
const MOST_NAMED: usize = 4;

/// What it is about: `support-agent-v2 asks for database:read for 30 minutes`.
pub fn about(request: &Request) -> String {
    let agent = &request.agent;
    let access = request.access.as_deref().map(harmless).unwrap_or_default();
    let lasting = match &request.lasting {
        Some(lasting) => format!(" for {}", Span::seconds(lasting.seconds).words()),
        None => String::new(),
    };
    if let Some(denied) = &request.appeals {
        return format!("{agent} appeals the no to {}", harmless(denied));
    }
    match request.kind.as_str() {
        "registration" => format!("{agent} is to be registered"),
        "grant" => format!("{agent} asks for {access}{lasting}"),
        "emergency" => format!("{agent} has {access}{lasting} at once, in an emergency"),
        "review" => format!("{agent} had {access} in an emergency: was it one?"),
        "extension" => format!("{agent} asks for {access}{lasting} longer"),
        "credential" => format!("{agent} is to get a credential"),
        "reinstatement" => format!("{agent} is to go on"),
        other => format!("{agent}: {}", harmless(other)),
    }
}

/// Who could say this yes: `Sam or Sara`.
fn awaited(need: &Need) -> String {
    let mut names: Vec<String> = need.awaited.iter().take(MOST_NAMED).map(called).collect();
    let more = need.awaited.len() - names.len();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    if names.is_empty() { "awaited".to_owned() } else { listed(&names, "or") }
}

/// Everybody who is awaited, in a clause: `security (Sam or Sara) and compliance (Cora)`.
pub fn awaited_all(request: &Request) -> String {
    if let Some(owner) = &request.awaits_owner {
        return format!("{}, who is to own it", called(owner));
    }
    let open = request.needs.iter().filter(|need| need.given_by.is_none());
    let open: Vec<String> = open
        .map(|need| match need.awaited.as_slice() {
            [] => harmless(&need.role),
            _ => format!("{} ({})", harmless(&need.role), awaited(need)),
        })
        .collect();
    listed(&open, "and")
}

/// The request as it stands, a few lines that each fit the width: they are drawn over.
pub fn view(request: &Request, now: Timestamp, look: Look) -> Vec<String> {
    let width = usize::from(look.width);
    let head = format!("{}  {}", request.reference, about(request));
    let mut lines = vec![look.strong(&cut(&head, width))];
    let roles = request.needs.iter().map(|need| need.role.chars().count());
    let role = roles.chain([5]).max().unwrap_or(5).min(20);
    let mut row = |mark: &str, ink: Ink, label: &str, text: &str| {
        let label = format!("{:<role$}", cut(&harmless(label), role));
        let room = width.saturating_sub(role + 6);
        lines.push(format!("  {} {label}  {}", look.ink(ink, mark), cut(text, room)));
    };
    if let Some(owner) = &request.awaits_owner {
        row("○", Ink::Care, "owner", &format!("{} is asked whether to own it", called(owner)));
    }
    for need in &request.needs {
        match &need.given_by {
            Some(person) => row("✓", Ink::Good, &need.role, &called(person)),
            None => row("○", Ink::Care, &need.role, &awaited(need)),
        }
    }
    let usual = request.usual.as_ref().map_or_else(String::new, |usual| {
        format!("; usually {}", Span::seconds(usual.seconds).words())
    });
    let itself = if request.by_itself { " by the agent itself" } else { "" };
    let asked = format!("asked {}{itself}", relative(request.opened_at, now));
    let end = until(request.decide_by, now);
    lines.push(look.faint(&cut(&format!("  {asked}{usual}; {end}"), width)));
    lines
}

/// What changed since it was seen last, a line each.
pub fn changes(before: Option<&Request>, after: &Request, now: Timestamp) -> Vec<String> {
    let reference = &after.reference;
    let Some(before) = before else {
        let end = clock(after.decide_by, now);
        let waits = if after.state == "open" {
            format!("{reference}: {}; waits for {}, until {end}.", about(after), awaited_all(after))
        } else {
            format!("{reference}: {}.", about(after))
        };
        return vec![waits];
    };
    let mut lines = Vec::new();
    if let (Some(owner), None) = (&before.awaits_owner, &after.awaits_owner)
        && after.state == "open"
    {
        lines.push(format!(
            "{reference}: {} accepted; waits for {}.",
            called(owner),
            awaited_all(after)
        ));
    }
    for (was, is) in before.needs.iter().zip(&after.needs) {
        if let (None, Some(person)) = (&was.given_by, &is.given_by) {
            lines.push(format!(
                "{reference}: {} said yes ({}).",
                called(person),
                harmless(&is.role)
            ));
        }
    }
    lines
}

/// What came of it, or that it still waits.
pub struct End {
    /// The words.
    pub told: Told,
    /// Their ink.
    pub ink: Ink,
    /// The status.
    pub exit: Exit,
}

/// What came of a request, or that it still waits.
pub fn end(request: &Request, now: Timestamp) -> End {
    let reference = &request.reference;
    let outcome = request.outcome.as_ref();
    let by = outcome.and_then(|outcome| outcome.by.as_ref()).map(called);
    let by = by.map(|name| format!(" by {name}")).unwrap_or_default();
    let reason = outcome.and_then(|outcome| outcome.reason.as_deref()).map(harmless);
    let next = outcome.map(|outcome| outcome.next.clone()).unwrap_or_default();
    let next = next.iter().map(|next| harmless(next));
    let no = |words: &str| {
        let told = Told::new(format!("{reference} {words}: {}.", about(request)));
        let told = told.why(reason.clone().unwrap_or_default()).next(next.clone());
        End { told, ink: Ink::Bad, exit: Exit::No }
    };
    match request.state.as_str() {
        "approved" => {
            End { told: approved(request, reason, now), ink: Ink::Good, exit: Exit::Done }
        }
        "denied" => no(&format!("was denied{by}")),
        "cancelled" => no(&format!("was cancelled{by}")),
        "expired" => no("was not answered in time"),
        _ => {
            let told = Told::new(format!("{reference} still waits for {}.", awaited_all(request)))
                .row(
                    "Until",
                    format!("{}; nothing is lost meanwhile", moment(request.decide_by, now)),
                )
                .next([format!("agent-cli status {reference} --wait")]);
            End { told, ink: Ink::Care, exit: Exit::Waiting }
        }
    }
}

/// What a yes opens.
fn approved(request: &Request, reason: Option<String>, now: Timestamp) -> Told {
    let agent = &request.agent;
    let rule = reason.unwrap_or_default();
    match (&request.grant, request.kind.as_str()) {
        (Some(grant), _) => Told::new(format!(
            "{agent} has {}, {}.",
            harmless(&grant.access),
            until(grant.expires_at, now)
        ))
        .row("Grant", grant.reference.clone())
        .why(rule)
        .next([
            format!("agent-cli run --agent {agent} -- COMMAND   works with it"),
            format!("agent-cli release {}   hands it back when you are done", grant.reference),
        ]),
        (None, "registration") if request.credential.is_some() => {
            Told::new(format!("{agent} is registered and active, and can prove itself."))
                .why(rule)
                .next([format!("agent-cli run --agent {agent} -- COMMAND")])
        }
        (None, "registration") => Told::new(format!("{agent} is registered and active."))
            .why(rule)
            .next([format!("agent-cli key {agent}   lets it prove itself from this machine")]),
        (None, "credential") => Told::new(format!("{agent} can prove itself now."))
            .why(rule)
            .next([format!("agent-cli run --agent {agent} -- COMMAND")]),
        (None, _) => {
            Told::new(format!("{} was approved: {}.", request.reference, about(request))).why(rule)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::contract::Lasting;
    use crate::contract::grants::Grant;
    use crate::contract::people::Person;
    use crate::contract::requests::Outcome;

    fn person(name: &str) -> Person {
        let id = format!("T0ACME/U0{}", name.to_uppercase()).parse().unwrap();
        Person { id, name: Some(name.to_owned()) }
    }

    pub(in crate::client) fn at(text: &str) -> Timestamp {
        format!("2026-11-30T{text}Z").parse().unwrap()
    }

    pub(in crate::client) fn open() -> Request {
        let need = |role: &str, given: Option<&str>, awaited: &[&str]| Need {
            role: role.to_owned(),
            given_by: given.map(person),
            awaited: awaited.iter().copied().map(person).collect(),
        };
        Request {
            reference: "G-1042".to_owned(),
            kind: "grant".to_owned(),
            agent: "support-agent-v2".parse().unwrap(),
            state: "open".to_owned(),
            access: Some("database:read".to_owned()),
            lasting: Some(Lasting { text: "30m".to_owned(), seconds: 1_800 }),
            credential: None,
            justification: Some("customer support queries".to_owned()),
            appeals: None,
            asked_by: Some(person("Dana")),
            by_itself: false,
            opened_at: at("11:58:00"),
            decide_by: at("12:08:00"),
            usual: Some(Lasting { text: "40m".to_owned(), seconds: 2_400 }),
            needs: vec![
                need("team-lead", Some("Theo"), &[]),
                need("security", None, &["Sam", "Sara"]),
            ],
            awaits_owner: None,
            outcome: None,
            grant: None,
            version: "1".to_owned(),
        }
    }

    fn ended(state: &str, reason: Option<&str>) -> Request {
        Request {
            state: state.to_owned(),
            outcome: Some(Outcome {
                at: at("12:00:00"),
                by: (state == "denied").then(|| person("Sam")),
                reason: reason.map(str::to_owned),
                appeal_until: None,
                next: vec!["ask again with what is missing".to_owned()],
            }),
            ..open()
        }
    }

    #[test]
    fn a_request_that_waits_is_drawn_within_the_width() {
        let now = at("12:00:00");
        let mut owned = open();
        owned.awaits_owner = Some(person("Olga"));
        owned.usual = None;
        let all =
            [view(&open(), now, Look::PLAIN), view(&owned, now, Look { colour: false, width: 40 })];
        for line in &all[1] {
            assert!(line.chars().count() <= 40, "{line}");
        }
        let text: Vec<String> = all.iter().map(|lines| lines.join("\n")).collect();
        // The clock is shown as this machine's: UTC where the tests run, and left out of the snapshot.
        let text = text.join("\n---\n").replace(&clock(open().decide_by, now), "[clock]");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn each_change_is_a_line() {
        let now = at("12:00:00");
        let mut first = open();
        first.needs[0].given_by = None;
        first.needs[0].awaited = vec![person("Theo")];
        let lines = [changes(None, &first, now), changes(Some(&first), &open(), now)].concat();
        let text = lines.join("\n").replace(&clock(open().decide_by, now), "[clock]");
        insta::assert_snapshot!(text);
        assert!(changes(Some(&open()), &open(), now).is_empty());
    }

    #[test]
    fn every_end_says_what_came_of_it() {
        let now = at("12:00:00");
        let mut granted = ended("approved", None);
        granted.grant = Some(Grant {
            reference: "G-1042".to_owned(),
            agent: granted.agent.clone(),
            access: "database:read".to_owned(),
            state: "active".to_owned(),
            starts_at: now,
            expires_at: at("12:30:00"),
            left: Some(Lasting { text: "30m".to_owned(), seconds: 1_800 }),
        });
        let registered = Request {
            kind: "registration".to_owned(),
            ..ended("approved", Some("read-only agents"))
        };
        let all = [
            granted,
            registered,
            Request { kind: "credential".to_owned(), ..ended("approved", None) },
            ended("denied", Some("which tickets? Please say.")),
            Request { appeals: Some("G-1041".to_owned()), ..ended("denied", Some("it stands")) },
            ended("cancelled", None),
            ended("expired", None),
            open(),
        ];
        let mut text = String::new();
        for request in &all {
            let End { told, exit, ink } = end(request, now);
            text.push_str(&format!("[{}]\n{}\n", exit.status(), told.render(ink, Look::PLAIN)));
        }
        let text = text
            .replace(&clock(at("12:30:00"), now), "[clock]")
            .replace(&clock(at("12:08:00"), now), "[clock]");
        insta::assert_snapshot!(text);
    }
}
