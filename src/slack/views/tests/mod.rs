//! What each view shows in representative states, and what holds for all of them.

mod catalogue;
mod catalogue_answering;
mod catalogue_discovery;
mod catalogue_emergency;
mod catalogue_life;
mod catalogue_owners;
mod escaping;
pub(in crate::slack) mod insights;
mod judge;
mod keys;
mod logins;
mod quiz;
mod reading;
mod roles;
mod sample;
mod snapshots;
mod why;
