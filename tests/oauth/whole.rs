//! The whole server, put together by its settings.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use countersign::clock::{Clock, Entropy, SystemClock};
use countersign::config::{Config, Sources};
use countersign::lifecycle::{Outside, Running, start};
use countersign::sandbox::{Sandbox, SandboxConfig, TimeMachine};
use countersign::slack::wire::limits::Limits;
use futures::future::BoxFuture;

use crate::database::TestDatabase;
use crate::http::{form, get};

struct Now;

impl TimeMachine for Now {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }
    fn advance(&self, _: TimeDelta) {}
    fn next_deadline(&self) -> BoxFuture<'_, Option<DateTime<Utc>>> {
        Box::pin(async { None })
    }
}

/// A server beside a workspace, with these settings beside the necessary ones.
async fn server(database: &TestDatabase, more: &[(&str, &str)]) -> (Sandbox, Running) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let workspace = SandboxConfig::new(Arc::new(Now));
    let (bot, app) = (workspace.bot_token.clone(), workspace.app_token.clone());
    let sandbox = Sandbox::start(workspace).await.unwrap();
    let api = sandbox.api_url();
    let mut settings = vec![
        ("SERVER__LISTEN", "127.0.0.1:0"),
        ("DATABASE__URL", database.url()),
        ("SLACK__API_URL", &api),
        ("SLACK__BOT_TOKEN", &bot),
        ("SLACK__APP_TOKEN", &app),
    ];
    settings.extend_from_slice(more);
    let env = settings.iter().map(|(n, v)| (format!("COUNTERSIGN_{n}").into(), (*v).into()));
    let sources = Sources { file: None, env: env.collect() };
    let config = Config::load(&sources).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let outside = Outside {
        clock: Arc::new(SystemClock),
        wall: Arc::new(SystemClock),
        entropy: Arc::new(Entropy::from_system()),
        limits: Limits::none(),
    };
    (sandbox, start(&config, outside).await.unwrap())
}

async fn keys(running: &Running) -> usize {
    let jwks = get(&format!("http://{}/.well-known/jwks.json", running.address())).await;
    assert_eq!(jwks.status, 200);
    jwks.body["keys"].as_array().unwrap().len()
}

/// With nothing configured the keys are beside the database, and are found again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_configured() {
    let database = TestDatabase::sqlite().await;
    let file = database.url().replace("sqlite://", "").replace(".db", ".keys");
    for _ in 0..2 {
        let (sandbox, running) = server(&database, &[]).await;
        assert_eq!(keys(&running).await, 2);
        assert!(std::path::Path::new(&file).exists(), "{file}");
        let metadata =
            format!("http://{}/.well-known/oauth-authorization-server", running.address());
        let issuer = get(&metadata).await.body["issuer"].clone();
        assert_eq!(issuer, format!("http://{}", running.address()));
        running.stop().await;
        sandbox.stop().await;
    }
}

/// With PostgreSQL a secret is needed; without one everything else works, and asking for a token says
/// what is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_postgres() {
    let database = TestDatabase::postgres().await;
    let (sandbox, running) = server(&database, &[]).await;
    assert_eq!(keys(&running).await, 0);
    let token = format!("http://{}/oauth/token", running.address());
    let refused = form(&token, &[("grant_type", "client_credentials")], &[]).await;
    refused.refuses(503, "temporarily_unavailable", "no key to sign tokens with");
    assert_eq!(refused.header("retry-after"), "1");
    running.stop().await;
    sandbox.stop().await;
    let more = [
        ("SERVER__PUBLIC_URL", "https://agents.example.com"),
        ("IDENTITY__ENCRYPTION_KEY", "a-secret-of-more-than-32-characters"),
    ];
    let (sandbox, running) = server(&database, &more).await;
    assert_eq!(keys(&running).await, 2);
    let metadata = format!("http://{}/.well-known/oauth-authorization-server", running.address());
    assert_eq!(get(&metadata).await.body["issuer"], "https://agents.example.com");
    running.stop().await;
    sandbox.stop().await;
}
