//! Collects what is wrong with one file, and knows the lines.

use std::ops::Range;

use crate::policy::mistake::Mistake;

/// The mistakes and warnings of one file.
pub(in crate::policy) struct Log<'t> {
    file: &'t str,
    text: &'t str,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
}

impl<'t> Log<'t> {
    pub(in crate::policy) const fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, mistakes: Vec::new(), warnings: Vec::new() }
    }

    /// Something that must change; `at` is a place in the text, in bytes.
    pub(in crate::policy) fn mistake(
        &mut self,
        at: usize,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let mistake = self.place(at, what.into(), cure.into());
        self.mistakes.push(mistake);
    }

    /// Something that is allowed and perhaps not meant.
    pub(in crate::policy) fn warn(
        &mut self,
        at: usize,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let warning = self.place(at, what.into(), cure.into());
        self.warnings.push(warning);
    }

    /// The mistakes and the warnings.
    pub(in crate::policy) fn finish(self) -> (Vec<Mistake>, Vec<Mistake>) {
        (self.mistakes, self.warnings)
    }

    /// The text of a place, on one line and not longer than a glance.
    pub(in crate::policy) fn quote(&self, span: Range<usize>) -> String {
        let text = self.text.get(span).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let mut short: String = line.chars().filter(|c| !c.is_control()).take(40).collect();
        if short.len() < text.trim_end().len() {
            short.push('…');
        }
        short
    }

    /// Line and column of a place in bytes.
    pub(in crate::policy) fn position(&self, at: usize) -> (u32, u32) {
        position(self.text, at)
    }

    fn place(&self, at: usize, what: String, cure: String) -> Mistake {
        let (line, column) = position(self.text, at);
        Mistake { file: self.file.to_owned(), line, column, what, cure }
    }
}

/// Line and column, both from 1, of a place in bytes. A place inside a character is the character's;
/// one beyond the end is the end.
fn position(text: &str, at: usize) -> (u32, u32) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let small = |n| u32::try_from(n).unwrap_or(u32::MAX);
    (small(line), small(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_columns_of_characters() {
        let text = "é = 1\nab\n";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, 1), (1, 1), "inside the é");
        assert_eq!(position(text, 3), (1, 3));
        assert_eq!(position(text, 7), (2, 1));
        assert_eq!(position(text, 999), (3, 1));
    }
}
