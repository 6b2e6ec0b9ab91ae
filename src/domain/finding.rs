//! Something that was found, as it is sent: read, made safe and short. It is not trusted to be anything, and
//! holds no secret.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::agent::Slug;
use super::secret;
use super::text::clean;

/// The source of what the workspace itself says: nobody else may name it.
pub const SLACK: &str = "slack";

/// The longest id that anything has elsewhere, in characters.
pub const LONGEST_ID: usize = 200;
/// The longest name that is kept.
const LONGEST_NAME: usize = 80;
/// The longest name of a source.
const LONGEST_SOURCE: usize = 40;
/// As many details are kept, none longer than this.
const MOST_DETAILS: usize = 8;
const LONGEST_KEY: usize = 40;
const LONGEST_DETAIL: usize = 120;

/// What sort of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bot user.
    Bot,
    /// An app.
    App,
    /// A workflow.
    Workflow,
    /// An account that programs use.
    ServiceAccount,
    /// A key, by its id.
    Key,
    /// A GitHub app.
    GithubApp,
    /// Something else.
    Other,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Bot,
        Self::App,
        Self::Workflow,
        Self::ServiceAccount,
        Self::Key,
        Self::GithubApp,
        Self::Other,
    ];

    /// As it is written in files: `service-account`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::App => "app",
            Self::Workflow => "workflow",
            Self::ServiceAccount => "service-account",
            Self::Key => "key",
            Self::GithubApp => "github-app",
            Self::Other => "other",
        }
    }

    /// As people say it: `a service account`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Bot => "a bot",
            Self::App => "an app",
            Self::Workflow => "a workflow",
            Self::ServiceAccount => "a service account",
            Self::Key => "a key",
            Self::GithubApp => "a GitHub app",
            Self::Other => "something",
        }
    }
}

impl FromStr for Kind {
    type Err = BadFinding;
    fn from_str(text: &str) -> Result<Self, BadFinding> {
        let plain = text.trim().to_lowercase().replace(['_', ' '], "-");
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == plain)
            .ok_or_else(|| BadFinding::Kind { typed: clean(text, LONGEST_KEY) })
    }
}

/// Why something cannot be taken as a finding, and what to send instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFinding {
    /// What cannot be done without.
    #[error("`{0}` is missing: {what}", what = need(.0))]
    Missing(&'static str),
    /// An id that would have to be cut.
    #[error("`external_id` is longer than {LONGEST_ID} characters: send the id alone")]
    LongId,
    /// No name of a source.
    #[error(
        "`source` is `{typed}`: name it in at most {LONGEST_SOURCE} small letters, digits and dashes, \
         such as aws-iam"
    )]
    Source {
        /// What was sent.
        typed: String,
    },
    /// The workspace's own.
    #[error("`source` is slack, which Countersign looks through itself: name another")]
    Reserved,
    /// No kind that there is.
    #[error("`kind` is `{typed}`: write one of {all}", all = kinds())]
    Kind {
        /// What was sent.
        typed: String,
    },
    /// A key where its name belongs.
    #[error("`{field}` looks like {says}: send its id or its name, never the key itself")]
    Secret {
        /// Where it stands.
        field: &'static str,
        /// What it looks like.
        says: &'static str,
    },
}

fn need(field: &str) -> &'static str {
    match field {
        "source" => "say where it was found, such as aws-iam",
        "name" => "say what people call it",
        _ => "send the id that it has there, such as its ARN",
    }
}

fn kinds() -> String {
    Kind::ALL.map(Kind::word).join(", ")
}

/// Something that was found, as it was sent: nothing of it is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// Where.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// What it is called.
    pub name: String,
    /// What sort of thing; something else, if empty.
    pub kind: String,
    /// Who may answer for it: an e-mail address or a Slack user id.
    pub owner: String,
    /// What else is known of it.
    pub details: Vec<(String, String)>,
}

/// Something that was found, cleaned and short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// What it is called.
    pub name: String,
    /// What sort of thing.
    pub kind: Kind,
    /// Who may answer for it.
    pub owner: Option<String>,
    /// What else is known of it.
    pub details: BTreeMap<String, String>,
}

impl Finding {
    /// What was sent from elsewhere, if it can be taken. What looks like a secret is refused where it
    /// names the thing, and left out of the details.
    pub fn read(sent: &Sent) -> Result<Self, BadFinding> {
        if sent.source.trim().eq_ignore_ascii_case(SLACK) {
            return Err(BadFinding::Reserved);
        }
        Self::made(sent)
    }

    /// The same, from the workspace itself.
    pub fn made(sent: &Sent) -> Result<Self, BadFinding> {
        let source = sent.source.trim().to_lowercase();
        if source.is_empty() {
            return Err(BadFinding::Missing("source"));
        }
        if !is_source(&source) {
            return Err(BadFinding::Source { typed: clean(&sent.source, LONGEST_SOURCE) });
        }
        for (field, text) in
            [("external_id", &sent.external_id), ("name", &sent.name), ("owner", &sent.owner)]
        {
            if let Some(says) = secret::in_text(text) {
                return Err(BadFinding::Secret { field, says });
            }
        }
        let external_id = clean(&sent.external_id, LONGEST_ID + 1);
        if external_id.is_empty() {
            return Err(BadFinding::Missing("external_id"));
        }
        if external_id.chars().count() > LONGEST_ID {
            return Err(BadFinding::LongId);
        }
        let name = clean(&sent.name, LONGEST_NAME);
        if name.is_empty() {
            return Err(BadFinding::Missing("name"));
        }
        let kind = match sent.kind.trim() {
            "" => Kind::Other,
            kind => kind.parse()?,
        };
        let owner = clean(&sent.owner, LONGEST_DETAIL);
        Ok(Self {
            source,
            external_id,
            name,
            kind,
            owner: (!owner.is_empty()).then_some(owner),
            details: details(&sent.details),
        })
    }

    /// The name that it would have as an agent.
    pub fn slug(&self) -> Option<Slug> {
        Slug::like(&self.name)
    }
}

fn is_source(text: &str) -> bool {
    text.chars().count() <= LONGEST_SOURCE
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// What is worth keeping of the details, without what no channel may carry.
fn details(sent: &[(String, String)]) -> BTreeMap<String, String> {
    let kept = sent.iter().filter_map(|(key, value)| {
        let (short, kept) = (clean(key, LONGEST_KEY), clean(value, LONGEST_DETAIL));
        let fits = !short.is_empty() && !kept.is_empty();
        let secret = secret::in_text(key).is_some()
            || secret::in_text(value).is_some()
            || secret::is_called(key);
        (fits && !secret).then_some((short, kept))
    });
    kept.take(MOST_DETAILS).collect()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
#[path = "finding_tests.rs"]
mod tests;
