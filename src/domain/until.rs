//! Until when, as people write it: `Friday`, `tomorrow`, `2026-12-24`, `24 December`, `3d`, with an
//! hour if they like. A day that is named means to its end, by the clock of the policy.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};

use super::time::{Span, Timestamp};

/// A text that names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no day: write it like `Friday`, `2026-12-24` or `3d`")]
pub struct BadUntil(pub String);

/// The moment that is meant. It may have passed: whoever asked decides what that means.
///
/// A weekday is the next such day, today included; a month and day without a year the next such
/// date; an hour without a day is today's.
///
/// # Errors
///
/// The text names no moment.
pub fn until(text: &str, now: Timestamp, clock: FixedOffset) -> Result<Timestamp, BadUntil> {
    read(text, now, clock).ok_or_else(|| BadUntil(text.trim().chars().take(40).collect()))
}

fn read(text: &str, now: Timestamp, clock: FixedOffset) -> Option<Timestamp> {
    let text = text.trim().to_lowercase().replace(',', " ");
    if let Ok(span) = text.strip_prefix("for ").unwrap_or(&text).parse::<Span>() {
        return now.checked_add_signed(span.delta());
    }
    // As other clocks write a moment.
    if let Ok(at) = DateTime::parse_from_rfc3339(&text.to_uppercase()) {
        return Some(at.to_utc());
    }
    let text = text.replacen('t', "T", usize::from(is_iso_moment(&text))).replace('T', " ");
    const FILLERS: [&str; 8] = ["until", "till", "to", "the", "end", "of", "on", "at"];
    let words: Vec<&str> = text.split_whitespace().filter(|word| !FILLERS.contains(word)).collect();
    let today = now.with_timezone(&clock).date_naive();
    let (hour, words) = match words.split_last() {
        Some((last, before)) if last.contains(':') => (Some(time(last)?), before.to_vec()),
        _ => (None, words),
    };
    let day = match words.as_slice() {
        [] => hour.map(|_| today)?,
        ["today"] => today,
        ["tomorrow"] => today.succ_opt()?,
        [word] => date(word).or_else(|| weekday(word, today))?,
        [one, two] => day_and_month(one, two, None, today)?,
        [one, two, year] => day_and_month(one, two, Some(year.parse().ok()?), today)?,
        _ => return None,
    };
    let local = match hour {
        Some(hour) => day.and_time(hour),
        None => day.succ_opt()?.and_time(NaiveTime::MIN),
    };
    clock.from_local_datetime(&local).single().map(|at| at.with_timezone(&Utc))
}

fn is_iso_moment(text: &str) -> bool {
    text.get(10..11) == Some("t") && text.get(..10).is_some_and(|day| date(day).is_some())
}

fn date(word: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(word, "%Y-%m-%d").ok()
}

fn time(word: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(word, "%H:%M").ok()
}

/// The next such weekday, today included.
fn weekday(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    let day: Weekday = word.parse().ok()?;
    let ahead = day.days_since(today.weekday());
    today.checked_add_days(Days::new(u64::from(ahead)))
}

/// `24 december` or `december 24`; without a year the next one.
fn day_and_month(one: &str, two: &str, year: Option<i32>, today: NaiveDate) -> Option<NaiveDate> {
    let number = |word: &str| {
        word.trim_end_matches(|c: char| c == '.' || c.is_ascii_alphabetic()).parse::<u32>().ok()
    };
    let month = |word: &str| {
        word.trim_end_matches('.').parse::<chrono::Month>().ok().map(|m| m.number_from_month())
    };
    let (day, month) = match (number(one), month(two)) {
        (Some(day), Some(month)) => (day, month),
        _ => (number(two)?, month(one)?),
    };
    let in_year = |year| NaiveDate::from_ymd_opt(year, month, day);
    match year {
        Some(year) => in_year(year),
        None => in_year(today.year())
            .filter(|day| *day >= today)
            .or_else(|| in_year(today.year().checked_add(1)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Wednesday, 2 December 2026, 10:00 UTC.
    fn now() -> Timestamp {
        moment("2026-12-02T10:00:00Z")
    }

    fn hours(n: i32) -> FixedOffset {
        FixedOffset::east_opt(n * 3_600).unwrap()
    }

    #[test]
    fn people_write_days_in_many_ways() {
        for (text, expected) in [
            ("Friday", "2026-12-05T00:00:00Z"),
            ("until Friday", "2026-12-05T00:00:00Z"),
            ("the end of fri", "2026-12-05T00:00:00Z"),
            ("Friday 18:00", "2026-12-04T18:00:00Z"),
            ("Wednesday", "2026-12-03T00:00:00Z"),
            ("Tuesday", "2026-12-09T00:00:00Z"),
            ("today", "2026-12-03T00:00:00Z"),
            ("18:30", "2026-12-02T18:30:00Z"),
            ("tomorrow", "2026-12-04T00:00:00Z"),
            ("tomorrow at 9:15", "2026-12-03T09:15:00Z"),
            ("2026-12-24", "2026-12-25T00:00:00Z"),
            ("2026-12-24 18:00", "2026-12-24T18:00:00Z"),
            ("2026-12-24T18:00", "2026-12-24T18:00:00Z"),
            ("2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00Z"),
            ("24 December", "2026-12-25T00:00:00Z"),
            ("December 24th", "2026-12-25T00:00:00Z"),
            ("24. Dec", "2026-12-25T00:00:00Z"),
            ("1 December", "2027-12-02T00:00:00Z"),
            ("24 December 2027", "2027-12-25T00:00:00Z"),
            ("Dec 24, 2027", "2027-12-25T00:00:00Z"),
            ("3d", "2026-12-05T10:00:00Z"),
            ("for 3 days", "2026-12-05T10:00:00Z"),
            ("1 week", "2026-12-09T10:00:00Z"),
        ] {
            assert_eq!(until(text, now(), hours(0)), Ok(moment(expected)), "{text}");
        }
        for text in
            ["", "until", "whenever", "31 February", "2026-13-01", "25:00", "24 24", "Friday week"]
        {
            assert!(until(text, now(), hours(0)).is_err(), "{text}");
        }
    }

    #[test]
    fn the_day_is_the_one_of_the_policys_clock() {
        for (clock, expected) in [(2, "2026-12-04T22:00:00Z"), (-8, "2026-12-05T08:00:00Z")] {
            assert_eq!(until("Friday", now(), hours(clock)), Ok(moment(expected)), "{clock}");
        }
        // It is Thursday already in the east.
        let late = moment("2026-12-02T23:30:00Z");
        assert_eq!(until("today", late, hours(2)), Ok(moment("2026-12-03T22:00:00Z")));
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(text in "\\PC{0,60}", clock in -12i32..=12) {
            let _ = until(&text, now(), hours(clock));
        }
    }
}
