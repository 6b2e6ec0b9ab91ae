//! The records that stand beside the log (evaluations, what agents did), held against their seals in
//! it: none is changed, none is missing, none was added.

use std::collections::HashSet;

use super::unreadable;
use crate::cli::exit::Failure;
use crate::domain::event::{Body, Line, What};
use crate::store::{Sealed, Session};

/// How many lines are read at once.
const BATCH: u32 = 1_000;

/// Why the records cannot be trusted. Names the first that is bad.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadRecord {
    /// What is stored is not what was sealed.
    #[error("{what} was changed: it is not what line {seq} sealed")]
    Changed { what: String, seq: i64 },
    /// What is stored is what was sealed, and cannot be found by what it says.
    #[error("{what}, sealed by line {seq}, was hidden: it stands under other ids than its own")]
    Hidden { what: String, seq: i64 },
    /// What was sealed is gone.
    #[error("{what}, sealed by line {seq}, is missing: it was deleted")]
    Missing { what: String, seq: i64 },
    /// No line seals it.
    #[error("{what} is sealed by no line: it was added by another hand")]
    Added { what: String },
}

/// A seal in the log.
struct Seal {
    kind: Sealed,
    id: String,
    sha256: String,
    seq: i64,
}

impl Seal {
    fn of(line: &Line) -> Option<Self> {
        let body: Body = serde_json::from_str(&line.body).ok()?;
        let (kind, id, sha256) = match body.what {
            What::EvaluationsRecorded { batch, sha256, .. } => {
                (Sealed::Batch, batch.to_string(), sha256)
            }
            What::ActivityRecorded { activity, sha256, .. } => {
                (Sealed::Activity, activity.to_string(), sha256)
            }
            _ => return None,
        };
        Some(Self { kind, id, sha256, seq: line.seq })
    }
}

const KINDS: [Sealed; 2] = [Sealed::Batch, Sealed::Activity];

fn named(kind: Sealed, id: &str) -> String {
    match kind {
        Sealed::Batch => format!("the record {id} of evaluations"),
        Sealed::Activity => format!("the activity {id}"),
    }
}

/// The records, as far as they are checked.
#[derive(Debug, Default)]
pub(super) struct Checked {
    batches: i64,
    activities: i64,
    /// How many there were before the walk along the log began: each has its line by its end.
    stored: [i64; 2],
}

impl Checked {
    /// To be called before the first line is read.
    pub(super) async fn begin(session: &mut Session) -> Result<Self, Failure> {
        let mut stored = [0; 2];
        for (count, kind) in stored.iter_mut().zip(KINDS) {
            *count = session.count_kept(kind).await.map_err(unreadable)?;
        }
        Ok(Self { stored, ..Self::default() })
    }

    /// Checks what these lines seal.
    pub(super) async fn hold(
        &mut self,
        session: &mut Session,
        lines: &[Line],
    ) -> Result<Result<(), BadRecord>, Failure> {
        let seals: Vec<Seal> = lines.iter().filter_map(Seal::of).collect();
        let mut first: Option<(i64, BadRecord)> = None;
        for kind in KINDS {
            let of_kind = || seals.iter().filter(|seal| seal.kind == kind);
            let ids: Vec<String> = of_kind().map(|seal| seal.id.clone()).collect();
            let kept = session.kept(kind, &ids).await.map_err(unreadable)?;
            for seal in of_kind() {
                let (what, seq) = (named(kind, &seal.id), seal.seq);
                let bad = match kept.get(&seal.id) {
                    None => BadRecord::Missing { what, seq },
                    Some(kept) if kept.sha256 != seal.sha256 => BadRecord::Changed { what, seq },
                    Some(kept) if !kept.labelled => BadRecord::Hidden { what, seq },
                    Some(_) => continue,
                };
                if first.as_ref().is_none_or(|(before, _)| seq < *before) {
                    first = Some((seq, bad));
                }
                break;
            }
            match kind {
                Sealed::Batch => self.batches += i64::try_from(ids.len()).unwrap_or(i64::MAX),
                Sealed::Activity => self.activities += i64::try_from(ids.len()).unwrap_or(i64::MAX),
            }
        }
        Ok(first.map_or(Ok(()), |(_, bad)| Err(bad)))
    }

    /// Looks for a record that no line seals, when the whole log was walked and all it seals is there.
    pub(super) async fn added(&self, session: &mut Session) -> Result<Option<BadRecord>, Failure> {
        for ((kind, stored), sealed) in
            KINDS.into_iter().zip(self.stored).zip([self.batches, self.activities])
        {
            if stored > sealed {
                let what = match unsealed(session, kind).await? {
                    Some(id) => named(kind, &id),
                    None => format!("one of {stored} records, of which {sealed} are sealed,"),
                };
                return Ok(Some(BadRecord::Added { what }));
            }
        }
        Ok(None)
    }

    /// What was checked, in words; none if there was nothing.
    pub(super) fn words(&self) -> Option<String> {
        let count = |n: i64, one: &str, more: &str| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {more}")),
        };
        let parts: Vec<String> = [
            count(self.batches, "record of evaluations", "records of evaluations"),
            count(self.activities, "activity", "activities"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| format!("{}, each as it was sealed", parts.join(" and ")))
    }
}

/// The first record that no line seals. Walks along the log once more, with all ids in memory: this
/// is for the day on which something is wrong.
async fn unsealed(session: &mut Session, kind: Sealed) -> Result<Option<String>, Failure> {
    let mut sealed = HashSet::new();
    let mut after = 0;
    loop {
        let lines = session.lines(after, BATCH).await.map_err(unreadable)?;
        let Some(last) = lines.last() else { break };
        after = last.seq;
        let seals = lines.iter().filter_map(Seal::of).filter(|seal| seal.kind == kind);
        sealed.extend(seals.map(|seal| seal.id));
    }
    let mut from: Option<String> = None;
    loop {
        let ids = session.kept_after(kind, from.as_deref()).await.map_err(unreadable)?;
        if let Some(id) = ids.iter().find(|id| !sealed.contains(*id)) {
            return Ok(Some(id.clone()));
        }
        let Some(last) = ids.into_iter().last() else { return Ok(None) };
        from = Some(last);
    }
}
