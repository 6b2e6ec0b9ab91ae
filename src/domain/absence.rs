//! Who is away: passed over when people are asked, never in their rights. A click of somebody who is
//! away counts like any other.

use super::time::Timestamp;

/// By what the policy tells that somebody is away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Absence {
    /// A status with one of these emoji (`:palm_tree:`), or with exactly this text.
    pub statuses: Vec<String>,
    /// Notifications are paused just now.
    pub dnd: bool,
}

impl Absence {
    /// Whether anything tells it at all.
    pub const fn is_looked_at(&self) -> bool {
        self.dnd || !self.statuses.is_empty()
    }

    /// Whether this status, until this moment (no end if it is zero), says that somebody is away.
    pub fn by_status(&self, emoji: &str, text: &str, expires: i64, now: Timestamp) -> bool {
        let holds = expires <= 0 || now.timestamp() < expires;
        // A skin tone changes the colour, not what is meant.
        let plain = emoji.split_once("::skin-tone").map(|(plain, _)| format!("{plain}:"));
        let emoji = plain.as_deref().unwrap_or(emoji);
        let text = text.trim();
        let says = |status: &String| {
            (!emoji.is_empty() && status == emoji)
                || (!text.is_empty() && status.eq_ignore_ascii_case(text))
        };
        holds && self.statuses.iter().any(says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_it_for_as_long_as_it_holds() {
        let now = Timestamp::from_timestamp(1_000, 0).unwrap();
        let absence =
            Absence { statuses: vec![":palm_tree:".into(), "On leave".into()], dnd: false };
        for (emoji, text, expires, away) in [
            (":palm_tree:", "", 0, true),
            (":palm_tree:", "Back soon", 1_001, true),
            (":palm_tree:", "", 1_000, false),
            (":coffee:", "on leave ", 0, true),
            (":coffee:", "", 0, false),
            ("", "", 0, false),
            ("", "Vacationing", 0, false),
        ] {
            assert_eq!(absence.by_status(emoji, text, expires, now), away, "{emoji} {text}");
        }
        let waving = Absence { statuses: vec![":wave:".into()], dnd: false };
        assert!(waving.by_status(":wave::skin-tone-3:", "", 0, now));
        assert!(!Absence::default().is_looked_at() && absence.is_looked_at());
    }
}
