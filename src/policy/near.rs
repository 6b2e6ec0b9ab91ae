//! "Did you mean": the known word that is nearest to an unknown one.

use crate::domain;

/// The nearest of `known`, if it is near enough to be meant.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    domain::near::near(word, known, 1).first().copied()
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
    fn what_is_near_is_named_or_else_all_that_there_is() {
        let known = ["security", "compliance", "vp"];
        assert_eq!(cure("securty", "roles", known), "Did you mean \"security\"?");
        assert_eq!(cure("legal", "roles", known), "The roles are: security, compliance, vp.");
        assert_eq!(cure("legal", "roles", []), "There are no roles yet.");
    }
}
