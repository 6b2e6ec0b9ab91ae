//! Who may do this, what may be done here, and to what (AuthZEN 1.0, "Search APIs").
//!
//! Candidates are what the registry, the grants and the policy know; each is decided as a question
//! would be. A search is not recorded: it opens nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::decide::{Findings, decide};
use super::index::Known;
use super::{NoAnswer, Pdp, Shared};
use crate::domain::evaluation::{AGENT, Question};
use crate::domain::time::Timestamp;
use crate::policy::Policy;

/// The most candidates that are decided for one page.
const MOST_CANDIDATES: usize = 10_000;
/// After so many, others have their turn.
const TURN: usize = 64;

/// What is searched for; its name in the question does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// Subjects of the question's type.
    Subjects,
    /// Resources of the question's type.
    Resources,
    /// Actions.
    Actions,
}

/// A page of names, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The names.
    pub names: Vec<String>,
    /// The name after which the next page begins, if there may be more.
    pub next: Option<String>,
}

impl Pdp {
    /// Up to `limit` of what is sought, after this name. First everything that was acknowledged is
    /// taken in.
    ///
    /// # Errors
    ///
    /// [`NoAnswer::Unavailable`] when it is not known what has changed.
    pub async fn search(
        &self,
        sought: Sought,
        mut question: Question,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Found, NoAnswer> {
        self.shared.follow().await?;
        let (policy, now) = (self.policy(), self.shared.parts.clock.now());
        let candidates = self.shared.candidates(&policy, sought, &question);
        let rest = candidates.into_iter().filter(|name| after.is_none_or(|a| name.as_str() > a));
        let mut found = Found::default();
        let mut last: Option<String> = after.map(str::to_owned);
        for (at, name) in rest.enumerate() {
            if found.names.len() >= limit || at >= MOST_CANDIDATES {
                found.next = Some(last.unwrap_or_default());
                return Ok(found);
            }
            if at % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let place = match sought {
                Sought::Subjects => &mut question.subject.id,
                Sought::Resources => &mut question.resource.id,
                Sought::Actions => &mut question.action.name,
            };
            place.clone_from(&name);
            if self.shared.allows(&policy, &question, now) {
                found.names.push(name.clone());
            }
            last = Some(name);
        }
        Ok(found)
    }
}

impl Shared {
    fn allows(&self, policy: &Arc<Policy>, question: &Question, now: Timestamp) -> bool {
        let found = Findings::of(&*self.index(), question, now);
        decide(&**policy, question, &found, now).is_allowed()
    }

    /// All that could be meant.
    fn candidates(&self, policy: &Policy, sought: Sought, question: &Question) -> BTreeSet<String> {
        match sought {
            Sought::Subjects if question.subject.kind == AGENT => {
                self.index().active_slugs().into_iter().collect()
            }
            Sought::Subjects => known(policy, &question.subject.kind),
            Sought::Resources => {
                let mut names = known(policy, &question.resource.kind);
                let index = self.index();
                if question.subject.kind == AGENT
                    && let Some(card) = index.agent(&question.subject.id)
                {
                    names.extend(index.objects_of(card.known.id, &question.resource.kind));
                }
                names
            }
            Sought::Actions => {
                let names = policy.known_actions(&question.resource.kind);
                names.into_iter().map(str::to_owned).collect()
            }
        }
    }
}

/// What the policy knows of this type.
fn known(policy: &Policy, kind: &str) -> BTreeSet<String> {
    policy.known_entities(kind).map(str::to_owned).collect()
}
