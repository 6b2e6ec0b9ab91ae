//! A channel or a direct message, and the messages in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::message::Message;
use super::people::set;

/// What sort of conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ChannelKind {
    /// Anybody of the workspace may read and join.
    Public,
    /// Only its members see it.
    Private,
    /// Direct messages between one person and the bot.
    Dm {
        /// The person.
        user: String,
    },
}

/// A channel or direct message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// `C…`, or `D…` for direct messages.
    pub id: String,
    /// Without `#`; empty for direct messages.
    pub name: String,
    /// What sort.
    pub kind: ChannelKind,
    /// The line below the name.
    pub topic: String,
    /// User ids, bots included.
    pub members: BTreeSet<String>,
    /// Nobody can write here any more.
    pub archived: bool,
    /// The other workspaces it is shared with.
    pub shared_with: Vec<String>,
    /// Oldest first; ephemeral ones among them.
    pub messages: Vec<Message>,
    /// The last message each person has read.
    pub read: BTreeMap<String, String>,
}

impl Channel {
    /// Whether people of other workspaces are here.
    pub fn is_external(&self) -> bool {
        !self.shared_with.is_empty()
    }

    /// Whether this person may read it: members may, and full members any public channel.
    pub fn is_dm(&self) -> bool {
        matches!(self.kind, ChannelKind::Dm { .. })
    }

    /// The message with this timestamp, ephemeral ones included.
    pub fn message(&self, ts: &str) -> Option<&Message> {
        self.position(ts).and_then(|at| self.messages.get(at))
    }

    /// The message with this timestamp, to change.
    pub fn message_mut(&mut self, ts: &str) -> Option<&mut Message> {
        let at = self.position(ts)?;
        self.messages.get_mut(at)
    }

    /// Takes the message with this timestamp away.
    pub fn remove(&mut self, ts: &str) -> Option<Message> {
        self.position(ts).map(|at| self.messages.remove(at))
    }

    fn position(&self, ts: &str) -> Option<usize> {
        // Timestamps have the same number of digits for centuries: their order is that of text.
        self.messages.binary_search_by(|message| message.ts.as_str().cmp(ts)).ok()
    }

    /// The name as interactions and commands carry it.
    pub(crate) fn wire_name(&self) -> &str {
        match self.kind {
            ChannelKind::Dm { .. } => "directmessage",
            ChannelKind::Public | ChannelKind::Private => &self.name,
        }
    }

    /// The object that `conversations.info` answers with.
    pub(crate) fn as_slack(&self, team: &str, bot_user: &str) -> Value {
        let external = self.is_external();
        let mut channel = match &self.kind {
            ChannelKind::Dm { user } => json!({
                "is_im": true,
                "user": user,
                "is_user_deleted": false,
                "priority": 0,
            }),
            ChannelKind::Public | ChannelKind::Private => json!({
                "name": self.name,
                "name_normalized": self.name,
                "is_channel": true,
                "is_group": false,
                "is_im": false,
                "is_mpim": false,
                "is_private": self.kind == ChannelKind::Private,
                "is_general": self.name == "general",
                "is_member": self.members.contains(bot_user),
                "creator": "U0VERA",
                "unlinked": 0,
                "parent_conversation": null,
                "topic": {"value": self.topic, "creator": "", "last_set": 0},
                "purpose": {"value": "", "creator": "", "last_set": 0},
                "previous_names": [],
                "pending_shared": [],
                "pending_connected_team_ids": [],
                "is_pending_ext_shared": false,
                "num_members": self.members.len(),
            }),
        };
        set(&mut channel, "id", json!(self.id));
        set(&mut channel, "created", json!(1_690_000_000));
        set(&mut channel, "updated", json!(1_690_000_000_000_i64));
        set(&mut channel, "is_archived", json!(self.archived));
        set(&mut channel, "is_shared", json!(external));
        set(&mut channel, "is_ext_shared", json!(external));
        set(&mut channel, "is_org_shared", json!(false));
        set(&mut channel, "context_team_id", json!(team));
        let teams: Vec<&str> =
            std::iter::once(team).chain(self.shared_with.iter().map(String::as_str)).collect();
        set(&mut channel, "shared_team_ids", json!(teams));
        if external {
            set(&mut channel, "connected_team_ids", json!(self.shared_with));
            set(&mut channel, "conversation_host_id", json!(team));
        }
        channel
    }
}
