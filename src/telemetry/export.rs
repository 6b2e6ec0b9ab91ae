//! Off it goes, by OTLP over HTTP, and never in anybody's way: what waits has an end, what does not
//! fit is dropped and counted, and a collector that is away slows down nobody but this task.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::TelemetryError;
use super::batch::{logs, metrics, resource, traces};
use super::layer::now;
use crate::clock::{Clock, Entropy, SystemClock};
use crate::meters::{DROPPED, read};

/// So many spans, and so many records, may wait.
const WAITING: usize = 8_192;
/// So many go at once.
const AT_ONCE: usize = 512;
/// How often what waits is sent.
const EVERY: Duration = Duration::from_millis(500);
/// How often numbers are sent.
const NUMBERS: Duration = Duration::from_secs(15);
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long sending the rest may take at the end.
const FAREWELL: Duration = Duration::from_secs(3);
/// The most that is read of a collector's answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Where spans and records are put in.
pub(super) struct Pipe {
    spans: mpsc::Sender<Span>,
    records: mpsc::Sender<LogRecord>,
}

impl Pipe {
    /// A span that has ended. Never waits.
    pub(super) fn span(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            DROPPED.one(&["traces"]);
        }
    }

    /// A record. Never waits.
    pub(super) fn record(&self, record: LogRecord) {
        if self.records.try_send(record).is_err() {
            DROPPED.one(&["logs"]);
        }
    }
}

/// The task that sends.
#[derive(Debug)]
pub(super) struct Exporter {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Begins to send to this collector: to `/v1/traces`, `/v1/logs` and `/v1/metrics` below the
    /// address. `headers` go with each request, as OTEL_EXPORTER_OTLP_HEADERS writes them
    /// (`name=value,…`, the values percent-encoded).
    pub(super) fn start(
        endpoint: &str,
        headers: &str,
        service: Option<String>,
    ) -> Result<(Self, Pipe), TelemetryError> {
        let endpoint = endpoint.trim().trim_end_matches('/');
        let fits = endpoint.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        });
        if !fits {
            let why = "write an address such as http://127.0.0.1:4318".to_owned();
            return Err(TelemetryError::Otlp(why));
        }
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| TelemetryError::Otlp(format!("no root certificates: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let (spans, span_queue) = mpsc::channel(WAITING);
        let (records, record_queue) = mpsc::channel(WAITING);
        let stop = CancellationToken::new();
        let instance = Entropy::from_system().ulid(SystemClock.now()).to_string();
        let sender = Sender {
            endpoint: endpoint.to_owned(),
            headers: parse(headers)?,
            client: Client::builder(TokioExecutor::new()).build(connector),
            resource: resource(service.as_deref().unwrap_or("countersign"), &instance),
            spans: span_queue,
            records: record_queue,
            start: now(),
            away: false,
        };
        let task = tokio::spawn(sender.run(stop.clone()));
        Ok((Self { stop, task }, Pipe { spans, records }))
    }

    /// Sends what waits, and ends.
    pub(super) async fn end(self) {
        self.stop.cancel();
        // A collector that does not answer now never gets the rest.
        drop(tokio::time::timeout(FAREWELL, self.task).await);
    }
}

fn parse(headers: &str) -> Result<HeaderMap, TelemetryError> {
    let wrong = || {
        TelemetryError::Otlp(
            "OTEL_EXPORTER_OTLP_HEADERS is not understood: write name=value,name=value".to_owned(),
        )
    };
    let mut map = HeaderMap::new();
    for pair in headers.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
        // Percent-encoding is the same in forms, but for the plus sign.
        let query = format!("v={}", value.trim().replace('+', "%2B"));
        let decoded: Vec<(String, String)> =
            serde_urlencoded::from_str(&query).map_err(|_| wrong())?;
        let (_, value) = decoded.into_iter().next().ok_or_else(wrong)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

struct Sender {
    endpoint: String,
    headers: HeaderMap,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    resource: Resource,
    spans: mpsc::Receiver<Span>,
    records: mpsc::Receiver<LogRecord>,
    start: u64,
    /// Whether the last try failed: it is logged once.
    away: bool,
}

fn drain<T>(queue: &mut mpsc::Receiver<T>) -> Vec<T> {
    std::iter::from_fn(|| queue.try_recv().ok()).take(AT_ONCE).collect()
}

impl Sender {
    async fn run(mut self, stop: CancellationToken) {
        let mut numbers = Instant::now();
        loop {
            let ending = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                () = stop.cancelled() => true,
            };
            loop {
                let (spans, records) = (drain(&mut self.spans), drain(&mut self.records));
                if spans.is_empty() && records.is_empty() {
                    break;
                }
                self.send_some(spans, records).await;
            }
            if ending || numbers.elapsed() >= NUMBERS {
                numbers = Instant::now();
                let body = metrics(&self.resource, &read(), self.start, now());
                // What was not heard now is in the next numbers.
                self.send("/v1/metrics", body.encode_to_vec()).await;
            }
            if ending {
                return;
            }
        }
    }

    async fn send_some(&mut self, spans: Vec<Span>, records: Vec<LogRecord>) {
        let many = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let (of_spans, of_records) = (many(spans.len()), many(records.len()));
        if of_spans > 0 {
            let body = traces(&self.resource, spans).encode_to_vec();
            if !self.send("/v1/traces", body).await {
                DROPPED.more(&["traces"], of_spans);
            }
        }
        if of_records > 0 {
            let body = logs(&self.resource, records).encode_to_vec();
            if !self.send("/v1/logs", body).await {
                DROPPED.more(&["logs"], of_records);
            }
        }
    }

    /// Whether the collector took it.
    async fn send(&mut self, path: &str, body: Vec<u8>) -> bool {
        let tried = tokio::time::timeout(PATIENCE, self.once(path, body)).await;
        let why = match tried.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(()) => {
                if std::mem::take(&mut self.away) {
                    tracing::info!("the collector takes telemetry again");
                }
                return true;
            }
            Err(why) => why,
        };
        if !std::mem::replace(&mut self.away, true) {
            tracing::warn!(
                why,
                "the collector does not take telemetry; it is dropped and counted until it does"
            );
        }
        false
    }

    async fn once(&self, path: &str, body: Vec<u8>) -> Result<(), String> {
        let mut request = Request::post(format!("{}{path}", self.endpoint))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        request.headers_mut().extend(self.headers.clone());
        let kind = HeaderValue::from_static("application/x-protobuf");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        // Read to its end, so that the connection can be used again.
        drop(Limited::new(answer.into_body(), LONGEST).collect().await);
        if status == StatusCode::OK || status == StatusCode::ACCEPTED {
            Ok(())
        } else {
            Err(format!("it answered {status}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_variable_has_them() {
        let headers = parse("api-key=a%20b, x-team=agents ,authorization=Bearer%20c+d=").unwrap();
        assert_eq!(headers["api-key"], "a b");
        assert_eq!(headers["x-team"], "agents");
        assert_eq!(headers["authorization"], "Bearer c+d=");
        assert!(!format!("{headers:?}").contains("c+d"), "{headers:?}");
        assert!(parse("").unwrap().is_empty());
        for wrong in ["api-key", "a b=c", "a=%0A"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_dropped_and_counted_and_nobody_waits() {
        let (spans, _full) = mpsc::channel(1);
        let (records, gone) = mpsc::channel(1);
        drop(gone);
        let pipe = Pipe { spans, records };
        let dropped = || {
            let all = read().into_iter().find(|all| all.name == "countersign.telemetry.dropped");
            let crate::meters::Data::Counts(numbers) = all.unwrap().data else { panic!("counts") };
            numbers.iter().map(|(_, n)| n).sum::<u64>()
        };
        let before = dropped();
        (0..5).for_each(|_| pipe.span(Span::default()));
        pipe.record(LogRecord::default());
        assert!(dropped() >= before + 5);
    }
}
