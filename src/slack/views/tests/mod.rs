//! What each view shows in representative states, and what holds for all of them.

mod catalogue;
mod escaping;
mod judge;
mod keys;
mod logins;
mod quiz;
mod reading;
mod roles;
mod sample;
mod snapshots;
