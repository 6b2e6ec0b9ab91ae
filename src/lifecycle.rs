//! Starting, running and ending the whole.
