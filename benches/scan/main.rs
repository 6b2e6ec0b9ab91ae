//! How often `agent-cli scan` is right, on real repositories, and how fast it is.
//!
//! `cargo bench --bench scan -- FOLDER [tune|held|later|hard] [rows]`: the folder holds a checkout of each
//! repository of `tests/data/scan/repositories.toml` at its commit, called `owner+name`. Nothing is
//! fetched here. With `rows`, the table of docs/scan.md is printed; with a half, the repositories that it
//! is wrong about, so that the other half stays unseen.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement ends where it cannot go on, and says what it found"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use countersign::client::scan::{self, Options, Report, Sureness, Verdict};
use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    repository: Vec<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    name: String,
    commit: String,
    label: Label,
    half: Half,
    why: String,
}

#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
enum Label {
    Agent,
    Model,
    Tools,
    Key,
    Library,
    Plain,
}

/// Which part of the list; see docs/scan.md.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Half {
    Tune,
    Held,
    Later,
    Hard,
}

struct Measured {
    repository: Repository,
    report: Report,
    took: Duration,
}

impl Label {
    /// The label that a verdict amounts to.
    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Agent | Verdict::AgentInPipeline => Self::Agent,
            Verdict::CallsAModel => Self::Model,
            Verdict::ServesAgents => Self::Tools,
            Verdict::PersonsKey => Self::Key,
            Verdict::Library => Self::Library,
            Verdict::Nothing => Self::Plain,
        }
    }

    /// Whether somebody should be told.
    fn is_found(self) -> bool {
        !matches!(self, Self::Library | Self::Plain)
    }
}

impl Measured {
    fn label(&self) -> Label {
        Label::of(self.report.judgement.verdict)
    }
    fn is_right(&self) -> bool {
        self.label().is_found() == self.repository.label.is_found()
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let folder = words.first().expect("name the folder of the checkouts");
    let half = words.iter().find_map(|word| match word.as_str() {
        "tune" => Some(Half::Tune),
        "held" => Some(Half::Held),
        "later" => Some(Half::Later),
        "hard" => Some(Half::Hard),
        _ => None,
    });
    let list = include_str!("../../tests/data/scan/repositories.toml");
    let list: List = toml::from_str(list).expect("the list of repositories");
    let all: Vec<Measured> = list
        .repository
        .into_iter()
        .filter(|repository| half.is_none_or(|half| half == repository.half))
        .filter_map(|repository| measure(Path::new(folder), repository))
        .collect();
    if words.iter().any(|word| word == "rows") {
        return all.iter().for_each(row);
    }
    for half in [Half::Tune, Half::Held, Half::Later, Half::Hard] {
        let of: Vec<&Measured> = all.iter().filter(|one| one.repository.half == half).collect();
        if !of.is_empty() {
            found(&format!("{half:?}"), &of);
        }
    }
    let all_of_them: Vec<&Measured> = all.iter().collect();
    found("All of these", &all_of_them);
    confused(&all_of_them);
    if half.is_some() {
        all.iter().filter(|one| one.label() != one.repository.label).for_each(explain);
    }
    speed(&all);
}

fn measure(folder: &Path, repository: Repository) -> Option<Measured> {
    let path = folder.join(repository.name.replace('/', "+"));
    let begun = Instant::now();
    match scan::scan(&path, Options::default()) {
        Ok(report) => Some(Measured { repository, report, took: begun.elapsed() }),
        Err(error) => {
            println!("left out: {}: {error}", repository.name);
            None
        }
    }
}

/// Precision and recall of "somebody should be told".
fn found(title: &str, all: &[&Measured]) {
    let count = |found: bool, label: bool| {
        let fits = |one: &&&Measured| {
            one.label().is_found() == found && one.repository.label.is_found() == label
        };
        all.iter().filter(fits).count()
    };
    let (hits, false_alarms, missed) = (count(true, true), count(true, false), count(false, true));
    println!(
        "{title}: {} repositories; precision {:.3} ({hits} of {}), recall {:.3} ({hits} of {})",
        all.len(),
        share(hits, hits + false_alarms),
        hits + false_alarms,
        share(hits, hits + missed),
        hits + missed
    );
    let same = all.iter().filter(|one| one.label() == one.repository.label).count();
    println!("  the very label: {same} of {}", all.len());
}

/// How the verdicts fall on the labels, and how often they are right by how sure they are.
fn confused(all: &[&Measured]) {
    let mut table: BTreeMap<(Label, Label), usize> = BTreeMap::new();
    for one in all {
        *table.entry((one.repository.label, one.label())).or_default() += 1;
    }
    for ((is, said), n) in &table {
        println!("    {is:?} taken for {said:?}: {n}");
    }
    for sureness in [Sureness::Sure, Sureness::Likely, Sureness::Unsure] {
        let of: Vec<_> =
            all.iter().filter(|one| one.report.judgement.sureness == sureness).collect();
        let right = of.iter().filter(|one| one.is_right()).count();
        println!("  {sureness:?}: right {right} of {}", of.len());
    }
}

fn share(of: usize, all: usize) -> f64 {
    of as f64 / all.max(1) as f64
}

fn explain(one: &Measured) {
    let judgement = one.report.judgement;
    println!(
        "\n{}: {:?} taken for {:?} ({} %)",
        one.repository.name, one.repository.label, judgement.verdict, judgement.percent
    );
    for finding in one.report.findings.iter().take(7) {
        let places: Vec<String> = finding
            .places
            .iter()
            .take(3)
            .map(|p| format!("{}:{} {}", p.file, p.line, p.percent))
            .collect();
        println!(
            "  {:>3} {} ×{} {}",
            finding.percent,
            finding.id,
            finding.places_in_all,
            places.join(", ")
        );
    }
}

/// A row of the table in docs/scan.md.
fn row(one: &Measured) {
    let repository = &one.repository;
    let judgement = one.report.judgement;
    let mark = if one.is_right() { "" } else { " ✗" };
    println!(
        "| {} `{}` | {:?} | {:?}: {} | {:?}, {} %{mark} |",
        repository.name,
        repository.commit.get(..10).unwrap_or(&repository.commit),
        repository.half,
        repository.label,
        repository.why,
        judgement.verdict,
        judgement.percent
    );
}

fn speed(all: &[Measured]) {
    let files: usize = all.iter().map(|one| one.report.files.read).sum();
    let took: Duration = all.iter().map(|one| one.took).sum();
    let slowest = all.iter().max_by_key(|one| one.took);
    println!(
        "\n{files} files in {:.2} s: {:.0} files/s; the slowest: {} with {:.2} s",
        took.as_secs_f64(),
        files as f64 / took.as_secs_f64().max(1e-9),
        slowest.map_or("none", |one| one.repository.name.as_str()),
        slowest.map_or(0.0, |one| one.took.as_secs_f64())
    );
}
