//! A small memory of what was asked lately: whoever asks the same thing at the same time shares one
//! question, and an answer is used for a short while.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::clock::Clock;
use crate::domain::time::Timestamp;

type Asking<V, E> = Shared<BoxFuture<'static, Result<V, E>>>;

/// Answers by key.
pub struct Cache<V, E> {
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<String, Entry<V, E>>>,
    capacity: usize,
}

struct Entry<V, E> {
    /// The last answer, and when it was asked for: it is as old as the question.
    known: Option<(Timestamp, V)>,
    asking: Option<(Timestamp, Asking<V, E>)>,
}

impl<V, E> Cache<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// An empty one that holds so many answers at most.
    pub fn new(clock: Arc<dyn Clock>, capacity: usize) -> Self {
        Self { clock, entries: Mutex::default(), capacity: capacity.max(1) }
    }

    /// The answer: one that is younger than `fresh`, or a new one. If asking fails in a way that
    /// `passing` says will pass, one that is younger than `usable` will do.
    pub async fn get<F>(
        &self,
        key: &str,
        fresh: TimeDelta,
        usable: TimeDelta,
        passing: impl Fn(&E) -> bool,
        ask: impl FnOnce() -> F,
    ) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let now = self.clock.now();
        let asking = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            self.make_room(&mut entries, key, now, usable);
            let entry = entries
                .entry(key.to_owned())
                .or_insert_with(|| Entry { known: None, asking: None });
            if let Some((at, value)) = &entry.known
                && younger(now, *at, fresh)
            {
                return Ok(value.clone());
            }
            entry.asking.get_or_insert_with(|| (now, ask().boxed().shared())).clone()
        };
        let (asked_at, question) = asking;
        let answer = question.clone().await;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get_mut(key) else { return answer };
        // What was forgotten while it was being asked is not remembered.
        if entry.asking.as_ref().is_some_and(|(_, current)| current.ptr_eq(&question)) {
            entry.asking = None;
            if let Ok(value) = &answer {
                entry.known = Some((asked_at, value.clone()));
            }
        }
        match (answer, &entry.known) {
            (Err(error), Some((at, value))) if passing(&error) && younger(now, *at, usable) => {
                Ok(value.clone())
            }
            (answer, _) => answer,
        }
    }

    /// How old the answer to this is, if there is one.
    pub fn age(&self, key: &str) -> Option<TimeDelta> {
        let now = self.clock.now();
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, _) = entries.get(key)?.known.as_ref()?;
        Some(now - *at)
    }

    /// Forgets the answer to this, also one that is being asked for.
    pub fn forget(&self, key: &str) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn make_room(
        &self,
        entries: &mut HashMap<String, Entry<V, E>>,
        key: &str,
        now: Timestamp,
        usable: TimeDelta,
    ) {
        if entries.len() < self.capacity || entries.contains_key(key) {
            return;
        }
        entries.retain(|_, entry| {
            entry.asking.is_some()
                || entry.known.as_ref().is_some_and(|(at, _)| younger(now, *at, usable))
        });
        if entries.len() >= self.capacity {
            entries.clear();
        }
    }
}

/// Whether it is younger than that; not if it is from the future, because a clock was put back.
fn younger(now: Timestamp, at: Timestamp, than: TimeDelta) -> bool {
    let age = now - at;
    age >= TimeDelta::zero() && age < than
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MovableClock;
    use chrono::DateTime;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::oneshot;

    const FRESH: TimeDelta = TimeDelta::seconds(15);
    const USABLE: TimeDelta = TimeDelta::seconds(60);

    fn cache() -> (Cache<u32, &'static str>, Arc<MovableClock>) {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let clock = Arc::new(MovableClock::standing(start));
        (Cache::new(clock.clone(), 4), clock)
    }

    async fn get(
        cache: &Cache<u32, &'static str>,
        key: &str,
        answer: Result<u32, &'static str>,
    ) -> Result<u32, &'static str> {
        cache.get(key, FRESH, USABLE, |e| *e == "later", || async move { answer }).await
    }

    #[tokio::test]
    async fn an_answer_is_used_while_it_is_fresh_and_forgotten_on_request() {
        let (cache, clock) = cache();
        assert_eq!(get(&cache, "S1", Ok(1)).await, Ok(1));
        clock.advance(TimeDelta::seconds(14));
        assert_eq!(get(&cache, "S1", Ok(2)).await, Ok(1));
        assert_eq!(get(&cache, "S2", Ok(3)).await, Ok(3));
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(get(&cache, "S1", Ok(2)).await, Ok(2));
        cache.forget("S1");
        assert_eq!(get(&cache, "S1", Ok(4)).await, Ok(4));
    }

    #[tokio::test]
    async fn an_older_answer_will_do_only_while_slack_has_no_time_and_only_so_long() {
        let (cache, clock) = cache();
        assert_eq!(get(&cache, "S1", Ok(1)).await, Ok(1));
        clock.advance(TimeDelta::seconds(59));
        assert_eq!(get(&cache, "S1", Err("later")).await, Ok(1));
        assert_eq!(get(&cache, "S1", Err("never")).await, Err("never"));
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(get(&cache, "S1", Err("later")).await, Err("later"));
    }

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_question() {
        let (cache, _) = cache();
        let asked = AtomicU32::new(0);
        let (answer, wait) = oneshot::channel();
        let wait = std::cell::Cell::new(Some(wait));
        let mut all = Vec::new();
        for _ in 0..40 {
            all.push(cache.get(
                "S1",
                FRESH,
                USABLE,
                |_| false,
                || {
                    asked.fetch_add(1, Ordering::SeqCst);
                    let wait = wait.take().unwrap();
                    async move { wait.await.map_err(|_| "gone") }
                },
            ));
        }
        let all = futures::future::join_all(all);
        let (found, ()) = tokio::join!(all, async { answer.send(7).unwrap() });
        assert!(found.iter().all(|one| *one == Ok(7)), "{found:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_is_forgotten_while_it_is_asked_for_is_not_remembered() {
        let (cache, _) = cache();
        let (answer, wait) = oneshot::channel();
        let old = cache.get(
            "S1",
            FRESH,
            USABLE,
            |_| false,
            || async move { wait.await.map_err(|_| "gone") },
        );
        let (old, ()) = tokio::join!(old, async {
            cache.forget("S1");
            answer.send(1).unwrap();
        });
        assert_eq!(old, Ok(1));
        assert_eq!(get(&cache, "S1", Ok(2)).await, Ok(2), "the group had changed meanwhile");
    }

    #[tokio::test]
    async fn it_stays_small() {
        let (cache, _) = cache();
        for n in 0..100 {
            assert_eq!(get(&cache, &format!("S{n}"), Ok(n)).await, Ok(n));
            assert!(cache.entries.lock().unwrap().len() <= 4);
        }
    }
}
