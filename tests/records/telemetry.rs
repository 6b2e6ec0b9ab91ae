//! What whoever watches gets: a collector that decodes what comes, and `/metrics`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::post;
use countersign::clock::Clock;
use countersign::config::Telemetry;
use countersign::domain::ids::{AgentId, CredentialId, TokenId};
use countersign::domain::tier::Answers;
use countersign::domain::time::Timestamp;
use countersign::domain::token::IssuedToken;
use countersign::store::work;
use countersign::telemetry;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::database::TestDatabase;
use crate::house::{House, Replica, TOKEN, policy_with, question, until};

/// What a collector got.
#[derive(Default)]
struct Got {
    spans: Vec<Span>,
    records: Vec<LogRecord>,
    metrics: Vec<Metric>,
    services: Vec<String>,
}

#[derive(Clone, Default)]
struct Collector {
    got: Arc<Mutex<Got>>,
    stuck: Arc<AtomicBool>,
}

fn shown(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|one| one.key == key)?;
    Some(match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => text.clone(),
        Any::IntValue(number) => number.to_string(),
        other => panic!("{key}: {other:?}"),
    })
}

async fn take(
    State(collector): State<Collector>,
    Path(signal): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    if collector.stuck.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let mut got = collector.got.lock().unwrap();
    match signal.as_str() {
        "traces" => {
            for all in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
                let resource = all.resource.unwrap().attributes;
                got.services.extend(shown(&resource, "service.name"));
                got.spans.extend(all.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        "logs" => {
            for all in ExportLogsServiceRequest::decode(body).unwrap().resource_logs {
                let records = all.scope_logs.into_iter().flat_map(|scope| scope.log_records);
                got.records.extend(records);
            }
        }
        "metrics" => {
            for all in ExportMetricsServiceRequest::decode(body).unwrap().resource_metrics {
                let metrics = all.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
                got.metrics = metrics.collect();
            }
        }
        other => panic!("{other}"),
    }
    StatusCode::OK
}

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/{signal}", post(take)).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (collector, address)
    }

    fn span(&self, name: &str, trace: &str) -> Option<Span> {
        let got = self.got.lock().unwrap();
        let is = |span: &&Span| span.name == name && hex::encode(&span.trace_id) == trace;
        got.spans.iter().find(is).cloned()
    }

    fn record(&self, event: &str) -> Option<LogRecord> {
        let got = self.got.lock().unwrap();
        got.records.iter().find(|record| record.event_name == event).cloned()
    }

    fn metric(&self, name: &str) -> Option<Metric> {
        self.got.lock().unwrap().metrics.iter().find(|metric| metric.name == name).cloned()
    }
}

/// A token by which the agent acts for Omar, on the record.
async fn issued(replica: &Replica, agent: AgentId, now: Timestamp) -> TokenId {
    let ulid = || ulid::Ulid::from_parts(u64::try_from(now.timestamp_millis()).unwrap(), 7);
    let token = IssuedToken {
        id: TokenId::new(ulid()),
        agent,
        credential: CredentialId::new(ulid()),
        exchanged: Vec::new(),
        grants: Vec::new(),
        audience: Vec::new(),
        on_behalf_of: Some("T0ACME/U0OMAR".to_owned()),
        issued_at: now,
        until: now + chrono::TimeDelta::minutes(5),
        revoked_at: None,
    };
    let id = token.id;
    let kept = work(move |tx| Box::pin(async move { tx.insert_token(&token).await }));
    replica.store.write(kept).await.unwrap();
    id
}

async fn numbers(replica: &Replica) -> String {
    let request = Request::get(format!("http://{}/metrics", replica.address));
    let reply = replica.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    String::from_utf8(reply.bytes.to_vec()).unwrap()
}

/// One test, because a process has one log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_traces_numbers_and_records_and_holds_nobody_up() {
    let (collector, address) = Collector::start().await;
    let settings = Telemetry {
        level: "error".to_owned(),
        otlp_endpoint: Some(address.parse().unwrap()),
        ..Telemetry::default()
    };
    let running = telemetry::init(&settings).unwrap();
    let house = House::on(TestDatabase::sqlite().await, policy_with("manifests/policy", ""));
    let replica = house.replica().await;
    let agent = replica.registers("reader", Answers::default()).await;
    let grant = replica.grants("reader", "database:read", "2h").await;

    // A collector that never answers: the answers come all the same.
    collector.stuck.store(true, Ordering::SeqCst);
    let started = Instant::now();
    for _ in 0..20 {
        assert!(replica.may("reader", "database:read", "orders").await.decision());
    }
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    until("what was dropped to be counted", async || {
        let text = numbers(&replica).await;
        text.contains("countersign_telemetry_dropped_total{signal=\"traces\"}").then_some(())
    })
    .await;
    collector.stuck.store(false, Ordering::SeqCst);

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let token = issued(&replica, agent, house.clock.now()).await;
    let mut body = question("reader", "database:read", "orders");
    body["context"] = json!({ "agent": { "model_version": "m-4.1", "prompt_hash": "ab12",
                                         "token_id": token } });
    let request = replica
        .to("/access/v1/evaluation")
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .body(Body::from(body.to_string()))
        .unwrap();
    let answer = replica.send(request).await.json();
    let evaluation = answer["context"]["evaluation_id"].as_str().unwrap().to_owned();
    let told = json!({ "agent_id": "reader", "evaluation_id": evaluation, "outcome": "partial",
                       "data_accessed": [{ "type": "database", "id": "secret-object" }] });
    assert_eq!(replica.post("/api/v1/activity", &told).await.status, StatusCode::CREATED);

    let http =
        until("the span of the call", async || collector.span("POST /access/v1/evaluation", trace))
            .await;
    assert_eq!(hex::encode(&http.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(http.kind, i32::from(SpanKind::Server));
    assert_eq!(shown(&http.attributes, "http.response.status_code").as_deref(), Some("200"));
    assert!(http.start_time_unix_nano <= http.end_time_unix_nano, "{http:?}");
    let inner = until("the span within", async || collector.span("evaluation", trace)).await;
    assert_eq!(inner.parent_span_id, http.span_id);

    let is = |record: &LogRecord| {
        shown(&record.attributes, "countersign.evaluation.id").as_ref() == Some(&evaluation)
    };
    let record = until("the record of the call", async || {
        let got = collector.got.lock().unwrap();
        let mut all = got.records.iter().filter(|one| one.event_name == "countersign.evaluation");
        all.find(|record| is(record)).cloned()
    })
    .await;
    assert_eq!(hex::encode(&record.trace_id), trace);
    for (key, value) in [
        ("gen_ai.agent.id", agent.to_string()),
        ("gen_ai.agent.name", "reader".to_owned()),
        ("gen_ai.request.model", "m-4.1".to_owned()),
        ("gen_ai.operation.name", "execute_tool".to_owned()),
        ("countersign.prompt_hash", "ab12".to_owned()),
        ("countersign.token.id", token.to_string()),
        ("countersign.on_behalf_of", "T0ACME/U0OMAR".to_owned()),
        ("countersign.decision", "allow".to_owned()),
        ("countersign.resource.type", "database".to_owned()),
        ("countersign.grant.id", grant.id.to_string()),
        ("countersign.policy.digest", house.policy.digest().to_owned()),
    ] {
        assert_eq!(shown(&record.attributes, key), Some(value), "{key}: {record:?}");
    }
    let deed =
        until("the record of the deed", async || collector.record("countersign.activity")).await;
    assert!(is(&deed), "{deed:?}");
    assert!(!format!("{deed:?}").contains("secret-object"), "{deed:?}");

    let (stop, clock) = (CancellationToken::new(), Arc::clone(&house.clock) as Arc<dyn Clock>);
    let measuring = telemetry::record::measure(replica.store.clone(), clock, stop.clone());
    let measuring = tokio::spawn(measuring);
    let text = until("the measure", async || {
        let text = numbers(&replica).await;
        text.contains("countersign_grants_live 1").then_some(text)
    })
    .await;
    for line in [
        "countersign_evaluations_total{decision=\"allow\",reason=\"grant\"} 21",
        "countersign_activities_total{outcome=\"partial\"} 1",
        "countersign_requests{ask=\"registration\",state=\"approved\"} 1",
        "http_server_request_duration_seconds_count{http_request_method=\"POST\",\
         http_route=\"/access/v1/evaluation\",http_response_status_code=\"200\"} 21",
        "countersign_deliveries{state=\"waiting\"}",
    ] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
    stop.cancel();
    measuring.await.unwrap();
    assert!(!TOKEN.is_empty() && !text.contains(TOKEN));
    replica.end().await;

    // At the end everything is sent that waits.
    running.end().await;
    let evaluations = collector.metric("countersign.evaluations").expect("numbers at the end");
    let Some(metric::Data::Sum(sum)) = evaluations.data else { panic!("{evaluations:?}") };
    assert!(sum.is_monotonic && sum.data_points.len() == 1, "{sum:?}");
    let times = collector.metric("http.server.request.duration").expect("times at the end");
    assert!(matches!(times.data, Some(metric::Data::Histogram(_))), "{times:?}");
    assert!(collector.got.lock().unwrap().services.iter().all(|name| name == "countersign"));
}
