//! Tokens: so many a second for an agent's signature (`private_key_jwt`), each issued in a transaction
//! of its own with its line in the log, and each carrying the five grants that its agent has.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use countersign::clock::Entropy;
use countersign::domain::agent::Agent;
use countersign::domain::credential::{Credential, CredentialState, Proof};
use countersign::domain::ids::{CredentialId, RequestId};
use countersign::domain::signing_key::Algorithm;
use countersign::identity::jws;
use countersign::identity::pair::KeyPair;
use countersign::store::{Store, work};
use serde_json::{Value, json};

use crate::common::bed::Database;
use crate::common::load::{Round, run};
use crate::common::slack::Slack;
use crate::common::{bare, median, now, seed};
use crate::house::{Policy, Server};
use crate::{CONNECTIONS, LASTING, many, report};

/// The agents that ask.
const AGENTS: usize = 100;
/// What each may do.
const GRANTS: usize = 5;
/// As many as a round can use up.
const MOST: usize = 12_000;

/// An agent and what it signs with.
struct Keyed {
    agent: Agent,
    pair: KeyPair,
}

/// Measures the rounds for one database.
pub async fn measure(database: &Database, times: usize) {
    let (slack, policy) = (Slack::start().await, Policy::with_ten_rules());
    let entropy = Entropy::from_system();
    let store = Store::connect(&database.url).await.expect("a store");
    let agents: Vec<Agent> =
        (0..AGENTS).map(|n| seed::agent(&entropy, &format!("agent-{n}"))).collect();
    seed::agents(&store, agents.clone()).await;
    many::grants(database, &agents, GRANTS, now() + TimeDelta::days(1)).await;
    let mut keyed = Vec::new();
    for agent in agents {
        let (pair, _) = KeyPair::make(Algorithm::EdDsa).expect("a pair");
        key(&store, &entropy, &agent, &pair).await;
        keyed.push(Keyed { agent, pair });
    }
    let server = Server::start(database, &slack, &policy).await;
    let issuer = format!("http://{}", server.address);
    for connections in CONNECTIONS {
        let (mut rates, mut rounds) =
            (vec![bare::commits(database, 32, LASTING).await], Vec::new());
        for _ in 0..times {
            let asked = (0..MOST).map(|n| request(&keyed[n % AGENTS], &issuer, &entropy)).collect();
            let round: Round = run(server.address, connections, asked, LASTING).await;
            assert!(round.sample.contains("\"access_token\""), "{}", round.sample);
            rounds.push(round);
            rates.push(bare::commits(database, 32, Duration::from_secs(1)).await);
        }
        report(database, "tokens", connections, &rounds);
        println!(
            "{:<11} {:<28} {:>5} {:>9.0}",
            database.name(),
            "  bare commits, same run",
            "",
            median(rates)
        );
    }
    server.stop().await;
    store.close().await;
}

async fn key(store: &Store, entropy: &Entropy, agent: &Agent, pair: &KeyPair) {
    let now = now();
    let credential = Credential {
        id: CredentialId::new(entropy.ulid(now)),
        agent: agent.id,
        name: "production".to_owned(),
        proof: Proof::Key { key: pair.public().clone(), thumbprint: pair.public().thumbprint() },
        request: RequestId::new(entropy.ulid(now)),
        added_at: now,
        expires_at: now + TimeDelta::days(30),
        state: CredentialState::Active,
    };
    let work =
        work(move |tx| Box::pin(async move { tx.insert_credential(&credential).await.map(drop) }));
    store.write(work).await.expect("kept");
}

/// A fresh assertion, as it goes over the wire.
fn request(keyed: &Keyed, issuer: &str, entropy: &Entropy) -> Bytes {
    let now = now();
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let slug = keyed.agent.slug.as_str();
    let header = json!({ "alg": "EdDSA", "kid": keyed.pair.public().thumbprint() });
    let claims = json!({
        "iss": slug, "sub": slug, "aud": issuer, "iat": now.timestamp(),
        "exp": now.timestamp() + 60, "jti": entropy.ulid(now).to_string(),
    });
    let signed = jws::sign(&object(header), &object(claims), |text| keyed.pair.sign(text));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &signed.expect("signed")),
    ];
    let body = serde_urlencoded::to_string(form).expect("a form");
    Bytes::from(format!(
        "POST /oauth/token HTTP/1.1\r\nhost: countersign\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}
