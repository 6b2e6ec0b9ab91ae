//! What is behind the workspace's one lock: the model, and the short-lived tickets to act in it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::kit;
use super::model::{Author, Edited, Message, Model, View};
use super::triggers::{ResponseUrls, Triggers};

/// What changed, for whoever watches the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The messages of a channel. `only`: seen by this one person.
    Messages {
        /// The channel.
        channel: String,
        /// The only person who sees the difference.
        only: Option<String>,
    },
    /// The modals of a person.
    Modal {
        /// The person.
        user: String,
    },
    /// The App Home of a person.
    Home {
        /// The person.
        user: String,
    },
    /// People, groups, channels, or whether the bot is connected.
    State,
    /// The time was moved.
    Clock,
}

/// What is behind the workspace's one lock.
#[derive(Debug)]
pub(crate) struct State {
    /// The workspace.
    pub model: Model,
    /// Tickets to open a view.
    pub triggers: Triggers,
    /// Addresses to answer a command or a click.
    pub response_urls: ResponseUrls,
    /// Tokens that were revoked.
    pub revoked: Vec<String>,
    /// What changed since the lock was taken; told to the watchers when it is given back.
    pub changes: Vec<Change>,
}

/// A message about to be posted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub text: String,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Vec<Value>,
    pub files: Vec<String>,
    pub metadata: Option<Value>,
    pub thread_ts: Option<String>,
    pub ephemeral_to: Option<String>,
}

impl State {
    pub(crate) fn new(model: Model) -> Self {
        Self {
            model,
            triggers: Triggers::default(),
            response_urls: ResponseUrls::default(),
            revoked: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Posts a message. The channel must exist; otherwise nothing happens and `None` returns.
    pub(crate) fn post(
        &mut self,
        channel: &str,
        author: Author,
        draft: Draft,
        now: DateTime<Utc>,
    ) -> Option<Message> {
        if !self.model.channels.contains_key(channel) {
            return None;
        }
        let ts = self.model.next_ts(now);
        let mut blocks = draft.blocks;
        if let Some(blocks) = &mut blocks {
            self.give_ids(blocks);
        }
        let message = Message {
            ts: ts.clone(),
            author,
            text: draft.text,
            state: blocks.as_deref().map(kit::initial_state).unwrap_or_default(),
            blocks,
            attachments: draft.attachments,
            files: draft.files,
            metadata: draft.metadata,
            edited: None,
            thread_ts: draft.thread_ts,
            ephemeral_to: draft.ephemeral_to,
            revision: 0,
        };
        let place = self.model.channels.get_mut(channel)?;
        place.messages.push(message.clone());
        if let Author::Person { user } = &message.author {
            place.read.insert(user.clone(), ts);
        }
        self.changes.push(Change::Messages {
            channel: channel.to_owned(),
            only: message.ephemeral_to.clone(),
        });
        Some(message)
    }

    /// Changes a message of the app's. Fields that are `None` stay; an empty list of blocks takes
    /// the blocks away.
    pub(crate) fn edit(
        &mut self,
        channel: &str,
        ts: &str,
        edit: Edit,
        now: DateTime<Utc>,
    ) -> Option<Message> {
        self.model.message(channel, ts)?;
        let mut edit = edit;
        if let Some(blocks) = &mut edit.blocks {
            self.give_ids(blocks);
        }
        let edited_ts = self.model.next_ts(now);
        let bot = self.model.app.bot_user_id.clone();
        let message = self.model.channels.get_mut(channel)?.message_mut(ts)?;
        if let Some(text) = edit.text {
            if text != message.text && edit.blocks.as_ref().is_none_or(Vec::is_empty) {
                message.edited = Some(Edited { user: bot, ts: edited_ts });
            }
            message.text = text;
        }
        if let Some(blocks) = edit.blocks {
            message.state = kit::initial_state(&blocks);
            message.blocks = (!blocks.is_empty()).then_some(blocks);
        }
        if let Some(attachments) = edit.attachments {
            message.attachments = attachments;
        }
        if let Some(metadata) = edit.metadata {
            message.metadata = metadata;
        }
        message.revision += 1;
        let message = message.clone();
        self.changes.push(Change::Messages {
            channel: channel.to_owned(),
            only: message.ephemeral_to.clone(),
        });
        Some(message)
    }

    /// Takes a message away.
    pub(crate) fn delete(&mut self, channel: &str, ts: &str) -> Option<Message> {
        let message = self.model.channels.get_mut(channel)?.remove(ts)?;
        self.changes.push(Change::Messages {
            channel: channel.to_owned(),
            only: message.ephemeral_to.clone(),
        });
        Some(message)
    }

    /// A view as Slack keeps it, with an id and a hash of its own. It is on no screen yet.
    pub(crate) fn new_view(&mut self, user: &str, definition: &Value, now: DateTime<Utc>) -> View {
        let id = self.model.next_id("V");
        let hash = self.new_hash(now);
        let model = &mut self.model;
        View::new(id, user, hash, definition, || model.next_id("b"))
    }

    /// A hash that no view had before.
    pub(crate) fn new_hash(&mut self, now: DateTime<Utc>) -> String {
        format!("{}.{}", now.timestamp(), self.model.next_id("h"))
    }

    /// Puts a view on a person's screen, over what is there.
    pub(crate) fn push_view(&mut self, mut view: View) -> View {
        let stack = self.model.modals.entry(view.user.clone()).or_default();
        if let (Some(top), Some(root)) = (stack.last(), stack.first()) {
            view.previous_view_id = Some(top.id.clone());
            view.root_view_id = root.id.clone();
        }
        stack.push(view.clone());
        self.changes.push(Change::Modal { user: view.user.clone() });
        view
    }

    /// Takes views off a person's screen: this one and what is over it, or all of them.
    pub(crate) fn close_view(&mut self, user: &str, view_id: &str, all: bool) -> Vec<View> {
        let Some(stack) = self.model.modals.get_mut(user) else { return Vec::new() };
        let from = if all { Some(0) } else { stack.iter().position(|view| view.id == view_id) };
        let closed = from.map(|from| stack.split_off(from)).unwrap_or_default();
        if stack.is_empty() {
            self.model.modals.remove(user);
        }
        self.changes.push(Change::Modal { user: user.to_owned() });
        closed
    }

    /// Replaces the content of a view that is on a screen.
    pub(crate) fn replace_view(
        &mut self,
        view_id: &str,
        definition: &Value,
        now: DateTime<Utc>,
    ) -> Option<View> {
        let user = self.model.view(view_id)?.user.clone();
        let newer = self.new_view(&user, definition, now);
        let view = self.model.view_mut(view_id)?;
        view.replace_content(newer);
        let view = view.clone();
        self.changes.push(match view.kind {
            super::model::ViewKind::Modal => Change::Modal { user },
            super::model::ViewKind::Home => Change::Home { user },
        });
        Some(view)
    }

    /// Shows what the app found wrong with a form.
    pub(crate) fn show_errors(&mut self, view_id: &str, errors: BTreeMap<String, String>) {
        if let Some(view) = self.model.view_mut(view_id) {
            view.errors = errors;
            let user = view.user.clone();
            self.changes.push(Change::Modal { user });
        }
    }

    fn give_ids(&mut self, blocks: &mut [Value]) {
        let model = &mut self.model;
        kit::assign_ids(blocks, &mut || model.next_id("b"));
    }
}

/// What to change in a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    pub text: Option<String>,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    /// `Some(None)` takes the metadata away.
    pub metadata: Option<Option<Value>>,
}
