//! Text made safe for mrkdwn, and the few pieces of mrkdwn that are ours: mentions and times.
//!
//! Slack reads `&`, `<` and `>` as its own; escaping them (<https://docs.slack.dev/messaging/formatting-message-text>)
//! takes mentions and links away. The marks of emphasis have no escape at all, so they are exchanged
//! for letters that look like them.

use chrono::Datelike;

use crate::domain::person::PersonId;
use crate::domain::text::clean;
use crate::domain::time::{Span, Timestamp};

/// How Slack writes a moment in the reader's own zone: `today at 14:40`.
pub const MOMENT: &str = "{date_short_pretty} at {time}";
/// How Slack writes a moment that has passed: `5 minutes ago`.
pub const AGO: &str = "{ago}";

/// The text as it reads, whatever is in it: no mention, no link, no emphasis, no emoji code.
pub fn escape(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '*' => out.push('\u{2217}'),
            '~' => out.push('\u{223C}'),
            '`' => out.push('\u{02CB}'),
            // Inside a word an underscore is no emphasis: `customer_id` stays as it is.
            '_' if !(is_word(before) && is_word(chars.get(i + 1))) => out.push('\u{02CD}'),
            ':' if begins_emoji(chars.get(i + 1..).unwrap_or_default()) => out.push('\u{2236}'),
            c => out.push(*c),
        }
    }
    out
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric())
}

/// Whether what follows a colon makes it an emoji: `white_check_mark:`.
fn begins_emoji(rest: &[char]) -> bool {
    let name = rest
        .iter()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '+' | '-' | '\''))
        .count();
    name > 0 && rest.get(name) == Some(&':')
}

/// Text of people or agents, cleaned as [`clean`] does and cut to `longest` characters.
pub fn clip(text: &str, longest: usize) -> String {
    clean(text, longest)
}

/// `<@U0DANA>`. An id that Slack could not have given is shown as text.
pub fn mention(person: &PersonId) -> String {
    if is_id(&person.user) { format!("<@{}>", person.user) } else { escape(&person.user) }
}

/// `<#C0SUPPORT>`. An id that Slack could not have given is shown as text.
pub fn channel(id: &str) -> String {
    if is_id(id) { format!("<#{id}>") } else { escape(id) }
}

/// Whether Slack could have given this id: capital letters and digits.
pub fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// A moment in the reader's zone, in UTC where Slack cannot say it: in notifications.
pub fn when(at: Timestamp, now: Timestamp) -> String {
    format!("<!date^{}^{MOMENT}|{}>", at.timestamp(), utc(at, now))
}

/// A moment that has passed, as the time since then; Slack keeps it current.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("<!date^{}^{AGO}|{}>", at.timestamp(), since(at, now))
}

/// `5 minutes ago`, as it is now.
pub fn since(at: Timestamp, now: Timestamp) -> String {
    match Span::between(at, now) {
        Some(span) if span >= Span::minutes(1) => format!("{} ago", roughly(span)),
        _ => "just now".to_owned(),
    }
}

/// `14 Mar 14:40 UTC`, with the year where it is another one than now.
pub fn utc(at: Timestamp, now: Timestamp) -> String {
    let form = if at.year() == now.year() { "%-d %b %H:%M UTC" } else { "%-d %b %Y %H:%M UTC" };
    at.format(form).to_string()
}

/// A length of time as people say it when the seconds do not matter: `1 hour 5 minutes`. To the
/// nearest, because a message is read moments after its time: ten minutes less a second are ten.
pub fn roughly(span: Span) -> String {
    let seconds = span.as_seconds();
    let unit = unit(seconds);
    Span::seconds((seconds + unit / 2) / unit * unit).words()
}

/// The same, never more than it is: for what may at most be asked.
pub fn at_most(span: Span) -> String {
    let seconds = span.as_seconds();
    Span::seconds(seconds - seconds % unit(seconds)).words()
}

/// What is not worth saying of so many seconds.
const fn unit(seconds: u32) -> u32 {
    match seconds {
        0..60 => 1,
        60..172_800 => 60,
        _ => 3_600,
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn and(items: &[String]) -> String {
    joined(items, "and")
}

/// `a`, `a or b`, `a, b or c`.
pub fn or(items: &[String]) -> String {
    joined(items, "or")
}

fn joined(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {word} {last}", rest.join(", ")),
    }
}

/// The first `most` items, and how many more there are as one item: `12 more`.
pub fn first(items: &[String], most: usize) -> Vec<String> {
    let mut shown: Vec<String> = items.iter().take(most).cloned().collect();
    if items.len() > most {
        shown.push(format!("{} more", items.len() - most));
    }
    shown
}
