//! A pipeline's check: what it says, in which form, and how it ends.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::desk::{Desk, Ended};
use crate::impostor::{Impostor, JSON, PROBLEM, about};
use crate::office::Office;
use crate::others;
use crate::requests::registered;

/// As long as the gate may take against a server on this machine.
const SOON: Duration = Duration::from_secs(1);

const MANIFEST: &str = r#"version = 1

[agent]
name    = "support-agent"
purpose = "answers support mail"
systems = ["database"]

[[access]]
name = "database:read"

[[access]]
name = "payments:refund"
"#;

/// What others may write into an answer.
const HOSTILE: &str = "<x> & \"y\" ]]> \u{1b}[31m\n::error::no %0A ##[set-env] \u{0}";

fn no() -> Value {
    json!({
        "passed": false, "agent": "support-agent", "policy": "sha256:ab12",
        "ask": ["Dana (owner)", "#agent-help"], "link": "https://agents.example.com/r/8fK2Qd",
        "usual": { "text": "40m", "seconds": 2400 },
        "checks": [
            { "rule": "registered", "outcome": "passed", "found": "It is registered, and Dana answers for it." },
            { "rule": "access", "about": "database:read", "outcome": "noted",
              "found": "It is not granted, and can be.", "why": HOSTILE,
              "next": ["agent-cli request-permission --agent support-agent --resource database:read"] },
            { "rule": "access", "about": "payments:refund", "outcome": "failed",
              "found": format!("The policy does not know payments:refund. {HOSTILE}"),
              "why": "What the policy does not know is never granted.",
              "next": ["take it out of agent.toml"], "more": "than is known" },
        ],
    })
}

fn yes() -> Value {
    json!({
        "passed": true, "agent": "support-agent", "policy": "sha256:ab12", "ask": [],
        "checks": [{ "rule": "registered", "outcome": "passed", "found": "It is registered." }],
    })
}

/// A server that answers this to every question.
fn server(answer: Value) -> Impostor {
    Impostor::open(move |what| match what {
        "GET /api/v1/about" => ("200 OK", JSON, about(1, 1).to_string()),
        "POST /api/v1/gate" => ("200 OK", JSON, answer.to_string()),
        _ => ("404 Not Found", PROBLEM, "{}".to_owned()),
    })
}

/// A pipeline's machine, with the manifest.
fn pipeline(address: &str, more: &[(&'static str, &str)]) -> Desk {
    let desk = Desk::new().with("COUNTERSIGN_SERVER", address);
    let desk = more.iter().fold(desk, |desk, (name, value)| desk.with(name, *value));
    fs::write(desk.folder().join("agent.toml"), MANIFEST).expect("written");
    desk
}

const TOKEN: (&str, &str) = ("COUNTERSIGN_TOKEN", "token-of-the-test");

#[test]
fn a_no_stops_the_pipeline_and_teaches() {
    let server = server(no());
    let desk = pipeline(&server.address, &[TOKEN]);
    let begun = Instant::now();
    let ended = desk.runs(&["gate"]);
    let took = begun.elapsed();
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(took < SOON, "it took {took:?}");
    insta::assert_snapshot!(ended.all());
    assert!(!ended.out.contains('\u{1b}'), "{ended:?}");
    assert!(server.asked().iter().any(|head| head.contains("Bearer token-of-the-test")));
    let advice = desk.runs(&["gate", "--advise"]);
    assert_eq!(advice.status, 0, "{advice:?}");
    assert!(advice.out.contains("Only advice was asked for"), "{advice:?}");
}

#[test]
fn a_yes_lets_it_go_on() {
    let server = server(yes());
    let desk = pipeline(&server.address, &[TOKEN]);
    let ended = desk.runs(&["gate"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(ended.out.lines().next(), Some("support-agent may pass: 1 check."), "{ended:?}");
    let (status, answer) = desk.json(&["gate"]);
    assert_eq!(
        (status, &answer["verdict"], &answer["passed"]),
        (0, &json!("passed"), &json!(true))
    );
}

#[test]
fn others_read_what_is_written_for_them() {
    let server = server(no());
    let desk = pipeline(&server.address, &[TOKEN]);
    let (sarif, junit) = (desk.folder().join("gate.sarif"), desk.folder().join("gate.xml"));
    let ended = desk.runs(&["gate", "--sarif", "gate.sarif", "--junit", "gate.xml", "--json"]);
    assert_eq!(ended.status, 1, "{ended:?}");
    let answer: Value = serde_json::from_str(&ended.out).expect("one JSON document");
    assert_eq!(answer["agents"][0]["checks"][2]["line"], json!(12), "{answer}");
    let judged = Command::new(others::python())
        .arg(others::script("judge.py"))
        .args([&sarif, &junit])
        .output()
        .expect("Python runs");
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    insta::assert_snapshot!(said);

    // Two documents do not fit into one output.
    let both = desk.runs(&["gate", "--sarif", "-", "--json"]);
    assert_eq!(both.status, 2, "{both:?}");
    let one = desk.runs(&["gate", "--sarif", "-"]);
    assert_eq!(one.status, 1, "{one:?}");
    assert_eq!(serde_json::from_str::<Value>(&one.out).expect("SARIF")["version"], "2.1.0");
    assert!(one.err.contains("must not pass yet"), "{one:?}");
}

/// The verdict is there, whatever becomes of the file; a no is what the pipeline ends with.
#[test]
fn a_file_that_cannot_be_written_hides_nothing() {
    let closed = server(no());
    let desk = pipeline(&closed.address, &[TOKEN]);
    let ended = desk.runs(&["gate", "--sarif", "nowhere/gate.sarif"]);
    assert_eq!(ended.status, 1, "{ended:?}");
    assert!(ended.out.contains("must not pass yet"), "{ended:?}");
    assert!(ended.err.contains("gate.sarif could not be written."), "{ended:?}");
    let open = server(yes());
    let desk = pipeline(&open.address, &[TOKEN]);
    let ended = desk.runs(&["gate", "--sarif", "nowhere/gate.sarif"]);
    assert_eq!(ended.status, 70, "{ended:?}");
    assert!(ended.out.contains("may pass"), "{ended:?}");
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let server = server(no());
    let summary = tempfile::NamedTempFile::new().expect("a file");
    fs::write(summary.path(), "# Before\n").expect("written");
    let path = summary.path().display().to_string();
    let output = format!("{path}.output");
    let github = [
        TOKEN,
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", path.as_str()),
        ("GITHUB_OUTPUT", output.as_str()),
    ];
    let ended = pipeline(&server.address, &github).runs(&["gate"]);
    assert_eq!(ended.status, 1, "{ended:?}");
    let obeyed = |text: &str| {
        let lines = text.lines().filter(|l| l.trim_start().starts_with("::") || l.contains("##["));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(obeyed(&ended.out), Vec::<String>::new(), "{ended:?}");
    let commands = obeyed(&ended.err);
    assert_eq!(commands.len(), 2, "{ended:?}");
    assert!(commands[0].starts_with("::notice file=agent.toml,line=9,"), "{commands:?}");
    assert!(commands[1].starts_with("::error file=agent.toml,line=12,"), "{commands:?}");
    assert_eq!(fs::read_to_string(&output).expect("outputs"), "verdict=failed\n");
    let text = fs::read_to_string(summary.path()).expect("a summary");
    assert!(text.starts_with("# Before\n## Countersign gate\n"), "{text}");
    assert!(text.contains("[Put the ready request before the owner](https://agents."), "{text}");
}

#[test]
fn a_pipeline_asks_in_its_own_name() {
    let github = Impostor::open(|what| {
        let wanted = what.starts_with("GET /token?api-version=2.0&audience=")
            && what.ends_with("https%3A%2F%2Fagents.example.com");
        match wanted {
            true => ("200 OK", JSON, json!({ "value": "job-token" }).to_string()),
            false => ("400 Bad Request", JSON, "{}".to_owned()),
        }
    });
    let countersign = server(yes());
    let url = format!("{}/token?api-version=2.0", github.address);
    let job = [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token"),
    ];
    let desk = pipeline(&countersign.address, &job);
    let ended = desk.runs(&["gate", "--audience", "https://agents.example.com"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(github.asked()[0].contains("Bearer request-token"), "{:?}", github.asked());
    let heads = countersign.asked().join("\n");
    assert!(heads.contains("Bearer job-token") && !heads.contains("request-token"), "{heads}");

    // Whom it is made out to is the server's address, if nothing else is said.
    let other = desk.runs(&["gate"]);
    assert_eq!(other.status, 7, "{other:?}");
    assert!(other.out.contains("GitHub gave this job no identity."), "{other:?}");

    // GitLab, and whoever else puts a token into the environment.
    let desk = pipeline(&countersign.address, &[("COUNTERSIGN_ID_TOKEN", "gitlab-token")]);
    assert_eq!(desk.runs(&["gate"]).status, 0);
    assert!(countersign.asked().join("\n").contains("Bearer gitlab-token"));
}

#[test]
fn a_job_without_an_identity_is_told_how_to_get_one() {
    let countersign = server(yes());
    let mut told = String::new();
    for platform in [("GITHUB_ACTIONS", "true"), ("GITLAB_CI", "true"), ("CI", "true")] {
        let ended =
            pipeline(&countersign.address, &[platform]).runs(&["gate", "--github", "never"]);
        assert_eq!(ended.status, 3, "{ended:?}");
        told.push_str(&ended.all().replace(&countersign.address, "http://SERVER"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn unchecked_is_not_passed_unless_the_operator_says_so() {
    // Port 9 of this machine: nobody listens there.
    let desk = pipeline("http://127.0.0.1:9", &[TOKEN]);
    let ended = desk.runs(&["gate"]);
    assert_eq!(ended.status, 7, "{ended:?}");
    assert!(ended.out.contains("refused. Unchecked is not passed"), "{ended:?}");
    let ended = desk.runs(&["gate", "--on-unreachable", "warn"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(ended.out.contains("was not checked") && ended.out.contains("goes on unchecked"));
    let (status, answer) = desk.json(&["gate", "--on-unreachable", "warn"]);
    assert_eq!((status, &answer["verdict"]), (0, &json!("unchecked")), "{answer}");
    assert_eq!(desk.runs(&["gate", "--advise"]).status, 0);

    // That the caller is not known is no outage: going on is not the operator's to choose there.
    let countersign =
        Impostor::open(|what| {
            match what {
        "GET /api/v1/about" => ("200 OK", JSON, about(1, 1).to_string()),
        _ => ("401 Unauthorized", PROBLEM, json!({
            "type": "urn:countersign:problem:unknown_token", "title": "The token is not known",
            "status": 401, "detail": "it is none of ours.",
        }).to_string()),
    }
        });
    let desk = pipeline(&countersign.address, &[TOKEN]);
    let ended = desk.runs(&["gate", "--on-unreachable", "warn"]);
    assert_eq!(ended.status, 3, "{ended:?}");
}

#[test]
fn a_manifest_that_cannot_be_read_fails_with_its_lines() {
    let countersign = server(yes());
    let desk = pipeline(&countersign.address, &[TOKEN]);
    let inner = desk.folder().join("agents/one");
    fs::create_dir_all(&inner).expect("a folder");
    let mistaken =
        MANIFEST.replace("support-agent", "Support Agent").replace("[[access]]", "[access]");
    fs::write(inner.join("agent.toml"), mistaken).expect("written");
    let Ended { status, out, err } = desk.runs(&["gate", ".", "agents/one", "agents/none"]);
    assert_eq!(status, 1, "{out}{err}");
    insta::assert_snapshot!(out);
    assert_eq!(desk.runs(&["gate", "agents/none"]).status, 1);
}

/// Against the real registry: nothing is known of the agent, then everything is as it says, then it has
/// become something else.
#[test]
fn the_registry_says_how_it_stands() {
    let office = Office::open();
    let desk = Desk::of_dana(&office);
    let path = desk.folder().join("agent.toml");
    let manifest = MANIFEST.replace("\n[[access]]\nname = \"payments:refund\"\n", "");
    fs::write(&path, &manifest).expect("written");
    let unknown = desk.runs(&["gate"]);
    assert_eq!(unknown.status, 1, "{unknown:?}");
    assert!(unknown.out.contains("✗ registered"), "{unknown:?}");
    assert!(unknown.out.contains("agent-cli register"), "{unknown:?}");

    registered(&office, &desk, "support-agent");
    let begun = Instant::now();
    let well = desk.runs(&["gate"]);
    let took = begun.elapsed();
    assert_eq!(well.status, 0, "{well:?}");
    assert!(took < SOON, "it took {took:?}");
    assert!(well.out.contains("✓ registered") && well.out.contains("database:read"), "{well:?}");

    let other = manifest.replace("systems = ", "writes  = true\nsystems = ");
    fs::write(&path, other).expect("written");
    let changed = desk.runs(&["gate"]);
    assert_eq!(changed.status, 1, "{changed:?}");
    assert!(changed.out.contains("✗ "), "{changed:?}");
    let (status, answer) = desk.json(&["gate"]);
    let checks = answer["agents"][0]["checks"].as_array().expect("checks");
    let failed = checks.iter().find(|check| check["outcome"] == "failed").expect("a failed one");
    assert_eq!((status, failed["line"].as_u64().is_some()), (1, true), "{answer}");
    assert!(failed["next"].as_array().is_some_and(|next| !next.is_empty()), "{answer}");

    // The agent itself may ask, too: by its own key.
    fs::write(&path, &manifest).expect("written");
    let key = desk.key("support-agent").display().to_string();
    let agent = desk.with("COUNTERSIGN_AGENT_KEY", key);
    let ended = agent.runs(&["gate", "--server", &office.address]);
    assert_eq!(ended.status, 0, "{ended:?}");
}
