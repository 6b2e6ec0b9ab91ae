//! What `countersign policy check | test | plan | explain` print: plain words, and whether all is
//! well. Each takes the folder, or `None` for the starter that is part of the program.

mod explain;

use std::fmt::Write;
use std::path::Path;

pub use explain::explain_report;

use super::plan::{Change, Effect, plan};
use super::{CaseFailed, Policy, Refused};

/// What to print, and whether all is well (exit status 0) or not (1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The text, with a line end at its end.
    pub text: String,
    /// Whether all is well.
    pub ok: bool,
}

/// The policy, whether or not its own tests pass: who wants to see why they fail must see it.
fn open(folder: Option<&Path>) -> Result<Policy, Report> {
    folder.map_or_else(|| Ok(Policy::starter()), Policy::load_untried).map_err(refused)
}

fn refused(refused: Refused) -> Report {
    Report { text: mistakes(&refused), ok: false }
}

fn mistakes(refused: &Refused) -> String {
    let mut text = String::new();
    for mistake in &refused.mistakes {
        let _ = writeln!(text, "{mistake}");
    }
    let n = refused.mistakes.len();
    let _ =
        writeln!(text, "\n{} to correct. A server would not take this policy.", many(n, "mistake"));
    text
}

/// `1 mistake`, `2 mistakes`.
fn many(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// Names every mistake with file, line and cure; or says in a few lines what the policy holds, and
/// what in it is perhaps not meant.
pub fn check_report<'a>(folder: impl Into<Option<&'a Path>>) -> Report {
    let policy = match open(folder.into()) {
        Ok(policy) => policy,
        Err(report) => return report,
    };
    let policy = match policy.tried() {
        Ok(policy) => policy,
        Err(failed) => return refused(failed),
    };
    let mut text = String::new();
    for warning in policy.warnings() {
        let _ = writeln!(text, "{warning}");
    }
    if !policy.warnings().is_empty() {
        let n = many(policy.warnings().len(), "warning");
        let _ = writeln!(text, "\n{n}: allowed, and perhaps not meant.");
    }
    let _ = writeln!(
        text,
        "The policy checks: {}, {}, {}, {} without people, {} at run time, {}.\nDigest {}",
        many(policy.roles.len(), "role"),
        many(policy.teams.len(), "team"),
        many(policy.resources.len(), "resource"),
        many(policy.without_people.len(), "rule"),
        many(policy.rules.all().count(), "rule"),
        many(policy.cases.len(), "test"),
        policy.digest()
    );
    Report { text, ok: true }
}

/// Runs the cases in `tests/*.toml` and says of each whether the policy does what it expects.
pub fn test_report<'a>(folder: impl Into<Option<&'a Path>>) -> Report {
    let policy = match open(folder.into()) {
        Ok(policy) => policy,
        Err(report) => return report,
    };
    let results = policy.test();
    if results.is_empty() {
        let text = "There are no tests. Say in tests/*.toml what the policy is meant to do: \
                    manifests/policy/tests has examples.\n";
        return Report { text: text.to_owned(), ok: true };
    }
    let mut text = String::new();
    let mut file = "";
    for result in &results {
        if file != result.file {
            file = &result.file;
            let _ = writeln!(text, "{file}");
        }
        let mark = if result.failed.is_empty() { '✓' } else { '✗' };
        let _ = writeln!(text, "  {mark} {}", result.name);
        for failed in &result.failed {
            let CaseFailed { about, expected, got } = failed;
            let _ = writeln!(text, "      {about}: expected {expected}, got {got}");
        }
    }
    let failed = results.iter().filter(|r| !r.failed.is_empty()).count();
    let _ = match failed {
        0 => writeln!(text, "\n{}, all passed.", many(results.len(), "test")),
        n => writeln!(text, "\n{}, {n} failed.", many(results.len(), "test")),
    };
    Report { text, ok: failed == 0 }
}

/// Says what a new policy would change against an old one, and marks what opens more than before.
///
/// The second value is the exit status: 0 nothing changes, 2 something does, 3 access is widened;
/// 1 one of the two has mistakes, which the text names.
pub fn plan_report<'a>(
    old: impl Into<Option<&'a Path>>,
    new: impl Into<Option<&'a Path>>,
) -> (String, u8) {
    let (old, new) = match (open(old.into()), open(new.into())) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            let mut text = String::new();
            for (which, policy) in [("old", old), ("new", new)] {
                if let Err(report) = policy {
                    let _ = writeln!(text, "The {which} policy:\n{}", report.text);
                }
            }
            return (text, 1);
        }
    };
    let changes = plan(&old, &new);
    let mut text = changes_text(&changes);
    let status = match changes.iter().map(|change| change.effect).max() {
        None => {
            text.push_str(if old.digest() == new.digest() {
                "Nothing changes: the files are the same.\n"
            } else {
                "Nothing changes: the files differ only in how they are written.\n"
            });
            0
        }
        Some(Effect::Widens) => {
            let n = changes.iter().filter(|c| c.effect == Effect::Widens).count();
            let all = many(changes.len(), "change");
            let _ = writeln!(
                text,
                "\n{all}, {n} of which {} access (⚠): have security look at {}.",
                if n == 1 { "widens" } else { "widen" },
                if n == 1 { "it" } else { "them" }
            );
            3
        }
        Some(_) => {
            let _ =
                writeln!(text, "\n{}, none of which widens access.", many(changes.len(), "change"));
            2
        }
    };
    (text, status)
}

fn changes_text(changes: &[Change]) -> String {
    let width = changes.iter().map(|change| change.about.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for Change { about, what, effect } in changes {
        let mark = match effect {
            Effect::Widens => '⚠',
            Effect::Narrows => '−',
            Effect::Same => '·',
        };
        let _ = writeln!(text, "{mark} {about:width$}  {what}");
    }
    text
}
