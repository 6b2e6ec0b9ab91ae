//! What is depended on: licences, forbidden and doubled crates, and crates that nobody uses.
//!
//! The lists are those of `deny.toml`. Everything is read from what cargo has on this machine, so that
//! the check runs where nothing can be fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{files, scan};

/// Crates of which a second version would be a second TLS: half of the connections would trust other
/// roots, or find no provider.
const ONCE: [&str; 5] = ["hyper-rustls", "ring", "rustls", "rustls-webpki", "tokio-rustls"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What cargo knows about this package and all it is built from, on this machine's platform.
fn metadata() -> Value {
    let run = |command: &mut Command| {
        let output = command.current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let about = run(Command::new("rustc").arg("-vV"));
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let arguments = ["metadata", "--format-version=1", "--offline", "--locked"];
    let json = run(Command::new(env!("CARGO")).args(arguments).args(["--filter-platform", host]));
    serde_json::from_str(&json).unwrap()
}

fn deny() -> toml::Table {
    fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap()
}

fn texts(list: &toml::Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

#[test]
fn every_licence_is_allowed() {
    let allowed = texts(&deny()["licenses"]["allow"]);
    let metadata = metadata();
    let faults: Vec<String> = packages(&metadata)
        .filter_map(|package| {
            let licence = package["license"].as_str().unwrap_or("none that is named");
            let version = package["version"].as_str().unwrap();
            let fault = format!("{} {version}: {licence}", name(package));
            (!is_allowed(licence, &allowed)).then_some(fault)
        })
        .collect();
    assert!(faults.is_empty(), "licences outside of deny.toml:\n{}", faults.join("\n"));
    assert!(packages(&metadata).count() > 100, "the dependencies were not found");
}

#[test]
fn nothing_forbidden_is_built_in_and_nothing_twice_that_must_be_once() {
    let forbidden: BTreeSet<String> = deny()["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["crate"].as_str().unwrap().to_owned())
        .collect();
    let metadata = metadata();
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in packages(&metadata) {
        *versions.entry(name(package)).or_default() += 1;
    }
    let found: Vec<_> = versions.keys().filter(|name| forbidden.contains(**name)).collect();
    assert!(found.is_empty(), "deny.toml forbids {found:?}; see `cargo tree --invert NAME`");
    for once in ONCE {
        assert_eq!(versions.get(once), Some(&1), "{once} must be there exactly once");
    }
}

#[test]
fn every_dependency_is_used() {
    let metadata = metadata();
    let own = packages(&metadata).find(|package| name(package) == "countersign").unwrap();
    let product = words(&["src"]);
    let everything = words(&["src", "tests", "benches"]);
    let mut unused = Vec::new();
    for dependency in own["dependencies"].as_array().unwrap() {
        let name = dependency["rename"].as_str().unwrap_or(name(dependency));
        let used = match dependency["kind"].as_str() {
            None => &product,
            Some(_) => &everything,
        };
        if !used.contains(&name.replace('-', "_")) {
            unused.push(name);
        }
    }
    assert!(unused.is_empty(), "in Cargo.toml, and named by no code: {unused:?}");
}

/// The words that stand before `::`, after `use` or after `extern crate` in the code below folders.
fn words(folders: &[&str]) -> BTreeSet<String> {
    let folders = folders.iter().map(|folder| root().join(folder)).filter(|path| path.is_dir());
    let texts = folders
        .flat_map(|folder| files(&folder, "rs"))
        .map(|file| fs::read_to_string(file).unwrap());
    texts.flat_map(|text| scan::crates_named(&text)).collect()
}

/// Whether a licence expression (SPDX; `/` is an old way to write `OR`) can be met with these alone.
fn is_allowed(licence: &str, allowed: &[String]) -> bool {
    let spaced = licence.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allowed) && rest.is_empty()
}

fn any_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = all_of(words, allowed);
    while let Some(("OR", after)) = words.split_first().map(|(word, after)| (*word, after)) {
        *words = after;
        // Both sides are read, whatever the first one says.
        met |= all_of(words, allowed);
    }
    met
}

fn all_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while let Some(("AND", after)) = words.split_first().map(|(word, after)| (*word, after)) {
        *words = after;
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut &[&str], allowed: &[String]) -> bool {
    let Some((first, after)) = words.split_first() else { return false };
    *words = after;
    if *first == "(" {
        let met = any_of(words, allowed);
        let closed = words.split_first().filter(|(word, _)| **word == ")");
        return closed.is_some_and(|(_, after)| {
            *words = after;
            met
        });
    }
    let mut licence = (*first).to_owned();
    if let [with @ "WITH", exception, after @ ..] = *words {
        licence = format!("{licence} {with} {exception}");
        *words = after;
    }
    allowed.contains(&licence)
}

#[test]
fn a_licence_expression_is_read_as_it_is_meant() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (licence, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("MIT AND ISC", true),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("(MIT OR ISC) AND GPL-3.0", false),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT WITH LLVM-exception", false),
        ("(MIT", false),
        ("MIT ISC", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(licence, &allowed), expected, "{licence}");
    }
}
