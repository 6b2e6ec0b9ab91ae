//! Countersign: identities, owners, approvals and time-boxed grants for AI agents, in Slack.
//!
//! The map of the house, and who may use whom (a test holds the code to it):
//!
//! | module | idea | may use |
//! |---|---|---|
//! | [`domain`] | what is decided, purely | nothing of ours |
//! | [`clock`] | time and chance, from outside | domain |
//! | [`policy`] | the policy folder: load, check, route | domain |
//! | [`store`] | SQLite and PostgreSQL; the transaction | domain |
//! | [`service`] | the use cases | domain, clock, policy, store |
//! | [`jobs`] | deliveries and deadlines | domain, clock, store, service |
//! | [`slack`] | inbound → command; state → blocks | domain, clock, service |
//! | [`sandbox`] | the stand-in Slack workspace | nothing of ours |
//! | [`config`], [`telemetry`], [`health`], [`lifecycle`], [`cli`] | the whole, put together | everything |

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod health;
pub mod jobs;
pub mod lifecycle;
pub mod policy;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod service;
pub mod slack;
pub mod store;
pub mod telemetry;
