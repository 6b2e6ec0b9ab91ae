use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::*;

/// Every way through the quiz, to its end.
fn all_ends() -> Vec<(Path, Outcome, usize)> {
    let mut open = vec![Quiz::start()];
    let mut ends = Vec::new();
    while let Some(quiz) = open.pop() {
        match quiz {
            Quiz::Asking { question, ref path } => {
                assert!(path.answered() < 5, "too many questions: {path}");
                for answer in question.answers() {
                    open.push(quiz.clone().answer(answer.key()).unwrap());
                }
            }
            Quiz::Answered { outcome, path } => {
                let asked = path.answered();
                ends.push((path, outcome, asked));
            }
        }
    }
    ends.sort_by_key(|(path, ..)| path.to_string());
    ends
}

#[test]
fn every_way_ends_and_every_end_is_reached() {
    let ends = all_ends();
    let outcomes: BTreeSet<String> = ends.iter().map(|(_, o, _)| format!("{o:?}")).collect();
    assert_eq!(
        outcomes.into_iter().collect::<Vec<_>>(),
        [
            "Agent(APersons)",
            "Agent(ItsOwn)",
            "Agent(Unknown)",
            "AskSecurity",
            "Automation",
            "NotNeeded"
        ]
    );
    let table = ends.iter().fold(String::new(), |mut all, (path, outcome, _)| {
        let _ = writeln!(all, "{:<6} {outcome:?}", path.to_string());
        all
    });
    insta::assert_snapshot!("every_way", table);
}

#[test]
fn a_way_can_be_carried_by_a_button_and_taken_up_again() {
    for (path, outcome, _) in all_ends() {
        let written = path.to_string();
        for end in 0..=written.len() {
            let half = Quiz::resume(&written[..end]).unwrap();
            assert_eq!(half.path().to_string(), written[..end]);
        }
        assert_eq!(Quiz::resume(&written).unwrap(), Quiz::Answered { outcome, path });
    }
}

#[test]
fn what_is_no_answer_is_refused_with_what_there_is() {
    let refusal = |quiz: Result<Quiz, NoSuchAnswer>| quiz.unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            refusal(Quiz::start().answer("maybe")),
            refusal(Quiz::resume("yyx")),
            refusal(Quiz::resume("nny")),
            refusal(Quiz::resume("nyy")),
            refusal(Quiz::resume("é")),
        ]
        .join("\n"),
        @r#"
    "maybe" is no answer here; answer y (Yes), n (No), u (Not sure)
    "x" is no answer here; answer m (Mine, or a colleague's), o (An account of its own), n (None at all), u (Not sure)
    "y" is no answer here; the quiz is at its end: start again
    "y" is no answer here; answer m (Mine, or a colleague's), o (An account of its own), n (None at all), u (Not sure)
    "é" is no answer here; answer y (Yes), n (No), u (Not sure)
    "#
    );
    assert_eq!(Quiz::start().answer(" YES "), Quiz::resume("y"));
    assert_eq!(Quiz::start().answer("not sure"), Quiz::resume("u"));
}

/// Not knowing is never the easy way out: with one answer changed to "not sure", nobody is told that
/// there is nothing to do who would otherwise have been told to register.
#[test]
fn not_knowing_never_makes_it_harmless() {
    let ends: BTreeMap<String, Outcome> =
        all_ends().into_iter().map(|(path, outcome, _)| (path.to_string(), outcome)).collect();
    for (path, outcome) in ends.iter().filter(|(_, outcome)| outcome.is_to_be_registered()) {
        for at in 0..path.len() {
            let before = format!("{}u", &path[..at]);
            let unsure = ends.iter().filter(|(other, _)| {
                other.starts_with(&before) && path.ends_with(&other[before.len()..])
            });
            for (other, result) in unsure {
                assert_ne!(
                    *result,
                    Outcome::NotNeeded,
                    "{path} is {outcome:?}, and {other} harmless"
                );
            }
        }
    }
}

#[test]
fn the_words() {
    let mut all = String::new();
    let questions =
        [Question::Model, Question::Acts, Question::Alone, Question::Sees, Question::Access];
    for question in questions {
        let _ = writeln!(all, "{}\n  {}", question.text(), question.help());
        for answer in question.answers() {
            let _ = writeln!(all, "  [{}] {}", answer.key(), question.label(*answer));
        }
        // Slack's own limits: a button's text and a section's.
        assert!(question.answers().iter().all(|a| question.label(*a).len() <= 75));
        let keys: BTreeSet<_> = question.answers().iter().map(|a| a.key()).collect();
        assert_eq!(keys.len(), question.answers().len(), "two answers with one key");
    }
    let outcomes = [
        Outcome::Agent(Whose::APersons),
        Outcome::Agent(Whose::ItsOwn),
        Outcome::Agent(Whose::Unknown),
        Outcome::Automation,
        Outcome::NotNeeded,
        Outcome::AskSecurity,
    ];
    for outcome in outcomes {
        let _ = writeln!(
            all,
            "\n{}\n  Why   {}\n  Next  {}\n        {}",
            outcome.headline(),
            outcome.why(),
            outcome.next_step(Door::Terminal),
            outcome.next_step(Door::Slack)
        );
    }
    let lower = all.to_lowercase();
    let words: BTreeSet<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    for jargon in [
        "llm",
        "api",
        "sdk",
        "oauth",
        "cron",
        "endpoint",
        "credential",
        "inference",
        "daemon",
        "mcp",
    ] {
        assert!(!words.contains(jargon), "{jargon:?} is no word for everybody");
    }
    insta::assert_snapshot!("words", all);
}
