//! Signs of an agent in a repository: what is there, at which line, and how sure that is.
//!
//! ```no_run
//! use std::path::Path;
//! use countersign::client::look::Look;
//! use countersign::client::scan;
//!
//! let report = scan::scan(Path::new("."), scan::Options::default())?;
//! print!("{}", scan::words::render(&report, Look::PLAIN));
//! # Ok::<(), scan::ScanError>(())
//! ```
//!
//! | file | idea |
//! |---|---|
//! | [`sign`], [`signs`] | what is looked for: tables |
//! | [`index`] | the tables, made ready for looking up |
//! | [`walk`] | the files, as git would see them, within limits |
//! | [`place`] | what a file is for: what stands in a test says less |
//! | [`file`](mod@file) | the signs in one file |
//! | [`import`], [`manifest`], [`pipeline`], [`secret`] | how each is read |
//! | [`verdict`] | from signs to a verdict, purely |
//! | [`words`], [`sarif`] | for people, and for code-scanning pages |
//!
//! No key that is found ever leaves the file that holds it: a report names its kind and its line.

pub mod file;
pub mod import;
pub mod index;
pub mod manifest;
pub mod pipeline;
pub mod place;
pub mod sarif;
pub mod secret;
pub mod sign;
pub mod signs;
pub mod verdict;
pub mod walk;
pub mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use file::Seen;
use index::{Index, Mark};
use place::Setting;
use sign::Kind;
pub use verdict::{Judgement, Sureness, Verdict};
pub use walk::{Counts, Options};

/// What a scan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What the whole is taken for.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The signs, the strongest first.
    pub findings: Vec<Finding>,
    /// What became of the files.
    pub files: Counts,
}

/// One sign, wherever it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which sign; stable.
    pub id: &'static str,
    /// What it speaks for.
    pub kind: Kind,
    /// In words.
    pub says: &'static str,
    /// How much it proves at its best place, of 100.
    pub percent: u32,
    /// Where, the best first; no more than [`MOST_PLACES`].
    pub places: Vec<Place>,
    /// In how many places in all.
    pub places_in_all: usize,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The path below the root, with `/`.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What the file is for.
    pub setting: Setting,
    /// How much the sign proves here, of 100.
    pub percent: u32,
}

/// So many places of one sign are named.
pub const MOST_PLACES: usize = 50;

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There is no folder.
    #[error("{} is no folder that can be read; name the folder of a repository", .0.display())]
    NoFolder(PathBuf),
    /// The tables of signs cannot be used.
    #[error("the tables of signs cannot be used; this is a mistake in this program")]
    Tables(#[source] aho_corasick::BuildError),
}

impl Report {
    /// Whether something was found that somebody should register, or ask about.
    pub fn is_found(&self) -> bool {
        self.judgement.verdict.is_found()
    }

    /// From what was seen in each file.
    pub fn new(seen: &[Seen], files: Counts) -> Self {
        let mut signs: BTreeMap<&str, (Mark, Vec<Place>)> = BTreeMap::new();
        for file in seen {
            for hit in &file.hits {
                let (_, places) = signs.entry(hit.mark.id).or_insert((hit.mark, Vec::new()));
                places.push(Place {
                    file: file.path.clone(),
                    line: hit.line,
                    setting: file.setting,
                    percent: hit.percent,
                });
            }
        }
        let mut findings: Vec<Finding> = signs
            .into_values()
            .map(|(mark, mut places)| {
                places.sort_by(|a, b| {
                    (b.percent, &a.file, a.line).cmp(&(a.percent, &b.file, b.line))
                });
                let places_in_all = places.len();
                places.truncate(MOST_PLACES);
                let percent = places.first().map_or(0, |place| place.percent);
                let Mark { id, kind, says, .. } = mark;
                Finding { id, kind, says, percent, places, places_in_all }
            })
            .collect();
        findings.sort_by(|a, b| (b.percent, a.kind, a.id).cmp(&(a.percent, b.kind, b.id)));
        Self { judgement: verdict::judge(seen), findings, files }
    }
}

/// Looks at a repository, or at any folder.
///
/// # Errors
/// The folder cannot be read. A file that cannot be is counted and left out.
pub fn scan(root: &Path, options: Options) -> Result<Report, ScanError> {
    if std::fs::read_dir(root).is_err() {
        return Err(ScanError::NoFolder(root.to_owned()));
    }
    let index = Index::new().map_err(ScanError::Tables)?;
    let (paths, mut counts) = walk::files(root, &options);
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut seen, mut counts) = (Vec::new(), Counts::default());
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            match walk::read(path) {
                walk::Content::Text(text) => {
                    counts.read += 1;
                    let found = file::inspect(&below(root, path), &text, &index);
                    if !found.hits.is_empty() || found.is_library.is_some() {
                        seen.push(found);
                    }
                }
                walk::Content::Binary => counts.binary += 1,
                walk::Content::Unreadable => counts.unreadable += 1,
            }
        }
        (seen, counts)
    };
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads.max(1)).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            match thread.join() {
                Ok((found, part)) => {
                    seen.extend(found);
                    counts.read += part.read;
                    counts.binary += part.binary;
                    counts.unreadable += part.unreadable;
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    // The same report, whichever thread was faster.
    seen.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Report::new(&seen, counts))
}

/// A path below the root, with `/` on every system.
fn below(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
