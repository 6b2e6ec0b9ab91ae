//! The server binary from outside: what it prints where, and how it ends.
//!
//! Each run has an environment of its own, so that no variable of the machine plays a part.

#![expect(clippy::unwrap_used, reason = "a test that cannot run what it tests has failed")]

use std::path::Path;
use std::process::{Command, Stdio};

/// How a run ended: its status, standard output, standard error.
#[derive(Debug)]
struct Ended {
    status: i32,
    out: String,
    err: String,
}

fn countersign(folder: &Path, variables: &[(&str, &str)], line: &str) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ended {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn help_is_an_answer_and_a_wrong_command_a_mistake() {
    let folder = folder();
    let help = countersign(folder.path(), &[], "--help");
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    assert!(help.out.contains("Exit status:"), "{help:?}");
    let wrong = countersign(folder.path(), &[], "doktor");
    assert_eq!((wrong.status, wrong.out.as_str()), (64, ""));
    assert!(wrong.err.contains("'doctor'"), "{wrong:?}");
    let alone = countersign(folder.path(), &[], "");
    assert_eq!(alone.status, 64);
    let outside = countersign(folder.path(), &[], "sandbox --listen 0.0.0.0:4545");
    assert_eq!(outside.status, 64);
    assert!(outside.err.contains("this machine only"), "{outside:?}");
}

#[test]
fn the_environment_sets_what_its_names_say() {
    let folder = folder();
    std::fs::write(folder.path().join("token"), "xoxb-1-secret\n").unwrap();
    std::fs::write(folder.path().join("c.toml"), "[server]\nlisten = \"[::1]:1\"\n").unwrap();
    let variables = [
        ("COUNTERSIGN_CONFIG", "c.toml"),
        ("COUNTERSIGN_SERVER__PUBLIC_URL", "https://agents.example.com"),
        ("COUNTERSIGN_DATABASE__URL", "postgres://app:secret@db/countersign"),
        ("COUNTERSIGN_POLICY__PATH", "policy"),
        ("COUNTERSIGN_SLACK__MODE", "http"),
        ("COUNTERSIGN_SLACK__API_URL", "http://127.0.0.1:4545/api"),
        ("COUNTERSIGN_SLACK__BOT_TOKEN_FILE", "token"),
        ("COUNTERSIGN_SLACK__SIGNING_SECRET", "secret"),
        ("COUNTERSIGN_TELEMETRY__FORMAT", "json"),
    ];
    let shown = countersign(folder.path(), &variables, "config show");
    assert_eq!((shown.status, shown.err.as_str()), (0, ""));
    assert!(!shown.out.contains("secret\""), "{}", shown.out);
    let values: toml::Table = shown.out.parse().unwrap();
    let value = |section: &str, key: &str| values[section][key].as_str().unwrap().to_owned();
    assert_eq!(value("server", "listen"), "[::1]:1");
    assert_eq!(value("server", "public_url"), "https://agents.example.com");
    assert_eq!(value("database", "url"), "postgres://app:***@db/countersign");
    assert_eq!(value("policy", "path"), "policy");
    assert_eq!(value("slack", "mode"), "http");
    assert_eq!(value("slack", "api_url"), "http://127.0.0.1:4545/api");
    assert_eq!(value("slack", "bot_token_file"), "token");
    assert_eq!(value("slack", "signing_secret"), "(hidden)");
    assert_eq!(value("telemetry", "format"), "json");
}

#[test]
fn the_defaults_that_are_printed_are_a_configuration() {
    let folder = folder();
    let printed = countersign(folder.path(), &[], "config default");
    assert_eq!(printed.status, 0);
    std::fs::write(folder.path().join("c.toml"), &printed.out).unwrap();
    let variables = [
        ("COUNTERSIGN_SLACK__BOT_TOKEN", "xoxb-1-secret"),
        ("COUNTERSIGN_SLACK__APP_TOKEN", "xapp-1-secret"),
    ];
    let shown = countersign(folder.path(), &variables, "config show --config c.toml");
    assert_eq!((shown.status, shown.err.as_str()), (0, ""));
    assert!(shown.out.contains("# c.toml:"), "{}", shown.out);
}

#[test]
fn a_server_with_a_wrong_configuration_names_every_mistake_and_does_not_start() {
    let folder = folder();
    let variables = [("COUNTERSIGN_SERVER__LISTEN", "8080")];
    let ended = countersign(folder.path(), &variables, "serve");
    assert_eq!((ended.status, ended.out.as_str()), (78, ""));
    for setting in ["server.listen", "slack.bot_token", "slack.app_token"] {
        assert!(ended.err.contains(setting), "{ended:?}");
    }
    // The same mistakes are a finding of the doctor, whose work is to find them.
    let ended = countersign(folder.path(), &variables, "doctor --json");
    assert_eq!((ended.status, ended.err.as_str()), (1, ""));
    assert_eq!(ended.out.lines().count(), 3, "{ended:?}");
}

#[test]
fn a_server_with_a_wrong_policy_does_not_start() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("policy")).unwrap();
    std::fs::write(folder.path().join("policy/policy.toml"), "[chanels]\n").unwrap();
    let variables = [
        ("COUNTERSIGN_SLACK__BOT_TOKEN", "xoxb-1-secret"),
        ("COUNTERSIGN_SLACK__APP_TOKEN", "xapp-1-secret"),
        ("COUNTERSIGN_POLICY__PATH", "policy"),
    ];
    let ended = countersign(folder.path(), &variables, "serve");
    assert_eq!((ended.status, ended.out.as_str()), (78, ""));
    assert!(ended.err.contains("policy.toml:1:"), "{ended:?}");
}

#[test]
fn the_log_of_a_server_that_never_ran_is_not_made_up() {
    let folder = folder();
    for line in ["audit verify", "audit list"] {
        let ended = countersign(folder.path(), &[], line);
        assert_eq!((ended.status, ended.out.as_str()), (69, ""));
        assert!(ended.err.contains("there is no database"), "{ended:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_policy_is_checked_tested_compared_and_explained() {
    let folder = folder();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let starter = root.join("manifests/policy/policy.toml");
    let wider = std::fs::read_to_string(starter)
        .unwrap()
        .replace(r#"requires      = ["security", "team-lead"]"#, r#"requires = ["team-lead"]"#);
    std::fs::create_dir(folder.path().join("new")).unwrap();
    std::fs::write(folder.path().join("new/policy.toml"), wider).unwrap();
    let old = root.join("manifests/policy").display().to_string();

    for (line, status, says) in [
        (format!("policy check {old}"), 0, "The policy checks"),
        ("policy check".to_owned(), 0, "The policy checks"),
        ("policy check nowhere".to_owned(), 1, "nowhere"),
        (format!("policy test {old}"), 0, "all passed"),
        (format!("policy plan {old} {old}"), 0, "Nothing changes"),
        (format!("policy plan {old} new"), 3, "⚠"),
        (format!("policy plan {old} nowhere"), 1, "nowhere"),
        (
            "policy explain database:read --tier 2 --team support --for 30m".to_owned(),
            0,
            "Decided by",
        ),
        ("policy explain databse:read --tier 2 --team support".to_owned(), 1, "database"),
    ] {
        let ended = countersign(folder.path(), &[], &line);
        assert_eq!((ended.status, ended.err.as_str()), (status, ""), "{line}: {ended:?}");
        assert!(ended.out.contains(says), "{line}: {ended:?}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_mistake() {
    let folder = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["config", "default"])
        .current_dir(folder.path())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

/// Findings are taken into the server's own database, line by line; a key is never repeated.
#[test]
fn findings_are_imported() {
    let folder = folder();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("aws.csv", "external_id,name,kind\narn:1,deploy,service-account\narn:2,odd,robot\n");
    let missing = countersign(folder.path(), &[], "discover import aws.csv --source aws-iam");
    assert_eq!(missing.status, 69);
    assert!(missing.err.contains("there is no database"), "{missing:?}");

    let url = format!("sqlite://{}", folder.path().join("c.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(async { countersign::store::Store::connect(&url).await.unwrap().close().await });
    let variables = [("COUNTERSIGN_DATABASE__URL", url.as_str())];
    let key = format!("glpat-{}", "k7Qz".repeat(6));
    write("keys.jsonl", &format!("{{\"external_id\": \"{key}\", \"name\": \"a key\"}}\n"));
    for (line, status, says) in [
        ("discover import aws.csv --source aws-iam --dry-run", 1, "Nothing was recorded"),
        ("discover import aws.csv --source aws-iam", 1, "line 3: `kind` is `robot`"),
        ("discover import aws.csv --source aws-iam", 1, "known          1  deploy"),
        ("discover import keys.jsonl --source gitlab", 1, "never the key itself"),
        ("discover import aws.csv", 1, "give --source"),
    ] {
        let ended = countersign(folder.path(), &variables, line);
        assert_eq!((ended.status, ended.err.as_str()), (status, ""), "{line}: {ended:?}");
        assert!(ended.out.contains(says) && !ended.out.contains(&key), "{line}: {ended:?}");
    }
    for (line, status) in [
        ("discover import", 64),
        ("discover import aws.csv --format xml", 64),
        ("discover import nowhere.csv --source aws-iam", 69),
    ] {
        assert_eq!(countersign(folder.path(), &variables, line).status, status, "{line}");
    }
    let log = countersign(folder.path(), &variables, "audit verify");
    assert_eq!(log.status, 0, "{log:?}");
}
