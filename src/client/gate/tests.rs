//! The same report in every form, and what ends how. What others wrote is as hostile as it can be.

use super::report::{Judged, Report, Silence, Verdict};
use super::{github, json, junit, sarif, words};
use crate::client::exit::Exit;
use crate::client::look::Look;
use crate::client::manifest::{Found, read};
use crate::contract::Lasting;
use crate::contract::gate::{Check, GateAnswer, Outcome};

const MANIFEST: &str = r#"version = 1

[agent]
name    = "support-agent-v2"
purpose = "Answers customers' questions"
owner   = "dana@example.com"
systems = ["database"]
writes  = true

[[access]]
name = "database:read"

[[access]]
name = "payments:refund"
"#;

fn found() -> Found {
    read("agent.toml", MANIFEST).unwrap()
}

fn check(rule: &str, about: Option<&str>, outcome: Outcome, found: &str) -> Check {
    let about = about.map(str::to_owned);
    Check {
        rule: rule.to_owned(),
        about,
        outcome,
        found: found.to_owned(),
        why: None,
        next: Vec::new(),
    }
}

fn answer(checks: Vec<Check>) -> GateAnswer {
    GateAnswer {
        passed: checks.iter().all(|check| check.outcome != Outcome::Failed),
        agent: "support-agent-v2".to_owned(),
        checks,
        usual: Some(Lasting { text: "40 minutes".to_owned(), seconds: 2_400 }),
        decide_within: Some(Lasting { text: "8h".to_owned(), seconds: 28_800 }),
        ask: vec!["Dana (owner)".to_owned(), "#agent-help".to_owned()],
        link: Some("https://agents.example.com/r/8fK2Qd".to_owned()),
        policy: "sha256:ab12".to_owned(),
    }
}

fn good() -> Judged {
    let checks = vec![
        check("registered", None, Outcome::Passed, "It is registered, and Dana answers for it."),
        check("active", None, Outcome::Passed, "It is active."),
        Check {
            why: Some("It is refused at run time until people say yes.".to_owned()),
            next: vec![
                "agent-cli request-permission --agent support-agent-v2 --resource database:read \
                 --justification \"…\""
                    .to_owned(),
            ],
            ..check(
                "access",
                Some("database:read"),
                Outcome::Noted,
                "It is not granted, and can be.",
            )
        },
    ];
    Judged::answered("agent.toml", &found(), answer(checks))
}

fn bad() -> Judged {
    let checks = vec![
        check("registered", None, Outcome::Passed, "It is registered, and Dana answers for it."),
        Check {
            why: Some("The tier decides who must approve what it does.".to_owned()),
            next: vec!["agent-cli show support-agent-v2".to_owned()],
            ..check(
                "tier",
                None,
                Outcome::Failed,
                "agent.toml says that it writes; at its registration the answer was no.",
            )
        },
        Check {
            why: Some("What the policy does not know is never granted.".to_owned()),
            next: vec!["take it out of agent.toml, or ask for it in #agent-help".to_owned()],
            ..check(
                "access",
                Some("payments:refund"),
                Outcome::Failed,
                "The policy does not know payments:refund.",
            )
        },
    ];
    Judged::answered("agent.toml", &found(), answer(checks))
}

/// Everything that others can write into an answer.
const HOSTILE: &str = "a\u{1b}[31m\r\n::error::b ##[set-env] %0A \u{202e}c ]]> </failure> & \"' \u{0} | `x` \
                       [y](http://z) @here <script>";

fn hostile() -> Judged {
    let checks = vec![Check {
        why: Some(HOSTILE.to_owned()),
        next: vec![HOSTILE.to_owned()],
        ..check(HOSTILE, Some(HOSTILE), Outcome::Failed, HOSTILE)
    }];
    let hostile = GateAnswer {
        agent: HOSTILE.to_owned(),
        usual: None,
        ask: vec![HOSTILE.to_owned()],
        link: Some(format!("https://agents.example.com/r/x) {HOSTILE}")),
        ..answer(checks)
    };
    Judged::answered("a,b:c%\n.toml", &found(), hostile)
}

fn mistaken() -> Judged {
    let text = MANIFEST.replace("support-agent-v2", "Support Agent").replace("writes ", "wirtes ");
    Judged::mistaken("agent.toml", read("agent.toml", &text).unwrap_err())
}

fn silent(away: bool, goes_on: bool) -> (Judged, Silence) {
    let silence = Silence {
        what: "https://agents.example.com cannot be reached.".to_owned(),
        why: Some("connection refused.".to_owned()),
        next: vec!["see whether this machine is online, and the address right".to_owned()],
        away,
        exit: if away { Exit::Away } else { Exit::LoggedOut },
    };
    (Judged::unjudged("agent.toml", &found(), &silence, goes_on), silence)
}

fn report(judged: Vec<Judged>) -> Report {
    Report { judged, advise: false, silence: None }
}

fn everything() -> Report {
    let (quiet, _) = silent(true, false);
    report(vec![good(), bad(), mistaken(), Judged::missing("other/agent.toml"), quiet, hostile()])
}

#[test]
fn for_people() {
    let mut text = words::render(&everything(), Look::PLAIN);
    text.push_str("\n---- advice, on a narrow terminal\n");
    let advice = Report { advise: true, ..report(vec![bad()]) };
    text.push_str(&words::render(&advice, Look { colour: false, width: 44 }));
    text.push_str("\n---- nobody answered, and it goes on\n");
    text.push_str(&words::render(&report(vec![silent(true, true).0]), Look::PLAIN));
    text.push_str("\n---- in colour\n");
    let colour = words::render(&report(vec![good()]), Look { colour: true, ..Look::PLAIN });
    text.push_str(&colour.replace('\x1b', "␛"));
    insta::assert_snapshot!(text);
}

#[test]
fn for_programs() {
    let report = report(vec![bad(), mistaken()]);
    let document = json::document(&report);
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn as_junit() {
    let advice = Report { advise: true, ..report(vec![bad()]) };
    insta::assert_snapshot!(format!(
        "{}\n{}",
        junit::render(&everything()),
        junit::render(&advice)
    ));
}

#[test]
fn as_sarif() {
    insta::assert_snapshot!(sarif::render(&everything()));
}

#[test]
fn as_annotations_and_a_summary() {
    let all = everything();
    let advice = Report { advise: true, ..report(vec![bad()]) };
    insta::assert_snapshot!(format!(
        "{}\n{}\n{}\n{}",
        github::annotations(&all),
        github::annotations(&advice),
        github::summary(&all),
        github::summary(&advice)
    ));
}

/// What the runner makes of a line of the log: the commands it would obey, read as it reads them.
fn obeyed(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.trim_start().starts_with("::") || line.contains("##[")).collect()
}

#[test]
fn nobody_else_commands_the_runner() {
    let all = everything();
    let words = words::render(&all, Look { colour: false, width: 40 });
    assert_eq!(obeyed(&github::tame(&words)), Vec::<&str>::new());
    // The check is worth something: untamed there are some.
    assert!(!obeyed(&words).is_empty(), "{words}");
    let annotations = github::annotations(&all);
    let failed = all.judged.iter().flat_map(|judged| &judged.checks);
    let shown = failed.filter(|check| check.outcome != super::Level::Passed).count();
    assert_eq!(annotations.lines().count(), shown, "one line each: {annotations}");
    for line in annotations.lines() {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        assert!(["error", "notice"].contains(&command), "{line}");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "col", "title"].contains(&name), "{line}");
            assert!(!value.contains(':'), "{line}");
        }
        // As the runner reads it back.
        let back = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
        assert!(!back.is_empty());
    }
    let back = annotations.lines().last().unwrap().replace("%0A", "\n").replace("%0D", "\r");
    assert!(back.replace("%25", "%").contains(HOSTILE), "nothing is lost");
}

#[test]
fn what_ends_how() {
    let verdict = |report: &Report| (report.verdict(), report.exit());
    assert_eq!(verdict(&report(vec![good()])), (Verdict::Passed, Exit::Done));
    assert_eq!(verdict(&report(vec![good(), bad()])), (Verdict::Failed, Exit::No));
    assert_eq!(verdict(&report(vec![mistaken()])), (Verdict::Failed, Exit::No));
    assert_eq!(verdict(&report(vec![Judged::missing("agent.toml")])), (Verdict::Failed, Exit::No));
    let advice = Report { advise: true, ..report(vec![bad()]) };
    assert_eq!(verdict(&advice), (Verdict::Advised, Exit::Done));

    // No answer is no pass, and its status says that it is not a no either.
    for away in [true, false] {
        let (quiet, silence) = silent(away, false);
        let quiet = Report { silence: Some(silence.exit), ..report(vec![good(), quiet]) };
        assert_eq!(verdict(&quiet), (Verdict::Failed, silence.exit));
        let mut with_a_no = quiet.clone();
        with_a_no.judged.push(bad());
        assert_eq!(verdict(&with_a_no), (Verdict::Failed, Exit::No));
        let advice = Report { advise: true, ..quiet };
        assert_eq!(verdict(&advice), (Verdict::Advised, Exit::Done));
    }
    let (quiet, _) = silent(true, true);
    assert_eq!(verdict(&report(vec![quiet])), (Verdict::Unchecked, Exit::Done));
}

#[test]
fn a_no_that_is_not_understood_stays_a_no() {
    let newer = GateAnswer {
        passed: false,
        ..answer(vec![check("moon", None, Outcome::Passed, "It is full.")])
    };
    let judged = Judged::answered("agent.toml", &found(), newer);
    assert!(judged.failed());
    assert_eq!(report(vec![judged]).exit(), Exit::No);
}

#[test]
fn findings_stand_at_their_lines() {
    let lines: Vec<u32> = bad().checks.iter().map(|check| check.place.line).collect();
    assert_eq!(lines, [4, 8, 14], "the name, the answer, the access");
}
