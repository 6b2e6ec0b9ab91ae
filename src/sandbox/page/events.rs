//! `GET /_page/events`: what changed, as it changes, for one person.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::show::As;
use crate::sandbox::acts::can_read;
use crate::sandbox::core::Core;
use crate::sandbox::state::Change;

/// `GET /_page/events`: Server-Sent Events. A page that cannot keep up is cut off; it then asks for
/// everything again.
pub(super) async fn events(State(core): State<Arc<Core>>, Query(person): Query<As>) -> Response {
    let me = match person.resolve(&core) {
        Ok(me) => me,
        Err(refusal) => return refusal,
    };
    let follow = Follow { changes: core.subscribe(), stop: core.stop.clone(), core, me };
    let events = stream::unfold(follow, |mut follow| async move {
        let change = follow.next().await?;
        Some((Ok::<_, Infallible>(Event::default().data(change.to_string())), follow))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

struct Follow {
    changes: broadcast::Receiver<Change>,
    stop: CancellationToken,
    core: Arc<Core>,
    me: String,
}

impl Follow {
    async fn next(&mut self) -> Option<Value> {
        loop {
            let change = tokio::select! {
                () = self.stop.cancelled() => return None,
                change = self.changes.recv() => change.ok()?,
            };
            if let Some(words) = self.told(&change) {
                return Some(words);
            }
        }
    }

    /// What this person is told of a change; nothing if it does not concern them.
    fn told(&self, change: &Change) -> Option<Value> {
        let mine = |user: &str| user == self.me;
        match change {
            Change::Messages { channel, only } => {
                let seen = only.as_deref().is_none_or(mine)
                    && self.core.read(|state| {
                        let person = state.model.person(&self.me);
                        let channel = state.model.channel(channel);
                        person.zip(channel).is_some_and(|(p, c)| can_read(p, c))
                    });
                seen.then(|| json!({"kind": "messages", "channel": channel}))
            }
            Change::Modal { user } => mine(user).then(|| json!({"kind": "modal"})),
            Change::Home { user } => mine(user).then(|| json!({"kind": "home"})),
            Change::State => Some(json!({"kind": "state"})),
            Change::Clock => Some(json!({"kind": "clock"})),
        }
    }
}
