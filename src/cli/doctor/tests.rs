//! What the doctor finds.

use std::ffi::OsString;
use std::path::Path;

use super::*;
use crate::store::Store;

fn sources(folder: &Path, variables: &[(&str, &str)]) -> Sources {
    let database = format!("sqlite://{}", folder.join("countersign.db").display());
    let usual = [
        ("COUNTERSIGN_SLACK__BOT_TOKEN", "xoxb-1-secret"),
        ("COUNTERSIGN_SLACK__APP_TOKEN", "xapp-1-secret"),
        // Nobody listens on port 1.
        ("COUNTERSIGN_SLACK__API_URL", "http://127.0.0.1:1/api"),
        ("COUNTERSIGN_DATABASE__URL", database.as_str()),
    ];
    let given = |name: &str| variables.iter().any(|(other, _)| *other == name);
    let env = usual
        .iter()
        .filter(|(name, _)| !given(name))
        .chain(variables)
        .map(|(name, value)| (OsString::from(name), OsString::from(value)))
        .collect();
    Sources { file: None, env }
}

/// What is printed, with the folder's name and digests taken out.
async fn examined(folder: &Path, variables: &[(&str, &str)]) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let text = as_text(&look(&sources(folder, variables)).await);
    assert!(!text.contains("secret"), "{text}");
    let digest: String = crate::policy::Policy::starter().digest().chars().take(12).collect();
    text.replace(&folder.display().to_string(), "[folder]").replace(&digest, "[digest]")
}

#[tokio::test]
async fn before_the_first_start_and_without_slack() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(examined(folder.path(), &[]).await);
    assert!(!folder.path().join("countersign.db").exists(), "the doctor changes nothing");
}

#[tokio::test]
async fn after_the_first_start_and_with_a_bad_policy() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("countersign.db").display());
    Store::connect(&url).await.unwrap().close().await;
    let policy = folder.path().join("policy");
    std::fs::create_dir(&policy).unwrap();
    std::fs::write(policy.join("policy.toml"), "[chanels]\n").unwrap();
    let variables = [("COUNTERSIGN_POLICY__PATH", policy.to_str().unwrap())];
    let text = examined(folder.path(), &variables).await;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("✗ policy") && lines[1].contains("policy.toml:1:"), "{text}");
    assert!(
        text.contains("✓ database         sqlite://[folder]/countersign.db, 0 lines"),
        "{text}"
    );
}

#[tokio::test]
async fn a_wrong_configuration_is_all_there_is_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let variables =
        [("COUNTERSIGN_SLACK__MODE", "sockets"), ("COUNTERSIGN_SERVER__LISTEN", "8080")];
    insta::assert_snapshot!(examined(folder.path(), &variables).await);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("countersign.db"), "not a database ".repeat(100)).unwrap();
    let text = examined(folder.path(), &[]).await;
    assert!(text.contains("✗ database"), "{text}");
    assert!(text.contains("→ check database.url"), "{text}");
}

#[tokio::test]
async fn a_postgresql_that_is_away_is_said_to_be_away() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://app:secret@127.0.0.1:1/countersign";
    let text = examined(folder.path(), &[("COUNTERSIGN_DATABASE__URL", url)]).await;
    assert!(text.contains("✗ database         postgres://app:***@127.0.0.1:1/"), "{text}");
}

#[tokio::test]
async fn a_postgresql_that_is_there_is_looked_at_and_left_alone() {
    let url = std::env::var("COUNTERSIGN_TEST_POSTGRES")
        .expect("COUNTERSIGN_TEST_POSTGRES names a PostgreSQL: run the tests by scripts/test");
    let check = database::look(&url.parse().unwrap()).await;
    assert!(check.ok, "{check:?}");
    assert!(check.found.contains("(PostgreSQL "), "{check:?}");
}

#[test]
fn the_verdict_is_told_to_people_and_to_machines() {
    let checks = [
        good("configuration", "countersign.toml"),
        bad("channel C0SUPPORT", "the app cannot see it\u{1b}[2J", Some("invite the app to it")),
        bad("scopes", "missing: im:write", None),
    ];
    let well = as_text(checks.get(..1).unwrap());
    insta::assert_snapshot!(format!("{}\n{}\n{well}", as_text(&checks), as_json(&checks)));
}

/// The stand-in answers as Slack does: a doctor that is content here has seen every scope, channel,
/// group and person of the starter policy.
#[cfg(feature = "sandbox")]
mod beside_a_workspace {
    use std::sync::Arc;

    use super::*;
    use crate::sandbox::{RateLimits, Sandbox, SandboxConfig, WallTime};

    async fn examined_beside(variables: &[(&str, &str)]) -> String {
        let config = SandboxConfig {
            rate_limits: RateLimits::Off,
            ..SandboxConfig::new(Arc::new(WallTime::new()))
        };
        let (bot, app) = (config.bot_token.clone(), config.app_token.clone());
        let workspace = Sandbox::start(config).await.unwrap();
        let address = workspace.api_url();
        let usual = [
            ("COUNTERSIGN_SLACK__API_URL", address.as_str()),
            ("COUNTERSIGN_SLACK__BOT_TOKEN", &bot),
            ("COUNTERSIGN_SLACK__APP_TOKEN", &app),
        ];
        let given = |name: &str| variables.iter().any(|(other, _)| *other == name);
        let usual = usual.into_iter().filter(|(name, _)| !given(name));
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<_> = usual.chain(variables.iter().copied()).collect();
        let text = examined(folder.path(), &all).await;
        workspace.stop().await;
        text
    }

    #[tokio::test]
    async fn all_is_well() {
        insta::assert_snapshot!(examined_beside(&[]).await);
    }

    #[tokio::test]
    async fn a_token_that_slack_does_not_know() {
        let text = examined_beside(&[("COUNTERSIGN_SLACK__BOT_TOKEN", "xoxb-another")]).await;
        assert!(text.contains("✗ slack.bot_token  invalid_auth"), "{text}");
        assert!(text.contains("→ install the app again"), "{text}");
    }

    #[tokio::test]
    async fn what_the_policy_names_and_slack_does_not_have() {
        let folder = tempfile::tempdir().unwrap();
        let starter = include_str!("../../../manifests/policy/policy.toml");
        let policy = starter.replace("C0DATA", "C0GONE").replace("S0COMPLIANCE", "S0GONE");
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        let path = folder.path().to_str().unwrap();
        let text = examined_beside(&[("COUNTERSIGN_POLICY__PATH", path)]).await;
        let faults: Vec<&str> = text.lines().filter(|line| line.starts_with('✗')).collect();
        assert_eq!(faults.len(), 2, "{text}");
        assert!(faults[0].contains("channel C0GONE") && faults[1].contains("S0GONE"), "{text}");
        assert!(
            text.ends_with("2 faults. Mend them, the first one first, and ask the doctor again.\n")
        );
    }
}
