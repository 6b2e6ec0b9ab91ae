//! How things may look: colour only for eyes that can see it, and no wider than the terminal.

use std::io::IsTerminal;

/// The widest that text is set: longer lines are hard to read.
const WIDEST: u16 = 100;
/// The narrowest that is laid out for; what is narrower wraps as the terminal wraps.
const NARROWEST: u16 = 40;

/// How things may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether colours may be used.
    pub colour: bool,
    /// How many columns there are.
    pub width: u16,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Colours {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a piece of text is, from which its colour follows. Never colour alone: each also has its words
/// or its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// A name, a heading.
    Strong,
    /// What is there for completeness.
    Faint,
    /// A yes, something done.
    Good,
    /// Something to look at, something awaited.
    Care,
    /// A no, something failed.
    Bad,
    /// A command to type, a link.
    Command,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Care => "33",
            Self::Bad => "31",
            Self::Command => "36",
        }
    }
}

impl Look {
    /// For pipes and files: no colour, 80 columns.
    pub const PLAIN: Self = Self { colour: false, width: 80 };

    /// What this stream bears. `plain` says that the environment asks for no colours.
    pub fn of(stream: &impl IsTerminal, colours: Colours, plain: bool) -> Self {
        let terminal = stream.is_terminal();
        let colour = match colours {
            Colours::Always => true,
            Colours::Never => false,
            Colours::Auto => terminal && !plain,
        };
        let size = if terminal { terminal_size::terminal_size() } else { None };
        let width = size.map_or(Self::PLAIN.width, |(width, _)| width.0);
        Self { colour, width: width.clamp(NARROWEST, WIDEST) }
    }

    /// The text in this ink.
    pub fn ink(self, ink: Ink, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\x1b[{}m{text}\x1b[0m", ink.code())
        } else {
            text.to_owned()
        }
    }

    /// Text with more weight, where that can be shown.
    pub fn strong(self, text: &str) -> String {
        self.ink(Ink::Strong, text)
    }

    /// Text that steps back.
    pub fn faint(self, text: &str) -> String {
        self.ink(Ink::Faint, text)
    }

    /// Text that warns.
    pub fn warning(self, text: &str) -> String {
        self.ink(Ink::Care, text)
    }

    /// Text that says that all is well.
    pub fn good(self, text: &str) -> String {
        self.ink(Ink::Good, text)
    }

    /// Breaks a text at its spaces so that no line is wider, each line indented by so many columns.
    /// A word that is wider stands on a line of its own.
    pub fn wrap(self, indent: usize, text: &str) -> String {
        let room = usize::from(self.width).saturating_sub(indent).max(20);
        let pad = " ".repeat(indent);
        let lines = super::words::wrapped(text, room);
        lines.iter().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_piped_has_no_colour_unless_it_is_asked_for() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(Look::of(&file, Colours::Auto, false), Look::PLAIN);
        assert_eq!(Look::of(&file, Colours::Never, false), Look::PLAIN);
        assert!(Look::of(&file, Colours::Always, true).colour);
    }

    #[test]
    fn lines_keep_within_the_width() {
        let look = Look { colour: false, width: 24 };
        let text = look.wrap(2, "an agent has an owner whom averylongwordthatfitsnowhere asks");
        assert_eq!(text, "  an agent has an owner\n  whom\n  averylongwordthatfitsnowhere\n  asks");
    }

    #[test]
    fn ink_leaves_plain_text_alone() {
        assert_eq!(Look::PLAIN.ink(Ink::Bad, "no"), "no");
        let look = Look { colour: true, ..Look::PLAIN };
        assert_eq!(look.ink(Ink::Bad, "no"), "\x1b[31mno\x1b[0m");
        assert_eq!(look.ink(Ink::Bad, ""), "");
    }
}
