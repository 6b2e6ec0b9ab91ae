//! What people read in Slack: pure functions from the state to blocks, each with a snapshot.
//!
//! Everything is said in [lines](line::Line), whose texts are never read as markup, and put on a
//! [page](page::Page), which keeps Slack's limits and makes the plain-text fallback from the same
//! lines. So what a screen reader hears is what the eye sees, and no text of people or agents can
//! mention a channel, forge a link or imitate a button, whichever function it passes through.
//!
//! | file | what is read there |
//! |---|---|
//! | [`mod@card`] | a request, as those who decide see it |
//! | [`notices`] | what the app tells by itself: outcomes, reminders, ends |
//! | [`replies`], [`refusals`] | answers for one person only |
//! | [`mod@help`], [`lists`] | `/agent`, `/agent help`, `list`, `show`, `grants` |
//! | [`mod@keys`] | `/agent key`: how an agent proves itself |
//! | [`logins`] | `/agent login`: a device logs somebody in |
//! | [`discoveries`] | what was found and may be an agent |
//! | [`mod@quiz`] | `/agent quiz`: is this an agent? |
//! | [`mod@home`] | App Home |
//! | [`forms`] | modals, and reading them back |
//! | [`escape`], [`mod@line`], [`page`], [`words`] | what all of them are made of |

pub mod card;
pub mod discoveries;
pub mod escape;
pub mod forms;
pub mod help;
pub mod home;
pub mod keys;
pub mod line;
pub mod lists;
pub mod logins;
pub mod notices;
pub mod page;
pub mod quiz;
pub mod refusals;
pub mod replies;
pub mod words;

#[cfg(test)]
mod tests;

pub use card::{card, new_card};
pub use help::{help, static_help};
pub use home::home;
pub use keys::{key_revoked, keys};
pub use lists::{agent, agents, grants, grants_for};
pub use notices::notice;
pub use page::Message;
pub use refusals::refusal;
pub use replies::{
    asked, cancelled, details, ended, not_for_you, not_understood, registered, stopped,
    unavailable, unsure, vote,
};
