//! What is in the workspace, and nothing about wires: people, groups, channels, messages, views.

mod channel;
mod file;
mod message;
mod people;
mod view;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use channel::{Channel, ChannelKind};
pub use file::File;
pub use message::{Author, Edited, Message};
pub use people::{App, Group, Person, PersonKind, Status, Team};
pub(crate) use people::{FROM_TOMORROW, set as people_set};
pub use view::{View, ViewKind};

use super::seed::Seed;

/// The whole workspace at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    /// The workspace.
    pub team: Team,
    /// The organisation above it.
    pub enterprise: Team,
    /// Whether the app is installed for the whole organisation rather than for one workspace.
    pub org_wide: bool,
    /// The installed app.
    pub app: App,
    /// Everybody, in the order of the seed.
    pub people: Vec<Person>,
    /// User groups by id.
    pub groups: BTreeMap<String, Group>,
    /// Channels and direct messages by id.
    pub channels: BTreeMap<String, Channel>,
    /// The modals that each person has open, the top one last.
    pub modals: BTreeMap<String, Vec<View>>,
    /// The App Home that was published for each person.
    pub homes: BTreeMap<String, View>,
    /// Files by id, the oldest first.
    #[serde(default)]
    pub files: BTreeMap<String, File>,
    /// The scopes the bot token was installed with.
    pub scopes: Vec<String>,
    counter: u64,
    last_ts_micros: i64,
}

impl Model {
    /// The workspace as its seed describes it.
    pub fn new(seed: Seed, org_wide: bool) -> Self {
        Self {
            team: seed.team,
            enterprise: seed.enterprise,
            org_wide,
            app: seed.app,
            people: seed.people,
            groups: seed.groups.into_iter().map(|group| (group.id.clone(), group)).collect(),
            channels: seed
                .channels
                .into_iter()
                .map(|channel| (channel.id.clone(), channel))
                .collect(),
            modals: BTreeMap::new(),
            homes: BTreeMap::new(),
            files: BTreeMap::new(),
            scopes: [
                "commands",
                "chat:write",
                "chat:write.public",
                "im:write",
                "users:read",
                "users:read.email",
                "usergroups:read",
                "dnd:read",
                "team:read",
                "channels:read",
                "groups:read",
                "files:write",
            ]
            .map(str::to_owned)
            .to_vec(),
            counter: 0,
            last_ts_micros: 0,
        }
    }

    /// Where the app is installed: the workspace, or the organisation when org-wide.
    pub fn install_team_id(&self) -> &str {
        if self.org_wide { &self.enterprise.id } else { &self.team.id }
    }

    /// A person by id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// A person by id, to change.
    pub fn person_mut(&mut self, id: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.id == id)
    }

    /// A channel or direct message by id.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.get(id)
    }

    /// The id of the direct messages between this person and the bot, if they were ever opened.
    pub fn dm_of(&self, user: &str) -> Option<&Channel> {
        self.channels
            .values()
            .find(|channel| matches!(&channel.kind, ChannelKind::Dm { user: with } if with == user))
    }

    /// The direct messages between this person and the bot, opened if need be.
    pub fn open_dm(&mut self, user: &str) -> String {
        if let Some(channel) = self.dm_of(user) {
            return channel.id.clone();
        }
        let id = format!("D0{}", user.trim_start_matches(['U', 'W', '0']));
        let channel = Channel {
            id: id.clone(),
            name: String::new(),
            kind: ChannelKind::Dm { user: user.to_owned() },
            topic: String::new(),
            members: [user.to_owned(), self.app.bot_user_id.clone()].into(),
            archived: false,
            shared_with: Vec::new(),
            messages: Vec::new(),
            read: BTreeMap::new(),
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// Whether two people have a channel in common.
    pub fn share_a_channel(&self, one: &str, other: &str) -> bool {
        self.channels
            .values()
            .any(|channel| channel.members.contains(one) && channel.members.contains(other))
    }

    /// A message by channel and `ts`.
    pub fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.channels.get(channel)?.message(ts)
    }

    /// The view with this id, wherever it is.
    pub fn view(&self, view_id: &str) -> Option<&View> {
        self.modals.values().flatten().chain(self.homes.values()).find(|view| view.id == view_id)
    }

    /// The view with this id, to change.
    pub fn view_mut(&mut self, view_id: &str) -> Option<&mut View> {
        self.modals
            .values_mut()
            .flatten()
            .chain(self.homes.values_mut())
            .find(|view| view.id == view_id)
    }

    /// A new id; ids are never given twice, also not after a restart.
    pub fn next_id(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}0{}", base36(self.counter))
    }

    /// A number that is never given twice.
    pub fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A new message timestamp: the time, or just after the last one given, so that it names one
    /// message.
    pub fn next_ts(&mut self, now: DateTime<Utc>) -> String {
        self.last_ts_micros = now.timestamp_micros().max(self.last_ts_micros + 1);
        ts_of(self.last_ts_micros)
    }
}

fn ts_of(micros: i64) -> String {
    format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

/// The time that a message timestamp stands for.
pub fn time_of_ts(ts: &str) -> Option<DateTime<Utc>> {
    let (seconds, micros) = ts.split_once('.')?;
    let seconds: i64 = seconds.parse().ok()?;
    let micros: u32 = micros.parse().ok()?;
    DateTime::from_timestamp(seconds, micros.checked_mul(1_000)?)
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
        if number == 0 {
            break;
        }
    }
    while digits.len() < 6 {
        digits.push('0');
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_name_one_message_each_and_keep_their_order() {
        let mut model = Model::new(Seed::acme(), false);
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let first = model.next_ts(now);
        let second = model.next_ts(now);
        assert_eq!(first, "1700000000.000000");
        assert_eq!(second, "1700000000.000001");
        assert_eq!(time_of_ts(&second), Some(now + chrono::Duration::microseconds(1)));
    }

    #[test]
    fn direct_messages_are_opened_once() {
        let mut model = Model::new(Seed::acme(), false);
        let id = model.open_dm("U0DANA");
        assert!(id.starts_with('D'));
        assert_eq!(model.open_dm("U0DANA"), id);
        assert_ne!(model.open_dm("U0THEO"), id);
    }

    #[test]
    fn ids_are_not_given_twice() {
        let mut model = Model::new(Seed::acme(), false);
        let ids: std::collections::BTreeSet<_> = (0..2000).map(|_| model.next_id("V")).collect();
        assert_eq!(ids.len(), 2000);
    }
}
