//! What is counted for whoever watches the server: `/metrics` and OTLP tell the same numbers.
//!
//! They belong to the process. Counters begin at zero with it; gauges say how it stands.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Spans under this target are told by OTLP, and are no lines of the log.
pub const SPANS: &str = "countersign::spans";
/// Events under this target are records (evaluations, what agents did): told by OTLP alone.
pub const RECORDS: &str = "countersign::records";

/// Questions at run time that were answered.
pub static EVALUATIONS: Family<Count> =
    Family::new("countersign.evaluations", "Questions that were answered", &["decision", "reason"]);
/// What agents told that they did.
pub static ACTIVITIES: Family<Count> =
    Family::new("countersign.activities", "Activities that agents told", &["outcome"]);
/// Tokens that were issued.
pub static TOKENS: Family<Count> =
    Family::new("countersign.tokens.issued", "Tokens that were issued to agents", &[]);
/// What was refused because too much was asked.
pub static QUOTA_REFUSALS: Family<Count> =
    Family::new("countersign.quota.refusals", "Calls refused above an agent's quota", &["quota"]);
/// Messages that went out, or came to nothing.
pub static DELIVERIES: Family<Count> =
    Family::new("countersign.deliveries.tried", "Attempts to deliver a message", &["fate"]);
/// What watchers never saw.
pub static DROPPED: Family<Count> = Family::new(
    "countersign.telemetry.dropped",
    "Spans and records that could not be exported",
    &["signal"],
);
/// How long requests over HTTP took.
pub static HTTP: Family<Times> = Family::new(
    "http.server.request.duration",
    "How long requests took",
    &["http.request.method", "http.route", "http.response.status_code"],
);
/// Open requests.
pub static OPEN: Family<Level> =
    Family::new("countersign.requests.open", "Requests that wait for people", &["tier"]);
/// How long the oldest open request waits, in seconds.
pub static OLDEST: Family<Level> = Family::new(
    "countersign.requests.oldest.age.seconds",
    "How long the oldest open request waits, in seconds",
    &["tier"],
);
/// Requests that ended, as the record has them.
pub static DECIDED: Family<Count> = Family::new(
    "countersign.requests.decided",
    "Requests that ended, by how",
    &["outcome", "tier", "by"],
);
/// From the question to the last yes, where people said yes.
pub static APPROVALS: Family<Waits> = Family::new(
    "countersign.approval.duration",
    "How long people took to approve a request",
    &["tier"],
);
/// The agents that are registered and not ended.
pub static AGENTS: Family<Level> = Family::new(
    "countersign.agents",
    "Agents at work, certified, and without an owner",
    &["state"],
);
/// Grants that are live.
pub static GRANTS: Family<Level> =
    Family::new("countersign.grants.live", "Grants that are live on the record", &[]);
/// Requests on the record.
pub static REQUESTS: Family<Level> =
    Family::new("countersign.requests", "Requests on the record", &["ask", "state"]);
/// Messages on the record.
pub static MESSAGES: Family<Level> =
    Family::new("countersign.deliveries", "Messages that wait, and that failed", &["state"]);

/// The most different labels of one family; what comes after is counted as `other`.
const MOST: usize = 500;

/// The upper bounds of the classes into which times fall, in seconds.
pub const BOUNDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The same for what people are waited for: from a minute to three days.
pub const LONG_BOUNDS: [f64; 13] = [
    60.0, 180.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0, 57_600.0,
    86_400.0, 259_200.0,
];

/// Where these labels stand, or would.
fn place<N>(known: &[(Vec<String>, N)], labels: &[&str]) -> Result<usize, usize> {
    known.binary_search_by(|(key, _)| key.iter().map(String::as_str).cmp(labels.iter().copied()))
}

/// Only ever grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

/// Grows and shrinks.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

/// How long something took, in classes.
#[derive(Debug, Default)]
pub struct Times {
    classes: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// How long people were waited for, in classes.
#[derive(Debug, Default)]
pub struct Waits {
    classes: [AtomicU64; LONG_BOUNDS.len() + 1],
    seconds: AtomicU64,
}

/// Numbers of one kind, by their labels.
#[derive(Debug)]
pub struct Family<N> {
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    /// In the order of their labels, so that a number is found without making a key.
    numbers: RwLock<Vec<(Vec<String>, Arc<N>)>>,
}

impl<N: Default> Family<N> {
    const fn new(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, help, labels, numbers: RwLock::new(Vec::new()) }
    }

    /// The number with these labels, in the order of the family's.
    fn with(&self, labels: &[&str]) -> Arc<N> {
        let known = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, number)) = place(&known, labels).ok().and_then(|at| known.get(at)) {
            return Arc::clone(number);
        }
        let full = known.len() >= MOST;
        drop(known);
        let others = vec!["other"; labels.len()];
        let labels = if full { others.as_slice() } else { labels };
        let mut known = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        match place(&known, labels) {
            Ok(at) => known.get(at).map(|(_, number)| Arc::clone(number)).unwrap_or_default(),
            Err(at) => {
                let key = labels.iter().map(|label| (*label).to_owned()).collect();
                let number = Arc::new(N::default());
                known.insert(at, (key, Arc::clone(&number)));
                number
            }
        }
    }

    fn read<T>(&self, of: impl Fn(&N) -> T) -> Vec<(Vec<String>, T)> {
        let known = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(labels, number)| (labels.clone(), of(number))).collect()
    }

    fn reading(&self, data: Data) -> Reading {
        Reading { name: self.name, help: self.help, labels: self.labels, data }
    }
}

impl Family<Count> {
    /// One more with these labels.
    pub fn one(&self, labels: &[&str]) {
        self.more(labels, 1);
    }

    /// So many more.
    pub fn more(&self, labels: &[&str], n: u64) {
        self.with(labels).0.fetch_add(n, Ordering::Relaxed);
    }

    /// So many in all, as the record has it: never fewer than before.
    pub fn in_all(&self, labels: &[&str], n: u64) {
        self.with(labels).0.fetch_max(n, Ordering::Relaxed);
    }
}

impl Family<Level> {
    /// How it stands, for all labels: what is not named stands at zero.
    pub fn stand(&self, levels: &[(Vec<&str>, u64)]) {
        for (_, number) in self.numbers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            number.0.store(0, Ordering::Relaxed);
        }
        for (labels, level) in levels {
            self.with(labels).0.store(*level, Ordering::Relaxed);
        }
    }
}

impl Family<Times> {
    /// It took so long this time.
    pub fn took(&self, labels: &[&str], time: Duration) {
        let times = self.with(labels);
        let class = BOUNDS.iter().position(|bound| time.as_secs_f64() <= *bound);
        if let Some(class) = times.classes.get(class.unwrap_or(BOUNDS.len())) {
            class.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        times.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Family<Waits> {
    /// People took so long this time.
    pub fn took(&self, labels: &[&str], time: Duration) {
        let waits = self.with(labels);
        let class = LONG_BOUNDS.iter().position(|bound| time.as_secs_f64() <= *bound);
        if let Some(class) = waits.classes.get(class.unwrap_or(LONG_BOUNDS.len())) {
            class.fetch_add(1, Ordering::Relaxed);
        }
        waits.seconds.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

/// How often something took how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Took {
    /// The upper bounds of the classes, in seconds.
    pub bounds: &'static [f64],
    /// How often, for each class and for all that took longer.
    pub classes: Vec<u64>,
    /// All of it together, in seconds.
    pub sum: f64,
}

/// The numbers of a family at one moment, by their labels.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Only ever grow.
    Counts(Vec<(Vec<String>, u64)>),
    /// Grow and shrink.
    Levels(Vec<(Vec<String>, u64)>),
    /// Times.
    Times(Vec<(Vec<String>, Took)>),
}

/// A family at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its name, as OpenTelemetry writes names: with dots.
    pub name: &'static str,
    /// What is counted.
    pub help: &'static str,
    /// The names of the labels.
    pub labels: &'static [&'static str],
    /// The numbers.
    pub data: Data,
}

/// All numbers at this moment.
pub fn read() -> Vec<Reading> {
    let count = |family: &Family<Count>| {
        family.reading(Data::Counts(family.read(|n| n.0.load(Ordering::Relaxed))))
    };
    let level = |family: &Family<Level>| {
        family.reading(Data::Levels(family.read(|n| n.0.load(Ordering::Relaxed))))
    };
    let counts = |classes: &[AtomicU64]| -> Vec<u64> {
        classes.iter().map(|class| class.load(Ordering::Relaxed)).collect()
    };
    let took = |times: &Times| Took {
        bounds: &BOUNDS,
        classes: counts(&times.classes),
        sum: Duration::from_micros(times.micros.load(Ordering::Relaxed)).as_secs_f64(),
    };
    let waited = |waits: &Waits| Took {
        bounds: &LONG_BOUNDS,
        classes: counts(&waits.classes),
        sum: Duration::from_secs(waits.seconds.load(Ordering::Relaxed)).as_secs_f64(),
    };
    vec![
        count(&EVALUATIONS),
        count(&ACTIVITIES),
        count(&TOKENS),
        count(&QUOTA_REFUSALS),
        count(&DELIVERIES),
        count(&DROPPED),
        HTTP.reading(Data::Times(HTTP.read(took))),
        level(&OPEN),
        level(&OLDEST),
        count(&DECIDED),
        APPROVALS.reading(Data::Times(APPROVALS.read(waited))),
        level(&AGENTS),
        level(&GRANTS),
        level(&REQUESTS),
        level(&MESSAGES),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_by_their_labels_and_never_without_end() {
        let family: Family<Count> = Family::new("x", "x", &["a", "b"]);
        family.one(&["1", "2"]);
        family.more(&["1", "2"], 4);
        let read = || family.read(|n| n.0.load(Ordering::Relaxed));
        assert_eq!(read(), [(vec!["1".to_owned(), "2".to_owned()], 5)]);
        (0..2 * MOST).for_each(|n| family.one(&["1", &n.to_string()]));
        assert_eq!(read().len(), MOST + 1);
        assert_eq!(read().iter().map(|(_, n)| n).sum::<u64>(), 5 + 2 * MOST as u64);
    }

    #[test]
    fn a_time_falls_into_one_class() {
        let family: Family<Times> = Family::new("x", "x", &[]);
        for millis in [0, 3, 400, 90_000] {
            family.took(&[], Duration::from_millis(millis));
        }
        let classes = |times: &Times| -> Vec<u64> {
            times.classes.iter().map(|class| class.load(Ordering::Relaxed)).collect()
        };
        let read = family.read(classes);
        assert_eq!(read[0].1, [1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn what_is_not_named_any_more_stands_at_zero() {
        let family: Family<Level> = Family::new("x", "x", &["state"]);
        family.stand(&[(vec!["open"], 3)]);
        family.stand(&[(vec!["ended"], 4)]);
        let read = family.read(|n| n.0.load(Ordering::Relaxed));
        assert_eq!(read, [(vec!["ended".to_owned()], 4), (vec!["open".to_owned()], 0)]);
    }
}
