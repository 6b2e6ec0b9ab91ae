//! `agent-cli quiz`: "Is this an agent? Should I register it?", a few plain questions. Needs no server.

use clap::Args;
use serde_json::json;

use super::super::ask::Question;
use super::super::exit::Exit;
use super::super::look::{Ink, Look};
use super::super::session::Session;
use super::super::trouble::Trouble;
use super::super::words::Told;
use crate::domain::quiz::{Door, Outcome, Path, Quiz as Game};

/// Where to begin.
#[derive(Debug, Clone, Args)]
pub struct Quiz {
    /// The answers so far, a letter each, as the end of the quiz shows them.
    #[arg(long, value_name = "LETTERS", default_value = "", hide_default_value = true)]
    pub answers: String,
}

/// Asks until it is known.
///
/// # Errors
///
/// When nobody can be asked.
pub fn run(arguments: &Quiz, session: &Session) -> Result<Exit, Trouble> {
    let screen = &session.screen;
    let mut game = Game::resume(arguments.answers.trim()).map_err(|error| {
        Trouble::usage(format!("{error}."), "agent-cli quiz   begins at the first question")
    })?;
    if screen.interactive && arguments.answers.is_empty() {
        screen.note(&format!(
            "{}\nA few questions; nothing is sent anywhere.",
            screen.err.strong("Is it an agent?")
        ));
    }
    let (outcome, path) = loop {
        match game {
            Game::Answered { outcome, path } => break (outcome, path),
            Game::Asking { question, ref path } => {
                let flag = format!("--answers {path}…: {}", letters(question));
                let asked = Question { text: question.text(), help: question.help(), flag: &flag };
                let answers = question.answers();
                let labels: Vec<String> =
                    answers.iter().map(|answer| question.label(*answer).to_owned()).collect();
                let at = screen.choose(asked, &labels)?;
                let key = answers.get(at).map_or("", |answer| answer.key());
                game = game
                    .answer(key)
                    .map_err(|error| Trouble::fault("The quiz went astray.", error))?;
            }
        }
    };
    screen.answer(&json!({
        "answers": path.to_string(),
        "register": outcome.is_to_be_registered(),
        "answer": outcome.headline(),
        "why": outcome.why(),
        "next": outcome.next_step(Door::Terminal),
    }))?;
    screen.say(&words(outcome, &path, screen.out))?;
    Ok(Exit::Done)
}

/// `y (Yes), n (No)`.
fn letters(question: crate::domain::quiz::Question) -> String {
    let each = question.answers().iter();
    each.map(|answer| format!("{} ({})", answer.key(), question.label(*answer)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn words(outcome: Outcome, path: &Path, look: Look) -> String {
    let ink = if outcome.is_to_be_registered() { Ink::Care } else { Ink::Good };
    let told = Told::new(outcome.headline())
        .why(outcome.why())
        .next([outcome.next_step(Door::Terminal)])
        .row("Again", format!("agent-cli quiz --answers {path}   shows this to a colleague"));
    format!("\n{}", told.render(ink, look))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_why_and_the_one_next_step() {
        let text: Vec<String> = ["yym", "nn", "un"]
            .into_iter()
            .map(|letters| match Game::resume(letters).unwrap() {
                Game::Answered { outcome, path } => words(outcome, &path, Look::PLAIN),
                asking @ Game::Asking { .. } => panic!("{asking:?}"),
            })
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
