//! The log: lines of text for people or JSON for machines, on standard error.
//!
//! What a command answers goes to standard output, so that the two never mix.
//!
//! | file | idea |
//! |---|---|
//! | [`http`], [`prometheus`] | each request is seen; `/metrics` |
//! | [`record`] | what the record says, measured now and then |
//! | `layer` | spans and records, as OTLP has them |
//! | `export`, `batch` | off they go, and never in anybody's way |

mod batch;
mod export;
pub mod http;
mod layer;
pub mod prometheus;
pub mod record;

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Format, Telemetry};
use crate::meters::{RECORDS, SPANS};
use export::Exporter;
use layer::OtlpLayer;

/// Libraries that print whole messages or headers when they are talkative, and with them tokens,
/// response URLs and what people wrote. They say no more than this, whatever the filter asks for.
const DISCREET: [&str; 7] =
    ["slack_morphism", "tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "h2", "sqlx"];

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter does not parse.
    #[error(
        "telemetry.level is {level:?}, which is no filter; write info, or info,countersign=debug"
    )]
    Level {
        /// The filter.
        level: String,
        /// What the parser said.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// Another log was set up in this process before.
    #[error("the log is already set up")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
    /// The collector's address, or what it takes to reach one.
    #[error("telemetry.otlp_endpoint cannot be used: {0}")]
    Otlp(String),
}

/// What goes on beside the log.
#[derive(Debug)]
#[must_use = "what waits to be exported is lost unless it is ended"]
pub struct Running(Option<Exporter>);

impl Running {
    /// Sends what waits to be sent; takes a few seconds at most.
    pub async fn end(self) {
        if let Some(exporter) = self.0 {
            exporter.end().await;
        }
    }
}

/// Sets up the log of this process, and what is exported. To be called once, inside of a runtime.
///
/// # Errors
///
/// The filter or the collector's address is wrong, or there is a log already.
pub fn init(telemetry: &Telemetry) -> Result<Running, TelemetryError> {
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match telemetry.format {
        Format::Text => tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed(),
        Format::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let lines = lines.with_filter(wanted(&telemetry.level)?.and(discretion()));
    let variable = |name| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
    let endpoint = telemetry.otlp_endpoint.as_ref().map(|address| address.as_str().to_owned());
    let endpoint = endpoint.or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT"));
    let headers = variable("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
    let (exporter, spans) = match endpoint {
        Some(endpoint) => {
            let service = variable("OTEL_SERVICE_NAME");
            let (exporter, pipe) = Exporter::start(&endpoint, &headers, service)?;
            let only =
                Targets::new().with_targets([SPANS, RECORDS].map(|t| (t, LevelFilter::INFO)));
            (Some(exporter), Some(OtlpLayer::new(pipe).with_filter(only)))
        }
        None => (None, None),
    };
    let registry = tracing_subscriber::registry().with(lines).with(spans);
    registry.try_init().map_err(TelemetryError::Twice)?;
    Ok(Running(exporter))
}

/// What the settings ask for.
fn wanted(level: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::builder()
        .parse(level)
        .map_err(|source| TelemetryError::Level { level: level.to_owned(), source })
}

/// What no setting can ask for.
fn discretion() -> Targets {
    Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(DISCREET.map(|target| (target, LevelFilter::INFO)))
        .with_targets([SPANS, RECORDS].map(|target| (target, LevelFilter::OFF)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, log: impl FnOnce()) -> String {
        let page = Page::default();
        let writer = page.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .with_filter(wanted(level).unwrap().and(discretion()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn talkative_libraries_stay_discreet_at_any_level() {
        let text = logged("trace", || {
            tracing::debug!(target: "slack_morphism::client", "token xoxb-1-secret");
            tracing::trace!(target: "tungstenite::protocol", "frame xoxb-1-secret");
            tracing::info!(target: "slack_morphism::client", "connected");
            tracing::trace!(target: "countersign::jobs", "looked");
        });
        assert!(!text.contains("xoxb"), "{text}");
        assert!(text.contains("connected") && text.contains("looked"), "{text}");
    }

    #[test]
    fn the_filter_decides_what_else_is_logged() {
        let text = logged("warn,countersign::jobs=debug", || {
            tracing::debug!(target: "countersign::jobs", "one");
            tracing::info!(target: "countersign::slack", "two");
            tracing::warn!(target: "slack_morphism", "three");
        });
        assert!(text.contains("one") && !text.contains("two") && text.contains("three"), "{text}");
    }

    #[test]
    fn a_filter_that_does_not_parse_is_said() {
        let error = wanted("lots=of=nonsense").unwrap_err();
        assert!(error.to_string().contains("lots=of=nonsense"), "{error}");
    }
}
