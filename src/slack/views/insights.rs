//! The numbers: for whoever asks, and once a week for all.

use super::escape::roughly;
use super::line::Line;
use super::page::{Message, Page};
use super::words;
use crate::domain::insights::{DAYS, Insights, OfRole, OfTier, Outcomes, Share, Took, Waiting};
use crate::domain::time::{Span, Timestamp};

/// As many roles are named.
const ROLES: usize = 4;

/// `/agent insights`.
pub fn insights(insights: &Insights) -> Message {
    let now = insights.now;
    let mut page = Page::message()
        .line(headline(insights))
        .lines(titled("Time to approve", insights.tiers.iter().map(of_tier)))
        .lines(titled("Waiting now", waiting_now(insights).into_iter()));
    let roles: Vec<Line> =
        insights.roles.iter().take(ROLES).map(|role| of_role(role, now)).collect();
    if !roles.is_empty() {
        page = page.lines(titled("Whose yes takes how long", roles.into_iter()));
    }
    page.lines(titled("What became of it", became(insights).into_iter()))
        .lines(titled("Agents and grants", kept(insights).into_iter()))
        .small(
            Line::say(format!(
                "Of the last {DAYS} days, compared with the {DAYS} before. How each is counted: "
            ))
            .code("docs/governance.md"),
        )
        .into_message()
}

/// The weekly digest: the headline and five lines, above the picture.
pub fn digest(insights: &Insights) -> Message {
    let now = insights.now;
    let waiting = insights.waiting();
    let slowest = match insights.bottleneck() {
        Some((role, _)) => Line::fact("Slowest").line(of_role(role, now)),
        None => Line::fact("Slowest").text("too few yeses to tell."),
    };
    let asked = Line::fact("Answered")
        .line(answered(&insights.ended))
        .text(compared(insights.ended.put(), insights.ended_before.put()));
    let lines = vec![
        asked,
        Line::fact("Without people").line(without_people(insights)),
        slowest,
        Line::fact("Waiting").line(waiting_line(waiting, now)),
        Line::fact("Agents").line(agents(insights)),
    ];
    Page::message()
        .line(headline(insights))
        .lines(lines)
        .small(Line::say(format!("The last {DAYS} days. More: ")).code("/agent insights"))
        .into_message()
}

/// The one sentence to remember.
pub fn headline(insights: &Insights) -> Line {
    match insights.usual() {
        Some((tier, half)) => Line::strong(format!(
            "Half of the tier {} requests are approved within {}; the promise is {}.",
            tier.tier,
            roughly(half),
            tier.promise.words()
        )),
        None => Line::strong(format!(
            "Too few requests were approved by people in the last {DAYS} days to say how long it \
             takes."
        )),
    }
}

fn titled(title: &str, lines: impl Iterator<Item = Line>) -> Vec<Line> {
    std::iter::once(Line::strong(title))
        .chain(lines.map(|line| Line::say("• ").line(line)))
        .collect()
}

/// `half within 38 minutes, 19 of 20 within 3 hours`.
fn took(took: &Took) -> String {
    match (took.half, took.most) {
        (Some(half), Some(most)) => {
            format!("half within {}, 19 of 20 within {}", roughly(half), roughly(most))
        }
        (Some(half), None) => format!("half within {}", roughly(half)),
        (None, _) => match took.samples {
            0 => "none".to_owned(),
            n => format!("only {n}: too few to tell"),
        },
    }
}

fn of_tier(tier: &OfTier) -> Line {
    let line = Line::say(format!("Tier {}: {}", tier.tier, took(&tier.took)));
    match (tier.took.half, tier.took_before.half) {
        (Some(_), Some(before)) => line.text(format!(" (before: {})", roughly(before))),
        _ => line,
    }
}

/// Each tier in which something waits.
fn waiting_now(insights: &Insights) -> Vec<Line> {
    let waits: Vec<Line> =
        insights.tiers.iter().filter_map(|tier| waits(tier, insights.now)).collect();
    if waits.is_empty() { vec![Line::say("nothing")] } else { waits }
}

fn waits(tier: &OfTier, now: Timestamp) -> Option<Line> {
    let since = tier.waiting.since?;
    Some(Line::say(format!(
        "Tier {}: {}, the oldest for {} of {}",
        tier.tier,
        tier.waiting.count,
        age(since, now),
        tier.promise.words()
    )))
}

fn waiting_line(waiting: Waiting, now: Timestamp) -> Line {
    match waiting.since {
        Some(since) => Line::say(format!("{}, the oldest for {}", waiting.count, age(since, now))),
        None => Line::say("nothing"),
    }
}

fn age(since: Timestamp, now: Timestamp) -> String {
    match Span::between(since, now) {
        Some(span) if span >= Span::minutes(1) => roughly(span),
        _ => "less than a minute".to_owned(),
    }
}

fn of_role(role: &OfRole, now: Timestamp) -> Line {
    let line = Line::say(format!("{}: {}", words::role(&role.role), took(&role.took)));
    match role.waiting.since {
        Some(since) => line.text(format!(
            "; {} wait{} for it, the oldest for {}",
            words::count(usize::try_from(role.waiting.count).unwrap_or(usize::MAX), "request"),
            if role.waiting.count == 1 { "s" } else { "" },
            age(since, now)
        )),
        None => line,
    }
}

fn answered(ended: &Outcomes) -> Line {
    if ended.put() == 0 {
        return Line::say("nothing");
    }
    Line::say(format!(
        "{} approved, {} denied, {} not answered in time",
        ended.approved(),
        ended.denied,
        ended.expired
    ))
}

/// ` (before: 12)`, where there was something before.
fn compared(now: u64, before: u64) -> String {
    match before {
        0 => String::new(),
        before => format!(" ({now} in all, before: {before})"),
    }
}

/// `3 of 29 (10%)`.
fn share(share: Share) -> String {
    match share.percent() {
        Some(percent) => format!("{} of {} ({percent}%)", share.of, share.among),
        None => format!("{} of {}", share.of, share.among),
    }
}

/// ` (before: 35%)`.
fn before(share: Share) -> String {
    share.percent().map_or_else(String::new, |percent| format!(" (before: {percent}%)"))
}

fn without_people(insights: &Insights) -> Line {
    let (ended, ended_before) = (&insights.ended, &insights.ended_before);
    let of = share(ended.without_people());
    Line::say(format!("{of} of what was approved{}", before(ended_before.without_people())))
}

fn became(insights: &Insights) -> Vec<Line> {
    let (ended, earlier) = (&insights.ended, &insights.ended_before);
    let appeals = insights.appeals;
    vec![
        Line::say("Approved without people: ").line(without_people(insights)),
        Line::say(format!(
            "Denied: {}{}",
            share(ended.share_denied()),
            before(earlier.share_denied())
        )),
        Line::say(format!("Appealed: {}, overturned: {}", appeals.ended, appeals.overturned)),
        Line::say(format!(
            "Not answered in time: {}{}",
            share(ended.share_expired()),
            before(earlier.share_expired())
        )),
        Line::say(format!("Taken back: {}", ended.taken_back)),
    ]
}

fn agents(insights: &Insights) -> Line {
    let agents = &insights.agents;
    let certified = match agents.active {
        0 => String::new(),
        _ => format!(", certified {}", share(agents.share_certified())),
    };
    let ownerless = match agents.ownerless {
        0 => ", none without an owner".to_owned(),
        n => format!(", ⚠ {n} without an owner"),
    };
    Line::say(format!("{} at work{certified}{ownerless}", agents.active))
}

fn kept(insights: &Insights) -> Vec<Line> {
    let mut lines = vec![
        Line::say("Agents: ").line(agents(insights)),
        Line::say(format!("Live grants: {}", insights.grants.live)),
    ];
    lines.extend(insights.grants.unused.map(|unused| {
        Line::say(format!("Grants that ended and were never used: {}", share(unused)))
    }));
    lines
}
