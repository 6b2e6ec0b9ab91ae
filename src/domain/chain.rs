//! How the audit log's lines hang together: each carries the hash of the one before, so that an edit,
//! a deletion or a reordering is found, and the first bad line named.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::time::Timestamp;

/// The hash of one line, which the next line carries: SHA-256, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainHash(String);

impl ChainHash {
    /// What the first line carries in place of a line before it.
    pub fn origin() -> Self {
        Self(hex::encode(Sha256::digest(b"countersign audit log")))
    }

    /// The hash as stored text.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The hash of a line: of the one before, the number, the moment (microseconds since 1970) and the
/// body exactly as it is stored.
pub fn chain(before: &ChainHash, seq: i64, at: Timestamp, body: &str) -> ChainHash {
    let mut hash = Sha256::new();
    for part in [before.as_str(), &seq.to_string(), &at.timestamp_micros().to_string(), body] {
        // Lengths first, so that no two different lines read the same.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    ChainHash(hex::encode(hash.finalize()))
}

/// One line of the log, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The body as stored: JSON of [`Body`](super::event::Body).
    pub body: String,
    /// The hash that it carries of the line before.
    pub before: ChainHash,
    /// Its own hash.
    pub hash: ChainHash,
}

/// What is wrong with the first bad line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing or out of order.
    #[error("line {expected} is missing: line {found} stands in its place")]
    Missing {
        /// The number that should have come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// The line does not follow from the one before.
    #[error("line {seq} does not follow from line {}: a line was changed, removed or moved", seq - 1)]
    Unchained {
        /// The line.
        seq: i64,
    },
    /// The line is not what was written.
    #[error("line {seq} was changed after it was written")]
    Edited {
        /// The line.
        seq: i64,
    },
    /// The log ends before its recorded head.
    #[error(
        "the log ends at line {found}, but line {expected} was its last: lines were removed from its end"
    )]
    Truncated {
        /// The last line there should be.
        expected: i64,
        /// The last line there is.
        found: i64,
    },
}

/// Checks lines one by one, in order.
#[derive(Debug, Clone)]
pub struct Verifier {
    seq: i64,
    hash: ChainHash,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { seq: 0, hash: ChainHash::origin() }
    }
}

impl Verifier {
    /// Takes the next line.
    pub fn check(&mut self, line: &Line) -> Result<(), Broken> {
        let expected = self.seq + 1;
        if line.seq != expected {
            return Err(Broken::Missing { expected, found: line.seq });
        }
        if line.before != self.hash {
            return Err(Broken::Unchained { seq: line.seq });
        }
        if chain(&line.before, line.seq, line.at, &line.body) != line.hash {
            return Err(Broken::Edited { seq: line.seq });
        }
        self.seq = line.seq;
        self.hash = line.hash.clone();
        Ok(())
    }

    /// Ends at this head; returns how many lines were checked and the last hash.
    pub fn finish(self, head_seq: i64, head: &ChainHash) -> Result<(i64, ChainHash), Broken> {
        if self.seq != head_seq {
            return Err(Broken::Truncated { expected: head_seq, found: self.seq });
        }
        if self.hash != *head {
            return Err(Broken::Edited { seq: self.seq });
        }
        Ok((self.seq, self.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(bodies: &[String]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut before = ChainHash::origin();
        for (i, body) in bodies.iter().enumerate() {
            let seq = i as i64 + 1;
            let at = Timestamp::from_timestamp(1_800_000_000 + seq, 0).unwrap();
            let hash = chain(&before, seq, at, body);
            lines.push(Line { seq, at, body: body.clone(), before, hash: hash.clone() });
            before = hash;
        }
        lines
    }

    fn verify(lines: &[Line], head: (i64, ChainHash)) -> Result<(i64, ChainHash), Broken> {
        let mut verifier = Verifier::default();
        for line in lines {
            verifier.check(line)?;
        }
        verifier.finish(head.0, &head.1)
    }

    proptest! {
        /// Promise 10: any edit, deletion or reordering is found, at the first bad line.
        #[test]
        fn tampering_is_found(bodies in proptest::collection::vec("[a-z]{1,8}", 2..12),
                              which in any::<prop::sample::Index>(), how in 0u8..4) {
            let mut lines = log(&bodies);
            let head = (lines.len() as i64, lines.last().unwrap().hash.clone());
            prop_assert!(verify(&lines, head.clone()).is_ok());
            let i = which.index(lines.len());
            match how {
                0 => lines[i].body.push('!'),
                1 => { lines.remove(i); }
                2 => { let j = (i + 1) % lines.len(); lines.swap(i, j); }
                _ => {
                    // A forger who rehashes one line leaves the next one hanging.
                    lines[i].body.push('!');
                    let l = lines[i].clone();
                    lines[i].hash = chain(&l.before, l.seq, l.at, &l.body);
                }
            }
            prop_assert!(verify(&lines, head).is_err());
        }
    }
}
