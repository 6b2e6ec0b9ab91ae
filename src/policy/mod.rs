//! The policy folder: load, check, route, test.
