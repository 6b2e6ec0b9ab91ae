//! Cedar's complaints, said as mistakes of the folder.

use cedar_policy::ffi::DetailedError;

use crate::policy::read::Log;

/// Notes an error and those that came with it, each at its place. Without advice of its own, the
/// cure is this one.
pub(super) fn mistakes(log: &mut Log<'_>, error: &DetailedError, cure: &str) {
    for error in std::iter::once(error).chain(&error.related) {
        let (at, what, cure) = said(error, cure);
        log.mistake(at, what, cure);
    }
}

/// Notes a doubt.
pub(super) fn warning(log: &mut Log<'_>, error: &DetailedError, cure: &str) {
    let (at, what, cure) = said(error, cure);
    log.warn(at, what, cure);
}

fn said(error: &DetailedError, cure: &str) -> (usize, String, String) {
    let label = error.source_locations.first();
    let at = label.map_or(0, |label| label.loc.start);
    let mut what = one_line(&error.message);
    // The place says which rule it is.
    if let Some((_, rest)) = what.strip_prefix("for policy `").and_then(|r| r.split_once("`, ")) {
        what = rest.to_owned();
    }
    let expected = label.and_then(|label| label.label.as_deref()).map(one_line);
    if let Some(expected) = expected.filter(|words| !words.is_empty() && !what.contains(words)) {
        what = format!("{what}: {expected}");
    }
    let cure = match error.help.as_deref().map(one_line).filter(|help| !help.is_empty()) {
        Some(help) => sentence(&help),
        None => cure.to_owned(),
    };
    (at, what, cure)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
