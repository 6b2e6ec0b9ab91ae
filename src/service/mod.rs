//! The use cases: load, let the domain decide, write state, event, deadlines and deliveries in one
//! transaction. Nothing here knows Slack or HTTP.

pub mod directory;
pub mod input;
pub mod messenger;
pub mod outcome;
