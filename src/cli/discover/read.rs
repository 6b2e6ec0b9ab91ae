//! Files of findings, read: CSV with a header, or JSON, an object a line. A line that cannot be taken is
//! kept with its number and its cure, and the others are taken.

use std::path::Path;

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::domain::discovery::{Finding, Sent};
use crate::domain::near::near;
use crate::domain::text::clean;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated, with a header.
    Csv,
    /// JSON, an object a line.
    Jsonl,
}

impl Format {
    /// How this file is written, by its name or else by how it begins.
    pub(super) fn of(file: &Path, text: &str) -> Self {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        match ending.to_lowercase().as_str() {
            "csv" => Self::Csv,
            "jsonl" | "ndjson" | "json" => Self::Jsonl,
            _ if text.trim_start_matches('\u{FEFF}').trim_start().starts_with('{') => Self::Jsonl,
            _ => Self::Csv,
        }
    }
}

/// A line of the file that is meant as a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// What it says, or what is wrong with it and how to mend it.
    pub(super) finding: Result<Finding, String>,
}

/// What has a meaning of its own; everything else is a detail.
const NAMES: [&str; 5] = ["external_id", "name", "kind", "owner", "source"];
/// Without these nothing is a finding.
const NEEDED: [&str; 2] = ["external_id", "name"];

/// Reads all lines. `source` is where they were found, of those that do not say it.
pub(super) fn read(text: &str, format: Format, source: Option<&str>) -> Vec<Line> {
    let text = text.trim_start_matches('\u{FEFF}');
    match format {
        Format::Csv => csv(text, source),
        Format::Jsonl => jsonl(text, source),
    }
}

fn csv(text: &str, source: Option<&str>) -> Vec<Line> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(plain).collect(),
        Err(error) => return vec![Line { number: 1, finding: Err(error.to_string()) }],
    };
    if let Some(missing) = missing(&header) {
        return vec![Line { number: 1, finding: Err(missing) }];
    }
    let record = |record: Result<csv::StringRecord, csv::Error>| match record {
        Ok(record) => {
            let number = record.position().map_or(0, |at| line_of(text, at.byte()));
            Line { number, finding: row(&header, &record, source) }
        }
        Err(error) => {
            let number = error.position().map_or(0, |at| line_of(text, at.byte()));
            Line { number, finding: Err(format!("this is no CSV: {error}")) }
        }
    };
    reader.records().map(record).collect()
}

/// The line at which a record begins, from where the one before has ended: empty lines between them are
/// no records.
fn line_of(text: &str, end_before: u64) -> u64 {
    let from = usize::try_from(end_before).unwrap_or(usize::MAX);
    let rest = text.get(from..).unwrap_or_default();
    let skipped = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let before = text.get(..from.saturating_add(skipped)).unwrap_or(text);
    1 + u64::try_from(before.matches('\n').count()).unwrap_or_default()
}

/// A column's name as it is compared.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['-', ' '], "_")
}

/// What is wrong with a header.
fn missing(header: &[String]) -> Option<String> {
    let missing = NEEDED.into_iter().find(|need| !header.iter().any(|name| name == need))?;
    let there: Vec<String> = header.iter().map(|name| clean(name, 40)).collect();
    let nearest = near(missing, header.iter().map(String::as_str), 1);
    let cure = match nearest.first() {
        Some(name) => format!("is `{}` meant? Call it {missing}", clean(name, 40)),
        None => format!("call the column with {} so", meaning(missing)),
    };
    Some(format!(
        "the header has no column {missing}: {cure}. It has: {}",
        if there.iter().all(String::is_empty) { "nothing".to_owned() } else { there.join(", ") }
    ))
}

fn meaning(name: &str) -> &'static str {
    if name == "name" { "what people call it" } else { "the id that it has there" }
}

fn row(
    header: &[String],
    record: &csv::StringRecord,
    source: Option<&str>,
) -> Result<Finding, String> {
    if record.len() != header.len() {
        return Err(format!(
            "it has {} fields and the header has {}: put texts with commas in double quotes",
            record.len(),
            header.len()
        ));
    }
    finding(
        header.iter().zip(record).map(|(name, value)| (name.as_str(), value.to_owned())),
        source,
    )
}

fn jsonl(text: &str, source: Option<&str>) -> Vec<Line> {
    let numbered = (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    numbered.map(|(number, line)| Line { number, finding: object(line, source) }).collect()
}

fn object(line: &str, source: Option<&str>) -> Result<Finding, String> {
    let members: Map<String, Value> = serde_json::from_str(line).map_err(|error| {
        format!(
            "this is no JSON object (column {}): write one a line, such as \
             {{\"external_id\": \"…\", \"name\": \"…\"}}",
            error.column()
        )
    })?;
    let mut pairs = Vec::new();
    for (name, value) in members {
        match value {
            Value::Object(more) if plain(&name) == "details" => {
                pairs.extend(
                    more.into_iter().filter_map(|(name, value)| Some((name, said(&value)?))),
                );
            }
            value => pairs.extend(said(&value).map(|value| (name, value))),
        }
    }
    finding(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())), source)
}

/// A value as text; nothing of lists and objects.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn finding<'a>(
    pairs: impl Iterator<Item = (&'a str, String)>,
    source: Option<&str>,
) -> Result<Finding, String> {
    let mut sent = Sent::default();
    for (name, value) in pairs {
        match plain(name) {
            known if NAMES.contains(&known.as_str()) => {
                *match known.as_str() {
                    "external_id" => &mut sent.external_id,
                    "name" => &mut sent.name,
                    "kind" => &mut sent.kind,
                    "owner" => &mut sent.owner,
                    _ => &mut sent.source,
                } = value;
            }
            _ => sent.details.push((name.to_owned(), value)),
        }
    }
    if sent.source.trim().is_empty() {
        sent.source = source.unwrap_or_default().to_owned();
        if sent.source.trim().is_empty() {
            return Err(
                "it does not say where it was found: give --source, such as --source aws-iam"
                    .to_owned(),
            );
        }
    }
    Finding::read(&sent).map_err(|bad| bad.to_string())
}
