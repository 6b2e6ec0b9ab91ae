//! When the weekly digest is told.

use chrono::{Datelike, Days, FixedOffset, NaiveTime, TimeDelta, TimeZone, Weekday};

use crate::domain::time::Timestamp;

/// Once a week, in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekly {
    /// Where.
    pub channel: String,
    /// On which day.
    pub weekday: Weekday,
    /// At what time, by the clock of the rules.
    pub at: NaiveTime,
    /// How far that clock is from UTC.
    pub offset: FixedOffset,
}

/// The days as the policy writes them, with what Monday is to them.
pub(super) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

impl Weekly {
    /// The first time after this moment.
    pub fn after(&self, now: Timestamp) -> Timestamp {
        let here = now.with_timezone(&self.offset);
        let ahead = self.weekday.days_since(here.weekday());
        let day = here.date_naive().checked_add_days(Days::new(u64::from(ahead)));
        let first = day.and_then(|day| {
            // A fixed distance from UTC has no hour that is missing or there twice.
            self.offset.from_local_datetime(&day.and_time(self.at)).single()
        });
        match first.map(|at| at.to_utc()) {
            Some(at) if at > now => at,
            Some(at) => at + TimeDelta::weeks(1),
            // Beyond the end of the calendar.
            None => now + TimeDelta::weeks(1),
        }
    }

    /// In words: `monday at 09:00 in C0APPROVALS`.
    pub(super) fn words(&self) -> String {
        let day =
            WEEKDAYS.iter().find(|(_, day)| *day == self.weekday).map_or("", |(word, _)| word);
        format!("{day} at {} in {}", self.at.format("%H:%M"), self.channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn monday(offset: i32) -> Weekly {
        Weekly {
            channel: "C0APPROVALS".to_owned(),
            weekday: Weekday::Mon,
            at: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            offset: FixedOffset::east_opt(offset * 3_600).unwrap(),
        }
    }

    #[test]
    fn it_is_the_first_time_after_the_moment() {
        // 30 November 2026 is a Monday.
        for (offset, now, expected) in [
            (0, "2026-11-30T08:59:59Z", "2026-11-30T09:00:00Z"),
            (0, "2026-11-30T09:00:00Z", "2026-12-07T09:00:00Z"),
            (0, "2026-12-01T00:00:00Z", "2026-12-07T09:00:00Z"),
            (1, "2026-11-30T07:59:00Z", "2026-11-30T08:00:00Z"),
            (1, "2026-11-30T08:00:00Z", "2026-12-07T08:00:00Z"),
            (-8, "2026-11-30T09:00:00Z", "2026-11-30T17:00:00Z"),
            (14, "2026-11-29T12:00:00Z", "2026-11-29T19:00:00Z"),
        ] {
            assert_eq!(monday(offset).after(at(now)), at(expected), "{offset} {now}");
        }
    }

    proptest! {
        #[test]
        fn it_is_within_a_week_on_that_day_at_that_time(
            seconds in 0_i64..4_000_000_000,
            offset in -12_i32..=14,
            day in 0_usize..7,
            minute in 0_u32..1_440,
        ) {
            let now = Timestamp::from_timestamp(seconds, 0).unwrap();
            let at = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
            let weekly = Weekly { weekday: WEEKDAYS[day].1, at, ..monday(offset) };
            let next = weekly.after(now);
            prop_assert!(next > now && next <= now + TimeDelta::weeks(1));
            let here = next.with_timezone(&weekly.offset);
            prop_assert_eq!((here.weekday(), here.time()), (weekly.weekday, at));
        }
    }
}
