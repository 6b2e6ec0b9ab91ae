//! The wire against the stand-in workspace: what Slack sends arrives, what it must not see stays
//! here, and what goes wrong on the way is told apart.

mod calls;
mod desk;
mod directory;
mod doctor;
mod http;
mod logs;
mod manifest;
mod messenger;
mod silence;
mod socket;
