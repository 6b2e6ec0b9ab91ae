//! The review that keeps an agent at work: the question to its owner, what those who watch over it
//! read, and all of it at a glance.

use super::escape::{clip, first, roughly};
use super::life;
use super::line::Line;
use super::page::{Message, Page, button, confirmed, danger, primary};
use super::refusals::refusal;
use super::words::{self, MOST_NAMED};
use crate::domain::activity::Activity;
use crate::domain::agent::Agent;
use crate::domain::certification::{Certification, CertificationState, QUESTIONS, Standing};
use crate::domain::grant::Grant;
use crate::domain::person::PersonId;
use crate::domain::time::{Span, Timestamp};
use crate::service::certifications::outcome::{
    AccessUse, Campaign, CampaignLine, Certify, ReviewOf, Seen,
};
use crate::service::certifications::outcome::{AgentUse, GrantUse};
use crate::slack::actions::Button;

/// So many accesses are named.
const MOST_HELD: usize = 6;
/// So many idle grants have a button.
const MOST_IDLE: usize = 5;
/// So many lines of the campaign are shown; the export has all.
const MOST_LINES: usize = 15;

/// How a grant was used: `used 120 times, last 2 hours ago`.
pub fn used(used: &GrantUse, now: Timestamp) -> Line {
    let times = |n: u64| if n == 1 { "once".to_owned() } else { format!("{n} times") };
    match (used.uses, used.last_at) {
        (uses @ 1.., Some(last)) => {
            Line::say(format!("used {}, last ", times(uses))).ago(last, now)
        }
        (uses @ 1.., None) => Line::say(format!("used {}", times(uses))),
        _ => match (used.tokens, used.carried_at) {
            (0, _) => Line::say("never used"),
            (tokens, Some(last)) => {
                let tokens = words::count(usize::try_from(tokens).unwrap_or(usize::MAX), "token");
                Line::say(format!("never asked about; {tokens} carried it, last ")).ago(last, now)
            }
            (_, None) => Line::say("never asked about"),
        },
    }
}

/// The question to the owner, and what became of it.
pub fn asked(seen: &Seen, owner: &PersonId, now: Timestamp) -> Message {
    let Seen { review, agent, .. } = seen;
    let mut lines = vec![headline(review, agent, now)];
    let answerable = review.can_be_answered() && (agent.is_active() || is_missed(review));
    if !answerable {
        lines.extend(ending(review, agent, now));
        return Page::message().lines(lines).buttons(vec![show(agent)]).into_message();
    }
    if agent.owner != *owner {
        lines.push(Line::say("It is ").person(&agent.owner).text("’s to answer now."));
        return Page::message().lines(lines).buttons(vec![show(agent)]).into_message();
    }
    lines.push(Line::fact("Purpose").quoted(&clip(&agent.description.purpose, 300)));
    lines.push(did(&seen.did, review.since, now));
    lines.extend(seen.deeds.iter().map(|deed| told(deed, now)));
    let mut page = Page::message().lines(lines).lines(held(&seen.held, now));
    if !seen.idle.is_empty() {
        let title = "Nothing is lost by giving up what it never used:";
        page = page.line(Line::say(title)).entries(
            &seen.idle,
            seen.idle.len(),
            MOST_IDLE,
            |page, grant| {
                page.entry(&grant.id.to_string(), vec![idle(grant, now)], vec![give_up(grant)])
            },
        );
    }
    let asks: Vec<Line> =
        QUESTIONS.iter().map(|(_, question)| Line::say(format!("• {question}"))).collect();
    page.lines(asks)
        .line(consequence(review, now))
        .buttons(vec![
            yes(review, agent),
            button(&Button::CertifyAgent(agent.id), "Answer one by one…"),
            danger(&Button::Retire(agent.id), "No longer needed: retire…"),
        ])
        .into_message()
}

fn headline(review: &Certification, agent: &Agent, now: Timestamp) -> Line {
    let slug = agent.slug.as_str();
    match &review.state {
        CertificationState::Certified { .. } => Line::say("✅ ").bold(slug).text(" is certified."),
        CertificationState::CalledOff { .. } => {
            Line::say("⚪ ").bold(slug).text(": its review is off.")
        }
        CertificationState::Missed { at } => Line::say("🛑 ")
            .bold(slug)
            .text(" is suspended since ")
            .at(*at, now)
            .text(": its owner did not say in time that it is still needed."),
        CertificationState::Open if review.is_late(now) => Line::say("⚠ The review of ")
            .bold(slug)
            .text(" is late: it was due ")
            .at(review.due, now)
            .text("."),
        CertificationState::Open => {
            let left = Span::between(now, review.due);
            let left = left.map_or_else(String::new, |left| format!(" ({} left)", roughly(left)));
            Line::say("🔎 Is ")
                .bold(slug)
                .text(" still needed? Please say so by ")
                .at(review.due, now)
                .text(format!("{left}."))
        }
    }
}

/// How the review ended.
fn ending(review: &Certification, agent: &Agent, now: Timestamp) -> Vec<Line> {
    match &review.state {
        CertificationState::Certified { at, by, until } => vec![
            Line::fact("Certified")
                .text("by ")
                .person(by)
                .text(", ")
                .at(*at, now)
                .text(", until ")
                .at(*until, now),
        ],
        _ => {
            let mut lines = vec![Line::fact("State").line(words::agent_state(agent, now))];
            lines.extend(life::undone_by(agent).map(|line| Line::fact("Next").line(line)));
            lines
        }
    }
}

const fn is_missed(review: &Certification) -> bool {
    matches!(review.state, CertificationState::Missed { .. })
}

fn show(agent: &Agent) -> slack_morphism::prelude::SlackBlockButtonElement {
    button(&Button::Show(agent.id), "Show agent")
}

/// What follows if nobody answers, or what follows from an answer.
fn consequence(review: &Certification, now: Timestamp) -> Line {
    match review.state {
        CertificationState::Missed { .. } => {
            Line::fact("Next").text("say that it is, and it goes on at once; or retire it.")
        }
        _ if review.is_late(now) => Line::fact("Otherwise")
            .text("it is suspended ")
            .at(review.suspends_at, now)
            .text(", until you say that it is still needed. Its team lead and security know."),
        _ => Line::fact("Otherwise")
            .text("its team lead and security are told then, and ")
            .at(review.suspends_at, now)
            .text(" it is suspended, until you say that it is still needed."),
    }
}

fn did(did: &AgentUse, since: Timestamp, now: Timestamp) -> Line {
    let line = Line::fact("Since").at(since, now).text(": ");
    if did.last_at.is_none() {
        return line.text("nobody asked about it, and it told nothing.");
    }
    let mut line = line.text(format!(
        "{} allowed, {} refused; it told of {}",
        count(did.allowed, "call"),
        did.denied,
        count(did.deeds, "deed")
    ));
    if let Some(last) = did.last_at {
        line = line.text(", last ").ago(last, now);
    }
    line
}

fn count(n: u64, one: &str) -> String {
    words::count(usize::try_from(n).unwrap_or(usize::MAX), one)
}

fn told(of: &Activity, now: Timestamp) -> Line {
    let said = of.deed.task.as_deref().or(of.deed.decision_rationale.as_deref());
    let line = Line::fact("Told").ago(of.at, now).text(": ");
    match said {
        Some(said) => line.quoted(&clip(said, 120)),
        None => line.text("a deed, without words"),
    }
}

fn held(held: &[AccessUse], now: Timestamp) -> Vec<Line> {
    if held.is_empty() {
        return vec![Line::fact("Held").text("no grant since then")];
    }
    let mut lines = vec![Line::strong("What it held, and used")];
    lines.extend(held.iter().take(MOST_HELD).map(|line| {
        let grants = words::count(line.grants as usize, "grant");
        let mark = if line.used.is_never() { "⚠ " } else { "• " };
        Line::say(mark)
            .bold(words::access(&line.access))
            .text(format!("  {grants}, "))
            .line(used(&line.used, now))
    }));
    if held.len() > MOST_HELD {
        lines.push(Line::say(format!("… and {} more", held.len() - MOST_HELD)));
    }
    lines
}

fn idle(grant: &Grant, now: Timestamp) -> Line {
    Line::strong(words::access(&grant.access))
        .text(format!(" · {} · ", grant.reference))
        .line(words::grant_state(grant, now))
}

fn give_up(grant: &Grant) -> slack_morphism::prelude::SlackBlockButtonElement {
    confirmed(
        button(&Button::Release(grant.id), "Give up"),
        "Give it up?",
        &format!(
            "{} ends at once; it was never used. If it is needed again, it must be asked again.",
            grant.reference
        ),
        "Give up",
    )
}

/// One click that answers all three questions, after they were read.
fn yes(review: &Certification, agent: &Agent) -> slack_morphism::prelude::SlackBlockButtonElement {
    let asked: Vec<&str> = QUESTIONS.iter().map(|(_, question)| *question).collect();
    confirmed(
        primary(&Button::Certify(review.id), "Yes to all three"),
        &format!("Certify {}?", agent.slug),
        &format!("{} Your yes is on the record.", asked.join(" ")),
        "Yes to all three",
    )
}

/// Where a review stands, for those who watch over the agent.
pub fn watched(review: &Certification, agent: &Agent, now: Timestamp) -> Message {
    let mut lines = vec![headline(review, agent, now)];
    let open = review.state == CertificationState::Open && agent.is_active();
    lines.push(
        Line::fact("Owner")
            .person(&agent.owner)
            .text(format!(", team {} · tier {}", agent.team, agent.tier)),
    );
    if open {
        lines.push(Line::fact("Otherwise").text("it is suspended ").at(review.suspends_at, now));
        lines.push(
            Line::fact("Next")
                .text("speak with its owner; who is gone must be followed by another."),
        );
    } else if is_missed(review) && agent.cause().is_some() {
        lines.push(Line::say(
            "What it holds opens nothing meanwhile and ends on time; what it asked for is cancelled.",
        ));
        lines.extend(life::undone_by(agent).map(|line| Line::fact("Next").line(line)));
    } else {
        lines.extend(ending(review, agent, now));
    }
    Page::message().lines(lines).buttons(vec![show(agent)]).into_message()
}

/// What came of an owner's answer.
pub fn certified(certify: &Certify) -> Message {
    match certify {
        Certify::Done { agent, until, given_up, back } => {
            let now = agent_since(agent, *until);
            let mut lines = vec![
                Line::say("✅ ")
                    .bold(agent.slug.as_str())
                    .text(if *back {
                        " is certified and goes on, until "
                    } else {
                        " is certified until "
                    })
                    .at(*until, now)
                    .text("."),
            ];
            if !given_up.is_empty() {
                let names: Vec<String> =
                    given_up.iter().map(|g| format!("{} {}", g.reference, g.access)).collect();
                lines.push(Line::fact("Given up").text(first(&names, MOST_NAMED).join(", ")));
            }
            lines.push(Line::fact("Next").text("nothing to do; you are asked again in time."));
            Page::message().lines(lines).buttons(vec![show(agent)]).into_message()
        }
        Certify::Over { review, agent } => {
            let now = review.state.ended_at().unwrap_or(review.opened_at);
            let mut lines = vec![
                Line::say("This review of ")
                    .bold(agent.slug.as_str())
                    .text(" has ended; your click changed nothing."),
            ];
            lines.extend(ending(review, agent, now));
            Page::message().lines(lines).buttons(vec![show(agent)]).into_message()
        }
        Certify::NotDue { agent, opens_at } => Page::message()
            .lines(vec![
                Line::say("Nothing is asked about ").bold(agent.slug.as_str()).text(" now."),
                Line::fact("Next")
                    .text("you are asked ")
                    .at(*opens_at, agent.registered_at)
                    .text("."),
            ])
            .buttons(vec![show(agent)])
            .into_message(),
        Certify::Refused(why) => refusal(why),
        Certify::Before => super::replies::before(),
    }
}

/// A moment near to the answer, for saying dates.
fn agent_since(agent: &Agent, until: Timestamp) -> Timestamp {
    match agent.state {
        crate::domain::agent::AgentState::Active { since, .. } => since,
        _ => until,
    }
}

/// The reader's agents whose review waits for an answer.
pub fn to_answer(reviews: &[ReviewOf], now: Timestamp) -> Message {
    if reviews.is_empty() {
        return Page::message()
            .lines(vec![
                Line::strong("None of your agents waits for your word."),
                Line::fact("Next").text("nothing to do; you get a message when one does."),
            ])
            .into_message();
    }
    Page::message()
        .line(Line::strong(format!("Waiting for your word: {}", reviews.len())))
        .entries(reviews, reviews.len(), 12, |page, of| review_row(page, of, now))
        .into_message()
}

/// A review that waits for the reader, with the button that answers it.
pub fn review_row(page: &mut Page, of: &ReviewOf, now: Timestamp) -> bool {
    let ReviewOf { review, agent } = of;
    page.entry(
        &review.id.to_string(),
        vec![headline(review, agent, now)],
        vec![yes(review, agent), button(&Button::CertifyAgent(agent.id), "Answer one by one…")],
    )
}

/// All reviews, or those that were chosen, for security.
pub fn campaign(campaign: &Campaign) -> Message {
    let Campaign { choice, lines, every, done, now } = campaign;
    let of_team = choice.team.as_ref().map(|team| format!(" of team {}", clip(team.as_str(), 40)));
    let stand = choice.standing.map(|standing| format!(", {}", standing.word()));
    let which = [of_team, stand].into_iter().flatten().collect::<String>();
    let counts: Vec<String> = Standing::ALL
        .iter()
        .map(|standing| (campaign.count(*standing), standing))
        .filter(|(count, _)| *count > 0)
        .map(|(count, standing)| format!("{count} {}", standing.word()))
        .collect();
    let mut said = vec![
        Line::strong(format!("Reviews of {}{which}", words::count(lines.len(), "agent"))),
        Line::say(format!("✅ {done} certified within {}", every.words())),
    ];
    if !counts.is_empty() {
        said.push(Line::fact("Now").text(counts.join(" · ")));
    }
    // Who asks for one standing wants to see it; otherwise what presses nobody is only counted.
    let presses = |line: &&CampaignLine| {
        choice.standing.is_some()
            || !matches!(line.standing, Standing::Certified | Standing::Stopped)
    };
    let pressing: Vec<&CampaignLine> = lines.iter().filter(presses).collect();
    let page = Page::message().lines(said);
    let page = if lines.is_empty() && !choice.is_all() {
        let all = Standing::ALL.map(Standing::word).join(", ");
        page.line(Line::say(format!(
            "No agent at work or suspended is so. Choose by {all}; or by a team, as the policy names it."
        )))
    } else if pressing.is_empty() {
        page.line(Line::say("Nobody is asked at the moment."))
    } else {
        page.entries(&pressing, pressing.len(), MOST_LINES, |page, line| {
            campaign_row(page, line, *now)
        })
    };
    page.small(
        Line::say("All of them, with dates: ")
            .code("countersign certifications --format csv")
            .text(", or GET /api/v1/certifications"),
    )
    .into_message()
}

fn campaign_row(page: &mut Page, line: &CampaignLine, now: Timestamp) -> bool {
    let CampaignLine { agent, standing, due, suspends_at, .. } = line;
    let mark = match standing {
        Standing::Suspended => "🛑 ",
        Standing::Late => "⚠ ",
        Standing::Due => "🔎 ",
        Standing::Certified | Standing::Stopped => "• ",
    };
    let mut said = Line::say(mark)
        .bold(agent.slug.as_str())
        .text(format!(" · {} · due ", standing.word()))
        .at(*due, now);
    if let Some(at) = suspends_at {
        said = said.text(" · suspended ").at(*at, now);
    }
    let who = Line::default().person(&agent.owner).text(format!(", team {}", agent.team));
    page.entry(
        &agent.id.to_string(),
        vec![said, who],
        vec![button(&Button::Show(agent.id), "Show")],
    )
}
