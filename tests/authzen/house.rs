//! Replicas that answer on real sockets, the people who allow, and a service that asks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::DateTime;
use countersign::api::activity;
use countersign::api::authenticate::{Authenticate, Caller, Unauthorised};
use countersign::api::authzen::Door;
use countersign::clock::{Clock, Entropy, MovableClock};
use countersign::domain::grant::Grant;
use countersign::domain::ids::AgentId;
use countersign::domain::person::{PersonId, Profile, Standing};
use countersign::domain::tier::Answers;
use countersign::domain::vote::Choice;
use countersign::pdp::{self, Pdp};
use countersign::policy::runtime::ServiceProof;
use countersign::policy::{Policy, PolicyHandle};
use countersign::service::directory::{Directory, DirectoryError};
use countersign::service::input::{GrantForm, RegistrationForm};
use countersign::service::outcome::{Asked, Registered};
use countersign::service::{Parts, Service};
use countersign::store::{Limits, Store};
use countersign::telemetry;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::database::TestDatabase;

/// The token of the service `desk`.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// This server's address from outside.
pub const PUBLIC_URL: &str = "https://pdp.example.com";
/// As long as anything may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

struct Office;

#[async_trait]
impl Directory for Office {
    async fn profile(&self, id: &PersonId) -> Result<Profile, DirectoryError> {
        Ok(Profile { id: id.clone(), name: id.user.clone(), standing: Standing::Member })
    }
    async fn group(&self, id: &str) -> Result<Vec<PersonId>, DirectoryError> {
        Ok(match id {
            "S0SECURITY" => vec![person("U0SAM"), person("U0SARA")],
            "S0SUPPORTLEADS" => vec![person("U0THEO"), person("U0TINA")],
            _ => Vec::new(),
        })
    }
}

/// A policy folder with the service `desk` added.
pub fn policy_with(folder: &str, more: &str) -> Policy {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    let main = files.get_mut("policy.toml").expect("policy.toml");
    let sha256 = hex::encode(Sha256::digest(TOKEN.as_bytes()));
    main.push_str(&format!("\n[services.desk]\nbearer_sha256 = \"{sha256}\"\n"));
    main.push_str(more);
    Policy::from_files(&files).unwrap_or_else(|refused| panic!("{refused}"))
}

/// What replicas have in common.
pub struct House {
    pub database: Arc<TestDatabase>,
    pub policy: Policy,
    pub clock: Arc<MovableClock>,
}

impl House {
    pub fn on(database: TestDatabase, policy: Policy) -> Self {
        let start = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
        Self {
            database: Arc::new(database),
            policy,
            clock: Arc::new(MovableClock::standing(start)),
        }
    }

    /// A server.
    pub async fn replica(&self) -> Replica {
        Replica::start(self).await
    }
}

/// Services by their tokens, and agents by their ids in place of a token.
struct Callers(PolicyHandle);

#[async_trait]
impl Authenticate for Callers {
    async fn caller(&self, request: &axum::http::request::Parts) -> Result<Caller, Unauthorised> {
        let header = request.headers.get("authorization").ok_or(Unauthorised::Missing)?;
        let shown = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let shown = shown.ok_or(Unauthorised::Missing)?;
        if let Ok(id) = shown.parse::<AgentId>() {
            return Ok(Caller::Agent { id, token: None });
        }
        let sha256 = hex::encode(Sha256::digest(shown.as_bytes()));
        let proof = ServiceProof::Bearer { sha256 };
        let policy = self.0.current();
        let service = policy.services().values().find(|service| service.proofs.contains(&proof));
        match service {
            Some(service) => Ok(Caller::Service { name: service.name.clone() }),
            None => Err(Unauthorised::Refused("nobody has it".to_owned())),
        }
    }
}

/// One server.
pub struct Replica {
    pub store: Store,
    pub pdp: Pdp,
    pub service: Service,
    pub address: SocketAddr,
    client: Client<HttpConnector, Body>,
    stop: CancellationToken,
    tasks: TaskTracker,
    _database: Arc<TestDatabase>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The one answer.
    pub fn decision(&self) -> bool {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()["decision"].as_bool().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// The answers to several questions.
    pub fn decisions(&self) -> Vec<bool> {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        let document = self.json();
        let all = document["evaluations"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        all.iter().map(|one| one["decision"].as_bool().unwrap()).collect()
    }

    /// The names that a search found.
    pub fn found(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        let document = self.json();
        let all = document["results"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        let name = |one: &Value| one["id"].as_str().or(one["name"].as_str()).unwrap().to_owned();
        all.iter().map(name).collect()
    }
}

impl Replica {
    async fn start(house: &House) -> Self {
        let limits = Limits { wait: Duration::from_secs(10), ..Limits::default() };
        let store = Store::connect_with(house.database.url(), limits).await.expect("a store");
        let policy = PolicyHandle::new(house.policy.clone());
        let entropy = Arc::new(Entropy::from_system());
        let clock = Arc::clone(&house.clock) as Arc<dyn Clock>;
        let service = Service::new(Parts {
            store: store.clone(),
            policy: policy.clone(),
            directory: Arc::new(Office),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let parts = pdp::Parts { store: store.clone(), policy: policy.clone(), clock, entropy };
        let pdp = Pdp::start(parts, &tasks, &stop).await.expect("an index");
        let callers = Arc::new(Callers(policy.clone()));
        let told = activity::Door::new(service.clone(), Arc::clone(&callers) as _);
        let door = Door::new(pdp.clone(), callers, Some(PUBLIC_URL.to_owned()));
        let doors = door.router().merge(told.router());
        let router = telemetry::http::watched(doors.merge(telemetry::http::metrics()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = stop.clone();
        tasks.spawn(async move {
            let serve = axum::serve(listener, router);
            serve.with_graceful_shutdown(async move { token.cancelled().await }).await.unwrap();
        });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            store,
            pdp,
            service,
            address,
            client,
            stop,
            tasks,
            _database: Arc::clone(&house.database),
        }
    }

    /// Ends it cleanly.
    pub async fn end(self) {
        let Self { pdp, stop, tasks, store, client, .. } = self;
        drop((pdp, client));
        stop.cancel();
        tasks.close();
        tokio::time::timeout(PATIENCE, tasks.wait()).await.expect("everything ends");
        store.close().await;
    }

    /// Sends exactly this.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let send = async {
            let response = self.client.request(request).await.expect("an answer");
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.expect("a whole answer").to_bytes();
            Reply { status: parts.status, headers: parts.headers, bytes }
        };
        tokio::time::timeout(PATIENCE, send).await.expect("an answer in time")
    }

    /// A request to this path, of the service `desk`.
    pub fn to(&self, path: &str) -> axum::http::request::Builder {
        Request::post(format!("http://{}{path}", self.address))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {TOKEN}"))
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.to(path).body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn evaluation(&self, body: &Value) -> Reply {
        self.post("/access/v1/evaluation", body).await
    }

    pub async fn evaluations(&self, body: &Value) -> Reply {
        self.post("/access/v1/evaluations", body).await
    }

    /// May this agent do this to this object?
    pub async fn may(&self, agent: &str, access: &str, object: &str) -> Reply {
        self.evaluation(&question(agent, access, object)).await
    }

    /// An agent at work, registered and approved by people.
    pub async fn registers(&self, slug: &str, answers: Answers) -> AgentId {
        let form = RegistrationForm {
            credential: None,
            name: slug.to_owned(),
            purpose: "answers customers".to_owned(),
            systems: "zendesk".to_owned(),
            runs_on: "kubernetes".to_owned(),
            model: "a model".to_owned(),
            answers,
            team: "support".to_owned(),
            owner: None,
        };
        let registered = self.service.register(&person("U0DANA"), form, None).await.unwrap();
        let Registered::Opened { agent, request, .. } = registered else {
            panic!("{registered:?}")
        };
        self.approve(request.id, &["U0THEO", "U0SAM"]).await;
        agent.id
    }

    async fn approve(&self, request: countersign::domain::ids::RequestId, by: &[&str]) {
        for user in by {
            let by = person(user);
            self.service.vote(&by, request, Choice::Approve, None).await.unwrap();
        }
    }

    /// A grant, asked for and approved.
    pub async fn grants(&self, slug: &str, access: &str, lasting: &str) -> Grant {
        let form = GrantForm {
            agent: slug.to_owned(),
            access: access.to_owned(),
            lasting: lasting.to_owned(),
            because: "customer support queries".to_owned(),
        };
        let request = match self.service.ask_grant(&person("U0DANA"), &form, None).await.unwrap() {
            Asked::Approved { grant: Some(grant), .. } => return grant,
            Asked::Opened { request, .. } => request,
            other => panic!("{other:?}"),
        };
        self.approve(request.id, &["U0THEO", "U0SAM"]).await;
        let grant = self.store.read().await.unwrap().grant_of_request(request.id).await.unwrap();
        grant.expect("it is approved")
    }

    /// Somebody ends the grant; acknowledged when this returns.
    pub async fn revokes(&self, grant: &Grant) {
        let reference = grant.reference.to_string();
        let ended = self.service.revoke(&person("U0DANA"), &reference, "done", None).await.unwrap();
        let done = matches!(ended, countersign::service::outcome::Ended::Done { .. });
        assert!(done, "{ended:?}");
    }
}

/// May this agent do this to this object?
pub fn question(agent: &str, access: &str, object: &str) -> Value {
    let (resource, action) = access.split_once(':').unwrap();
    json!({
        "subject": { "type": "agent", "id": agent },
        "action": { "name": action },
        "resource": { "type": resource, "id": object },
    })
}

/// Waits until it is so.
pub async fn until<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
