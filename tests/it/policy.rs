//! Who approves what, changed while the server runs.

use std::path::Path;

use countersign::domain::event::What;
use countersign::policy::Policy;
use countersign::store::Engine;

use crate::support::{Office, Setup};

/// An office whose policy is a folder that can be changed, at first the starter policy.
async fn with_a_folder(engine: Engine) -> (Office, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy/policy.toml");
    std::fs::copy(starter, folder.path().join("policy.toml")).expect("a copy");
    let policy = Some(folder.path().to_owned());
    (Office::set_up(Setup { policy, ..Setup::on(engine) }).await, folder)
}

fn rewrite(folder: &Path, from: &str, to: &str) {
    let file = folder.join("policy.toml");
    let before = std::fs::read_to_string(&file).expect("the policy");
    assert!(before.contains(from), "no {from} in the policy");
    // As editors do: whole or not at all.
    let new = folder.join("policy.toml.new");
    std::fs::write(&new, before.replacen(from, to, 1)).expect("written");
    std::fs::rename(new, file).expect("renamed");
}

async fn another_policy_is_another_routing(engine: Engine) {
    let (office, folder) = with_a_folder(engine).await;
    let first = office.service().await.policy().digest().to_owned();
    office.dana().registers("support-agent-v2", &[]).await;
    let before = office.dana().last_reference("support-agent-v2").await;
    assert_eq!(office.request(&before).await.policy, first);

    rewrite(folder.path(), "requires      = [\"team-lead\"]", "requires      = [\"compliance\"]");
    let loaded = || office.logged(|what| matches!(what, What::PolicyLoaded { .. }));
    office.until_so("recorded the new policy", || async { loaded().await == 2 }).await;
    let second = office.service().await.policy().digest().to_owned();
    assert_ne!(first, second);
    let log = office.log().await;
    assert!(log.iter().any(|line| matches!(
        &line.what,
        What::PolicyLoaded { digest, before: Some(before) } if *digest == second && *before == first
    )));
    office.settled().await;
    assert_eq!(office.posted("C0SECURITY", "Another policy is in force").len(), 1);

    office.dana().registers("another-agent", &[]).await;
    let after = office.dana().last_reference("another-agent").await;
    assert_eq!(office.request(&after).await.policy, second);
    assert!(office.cleo().is_asked(&after).await);
    assert!(!office.theo().is_asked(&after).await);
    let opened = log.len();
    assert!(opened > 0);
    // What was asked under the first policy is decided under it.
    office.theo().approves(&before).await;
    assert!(office.agent("support-agent-v2").await.is_active());

    rewrite(folder.path(), "requires      = [\"compliance\"]", "requires      = [\"complaince\"]");
    let refused = || office.logged(|what| matches!(what, What::PolicyRefused { .. }));
    office.until_so("recorded the refusal", || async { refused().await == 1 }).await;
    office.settled().await;
    let told = office.posted("C0SECURITY", "has mistakes and was not loaded");
    assert_eq!(told.len(), 1);
    let words = told[0].words();
    assert!(words.contains("complaince") && words.contains("compliance"), "{words}");
    assert_eq!(office.service().await.policy().digest(), second, "the last good one stays");
    office.dana().registers("third-agent", &[]).await;
    let third = office.dana().last_reference("third-agent").await;
    assert!(office.cleo().is_asked(&third).await);
    // Mended, it is taken again; the one that is in force needs no second word.
    rewrite(folder.path(), "requires      = [\"complaince\"]", "requires      = [\"vp\"]");
    office.until_so("recorded the third policy", || async { loaded().await == 3 }).await;
    office.dana().registers("fourth-agent", &[]).await;
    let fourth = office.dana().last_reference("fourth-agent").await;
    assert!(office.vera().is_asked(&fourth).await);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_policy_is_another_routing_sqlite() {
    another_policy_is_another_routing(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_policy_is_another_routing_postgres() {
    another_policy_is_another_routing(Engine::Postgres).await;
}

/// Each start with the same policy is no news; every request carries the policy's digest, and the
/// log carries it, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_carries_the_policy_s_digest() {
    let office = Office::set_up(Setup { discovers: true, ..Setup::on(Engine::Sqlite) }).await;
    let starter = Policy::starter().digest().to_owned();
    office.dana().has_agent("support-agent-v2", &[]).await;
    office.dana().asks("support-agent-v2", "database:read", "30m").await;
    office.stop().await;
    office.start().await;
    let log = office.log().await;
    let loaded = log.iter().filter(|line| matches!(&line.what, What::PolicyLoaded { .. }));
    assert_eq!(loaded.count(), 1);
    let mut opened = 0;
    for line in &log {
        if let What::RequestOpened { policy, .. } = &line.what {
            assert_eq!(*policy, starter);
            opened += 1;
        }
    }
    assert_eq!(opened, 2);
    office.close().await;
}
