//! What came in from Slack, as plain facts: who, what, with which tickets to answer.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::delivery::MessageRef;
use crate::domain::person::PersonId;
use crate::service::input::OnceKey;
use crate::slack::actions::{Button, Form};

/// Something that came in.
///
/// `by` carries the installation's id for people who belong to it, and the id of their own
/// workspace for outsiders, so that an outsider can never equal a member.
#[derive(Debug, Clone)]
pub enum Inbound {
    /// A slash command.
    Slash(Slash),
    /// A click on a button, in a message, a form or App Home.
    Button(Click),
    /// A change of an input in a form, which the form wants to know at once.
    Changed(Click),
    /// A form that was sent.
    Submitted(Submission),
    /// Somebody opened App Home.
    HomeOpened {
        /// Who.
        person: PersonId,
    },
    /// People have changed: their name, their standing, their account.
    PeopleChanged {
        /// Who, as a person of this installation; anybody if absent.
        user: Option<PersonId>,
    },
    /// A bot, an app or a workflow of the workspace has come, changed or gone.
    MachineChanged {
        /// Which user id.
        user: String,
    },
    /// A user group has changed.
    GroupChanged {
        /// Which group's id; any if absent.
        group: Option<String>,
    },
    /// The app lost its right to act.
    Revoked {
        /// Whether the app was uninstalled; otherwise tokens were revoked.
        uninstalled: bool,
        /// The user ids whose bot tokens were revoked.
        bots: Vec<String>,
    },
    /// Something that needs no answer.
    Ignored {
        /// Slack's name for it.
        kind: String,
    },
}

impl Inbound {
    /// What kind of thing it is, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Slash(_) => "command",
            Self::Button(_) => "button",
            Self::Changed(_) => "change",
            Self::Submitted(_) => "form",
            Self::HomeOpened { .. } => "home",
            Self::PeopleChanged { .. } => "people_changed",
            Self::MachineChanged { .. } => "machine_changed",
            Self::GroupChanged { .. } => "group_changed",
            Self::Revoked { .. } => "revoked",
            Self::Ignored { .. } => "ignored",
        }
    }
}

/// A slash command.
#[derive(Debug, Clone)]
pub struct Slash {
    /// Who typed it.
    pub by: PersonId,
    /// Where: a channel's id.
    pub channel: String,
    /// The channel's name, `directmessage` or `privategroup`.
    pub channel_name: String,
    /// The command, `/agent`.
    pub command: String,
    /// What was typed after it; untrusted.
    pub text: String,
    /// Opens one form, within three seconds.
    pub trigger_id: String,
    /// Where an answer may be posted.
    pub response_url: Option<ResponseUrl>,
    /// Its name, should it be delivered twice.
    pub once: OnceKey,
}

/// A click on a button, or a change of an input.
#[derive(Debug, Clone)]
pub struct Click {
    /// Who clicked.
    pub by: PersonId,
    /// Which of our buttons; `None` for other elements and for buttons of older versions.
    pub button: Option<Button>,
    /// The element's `action_id`.
    pub action_id: String,
    /// Its block's id.
    pub block_id: String,
    /// What was chosen: a text (button, text, single menus, pickers), a list of texts (checkboxes,
    /// multiple menus), or null where nothing is.
    pub value: Value,
    /// The message in which it was clicked; `None` for ephemeral ones, which have no lasting name.
    pub message: Option<MessageRef>,
    /// The channel in which it was clicked.
    pub channel: Option<String>,
    /// The form or App Home in which it was clicked.
    pub view: Option<ViewRef>,
    /// Opens one form, within three seconds.
    pub trigger_id: String,
    /// Where an answer may be posted; absent in forms and App Home.
    pub response_url: Option<ResponseUrl>,
    /// Its name, should it be delivered twice.
    pub once: OnceKey,
}

/// A form that was sent.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Who sent it.
    pub by: PersonId,
    /// Which of our forms; `None` for forms of older versions.
    pub form: Option<Form>,
    /// The form with what was filled in.
    pub view: ViewRef,
    /// Opens one form, within three seconds.
    pub trigger_id: Option<String>,
    /// Where an answer may be posted, if the form asked for a channel.
    pub response_urls: Vec<ResponseUrl>,
    /// The name of the form with what is filled in: sent again as it is, it counts once; corrected
    /// and sent again, it is another.
    pub once: OnceKey,
}

/// A form or App Home, as Slack shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewRef {
    /// Its id.
    pub id: String,
    /// Changes with each update; `views.update` refuses to overwrite another.
    pub hash: Option<String>,
    /// Which kind of form.
    pub callback_id: String,
    /// What we put into it when it was opened.
    pub private_metadata: String,
    /// What is filled in: `{block_id: {action_id: element}}`; empty if nothing is.
    pub values: Value,
}

impl ViewRef {
    /// Which of our forms it is.
    pub fn form(&self) -> Option<Form> {
        serde_json::from_str::<Form>(&self.private_metadata)
            .ok()
            .filter(|form| form.callback_id() == self.callback_id)
    }

    /// What is filled in at this block, as in [`Click::value`]; null if nothing is.
    ///
    /// Blocks of forms hold one element each, so the block's id is enough.
    pub fn chosen(&self, block_id: &str) -> Value {
        self.values
            .get(block_id)
            .and_then(Value::as_object)
            .and_then(|elements| elements.values().next())
            .map_or(Value::Null, chosen)
    }

    /// The text (or the one choice) at this block; `None` if it is empty or absent.
    pub fn text(&self, block_id: &str) -> Option<String> {
        match self.chosen(block_id) {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The choices at this block (checkboxes, multiple menus); a single choice is a list of one.
    pub fn choices(&self, block_id: &str) -> Vec<String> {
        match self.chosen(block_id) {
            Value::String(text) => vec![text],
            Value::Array(all) => {
                all.into_iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What an element says was chosen: a text, a list of texts, or null.
///
/// <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>
pub fn chosen(element: &Value) -> Value {
    let option = |option: &Value| option.get("value").cloned().unwrap_or(Value::Null);
    // Each type of element has its own field; exactly one of them is there.
    const LISTS: [&str; 4] =
        ["selected_users", "selected_channels", "selected_conversations", "selected_options"];
    for field in LISTS {
        if let Some(Value::Array(all)) = element.get(field) {
            return all.iter().map(|v| if v.is_object() { option(v) } else { v.clone() }).collect();
        }
    }
    const SINGLES: [&str; 7] = [
        "selected_user",
        "selected_channel",
        "selected_conversation",
        "selected_date",
        "selected_time",
        "selected_date_time",
        "value",
    ];
    if let Some(selected) = element.get("selected_option") {
        return option(selected);
    }
    SINGLES.iter().find_map(|field| element.get(*field)).cloned().unwrap_or(Value::Null)
}

/// An address for answers. Whoever has it can post as the app, so it is never printed.
#[derive(Clone)]
pub struct ResponseUrl(SecretString);

impl ResponseUrl {
    /// The address.
    pub fn new(url: impl Into<String>) -> Self {
        Self(SecretString::from(url.into()))
    }

    /// The address itself, for the one place that posts to it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_element_says_what_was_chosen_in_its_own_field() {
        let option =
            |value: &str| json!({"text": {"type": "plain_text", "text": "x"}, "value": value});
        for (element, expected) in [
            (json!({"type": "button", "value": "req_1"}), json!("req_1")),
            (json!({"type": "plain_text_input", "value": null}), Value::Null),
            (json!({"type": "plain_text_input", "value": "why"}), json!("why")),
            (json!({"type": "static_select", "selected_option": option("a")}), json!("a")),
            (json!({"type": "static_select", "selected_option": null}), Value::Null),
            (json!({"type": "radio_buttons", "selected_option": option("b")}), json!("b")),
            (json!({"type": "overflow", "selected_option": option("c")}), json!("c")),
            (
                json!({"type": "checkboxes", "selected_options": [option("a"), option("b")]}),
                json!(["a", "b"]),
            ),
            (json!({"type": "checkboxes", "selected_options": []}), json!([])),
            (json!({"type": "users_select", "selected_user": "U1"}), json!("U1")),
            (json!({"type": "multi_users_select", "selected_users": ["U1"]}), json!(["U1"])),
            (json!({"type": "channels_select", "selected_channel": "C1"}), json!("C1")),
            (json!({"type": "datetimepicker", "selected_date_time": 7}), json!(7)),
            (json!({"type": "from_tomorrow"}), Value::Null),
        ] {
            assert_eq!(chosen(&element), expected, "{element}");
        }
    }

    #[test]
    fn a_response_url_is_never_printed() {
        let url = ResponseUrl::new("https://hooks.slack.com/commands/T1/2/secret");
        assert!(!format!("{url:?}").contains("secret"));
    }
}
