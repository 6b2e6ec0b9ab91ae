//! How text for people may look.

/// What the place where text will stand can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether colour and weight are understood there.
    pub colour: bool,
    /// So many columns fit into a line.
    pub width: u16,
}

impl Look {
    /// For pipes and files: no colour, 80 columns.
    pub const PLAIN: Self = Self { colour: false, width: 80 };

    /// Text with more weight, where that can be shown.
    pub fn strong(self, text: &str) -> String {
        self.styled("1", text)
    }

    /// Text that steps back.
    pub fn faint(self, text: &str) -> String {
        self.styled("2", text)
    }

    /// Text that warns.
    pub fn warning(self, text: &str) -> String {
        self.styled("33", text)
    }

    /// Text that says that all is well.
    pub fn good(self, text: &str) -> String {
        self.styled("32", text)
    }

    /// ANSI's "select graphic rendition" around a text (ECMA-48, 8.3.117).
    fn styled(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Breaks a text at its spaces so that no line is wider, each line indented by so many columns.
    /// A word that is wider stands on a line of its own.
    pub fn wrap(self, indent: usize, text: &str) -> String {
        let room = usize::from(self.width).saturating_sub(indent).max(20);
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        let pad = " ".repeat(indent);
        lines.iter().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_within_the_width() {
        let look = Look { colour: false, width: 24 };
        let text =
            look.wrap(2, "a registered agent has an owner whom averylongwordthatfitsnowhere asks");
        assert_eq!(
            text,
            "  a registered agent has\n  an owner whom\n  averylongwordthatfitsnowhere\n  asks"
        );
    }

    #[test]
    fn colour_only_where_it_is_understood() {
        assert_eq!(Look::PLAIN.strong("x"), "x");
        assert_eq!(Look { colour: true, width: 80 }.strong("x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
