//! The gate's answer as JUnit's XML, which nearly every pipeline shows. Pure.

use std::fmt::Write as _;

use super::report::{Finding, Judged, Level, Report};

/// The report: a suite for each manifest, a case for each check. What is only advice is a skipped case,
/// because a failed one would turn the pipeline red.
pub(super) fn render(report: &Report) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures) = (0, 0);
    for judged in &report.judged {
        let failed = judged.checks.iter().filter(|check| check.outcome == Level::Failed).count();
        let failed_here = if report.advise { 0 } else { failed };
        let skipped = if report.advise { failed } else { 0 };
        tests += judged.checks.len();
        failures += failed_here;
        // Writing to a text cannot fail.
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed_here}\" errors=\"0\" \
             skipped=\"{skipped}\" time=\"0\">",
            escaped(judged.name()),
            judged.checks.len(),
        );
        for finding in &judged.checks {
            case(judged, finding, report.advise, &mut suites);
        }
        suites.push_str("  </testsuite>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"countersign gate\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{suites}</testsuites>\n"
    )
}

fn case(judged: &Judged, finding: &Finding, advise: bool, out: &mut String) {
    let (file, name) = (escaped(&judged.file), escaped(&finding.title()));
    let line = finding.place.line;
    let _ = write!(
        out,
        "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" time=\"0\""
    );
    let found = escaped(&finding.found);
    let rest = escaped(&details(finding));
    let _ = match (finding.outcome, advise) {
        (Level::Passed, _) => out.write_str("/>\n"),
        (Level::Noted, _) => {
            writeln!(out, ">\n      <system-out>{found}\n{rest}</system-out>\n    </testcase>")
        }
        (Level::Failed, true) => {
            writeln!(out, ">\n      <skipped message=\"{found}\"/>\n    </testcase>")
        }
        (Level::Failed, false) => writeln!(
            out,
            ">\n      <failure message=\"{found}\" type=\"{}\">{rest}</failure>\n    </testcase>",
            escaped(&finding.rule)
        ),
    };
}

/// Why, and what to do next, each on a line.
pub(super) fn details(finding: &Finding) -> String {
    let mut lines: Vec<String> = finding.why.iter().map(|why| format!("Why: {why}")).collect();
    lines.extend(finding.next.iter().map(|next| format!("Next: {next}")));
    lines.join("\n")
}

/// For an attribute or a text of XML 1.0: what would be read as markup is escaped, and what no document
/// may hold becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
