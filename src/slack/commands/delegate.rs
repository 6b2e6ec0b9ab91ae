//! `delegate @vera until Friday for security, team-lead`, in any order.

use super::{LONGEST_NAME, SlashCommand, cut, strip};
use crate::domain::time::Span;

/// `sent` is the text as Slack sent it, which names people by their ids; `rest` the same as typed,
/// without the word for the command.
pub(super) fn read(sent: &str, rest: &str) -> SlashCommand {
    let (mut until, mut roles): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    let mut words = rest.split_whitespace().peekable();
    let is = |word: &str, these: &[&str]| these.iter().any(|one| word.eq_ignore_ascii_case(one));
    let mut place = Place::Nowhere;
    while let Some(word) = words.next() {
        if word.starts_with('@') || is(word, &["and", "my", "roles", "role", "to"]) {
            continue;
        }
        if is(word, &["until", "till"]) {
            place = Place::Until;
        } else if is(word, &["for", "as"]) {
            // `for 3d` is a time, `for security` a role.
            let next = words.peek().copied().unwrap_or_default();
            place = if is_time(next) { Place::Until } else { Place::Roles };
        } else if place == Place::Roles && !is_time(word) {
            roles.extend(word.split([',', ';']).map(strip).filter(|r| !r.is_empty()).map(name));
        } else {
            until.push(word);
            place = Place::Until;
        }
    }
    // A role of two words: `team lead`.
    while let Some(at) = roles.iter().position(|role| role.eq_ignore_ascii_case("team")) {
        if roles.get(at + 1).is_none_or(|next| !next.eq_ignore_ascii_case("lead")) {
            break;
        }
        roles.splice(at..at + 2, ["team-lead".to_owned()]);
    }
    let until = until.join(" ");
    let until = (!until.is_empty()).then(|| name(&until));
    SlashCommand::Delegate { to: person(sent), until, roles }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    Until,
    Roles,
}

fn is_time(word: &str) -> bool {
    word.parse::<Span>().is_ok() || word.starts_with(|c: char| c.is_ascii_digit())
}

fn name(word: &str) -> String {
    cut(word, LONGEST_NAME).to_owned()
}

/// The first person whom Slack names by their id: `<@U0VERA|vera>`.
fn person(sent: &str) -> Option<String> {
    let (_, after) = sent.split_once("<@")?;
    let (inside, _) = after.split_once('>')?;
    let id = inside.split_once('|').map_or(inside, |(id, _)| id);
    let is_id = id.starts_with(['U', 'W']) && id.chars().all(|c| c.is_ascii_alphanumeric());
    (is_id && id.len() <= 32).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn whom_until_when_and_for_what() {
        let delegate = |to: &str, until: &str, roles: &[&str]| SlashCommand::Delegate {
            to: (!to.is_empty()).then(|| to.to_owned()),
            until: (!until.is_empty()).then(|| until.to_owned()),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        for (text, expected) in [
            ("delegate", delegate("", "", &[])),
            ("delegate <@U0VERA|vera> until Friday", delegate("U0VERA", "Friday", &[])),
            ("delegate <@U0VERA> until 2026-12-24", delegate("U0VERA", "2026-12-24", &[])),
            ("delegate <@U0VERA|vera> for 3d", delegate("U0VERA", "3d", &[])),
            ("delegate <@U0VERA|vera> for 3 days", delegate("U0VERA", "3 days", &[])),
            (
                "delegate <@U0VERA|vera> until Friday 18:00 for security,team-lead",
                delegate("U0VERA", "Friday 18:00", &["security", "team-lead"]),
            ),
            (
                "DELEGATE for security and team lead to <@U0VERA|vera> until the end of Friday",
                delegate("U0VERA", "the end of Friday", &["security", "team-lead"]),
            ),
            ("delegate @vera until Friday", delegate("", "Friday", &[])),
            ("delegate <@U0VERA|vera> Friday", delegate("U0VERA", "Friday", &[])),
            ("delegate <@!here> until Friday", delegate("", "Friday", &[])),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
