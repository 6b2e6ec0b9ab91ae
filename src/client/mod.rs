//! What `agent-cli` does, on the side of whoever types.
//!
//! | file | idea |
//! |---|---|
//! | [`look`] | how text for people may look: colour, width |
//! | [`sarif`] | findings for code-scanning pages |
//! | [`scan`] | signs of an agent in a repository |

pub mod look;
pub mod sarif;
pub mod scan;
