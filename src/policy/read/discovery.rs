//! Reads `[discovery]`: what is looked for that nobody registered.

use super::log::Log;
use super::trust::within;
use super::walk::Table;
use crate::domain::time::Span;
use crate::policy::discovery::{Discovery, Pattern};

/// Reads the section; without it the workspace is not looked through.
pub(super) fn read(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Discovery> {
    let usual = Discovery::default();
    let Some(value) = root.get("discovery") else { return Some(usual) };
    let table = value.table(log, "[discovery]")?;
    table.only(log, &["slack", "ignore", "remind_after"]);
    let slack = table
        .need(log, "slack", "Say whether the workspace is looked through: slack = true.")
        .and_then(|value| value.flag(log));
    let remind_after = match table.get("remind_after") {
        None => Some(usual.remind_after),
        Some(value) => within(log, &value, Span::hours(1), Span::days(366)),
    };
    let mut ignore = Vec::new();
    if let Some(value) = table.get("ignore") {
        for key in value.texts(log, "[\"U0123456789\", \"build-*\"], in quotes and brackets")? {
            match Pattern::new(key.name) {
                Some(pattern) if ignore.contains(&pattern) => log.mistake(
                    key.at,
                    format!("{} names {} twice", value.path, pattern.as_str()),
                    "Remove one of them.",
                ),
                Some(pattern) => ignore.push(pattern),
                None => log.mistake(
                    key.at,
                    format!("{}: this would pass over everything", value.path),
                    "Write an id or a name, in which * stands for any text: \"build-*\".",
                ),
            }
        }
    }
    Some(Discovery { slack: slack?, ignore, remind_after: remind_after? })
}
