//! A registration that is ready to be looked at by the person who is to answer for the agent: what a
//! repository says about itself, made safe and short. It asks nothing by itself.

use serde::{Deserialize, Serialize};

use super::text::clean;
use super::tier::Answers;

/// The longest of it, in characters.
const LONGEST_NAME: usize = 40;
const LONGEST_PURPOSE: usize = 300;
const LONGEST_LINE: usize = 50;
/// As many systems are kept.
const MOST_SYSTEMS: usize = 6;

/// A registration that nobody has sent yet. All of it is untrusted text, cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The name that is wished for.
    pub name: String,
    /// What the agent is for.
    pub purpose: String,
    /// The systems it touches.
    pub systems: Vec<String>,
    /// Where it runs.
    pub runs_on: String,
    /// The model behind it.
    pub model: String,
    /// The yes-or-no questions.
    pub answers: Answers,
    /// The team it works for, if that was said.
    pub team: Option<String>,
}

impl Draft {
    /// The same, short enough for a link and a button.
    #[must_use]
    pub fn short(&self) -> Self {
        let line = |text: &String| clean(text, LONGEST_LINE);
        Self {
            name: clean(&self.name, LONGEST_NAME),
            purpose: clean(&self.purpose, LONGEST_PURPOSE),
            systems: self
                .systems
                .iter()
                .map(line)
                .filter(|system| !system.is_empty())
                .take(MOST_SYSTEMS)
                .collect(),
            runs_on: line(&self.runs_on),
            model: line(&self.model),
            answers: self.answers,
            team: self.team.as_ref().map(line).filter(|team| !team.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A button holds 2,000 characters; what JSON escapes takes two.
    #[test]
    fn a_short_draft_fits_a_button() {
        let long = "\"\\".repeat(2_000);
        let draft = Draft {
            name: long.clone(),
            purpose: long.clone(),
            systems: vec![long.clone(); 50],
            runs_on: long.clone(),
            model: long.clone(),
            answers: Answers {
                writes: true,
                customer_data: true,
                external_calls: true,
                money: true,
            },
            team: Some(long),
        };
        let text = serde_json::to_string(&draft.short()).unwrap();
        assert!(text.chars().count() <= 2_000, "{}", text.chars().count());
        assert_eq!(draft.short().short(), draft.short());
    }
}
