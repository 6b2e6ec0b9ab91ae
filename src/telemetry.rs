//! Logs, as lines that a person and a program can read.
