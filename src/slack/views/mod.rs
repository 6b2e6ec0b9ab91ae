//! What people read in Slack: pure functions from the state to blocks, each with a snapshot.
//!
//! Everything is said in [lines](line::Line), whose texts are never read as markup, and put on a
//! [page](page::Page), which keeps Slack's limits and makes the plain-text fallback from the same
//! lines. So what a screen reader hears is what the eye sees, and no text of people or agents can
//! mention a channel, forge a link or imitate a button, whichever function it passes through.
//!
//! | file | what is read there |
//! |---|---|
//! | `card` | a request, as those who decide see it |
//! | [`notices`] | what the app tells by itself: outcomes, reminders, ends |
//! | `ending` | the same about a grant: before its end, and at it |
//! | [`replies`], [`refusals`] | answers for one person only |
//! | [`mod@help`], [`lists`] | `/agent`, `/agent help`, `list`, `show`, `grants` |
//! | [`mod@keys`] | `/agent key`: how an agent proves itself |
//! | [`mod@roles`] | `/agent roles`: who may approve |
//! | [`mod@emergency`] | what was opened at once, and its review |
//! | [`mod@incidents`] | incidents, what is known, what happened |
//! | [`certifications`] | `/agent certify`: is it still needed? |
//! | [`life`] | suspended, another tier or description, retired |
//! | [`delegations`] | `/agent delegate`: who answers in whose place |
//! | [`logins`] | `/agent login`: a device logs somebody in |
//! | [`owners`] | `/agent transfer`, `/agent take`: who answers for an agent |
//! | [`mod@why`] | `/agent why`: why a call was answered so |
//! | [`mod@insights`] | `/agent insights`, and the weekly digest |
//! | [`discoveries`] | what was found and may be an agent |
//! | [`mod@quiz`] | `/agent quiz`: is this an agent? |
//! | [`mod@home`] | App Home |
//! | [`forms`] | modals, and reading them back |
//! | [`escape`], [`mod@line`], [`page`], [`words`] | what all of them are made of |

pub mod appeals;
mod card;
pub mod certifications;
pub mod delegations;
pub mod discoveries;
pub mod emergency;
mod ending;
pub mod escape;
pub mod forms;
pub mod help;
pub mod home;
pub mod incidents;
pub mod insights;
pub mod keys;
pub mod life;
pub mod line;
pub mod lists;
pub mod logins;
pub mod notices;
pub mod owners;
pub mod page;
pub mod quiz;
pub mod refusals;
pub mod replies;
pub mod roles;
pub mod why;
pub mod words;

#[cfg(test)]
pub(in crate::slack) mod tests;

pub use card::{card, new_card};
pub use help::{help, static_help};
pub use home::home;
pub use keys::{key_revoked, keys};
pub use lists::{agent, agents, grants, grants_for, grants_used};
pub use notices::{first_notice, notice};
pub use page::Message;
pub use refusals::refusal;
pub use replies::{
    asked, cancelled, details, ended, not_for_you, not_understood, registered, stopped,
    unavailable, unsure, vote,
};
pub use roles::roles;
