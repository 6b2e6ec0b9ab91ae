//! What is exported, in the shapes of OTLP 1.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use crate::meters::{Data, Reading};

/// An attribute.
pub(super) fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// An attribute that is a text.
pub(super) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

/// Who sends.
pub(super) fn resource(service: &str, instance: &str) -> Resource {
    let attributes = vec![
        text("service.name", service),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", instance),
    ];
    Resource { attributes, ..Resource::default() }
}

fn scope() -> Option<InstrumentationScope> {
    let (name, version) = ("countersign".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    Some(InstrumentationScope { name, version, ..InstrumentationScope::default() })
}

/// Spans, as they are sent.
pub(super) fn traces(resource: &Resource, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }];
    let resource = Some(resource.clone());
    let all = ResourceSpans { resource, scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![all] }
}

/// Records, as they are sent.
pub(super) fn logs(resource: &Resource, log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
    let resource = Some(resource.clone());
    let all = ResourceLogs { resource, scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![all] }
}

/// Numbers, as they are sent: since `start`, at `now` (nanoseconds since 1970).
pub(super) fn metrics(
    resource: &Resource,
    readings: &[Reading],
    start: u64,
    now: u64,
) -> ExportMetricsServiceRequest {
    let metrics = readings.iter().map(|reading| one(reading, start, now)).collect();
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    let resource = Some(resource.clone());
    let all = ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![all] }
}

fn one(reading: &Reading, start: u64, now: u64) -> Metric {
    let labelled = |values: &[String]| -> Vec<KeyValue> {
        reading.labels.iter().zip(values).map(|(label, value)| text(label, value)).collect()
    };
    let points = |numbers: &[(Vec<String>, u64)]| -> Vec<NumberDataPoint> {
        let point = |(values, number): &(Vec<String>, u64)| NumberDataPoint {
            attributes: labelled(values),
            start_time_unix_nano: start,
            time_unix_nano: now,
            value: Some(number_data_point::Value::AsInt(
                i64::try_from(*number).unwrap_or(i64::MAX),
            )),
            ..NumberDataPoint::default()
        };
        numbers.iter().map(point).collect()
    };
    let aggregation_temporality = i32::from(AggregationTemporality::Cumulative);
    let (unit, data) = match &reading.data {
        Data::Counts(numbers) => {
            let data_points = points(numbers);
            (
                "1",
                metric::Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true }),
            )
        }
        Data::Levels(numbers) => ("1", metric::Data::Gauge(Gauge { data_points: points(numbers) })),
        Data::Times(numbers) => {
            let point = |(values, took): &(Vec<String>, crate::meters::Took)| HistogramDataPoint {
                attributes: labelled(values),
                start_time_unix_nano: start,
                time_unix_nano: now,
                count: took.classes.iter().sum(),
                sum: Some(took.sum),
                bucket_counts: took.classes.clone(),
                explicit_bounds: took.bounds.to_vec(),
                ..HistogramDataPoint::default()
            };
            let data_points = numbers.iter().map(point).collect();
            ("s", metric::Data::Histogram(Histogram { data_points, aggregation_temporality }))
        }
    };
    Metric {
        name: reading.name.to_owned(),
        description: reading.help.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}
