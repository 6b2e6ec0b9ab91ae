//! Two servers answer without a pause while a grant is taken back or the policy is changed: neither
//! says yes after the revocation was acknowledged, and both follow the policy within a second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use countersign::store::Engine;
use futures::future::join_all;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::replicas::two_at;
use crate::site::{Door, Site};
use crate::story::{AGENT, Bot};

/// The token of the service that asks.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// How many ask each server at the same time.
const ASKING: usize = 3;
/// How soon a changed policy is in force, where two servers, a database, a workspace and everybody
/// who asks share two cores with others. Left alone it takes less than a second.
const SOON: Duration = Duration::from_secs(5);

/// A policy folder with a service that may ask, and no rules at run time yet.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().expect("a folder"));
        let starter = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/policy/policy.toml");
        let starter = std::fs::read_to_string(starter).expect("the starter policy");
        let sha256 = hex::encode(Sha256::digest(TOKEN));
        let service = format!("[services.desk]\nbearer_sha256 = \"{sha256}\"\n");
        folder
            .has("policy.toml", &format!("{starter}\n{service}[quotas]\nevaluations = 1000000\n"));
        let schema = "entity agent = { slug: String, tier: Long, team: String, owner: String, \
            model: String };\nentity docs = {};\n\
            action read appliesTo { principal: agent, resource: docs, context: {} };\n";
        folder.has("schema.cedarschema", schema);
        folder
    }

    fn has(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("written");
    }

    /// Nobody reads the documents, whatever was granted; or everybody whom people allowed to.
    fn is_closed(&self, closed: bool) {
        let rule = "@id(\"closed\") @reason(\"the documents are closed\")\n\
            forbid (principal is agent, action == Action::\"read\", resource is docs);\n";
        self.has("rules.cedar", if closed { rule } else { "" });
    }

    async fn site(&self) -> Site {
        let mut site = Site::open(Engine::Postgres, Door::Socket).await;
        let path = self.0.path().display().to_string();
        site.more.push(("COUNTERSIGN_POLICY__PATH".to_owned(), path));
        site
    }
}

/// One of the servers, as a service sees it.
#[derive(Clone)]
struct Asked {
    address: SocketAddr,
    client: Client<HttpConnector, Body>,
}

impl Asked {
    fn at(address: SocketAddr) -> Self {
        Self { address, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// May the agent read the documents?
    async fn may(&self) -> bool {
        let question = json!({
            "subject": { "type": "agent", "id": AGENT },
            "action": { "name": "read" },
            "resource": { "type": "docs", "id": "handbook" },
        });
        let request = Request::post(format!("http://{}/access/v1/evaluation", self.address))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Body::from(question.to_string()))
            .expect("a request");
        let answer = self.client.request(request).await.expect("an answer");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        assert_eq!(status, StatusCode::OK, "{body:?}");
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        answer["decision"].as_bool().expect("a decision")
    }
}

/// Two servers that are both asked, and an agent that people allowed to be there.
async fn two_asked(folder: &Folder) -> (Arc<Site>, Arc<Bot>, crate::server::Server, [Asked; 2]) {
    let (site, bot, second) = two_at(folder.site().await).await;
    bot.registers(AGENT, &["writes"]).await;
    bot.approves("U0THEO", "team lead", &[]).await;
    bot.approves("U0SAM", "security", &[]).await;
    bot.dana_reads("is registered").await;
    let asked = [bot.server().address().await, second.address().await].map(Asked::at);
    (site, bot, second, asked)
}

/// What was answered by one server.
#[derive(Default)]
struct Answers {
    yes: AtomicUsize,
    /// To questions that were put after the revocation had been acknowledged.
    after: AtomicUsize,
    /// Of those, how many were a yes.
    stale: AtomicUsize,
}

/// A revocation is written under the one lock that all answers, of all servers, are recorded under,
/// each after reading what was written before it. So whatever is asked after the acknowledgement is
/// a no, at once; and a yes to something new is not late, either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_says_yes_after_a_revocation_was_acknowledged() {
    let folder = Folder::new();
    let (site, bot, _second, asked) = two_asked(&folder).await;
    for round in 0..6 {
        let reference = bot.gets_without_people().await;
        for server in &asked {
            assert!(server.may().await, "{reference} opens it everywhere\n{}", site.transcript());
        }
        let (revoked, end) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let answers = [Arc::new(Answers::default()), Arc::new(Answers::default())];
        let everybody = asked.iter().zip(&answers).flat_map(|of| vec![of; ASKING]);
        let asking: Vec<_> = everybody
            .map(|(server, answers)| {
                let (server, answers) = (server.clone(), Arc::clone(answers));
                let (revoked, end) = (Arc::clone(&revoked), Arc::clone(&end));
                tokio::spawn(async move {
                    while !end.load(SeqCst) {
                        let was_revoked = revoked.load(SeqCst);
                        let yes = server.may().await;
                        answers.yes.fetch_add(usize::from(yes), SeqCst);
                        answers.after.fetch_add(usize::from(was_revoked), SeqCst);
                        answers.stale.fetch_add(usize::from(was_revoked && yes), SeqCst);
                    }
                })
            })
            .collect();
        let all = |of: fn(&Answers) -> usize, least| {
            answers.iter().all(|one| of(one) >= least).then_some(())
        };
        site.until("a yes of both", || all(|one| one.yes.load(SeqCst), 10)).await;
        let revoke = format!("/agent revoke {reference} because nobody needs it");
        bot.is_taken("U0SAM", &revoke, &["no longer has", "revoked by"]).await;
        revoked.store(true, SeqCst);
        site.until("answers after it", || all(|one| one.after.load(SeqCst), 20)).await;
        end.store(true, SeqCst);
        for one in asking {
            one.await.expect("nobody who asks fails");
        }
        let stale = answers.each_ref().map(|one| one.stale.load(SeqCst));
        assert_eq!(stale, [0, 0], "round {round}: a yes after {reference} was revoked");
    }
}

/// A condition is added while both are asked, taken away and added again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_policy_is_followed_by_every_server_within_a_second() {
    let folder = Folder::new();
    let (_site, bot, _second, asked) = two_asked(&folder).await;
    bot.gets_without_people().await;
    for closed in [true, false, true] {
        for server in &asked {
            assert_eq!(server.may().await, closed, "as it was before");
        }
        folder.is_closed(closed);
        let written = Instant::now();
        let followed = asked.iter().flat_map(|server| vec![server; ASKING]).map(async |server| {
            while server.may().await == closed {
                assert!(written.elapsed() < SOON, "{} does not follow", server.address);
            }
            let after = written.elapsed();
            for _ in 0..10 {
                assert_ne!(server.may().await, closed, "{} went back", server.address);
            }
            after
        });
        let last = join_all(followed).await.into_iter().max();
        println!("closed: {closed}; followed by both after {last:?}");
    }
}
