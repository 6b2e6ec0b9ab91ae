//! A server with agents, keys and grants, and the issuers that it trusts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use countersign::clock::{Clock, Entropy, MovableClock};
use countersign::domain::access::Access;
use countersign::domain::agent::{Agent, AgentState, Description};
use countersign::domain::credential::{Credential, CredentialState, Proof};
use countersign::domain::event::{Body, Verifier, What};
use countersign::domain::grant::{Grant, GrantState};
use countersign::domain::ids::{AgentId, CredentialId, GrantId, RequestId};
use countersign::domain::person::{PersonId, Profile, Standing};
use countersign::domain::request::{
    Acceptance, ApprovedBy, Ask, Origin, Reference, Request, RequestState,
};
use countersign::domain::role::{RoleName, TeamName};
use countersign::domain::signing_key::Algorithm;
use countersign::domain::tier::{Answers, Tier};
use countersign::domain::time::{Span, Timestamp};
use countersign::domain::vote::{Choice, Vote};
use countersign::identity::fetch::HttpFetch;
use countersign::identity::issuers::IssuerKeys;
use countersign::identity::ring::KeyRing;
use countersign::policy::runtime::{Issuer, Keys, ServiceAccount, ServiceProof, Tokens, Trusted};
use countersign::policy::{Policy, PolicyHandle};
use countersign::service::directory::{Directory, DirectoryError};
use countersign::service::tokens::TokenDesk;
use countersign::service::{Parts, Service};
use countersign::store::{Engine, Limits, Store};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::database::TestDatabase;
use crate::http::{self, Answer};
use crate::outside::Outside;
use crate::tools::Pair;

pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
/// The bearer token of the service `crm`.
pub const CRM: &str = "4f0c0ffee-the-token-of-the-crm-that-nobody-guesses";

/// The workspace: everybody is a member, but those who left.
#[derive(Clone, Default)]
pub struct Workspace {
    left: Arc<Mutex<BTreeMap<String, Standing>>>,
    away: Arc<AtomicBool>,
}

impl Workspace {
    /// From now on this is what somebody is.
    pub fn becomes(&self, user: &str, standing: Standing) {
        self.left.lock().expect("a lock").insert(user.to_owned(), standing);
    }

    /// Whether it can be asked at all.
    pub fn is_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }
}

#[async_trait]
impl Directory for Workspace {
    async fn profile(&self, person: &PersonId) -> Result<Profile, DirectoryError> {
        if self.away.load(Ordering::SeqCst) {
            let about = person.user.clone();
            return Err(DirectoryError { about, error: "timeout".to_owned() });
        }
        let left = self.left.lock().expect("a lock").get(&person.user).copied();
        let standing = match person.user.as_str() {
            "U0GONE" => Standing::Deactivated,
            _ if person.workspace != "T0ACME" => Standing::Outsider,
            _ => left.unwrap_or(Standing::Member),
        };
        Ok(Profile { id: person.clone(), name: person.user.clone(), standing })
    }

    async fn find(&self, hint: &str) -> Result<Option<PersonId>, DirectoryError> {
        Ok(match hint {
            "dana@acme.example" | "U0DANA" => Some(PersonId::new("T0ACME", "U0DANA")),
            "gone@acme.example" => Some(PersonId::new("T0ACME", "U0GONE")),
            _ => None,
        })
    }

    async fn group(&self, _: &str) -> Result<Vec<PersonId>, DirectoryError> {
        Ok(Vec::new())
    }
}

/// A server.
pub struct Site {
    _database: TestDatabase,
    pub store: Store,
    pub clock: Arc<MovableClock>,
    pub issuer: String,
    pub ring: Arc<KeyRing>,
    /// Vouches for workloads.
    pub cluster: Outside,
    /// Vouches for people.
    pub people: Outside,
    pub entropy: Arc<Entropy>,
    pub service_key: Pair,
    pub service: Service,
    pub workspace: Workspace,
}

/// An agent with a key.
pub struct Keyed {
    pub agent: Agent,
    pub pair: Pair,
    pub credential: Credential,
}

impl Site {
    pub async fn open(engine: Engine) -> Self {
        let start = Timestamp::from_timestamp(1_796_000_000, 0).expect("a moment in 2026");
        let clock = Arc::new(MovableClock::standing(start));
        Self::open_with(engine, clock, Tokens::default()).await
    }

    pub async fn open_with(engine: Engine, clock: Arc<MovableClock>, tokens: Tokens) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = match engine {
            Engine::Sqlite => TestDatabase::sqlite().await,
            Engine::Postgres => TestDatabase::postgres().await,
        };
        let limits = Limits { wait: Duration::from_secs(30), ..Limits::default() };
        let store = Store::connect_with(database.url(), limits).await.expect("a store");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let ring = KeyRing::in_memory(&issuer, Arc::clone(&clock) as Arc<dyn Clock>);
        let ring = Arc::new(ring.expect("keys"));
        let (cluster, people) = (Outside::open().await, Outside::open().await);
        let service_key = Pair::make(Algorithm::EdDsa);
        let policy = PolicyHandle::new(trusting(&cluster, &people, &service_key, tokens));
        let entropy = Arc::new(Entropy::from_system());
        let workspace = Workspace::default();
        let service = Service::new(Parts {
            store: store.clone(),
            policy,
            directory: Arc::new(workspace.clone()),
            clock: Arc::clone(&clock) as _,
            entropy: Arc::clone(&entropy),
        });
        let fetch = Arc::new(HttpFetch::new().expect("a reader"));
        let desk = TokenDesk::new(service.clone(), Arc::clone(&ring), IssuerKeys::new(fetch));
        let router = countersign::api::oauth::router(desk.clone())
            .route("/whoami", axum::routing::any(whoami).with_state(desk));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            _database: database,
            store,
            clock,
            issuer,
            ring,
            cluster,
            people,
            entropy,
            service_key,
            service,
            workspace,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The use cases of another server over the same database.
    pub fn another_server(&self) -> Service {
        Service::new(Parts {
            store: self.store.clone(),
            policy: PolicyHandle::new(Policy::starter()),
            directory: Arc::new(self.workspace.clone()),
            clock: Arc::clone(&self.clock) as _,
            entropy: Arc::clone(&self.entropy),
        })
    }

    /// Seconds from now, as claims have them.
    pub fn at(&self, seconds: i64) -> i64 {
        self.now().timestamp() + seconds
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    pub fn unique(&self) -> String {
        self.entropy.ulid(self.now()).to_string()
    }

    /// An active agent of Dana's.
    pub async fn agent(&self, slug: &str) -> Agent {
        let now = self.now();
        let agent = Agent {
            id: AgentId::new(self.entropy.ulid(now)),
            slug: slug.parse().expect("a name"),
            description: Description {
                purpose: "answers customers".into(),
                systems: vec!["crm".into()],
                runs_on: "kubernetes".into(),
                model: "a model".into(),
                answers: Answers::default(),
            },
            owner: PersonId::new("T0ACME", "U0DANA"),
            team: TeamName::new("support"),
            tier: Tier::Internal,
            registered_at: now,
            state: AgentState::Active { since: now, certified_until: now + TimeDelta::days(90) },
            orphaned: None,
        };
        let kept = agent.clone();
        self.write(move |tx| Box::pin(async move { tx.insert_agent(&kept).await })).await;
        agent
    }

    pub async fn write<T: Send + 'static>(
        &self,
        work: impl for<'t> FnOnce(
            &'t mut countersign::store::Tx,
        ) -> futures::future::BoxFuture<
            't,
            Result<T, countersign::store::StoreError>,
        > + Send
        + 'static,
    ) -> T {
        self.store.write(work).await.expect("written")
    }

    /// Somebody asked for the agent, and Theo and Sam said yes.
    async fn approved(&self, agent: &Agent, ask: Ask) -> Request {
        let now = self.now();
        let vote = |user: &str| Vote {
            by: PersonId::new("T0ACME", user),
            at: now,
            roles: BTreeSet::new(),
            stands_in: Default::default(),
            choice: Choice::Approve,
        };
        let (entropy, agent, team) = (Arc::clone(&self.entropy), agent.id, agent.team.clone());
        let votes = vec![vote("U0THEO"), vote("U0SAM")];
        self.write(move |tx| {
            Box::pin(async move {
                let number = tx.next_number().await?;
                let request = Request {
                    id: RequestId::new(entropy.ulid(now)),
                    reference: Reference { letter: ask.letter(), number },
                    agent,
                    asked_by: PersonId::new("T0ACME", "U0DANA"),
                    asked_at: now,
                    ask,
                    brings: None,
                    tier: Tier::Internal,
                    team,
                    needs: vec![RoleName::new("team-lead"), RoleName::new("security")],
                    asked: Vec::new(),
                    acceptance: Acceptance::NotNeeded,
                    votes,
                    findings: Vec::new(),
                    decide_by: now + TimeDelta::hours(1),
                    backup: Default::default(),
                    policy: "digest".into(),
                    origin: Origin::Person,
                    state: RequestState::Approved { at: now, by: ApprovedBy::People },
                };
                tx.insert_request(&request).await?;
                Ok(request)
            })
        })
        .await
    }

    /// A live grant.
    pub async fn grant(&self, agent: &Agent, access: &str, lasting: &str) -> Grant {
        let access: Access = access.parse().expect("an access");
        let lasting: Span = lasting.parse().expect("a span");
        let because = "customers wait".to_owned();
        let ask = Ask::Grant { access: access.clone(), lasting, because, raise_to: None };
        let request = self.approved(agent, ask).await;
        let now = self.now();
        let grant = Grant {
            id: GrantId::new(self.entropy.ulid(now)),
            reference: request.reference,
            agent: agent.id,
            access,
            request: request.id,
            starts_at: now,
            expires_at: now + lasting.delta(),
            state: GrantState::Active,
        };
        let kept = grant.clone();
        self.write(move |tx| Box::pin(async move { tx.insert_grant(&kept).await })).await;
        grant
    }

    /// A credential.
    pub async fn credential(&self, agent: &Agent, proof: Proof, lasting: &str) -> Credential {
        let lasting: Span = lasting.parse().expect("a span");
        let because = "it moves".to_owned();
        let request = self.approved(agent, Ask::Reinstatement { because }).await;
        let now = self.now();
        let credential = Credential {
            id: CredentialId::new(self.entropy.ulid(now)),
            agent: agent.id,
            name: "production".into(),
            proof,
            request: request.id,
            added_at: now,
            expires_at: now + lasting.delta(),
            state: CredentialState::Active,
        };
        let kept = credential.clone();
        self.write(move |tx| Box::pin(async move { tx.insert_credential(&kept).await })).await;
        credential
    }

    /// A key for an agent.
    pub async fn key(&self, agent: &Agent, algorithm: Algorithm) -> Keyed {
        let pair = Pair::make(algorithm);
        let proof = Proof::Key { key: pair.public().clone(), thumbprint: pair.thumbprint() };
        let credential = self.credential(agent, proof, "30d").await;
        Keyed { agent: agent.clone(), pair, credential }
    }

    /// An active agent with a key.
    pub async fn keyed(&self, slug: &str) -> Keyed {
        let agent = self.agent(slug).await;
        self.key(&agent, Algorithm::Es256).await
    }

    /// A workload identity for an agent.
    pub async fn workload(&self, agent: &Agent, claims: &[(&str, &str)]) -> Credential {
        self.workload_of("cluster", agent, claims).await
    }

    /// A workload identity by this issuer.
    pub async fn workload_of(
        &self,
        issuer: &str,
        agent: &Agent,
        claims: &[(&str, &str)],
    ) -> Credential {
        let claims = claims.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let proof = Proof::Workload { issuer: issuer.into(), claims };
        self.credential(agent, proof, "30d").await
    }

    /// A token of an issuer outside; `claims` are laid over what is right.
    pub fn outside(&self, outside: &Outside, claims: &Value) -> String {
        let mut whole = json!({
            "iss": outside.url, "aud": self.issuer, "sub": "somebody",
            "iat": self.at(0), "exp": self.at(600),
        });
        for (name, value) in crate::tools::object(claims) {
            whole[name] = value;
        }
        outside.pair.sign(&json!({"typ": "JWT"}), &whole)
    }

    /// The token endpoint.
    pub async fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        self.post("/oauth/token", pairs, &[]).await
    }

    pub async fn post(
        &self,
        path: &str,
        pairs: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        http::form(&format!("{}{path}", self.issuer), pairs, headers).await
    }

    /// What the service `crm` is told of a token.
    pub async fn introspect(&self, token: &str) -> Value {
        let bearer = format!("Bearer {CRM}");
        let headers = [("authorization", bearer.as_str())];
        let answer = self.post("/oauth/introspect", &[("token", token)], &headers).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        answer.body
    }

    pub async fn is_active(&self, token: &str) -> bool {
        let body = self.introspect(token).await;
        let active = body["active"].as_bool().expect("active");
        assert!(active || body.as_object().expect("an object").len() == 1, "{body}");
        active
    }

    /// Everything that happened, in order.
    pub async fn events(&self) -> Vec<What> {
        let mut session = self.store.read().await.expect("a session");
        let lines = session.lines(0, 10_000).await.expect("lines");
        let what = |body: &str| serde_json::from_str::<Body>(body).expect("a line").what;
        lines.iter().map(|line| what(&line.body)).collect()
    }

    /// The log is whole.
    pub async fn verifies(&self) {
        let mut session = self.store.read().await.expect("a session");
        let mut verifier = Verifier::default();
        for line in session.lines(0, 10_000).await.expect("lines") {
            verifier.check(&line).expect("the log is whole");
        }
        let (seq, hash) = session.head().await.expect("the head");
        verifier.finish(seq, &hash).expect("the log ends at its head");
    }
}

impl Keyed {
    /// An assertion; `claims` are laid over what is right.
    pub fn assertion(&self, site: &Site, claims: &Value) -> String {
        self.assertion_as(site, &json!({}), claims)
    }

    pub fn assertion_as(&self, site: &Site, header: &Value, claims: &Value) -> String {
        let mut whole = json!({
            "iss": self.agent.slug, "sub": self.agent.slug, "aud": site.issuer,
            "iat": site.at(0), "exp": site.at(60), "jti": site.unique(),
        });
        for (name, value) in crate::tools::object(claims) {
            whole[name] = value;
        }
        let claims = crate::tools::object(&whole);
        let claims: serde_json::Map<String, Value> =
            claims.into_iter().filter(|(_, value)| !value.is_null()).collect();
        self.pair.sign(header, &Value::Object(claims))
    }

    /// Asks for a token with a fresh assertion.
    pub async fn ask(&self, site: &Site, more: &[(&str, &str)]) -> Answer {
        let assertion = self.assertion(site, &json!({}));
        let mut pairs = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        pairs.extend_from_slice(more);
        site.token(&pairs).await
    }

    /// The same with an assertion of the test's.
    pub async fn show(&self, site: &Site, assertion: &str) -> Answer {
        site.token(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ])
        .await
    }
}

fn trusting(cluster: &Outside, people: &Outside, mail: &Pair, tokens: Tokens) -> Policy {
    let issuer = |name: &str, outside: &Outside, vouches_for| {
        let issuer = Issuer {
            name: name.to_owned(),
            issuer: outside.url.clone(),
            audience: None,
            keys: Keys::Discovered,
            vouches_for,
        };
        (name.to_owned(), issuer)
    };
    let slack = Trusted::People {
        user_claim: "https://slack.com/user_id".into(),
        workspace_claim: Some("https://slack.com/team_id".into()),
        groups_claim: Some("groups".into()),
    };
    let service = |name: &str, proof| {
        (name.to_owned(), ServiceAccount { name: name.to_owned(), proofs: vec![proof] })
    };
    let claims = BTreeMap::from([("sub".to_owned(), "system:serviceaccount:shop:pay".to_owned())]);
    let services = [
        service("crm", ServiceProof::Bearer { sha256: hex::encode(Sha256::digest(CRM)) }),
        service("mail", ServiceProof::Key { key: mail.public().clone() }),
        service("pay", ServiceProof::Workload { issuer: "cluster".into(), claims }),
    ];
    // A trust domain, whose bundle the cluster shows.
    let mesh = Issuer {
        name: "mesh".to_owned(),
        issuer: "spiffe://acme.example".to_owned(),
        audience: None,
        keys: Keys::Url(format!("{}/keys", cluster.url)),
        vouches_for: Trusted::Workloads,
    };
    let issuers = [
        issuer("cluster", cluster, Trusted::Workloads),
        issuer("people", people, slack),
        ("mesh".to_owned(), mesh),
    ];
    Policy::starter().trusting(services.into(), issuers.into(), tokens)
}

/// Says who calls, as every door for programs asks.
async fn whoami(
    axum::extract::State(desk): axum::extract::State<TokenDesk>,
    request: axum::extract::Request,
) -> axum::response::Response {
    use axum::response::IntoResponse;
    use countersign::api::caller::{Caller, authenticate};
    match authenticate(&desk, request.headers(), request.method(), "/whoami").await {
        Ok(Caller::Service { name }) => axum::Json(json!({ "service": name })).into_response(),
        Ok(Caller::Agent { id, .. }) => axum::Json(json!({ "agent": id })).into_response(),
        Ok(Caller::Person(who)) => axum::Json(json!({ "person": who.person })).into_response(),
        Err(why) => why.into_response(),
    }
}
