//! The office, with the doors for programs open, and a decision point that asks and offers as the
//! product does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use countersign::api::callbacks::address::Resolver;
use countersign::api::requests::Callers;
use countersign::clock::{Clock, Entropy, MovableClock};
use countersign::domain::evaluation::{Basis, Decision, Denial, LiveGrant, Question};
use countersign::domain::ids::{EvaluationId, GrantId};
use countersign::domain::task::Submitter;
use countersign::domain::tie::tie;
use countersign::identity::Signer;
use countersign::lifecycle::Programs;
use countersign::service::access_requests::approval::{Seen, judge, next_action};
use countersign::service::access_requests::follow::Reader;
use countersign::service::access_requests::offer::Offer;
use countersign::service::access_requests::{Evaluations, Recorded, moment};
use countersign::store::Engine;
use serde_json::{Value, json};

use super::client::{Answer, Program};
use super::receiver::{Receiver, trust};
use super::signer::TestSigner;
use super::support::{Office, Setup};

/// Where requests are put.
pub const REQUESTS: &str = "/access/v1/requests";

/// What is shared between the product's doors and the test.
#[derive(Default)]
pub struct Shared {
    /// Evaluations by their names.
    pub evaluations: Mutex<BTreeMap<EvaluationId, Recorded>>,
    /// Programs by their tokens.
    pub tokens: Mutex<BTreeMap<String, Submitter>>,
    /// What hosts resolve to.
    pub hosts: Mutex<BTreeMap<String, Vec<std::net::IpAddr>>>,
}

struct Doors(Arc<Shared>);

#[async_trait]
impl Evaluations for Doors {
    async fn evaluation(&self, id: EvaluationId) -> countersign::service::Result<Option<Recorded>> {
        Ok(self.0.evaluations.lock().expect("the book").get(&id).cloned())
    }
}

#[async_trait]
impl Callers for Doors {
    async fn caller(&self, request: &Parts) -> Result<Submitter, Response> {
        let shown = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let known = self.0.tokens.lock().expect("the tokens").get(token).cloned();
        let challenge = [("www-authenticate", "Bearer")];
        known.ok_or_else(|| (StatusCode::UNAUTHORIZED, challenge).into_response())
    }

    async fn reader(&self, request: &Parts) -> Result<Reader, Response> {
        self.caller(request).await.map(Reader::Program)
    }
}

#[async_trait]
impl Resolver for Doors {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        let hosts = self.0.hosts.lock().expect("the hosts");
        let found = hosts.get(host).cloned().unwrap_or_default();
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }
}

/// The office with its doors.
pub struct World {
    /// People, Slack, the product.
    pub office: Office,
    /// What the doors know.
    pub shared: Arc<Shared>,
    /// Who is called back.
    pub receiver: Receiver,
    decisions: String,
    _policy: tempfile::TempDir,
}

/// What the usual policy has beside the starter policy.
const MORE: &str = r#"
[resources.tool]
sensitivity = "confidential"
actions     = { invoke = 1 }
opens       = "calling a tool of the customer system"

[callbacks]
hosts             = ["hooks.example.com"]
private_addresses = true
"#;

fn signer(clock: &Arc<MovableClock>) -> TestSigner {
    TestSigner { clock: Arc::clone(clock), secret: b"of the test" }
}

impl World {
    /// The usual one.
    pub async fn open(engine: Engine) -> Self {
        Self::with(engine, MORE).await
    }

    /// One whose policy has this beside the starter policy.
    pub async fn with(engine: Engine, more: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let starter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
        for name in ["policy.toml", "rules.cedar", "schema.cedarschema"] {
            let mut text = std::fs::read_to_string(starter.join(name)).expect("the starter");
            if name == "policy.toml" {
                text.push_str(more);
            }
            std::fs::write(folder.path().join(name), text).expect("a policy");
        }
        let shared = Arc::new(Shared::default());
        let mut setup = Setup::on(engine);
        setup.policy = Some(folder.path().to_owned());
        let doors = Arc::clone(&shared);
        setup.programs = Some(Box::new(move |clock| Programs {
            signer: Arc::new(signer(clock)),
            callers: Arc::new(Doors(Arc::clone(&doors))),
            evaluations: Arc::new(Doors(Arc::clone(&doors))),
            resolver: Arc::new(Doors(Arc::clone(&doors))),
            tls: trust(),
        }));
        let office = Office::set_up(setup).await;
        let receiver = Receiver::start().await;
        let local = vec!["127.0.0.1".parse().expect("an address")];
        shared.hosts.lock().expect("the hosts").insert("hooks.example.com".to_owned(), local);
        let point = DecisionPoint {
            shared: Arc::clone(&shared),
            service: office.service().await,
            signer: signer(&office.clock),
            clock: Arc::clone(&office.clock),
            entropy: Entropy::seeded(7),
        };
        let router = Router::new()
            .route("/access/v1/evaluation", post(evaluate))
            .with_state(Arc::new(point));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let decisions = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { office, shared, receiver, decisions, _policy: folder }
    }

    /// Everything ends.
    pub async fn close(self) {
        self.office.close().await;
    }

    /// The signer of the product.
    pub fn signer(&self) -> TestSigner {
        signer(&self.office.clock)
    }

    /// A registered agent of Dana's that only reads, as a program.
    pub async fn agent(&self, name: &str) -> Program {
        self.office.dana().has_agent(name, &[]).await;
        let agent = self.office.agent(name).await;
        self.program(name, Submitter::Agent(agent.id)).await
    }

    /// A service, as a program.
    pub async fn service(&self, name: &str) -> Program {
        self.program(&format!("service-{name}"), Submitter::Service(name.to_owned())).await
    }

    async fn program(&self, token: &str, is: Submitter) -> Program {
        self.shared.tokens.lock().expect("the tokens").insert(token.to_owned(), is);
        let product = format!("http://{}", self.office.address().await);
        Program::new(product, self.decisions.clone(), token)
    }

    /// So long from now, as the profile writes it.
    pub fn in_hours(&self, hours: i64) -> String {
        moment(self.office.now() + chrono::TimeDelta::hours(hours))
    }

    /// The number of the newest request.
    pub async fn newest(&self, agent: &str) -> String {
        self.office.dana().last_reference(agent).await
    }
}

/// `support-agent-v2` may do this to one order of the database?
pub fn question(agent: &str, action: &str, object: &str) -> Value {
    json!({
        "subject": { "type": "agent", "id": agent },
        "resource": { "type": "database", "id": object },
        "action": { "name": action },
        "context": { "time": "2026-11-30T00:00:00Z", "conversation": { "id": "c-1" } },
    })
}

/// What a denial is echoed as.
pub fn denial(answer: &Answer) -> Value {
    let context = &answer.body["context"];
    json!({
        "evaluation_id": context["evaluation_id"],
        "evaluated_at": context["evaluated_at"],
        "reason": context["reason"],
        "expires_at": context["access_request"]["expires_at"],
        "binding_token": context["access_request"]["binding_token"],
        "template": context["access_request"]["template"],
    })
}

/// The request that answers a denial, until then.
pub fn submission(question: &Value, denied: &Answer, until: &str) -> Value {
    let mut body = question.clone();
    body["context"]["business_justification"] = json!("customer support queries");
    body["requested_access"] = json!({ "requested_until": until });
    body["denial"] = denial(denied);
    body
}

/// A program is refused, and what it would send to ask for it for four hours.
pub async fn refused(world: &World, program: &Program, question: &Value) -> Value {
    let denied = program.posts("/access/v1/evaluation", question).await;
    assert_eq!(denied.body["decision"], false, "{denied:?}");
    assert!(denied.body["context"]["access_request"].is_object(), "{denied:?}");
    submission(question, &denied, &world.in_hours(4))
}

/// It asks; the task's address.
pub async fn asks(program: &Program, body: &Value) -> String {
    let taken = program.posts(REQUESTS, body).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{taken:?}");
    taken.header("location").to_owned()
}

/// It cancels.
pub async fn cancels(program: &Program, task: &str) -> Answer {
    program.sends(Method::POST, &format!("{task}/cancel"), &[], "").await
}

struct DecisionPoint {
    shared: Arc<Shared>,
    service: countersign::service::Service,
    signer: TestSigner,
    clock: Arc<MovableClock>,
    entropy: Entropy,
}

/// Answers by the live grants on the record, and says how to ask, as the product's own decision point.
async fn evaluate(
    State(point): State<Arc<DecisionPoint>>,
    Json(asked): Json<Value>,
) -> Json<Value> {
    let question: Question = serde_json::from_value(asked).expect("a question");
    let question = question.of_who_acts(Some(point.signer.issuer()));
    let now = point.clock.now();
    let id = EvaluationId::new(point.entropy.ulid(now));
    let policy = point.service.policy();
    let agent = point.service.agent_called(&question.subject.id).await.expect("a read");
    let access = question.access();
    let mut session = point.service.store().read().await.expect("a session");
    let grant = match (&agent, &access) {
        (Some(agent), Some(access)) => {
            session.live_grant_for(agent.id, access, now).await.expect("a read")
        }
        _ => None,
    };
    let shown = match (question.context.get("approval"), &agent) {
        (Some(shown), Some(agent)) => {
            let id = shown["id"].as_str().unwrap_or_default().replacen("apr_", "gnt_", 1);
            let behind = match id.parse::<GrantId>() {
                Ok(id) => session.grant(id).await.expect("a read"),
                Err(_) => None,
            };
            let seen = |_| match behind {
                Some(grant) if grant.is_live(now) => {
                    Seen::Live { agent: grant.agent, access: grant.access, until: grant.expires_at }
                }
                Some(_) => Seen::Ended,
                None => Seen::Unknown,
            };
            Some(judge(&point.signer, shown, &question, agent.id, seen, now))
        }
        _ => None,
    };
    let decision = match (&agent, &access, grant, &shown) {
        (None, ..) => Decision::Deny { denial: Denial::UnknownSubject },
        (Some(agent), ..) if !agent.is_active() => {
            let state = agent.state.word().to_owned();
            Decision::Deny { denial: Denial::NotActive { state } }
        }
        (_, Some(_), Some(grant), _) => Decision::Allow {
            basis: Basis::Grant(LiveGrant {
                id: grant.id,
                reference: grant.reference,
                request: grant.request,
                until: grant.expires_at,
            }),
        },
        (_, _, None, Some(Err(why))) => Decision::Deny { denial: Denial::Approval { why: *why } },
        (_, Some(access), ..) if policy.tier_needed(access).is_some() => {
            Decision::Deny { denial: Denial::NoGrant }
        }
        _ => Decision::Deny { denial: Denial::UnknownAccess },
    };
    let mut context = json!({ "evaluation_id": id, "evaluated_at": moment(now) });
    match (&decision, &agent) {
        (Decision::Allow { .. }, _) => {
            if let Some(Ok(shown)) = &shown {
                context["approval"] = shown.context();
            }
        }
        (Decision::Deny { denial }, Some(agent)) => {
            context["reason"] = denial.code().into();
            if shown.is_some() {
                for (name, value) in next_action(denial) {
                    context[name] = value;
                }
            }
            let offer = Offer {
                policy: &policy,
                signer: &point.signer,
                question: &question,
                agent: agent.id,
                tier: agent.tier,
                denial,
                evaluation: id,
                now,
                usual: None,
            };
            if let Some(offer) = offer.access_request() {
                context["access_request"] = offer;
            }
        }
        (Decision::Deny { denial }, None) => context["reason"] = denial.code().into(),
    }
    let allowed = decision.is_allowed();
    let named = question.named_subject();
    let tie = tie(named, &question.resource, &question.action, &question.context);
    let agent = agent.map(|agent| agent.id);
    let recorded = Recorded { question, agent, tie: Some(tie), decision, at: now };
    point.shared.evaluations.lock().expect("the book").insert(id, recorded);
    Json(json!({ "decision": allowed, "context": context }))
}

/// Stories with programs, told on both databases.
#[macro_export]
macro_rules! programs {
    ($($(#[$doc:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        $(#[$doc])*
        async fn $name($world: &$crate::world::World) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let world = $crate::world::World::open(countersign::store::Engine::Sqlite).await;
                super::$name(&world).await;
                world.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let world = $crate::world::World::open(countersign::store::Engine::Postgres).await;
                super::$name(&world).await;
                world.close().await;
            }
        }
    )*};
}
