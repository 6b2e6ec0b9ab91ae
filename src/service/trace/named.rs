//! What a story may begin with: whatever is at hand.

use std::fmt;
use std::str::FromStr;

use crate::domain::ids::{ActivityId, EvaluationId, GrantId, RequestId, TaskId, TokenId};
use crate::domain::request::Reference;
use crate::domain::text::clean;
use crate::service::access_requests::approval::grant_of;

/// The name of something on the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A question at run time.
    Evaluation(EvaluationId),
    /// A token.
    Token(TokenId),
    /// A request.
    Request(RequestId),
    /// A grant.
    Grant(GrantId),
    /// What a program asked for and follows.
    Task(TaskId),
    /// What an agent did.
    Activity(ActivityId),
    /// A request, or the grant that came of it, as people call it.
    Reference(Reference),
}

/// The names that are understood, a line each.
pub const FORMS: &str = "\
\x20 eval_…   an evaluation: `context.evaluation_id` of an answer
  tok_…    a token: its `jti`
  act_…    what an agent did: the id that was answered
  gnt_…    a grant: `context.grant.id` of an answer; apr_… for its approval
  tsk_…    what a program asked for
  req_…    a request
  G-1042   a request or its grant, as Slack calls it";

/// A text that names nothing that can be on the record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names nothing that is on the record; a story begins with one of these:\n{FORMS}")]
pub struct BadName(String);

impl FromStr for Named {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let text = text.trim();
        let evaluation = || text.parse().map(Self::Evaluation).ok();
        let token = || text.parse().map(Self::Token).ok();
        let request = || text.parse().map(Self::Request).ok();
        let grant = || text.parse().ok().or_else(|| grant_of(text)).map(Self::Grant);
        let task = || text.parse().map(Self::Task).ok();
        let activity = || text.parse().map(Self::Activity).ok();
        evaluation()
            .or_else(token)
            .or_else(request)
            .or_else(grant)
            .or_else(task)
            .or_else(activity)
            .or_else(|| text.parse().map(Self::Reference).ok())
            .ok_or_else(|| BadName(clean(text, 60)))
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evaluation(id) => id.fmt(f),
            Self::Token(id) => id.fmt(f),
            Self::Request(id) => id.fmt(f),
            Self::Grant(id) => id.fmt(f),
            Self::Task(id) => id.fmt(f),
            Self::Activity(id) => id.fmt(f),
            Self::Reference(reference) => reference.fmt(f),
        }
    }
}

impl Named {
    /// What it is, with an article.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Evaluation(_) => "an evaluation",
            Self::Token(_) => "a token",
            Self::Request(_) => "a request",
            Self::Grant(_) => "a grant",
            Self::Task(_) => "a task",
            Self::Activity(_) => "an activity",
            Self::Reference(_) => "a request or a grant",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_at_hand_is_understood() {
        let rest = "01J00000000000000000000000";
        for (text, kind) in [
            (format!("eval_{rest}"), "an evaluation"),
            (format!(" tok_{rest}\n"), "a token"),
            (format!("req_{rest}"), "a request"),
            (format!("gnt_{rest}"), "a grant"),
            (format!("tsk_{rest}"), "a task"),
            (format!("act_{rest}"), "an activity"),
            ("g-1042".to_owned(), "a request or a grant"),
        ] {
            let named: Named = text.parse().unwrap();
            assert_eq!(named.kind(), kind);
            assert!(text.to_ascii_lowercase().contains(&named.to_string().to_ascii_lowercase()));
        }
        let approval: Named = format!("apr_{rest}").parse().unwrap();
        assert_eq!(approval.to_string(), format!("gnt_{rest}"));
        for wrong in ["", "eval_1", "1042", "bat_01J00000000000000000000000", "\u{1b}[2J"] {
            let error = wrong.parse::<Named>().unwrap_err().to_string();
            assert!(error.contains("eval_…") && !error.contains('\u{1b}'), "{error}");
        }
    }
}
