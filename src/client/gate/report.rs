//! What the gate found, in the one shape that every output is made of. Pure.

use serde::Serialize;

use crate::client::exit::Exit;
use crate::client::manifest::{Found, Mistake, Place};
use crate::contract::Lasting;
use crate::contract::gate::{GateAnswer, Outcome};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Passed,
    /// Not wrong, and worth knowing.
    Noted,
    /// It stops the pipeline, unless the pipeline only wants advice.
    Failed,
}

/// One check of one manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `registered`, `active`, `tier`, `certified`, `manifest`, `access`, or `asked`: whether there is an
    /// answer at all. Stable, for programs.
    pub rule: String,
    /// What it is about, where there are several of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How it went.
    pub outcome: Level,
    /// What was found, in a sentence.
    pub found: String,
    /// Why it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What mends it, in the order in which to try it; commands where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// Where in the manifest.
    #[serde(flatten)]
    pub place: Place,
}

impl Finding {
    /// `access database:read`.
    pub fn title(&self) -> String {
        match &self.about {
            Some(about) => format!("{} {about}", self.rule),
            None => self.rule.clone(),
        }
    }
}

/// What is said of one manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The manifest's file, as it was named.
    pub file: String,
    /// The agent's name, if one can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The checks, in the order in which to mend them.
    pub checks: Vec<Finding>,
    /// The usual time until what is missing is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<Lasting>,
    /// Within how long people must decide on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decide_within: Option<Lasting>,
    /// Whom to ask, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ask: Vec<String>,
    /// The link that puts the ready request before the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The policy's digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// The rule under which stands that there is no answer.
pub const ASKED: &str = "asked";
/// What [`MANIFEST`] is about where there is none.
const MISSING: &str = "missing";
/// The rule under which stands what is wrong with the manifest itself.
pub const MANIFEST: &str = "manifest";

impl Judged {
    fn alone(file: &str, agent: Option<String>, checks: Vec<Finding>) -> Self {
        let file = file.to_owned();
        let ask = Vec::new();
        let (usual, decide_within, link, policy) = (None, None, None, None);
        Self { file, agent, checks, usual, decide_within, ask, link, policy }
    }

    /// What the registry answered.
    pub fn answered(file: &str, found: &Found, answer: GateAnswer) -> Self {
        let finding = |check: crate::contract::gate::Check| {
            let about = check.about.as_deref();
            let place = match (check.rule.as_str(), about) {
                (_, Some(about)) => found.place(about),
                ("tier", None) => found.place("writes"),
                (_, None) => found.place("name"),
            };
            let outcome = match check.outcome {
                Outcome::Passed => Level::Passed,
                Outcome::Noted => Level::Noted,
                Outcome::Failed => Level::Failed,
            };
            let (rule, about, found) = (check.rule, check.about, check.found);
            Finding { rule, about, outcome, found, why: check.why, next: check.next, place }
        };
        let mut checks: Vec<Finding> = answer.checks.into_iter().map(finding).collect();
        if !answer.passed && !checks.iter().any(|check| check.outcome == Level::Failed) {
            // A newer server may fail what this client has no word for: a no stays a no.
            checks.push(Finding {
                rule: ASKED.to_owned(),
                about: None,
                outcome: Level::Failed,
                found: "The server says that the pipeline must not go on.".to_owned(),
                why: None,
                next: vec!["use a newer agent-cli to learn more".to_owned()],
                place: found.place("name"),
            });
        }
        Self {
            usual: answer.usual,
            decide_within: answer.decide_within,
            ask: answer.ask,
            link: answer.link,
            policy: Some(answer.policy),
            ..Self::alone(file, Some(answer.agent), checks)
        }
    }

    /// The manifest cannot be read.
    pub fn mistaken(file: &str, mistakes: Vec<Mistake>) -> Self {
        let finding = |mistake: Mistake| Finding {
            rule: MANIFEST.to_owned(),
            about: None,
            outcome: Level::Failed,
            found: mistake.what,
            why: None,
            next: vec![mistake.cure],
            place: mistake.place,
        };
        Self::alone(file, None, mistakes.into_iter().map(finding).collect())
    }

    /// There is no manifest.
    pub fn missing(file: &str) -> Self {
        let finding = Finding {
            rule: MANIFEST.to_owned(),
            about: Some(MISSING.to_owned()),
            outcome: Level::Failed,
            found: format!("There is no {file}."),
            why: Some(
                "Without it nobody can see which agent this repository is, and who answers for it."
                    .to_owned(),
            ),
            next: vec![
                "agent-cli init".to_owned(),
                "agent-cli quiz   if you are not sure that this is an agent".to_owned(),
            ],
            place: Place::START,
        };
        Self::alone(file, None, vec![finding])
    }

    /// Nobody said whether it may pass.
    pub fn unjudged(file: &str, found: &Found, silence: &Silence, goes_on: bool) -> Self {
        let Silence { what, why, next, .. } = silence;
        let mut why = why.clone().unwrap_or_default();
        if !why.is_empty() {
            why.push_str(if why.ends_with(['.', '!', '?']) { " " } else { ". " });
        }
        why.push_str(if goes_on {
            "The pipeline goes on unchecked, as it was told to (--on-unreachable warn)."
        } else {
            "Unchecked is not passed: the pipeline stops."
        });
        let finding = Finding {
            rule: ASKED.to_owned(),
            about: None,
            outcome: if goes_on { Level::Noted } else { Level::Failed },
            found: what.clone(),
            why: Some(why),
            next: next.clone(),
            place: found.place("name"),
        };
        Self::alone(file, Some(found.manifest.agent.name.clone()), vec![finding])
    }

    /// Whether a check failed.
    pub fn failed(&self) -> bool {
        self.checks.iter().any(|check| check.outcome == Level::Failed)
    }

    /// Whether nobody said how it stands.
    pub(super) fn without_answer(&self) -> bool {
        self.checks.iter().any(|check| check.rule == ASKED)
    }

    /// Whether there is no manifest at all.
    pub(super) fn is_missing(&self) -> bool {
        self.checks.iter().any(|check| check.about.as_deref() == Some(MISSING))
    }

    /// The agent's name, or the file's.
    pub fn name(&self) -> &str {
        self.agent.as_deref().unwrap_or(&self.file)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// What happened.
    pub what: String,
    /// Why.
    pub why: Option<String>,
    /// What to do.
    pub next: Vec<String>,
    /// Whether the server is away, and not the caller at fault.
    pub away: bool,
    /// The exit status that tells it.
    pub exit: Exit,
}

/// The whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Each manifest.
    pub judged: Vec<Judged>,
    /// Whether the pipeline only wants advice.
    pub advise: bool,
    /// How a missing answer ends, if one is missing.
    pub silence: Option<Exit>,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No check failed.
    Passed,
    /// Nobody said no, and not everybody was asked: the operator chose to go on.
    Unchecked,
    /// A check failed, and the pipeline only wanted advice.
    Advised,
    /// A check failed.
    Failed,
}

impl Verdict {
    /// The word for it, as programs read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unchecked => "unchecked",
            Self::Advised => "advised",
            Self::Failed => "failed",
        }
    }
}

impl Report {
    /// How it ends.
    pub fn verdict(&self) -> Verdict {
        if self.judged.iter().any(Judged::failed) {
            if self.advise { Verdict::Advised } else { Verdict::Failed }
        } else if self.judged.iter().any(Judged::without_answer) {
            Verdict::Unchecked
        } else {
            Verdict::Passed
        }
    }

    /// The exit status: 1 where the registry or the manifest says no, otherwise what a missing answer
    /// ends with.
    pub fn exit(&self) -> Exit {
        if self.verdict() != Verdict::Failed {
            return Exit::Done;
        }
        let said_no = |judged: &Judged| judged.failed() && !judged.without_answer();
        match self.silence {
            Some(exit) if !self.judged.iter().any(said_no) => exit,
            _ => Exit::No,
        }
    }
}
