//! What each view shows in representative states, and what holds for all of them.

mod catalogue;
mod catalogue_discovery;
mod escaping;
mod judge;
mod keys;
mod logins;
mod quiz;
mod reading;
mod sample;
mod snapshots;
