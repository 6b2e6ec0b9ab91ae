//! Answers at run time. What is known of agents and grants is held in an index in memory; a question
//! is answered from it, and the answer is recorded before it is given. The record is written under
//! the lock that all writers of all replicas share: whatever changed since the index was read is seen
//! there, and the question is answered anew. So no answer is older than the last acknowledged change,
//! and what cannot be recorded is not answered.
//!
//! | file | idea |
//! |---|---|
//! | [`index`], `names` | what is known, in memory |
//! | [`decide`] | one question, decided purely |
//! | [`bundle`] | questions asked together, and where their answers end |
//! | `recorder` | the record, under the lock of the log's head |
//! | `follow` | the index follows the log |
//! | `quota` | how often may be asked about one agent |
//! | [`search`] | who may, what may be done, to what |

pub mod bundle;
pub mod decide;
mod follow;
pub mod index;
#[cfg(test)]
mod model_tests;
mod names;
mod quota;
mod recorder;
pub mod search;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, Entropy};
use crate::domain::behalf::{Asker, TokenUsed};
use crate::domain::evaluation::{Decision, Question};
use crate::domain::ids::EvaluationId;
use crate::domain::tier::Tier;
use crate::domain::time::{Span, Timestamp};
use crate::policy::runtime::Counter;
use crate::policy::{Policy, PolicyHandle};
use crate::store::{Store, StoreError};
use bundle::{Bundle, Drafts, Semantic};
use decide::Findings;
use index::{Card, Index, Known};
use recorder::{LONGEST_QUEUE, Recorder, Waiting};

/// What answers are made of.
pub struct Parts {
    /// Where agents, grants and the record are kept.
    pub store: Store,
    /// The rules, as they are now.
    pub policy: PolicyHandle,
    /// The time by which the product lives.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub entropy: Arc<Entropy>,
}

/// The policy decision point. Cheap to clone.
#[derive(Clone)]
pub struct Pdp {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Waiting>,
}

/// What the parts of it share.
struct Shared {
    parts: Parts,
    index: RwLock<Index>,
    usual: RwLock<BTreeMap<Tier, Span>>,
    quotas: Counter,
}

/// An answer that is on the record.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The name under which it is found again.
    pub id: EvaluationId,
    /// The moment by which it was decided.
    pub at: Timestamp,
    /// The answer.
    pub decision: Decision,
    /// The agent that the subject is, if it is one of ours.
    pub agent: Option<Arc<Card>>,
    /// The agent's token behind the question, as it is recorded.
    pub token: Option<TokenUsed>,
    /// The policy by which it was decided.
    pub policy: Arc<Policy>,
}

/// Why there is no answer. It is never to be taken for a yes.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The record could not be written, or it is not known what has changed.
    #[error("the answer could not be recorded, so there is none: {0}")]
    Unavailable(#[source] Arc<StoreError>),
    /// The server is ending.
    #[error("the server is ending: ask another one, or again in a moment")]
    Ending,
    /// More was asked about this agent than its quota allows.
    #[error("more is asked about this agent than its quota allows")]
    TooOften {
        /// When to ask again.
        wait: Duration,
    },
}

impl From<StoreError> for NoAnswer {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

impl Pdp {
    /// Reads the index, and begins to record and to follow the log. The recorder ends when the last
    /// clone is dropped, the follower when it is told to stop.
    ///
    /// # Errors
    ///
    /// The database does not answer, or holds what is not understood.
    pub async fn start(
        parts: Parts,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Self, StoreError> {
        let index = follow::load(&parts.store).await?;
        tracing::info!(grants = index.len(), seq = index.seq(), "grants are indexed");
        let shared = Arc::new(Shared {
            parts,
            index: RwLock::new(index),
            usual: RwLock::default(),
            quotas: Counter::default(),
        });
        shared.learn_usual_waits().await?;
        let (queue, waiting) = mpsc::channel(LONGEST_QUEUE);
        tasks.spawn(Recorder::new(Arc::clone(&shared), waiting).run());
        let (follower, stop) = (Arc::clone(&shared), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = follower.follow_for_ever() => {}
                () = stop.cancelled() => {}
            }
        });
        Ok(Self { shared, queue })
    }

    /// Answers one question, and records it.
    ///
    /// # Errors
    ///
    /// There is no answer; see [`NoAnswer`].
    pub async fn evaluate(
        &self,
        asker: Asker,
        question: Arc<Question>,
    ) -> Result<Evaluated, NoAnswer> {
        self.shared.within_quota(&question).await?;
        let bundle =
            Bundle { asker, questions: vec![Some(question)], semantic: Semantic::ExecuteAll };
        let answered = self.answer(bundle, &[]).await?;
        answered.into_iter().flatten().next().ok_or(NoAnswer::Ending)
    }

    /// Answers questions that were asked together, and records them: one answer for each up to
    /// where the semantic ends, none for one that could not be understood. Above its quota, what is
    /// asked about an agent is denied.
    ///
    /// # Errors
    ///
    /// There is no answer to any of them; see [`NoAnswer`].
    pub async fn evaluate_all(&self, bundle: Bundle) -> Result<Vec<Option<Evaluated>>, NoAnswer> {
        let mut over = Vec::new();
        for (at, question) in bundle.questions.iter().enumerate() {
            if let Some(question) = question
                && self.shared.within_quota(question).await.is_err()
            {
                over.push(at);
            }
        }
        self.answer(bundle, &over).await
    }

    async fn answer(
        &self,
        bundle: Bundle,
        over: &[usize],
    ) -> Result<Vec<Option<Evaluated>>, NoAnswer> {
        let now = self.shared.parts.clock.now();
        let drafts = self.shared.draft(&bundle, over, now);
        if drafts.answers.iter().all(Option::is_none) {
            return Ok(drafts.answers.iter().map(|_| None).collect());
        }
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { bundle, drafts, reply };
        self.queue.send(waiting).await.map_err(|_| NoAnswer::Ending)?;
        answer.await.map_err(|_| NoAnswer::Ending)?
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        self.shared.parts.policy.current()
    }

    /// The agent with this slug or id, as it was a moment ago.
    pub fn agent(&self, name: &str) -> Option<Arc<Card>> {
        self.shared.index().agent(name)
    }

    /// The agent with this slug or id, also if it was registered only just now.
    ///
    /// # Errors
    ///
    /// [`NoAnswer::Unavailable`] when it is not known what has changed.
    pub async fn agent_now(&self, name: &str) -> Result<Option<Arc<Card>>, NoAnswer> {
        if let Some(card) = self.agent(name) {
            return Ok(Some(card));
        }
        self.shared.follow().await?;
        Ok(self.agent(name))
    }

    /// How long the people of this tier usually take to approve, if there is a record.
    pub fn usual_wait(&self, tier: Tier) -> Option<Span> {
        let usual = self.shared.usual.read().unwrap_or_else(PoisonError::into_inner);
        usual.get(&tier).copied()
    }

    /// How many grants the index holds that have not ended on the record.
    pub fn grants(&self) -> usize {
        self.shared.index().len()
    }
}

impl std::fmt::Debug for Pdp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pdp").field("seq", &self.shared.index().seq()).finish_non_exhaustive()
    }
}

impl Shared {
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_to_change(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answers as the index has them.
    fn draft(&self, bundle: &Bundle, over: &[usize], now: Timestamp) -> Drafts {
        let policy = self.parts.policy.current();
        let (seq, found) = {
            let index = self.index();
            let of = |q: &Option<Arc<Question>>| q.as_ref().map(|q| Findings::of(&*index, q, now));
            (index.seq(), bundle.questions.iter().map(of).collect::<Vec<_>>())
        };
        Drafts::of(bundle, found, over.to_vec(), policy, seq, now)
    }
}
