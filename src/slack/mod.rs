//! Slack: what comes in becomes a command, what goes out is a pure function of the state.

pub mod actions;
pub mod commands;
pub mod front;
pub mod picture;
pub mod render;
pub mod steps;
pub mod views;
pub mod wire;
