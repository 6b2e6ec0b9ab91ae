//! `/agent roles`: who may approve what, from where that is known, and how fresh it is.

use chrono::TimeDelta;

use super::escape::{clip, roughly};
use super::line::Line;
use super::page::{Message, Page};
use super::words;
use crate::domain::text::clean;
use crate::domain::time::{Span, Timestamp};
use crate::service::identity_provider::roles::{
    ClaimedGroup, PushedGroup, RoleStand, Roles, Source,
};

/// As many roles are shown.
const MOST: usize = 20;
/// The longest name of a group.
const LONGEST_NAME: usize = 80;

/// Each role: how many hold it, and by what.
pub fn roles(of: &Roles) -> Message {
    let (now, stale_after) = (of.now, of.stale_after);
    let empty = of.roles.iter().filter(|stand| stand.is_empty()).count();
    let mut lines = vec![Line::strong("Who holds which role").text(", as of now")];
    if empty > 0 {
        let which = if empty == 1 { "one of them".to_owned() } else { format!("{empty} of them") };
        lines.push(Line::say(format!(
            "⚠ Nobody holds {which}: what needs that yes cannot be approved."
        )));
    }
    Page::message()
        .lines(lines)
        .entries(&of.roles, of.roles.len(), MOST, |page, stand| {
            let name = stand.team.as_ref().map_or_else(|| stand.role.to_string(), ToString::to_string);
            page.entry(&name, role(stand, stale_after, now), Vec::new())
        })
        .small(Line::say(
            "Only full members count, and each click is judged anew. The policy says which roles there \
             are.",
        ))
        .into_message()
}

fn role(stand: &RoleStand, stale_after: Span, now: Timestamp) -> Vec<Line> {
    let mut title = Line::say(if stand.is_empty() { "⚠ " } else { "" });
    title = title.bold(clip(&capital(&words::role(&stand.role)), LONGEST_NAME));
    if let Some(team) = &stand.team {
        title = title.text(format!(" of {}", clip(team.as_str(), LONGEST_NAME)));
    }
    let held = match (stand.members, stand.more) {
        (0, 0) => ": nobody".to_owned(),
        (members, 0) => format!(": {}", people(members)),
        (members, more) => format!(": {}, and {more} more who were not looked up", people(members)),
    };
    let mut lines = vec![title.text(held)];
    for source in &stand.sources {
        lines.extend(told(source, stale_after, now));
    }
    lines
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn people(n: usize) -> String {
    if n == 1 { "1 person".to_owned() } else { format!("{n} people") }
}

/// A source, a line for each way in which it is known.
fn told(source: &Source, stale_after: Span, now: Timestamp) -> Vec<Line> {
    match source {
        Source::People(n) => vec![Line::say(format!("• list in the policy: {}", people(*n)))],
        Source::UserGroup { id, known: None } => {
            vec![Line::say("• ⚠ Slack group ").code(id.as_str()).text(": Slack could not be asked")]
        }
        Source::UserGroup { id, known: Some((n, age)) } => {
            vec![Line::say("• Slack group ").code(id.as_str()).text(format!(
                ": {}, {}",
                people(*n),
                seconds_ago(*age)
            ))]
        }
        Source::IdpGroup { name, pushed, claimed } => {
            let group = |mark: &str, by: &str| {
                let name = clean(name, LONGEST_NAME);
                Line::say(format!("• {mark}IdP group ")).quoted(&name).text(format!(" {by}"))
            };
            let mut lines = Vec::new();
            lines.extend(pushed.as_ref().map(|pushed| {
                by_scim(group(if pushed.people == 0 { "⚠ " } else { "" }, "by SCIM"), pushed, now)
            }));
            lines.extend(claimed.as_ref().map(|claimed| {
                let bad = claimed.people == 0 && pushed.is_none();
                by_claims(
                    group(if bad { "⚠ " } else { "" }, "by tokens"),
                    claimed,
                    stale_after,
                    now,
                )
            }));
            if lines.is_empty() {
                lines.push(group(
                    "⚠ ",
                    "was never pushed; is its name written as the provider writes it?",
                ));
            }
            lines
        }
    }
}

fn by_scim(line: Line, pushed: &PushedGroup, now: Timestamp) -> Line {
    let line =
        line.text(format!(": {}, changed ", people(pushed.people))).ago(pushed.changed_at, now);
    match pushed.unmatched.len() {
        0 => line,
        1 => line.text("; 1 more is not found in Slack by their address"),
        n => line.text(format!("; {n} more are not found in Slack by their address")),
    }
}

fn by_claims(line: Line, claimed: &ClaimedGroup, stale_after: Span, now: Timestamp) -> Line {
    let line = line.text(format!(": {}", people(claimed.people)));
    let line = match claimed.newest {
        None => return line.text(", no token said so yet"),
        Some(newest) => line.text(", last said ").ago(newest, now),
    };
    match claimed.stale {
        0 => line,
        n => line.text(format!("; {} stale, older than {}", people(n), roughly(stale_after))),
    }
}

/// `10 s ago`.
fn seconds_ago(age: TimeDelta) -> String {
    match age.num_seconds() {
        ..1 => "just now".to_owned(),
        seconds => format!("{seconds} s ago"),
    }
}
