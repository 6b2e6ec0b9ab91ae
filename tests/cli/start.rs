//! Help, completions, manual pages: at hand at once, without a server.

use std::time::{Duration, Instant};

use crate::desk::Desk;

/// As long as the help may take in a build without optimisation; with it, it is 30 ms at most.
const SOON: Duration = Duration::from_millis(100);

#[test]
fn help_is_there_at_once() {
    let desk = Desk::new();
    // The first start reads the binary from the disk.
    desk.runs(&["--help"]);
    let fastest = (0..10)
        .map(|_| {
            let begun = Instant::now();
            let ended = desk.runs(&["--help"]);
            assert_eq!(ended.status, 0, "{ended:?}");
            begun.elapsed()
        })
        .min()
        .expect("ten");
    assert!(fastest < SOON, "the help took {fastest:?}");
}

#[test]
fn a_wrong_command_line_says_what_would_be_right() {
    let desk = Desk::new();
    let ended = desk.runs(&["lsit"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.err.contains("list"), "{ended:?}");
    assert_eq!(desk.runs(&[]).status, 2);
    assert_eq!(desk.runs(&["--version"]).status, 0);
}

#[test]
fn shells_and_manuals_know_every_command() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.runs(&["completions", shell]);
        assert_eq!(script.status, 0, "{script:?}");
        assert!(script.out.contains("request-permission"), "{shell}");
    }
    let folder = desk.folder().join("man1");
    let ended = desk.runs(&["man", &folder.display().to_string()]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let page = std::fs::read_to_string(folder.join("agent-cli-request-permission.1"));
    assert!(page.expect("a page").contains("justification"));
}
