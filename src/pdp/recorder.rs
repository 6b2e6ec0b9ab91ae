//! The record: answers that wait at the same moment are written together, and given afterwards.
//!
//! Whoever writes holds the log's head, on whatever replica. So what the head says inside the work is
//! the last that any replica has acknowledged, or what works of the same transaction just appended;
//! and what the lines up to there changed is read inside the work, too. An answer that rests on less
//! is found anew. What is read there may come to nothing with the transaction; the index takes it in
//! after the commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use ulid::Ulid;

use super::bundle::{Bundle, Drafts};
use super::decide::Findings;
use super::index::Ahead;
use super::{Evaluated, NoAnswer, Shared};
use crate::domain::behalf::{Asker, TokenUsed, named_in};
use crate::domain::evaluation::{Question, Record};
use crate::domain::ids::{BatchId, EvaluationId, TokenId};
use crate::domain::time::Timestamp;
use crate::store::{Changed, StoreError, Tx, work};

/// The most that wait to be recorded; the rest wait to be let in.
pub(super) const LONGEST_QUEUE: usize = 4_096;
/// The most questions in one record, unless one bundle has more.
const LARGEST: usize = 512;
/// The most lines of the log that are caught up with while others wait to write.
const MOST_LINES: i64 = 4_096;
/// How often the index is brought near to the head before it is given up.
const ATTEMPTS: u8 = 5;

type Answers = Vec<Option<Evaluated>>;

/// Somebody who waits for answers.
pub(super) struct Waiting {
    pub(super) bundle: Bundle,
    pub(super) drafts: Drafts,
    pub(super) reply: oneshot::Sender<Result<Answers, NoAnswer>>,
}

/// The task that records.
pub(super) struct Recorder {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Waiting>,
}

/// Questions with their answers, on their way through the work.
type Item = (Bundle, Drafts);

/// What came of a work.
enum Recorded {
    /// On the record, once the transaction is.
    Done { answers: Vec<Answers>, from: i64, to: i64, changed: Changed },
    /// The index is too far behind.
    Behind(Vec<Item>),
}

impl Recorder {
    pub(super) const fn new(shared: Arc<Shared>, queue: mpsc::Receiver<Waiting>) -> Self {
        Self { shared, queue }
    }

    /// Records until nobody can ask any more.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            // Whoever is about to ask is let in.
            tokio::task::yield_now().await;
            let (mut items, mut replies, mut count) = (Vec::new(), Vec::new(), 0);
            let mut next = Some(first);
            while let Some(waiting) = next {
                // Whoever went away needs no answer.
                if !waiting.reply.is_closed() {
                    count += waiting.drafts.answers.len();
                    items.push((waiting.bundle, waiting.drafts));
                    replies.push(waiting.reply);
                }
                next = if count < LARGEST { self.queue.try_recv().ok() } else { None };
            }
            if items.is_empty() {
                continue;
            }
            match self.shared.record(items).await {
                Ok(answers) => {
                    for (reply, answers) in replies.into_iter().zip(answers) {
                        // Nobody may be waiting any more; then nobody needs the answer.
                        drop(reply.send(Ok(answers)));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, questions = count, "nothing can be answered");
                    let error = Arc::new(error);
                    for reply in replies {
                        drop(reply.send(Err(NoAnswer::Unavailable(Arc::clone(&error)))));
                    }
                }
            }
        }
    }
}

impl Shared {
    /// Records the answers, found anew where something changed.
    async fn record(self: &Arc<Self>, mut items: Vec<Item>) -> Result<Vec<Answers>, StoreError> {
        for _ in 0..ATTEMPTS {
            let shared = Arc::clone(self);
            let work = work(move |tx| Box::pin(async move { shared.settle(tx, items).await }));
            match self.parts.store.write(work).await? {
                Recorded::Done { answers, from, to, changed } => {
                    let mut index = self.index_to_change();
                    index.take((from, to), &changed.agents, &changed.grants);
                    return Ok(answers);
                }
                Recorded::Behind(back) => {
                    self.follow().await?;
                    items = back;
                }
            }
        }
        Err(StoreError::conflict("the log grows faster than it can be followed"))
    }

    async fn settle(&self, tx: &mut Tx, items: Vec<Item>) -> Result<Recorded, StoreError> {
        let (head, _) = tx.head().await?;
        let seen = self.index().seq();
        if head < seen || head - seen > MOST_LINES {
            return Ok(Recorded::Behind(items));
        }
        let changed = if head > seen { tx.changed(seen, head).await? } else { Changed::default() };
        let now = self.parts.clock.now();
        let items = self.hold_or_find_anew(items, &changed, head, now);

        let tokens = tx.tokens(&named(&items)).await?;

        let base = self.parts.entropy.ulid(now);
        let mut next = base.0;
        let mut records = Vec::new();
        let mut answers = Vec::with_capacity(items.len());
        for (bundle, drafts) in items {
            let (at, policy) = (drafts.at, drafts.policy);
            let mut of_bundle = Vec::with_capacity(drafts.answers.len());
            for (question, draft) in bundle.questions.iter().zip(drafts.answers) {
                let Some((question, draft)) = question.as_ref().zip(draft) else {
                    of_bundle.push(None);
                    continue;
                };
                let id = EvaluationId::new(Ulid(next));
                next = next.wrapping_add(1);
                let agent = draft.agent.as_ref().map(|card| card.known.id);
                let Asker { caller, token } = bundle.asker.clone();
                let of_service = || {
                    let id = named_in(&question.context)?;
                    Some(TokenUsed::named(id, agent, tokens.get(&id), at))
                };
                let token = token.or_else(of_service);
                let decision = draft.decision;
                records.push(Record::of(
                    id,
                    at,
                    Asker { caller, token: token.clone() },
                    question,
                    agent,
                    decision.clone(),
                    policy.digest(),
                ));
                let (agent, policy) = (draft.agent, Arc::clone(&policy));
                of_bundle.push(Some(Evaluated { id, at, decision, agent, token, policy }));
            }
            answers.push(of_bundle);
        }
        tx.record_evaluations(BatchId::new(base), now, &records).await?;
        let (to, _) = tx.head().await?;
        Ok(Recorded::Done { answers, from: seen, to, changed })
    }

    /// The answers that hold, and new ones for those that do not.
    fn hold_or_find_anew(
        &self,
        items: Vec<Item>,
        changed: &Changed,
        head: i64,
        now: Timestamp,
    ) -> Vec<Item> {
        let last = if changed.is_empty() { self.index().changed() } else { head };
        let renew = |(bundle, drafts): Item| {
            if drafts.hold(last, now) {
                return (bundle, drafts);
            }
            let found = {
                let index = self.index();
                let (agents, grants) = (&changed.agents, &changed.grants);
                let known = Ahead { index: &index, agents, grants };
                let of =
                    |q: &Option<Arc<Question>>| q.as_ref().map(|q| Findings::of(&known, q, now));
                bundle.questions.iter().map(of).collect()
            };
            let policy = self.parts.policy.current();
            let drafts = Drafts::of(&bundle, found, drafts.over, policy, head, now);
            (bundle, drafts)
        };
        items.into_iter().map(renew).collect()
    }
}

/// The tokens that services name in these questions. An agent's own, which it showed, needs no look.
fn named(items: &[Item]) -> BTreeSet<TokenId> {
    let services = items.iter().filter(|(bundle, _)| bundle.asker.token.is_none());
    let questions = services.flat_map(|(bundle, _)| bundle.questions.iter().flatten());
    questions.filter_map(|question| named_in(&question.context)).collect()
}
