//! The map of the house is true: who may use whom, how large a file may be, and what is depended on.
//!
//! The rules stand here, and for readers in the table of the crate's documentation; both must say the
//! same, so that a new edge is a decision that shows in two places.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what it tests has failed")]

mod dependencies;
mod scan;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scan::File;

/// Each module and what it may use beside itself.
const RULES: [(&str, &[&str]); 19] = [
    ("domain", &[]),
    ("meters", &[]),
    ("contract", &["domain"]),
    ("clock", &["domain"]),
    ("policy", &["domain"]),
    ("store", &["domain"]),
    ("identity", &["domain", "clock"]),
    ("service", &["domain", "clock", "meters", "policy", "store", "identity"]),
    ("pdp", &["domain", "clock", "policy", "store"]),
    ("jobs", &["domain", "clock", "meters", "store", "service"]),
    ("slack", &["domain", "clock", "meters", "service"]),
    ("api", &["domain", "contract", "clock", "meters", "identity", "pdp", "policy", "service"]),
    ("client", &["domain", "contract", "clock", "identity"]),
    ("sandbox", &[]),
    ("config", EVERYTHING),
    ("telemetry", EVERYTHING),
    ("health", EVERYTHING),
    ("lifecycle", EVERYTHING),
    ("cli", EVERYTHING),
];

/// Stands for all modules: those that put the house together.
const EVERYTHING: &[&str] = &["*"];

/// The most lines of code a file may have, its tests and comments not counted.
const LONGEST: usize = 600;

/// All files below a folder whose names end so, in order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The files that a build of the product reads, each with its code and its edges.
fn scan(src: &Path) -> Vec<File> {
    let all: Vec<File> = files(src, "rs")
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            File::read(path.strip_prefix(src).unwrap(), &text)
        })
        .collect();
    let tests: Vec<Vec<String>> = all.iter().flat_map(|file| file.test_modules.clone()).collect();
    all.into_iter().filter(|file| !tests.iter().any(|test| file.module.starts_with(test))).collect()
}

/// The edges that the rules do not allow, a sentence each.
fn forbidden(src: &Path) -> Vec<String> {
    let rules = BTreeMap::from(RULES);
    let mut faults = Vec::new();
    for file in scan(src) {
        let Some(module) = file.module.first() else { continue };
        if module == "main" || module == "bin" {
            continue;
        }
        let Some(may) = rules.get(module.as_str()) else {
            faults.push(format!(
                "{}: no rule says what `{module}` may use; add one here and to the table in lib.rs",
                file.path.display()
            ));
            continue;
        };
        for edge in &file.edges {
            let to = edge.to.as_str();
            if to != module && !may.contains(&"*") && !may.contains(&to) {
                faults.push(format!(
                    "{}:{}: `{module}` must not use `{to}`",
                    file.path.display(),
                    edge.line
                ));
            }
        }
    }
    faults
}

fn too_long(src: &Path) -> Vec<String> {
    scan(src)
        .into_iter()
        .filter(|file| file.lines > LONGEST)
        .map(|file| format!("{}: {} lines of code; split it", file.path.display(), file.lines))
        .collect()
}

/// The table of the crate's documentation: each module, and what it may use.
fn table(lib: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows = BTreeMap::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("//! |")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [modules, _, may, ..] = cells.as_slice() else { continue };
        let mut may: Vec<String> = match *may {
            "nothing of ours" => Vec::new(),
            "everything" => vec!["*".to_owned()],
            list => list.split(", ").map(str::to_owned).collect(),
        };
        may.sort();
        let names = modules.split('`').skip(1).step_by(2);
        rows.extend(names.map(|name| (name.to_owned(), may.clone())));
    }
    rows
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn nobody_uses_what_it_may_not() {
    let faults = forbidden(&src());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    let faults = too_long(&src());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_map_in_the_crates_documentation_says_the_same() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let declared: Vec<String> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    assert!(declared.len() >= 10, "the modules of lib.rs were not found: {declared:?}");
    let rules: BTreeMap<String, Vec<String>> = RULES
        .into_iter()
        .filter(|(module, _)| declared.iter().any(|name| name == module))
        .map(|(module, may)| {
            let mut may: Vec<String> = may.iter().map(|name| (*name).to_owned()).collect();
            may.sort();
            (module.to_owned(), may)
        })
        .collect();
    assert_eq!(table(&lib), rules, "left: the table in lib.rs; right: the rules of this test");
    for module in declared {
        assert!(rules.contains_key(&module), "`{module}` has no rule");
    }
}

/// A test of the tests: a tree with every fault in it, in every disguise.
#[test]
fn faults_are_found_in_every_disguise() {
    let tree = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "pub mod domain; pub mod service;");
    write("main.rs", "use countersign::cli; mod x { use crate::slack; }");
    write("domain/mod.rs", "pub mod a;\n#[cfg(test)]\nmod a_tests;\n");
    write("domain/a.rs", "use crate::domain::b;\nuse\n  crate :: store :: Tx;\n");
    write("domain/a_tests.rs", "use crate::store::Tx;\n");
    write("service/plain.rs", "fn f() {\n  crate::slack::views::card();\n}\n");
    write("service/group.rs", "use crate::{\n  domain::{x, slack},\n  api,\n  clock::Clock,\n};\n");
    write("service/deep/above.rs", "mod inner {\n  use super::super::super::super::jobs::x;\n}\n");
    write(
        "service/deep/inside.rs",
        "use super::super::plain;\nuse super::above::{inner, slack};\n",
    );
    write("service/macros.rs", "macro_rules! m { () => { $crate::sandbox::x() } }\n");
    write(
        "service/innocent.rs",
        concat!(
            "//! [`crate::slack`] and `use crate::slack;`\n",
            "/* use crate::slack; /* use crate::api; */ */\n",
            "fn f<'a>(c: &'a str) -> [char; 3] { let _ = \"use crate::slack;\\\" crate::api\";\n",
            "  let _ = r#\"crate::\"slack\" \"#; ['\"', '\\'', 'a'] }\n",
            "#[cfg(test)]\nuse crate::slack::a;\n",
            "#[cfg(test)]\nmod tests {\n  use crate::slack;\n}\n",
            "mod not_crate { use slack::x; }\n",
        ),
    );
    write("service/slack_is_here.rs", "#[cfg(test)]\nmod t {}\nuse crate::slack;\n");
    write("newcomer.rs", "fn f() {}\n");
    write("domain/long.rs", &format!("//! Long.\n\n{}", "fn f() {}\n".repeat(601)));
    write(
        "domain/full.rs",
        &format!(
            "{}#[cfg(test)]\nmod t {{\n{}}}\n",
            "fn f() {}\n".repeat(600),
            "fn f() {}\n".repeat(9)
        ),
    );

    let slashes = |faults: Vec<String>| faults.join("\n").replace('\\', "/");
    assert_eq!(
        slashes(forbidden(tree.path())),
        "domain/a.rs:3: `domain` must not use `store`\n\
         newcomer.rs: no rule says what `newcomer` may use; add one here and to the table in lib.rs\n\
         service/deep/above.rs:2: `service` must not use `jobs`\n\
         service/group.rs:3: `service` must not use `api`\n\
         service/macros.rs:1: `service` must not use `sandbox`\n\
         service/plain.rs:2: `service` must not use `slack`\n\
         service/slack_is_here.rs:3: `service` must not use `slack`"
    );
    assert_eq!(slashes(too_long(tree.path())), "domain/long.rs: 601 lines of code; split it");
}

/// Snapshots that no test compares any more: they look like proof, and prove nothing. Each holds the
/// path of its test's file, and ends with the name of the test or of the comparison. Only insta's own
/// folders are looked at: a catalogue elsewhere makes up its names as it goes.
fn orphans(root: &Path) -> Vec<String> {
    let snapshots = ["src", "tests"].map(|folder| root.join(folder));
    let all = snapshots.iter().filter(|path| path.is_dir()).flat_map(|path| files(path, "snap"));
    let own = all.filter(|path| path.parent().is_some_and(|folder| folder.ends_with("snapshots")));
    own.filter_map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let source = text.lines().find_map(|line| line.strip_prefix("source: "))?;
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let name = stem.rsplit("__").next().unwrap();
        // The second comparison of a test is called `name-2`.
        let name = name
            .rsplit_once('-')
            .filter(|(_, n)| n.parse::<u32>().is_ok())
            .map_or(name, |(name, _)| name);
        let used = fs::read_to_string(root.join(source)).is_ok_and(|test| test.contains(name));
        (!used).then(|| format!("{}: no test in {source} is called {name}", path.display()))
    })
    .collect()
}

#[test]
fn every_snapshot_has_its_test() {
    let faults = orphans(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));

    let tree = tempfile::tempdir().unwrap();
    let folder = tree.path().join("src/snapshots");
    fs::create_dir_all(&folder).unwrap();
    fs::write(tree.path().join("src/a.rs"), "fn kept() {}").unwrap();
    for name in ["kept", "kept-2", "gone"] {
        let snapshot = "---\nsource: src/a.rs\nexpression: x\n---\n1\n";
        fs::write(folder.join(format!("c__a__tests__{name}.snap")), snapshot).unwrap();
    }
    let faults = orphans(tree.path());
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("is called gone"), "{faults:?}");
}
