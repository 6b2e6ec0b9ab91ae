//! The steps of the quiz.

use super::catalogue::Catalogue;
use crate::domain::quiz::Quiz;
use crate::slack::actions::Button;
use crate::slack::views::quiz::quiz;

/// The first question, one in between, the one with four answers, and each kind of end.
const WAYS: [&str; 8] = ["", "y", "yy", "yym", "yyo", "nn", "nym", "un"];

/// Some steps, with nobody's words: there are none.
pub fn steps(all: &mut Catalogue) {
    for way in WAYS {
        let step = Quiz::resume(way).unwrap();
        let name = if way.is_empty() { "quiz".to_owned() } else { format!("quiz_{way}") };
        all.push((name, quiz(&step).into()));
    }
}

#[test]
fn every_answer_is_read_back_from_its_button_and_leads_on() {
    let mut open = vec![Quiz::start()];
    let mut steps = 0;
    while let Some(step) = open.pop() {
        steps += 1;
        quiz(&step);
        let Quiz::Asking { question, .. } = &step else { continue };
        for answer in question.answers() {
            let next = step.clone().answer(answer.key()).unwrap();
            let click = Button::Quiz(next.path().clone());
            let read = Button::read(click.action_id(), &click.value());
            assert_eq!(read, Some(click), "{next:?}");
            open.push(next);
        }
    }
    assert!(steps > 20, "{steps}");
}

#[test]
fn what_no_button_of_ours_carries_is_no_button() {
    for (action, value) in [("quiz_yes", "yz"), ("quiz_at", "nnn"), ("quiz_y", "y"), ("quiz", "-")]
    {
        assert_eq!(Button::read(action, value), None, "{action} {value}");
    }
}
