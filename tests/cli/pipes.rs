//! Where no person sits: pipes, pipelines, scripts.

use crate::desk::Desk;
use crate::office::Office;

#[test]
fn nothing_is_asked_where_nobody_can_answer() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    for (arguments, flag) in [
        (vec!["register"], "agent-cli register NAME"),
        (vec!["register", "some-agent"], "--purpose"),
        (vec!["register", "some-agent", "--purpose", "p"], "--systems"),
        (vec!["register", "some-agent", "--purpose", "p", "--systems", "s"], "--runs-on"),
        (
            vec![
                "register",
                "some-agent",
                "--purpose",
                "p",
                "--systems",
                "s",
                "--runs-on",
                "r",
                "--model",
                "m",
            ],
            "--only-reads",
        ),
        (vec!["extend", "G-1"], "--by"),
        (vec!["revoke", "G-1"], "--reason"),
        (vec!["quiz"], "--answers"),
    ] {
        let ended = desk.runs(&arguments);
        assert_eq!(ended.status, 2, "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(flag), "{arguments:?}: {ended:?}");
        assert_eq!(ended.out, "", "{arguments:?}");
    }
}

#[test]
fn what_is_piped_has_no_colour_and_one_answer() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let ended = desk.runs(&["list"]);
    assert!(!ended.out.contains('\x1b') && !ended.err.contains('\x1b'), "{ended:?}");
    let coloured = desk.runs(&["whoami", "--color", "always"]);
    assert!(coloured.out.contains("\x1b["), "{coloured:?}");
    let plain = desk.with("NO_COLOR", "1");
    let mut terminal = plain.terminal(&["whoami"]);
    assert_eq!(terminal.ends().0, 0);
    assert!(!terminal.is_coloured());
    for arguments in [vec!["list"], vec!["grants"], vec!["status"], vec!["whoami"]] {
        let (status, _) = plain.json(&arguments);
        assert_eq!(status, 0, "{arguments:?}");
    }
}

#[test]
fn the_quiz_needs_no_server() {
    let desk = Desk::new();
    let mut terminal = desk.terminal(&["quiz"]);
    terminal.waits_for("Does an AI model work in it?");
    terminal.types("1");
    terminal.waits_for("Can it do something");
    terminal.types("yes");
    terminal.waits_for("Whose access");
    terminal.types("9");
    terminal.waits_for("Please type a number");
    terminal.types("1");
    let (status, shown) = terminal.ends();
    assert_eq!(status, 0, "{shown}");
    insta::assert_snapshot!(shown);
    let (status, answer) = desk.json(&["quiz", "--answers", "yym"]);
    assert_eq!((status, answer["register"].as_bool()), (0, Some(true)), "{answer}");

    let mut stopped = desk.terminal(&["quiz"]);
    stopped.waits_for("Does an AI model work in it?");
    stopped.ends_input();
    assert_eq!(stopped.ends().0, 2);
}
