//! `countersign audit verify`: every line against the one before, and every record that a line seals
//! against its seal.

use std::io::Write;

use super::seals::{BadRecord, Checked};
use super::unreadable;
use crate::cli::exit::{Exit, Failure};
use crate::domain::event::{Broken, ChainHash, Line, Verifier};
use crate::store::Session;

/// How many lines are read at once.
const BATCH: u32 = 1_000;

/// A head that was noted at an earlier check: the log must still hold this line with this hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    seq: i64,
    hash: ChainHash,
}

impl Anchor {
    /// Reads `1204:9f2c…`, as `verify` prints it.
    ///
    /// # Errors
    ///
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = || "write the head as `audit verify` printed it: 1204:9f2c…".to_owned();
        let (seq, hash) = text.split_once(':').ok_or_else(form)?;
        let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or_else(form)?;
        let hash = hash.to_ascii_lowercase();
        if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self { seq, hash: ChainHash::from_text(hash) })
        } else {
            Err(form())
        }
    }
}

/// Why the log cannot be trusted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A line that the head does not know.
    #[error(
        "line {seq} stands after the log's recorded end (line {head}): it was added by another hand"
    )]
    BeyondTheEnd { seq: i64, head: i64 },
    /// The log is whole, and is another one.
    #[error(
        "line {seq} has another hash than at the earlier check: the log was rewritten from line \
         {seq} or before"
    )]
    Rewritten { seq: i64 },
    /// The log is whole, and shorter than it was.
    #[error("the log ends at line {found}, and had line {seq} at the earlier check")]
    Shortened { seq: i64, found: i64 },
    /// The lines are whole, and what one of them seals is not.
    #[error(transparent)]
    Record(#[from] BadRecord),
}

/// Checks the whole log, and prints the verdict.
pub(in crate::cli) async fn verify(
    session: &mut Session,
    anchor: Option<&Anchor>,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let records = Checked::begin(session).await?;
    let mut along =
        Walk { verifier: Verifier::default(), last: None, first: None, anchor, records };
    match along.walk(session).await? {
        Ok((0, _)) => {
            writeln!(out, "The audit log is empty: nothing has happened yet.")?;
            Ok(Exit::Well)
        }
        Ok((seq, hash)) => {
            let lines = if seq == 1 { "1 line" } else { &format!("{seq} lines") };
            writeln!(out, "The audit log is intact: {lines}, each following from the one before.")?;
            if let Some((first, last)) = along.first.zip(along.last) {
                let form = "%Y-%m-%d %H:%M:%S UTC";
                writeln!(out, "From  {}", first.at.format(form))?;
                writeln!(out, "To    {}", last.at.format(form))?;
            }
            if let Some(words) = along.records.words() {
                writeln!(out, "Kept  {words}")?;
            }
            writeln!(out, "Head  {seq}:{hash}")?;
            writeln!(
                out,
                "\nKeep the head where the database's owner cannot change it. A later check with\n\
                 --head {seq}:{}… also finds a log that was rewritten from its beginning.",
                hash.as_str().chars().take(8).collect::<String>()
            )?;
            Ok(Exit::Well)
        }
        Err(fault) => {
            let what = match &fault {
                Fault::Record(_) => "The records beside the audit log are",
                _ => "The audit log is",
            };
            writeln!(out, "{what} NOT intact: {fault}.")?;
            if let Some(last) = along.last {
                writeln!(
                    out,
                    "Good  up to line {} of {}",
                    last.seq,
                    last.at.format("%Y-%m-%d %H:%M:%S UTC")
                )?;
            }
            writeln!(
                out,
                "\nStop nothing and change nothing: copy the database first. Compare it with the last\n\
                 backup from the bad line on, and find out who could write to it."
            )?;
            Ok(Exit::Faults)
        }
    }
}

/// A walk along the log.
struct Walk<'a> {
    verifier: Verifier,
    first: Option<Line>,
    last: Option<Line>,
    anchor: Option<&'a Anchor>,
    records: Checked,
}

impl Walk<'_> {
    /// Walks to the end as it is when it gets there: the server may append meanwhile.
    async fn walk(
        &mut self,
        session: &mut Session,
    ) -> Result<Result<(i64, ChainHash), Fault>, Failure> {
        loop {
            let lines = session.lines(self.seq(), BATCH).await.map_err(unreadable)?;
            let mut good = lines.len();
            let mut fault = None;
            for (at, line) in lines.iter().enumerate() {
                if let Err(found) = self.step(line) {
                    (good, fault) = (at, Some(found));
                    break;
                }
            }
            // What good lines seal comes before the line that is not good.
            let sealing = lines.get(..good).unwrap_or_default();
            if let Err(bad) = self.records.hold(session, sealing).await? {
                return Ok(Err(bad.into()));
            }
            if let Some(fault) = fault {
                return Ok(Err(fault));
            }
            if lines.len() < BATCH as usize {
                // The head is read after the lines: it knows at least as many as were seen.
                let (head, hash) = session.head().await.map_err(unreadable)?;
                let reached = self.seq();
                if reached > head {
                    return Ok(Err(Fault::BeyondTheEnd { seq: reached, head }));
                }
                if reached == head || lines.is_empty() {
                    let end = match self.end(head, &hash) {
                        Ok(end) => end,
                        Err(fault) => return Ok(Err(fault)),
                    };
                    let added = self.records.added(session).await?;
                    return Ok(added.map_or(Ok(end), |bad| Err(bad.into())));
                }
            }
        }
    }

    fn seq(&self) -> i64 {
        self.last.as_ref().map_or(0, |line| line.seq)
    }

    fn step(&mut self, line: &Line) -> Result<(), Fault> {
        self.verifier.check(line)?;
        if let Some(anchor) = self.anchor
            && anchor.seq == line.seq
            && anchor.hash != line.hash
        {
            return Err(Fault::Rewritten { seq: line.seq });
        }
        self.first.get_or_insert_with(|| line.clone());
        self.last = Some(line.clone());
        Ok(())
    }

    fn end(&self, head: i64, hash: &ChainHash) -> Result<(i64, ChainHash), Fault> {
        let end = self.verifier.clone().finish(head, hash)?;
        match self.anchor {
            Some(anchor) if anchor.seq > end.0 => {
                Err(Fault::Shortened { seq: anchor.seq, found: end.0 })
            }
            _ => Ok(end),
        }
    }
}
