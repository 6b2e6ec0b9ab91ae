//! What is looked for that nobody registered, and what is passed over.

use crate::domain::time::Span;

/// How things are found that may be agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Whether the workspace's bots, apps and workflows are looked for.
    pub slack: bool,
    /// What is passed over, by its id or name.
    pub ignore: Vec<Pattern>,
    /// How long after "remind me" (or after somebody was asked) security is told again.
    pub remind_after: Span,
}

impl Default for Discovery {
    fn default() -> Self {
        Self { slack: false, ignore: Vec::new(), remind_after: Span::days(7) }
    }
}

impl Discovery {
    /// Whether something of this id and name is passed over.
    pub fn ignores(&self, external_id: &str, name: &str) -> bool {
        self.ignore.iter().any(|pattern| pattern.fits(external_id) || pattern.fits(name))
    }
}

/// An id or a name, in which `*` stands for any text. Capitals do not matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern; `None` if it would fit everything.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        (!text.chars().all(|c| c == '*')).then_some(Self(text))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text is like this.
    pub fn fits(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let Some((first, rest)) = self.0.split_once('*') else { return text == self.0 };
        let Some(mut text) = text.strip_prefix(first) else { return false };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        for piece in middle.split('*') {
            match text.split_once(piece) {
                Some((_, after)) => text = after,
                None => return false,
            }
        }
        text.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, fit, unfit) in [
            ("U0ROBO", vec!["U0ROBO", "u0robo"], vec!["U0ROBOT", "AU0ROBO", ""]),
            ("build-*", vec!["build-", "Build-nightly"], vec!["rebuild-x", "build"]),
            ("*-ci", vec!["-ci", "web-ci"], vec!["web-ci-2"]),
            ("a*b*c", vec!["abc", "a-b-b-c", "axxbxxc"], vec!["acb", "ab", "abcx"]),
            ("a*a", vec!["aa", "a-a"], vec!["a"]),
        ] {
            let pattern = Pattern::new(pattern).unwrap();
            for text in fit {
                assert!(pattern.fits(text), "{pattern:?} {text}");
            }
            for text in unfit {
                assert!(!pattern.fits(text), "{pattern:?} {text}");
            }
        }
        assert_eq!(Pattern::new("**"), None);
        assert_eq!(Pattern::new(" "), None);
    }
}
