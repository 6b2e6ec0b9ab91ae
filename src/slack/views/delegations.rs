//! `/agent delegate`: who answers in whose place, until when.

use slack_morphism::prelude::SlackBlockButtonElement;

use super::escape::{clip, or};
use super::line::Line;
use super::page::{Message, Page, button, confirmed, danger};
use super::words;
use crate::domain::delegation::{Delegation, DelegationState, Lent};
use crate::domain::person::PersonId;
use crate::domain::role::RoleName;
use crate::domain::time::Timestamp;
use crate::service::outcome::{
    Delegated, DelegationField, DelegationProblem, DelegationsOf, Undelegated,
};
use crate::slack::actions::Button;

/// So many are shown in one list.
const MOST: usize = 8;

/// What a person gave and received, with the ways to end it and to give another.
pub fn list(of: &DelegationsOf) -> Message {
    let all: Vec<&Delegation> = of.given.iter().chain(&of.received).collect();
    let mut page = Page::message();
    page = if all.is_empty() {
        page.line(Line::strong("Nobody answers for you, and you answer for nobody."))
    } else {
        page.line(Line::strong("Who answers in whose place")).entries(
            &all,
            all.len(),
            MOST,
            |page, one| row(page, one, of.now),
        )
    };
    if of.allowed {
        page = page.buttons(vec![begin()]);
    } else {
        page = page.line(Line::say(words_for_off()));
    }
    page.small(Line::say("Typed at once: ").code("/agent delegate @vera until Friday for security"))
        .into_message()
}

/// Opens the form.
pub fn begin() -> SlackBlockButtonElement {
    button(&Button::Delegate, "Let somebody answer…")
}

/// One in a list, with the way to end it.
pub fn row(page: &mut Page, one: &Delegation, now: Timestamp) -> bool {
    let lines = vec![who(one), state(one, now)];
    page.entry(&one.id.to_string(), lines, vec![withdraw(one)])
}

/// `Vera for Theo, for security`.
fn who(one: &Delegation) -> Line {
    Line::default().person(&one.to).text(" answers for ").person(&one.from).text(roles(&one.roles))
}

fn roles(lent: &Lent) -> String {
    match lent {
        Lent::All => ", for all roles".to_owned(),
        Lent::These(these) => {
            let these: Vec<RoleName> = these.iter().cloned().collect();
            format!(", for {}", words::roles(&these))
        }
    }
}

fn state(one: &Delegation, now: Timestamp) -> Line {
    match one.state_at(now) {
        DelegationState::Active => Line::say("until ").at(one.until, now),
        DelegationState::Withdrawn { at, by } => {
            Line::say("ended by ").person(&by).text(", ").at(at, now)
        }
        DelegationState::Ended { at } => Line::say("ended when its time came, ").at(at, now),
    }
}

fn withdraw(one: &Delegation) -> SlackBlockButtonElement {
    confirmed(
        danger(&Button::Withdraw(one.id), "Withdraw"),
        "Withdraw it?",
        "From this moment on each answers for themselves alone. What was answered stays.",
        "Withdraw",
    )
}

/// What both are told; it changes when that ends.
pub fn notice(one: &Delegation, now: Timestamp) -> Message {
    let in_force = one.is_in_force(now);
    let mark = if in_force { "🤝 " } else { "⚪ " };
    let mut lines = vec![Line::say(mark).line(who(one)), Line::fact("State").line(state(one, now))];
    let buttons = if in_force {
        lines.push(
            Line::fact("Means")
                .person(&one.to)
                .text(" is asked as well, and each request shows in whose place a yes was said. ")
                .text(
                    "Never for what one of the two asked or owns, and one yes is still one person.",
                ),
        );
        vec![withdraw(one)]
    } else {
        Vec::new()
    };
    Page::message().lines(lines).buttons(buttons).into_message()
}

/// What came of letting somebody answer.
pub fn delegated(delegated: &Delegated) -> Message {
    match delegated {
        Delegated::Done { delegation, now } => Page::message()
            .lines(vec![
                Line::say("✓ ").line(who(delegation)),
                Line::fact("State").line(state(delegation, *now)),
                Line::fact("Next")
                    .text("nothing to do: both of you are told, and it ends by itself."),
            ])
            .buttons(vec![withdraw(delegation)])
            .into_message(),
        Delegated::Invalid(problems) => {
            let mut lines = vec![Line::say("Something must change first:")];
            lines.extend(problems.iter().map(|(field, problem)| {
                Line::say("• ").bold(label(*field)).text(": ").text(problem_words(problem))
            }));
            lines.push(
                Line::fact("Next")
                    .text("nothing was recorded; write it like ")
                    .code("/agent delegate @vera until Friday"),
            );
            Page::message().lines(lines).buttons(vec![begin()]).into_message()
        }
        Delegated::NotMember(standing) => super::replies::not_for_you(*standing),
        Delegated::SwitchedOff => Page::message()
            .lines(vec![
                Line::say(words_for_off()),
                Line::fact("Next")
                    .text("nothing to do: others who hold your roles are asked anyway."),
            ])
            .into_message(),
        Delegated::Before => before(),
    }
}

const fn words_for_off() -> &'static str {
    "The policy does not let anybody answer in the place of another."
}

/// What came of taking it back.
pub fn undelegated(undelegated: &Undelegated) -> Message {
    let lines = match undelegated {
        Undelegated::Done { delegation, .. } => vec![
            Line::say("✓ From this moment on ")
                .person(&delegation.to)
                .text(" no longer answers for ")
                .person(&delegation.from)
                .text("."),
            Line::fact("Next").text("nothing to do: both of you see it. What was answered stays."),
        ],
        Undelegated::Over { delegation, now } => vec![
            Line::say("It is over already: ").line(who(delegation)).text("."),
            Line::fact("State").line(state(delegation, *now)),
        ],
        Undelegated::NotYours => {
            vec![Line::say("Only the two whom it is about can withdraw it.")]
        }
        Undelegated::Unknown => vec![
            Line::say("There is no such delegation."),
            Line::fact("Next").text("see those that there are: ").code("/agent delegate"),
        ],
        Undelegated::Before => return before(),
    };
    Page::message().lines(lines).into_message()
}

fn before() -> Message {
    Page::message()
        .line(Line::say("This was received before and is done; nothing was done twice."))
        .into_message()
}

/// What a field of the form is called.
pub const fn label(field: DelegationField) -> &'static str {
    match field {
        DelegationField::Person => "Who answers",
        DelegationField::Until => "Until when",
        DelegationField::Roles => "For which roles",
    }
}

/// What is wrong with a field, in plain words without markup.
pub fn problem_words(problem: &DelegationProblem) -> String {
    let named =
        |roles: &[RoleName]| -> String { or(&roles.iter().map(words::role).collect::<Vec<_>>()) };
    match problem {
        DelegationProblem::Empty => "Please fill this in.".to_owned(),
        DelegationProblem::Oneself => "You answer for yourself already. Choose another.".to_owned(),
        DelegationProblem::NotMember(standing) => format!(
            "This person {}; only a full, active member answers for others.",
            words::is_standing(*standing)
        ),
        DelegationProblem::NotEntitled { roles } => {
            format!("The policy lets only {} answer for others. Choose one of them.", named(roles))
        }
        DelegationProblem::BadDay { typed } => {
            format!("“{}” is no day. Write it like Friday, 2026-12-24 or 3d.", clip(typed, 40))
        }
        DelegationProblem::Past { at, now } => {
            format!("That has passed: {}. Choose a later day.", super::escape::utc(*at, *now))
        }
        DelegationProblem::TooLong { longest } => {
            format!("That is too long: at most {}. It can be given again.", longest.words())
        }
        DelegationProblem::MayNotLend { role } => {
            format!("The policy does not let the role {} be lent.", words::role(role))
        }
        DelegationProblem::UnknownRole { typed, all } => {
            format!("There is no role “{}”. There are: {}.", clip(typed, 60), named(all))
        }
    }
}

/// The heading of the list in App Home, where the reader is one of the two.
pub fn heading(all: &[Delegation], me: &PersonId) -> &'static str {
    match (all.iter().any(|one| one.from == *me), all.iter().any(|one| one.to == *me)) {
        (true, false) => "Who answers for you",
        (false, true) => "For whom you answer",
        _ => "Who answers for whom",
    }
}
