//! Moments, as people say them: how far away, and what their clock shows.

use chrono::{Local, TimeDelta};

use crate::domain::time::{Span, Timestamp};

/// How far away a moment is, in one unit: `in 5 minutes`, `2 hours ago`, `now`.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let away = at - now;
    let length = one_unit(away.abs());
    match length {
        None => "now".to_owned(),
        Some(length) if away > TimeDelta::zero() => format!("in {length}"),
        Some(length) => format!("{length} ago"),
    }
}

/// A moment, by the clock and by how far away it is: `14:40 (in 12 minutes)`.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", clock(at, now), relative(at, now))
}

/// Until when: `until 14:40 (in 12 minutes)`, or `ended 2 minutes ago`.
pub fn until(at: Timestamp, now: Timestamp) -> String {
    if at <= now {
        format!("ended {}", relative(at, now))
    } else {
        format!("until {}", moment(at, now))
    }
}

/// What the clock of this machine shows: `14:40` today, `Tue 24 Nov 14:40` within half a year, else the
/// date.
pub fn clock(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (at.with_timezone(&Local), now.with_timezone(&Local));
    let pattern = if at.date_naive() == now.date_naive() {
        "%H:%M"
    } else if (at - now).abs() < TimeDelta::days(180) {
        "%a %-d %b %H:%M"
    } else {
        "%-d %b %Y"
    };
    at.format(pattern).to_string()
}

/// The largest unit of a length: `5 minutes`, `1 day`.
fn one_unit(length: TimeDelta) -> Option<String> {
    let seconds = u32::try_from(length.num_seconds()).unwrap_or(u32::MAX);
    if seconds == 0 {
        return None;
    }
    let round =
        |unit: u32| Span::seconds((seconds.saturating_add(unit / 2) / unit).saturating_mul(unit));
    let rounded = match seconds {
        0..60 => Span::seconds(seconds),
        60..3_570 => round(60),
        3_570..84_600 => round(3_600),
        _ => round(86_400),
    };
    Some(rounded.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_said_in_one_unit() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        for (seconds, said) in [
            (0, "now"),
            (1, "in 1 second"),
            (-59, "59 seconds ago"),
            (89, "in 1 minute"),
            (-3_540, "59 minutes ago"),
            (3_599, "in 1 hour"),
            (84_599, "in 23 hours"),
            (84_600, "in 1 day"),
            (-86_400 * 30, "30 days ago"),
        ] {
            assert_eq!(relative(now + TimeDelta::seconds(seconds), now), said, "{seconds}");
        }
    }
}
