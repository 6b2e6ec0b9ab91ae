//! The cases in `tests/*.toml`: what the policy is meant to say, tried.

mod evaluation;
mod routing;

use self::evaluation::Evaluation;
use self::routing::TestCase;
use super::read::{Log, Main, Table, Value, parse};
use super::{Mistake, Policy};

/// One case, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    file: String,
    line: u32,
    column: u32,
    case: Case,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Case {
    /// `[[test]]`: the way of a request.
    Way(TestCase),
    /// `[[evaluation]]`: the answer to a question at run time.
    Answer(Box<Evaluation>),
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The file that it stands in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// What was expected and is otherwise; empty if the case passed.
    pub failed: Vec<CaseFailed>,
}

/// One expectation that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFailed {
    /// What was expected: `needs`, `without_people`, `raises_to`, `refused`; `decision`, `reason`,
    /// `rule`.
    pub about: &'static str,
    /// What the case says.
    pub expected: String,
    /// What the policy says.
    pub got: String,
}

/// Reads one file. What cannot be read is noted.
pub(super) fn read(log: &mut Log<'_>, file: &str, text: &str, main: Option<&Main>) -> Vec<Placed> {
    let Some(tree) = parse(text, log) else { return Vec::new() };
    let root = Table::root(&tree);
    root.only(log, &["test", "evaluation"]);
    let mut all = Vec::new();
    let mut each = |log: &mut Log<'_>,
                    key: &str,
                    one: &dyn Fn(&mut Log<'_>, &Value<'_, '_>) -> Option<Case>| {
        let like = format!("[[{key}]], with double brackets");
        for value in root.get(key).and_then(|v| v.list(log, &like)).into_iter().flatten() {
            let Some(case) = one(log, &value) else { continue };
            let (line, column) = log.position(value.at);
            all.push(Placed { file: file.to_owned(), line, column, case });
        }
    };
    each(log, "test", &|log, value| routing::read(log, value, main).map(Case::Way));
    each(log, "evaluation", &|log, value| {
        evaluation::read(log, value, main).map(|case| Case::Answer(Box::new(case)))
    });
    // As they stand in the file.
    all.sort_by_key(|case| (case.line, case.column));
    all
}

/// Tries all cases.
pub(super) fn run(policy: &Policy) -> Vec<CaseResult> {
    policy.cases.iter().map(|placed| placed.result(policy)).collect()
}

/// The cases that fail, as mistakes: a policy that does not do what its authors say it does is not
/// what they meant.
pub(super) fn failures(policy: &Policy) -> Vec<Mistake> {
    let failed = policy.cases.iter().filter_map(|placed| {
        let result = placed.result(policy);
        let each: Vec<String> = result
            .failed
            .iter()
            .map(|CaseFailed { about, expected, got }| {
                format!("{about}: expected {expected}, got {got}")
            })
            .collect();
        (!each.is_empty()).then(|| Mistake {
            file: placed.file.clone(),
            line: placed.line,
            column: placed.column,
            what: format!("the case \"{}\" fails ({})", result.name, each.join("; ")),
            cure: "Correct the policy, or what the case expects.".to_owned(),
        })
    });
    failed.collect()
}

/// Whether the cases are the same, wherever they stand.
pub(super) fn same(old: &Policy, new: &Policy) -> bool {
    old.cases.iter().map(|placed| &placed.case).eq(new.cases.iter().map(|placed| &placed.case))
}

impl Placed {
    fn result(&self, policy: &Policy) -> CaseResult {
        let (name, failed) = match &self.case {
            Case::Way(case) => (case.name(), case.failed(policy)),
            Case::Answer(case) => (case.name(), case.failed(policy)),
        };
        CaseResult { file: self.file.clone(), name: name.to_owned(), failed }
    }
}
