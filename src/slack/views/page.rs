//! A page that keeps Slack's limits: what does not fit is shortened, then left out with a word.
//!
//! The numbers are Slack's where it publishes them
//! (<https://docs.slack.dev/reference/block-kit/blocks>), lower where it only enforces them: messages
//! with blocks of somewhat more than 13,000 characters are refused.

use std::collections::BTreeSet;

use slack_morphism::prelude::{
    SlackActionsBlock, SlackBlock, SlackBlockButtonElement, SlackBlockButtonStyle,
    SlackBlockConfirmItem, SlackBlockMarkDownText, SlackBlockPlainText, SlackBlockPlainTextOnly,
    SlackBlockText, SlackContextBlock, SlackDividerBlock, SlackHeaderBlock, SlackHomeView,
    SlackInputBlock, SlackModalView, SlackRichTextBlock, SlackRichTextSection, SlackSectionBlock,
    SlackSectionBlockElement, SlackView,
};

use super::line::{Line, cut};
use crate::domain::grant::Grant;
use crate::slack::actions::{Button, Form};

/// A message: blocks for the eye, and all of it again as text for the ear and for notifications.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The top-level `text`: mrkdwn without emphasis, at most 3,600 characters.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<SlackBlock>,
}

/// The longest fallback, in characters; `chat.update` refuses more than 4,000.
const LONGEST_SPOKEN: usize = 3_600;
/// The longest text of a section or a context element.
const LONGEST_SECTION: usize = 3_000;
/// So many characters of JSON are kept free of a list's entries.
const RESERVE: usize = 1_200;
/// To this length texts are shortened when they do not fit whole.
const SHORTENED: usize = 150;

/// What is being put together.
#[derive(Debug)]
pub struct Page {
    spoken: Vec<String>,
    buttons: Vec<String>,
    named: BTreeSet<String>,
    blocks: Vec<SlackBlock>,
    room: usize,
    most: usize,
    left_out: bool,
}

impl Page {
    /// For a message.
    pub const fn message() -> Self {
        Self::with_limits(9_500, 42)
    }

    /// For a modal or App Home.
    pub const fn view() -> Self {
        Self::with_limits(60_000, 90)
    }

    const fn with_limits(room: usize, most: usize) -> Self {
        Self {
            spoken: Vec::new(),
            buttons: Vec::new(),
            named: BTreeSet::new(),
            blocks: Vec::new(),
            room,
            most,
            left_out: false,
        }
    }

    /// Lines, as one block.
    pub fn lines(mut self, lines: Vec<Line>) -> Self {
        if !self.try_lines(lines) {
            self.left_out = true;
        }
        self
    }

    /// One line, as a block.
    pub fn line(self, line: Line) -> Self {
        self.lines(vec![line])
    }

    /// Lines, as one block; `false` if there was no room for them.
    fn try_lines(&mut self, lines: Vec<Line>) -> bool {
        if lines.is_empty() {
            return true;
        }
        if self.put(&lines, rich(&lines)) {
            return true;
        }
        let short: Vec<Line> = lines.into_iter().map(|l| l.shortened(SHORTENED)).collect();
        self.put(&short, rich(&short))
    }

    /// An entry of a list, with what can be done about it. `false` if there is no room for it.
    ///
    /// `id` tells the entries' buttons apart: it becomes part of the block's id.
    pub fn entry(
        &mut self,
        id: &str,
        lines: Vec<Line>,
        mut buttons: Vec<SlackBlockButtonElement>,
    ) -> bool {
        let lines: Vec<Line> = lines.into_iter().map(|l| l.shortened(SHORTENED)).collect();
        match (buttons.pop(), buttons.is_empty()) {
            (Some(only), true) => {
                let section = SlackSectionBlock::new()
                    .with_block_id(format!("row:{id}").into())
                    .with_text(mrkdwn(fitting(&lines)))
                    .with_accessory(SlackSectionBlockElement::Button(only));
                self.put(&lines, section.into())
            }
            (Some(last), false) => {
                buttons.push(last);
                let actions = actions(buttons).with_block_id(format!("row:{id}").into());
                let (text, actions) = (rich(&lines), actions.into());
                if self.room < size(&text) + size(&actions) || self.blocks.len() + 2 > self.most {
                    return false;
                }
                self.put(&lines, text) && self.put(&[], actions)
            }
            (None, _) => self.put(&lines, rich(&lines)),
        }
    }

    /// At most so many entries, as there is room for, and a word on how many there are beside.
    pub fn entries<T>(
        mut self,
        items: &[T],
        total: usize,
        most: usize,
        mut show: impl FnMut(&mut Self, &T) -> bool,
    ) -> Self {
        let mut shown = 0;
        for item in items.iter().take(most) {
            // Room is left for what closes the page.
            if self.room < RESERVE || !show(&mut self, item) {
                break;
            }
            shown += 1;
        }
        let more = total.saturating_sub(shown);
        if more > 0 {
            let words =
                if shown == 0 { format!("{more} in all.") } else { format!("And {more} more.") };
            self = self.small(Line::say(words));
        }
        self
    }

    /// Small print.
    pub fn small(mut self, line: Line) -> Self {
        let text =
            SlackBlockMarkDownText::new(fitting(std::slice::from_ref(&line))).with_verbatim(true);
        let block = SlackContextBlock::new(vec![text.into()]);
        self.left_out |= !self.put(&[line], block.into());
        self
    }

    /// A heading.
    pub fn heading(mut self, words: &str) -> Self {
        let block = SlackHeaderBlock::new(plain(words, 150));
        self.left_out |= !self.put(&[Line::say(words)], block.into());
        self
    }

    /// A line across.
    pub fn rule(mut self) -> Self {
        self.put(&[], SlackDividerBlock::new().into());
        self
    }

    /// Buttons.
    pub fn buttons(mut self, buttons: Vec<SlackBlockButtonElement>) -> Self {
        if !buttons.is_empty() {
            self.buttons.extend(buttons.iter().map(label));
            // Named by its first button: a click on what somebody still sees must find the block
            // when the page is shown anew meanwhile. Slack would give it another name each time.
            let first = buttons.first().and_then(|first| first.action_id.as_ref());
            let name = first.map(|action_id| format!("do:{action_id}"));
            let block = match name {
                Some(name) if self.named.insert(name.clone()) => {
                    actions(buttons).with_block_id(name.into())
                }
                _ => actions(buttons),
            };
            self.blocks.push(block.into());
        }
        self
    }

    /// Without what was to be clicked so far.
    pub fn without_buttons(mut self) -> Self {
        self.buttons.clear();
        self.blocks.retain(|block| !matches!(block, SlackBlock::Actions(_)));
        self
    }

    /// A question of a form.
    pub fn input(mut self, input: SlackInputBlock) -> Self {
        self.blocks.push(input.into());
        self
    }

    fn put(&mut self, lines: &[Line], block: SlackBlock) -> bool {
        let size = size(&block);
        if size > self.room || self.blocks.len() >= self.most {
            return false;
        }
        self.room -= size;
        self.blocks.push(block);
        self.spoken.extend(lines.iter().map(Line::spoken));
        true
    }

    /// Says at the end that something was left out. For this one word there is always room.
    fn closed(mut self) -> Self {
        if std::mem::take(&mut self.left_out) {
            (self.room, self.most) = (usize::MAX, usize::MAX);
            self = self.small(Line::say("There is more than fits here."));
        }
        self
    }

    /// The page as a message.
    pub fn into_message(self) -> Message {
        self.closed().message_of_all()
    }

    fn message_of_all(self) -> Message {
        let mut text = String::new();
        let buttons = match self.buttons.as_slice() {
            [] => String::new(),
            labels => format!("\nButtons: {}.", labels.join(", ").replace('…', "")),
        };
        let room = LONGEST_SPOKEN.saturating_sub(buttons.chars().count() + 2);
        let mut used = 0;
        for line in &self.spoken {
            used += line.chars().count() + 1;
            // A cut within a line could cut an escape in two; so whole lines go.
            if used > room {
                text.push_str("\n…");
                break;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        }
        text.push_str(&buttons);
        Message { text, blocks: self.blocks }
    }

    /// The page as a form.
    pub fn into_modal(self, title: &str, submit: Option<&str>, form: &Form) -> SlackView {
        let view = SlackModalView::new(plain(title, 24), self.closed().blocks)
            .with_close(plain(if submit.is_some() { "Cancel" } else { "Close" }, 24))
            .with_callback_id(form.callback_id().into())
            .opt_submit(submit.map(|words| plain(words, 24)))
            .opt_private_metadata(serde_json::to_string(form).ok());
        SlackView::Modal(view)
    }

    /// The page as App Home.
    pub fn into_home(self) -> SlackView {
        SlackView::Home(SlackHomeView::new(self.closed().blocks))
    }
}

fn size(block: &SlackBlock) -> usize {
    serde_json::to_string(block).map_or(usize::MAX, |json| json.chars().count())
}

fn rich(lines: &[Line]) -> SlackBlock {
    let section = SlackRichTextSection::new(Line::stacked(lines).rich());
    SlackRichTextBlock::new(vec![section.into()]).into()
}

fn actions(buttons: Vec<SlackBlockButtonElement>) -> SlackActionsBlock {
    SlackActionsBlock::new(buttons.into_iter().map(Into::into).collect())
}

fn mrkdwn(text: String) -> SlackBlockText {
    SlackBlockMarkDownText::new(text).with_verbatim(true).into()
}

/// Lines as the text of a section or a context element, shortened until they fit.
fn fitting(lines: &[Line]) -> String {
    let mut text = String::new();
    for longest in [usize::MAX, SHORTENED, 40, 10, 1] {
        let said: Vec<String> =
            lines.iter().map(|line| line.clone().shortened(longest).mrkdwn()).collect();
        text = said.join("\n");
        if text.chars().count() <= LONGEST_SECTION {
            break;
        }
    }
    text
}

/// Plain text of at most so many characters, in which `:tada:` stays `:tada:`.
pub fn plain(text: &str, longest: usize) -> SlackBlockPlainTextOnly {
    SlackBlockPlainText::new(cut(text, longest)).with_emoji(false).into()
}

fn label(button: &SlackBlockButtonElement) -> String {
    match SlackBlockText::from(button.text.clone()) {
        SlackBlockText::Plain(text) => text.text,
        SlackBlockText::MarkDown(text) => text.text,
    }
}

/// A button.
pub fn button(button: &Button, words: &str) -> SlackBlockButtonElement {
    SlackBlockButtonElement::new(plain(words, 75))
        .with_action_id(button.action_id().into())
        .with_value(button.value())
}

/// A button that is the likely choice.
pub fn primary(kind: &Button, words: &str) -> SlackBlockButtonElement {
    button(kind, words).with_style(SlackBlockButtonStyle::Primary)
}

/// A button that takes something away.
pub fn danger(kind: &Button, words: &str) -> SlackBlockButtonElement {
    button(kind, words).with_style(SlackBlockButtonStyle::Danger)
}

/// Hands a grant back, after a question: it acts at once.
pub fn hand_back(grant: &Grant) -> SlackBlockButtonElement {
    confirmed(
        button(&Button::Release(grant.id), "Hand back"),
        "Hand it back?",
        &format!(
            "{} ends at once. If it is needed again, it must be asked again.",
            grant.reference
        ),
        "Hand back",
    )
}

/// The button, with a question before it acts.
pub fn confirmed(
    button: SlackBlockButtonElement,
    title: &str,
    text: &str,
    yes: &str,
) -> SlackBlockButtonElement {
    let text = SlackBlockPlainText::new(cut(text, 300)).with_emoji(false);
    button.with_confirm(SlackBlockConfirmItem::new(
        plain(title, 100),
        text.into(),
        plain(yes, 30),
        plain("Not now", 30),
    ))
}
