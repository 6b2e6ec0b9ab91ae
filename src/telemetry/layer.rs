//! Spans and records, as OTLP has them. Of all that is traced, only what stands under the targets
//! [`SPANS`](crate::meters::SPANS) and [`RECORDS`](crate::meters::RECORDS) gets here.
//!
//! A field `traceparent` (W3C Trace Context) makes a span go on with its caller's trace; `otel.name`
//! is its name, `otel.kind` its kind, `otel.error` marks it as failed.

use std::fmt::Debug;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::batch::{attribute, text};
use super::export::Pipe;
use crate::clock::{Clock, Entropy, SystemClock};

/// Takes spans and records to where they are exported from.
pub(super) struct OtlpLayer {
    pipe: Pipe,
    entropy: Entropy,
}

/// A span that has not ended.
struct Open {
    span: Span,
    /// Whether whoever began the trace wants it kept.
    sampled: bool,
}

/// Nanoseconds since 1970.
pub(super) fn now() -> u64 {
    let micros = SystemClock.now().timestamp_micros();
    u64::try_from(micros).unwrap_or_default().saturating_mul(1_000)
}

/// Where a trace comes from.
#[derive(Debug, PartialEq, Eq)]
struct Parent {
    trace: Vec<u8>,
    span: Vec<u8>,
    sampled: bool,
}

impl Parent {
    /// Reads `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    fn of(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let version = hex::decode(parts.next()?).ok().filter(|version| version.len() == 1)?;
        let id = |text: &str, bytes: usize| {
            let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
            let id = hex::decode(text).ok().filter(|id| lower && id.len() == bytes)?;
            id.iter().any(|byte| *byte != 0).then_some(id)
        };
        let (trace, span) = (id(parts.next()?, 16)?, id(parts.next()?, 8)?);
        let flags = hex::decode(parts.next()?).ok().filter(|flags| flags.len() == 1)?;
        let more = parts.next().is_some();
        match version.as_slice() {
            [0xff] => None,
            [0] if more => None,
            _ => Some(Self { trace, span, sampled: flags.first().is_some_and(|f| f & 1 == 1) }),
        }
    }
}

/// Fields, as they are read.
#[derive(Default)]
struct Fields {
    attributes: Vec<KeyValue>,
    name: Option<String>,
    kind: Option<SpanKind>,
    parent: Option<Parent>,
    message: Option<String>,
    event: Option<String>,
    error: bool,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "otel.name" => self.name = Some(value.to_owned()),
            "otel.kind" => {
                self.kind = match value {
                    "server" => Some(SpanKind::Server),
                    "client" => Some(SpanKind::Client),
                    _ => None,
                }
            }
            "traceparent" => self.parent = Parent::of(value),
            "message" => self.message = Some(value.to_owned()),
            "event.name" => self.event = Some(value.to_owned()),
            name => self.attributes.push(text(name, value)),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "otel.error" => self.error = value,
            name => self.attributes.push(attribute(name, Value::BoolValue(value))),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attributes.push(attribute(field.name(), Value::IntValue(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.attributes.push(attribute(field.name(), Value::DoubleValue(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl OtlpLayer {
    pub(super) fn new(pipe: Pipe) -> Self {
        Self { pipe, entropy: Entropy::from_system() }
    }

    /// An id that nobody else has.
    fn id(&self) -> [u8; 16] {
        self.entropy.ulid(SystemClock.now()).0.to_be_bytes()
    }
}

impl<S> Layer<S> for OtlpLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(own) = ctx.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let above = own.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let open: &Open = extensions.get()?;
            let (trace, span) = (open.span.trace_id.clone(), open.span.span_id.clone());
            Some(Parent { trace, span, sampled: open.sampled })
        });
        let (trace_id, parent_span_id, sampled) = match fields.parent.or(above) {
            Some(Parent { trace, span, sampled }) => (trace, span, sampled),
            None => (self.id().to_vec(), Vec::new(), true),
        };
        let [.., a, b, c, d, e, f, g, h] = self.id();
        let span = Span {
            trace_id,
            span_id: vec![a, b, c, d, e, f, g, h],
            parent_span_id,
            name: fields.name.unwrap_or_else(|| own.name().to_owned()),
            kind: i32::from(fields.kind.unwrap_or(SpanKind::Internal)),
            start_time_unix_nano: now(),
            attributes: fields.attributes,
            ..Span::default()
        };
        own.extensions_mut().insert(Open { span, sampled });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(own) = ctx.span(id) else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        let mut extensions = own.extensions_mut();
        let Some(open) = extensions.get_mut::<Open>() else { return };
        open.span.attributes.append(&mut fields.attributes);
        if fields.error {
            let code = i32::from(StatusCode::Error);
            open.span.status = Some(Status { code, ..Status::default() });
        }
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let Some(own) = ctx.span(&id) else { return };
        let Some(open) = own.extensions_mut().remove::<Open>() else { return };
        if open.sampled {
            self.pipe.span(Span { end_time_unix_nano: now(), ..open.span });
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let at = now();
        let mut record = LogRecord {
            time_unix_nano: at,
            observed_time_unix_nano: at,
            severity_number: i32::from(SeverityNumber::Info),
            severity_text: "INFO".to_owned(),
            body: fields.message.map(|words| AnyValue { value: Some(Value::StringValue(words)) }),
            attributes: fields.attributes,
            event_name: fields.event.unwrap_or_default(),
            ..LogRecord::default()
        };
        if let Some(own) = ctx.event_span(event) {
            let extensions = own.extensions();
            if let Some(open) = extensions.get::<Open>() {
                record.trace_id.clone_from(&open.span.trace_id);
                record.span_id.clone_from(&open.span.span_id);
                record.flags = u32::from(open.sampled);
            }
        }
        self.pipe.record(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_where_it_is_well_formed() {
        let whole = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent::of(whole).unwrap();
        assert_eq!(hex::encode(&parent.trace), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(hex::encode(&parent.span), "00f067aa0ba902b7");
        assert!(parent.sampled);
        assert!(!Parent::of(&whole.replace("-01", "-00")).unwrap().sampled);
        assert!(Parent::of(&whole.replace("00-4", "cc-4").replace("-01", "-01-more")).is_some());
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf9-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Parent::of(wrong), None, "{wrong}");
        }
    }
}
