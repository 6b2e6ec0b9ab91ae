//! What people read in Slack: pure functions from the state to blocks, each with a snapshot.
