//! Slack's ids: telling them from the names that people know.

use super::log::Log;
use super::walk::{Key, Value};

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Channel,
    UserGroup,
    User,
}

impl Kind {
    /// The first letters that such an id can have. User ids in Enterprise organisations begin with
    /// `W`, private channels made long ago with `G`
    /// (<https://api.slack.com/docs/conversations-api>).
    const fn letters(self) -> &'static [char] {
        match self {
            Self::Channel => &['C', 'G'],
            Self::UserGroup => &['S'],
            Self::User => &['U', 'W'],
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Channel => (
                "a channel (C… or G…)",
                "Copy the id in Slack: the channel's name, About, at the very bottom.",
            ),
            Self::UserGroup => (
                "a user group (S…)",
                "Copy the id in Slack: People, User groups, the group, ⋮, Copy group ID.",
            ),
            Self::User => (
                "a person (U… or W…)",
                "Copy the id in Slack: the person's profile, ⋮, Copy member ID.",
            ),
        }
    }

    fn fits(self, id: &str) -> bool {
        (3..=32).contains(&id.len())
            && id.starts_with(self.letters())
            && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    }
}

/// The id in this value, noted if it cannot be one.
pub(super) fn one(log: &mut Log<'_>, value: &Value<'_, '_>, kind: Kind) -> Option<String> {
    let text = value.text(log, "\"C0123456789\", in quotes")?;
    check(log, &value.path, Key { name: text, at: value.at }, kind)
}

/// The ids in this list (or this one id): at least one, and none of them twice.
pub(super) fn some(log: &mut Log<'_>, value: &Value<'_, '_>, kind: Kind) -> Vec<String> {
    let Some(all) = value.texts(log, "[\"U0123456789\"], in quotes and brackets") else {
        return Vec::new();
    };
    if all.is_empty() {
        log.mistake(value.at, format!("{} names nobody", value.path), "Name at least one id.");
    }
    let mut ids: Vec<String> = Vec::new();
    for key in all {
        let Some(id) = check(log, &value.path, key, kind) else { continue };
        if ids.contains(&id) {
            log.mistake(key.at, format!("{} names {id} twice", value.path), "Remove one of them.");
        } else {
            ids.push(id);
        }
    }
    ids
}

fn check(log: &mut Log<'_>, path: &str, key: Key<'_>, kind: Kind) -> Option<String> {
    if kind.fits(key.name) {
        return Some(key.name.to_owned());
    }
    let (what, cure) = kind.words();
    log.mistake(key.at, format!("{path}: \"{}\" is not the id of {what}", key.name), cure);
    None
}
