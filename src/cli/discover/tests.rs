//! Lists of findings, as they are read and told.

use std::path::Path;

use super::read::{Format, read};
use super::tell;
use crate::cli::exit::Exit;
use crate::domain::discovery::Kind;
use crate::policy::Policy;
use crate::store::Store;

/// A text as random as a key, made here so that no key stands in this file.
fn key() -> String {
    (0_u32..40).map(|n| char::from(b'a' + (n * n * 7 % 26) as u8)).collect()
}

const CSV: &str = "\u{FEFF}External ID,Name,kind,owner,Created,secret\r\n\
    arn:1,Deploy helper,service-account,dana@acme.example,2024-03-01,hunter2\r\n\
    \r\n\
    arn:2,\"Night, job\",,,,\r\n\
    arn:3,Third\r\n\
    arn:4,Robot,robot,,,\r\n\
    ,Nameless,,,,\r\n";

#[test]
fn a_table_is_read_line_by_line() {
    let lines = read(CSV, Format::Csv, Some("aws-iam"));
    assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 4, 5, 6, 7]);
    let first = lines[0].finding.as_ref().unwrap();
    assert_eq!((first.source.as_str(), first.external_id.as_str()), ("aws-iam", "arn:1"));
    assert_eq!((first.name.as_str(), first.kind), ("Deploy helper", Kind::ServiceAccount));
    assert_eq!(first.owner.as_deref(), Some("dana@acme.example"));
    let details: Vec<_> = first.details.iter().collect();
    assert_eq!(details, [(&"created".to_owned(), &"2024-03-01".to_owned())], "no secret");
    assert_eq!(lines[1].finding.as_ref().unwrap().name, "Night, job");
    for (line, words) in [(2, "2 fields"), (3, "write one of"), (4, "`external_id` is missing")] {
        let why = lines[line].finding.as_ref().unwrap_err();
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn json_is_read_an_object_a_line() {
    let text = format!(
        "{}\n\n{}\n{}\n[1]\n{{\n{}\n",
        r#"{"external_id": 42, "name": "deploy", "kind": "github-app", "details": {"by": "x"}, "repos": 3}"#,
        r#"{"external_id": "a", "name": "own source", "source": "gcp"}"#,
        r#"{"external_id": "a", "name": "slack's", "source": "slack"}"#,
        serde_json::json!({"external_id": format!("ghp_{}", key()), "name": "a key"}),
    );
    let lines = read(&text, Format::Jsonl, Some("github"));
    assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3, 4, 5, 6, 7]);
    let first = lines[0].finding.as_ref().unwrap();
    assert_eq!((first.external_id.as_str(), first.kind), ("42", Kind::GithubApp));
    assert_eq!(first.details.get("repos").map(String::as_str), Some("3"));
    assert_eq!(lines[1].finding.as_ref().unwrap().source, "gcp");
    for (line, words) in [
        (2, "name another"),
        (3, "no JSON object"),
        (4, "no JSON object"),
        (5, "never the key itself"),
    ] {
        let why = lines[line].finding.as_ref().unwrap_err();
        assert!(why.contains(words) && !why.contains(&key()), "{why}");
    }
}

#[test]
fn what_is_missing_is_said_once() {
    for (text, words) in [
        ("", "no column external_id"),
        ("id,name\n1,a\n", "no column external_id"),
        ("externalid,name\n1,a\n", "is `externalid` meant?"),
        ("external_id,title\n1,a\n", "no column name"),
    ] {
        let lines = read(text, Format::Csv, Some("aws"));
        assert_eq!((lines.len(), lines[0].number), (1, 1), "{text}");
        let why = lines[0].finding.as_ref().unwrap_err();
        assert!(why.contains(words), "no “{words}” in {why}");
    }
    let lines = read("external_id,name\n1,a\n", Format::Csv, None);
    assert!(lines[0].finding.as_ref().unwrap_err().contains("--source"));
}

#[test]
fn the_format_is_seen() {
    for (file, text, format) in [
        ("a.csv", "{", Format::Csv),
        ("a.JSONL", "a,b", Format::Jsonl),
        ("-", " \n{\"a\":1}", Format::Jsonl),
        ("-", "external_id,name", Format::Csv),
    ] {
        assert_eq!(Format::of(Path::new(file), text), format, "{file}");
    }
}

#[tokio::test]
async fn what_became_of_them_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("db").display());
    let store = Store::connect(&url).await.unwrap();
    let mut told = String::new();
    for (title, text, dry_run, exit) in [
        ("a dry run", CSV, true, Exit::Faults),
        ("the first time", CSV, false, Exit::Faults),
        ("again", "external_id,name\narn:1,Deploy helper\n", false, Exit::Well),
        ("nothing", "external_id,name\n", false, Exit::Faults),
    ] {
        let lines = read(text, Format::Csv, Some("aws-iam"));
        let mut out = Vec::new();
        let ended = tell(&store, Policy::starter(), &lines, dry_run, &mut out).await.unwrap();
        assert_eq!(ended, exit, "{title}");
        told.push_str(&format!("# {title}\n{}\n", String::from_utf8(out).unwrap()));
    }
    let found = store.read().await.unwrap().count_discoveries().await.unwrap();
    assert_eq!(found.unclaimed, 2);
    store.close().await;
    insta::assert_snapshot!(told);
}
