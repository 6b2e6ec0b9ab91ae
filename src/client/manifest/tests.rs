//! Every mistake has its place and its cure, and what is written is what is read.

use proptest::prelude::*;

use super::*;
use crate::contract::manifest::{Declared, Described};

fn sample() -> Manifest {
    Manifest {
        version: 1,
        agent: Described {
            name: "support-agent-v2".to_owned(),
            purpose: "Answers customers' questions about their orders".to_owned(),
            owner: Some("dana@example.com".to_owned()),
            team: Some("support".to_owned()),
            systems: vec!["database".to_owned(), "tickets".to_owned()],
            runs_on: "GitHub Actions".to_owned(),
            model: "m-4.1".to_owned(),
            writes: true,
            customer_data: false,
            external_calls: false,
            money: false,
        },
        accesses: vec![
            Declared {
                name: "database:read".to_owned(),
                because: "to look orders up".to_owned(),
                lasting: Some("30m".to_owned()),
            },
            Declared { name: "tickets:write".to_owned(), because: String::new(), lasting: None },
        ],
    }
}

#[test]
fn a_manifest_is_a_pleasure_to_read() {
    let bare = Manifest {
        version: 1,
        agent: Described {
            name: "figma-notes".to_owned(),
            purpose: "Posts new comments of a design to a channel".to_owned(),
            ..Described::default()
        },
        accesses: Vec::new(),
    };
    insta::assert_snapshot!(format!("{}\n----\n{}", write(&sample()), write(&bare)));
}

#[test]
fn what_is_written_is_what_is_read() {
    assert_eq!(read("agent.toml", &write(&sample())).map(|found| found.manifest), Ok(sample()));
}

#[test]
fn places_are_known() {
    let found = read("agent.toml", &write(&sample())).unwrap();
    let text = write(&sample());
    let line = |about: &str| {
        let place = found.place(about);
        text.lines().nth(place.line as usize - 1).unwrap().to_owned()
    };
    assert!(line("purpose").starts_with("purpose = "));
    assert!(line("agent.systems").starts_with("systems = "));
    assert!(line("customer_data").starts_with("customer_data"));
    assert!(line("tickets:write").contains("tickets:write"));
    assert!(line("what is not there").starts_with("name "));
}

#[test]
fn every_mistake_has_a_place_and_a_cure() {
    let begin = "version = 1\n[agent]\nname = \"support-agent\"\npurpose = \"answers\"\n";
    let mut all = String::new();
    for (what, text) in [
        ("nothing", String::new()),
        ("no TOML", "version = 1\n[agent\nname = support\n".to_owned()),
        ("a key twice", format!("{begin}purpose = \"asks\"\n")),
        ("a newer file", begin.replace("version = 1", "version = 2")),
        ("a version in quotes", begin.replace("version = 1", "version = \"1\"")),
        ("a huge version", begin.replace("version = 1", "version = 99999999999999999999")),
        ("no section", "version = 1\nname = \"support-agent\"\n".to_owned()),
        ("a name with capitals", begin.replace("support-agent", "Support Agent")),
        ("a name that is too short", begin.replace("support-agent", "ab")),
        ("no purpose", "version = 1\n[agent]\nname = \"support-agent\"\n".to_owned()),
        ("an empty purpose", begin.replace("answers", "  ")),
        ("two lines of purpose", begin.replace("answers", "a\\nb")),
        ("an unknown key", format!("{begin}custmer_data = true\n")),
        ("a hostile key", format!("{begin}\"a\\u001b[31m\\nb\" = true\n")),
        ("a team as owner", format!("{begin}owner = \"support\"\n")),
        ("a strange team", format!("{begin}team = \"Support!\"\n")),
        ("systems as a text", format!("{begin}systems = \"database\"\n")),
        ("a system without a name", format!("{begin}systems = [\"\", 7]\n")),
        ("an answer in quotes", format!("{begin}writes = \"yes\"\n")),
        ("one table of accesses", format!("{begin}[access]\nname = \"database:read\"\n")),
        ("an access without a name", format!("{begin}[[access]]\nbecause = \"so\"\n")),
        ("no access", format!("{begin}[[access]]\nname = \"the database\"\n")),
        (
            "an endless access",
            format!("{begin}[[access]]\nname = \"database:read\"\nfor = \"ever\"\n"),
        ),
        (
            "an access twice",
            format!(
                "{begin}[[access]]\nname = \"database:read\"\n[[access]]\nname = \"Database:Read\"\n"
            ),
        ),
        (
            "several at once",
            "[agent]\nname = \"A\"\nowner = \"x\"\nmoney = 1\n[[access]]\nname = 3\n".to_owned(),
        ),
    ] {
        let mistakes = read("agent.toml", &text).expect_err(what);
        assert!(!mistakes.is_empty(), "{what}");
        all.push_str(&format!("{what}\n"));
        for mistake in mistakes {
            all.push_str(&format!("  {mistake}\n"));
        }
    }
    insta::assert_snapshot!(all);
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_again(
        purpose in "[^\\p{Cc}]{1,80}",
        systems in proptest::collection::vec("[^\\p{Cc}\\s][^\\p{Cc}]{0,20}[^\\p{Cc}\\s]", 0..4),
        because in "[^\\p{Cc}]{0,60}",
        answers in proptest::array::uniform4(any::<bool>()),
        minutes in 1u32..10_000,
    ) {
        prop_assume!(!purpose.trim().is_empty());
        let [writes, customer_data, external_calls, money] = answers;
        let mut manifest = sample();
        manifest.agent = Described {
            purpose: purpose.trim().to_owned(), systems, writes, customer_data, external_calls, money,
            ..manifest.agent
        };
        manifest.accesses[0].because = because.trim().to_owned();
        manifest.accesses[0].lasting = Some(crate::domain::time::Span::minutes(minutes).to_string());
        let read = read("agent.toml", &write(&manifest)).map(|found| found.manifest);
        prop_assert_eq!(read, Ok(manifest));
    }

    #[test]
    fn whatever_is_read_is_no_crash(text in "\\PC{0,200}") {
        if let Err(mistakes) = read("agent.toml", &text) {
            prop_assert!(!mistakes.is_empty());
        }
    }
}
