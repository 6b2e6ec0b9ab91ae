//! An agent asks for itself, over MCP: with the protocol's own client in another language.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::desk::{BINARY, Desk};
use crate::office::Office;
use crate::others;
use crate::requests::registered;

#[test]
fn an_agent_asks_waits_works_and_hands_back() {
    let python = others::python();
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    registered(&office, &desk, "support-agent");
    let shell = desk.command(&[]);
    let mut host = Command::new(python);
    host.arg(others::script("host.py"))
        .args([BINARY, "support-agent"])
        .env_clear()
        .envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(desk.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut host = host.spawn().expect("Python runs");
    let mut heard = Vec::new();
    for line in BufReader::new(host.stdout.take().expect("a pipe")).lines() {
        let line = line.expect("text");
        if let Some(reference) = line.strip_prefix("waiting ") {
            office.person("U0THEO").approves(reference);
        }
        heard.push(line.replace(|c: char| c.is_ascii_digit(), "N"));
    }
    let output = host.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", heard.join("\n"));
    insta::assert_snapshot!(heard.join("\n"));
}

#[test]
fn it_is_for_agents_alone() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let nobody = desk.runs(&["mcp"]);
    assert_eq!(nobody.status, 2, "{nobody:?}");
    let keyless = desk.runs(&["mcp", "--agent", "support-agent"]);
    assert_eq!(keyless.status, 2, "{keyless:?}");
    insta::assert_snapshot!(format!("{}\n{}", nobody.all(), keyless.all()));
}
