//! `[policy]`: where the policy folder is.

use std::path::PathBuf;

use super::keys::Key;
use super::mistake::Mistakes;
use super::reader::{Found, Reader};
use super::source::Sources;

/// Where the policy folder is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The folder; without one the starter policy that is compiled in is in force.
    pub path: Option<PathBuf>,
}

impl Policy {
    /// Reads this section alone, for commands to which neither Slack nor the database matters.
    pub fn load(sources: &Sources) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(sources);
        let policy = Self::read(&mut reader);
        reader.finish(policy)
    }

    /// Reads the section. The folder itself is read, and judged, by whoever loads the policy.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        match reader.text(Key::POLICY_PATH) {
            Found::Set(path) => Some(Self { path: Some(PathBuf::from(path)) }),
            Found::Unset => Some(Self::default()),
            Found::Wrong => None,
        }
    }
}
