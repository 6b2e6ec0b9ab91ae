//! The story of the product, as a newcomer lives it: the real binary, its page, a real browser.
//!
//! `COUNTERSIGN_TEST_CHROMIUM` names the browser. With `COUNTERSIGN_KEEP_SCREENSHOTS=1` every step
//! leaves a picture in the target folder, and those of the documents are renewed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod answers;
mod appeals;
mod chromium;
mod governance;
mod hands;
mod looks;
mod owners;
mod page;
mod server;
mod steps;
mod story;
