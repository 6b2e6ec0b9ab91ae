//! The stand-in workspace, judged from outside: on the wire as Slack's documentation describes it,
//! and by Slack's own clients.
#![cfg(feature = "sandbox")]

mod delivery;
mod failing;
mod official_clients;
mod page;
mod persistence;
mod sockets;
mod support;
mod views;
mod web_api;
