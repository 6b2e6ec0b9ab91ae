//! Each view as it goes to Slack, and the text that a screen reader reads.
//!
//! The JSON lies in `tests/data/blockkit`, where a judge of its own (`tests/blockkit`) reads it too.
//! After a change of the views: `INSTA_UPDATE=always cargo test --lib views`, and read the difference.

use std::collections::BTreeSet;
use std::path::Path;

use super::catalogue::{Catalogue, Shown, catalogue};
use super::judge::faults;
use super::sample::Said;

const JSON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/blockkit");
const TEXT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/blockkit/text");

/// The usual states, and some in their extremes: long texts, hostile texts, many of everything.
fn golden() -> Catalogue {
    let mut all = catalogue(&Said::kindly());
    let hostile =
        "<!channel> <@U0EVIL> *bold* `x` <https://evil.example|Approve> \u{202E}:tada: & "
            .repeat(20);
    let some = ["card_grant_half", "agent", "home", "help", "form_register", "reply_details_grant"];
    all.extend(
        catalogue(&Said::everywhere(&hostile, 25))
            .into_iter()
            .filter(|(name, _)| some.contains(&name.as_str()))
            .map(|(name, shown)| (format!("extreme_{name}"), shown)),
    );
    all
}

#[test]
fn every_view_is_as_it_was_seen_last() {
    let all = golden();
    let mut names = BTreeSet::new();
    for (name, shown) in &all {
        assert!(names.insert(format!("{name}.snap")), "{name} is in the catalogue twice");
        // In one order, whatever order another crate has serde_json keep.
        let mut json = shown.json();
        json.sort_all_objects();
        assert_eq!(faults(&json), Vec::<String>::new(), "{name}");
        let json = serde_json::to_string_pretty(&json).unwrap();
        insta::with_settings!({
            snapshot_path => JSON, prepend_module_to_snapshot => false, omit_expression => true,
        }, { insta::assert_snapshot!(name.as_str(), json) });
        if let Shown::Message(message) = shown {
            insta::with_settings!({
                snapshot_path => TEXT, prepend_module_to_snapshot => false, omit_expression => true,
            }, { insta::assert_snapshot!(name.as_str(), message.text) });
        }
    }
    let there: BTreeSet<String> = std::fs::read_dir(Path::new(JSON))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".snap"))
        .collect();
    assert_eq!(there, names, "left: what is kept; right: what there is. Remove what is gone");
}
