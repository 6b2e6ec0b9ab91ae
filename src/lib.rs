//! Countersign: identities, owners, approvals and time-boxed grants for AI agents, in Slack.

#[cfg(feature = "sandbox")]
pub mod sandbox;
