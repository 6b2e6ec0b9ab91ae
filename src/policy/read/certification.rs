//! `[certification]`: when owners are asked anew, and what follows when they do not answer.

use super::walk::{Table, Value};
use super::{Certifying, Log};
use crate::domain::time::Span;

/// How long a word holds, if the section is absent.
const EVERY: Span = Span::days(90);
/// How long before its end the owner is asked, at the most, if the policy does not say.
const OPEN_BEFORE: Span = Span::days(14);
/// When the owner is reminded, if the policy does not say and there is time for it.
const REMIND_BEFORE: [Span; 2] = [Span::days(7), Span::days(1)];
/// How long after it lapsed the agent is suspended, if the policy does not say.
const GRACE: Span = Span::days(7);
/// The least of any of them: people are away for a night.
const LEAST: Span = Span::days(1);

/// The section, with what it leaves out.
pub(super) fn certification(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Certifying> {
    let Some(value) = root.get("certification") else { return Some(usual(EVERY)) };
    let table = value.table(log, "[certification]")?;
    table.only(log, &["every", "open_before", "remind_before", "grace"]);
    let every = table.need(log, "every", "Say how long it holds: every = \"90d\".");
    let every = every.and_then(|value| at_least_a_day(log, &value, "Owners would do nothing else"));
    let usual = usual(every.unwrap_or(EVERY));
    let open_before = match table.get("open_before") {
        None => Some(usual.open_before),
        Some(value) => {
            let span = at_least_a_day(log, &value, "Owners would have no time to answer");
            if let (Some(span), Some(every)) = (span, every)
                && span >= every
            {
                log.mistake(
                    value.at,
                    format!("{} is not shorter than certification.every ({every})", value.path),
                    "Owners would be asked again as soon as they answered: make it shorter.",
                );
            }
            span
        }
    };
    let remind_before = match table.get("remind_before") {
        None => {
            let open = open_before.unwrap_or(usual.open_before);
            Some(REMIND_BEFORE.into_iter().filter(|span| *span < open).collect())
        }
        Some(value) => reminders(log, &value, open_before),
    };
    let grace = match table.get("grace") {
        None => Some(GRACE),
        Some(value) => at_least_a_day(log, &value, "Nobody could put it right in time"),
    };
    Some(Certifying {
        every: every?,
        open_before: open_before?,
        remind_before: remind_before?,
        grace: grace?,
    })
}

/// What holds where the policy says only how long a word holds.
fn usual(every: Span) -> Certifying {
    let open_before = OPEN_BEFORE.min(every.half());
    Certifying {
        every,
        open_before,
        remind_before: REMIND_BEFORE.into_iter().filter(|span| *span < open_before).collect(),
        grace: GRACE,
    }
}

fn at_least_a_day(log: &mut Log<'_>, value: &Value<'_, '_>, otherwise: &str) -> Option<Span> {
    let span = value.span(log)?;
    if span < LEAST {
        let what = format!("{} is shorter than a day", value.path);
        log.mistake(value.at, what, format!("{otherwise}: write it like \"90d\"."));
    }
    Some(span)
}

fn reminders(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    open_before: Option<Span>,
) -> Option<Vec<Span>> {
    let mut spans: Vec<Span> = Vec::new();
    for value in &value.list(log, "[\"7d\", \"1d\"]")? {
        let Some(span) = value.span(log) else { continue };
        if spans.contains(&span) {
            log.mistake(value.at, format!("{span} stands here twice"), "Remove one of them.");
        } else if let Some(open) = open_before.filter(|open| span >= *open) {
            log.mistake(
                value.at,
                format!(
                    "owners are asked {open} before, so nobody would be reminded {span} before"
                ),
                format!("Make it shorter than {open}, or remove it."),
            );
        }
        spans.push(span);
    }
    spans.sort_unstable_by(|a, b| b.cmp(a));
    Some(spans)
}
