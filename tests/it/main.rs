//! Stories of the product, told in its own words, on both databases.

#[path = "../support/database.rs"]
mod database;
mod support;

mod register;
