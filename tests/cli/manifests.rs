//! What lies ready under `manifests/ci`, run as it stands, as far as that goes without the platforms.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use crate::desk::{BINARY, Desk};
use crate::impostor::{Impostor, JSON, PROBLEM, about};

/// A file of `manifests/ci`.
fn ready(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/ci").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines below a line that begins so, without their indentation, as long as they are indented deeper.
fn below(yaml: &str, begins: &str) -> String {
    let mut lines = yaml.lines();
    let head = lines.by_ref().find(|line| line.trim_start().starts_with(begins));
    let head = head.unwrap_or_else(|| panic!("no {begins} in {yaml}"));
    let depth = |line: &str| line.len() - line.trim_start().len();
    let deeper = lines.take_while(|line| line.trim().is_empty() || depth(line) > depth(head));
    let deeper: Vec<&str> = deeper.collect();
    let edge = deeper.iter().filter(|line| !line.trim().is_empty()).map(|line| depth(line)).min();
    let cut = |line: &&str| line.get(edge.unwrap_or_default()..).unwrap_or_default().to_owned();
    deeper.iter().map(cut).collect::<Vec<_>>().join("\n")
}

/// What stands behind a key on its own line.
fn value<'a>(yaml: &'a str, key: &str) -> &'a str {
    let found = yaml.lines().find_map(|line| line.trim_start().strip_prefix(key));
    found.unwrap_or_else(|| panic!("no {key} in {yaml}")).trim()
}

/// A server that lets this pass, or not.
fn server(passed: bool) -> Impostor {
    let outcome = if passed { "passed" } else { "failed" };
    let answer = json!({
        "passed": passed, "agent": "support-agent", "policy": "sha256:1", "ask": [],
        "checks": [{ "rule": "registered", "outcome": outcome, "found": "So it is." }],
    });
    Impostor::open(move |what| match what {
        "GET /api/v1/about" => ("200 OK", JSON, about(1, 1).to_string()),
        "POST /api/v1/gate" => ("200 OK", JSON, answer.to_string()),
        _ => ("404 Not Found", PROBLEM, "{}".to_owned()),
    })
}

/// A job's machine, with agent-cli in the PATH and a manifest in the repository.
fn job(server: &Impostor) -> Desk {
    let tools = Path::new(BINARY).parent().expect("a folder").display().to_string();
    let path = format!("{tools}:{}", std::env::var("PATH").expect("a PATH"));
    let desk = Desk::new()
        .with("PATH", path)
        .with("COUNTERSIGN_SERVER", server.address.clone())
        .with("COUNTERSIGN_TOKEN", "token-of-the-job");
    let manifest = "version = 1\n[agent]\nname = \"support-agent\"\npurpose = \"mail\"\n";
    fs::write(desk.folder().join("agent.toml"), manifest).expect("written");
    desk
}

/// Runs a script in the job, with more variables.
fn runs(desk: &Desk, script: &str, more: &[(&str, &str)]) -> (i32, String) {
    let usual = desk.command(&[]);
    let Output { status, stdout, stderr } = Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
        .env_clear()
        .envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .envs(more.iter().copied())
        .current_dir(desk.folder())
        .output()
        .expect("bash runs");
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (status.code().unwrap_or(-1), said.concat())
}

/// The variables of the action's step for its inputs' defaults.
const DEFAULTS: [(&str, &str); 7] = [
    ("GATE_PATHS", "agent.toml"),
    ("GATE_ADVISE", "false"),
    ("GATE_ON_UNREACHABLE", "fail"),
    ("GATE_AUDIENCE", ""),
    ("GATE_SARIF", ""),
    ("GATE_AGENT_CLI", "agent-cli"),
    ("GITHUB_ACTIONS", "true"),
];

#[test]
fn the_github_action_passes_and_stops() {
    let action = ready("github/action.yml");
    let script = below(&action, "run: |");
    let variables = below(&action, "env:");
    for (name, default) in &DEFAULTS[..6] {
        assert!(variables.contains(&format!("{name}: ")), "{name} is no variable of the step");
        let input = value(&variables, &format!("{name}:"));
        let input = input.trim_start_matches("${{ inputs.").trim_end_matches(" }}");
        let input = below(&action, &format!("{input}:"));
        assert_eq!(value(&input, "default:").trim_matches('"'), *default, "{name}");
    }
    assert!(!script.contains("${{"), "what comes from outside is never a part of the script");

    let (open, closed) = (server(true), server(false));
    let desk = job(&open);
    let output = desk.home().join("output").display().to_string();
    let with = |set: &[(&'static str, &'static str)]| {
        let mut all: Vec<(&str, &str)> = DEFAULTS.to_vec();
        all.push(("GITHUB_OUTPUT", output.as_str()));
        all.extend(set);
        all.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect::<Vec<_>>()
    };
    let run = |desk: &Desk, set: &[(&'static str, &'static str)]| {
        let all = with(set);
        let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        runs(desk, &script, &all)
    };
    let (status, said) = run(&desk, &[]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(fs::read_to_string(&output).expect("outputs"), "verdict=passed\n");
    let (status, said) = run(&desk, &[("GATE_AGENT_CLI", "not-there")]);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("::error title=Countersign::not-there is not on this machine"), "{said}");
    let (status, said) =
        run(&desk, &[("GATE_PATHS", "agent.toml other"), ("GATE_SARIF", "x.sarif")]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("There is no other."), "{said}");
    assert!(desk.folder().join("x.sarif").exists(), "{said}");

    let desk = job(&closed);
    let (status, said) = run(&desk, &[]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("::error file=agent.toml"), "{said}");
    let (status, said) = run(&desk, &[("GATE_ADVISE", "true")]);
    assert_eq!(status, 0, "{said}");
}

/// The workflow puts a client into the PATH only if it is the one that is meant.
#[test]
fn the_github_workflow_takes_the_right_client_alone() {
    let script = below(&ready("github/countersign.yml"), "run: |");
    let desk = job(&server(true));
    let file = desk.home().join("client");
    fs::write(&file, "#!/bin/sh\necho the client\n").expect("written");
    let sum = Command::new("sha256sum").arg(&file).output().expect("sha256sum runs");
    let sum = String::from_utf8_lossy(&sum.stdout).into_owned();
    let sum = sum.split_whitespace().next().expect("a sum");
    let url = format!("file://{}", file.display());
    let (temp, path) = (desk.home().join("temp"), desk.home().join("path"));
    let (temp, path) = (temp.display().to_string(), path.display().to_string());
    let with = |sum: &str| {
        let more = [
            ("URL", url.as_str()),
            ("SHA256", sum),
            ("RUNNER_TEMP", &temp),
            ("GITHUB_PATH", &path),
        ];
        runs(&desk, &script, &more)
    };
    let (status, said) = with(&"0".repeat(64));
    assert_ne!(status, 0, "{said}");
    assert!(!Path::new(&path).exists(), "another client is not taken");
    let (status, said) = with(sum);
    assert_eq!(status, 0, "{said}");
    let tools = fs::read_to_string(&path).expect("a path");
    let (status, said) = runs(&desk, &format!("{}/agent-cli", tools.trim()), &[]);
    assert_eq!((status, said.as_str()), (0, "the client\n"));
}

#[test]
fn the_gitlab_template_passes_and_stops() {
    let template = ready("gitlab/countersign.yml");
    let script = below(&template, "script:");
    let script = script.lines().find_map(|line| line.strip_prefix("- ")).expect("a command");
    for (passed, flags, status) in [(true, "", 0), (false, "", 1), (false, "--advise", 0)] {
        let server = server(passed);
        let desk = job(&server);
        let (ended, said) = runs(&desk, script, &[("COUNTERSIGN_GATE", flags)]);
        assert_eq!(ended, status, "{flags}: {said}");
        let report = value(&template, "junit:");
        assert!(desk.folder().join(report).exists(), "the report that the job hands over");
    }
    // The token has the name under which the gate looks for it.
    let tokens = below(&template, "id_tokens:");
    assert_eq!(tokens.lines().next(), Some("COUNTERSIGN_ID_TOKEN:"), "{tokens}");
}

#[test]
fn the_hooks_advise_and_refuse() {
    let hooks = ready("pre-commit/.pre-commit-hooks.yaml");
    let entries: Vec<&str> =
        hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: ")).collect();
    assert_eq!(entries.len(), 2, "{hooks}");
    let closed = server(false);
    for (entry, status) in entries.iter().zip([0, 1]) {
        // The hook is given the files that are committed.
        let (ended, said) = runs(&job(&closed), &format!("{entry} agent.toml"), &[]);
        assert_eq!(ended, status, "{entry}: {said}");
        assert!(said.contains("registered"), "{said}");
    }
    // A machine on the train commits all the same.
    let away = ("COUNTERSIGN_SERVER", "http://127.0.0.1:9");
    for entry in entries {
        let (ended, said) = runs(&job(&closed), &format!("{entry} agent.toml"), &[away]);
        assert_eq!(ended, 0, "{entry}: {said}");
    }
    let files = value(&hooks, "files:");
    let files = regex::Regex::new(files).expect("a pattern");
    assert!(files.is_match("agents/one/agent.toml") && !files.is_match("my-agent.toml"));
}
