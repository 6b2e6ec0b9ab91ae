//! "Did you mean": the known word that is nearest to an unknown one.

/// The nearest of `known`, if it is near enough to be meant: a slip of a letter or two.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let patience = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(&word, &other.to_lowercase()), other))
        // A word of one letter is near to nothing: any other would do.
        .filter(|(distance, _)| *distance <= patience && *distance < word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// A sentence that helps: the nearest word, or all that there are.
pub(super) fn cure<'a>(
    word: &str,
    kind: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    if let Some(meant) = near(word, known.clone()) {
        return format!("Did you mean \"{meant}\"?");
    }
    let all: Vec<&str> = known.into_iter().collect();
    if all.is_empty() {
        format!("There are no {kind} yet.")
    } else {
        format!("The {kind} are: {}.", all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["security", "compliance", "vp"];
        assert_eq!(near("securty", known), Some("security"));
        assert_eq!(near("Security", known), Some("security"));
        assert_eq!(near("pv", known), Some("vp"));
        assert_eq!(near("legal", known), None);
        assert_eq!(near("4", ["1", "2"]), None);
        assert_eq!(cure("legal", "roles", known), "The roles are: security, compliance, vp.");
    }
}
