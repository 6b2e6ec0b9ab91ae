//! The gate's answer for programs. Pure.

use serde::Serialize;

use super::report::{Judged, Report, Verdict};

/// The answer as JSON: `verdict` (`passed`, `unchecked`, `advised`, `failed`), `passed` (whether no check
/// failed), `exit_status`, and `agents` with `checks`, each with its place.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    verdict: Verdict,
    passed: bool,
    exit_status: u8,
    agents: &'a [Judged],
}

/// The report as a document.
pub(super) fn document(report: &Report) -> Document<'_> {
    let verdict = report.verdict();
    Document {
        verdict,
        passed: matches!(verdict, Verdict::Passed | Verdict::Unchecked),
        exit_status: report.exit().status(),
        agents: &report.judged,
    }
}
