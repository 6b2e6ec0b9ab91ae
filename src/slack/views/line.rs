//! A line of what people read: words, people, moments. Rendered as rich text, where no text is ever
//! read as markup, or as escaped mrkdwn where Slack takes nothing else.

use serde_json::json;
use slack_morphism::prelude::{
    SlackRichTextChannel, SlackRichTextInlineElement, SlackRichTextText, SlackRichTextUser,
};

use super::escape::{self, AGO, MOMENT, clip, escape, is_id};
use crate::domain::person::{By, PersonId};
use crate::domain::text::LONGEST_TEXT;
use crate::domain::time::Timestamp;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Bold,
    Code,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String, Look),
    Person(PersonId),
    Channel(String),
    When { at: Timestamp, now: Timestamp },
    Ago { at: Timestamp, now: Timestamp },
}

/// One line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line(Vec<Part>);

impl Line {
    /// A line that begins with these words.
    pub fn say(words: impl Into<String>) -> Self {
        Self::default().text(words)
    }

    /// A line that begins with bold words.
    pub fn strong(words: impl Into<String>) -> Self {
        Self::default().bold(words)
    }

    /// A line that begins with what it is about: `Why`.
    pub fn fact(label: &str) -> Self {
        Self::strong(label).text("  ")
    }

    /// Goes on with words.
    pub fn text(self, words: impl Into<String>) -> Self {
        self.with(Part::Text(words.into(), Look::Plain))
    }

    /// Goes on with bold words.
    pub fn bold(self, words: impl Into<String>) -> Self {
        self.with(Part::Text(words.into(), Look::Bold))
    }

    /// Goes on with what can be typed: a command, a name.
    pub fn code(self, words: impl Into<String>) -> Self {
        self.with(Part::Text(words.into(), Look::Code))
    }

    /// Goes on with text of people or agents, cleaned, in quotation marks.
    pub fn quoted(self, text: &str) -> Self {
        let text = clip(text, LONGEST_TEXT);
        self.text(if text.is_empty() { "(nothing)".to_owned() } else { format!("“{text}”") })
    }

    /// Goes on with a person's name.
    pub fn person(self, person: &PersonId) -> Self {
        self.with(Part::Person(person.clone()))
    }

    /// Goes on with who did something.
    pub fn by(self, by: &By) -> Self {
        match by {
            By::Person(person) => self.person(person),
            By::System => self.text("Countersign"),
        }
    }

    /// Goes on with a channel's name.
    pub fn channel(self, id: &str) -> Self {
        self.with(Part::Channel(id.to_owned()))
    }

    /// Goes on with a moment in the reader's zone.
    pub fn at(self, at: Timestamp, now: Timestamp) -> Self {
        self.with(Part::When { at, now })
    }

    /// Goes on with the time since a moment.
    pub fn ago(self, at: Timestamp, now: Timestamp) -> Self {
        self.with(Part::Ago { at, now })
    }

    /// The line with a capital at its beginning.
    pub fn capitalised(mut self) -> Self {
        if let Some(Part::Text(text, _)) = self.0.first_mut() {
            let mut chars = text.chars();
            *text =
                chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect());
        }
        self
    }

    /// Goes on with another line.
    pub fn line(self, other: Self) -> Self {
        other.0.into_iter().fold(self, Self::with)
    }

    /// Words that follow words become one text, as long as it is short; that keeps the JSON small.
    fn with(mut self, part: Part) -> Self {
        match (self.0.last_mut(), part) {
            (Some(Part::Text(before, Look::Plain)), Part::Text(words, Look::Plain))
                if before.len() + words.len() <= LONGEST_TEXT =>
            {
                before.push_str(&words);
            }
            (_, part) => self.0.push(part),
        }
        self
    }

    /// Lines below each other.
    pub fn stacked(lines: &[Self]) -> Self {
        let mut all = Self::default();
        for (i, line) in lines.iter().enumerate() {
            all = if i > 0 { all.text("\n").line(line.clone()) } else { line.clone() };
        }
        all
    }

    /// The line with no text in it longer than so many characters.
    pub fn shortened(self, longest: usize) -> Self {
        let cut = |part| match part {
            Part::Text(text, look) if text.chars().count() > longest => {
                Part::Text(cut(&text, longest), look)
            }
            part => part,
        };
        Self(self.0.into_iter().map(cut).collect())
    }

    /// The line as elements of a rich text block.
    pub fn rich(&self) -> Vec<SlackRichTextInlineElement> {
        self.0.iter().filter_map(Part::rich).collect()
    }

    /// The line as mrkdwn.
    pub fn mrkdwn(&self) -> String {
        self.0.iter().map(|part| part.mrkdwn(true)).collect()
    }

    /// The line as plain words, for where Slack takes no markup: mistakes on fields. People and
    /// channels have no name there.
    pub fn words(&self) -> String {
        let word = |part: &Part| match part {
            Part::Text(text, _) => text.clone(),
            Part::Person(_) => "its owner".to_owned(),
            Part::Channel(_) => "the channel".to_owned(),
            Part::When { at, now } => escape::utc(*at, *now),
            Part::Ago { at, now } => escape::since(*at, *now),
        };
        self.0.iter().map(word).collect()
    }

    /// The line as mrkdwn without emphasis, for the fallback that screen readers read.
    pub fn spoken(&self) -> String {
        self.0.iter().map(|part| part.mrkdwn(false)).collect()
    }
}

impl Part {
    fn rich(&self) -> Option<SlackRichTextInlineElement> {
        Some(match self {
            Self::Text(text, _) if text.is_empty() => return None,
            Self::Text(text, look) => {
                let text = SlackRichTextText::new(text.clone());
                match look {
                    Look::Plain => text,
                    Look::Bold => text.bold(),
                    Look::Code => text.code(),
                }
                .into()
            }
            Self::Person(person) if is_id(&person.user) => {
                SlackRichTextUser::new(person.user.clone().into()).into()
            }
            Self::Person(person) => person.user.clone().into(),
            Self::Channel(id) if is_id(id) => SlackRichTextChannel::new(id.clone().into()).into(),
            Self::Channel(id) => id.clone().into(),
            Self::When { at, now } => date(*at, MOMENT, escape::utc(*at, *now)),
            Self::Ago { at, now } => date(*at, AGO, escape::since(*at, *now)),
        })
    }

    fn mrkdwn(&self, emphasis: bool) -> String {
        match self {
            Self::Text(text, look) => match look {
                Look::Bold if emphasis && !text.is_empty() => format!("*{}*", escape(text)),
                Look::Code if emphasis && !text.is_empty() => format!("`{}`", escape(text)),
                Look::Plain | Look::Bold | Look::Code => escape(text),
            },
            Self::Person(person) => escape::mention(person),
            Self::Channel(id) => escape::channel(id),
            Self::When { at, now } => escape::when(*at, *now),
            Self::Ago { at, now } => escape::ago(*at, *now),
        }
    }
}

/// Written as JSON, because the typed element wants its own time crate's type.
fn date(at: Timestamp, format: &str, fallback: String) -> SlackRichTextInlineElement {
    SlackRichTextInlineElement::Unknown(json!({
        "type": "date",
        "timestamp": at.timestamp(),
        "format": format,
        "fallback": fallback,
    }))
}

/// The first characters, with `…` where the text was cut.
pub fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(longest.saturating_sub(1)).collect();
    out.push('…');
    out
}
