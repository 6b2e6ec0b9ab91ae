//! Reads `[digest]`: when and where the numbers of the week are told.

use chrono::{FixedOffset, NaiveTime, Weekday};

use super::ids::{self, Kind};
use super::log::Log;
use super::walk::{Table, Value};
use crate::policy::near;
use crate::policy::weekly::{WEEKDAYS, Weekly};

/// As it is read, before the clock of the rules is known.
pub(super) struct Digest {
    channel: String,
    weekday: Weekday,
    at: NaiveTime,
}

impl Digest {
    /// By this clock.
    pub(super) fn by(self, offset: FixedOffset) -> Weekly {
        let Self { channel, weekday, at } = self;
        Weekly { channel, weekday, at, offset }
    }
}

/// The section; none if it is absent.
pub(super) fn read(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Option<Digest>> {
    let Some(value) = root.get("digest") else { return Some(None) };
    let table = value.table(log, "[digest]")?;
    table.only(log, &["channel", "weekday", "at"]);
    let channel = table
        .need(log, "channel", "Name the channel where it is told: channel = \"C…\".")
        .and_then(|value| ids::one(log, &value, Kind::Channel));
    let weekday = match table.get("weekday") {
        Some(value) => weekday(log, &value),
        None => Some(Weekday::Mon),
    };
    let at = match table.get("at") {
        Some(value) => time(log, &value),
        None => NaiveTime::from_hms_opt(9, 0, 0),
    };
    Some(Some(Digest { channel: channel?, weekday: weekday?, at: at? }))
}

fn weekday(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Weekday> {
    let text = value.text(log, "\"monday\"")?;
    let found = WEEKDAYS.iter().find(|(word, _)| *word == text).map(|(_, day)| *day);
    if found.is_none() {
        log.mistake(
            value.at,
            format!("{}: \"{text}\" is no day of the week", value.path),
            near::cure(text, "days", WEEKDAYS.map(|(word, _)| word)),
        );
    }
    found
}

fn time(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<NaiveTime> {
    let text = value.text(log, "\"09:00\"")?;
    let shape = text.len() == 5 && text.is_ascii();
    let found = NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| shape);
    if found.is_none() {
        log.mistake(
            value.at,
            format!("{}: \"{text}\" is no time of day", value.path),
            "Write hours and minutes like \"09:00\" or \"17:30\".",
        );
    }
    found
}
