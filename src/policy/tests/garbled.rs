//! Whatever is in the folder: an answer, never a panic, and places that an editor can jump to.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{SMALL, only};
use crate::policy::{Policy, Refused};

const STARTER: &str = include_str!("../../../manifests/policy/policy.toml");
const CASES: &str = include_str!("../../../manifests/policy/tests/routing.toml");

/// Pieces that are likely to break something.
const PIECES: [&str; 24] = [
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "0",
    "-1",
    "4",
    "true",
    "\"8h\"",
    "[tiers.1]",
    "[[without_people]]",
    "é\u{202E}",
    "\u{0}",
    "security",
];

#[derive(Debug, Clone)]
enum Slip {
    Delete { from: usize, length: usize },
    Insert { at: usize, piece: &'static str },
    Double { line: usize },
    Swap { one: usize, other: usize },
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        (any::<usize>(), 1usize..40).prop_map(|(from, length)| Slip::Delete { from, length }),
        (any::<usize>(), proptest::sample::select(&PIECES[..]))
            .prop_map(|(at, piece)| Slip::Insert { at, piece }),
        any::<usize>().prop_map(|line| Slip::Double { line }),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Slip::Swap { one, other }),
    ]
}

/// Slips are made in the policy itself, not in its comments, where nothing would come of them.
fn garble(text: &str, slips: &[Slip]) -> String {
    let mut lines: Vec<String> =
        text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect();
    for slip in slips {
        let count = lines.len();
        match slip {
            Slip::Delete { from, length } => {
                let all: Vec<char> = lines.join("\n").chars().collect();
                let from = from % all.len();
                let kept = all.iter().take(from).chain(all.iter().skip(from + length));
                lines = kept.collect::<String>().split('\n').map(str::to_owned).collect();
            }
            Slip::Insert { at, piece } => {
                let all: Vec<char> = lines.join("\n").chars().collect();
                let at = at % (all.len() + 1);
                let (before, after) = all.split_at(at);
                let text = before.iter().collect::<String>() + piece + &String::from_iter(after);
                lines = text.split('\n').map(str::to_owned).collect();
            }
            Slip::Double { line } => lines.insert(line % count, lines[line % count].clone()),
            Slip::Swap { one, other } => lines.swap(one % count, other % count),
        }
    }
    lines.join("\n")
}

fn places_are_real(
    refused: &Refused,
    files: &BTreeMap<String, String>,
) -> Result<(), TestCaseError> {
    prop_assert!(!refused.mistakes.is_empty());
    for mistake in &refused.mistakes {
        let text = files.get(&mistake.file).map(String::as_str).unwrap_or_default();
        let lines: Vec<&str> = text.split('\n').collect();
        prop_assert!((1..=lines.len()).contains(&(mistake.line as usize)), "{mistake}");
        let width = lines[mistake.line as usize - 1].chars().count();
        prop_assert!((1..=width + 1).contains(&(mistake.column as usize)), "{mistake}");
        prop_assert!(!mistake.what.is_empty() && !mistake.what.contains('\n'), "{mistake:?}");
        prop_assert!(mistake.cure.ends_with(['.', '?', ')']), "{mistake}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn slips_in_the_starter_are_found_or_harmless(
        slips in proptest::collection::vec(slip(), 1..4), in_cases: bool,
    ) {
        let (mut policy, mut cases) = (STARTER.to_owned(), CASES.to_owned());
        let garbled = if in_cases { &mut cases } else { &mut policy };
        *garbled = garble(garbled, &slips);
        let files = BTreeMap::from([
            ("policy.toml".to_owned(), policy),
            ("tests/routing.toml".to_owned(), cases),
        ]);
        match Policy::from_files(&files) {
            Ok(policy) => { policy.test(); }
            Err(refused) => places_are_real(&refused, &files)?,
        }
    }

    #[test]
    fn any_text_at_all_gets_an_answer(text in "\\PC{0,80}|[\\[\\]{}=\"'.,a-z0-9\n# ]{0,80}") {
        let files = BTreeMap::from([("policy.toml".to_owned(), text.clone())]);
        let refused = only(&text).unwrap_err();
        places_are_real(&refused, &files)?;
    }
}

#[test]
fn a_file_cut_off_anywhere_is_found_or_harmless() {
    for end in 0..SMALL.len() {
        let text = &SMALL[..end];
        let files = BTreeMap::from([("policy.toml".to_owned(), text.to_owned())]);
        if let Err(refused) = only(text) {
            places_are_real(&refused, &files).unwrap();
        }
    }
}
