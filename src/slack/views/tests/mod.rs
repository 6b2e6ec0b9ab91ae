//! What each view shows in representative states, and what holds for all of them.
