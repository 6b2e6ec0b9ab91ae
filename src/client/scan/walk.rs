//! The files of a repository, as git would see them, within limits.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use serde::Serialize;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Larger files are left out (bytes).
    pub largest_file: u64,
    /// No more files than these.
    pub most_files: usize,
    /// So many files at once; at least one.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        Self { largest_file: 1 << 20, most_files: 100_000, threads }
    }
}

/// What became of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Read.
    pub read: usize,
    /// Left out because they hold no text.
    pub binary: usize,
    /// Left out because they are too large.
    pub large: usize,
    /// Could not be read.
    pub unreadable: usize,
    /// There were more files than may be looked at.
    pub cut_short: bool,
}

/// Folders that hold what others made or a tool left behind, whether git ignores them or not.
const NEVER: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".mypy_cache",
    ".terraform",
    ".next",
    ".gradle",
    "target",
];

/// A file like `.gitignore` for what only the scan should leave out: tables of addresses, invented keys.
pub const OWN_IGNORE: &str = ".agent-scan-ignore";

/// The paths of all files to look at, sorted, and what was left out. `.gitignore`, `.ignore`, [`OWN_IGNORE`]
/// and the repository's own excludes are respected; what the machine's owner ignores everywhere is not, so that
/// two people see the same. Links are not followed.
pub fn files(root: &Path, options: &Options) -> (Vec<PathBuf>, Counts) {
    let mut counts = Counts::default();
    let mut found = Vec::new();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .git_global(false)
        .follow_links(false)
        .add_custom_ignore_filename(OWN_IGNORE)
        .filter_entry(|entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let name = entry.file_name().to_str().unwrap_or_default();
            entry.depth() == 0 || !(is_folder && NEVER.contains(&name))
        })
        .build();
    for entry in walk {
        let Ok(entry) = entry else {
            counts.unreadable += 1;
            continue;
        };
        if !entry.file_type().is_some_and(|kind| kind.is_file()) || is_media(entry.path()) {
            continue;
        }
        if entry.metadata().is_ok_and(|metadata| metadata.len() > options.largest_file) {
            counts.large += 1;
            continue;
        }
        if found.len() >= options.most_files {
            counts.cut_short = true;
            break;
        }
        found.push(entry.into_path());
    }
    found.sort();
    (found, counts)
}

/// Files that hold no text by their name.
fn is_media(path: &Path) -> bool {
    const ENDS: &[&str] = &[
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "ico",
        "bmp",
        "mp3",
        "mp4",
        "mov",
        "webm",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "pdf",
        "zip",
        "gz",
        "xz",
        "bz2",
        "7z",
        "jar",
        "wasm",
        "so",
        "dll",
        "exe",
        "dylib",
        "class",
        "pyc",
        "o",
        "a",
        "bin",
        "parquet",
        "sqlite",
        "db",
        "onnx",
        "safetensors",
    ];
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    ENDS.contains(&end.to_ascii_lowercase().as_str())
}

/// A file's text; what became of it otherwise.
pub enum Content {
    /// Text, with odd bytes replaced.
    Text(String),
    /// It holds bytes that are no text.
    Binary,
    /// It could not be read.
    Unreadable,
}

/// Reads a file. One with a zero byte near its beginning is no text, as git sees it too.
pub fn read(path: &Path) -> Content {
    let Ok(bytes) = std::fs::read(path) else { return Content::Unreadable };
    if bytes.iter().take(8_000).any(|byte| *byte == 0) {
        return Content::Binary;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(odd) => Content::Text(String::from_utf8_lossy(odd.as_bytes()).into_owned()),
    }
}
