//! What people read: what happened, why, what to do next. Pure.

use unicode_width::UnicodeWidthStr;

use super::look::{Ink, Look};

/// How far labels stand from the edge.
const INDENT: usize = 2;
/// The least distance between a label and its text.
const GAP: usize = 2;
/// Between a command and what it does.
const EXPLAINED: &str = "   ";
/// The shortest that a label's column is, so that blocks below each other stand in line.
const LABEL: usize = 5;

/// Something told: a sentence, and below it what belongs to it, each under its label.
///
/// ```text
/// support-agent-v2 may not write to database.
///   Why    its grant covers reading; writing needs tier 2 and this agent is tier 1.
///   Next   agent-cli request-permission --resource database:write --for 30m
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// What happened, in a sentence.
    pub what: String,
    /// Labels with their lines, in order; a label has one line at the least.
    pub rows: Vec<(String, Vec<String>)>,
}

impl Told {
    /// This happened.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), rows: Vec::new() }
    }

    /// With one more row.
    #[must_use]
    pub fn row(mut self, label: &str, line: impl Into<String>) -> Self {
        let line = line.into();
        if !line.is_empty() {
            self.rows.push((label.to_owned(), vec![line]));
        }
        self
    }

    /// With one more row of several lines; with none, if there is no line.
    #[must_use]
    pub fn rows<S: Into<String>>(
        mut self,
        label: &str,
        lines: impl IntoIterator<Item = S>,
    ) -> Self {
        let lines: Vec<String> = lines.into_iter().map(Into::into).collect();
        if !lines.is_empty() {
            self.rows.push((label.to_owned(), lines));
        }
        self
    }

    /// With why it is so.
    #[must_use]
    pub fn why(self, why: impl Into<String>) -> Self {
        self.row("Why", why)
    }

    /// With what to do next, in the order in which to try it.
    #[must_use]
    pub fn next<S: Into<String>>(self, next: impl IntoIterator<Item = S>) -> Self {
        self.rows("Next", next)
    }

    /// The first line in this ink, the rest under its labels.
    pub fn render(&self, ink: Ink, look: Look) -> String {
        let mut text = String::new();
        for line in wrapped(&self.what, usize::from(look.width)) {
            text.push_str(&look.ink(ink, &line));
            text.push('\n');
        }
        let label = self.rows.iter().map(|(label, _)| label.width()).max().unwrap_or(0).max(LABEL);
        let edge = INDENT + label + GAP;
        let room = usize::from(look.width).saturating_sub(edge).max(20);
        for (name, lines) in &self.rows {
            let mut shown = name.as_str();
            for (part, is_command) in lines.iter().flat_map(|line| parts(name, line, room)) {
                let pad = " ".repeat(label.saturating_sub(shown.width()) + GAP);
                let part = if is_command { look.ink(Ink::Command, &part) } else { part };
                let name = look.ink(Ink::Faint, shown);
                text.push_str(&format!("{:INDENT$}{name}{pad}{part}\n", ""));
                shown = "";
            }
        }
        text
    }
}

/// A line in parts that fit, each with whether it is a command. A command that is broken in two cannot
/// be copied: where its explanation (after three spaces) has no room beside it, that goes below.
fn parts(label: &str, line: &str, room: usize) -> Vec<(String, bool)> {
    let plain = |text: &str| wrapped(text, room).into_iter().map(|part| (part, false)).collect();
    let command = label == "Next" && (line.starts_with("agent-cli ") || line.contains(EXPLAINED));
    if !command {
        return plain(line);
    }
    match line.split_once(EXPLAINED) {
        Some((command, explained)) if line.width() > room => {
            let mut parts: Vec<(String, bool)> = plain(explained);
            parts.insert(0, (command.to_owned(), true));
            parts
        }
        _ => vec![(line.to_owned(), true)],
    }
}

/// The text in lines of at most so many columns, broken between words; what fits stays as it is.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        if paragraph.width() <= width {
            lines.push(paragraph.to_owned());
            continue;
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// The text without what a terminal would obey: names and reasons come from others.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            // Controls, and what turns the direction of writing or hides.
            c if c.is_control() => '\u{fffd}',
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// `1 agent`, `2 agents`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// `a`, `a and b`, `a, b and c` (or with another word than "and").
pub fn listed(items: &[String], and: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_why_next() {
        let told = Told::new("support-agent-v2 may not write to database.")
            .why("its grant covers reading; writing needs tier 2 and this agent is tier 1.")
            .next([
                "agent-cli request-permission --resource database:write --for 30m --justification \"…\"",
                "or one click: https://agents.example.com/r/8fK2Qd",
            ])
            .row("Wait", "usually 40 minutes (security + team lead).");
        insta::assert_snapshot!(told.render(Ink::Bad, Look { colour: false, width: 60 }), @r#"
        support-agent-v2 may not write to database.
          Why    its grant covers reading; writing needs tier 2 and
                 this agent is tier 1.
          Next   agent-cli request-permission --resource database:write --for 30m --justification "…"
                 or one click: https://agents.example.com/r/8fK2Qd
          Wait   usually 40 minutes (security + team lead).
        "#);
        let coloured = Told::new("No.").next(["agent-cli list"]);
        let coloured = coloured.render(Ink::Bad, Look { colour: true, width: 60 });
        assert_eq!(
            coloured,
            "\x1b[31mNo.\x1b[0m\n  \x1b[2mNext\x1b[0m   \x1b[36magent-cli list\x1b[0m\n"
        );
    }

    #[test]
    fn what_others_wrote_commands_no_terminal() {
        assert_eq!(harmless("a\x1b[2Jb\r\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd} c\u{fffd}d");
        assert_eq!(harmless("Zoë 日本 🙂"), "Zoë 日本 🙂");
    }

    #[test]
    fn lists_read_as_people_say_them() {
        let list = |items: &[&str]| {
            listed(&items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>(), "or")
        };
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["Sam"]), "Sam");
        assert_eq!(list(&["Sam", "Sara", "Theo"]), "Sam, Sara or Theo");
        assert_eq!(counted(1, "agent", "agents"), "1 agent");
        assert_eq!(counted(0, "agent", "agents"), "0 agents");
    }
}
