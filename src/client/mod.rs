//! What `agent-cli` does: the secure path as the fast one, for developers, designers, pipelines and
//! agents.
//!
//! | file | idea |
//! |---|---|
//! | [`manifest`] | `agent.toml`: read with the place of every mistake, and written |

pub mod manifest;
