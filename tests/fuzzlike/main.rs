//! The functions that `scripts/fuzz` drives, driven by every run of the tests: arbitrary bytes, and
//! real payloads with something wrong at each place.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

#[path = "../../fuzz/targets.rs"]
mod targets;

/// How often each is tried: seconds, also on a busy machine.
const TRIES: u32 = 3_000;

/// The payloads from which `scripts/fuzz` begins, too.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 4, "{target} has too few seeds");
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// One thing done to a payload.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, Index),
    Repeat(Index, Index, u8),
    Number(Index, i64),
}

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..8),
        prop::sample::select(vec![
            "{", "[", "]", "}", "\"", ",", ":", "null", "%00", "&", "=", ".", "\u{202e}"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (at(), piece).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at(), at()).prop_map(|(from, to)| Change::Cut(from, to)),
        (at(), at(), 1_u8..20).prop_map(|(from, to, n)| Change::Repeat(from, to, n)),
        (at(), any::<i64>()).prop_map(|(at, number)| Change::Number(at, number)),
    ]
}

/// Two places in order.
fn ends(bytes: &[u8], one: Index, other: Index) -> (usize, usize) {
    let (one, other) = (one.index(bytes.len() + 1), other.index(bytes.len() + 1));
    (one.min(other), one.max(other))
}

fn changed(mut bytes: Vec<u8>, change: &Change) -> Vec<u8> {
    match change {
        Change::Flip(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes.splice(at..=at, [*byte]);
        }
        Change::Flip(..) => {}
        Change::Insert(at, piece) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, piece.iter().copied());
        }
        Change::Cut(from, to) => {
            let (from, to) = ends(&bytes, *from, *to);
            bytes.drain(from..to);
        }
        Change::Repeat(from, to, times) => {
            let (from, to) = ends(&bytes, *from, *to);
            let piece = bytes.get(from..to).unwrap_or_default().repeat(usize::from(*times));
            bytes.splice(to..to, piece);
        }
        // In the place of a number, if there is one behind.
        Change::Number(at, number) => {
            let start = at.index(bytes.len() + 1);
            let digit = |byte: &u8| byte.is_ascii_digit();
            if let Some(first) = bytes.iter().skip(start).position(digit).map(|n| n + start) {
                let count = bytes.iter().skip(first).take_while(|byte| digit(byte)).count();
                bytes.splice(first..first + count, number.to_string().into_bytes());
            }
        }
    }
    bytes
}

fn drive(name: &str, target: fn(&[u8])) {
    let seeds = seeds(name);
    seeds.iter().for_each(|seed| target(seed));
    let config = Config { cases: TRIES, failure_persistence: None, ..Config::default() };
    let any_bytes = prop::collection::vec(any::<u8>(), 0..2_000);
    TestRunner::new(config.clone())
        .run(&any_bytes, |bytes| {
            target(&bytes);
            Ok(())
        })
        .expect("arbitrary bytes");
    let real = (prop::sample::select(seeds), prop::collection::vec(change(), 1..6));
    TestRunner::new(config)
        .run(&real, |(seed, changes)| {
            target(&changes.iter().fold(seed, changed));
            Ok(())
        })
        .expect("real payloads with something wrong");
}

#[test]
fn tokens_of_strangers_are_refused_and_nothing_worse() {
    drive("tokens", targets::tokens);
}

#[test]
fn bodies_of_strangers_are_bounded_or_refused() {
    drive("evaluations", targets::evaluations);
}

#[test]
fn what_slack_never_sent_is_refused_and_nothing_worse() {
    drive("slack", targets::slack);
}
