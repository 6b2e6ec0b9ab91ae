//! "Is this an agent? Should I register it?": a few plain questions, an answer, and one next step.
//!
//! The same for the terminal and for Slack's buttons. What was answered so far is a short word of the
//! answers' keys (`yn`), so that a button can carry it; [`Quiz::resume`] reads it again. Every text here
//! is for people who are no engineers.
//!
//! ```
//! use countersign::domain::quiz::{Outcome, Quiz, Whose};
//!
//! let quiz = Quiz::start().answer("y")?.answer("y")?; // a model works in it, and it acts by itself
//! let Quiz::Asking { question, .. } = &quiz else { panic!("it has one more question") };
//! assert_eq!(question.text(), "Whose access does it use?");
//! let Quiz::Answered { outcome, path } = quiz.answer("m")? else { panic!("that was the last one") };
//! assert_eq!(outcome, Outcome::Agent(Whose::APersons));
//! assert_eq!(path.to_string(), "yym");
//! # Ok::<(), countersign::domain::quiz::NoSuchAnswer>(())
//! ```

use std::fmt;

/// Where somebody stands in the quiz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quiz {
    /// A question is open.
    Asking {
        /// What is asked.
        question: Question,
        /// What was answered before.
        path: Path,
    },
    /// It is known what to do.
    Answered {
        /// What came out.
        outcome: Outcome,
        /// The answers that led here.
        path: Path,
    },
}

/// What is asked; at most four of these, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// Does an AI model work in it?
    Model,
    /// Can it do something that nobody looked at before?
    Acts,
    /// Does it run when nobody is watching?
    Alone,
    /// Does it see what not everybody may see?
    Sees,
    /// With whose access does it work?
    Access,
}

/// One answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No. To [`Question::Access`]: it uses none.
    No,
    /// The access is a person's.
    Persons,
    /// The access is its own.
    Own,
    /// Whoever answers does not know.
    Unsure,
}

/// The answers given so far, in order. Written as one letter each: `yym`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<Answer>);

/// Whose access an agent works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whose {
    /// A person's: everything that this person sees, it sees.
    APersons,
    /// Its own, or none.
    ItsOwn,
    /// Nobody knows yet; registering finds out.
    Unknown,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// An agent: register it now.
    Agent(Whose),
    /// No model decides, but it works by itself with a person's access: register it.
    Automation,
    /// A tool that a person uses, or a script with an account of its own: nothing to do.
    NotNeeded,
    /// It cannot be said from the answers; security can.
    AskSecurity,
}

/// Where the answer is read: the next step is something to type there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A terminal, with `agent-cli`.
    Terminal,
    /// Slack, with `/agent`.
    Slack,
}

/// Something that is no answer to the open question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no answer here; {choices}")]
pub struct NoSuchAnswer {
    given: String,
    choices: String,
}

enum Step {
    Ask(Question),
    Done(Outcome),
}

/// The whole graph: what follows on these answers. `None` after an end, and where no answer leads.
fn step(path: &[Answer]) -> Option<Step> {
    use Answer::{No, Own, Persons, Unsure, Yes};
    use Step::{Ask, Done};
    Some(match path {
        [] => Ask(Question::Model),

        // No model: it matters only if it runs by itself with somebody's access.
        [No] => Ask(Question::Alone),
        [No, No] => Done(Outcome::NotNeeded),
        [No, Yes | Unsure] => Ask(Question::Access),
        [No, Yes, Persons] => Done(Outcome::Automation),
        [No, Yes | Unsure, Own | No] => Done(Outcome::NotNeeded),
        [No, Yes | Unsure, Persons | Unsure] => Done(Outcome::AskSecurity),

        // A model that acts: an agent, whatever else is true.
        [Yes] => Ask(Question::Acts),
        [Yes, Yes] => Ask(Question::Access),
        [Yes, Yes, Persons] => Done(Outcome::Agent(Whose::APersons)),
        [Yes, Yes, Own | No] => Done(Outcome::Agent(Whose::ItsOwn)),
        [Yes, Yes, Unsure] => Done(Outcome::Agent(Whose::Unknown)),

        // A model that only writes, and a person beside it: the question is what it is shown.
        [Yes, No | Unsure] => Ask(Question::Alone),
        [Yes, No, No] => Ask(Question::Sees),
        [Yes, No, No, No] => Done(Outcome::NotNeeded),
        [Yes, No, No, Yes | Unsure] => Done(Outcome::AskSecurity),
        [Yes, Unsure, No] => Done(Outcome::AskSecurity),

        // A model that nobody watches: reading what not everybody may read makes it an agent.
        [Yes, No | Unsure, Yes | Unsure] => Ask(Question::Sees),
        [Yes, _, Yes, Yes] => Done(Outcome::Agent(Whose::Unknown)),
        [Yes, No, Yes, No] => Ask(Question::Access),
        [Yes, No, Yes, No, Persons] => Done(Outcome::Automation),
        [Yes, No, Yes, No, Own | No] => Done(Outcome::NotNeeded),
        [Yes, No, Yes, No, Unsure] => Done(Outcome::AskSecurity),
        [Yes, No | Unsure, Yes | Unsure, _] => Done(Outcome::AskSecurity),

        // Nobody knows whether a model works in it.
        [Unsure] => Ask(Question::Alone),
        [Unsure, No] => Done(Outcome::AskSecurity),
        [Unsure, Yes | Unsure] => Ask(Question::Access),
        [Unsure, Yes, Persons] => Done(Outcome::Automation),
        [Unsure, Yes | Unsure, _] => Done(Outcome::AskSecurity),
        _ => return None,
    })
}

impl Quiz {
    /// The first question.
    pub fn start() -> Self {
        Self::Asking { question: Question::Model, path: Path::default() }
    }

    /// Where these answers lead: `""` is the first question, `"yn"` the third.
    ///
    /// # Errors
    /// One of the letters is no answer where it stands, or there are letters after the end.
    pub fn resume(path: &str) -> Result<Self, NoSuchAnswer> {
        let mut quiz = Self::start();
        for letter in path.chars() {
            quiz = quiz.answer(letter.encode_utf8(&mut [0; 4]))?;
        }
        Ok(quiz)
    }

    /// Answers the open question, by the key of an answer or by its label (`y`, `yes`, `Not sure`).
    ///
    /// # Errors
    /// It is no answer to this question, or nothing is asked any more; the error says what there is.
    pub fn answer(self, given: &str) -> Result<Self, NoSuchAnswer> {
        let no_such = |choices: String| NoSuchAnswer { given: given.to_owned(), choices };
        let Self::Asking { question, mut path } = self else {
            return Err(no_such("the quiz is at its end: start again".to_owned()));
        };
        let wanted = given.trim().to_lowercase();
        let found = question.answers().iter().find(|answer| {
            wanted == answer.key() || wanted == question.label(**answer).to_lowercase()
        });
        let Some(answer) = found else {
            let each = question.answers().iter();
            let each = each.map(|a| format!("{} ({})", a.key(), question.label(*a)));
            return Err(no_such(format!("answer {}", each.collect::<Vec<_>>().join(", "))));
        };
        path.0.push(*answer);
        match step(&path.0) {
            Some(Step::Ask(question)) => Ok(Self::Asking { question, path }),
            Some(Step::Done(outcome)) => Ok(Self::Answered { outcome, path }),
            None => Err(no_such("these answers lead nowhere: start again".to_owned())),
        }
    }

    /// The answers so far.
    pub fn path(&self) -> &Path {
        match self {
            Self::Asking { path, .. } | Self::Answered { path, .. } => path,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|answer| f.write_str(answer.key()))
    }
}

impl Path {
    /// How many questions were answered.
    pub fn answered(&self) -> usize {
        self.0.len()
    }
}

impl Answer {
    /// One letter, the same for ever: it stands in buttons that were sent.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Yes => "y",
            Self::No => "n",
            Self::Persons => "m",
            Self::Own => "o",
            Self::Unsure => "u",
        }
    }
}

impl Question {
    /// The question itself: one sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Model => "Does an AI model work in it?",
            Self::Acts => "Can it do something before anybody has looked?",
            Self::Alone => "Does it run when nobody is watching?",
            Self::Sees => "Does it see things that not everybody may see?",
            Self::Access => "Whose access does it use?",
        }
    }

    /// Examples, for whoever hesitates: one or two sentences.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Model => {
                "For example ChatGPT, Claude, Gemini or Copilot, or a tool built on one."
            }
            Self::Acts => {
                "Send a message, change a file or a ticket, book, pay, delete, or ask another system. \
                 If you approve every single step, the answer is no."
            }
            Self::Alone => {
                "Every morning, whenever a message or a form comes in, or on a computer that is left on."
            }
            Self::Sees => {
                "Customers, colleagues, contracts, money, designs before launch, source code."
            }
            Self::Access => {
                "A password, a key or a token that you made while signed in as yourself is a person's."
            }
        }
    }

    /// The possible answers, in the order to show them.
    pub const fn answers(self) -> &'static [Answer] {
        match self {
            Self::Access => &[Answer::Persons, Answer::Own, Answer::No, Answer::Unsure],
            _ => &[Answer::Yes, Answer::No, Answer::Unsure],
        }
    }

    /// How an answer to this question is worded on a button.
    pub const fn label(self, answer: Answer) -> &'static str {
        match (self, answer) {
            (_, Answer::Yes) => "Yes",
            (_, Answer::Persons) => "Mine, or a colleague's",
            (_, Answer::Own) => "An account of its own",
            (Self::Access, Answer::No) => "None at all",
            (_, Answer::No) => "No",
            (_, Answer::Unsure) => "Not sure",
        }
    }
}

impl Outcome {
    /// The answer in one sentence.
    pub const fn headline(self) -> &'static str {
        match self {
            Self::Agent(_) => "This is an agent. Register it now: it takes two minutes.",
            Self::Automation => {
                "Not quite an agent, but it works with a person's access. Register it."
            }
            Self::NotNeeded => "This is no agent. You need not register it.",
            Self::AskSecurity => "This cannot be told from here. Ask security; they answer gladly.",
        }
    }

    /// Why it matters, in two or three sentences.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Agent(Whose::APersons) => {
                "It decides by itself, and with a person's access it sees and can change everything that \
                 person can, also what it never needed. Registered, it gets access of its own: only what \
                 it needs, only as long as it needs it, and it still works when that person moves on."
            }
            Self::Agent(Whose::ItsOwn) => {
                "It decides by itself, so somebody must answer for it and be able to stop it. \
                 Registered, it has an owner whom everybody finds, and every access has an end."
            }
            Self::Agent(Whose::Unknown) => {
                "It works without anybody watching, on things that are not for everybody. \
                 Registered, it has an owner whom everybody finds, and it is clear what it may see."
            }
            Self::Automation => {
                "A personal token sees everything its owner sees. A link that other tools call (a webhook) \
                 outlives whoever made it. And a script that a laptop starts every night is production: \
                 others rely on it before anybody has decided that they may."
            }
            Self::NotNeeded => {
                "Either a person starts it and sees what it does, or it uses no person's access. \
                 Come back when it begins to run by itself or to use somebody's own sign-in."
            }
            Self::AskSecurity => {
                "Some of it is not known yet, or it shows a model what not everybody may see. \
                 Finding out together takes minutes; finding out afterwards takes weeks."
            }
        }
    }

    /// The one next step.
    pub const fn next_step(self, door: Door) -> &'static str {
        match (self, door) {
            (Self::Agent(_) | Self::Automation, Door::Terminal) => "agent-cli init",
            (Self::Agent(_) | Self::Automation, Door::Slack) => "/agent register",
            (Self::NotNeeded, _) => "Nothing. Enjoy it.",
            (Self::AskSecurity, Door::Terminal) => {
                "agent-cli scan    looks at its folder; send what it says to your security team"
            }
            (Self::AskSecurity, Door::Slack) => {
                "Send your security team one message: what it does, and what it can see."
            }
        }
    }

    /// Whether it should be registered.
    pub const fn is_to_be_registered(self) -> bool {
        matches!(self, Self::Agent(_) | Self::Automation)
    }
}

#[cfg(test)]
#[path = "quiz_tests.rs"]
mod tests;
