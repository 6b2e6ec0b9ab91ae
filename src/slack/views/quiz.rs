//! `/agent quiz`: is this an agent? One question at a time, each in the place of the one before; the
//! answers so far are carried by the buttons, so nothing is kept.

use slack_morphism::prelude::SlackBlockButtonElement;

use super::line::Line;
use super::page::{Message, Page, button, primary};
use crate::domain::quiz::{Door, Outcome, Path, Question, Quiz};
use crate::slack::actions::Button;

/// The button that begins it.
pub fn begin() -> SlackBlockButtonElement {
    button(&Button::QuizAt(Path::default()), "Is it an agent?")
}

/// The open question, or the answer with the one next step.
pub fn quiz(quiz: &Quiz) -> Message {
    match quiz {
        Quiz::Asking { question, .. } => asking(quiz, *question),
        Quiz::Answered { outcome, .. } => answered(quiz, *outcome),
    }
}

fn asking(quiz: &Quiz, question: Question) -> Message {
    let number = quiz.path().answered() + 1;
    let mut lines = Vec::new();
    if number == 1 {
        lines.push(Line::say(
            "Think of one thing that works for you: a bot, a script, a connection between two tools.",
        ));
    }
    lines.push(Line::say(format!("{number}  ")).bold(question.text()));
    lines.push(Line::say(question.help()));
    let mut buttons: Vec<SlackBlockButtonElement> = question
        .answers()
        .iter()
        .filter_map(|answer| {
            let next = quiz.clone().answer(answer.key()).ok()?;
            Some(button(&Button::Quiz(next.path().clone()), question.label(*answer)))
        })
        .collect();
    buttons.extend(back(quiz));
    Page::message()
        .lines(lines)
        .buttons(buttons)
        .small(Line::say("At most five questions. Nothing of this is kept."))
        .into_message()
}

fn answered(quiz: &Quiz, outcome: Outcome) -> Message {
    let mut lines = vec![Line::strong(outcome.headline()), Line::fact("Why").text(outcome.why())];
    let mut buttons = Vec::new();
    if outcome.is_to_be_registered() {
        lines.push(
            Line::fact("Next").text("the form below, or ").code(outcome.next_step(Door::Slack)),
        );
        buttons.push(primary(&Button::Register, "Register it"));
    } else {
        lines.push(Line::fact("Next").text(outcome.next_step(Door::Slack)));
    }
    buttons.extend(back(quiz));
    Page::message().lines(lines).buttons(buttons).into_message()
}

/// One answer back; nothing at the first question.
fn back(quiz: &Quiz) -> Option<SlackBlockButtonElement> {
    let path = quiz.path().to_string();
    let mut before = path.chars();
    before.next_back()?;
    let before = Quiz::resume(before.as_str()).ok()?;
    Some(button(&Button::QuizAt(before.path().clone()), "Back"))
}
