use super::*;

fn sent() -> Sent {
    Sent {
        source: "aws-iam".into(),
        external_id: "arn:aws:iam::1:user/deploy-helper".into(),
        name: "Deploy Helper".into(),
        kind: "service account".into(),
        owner: "dana@acme.example".into(),
        details: vec![("created".into(), "2024-03-01".into())],
    }
}

/// A text as random as a key, made here so that no key stands in this file.
fn key(prefix: &str) -> String {
    let rest: String = (0_u32..40).map(|n| char::from(b'a' + (n * n * 7 % 26) as u8)).collect();
    format!("{prefix}{rest}")
}

#[test]
fn what_is_sent_is_read_and_its_mistakes_are_said() {
    let finding = Finding::read(&sent()).unwrap();
    assert_eq!(finding.kind, Kind::ServiceAccount);
    assert_eq!(finding.slug().unwrap().as_str(), "deploy-helper");
    type Change = fn(&mut Sent);
    let cases: [(Change, &str); 10] = [
        (|s| s.source.clear(), "`source` is missing"),
        (|s| s.source = "AWS IAM!".into(), "`source` is `AWS IAM!`"),
        (|s| s.source = " Slack".into(), "looks through itself"),
        (|s| s.external_id = "\u{200B} ".into(), "`external_id` is missing"),
        (|s| s.external_id = "x".repeat(201), "longer than 200"),
        (|s| s.name = "\u{202E}".into(), "`name` is missing"),
        (|s| s.kind = "robot".into(), "write one of bot, app, workflow"),
        (|s| s.external_id = key("ghp_"), "`external_id` looks like a GitHub"),
        (|s| s.name = format!("deploy {}", key("xoxb-")), "`name` looks like a Slack token"),
        (|s| s.owner = key("glpat-"), "`owner` looks like a GitLab"),
    ];
    for (change, words) in cases {
        let mut sent = sent();
        change(&mut sent);
        let said = Finding::read(&sent).unwrap_err().to_string();
        assert!(said.contains(words), "no “{words}” in {said}");
        assert!(!said.contains(&key("")), "a key is repeated: {said}");
    }
}

#[test]
fn details_are_few_short_and_hold_no_secret() {
    let mut sent = sent();
    sent.details = vec![
        ("client_secret".into(), "hunter2".into()),
        ("note".into(), format!("use {}", key("ghp_"))),
        (key("ghp_"), "x".into()),
        (String::new(), "x".into()),
        ("empty".into(), " \u{200B}".into()),
        ("long".into(), "y".repeat(5_000)),
    ];
    sent.details.extend((0..40).map(|n| (format!("key {n}"), "z".to_owned())));
    let kept = Finding::read(&sent).unwrap().details;
    assert_eq!(kept.len(), MOST_DETAILS, "{kept:?}");
    assert!(kept["long"].chars().count() <= LONGEST_DETAIL);
    for gone in ["client_secret", "note", "empty", ""] {
        assert!(!kept.contains_key(gone), "{gone}");
    }
}

#[test]
fn every_kind_is_read_as_it_is_written() {
    for kind in Kind::ALL {
        assert_eq!(kind.word().parse(), Ok(kind));
        let json = serde_json::to_string(&kind).unwrap();
        assert_eq!(json, format!("\"{kind}\""));
    }
    assert_eq!("Service_Account".parse(), Ok(Kind::ServiceAccount));
}
