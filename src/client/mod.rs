//! What `agent-cli` does: the secure path as the fast one, for developers, designers, pipelines and
//! agents.
//!
//! | file | idea |
//! |---|---|
