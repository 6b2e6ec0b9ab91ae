//! `[telemetry]`: what is logged, how it looks, and what is sent to whoever watches.

use super::address::WebAddress;
use super::keys::Key;
use super::reader::{Found, Reader};

/// What is logged, and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// A filter that [`tracing_subscriber::EnvFilter`] accepts, such as `info`.
    pub level: String,
    /// How a line looks.
    pub format: Format,
    /// Where traces, metrics and records are sent by OTLP.
    pub otlp_endpoint: Option<WebAddress>,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Default for Telemetry {
    /// What the defaults say, for commands that read no configuration.
    fn default() -> Self {
        Self { level: "info".to_owned(), format: Format::Text, otlp_endpoint: None }
    }
}

impl Telemetry {
    /// Reads the section.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let level = reader.parsed(Key::LEVEL, |text| {
            let filter = tracing_subscriber::EnvFilter::builder().parse(text);
            filter.map(|_| text.to_owned()).map_err(|_| {
                "allowed are \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a filter such \
                 as \"info,countersign=debug\""
                    .to_owned()
            })
        });
        let format = reader.parsed(Key::FORMAT, |text| match text {
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            _ => Err("allowed are \"text\" and \"json\"".to_owned()),
        });
        let otlp_endpoint = match reader.parsed(Key::OTLP_ENDPOINT, str::parse) {
            Found::Set(address) => Some(Some(address)),
            Found::Unset => Some(None),
            Found::Wrong => None,
        };
        Some(Self { level: level.set()?, format: format.set()?, otlp_endpoint: otlp_endpoint? })
    }
}
