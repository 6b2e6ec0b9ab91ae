//! Countersign: identities, owners, approvals and time-boxed grants for AI agents, in Slack.
//!
//! The map of the house, and who may use whom (a test holds the code to it):
//!
//! | module | idea | may use |
//! |---|---|---|
//! | [`domain`] | what is decided, purely | nothing of ours |
//! | [`meters`] | what is counted, for whoever watches | nothing of ours |
//! | [`contract`] | the shapes of `/api/v1`, for both its sides | domain |
//! | [`clock`] | time and chance, from outside | domain |
//! | [`policy`] | the policy folder: load, check, route | domain |
//! | [`store`] | SQLite and PostgreSQL; the transaction | domain |
//! | [`identity`] | signing keys, tokens, agents' proofs | domain, clock |
//! | [`service`] | the use cases | domain, clock, meters, policy, store, identity |
//! | [`pdp`] | answers at run time: the index, the decision, the record | domain, clock, policy, store |
//! | [`jobs`] | deliveries and deadlines | domain, clock, meters, store, service |
//! | [`slack`] | inbound → command; state → blocks | domain, clock, meters, service |
//! | [`api`] | HTTP for programs: AuthZEN, OAuth | domain, contract, clock, meters, identity, pdp, policy, service |
//! | [`client`] | what `agent-cli` does | domain, contract, clock, identity |
//! | [`sandbox`] | the stand-in Slack workspace | nothing of ours |
//! | [`config`], [`telemetry`], [`health`], [`lifecycle`], [`cli`] | the whole, put together | everything |

pub mod api;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod contract;
pub mod domain;
pub mod health;
pub mod identity;
pub mod jobs;
pub mod lifecycle;
pub mod meters;
pub mod pdp;
pub mod policy;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod service;
pub mod slack;
pub mod store;
pub mod telemetry;
