//! "Did you mean": the known names that are near to what somebody typed.

/// What is longer was not typed by hand, and is near to nothing.
const LONGEST: usize = 64;
/// The shortest piece of a name by which it is known again, in characters.
const SHORTEST_PIECE: usize = 3;

/// At most so many of `known` that `typed` may stand for, the nearest first: names that are a slip
/// of a letter or two (three in a long word) away, then names that it is a piece of, or that are a
/// piece of it. Capitals do not matter.
pub fn near<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let typed = typed.to_lowercase();
    let length = typed.chars().count();
    if length > LONGEST {
        return Vec::new();
    }
    let patience = (length / 3).clamp(1, 3);
    let is_piece =
        |piece: &str, of: &str| piece.chars().count() >= SHORTEST_PIECE && of.contains(piece);
    let mut found: Vec<(bool, usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let away = strsim::damerau_levenshtein(&typed, &lower);
            // A word of one letter is near to nothing: any other would do.
            let slip = away <= patience && away < length;
            let piece = is_piece(&typed, &lower) || is_piece(&lower, &typed);
            (slip || piece).then_some((!slip, away, name))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(most).map(|(_, _, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_or_a_piece_is_near_and_another_word_is_not() {
        let roles = ["security", "compliance", "vp"];
        let names = ["database", "tickets", "payments", "support-agent-v2", "support-agent-v3"];
        for (typed, known, expected) in [
            ("securty", roles.as_slice(), ["security"].as_slice()),
            ("Security", &roles, &["security"]),
            ("pv", &roles, &["vp"]),
            ("legal", &roles, &[]),
            ("4", &["1", "2"], &[]),
            ("", &names, &[]),
            ("databse", &names, &["database"]),
            ("ticket", &names, &["tickets"]),
            ("support-agent", &names, &["support-agent-v2", "support-agent-v3"]),
            ("support-agent-v3-old", &names, &["support-agent-v3"]),
            ("zzz", &names, &[]),
        ] {
            assert_eq!(near(typed, known.iter().copied(), 2), expected, "{typed}");
        }
        assert_eq!(near(&"security".repeat(1_000), roles, 2), Vec::<&str>::new());
    }
}
