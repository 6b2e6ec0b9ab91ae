//! Clients that others wrote: Authlib gets, exchanges, looks into and takes back tokens, and joserfc
//! verifies them by the published keys.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use countersign::clock::MovableClock;
use countersign::identity::{Kind, Signer};
use countersign::policy::runtime::Tokens;
use countersign::store::Engine as Database;
use serde_json::json;

use crate::installed;
use crate::site::Site;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oauth/clients")
}

/// The Python with the libraries in it.
fn python() -> PathBuf {
    installed::python("oauth-clients", &here().join("requirements.txt"), "python")
}

/// What ties a request to its refusal: signed by the other kind of key.
fn binding(site: &Site) -> String {
    let claims =
        json!({ "aud": site.issuer, "exp": site.at(600), "jti": "eval_1", "action": "read" });
    let claims = claims.as_object().unwrap();
    site.ring.sign(Kind::Binding, claims).unwrap()
}

async fn authlib_and_joserfc(engine: Database) {
    // These libraries ask the machine for the time.
    let clock = Arc::new(MovableClock::running(TimeDelta::zero()));
    let site = Site::open_with(engine, clock, Tokens::default()).await;
    let keyed = site.keyed("support-agent-v2").await;
    site.grant(&keyed.agent, "database:read", "30m").await;
    let person = json!({
        "https://slack.com/user_id": "U0DANA", "https://slack.com/team_id": "T0ACME",
    });
    let pem = STANDARD.encode(&keyed.pair.pkcs8);
    let told = json!({
        "issuer": site.issuer,
        "client": keyed.agent.slug,
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n"),
        "person": site.outside(&site.people, &person),
        "binding": binding(&site),
    });
    let output = tokio::task::spawn_blocking(move || {
        let mut child = Command::new(python())
            .arg(here().join("client.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(told.to_string().as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout == b"done\n", "{errors}");
    site.verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    authlib_and_joserfc(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    authlib_and_joserfc(Database::Postgres).await;
}
