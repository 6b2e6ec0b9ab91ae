//! What the service asks of the place where people are: who somebody is, who is in a group.

use std::collections::BTreeSet;

use crate::domain::absence::Absence;
use crate::domain::discovery::Sent;
use crate::domain::person::{PersonId, Profile};
use crate::domain::time::Timestamp;
use async_trait::async_trait;
use chrono::TimeDelta;

/// The workspace could not be asked. Whoever waits is told that nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the workspace could not be asked about {about}: {error}")]
pub struct DirectoryError {
    /// What was asked about: a user's or a user group's id.
    pub about: String,
    /// The error code.
    pub error: String,
}

/// Something of the workspace that is no person: a bot, an app, a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// What is known of it; untrusted.
    pub sent: Sent,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// Who is in the workspace. Answers may be a few seconds old, never more than the time that the
/// implementation documents, because eligibility is judged by them at the click.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// What the workspace says of this person; somebody it does not know has the standing
    /// [`Unknown`](crate::domain::person::Standing::Unknown).
    async fn profile(&self, person: &PersonId) -> Result<Profile, DirectoryError>;

    /// The people in the user group with this id; empty if the group is disabled or unknown.
    async fn group(&self, id: &str) -> Result<Vec<PersonId>, DirectoryError>;

    /// How old the last answer about this user group is; none if there was none.
    fn group_age(&self, id: &str) -> Option<TimeDelta> {
        let _ = id;
        None
    }

    /// Whom an e-mail address or a user id names; nobody, if the workspace knows none such, or does
    /// not let itself be searched.
    async fn find(&self, hint: &str) -> Result<Option<PersonId>, DirectoryError> {
        let _ = hint;
        Ok(None)
    }

    /// What people call the channel of this id, without `#`; none if the workspace does not say it.
    async fn channel_name(&self, id: &str) -> Result<Option<String>, DirectoryError> {
        let _ = id;
        Ok(None)
    }

    /// Who of these is away just now, by what tells it. Nobody, as far as it cannot be learnt: to be
    /// away only means not to be called, so nothing ever waits for it.
    async fn away(
        &self,
        people: &[PersonId],
        absence: &Absence,
        now: Timestamp,
    ) -> BTreeSet<PersonId> {
        let _ = (people, absence, now);
        BTreeSet::new()
    }

    /// All bots, apps and workflows of the workspace but Countersign's own and Slack's, those that were
    /// deleted too; `None` if it does not let itself be searched.
    async fn machines(&self) -> Result<Option<Vec<Machine>>, DirectoryError> {
        Ok(None)
    }

    /// The one with this id, if it is one of them.
    async fn machine(&self, id: &str) -> Result<Option<Machine>, DirectoryError> {
        let _ = id;
        Ok(None)
    }
}
