//! What each view shows in representative states, and what holds for all of them.

mod catalogue;
mod escaping;
pub(in crate::slack) mod insights;
mod judge;
mod keys;
mod logins;
mod quiz;
mod reading;
mod sample;
mod snapshots;
mod why;
