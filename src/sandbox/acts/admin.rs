//! What administrators do, and what the app hears of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::ActError;
use crate::sandbox::core::Core;
use crate::sandbox::model::{Message, Person, PersonKind, Status};
use crate::sandbox::state::Change;

impl Core {
    /// Changes who is in a user group.
    pub(crate) fn set_group_members(
        self: &Arc<Self>,
        group: &str,
        members: &[&str],
    ) -> Result<(), ActError> {
        let events = self.change(|state, now| {
            let team = state.model.team.id.clone();
            let known =
                state.model.groups.get_mut(group).ok_or_else(|| {
                    ActError::NoSuchChoice(format!("there is no user group {group}"))
                })?;
            let members: Vec<String> = members.iter().map(|id| (*id).to_owned()).collect();
            let added: Vec<_> =
                members.iter().filter(|id| !known.members.contains(id)).cloned().collect();
            let removed: Vec<_> =
                known.members.iter().filter(|id| !members.contains(id)).cloned().collect();
            known.members = members;
            let subteam = known.as_slack(&team, true, true);
            state.changes.push(Change::State);
            Ok::<_, ActError>([
                json!({
                    "type": "subteam_members_changed",
                    "subteam_id": group,
                    "team_id": team,
                    "date_previous_update": now.timestamp() - 60,
                    "date_update": now.timestamp(),
                    "added_users": added,
                    "added_users_count": added.len(),
                    "removed_users": removed,
                    "removed_users_count": removed.len(),
                    "event_ts": format!("{}.000100", now.timestamp()),
                }),
                json!({
                    "type": "subteam_updated",
                    "subteam": subteam,
                    "event_ts": format!("{}.000200", now.timestamp()),
                }),
            ])
        })?;
        for event in events {
            self.emit(event);
        }
        Ok(())
    }

    /// Makes a person something else: deactivated, a guest, a member again.
    pub(crate) fn set_person_kind(
        self: &Arc<Self>,
        user: &str,
        kind: PersonKind,
    ) -> Result<(), ActError> {
        self.change_person(user, |person| person.kind = kind)
    }

    /// A person sets their status, or takes it away.
    pub(crate) fn set_status(self: &Arc<Self>, user: &str, status: Status) -> Result<(), ActError> {
        self.change_person(user, |person| person.status = status)
    }

    /// Something about a person becomes another, and the app hears of it.
    fn change_person(
        self: &Arc<Self>,
        user: &str,
        change: impl FnOnce(&mut Person),
    ) -> Result<(), ActError> {
        let event = self.change(|state, now| {
            let email = state.model.scopes.iter().any(|scope| scope == "users:read.email");
            let person = state
                .model
                .person_mut(user)
                .ok_or_else(|| ActError::NoSuchPerson(user.to_owned()))?;
            change(person);
            let object = person.as_slack(email, false);
            state.changes.push(Change::State);
            Ok::<_, ActError>(json!({
                "type": "user_change",
                "user": object,
                "cache_ts": now.timestamp(),
                "event_ts": format!("{}.000300", now.timestamp()),
            }))
        })?;
        self.emit(event);
        Ok(())
    }

    /// A person pauses their notifications for a time, or lets them come again.
    pub(crate) fn set_paused(
        &self,
        user: &str,
        paused: Option<(i64, i64)>,
    ) -> Result<(), ActError> {
        self.change(|state, _| {
            let person = state
                .model
                .person_mut(user)
                .ok_or_else(|| ActError::NoSuchPerson(user.to_owned()))?;
            person.paused = paused;
            state.changes.push(Change::State);
            Ok(())
        })
    }

    /// Somebody, or a bot, comes to the workspace.
    pub(crate) fn arrive(self: &Arc<Self>, person: Person) {
        let event = self.change(|state, now| {
            let email = state.model.scopes.iter().any(|scope| scope == "users:read.email");
            let object = person.as_slack(email, false);
            state.model.people.retain(|known| known.id != person.id);
            state.model.people.push(person);
            state.changes.push(Change::State);
            json!({
                "type": "team_join",
                "user": object,
                "cache_ts": now.timestamp(),
                "event_ts": format!("{}.000500", now.timestamp()),
            })
        });
        self.emit(event);
    }

    /// Archives a channel, or brings it back.
    pub(crate) fn archive(self: &Arc<Self>, channel: &str, archived: bool) -> Result<(), ActError> {
        let event = self.change(|state, now| {
            let place = state
                .model
                .channels
                .get_mut(channel)
                .ok_or_else(|| ActError::NoSuchChannel(channel.to_owned()))?;
            place.archived = archived;
            state.changes.push(Change::State);
            Ok::<_, ActError>(json!({
                "type": if archived { "channel_archive" } else { "channel_unarchive" },
                "channel": channel,
                "user": "U0VERA",
                "event_ts": format!("{}.000400", now.timestamp()),
            }))
        })?;
        self.emit(event);
        Ok(())
    }

    /// Puts people, or the bot, into a channel.
    pub(crate) fn join(&self, channel: &str, user: &str, member: bool) -> Result<(), ActError> {
        self.change(|state, _| {
            let place = state
                .model
                .channels
                .get_mut(channel)
                .ok_or_else(|| ActError::NoSuchChannel(channel.to_owned()))?;
            if member {
                place.members.insert(user.to_owned());
            } else {
                place.members.remove(user);
            }
            state.changes.push(Change::State);
            Ok(())
        })
    }

    /// Somebody with the power to do so deletes a message of anybody's.
    pub(crate) fn delete_message(&self, channel: &str, ts: &str) -> Result<Message, ActError> {
        self.change(|state, _| state.delete(channel, ts)).ok_or_else(|| ActError::NoSuchMessage {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
            seen: "it may have been deleted before".to_owned(),
        })
    }

    /// Removes the app: its tokens are worth nothing, and it hears of it.
    pub(crate) fn uninstall(self: &Arc<Self>) {
        let bot = self.read(|state| state.model.app.bot_user_id.clone());
        let events: [Value; 2] = [
            json!({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot]}}),
            json!({"type": "app_uninstalled"}),
        ];
        let token = self.secrets.bot_token.clone();
        self.change(|state, _| state.revoked.push(token));
        for event in events {
            self.emit(event);
        }
    }
}
