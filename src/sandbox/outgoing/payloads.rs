//! The fields of what Slack sends: slash commands, interactions, events.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::sandbox::model::{
    Channel, FROM_TOMORROW, Message, Model, Person, View, people_set as set,
};

/// The old way to verify a request; still sent, never to be used.
const VERIFICATION_TOKEN: &str = "gIkuvaNzQIHg97ATvDxqgjtO";

/// What a command or click carries to act with.
pub(crate) struct Tickets {
    pub trigger_id: String,
    pub response_url: String,
}

/// A slash command.
pub(crate) fn command(
    model: &Model,
    user: &Person,
    channel: &Channel,
    words: (&str, &str),
    tickets: &Tickets,
) -> Vec<(String, String)> {
    let (command, text) = words;
    let mut fields = vec![
        ("token", VERIFICATION_TOKEN.to_owned()),
        ("team_id", model.team.id.clone()),
        ("team_domain", model.team.domain.clone()),
    ];
    if model.org_wide {
        fields.push(("enterprise_id", model.enterprise.id.clone()));
        fields.push(("enterprise_name", model.enterprise.name.clone()));
    }
    fields.extend([
        ("channel_id", channel.id.clone()),
        ("channel_name", channel.wire_name().to_owned()),
        ("user_id", user.id.clone()),
        ("user_name", user.name.clone()),
        ("command", command.to_owned()),
        ("text", text.to_owned()),
        ("api_app_id", model.app.id.clone()),
        ("is_enterprise_install", model.org_wide.to_string()),
        ("response_url", tickets.response_url.clone()),
        ("trigger_id", tickets.trigger_id.clone()),
        (FROM_TOMORROW, "x".to_owned()),
    ]);
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What every interaction carries.
fn interaction(model: &Model, kind: &str, user: &Person) -> Value {
    let team = json!({"id": model.team.id, "domain": model.team.domain});
    let enterprise = json!({"id": model.enterprise.id, "name": model.enterprise.name});
    json!({
        "type": kind,
        "team": if model.org_wide { Value::Null } else { team },
        "enterprise": if model.org_wide { enterprise } else { Value::Null },
        "is_enterprise_install": model.org_wide,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": model.app.id,
        "token": VERIFICATION_TOKEN,
    })
}

/// Adds, always, what Slack may add any day without a word: fields that nobody knows, to whatever is
/// Slack's own in a payload. (Blocks and values are the app's.)
fn as_of_tomorrow(mut payload: Value) -> Value {
    for at in [
        "",
        "/user",
        "/team",
        "/enterprise",
        "/channel",
        "/container",
        "/message",
        "/state",
        "/actions/0",
        "/view",
        "/view/state",
        "/event",
        "/event/user",
        "/event/subteam",
        "/authorizations/0",
    ] {
        if let Some(part @ Value::Object(_)) = payload.pointer_mut(at) {
            set(part, FROM_TOMORROW, json!(["x", {"y": null}]));
        }
    }
    payload
}

/// A click in a message.
pub(crate) fn message_action(
    model: &Model,
    user: &Person,
    channel: &Channel,
    message: &Message,
    action: Value,
    tickets: &Tickets,
) -> Value {
    let ephemeral = message.is_ephemeral();
    let mut payload = interaction(model, "block_actions", user);
    set(&mut payload, "trigger_id", json!(tickets.trigger_id));
    set(&mut payload, "response_url", json!(tickets.response_url));
    set(
        &mut payload,
        "container",
        json!({
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }),
    );
    set(&mut payload, "channel", json!({"id": channel.id, "name": channel.wire_name()}));
    // Slack does not send ephemeral messages along.
    if !ephemeral {
        set(&mut payload, "message", message.as_slack(model));
    }
    set(&mut payload, "state", json!({"values": message.state}));
    set(&mut payload, "actions", json!([action]));
    as_of_tomorrow(payload)
}

/// A click in a view.
pub(crate) fn view_action(
    model: &Model,
    user: &Person,
    view: &View,
    action: Value,
    trigger_id: &str,
) -> Value {
    let mut payload = interaction(model, "block_actions", user);
    set(&mut payload, "trigger_id", json!(trigger_id));
    set(&mut payload, "container", json!({"type": "view", "view_id": view.id}));
    set(&mut payload, "view", view.as_slack(model));
    set(&mut payload, "actions", json!([action]));
    as_of_tomorrow(payload)
}

/// A form that was submitted.
pub(crate) fn view_submission(
    model: &Model,
    user: &Person,
    view: &View,
    trigger_id: &str,
) -> Value {
    let mut payload = interaction(model, "view_submission", user);
    set(&mut payload, "trigger_id", json!(trigger_id));
    set(&mut payload, "view", view.as_slack(model));
    set(&mut payload, "response_urls", json!([]));
    as_of_tomorrow(payload)
}

/// A form that was closed without submitting.
pub(crate) fn view_closed(model: &Model, user: &Person, view: &View, all: bool) -> Value {
    let mut payload = interaction(model, "view_closed", user);
    set(&mut payload, "view", view.as_slack(model));
    set(&mut payload, "is_cleared", json!(all));
    as_of_tomorrow(payload)
}

/// What a person types into a menu whose options the app gives.
pub(crate) fn block_suggestion(
    model: &Model,
    user: &Person,
    view: &View,
    place: (&str, &str),
    typed: &str,
) -> Value {
    let (block_id, action_id) = place;
    let mut payload = interaction(model, "block_suggestion", user);
    set(&mut payload, "container", json!({"type": "view", "view_id": view.id}));
    set(&mut payload, "view", view.as_slack(model));
    set(&mut payload, "block_id", json!(block_id));
    set(&mut payload, "action_id", json!(action_id));
    set(&mut payload, "value", json!(typed));
    as_of_tomorrow(payload)
}

/// Whether the app subscribed to this event.
pub(crate) fn is_subscribed(model: &Model, event: &Value) -> bool {
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    let wanted = match (kind, event.get("channel_type").and_then(Value::as_str)) {
        ("message", Some("im")) => "message.im",
        ("message", Some("group")) => "message.groups",
        ("message", _) => "message.channels",
        (kind, _) => kind,
    };
    model.app.events.iter().any(|event| event == wanted)
}

/// An event with everything around it.
pub(crate) fn event_callback(model: &mut Model, event: Value, now: DateTime<Utc>) -> Value {
    let event_id = model.next_id("Ev");
    let team = model.team.id.clone();
    let enterprise = model.org_wide.then(|| model.enterprise.id.clone());
    as_of_tomorrow(json!({
        "token": VERIFICATION_TOKEN,
        "team_id": team,
        "enterprise_id": enterprise,
        "context_team_id": team,
        "context_enterprise_id": enterprise,
        "api_app_id": model.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": now.timestamp(),
        "authorizations": [{
            "enterprise_id": enterprise,
            "team_id": if model.org_wide { None } else { Some(team.clone()) },
            "user_id": model.app.bot_user_id,
            "is_bot": true,
            "is_enterprise_install": model.org_wide,
        }],
        "is_ext_shared_channel": false,
        "event_context": format!("4-{event_id}"),
    }))
}

/// What Slack sends once to an address for events.
pub(crate) fn url_verification(challenge: &str) -> Value {
    json!({"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_slacks_own_has_fields_that_nobody_knows() {
        let payload = as_of_tomorrow(json!({
            "user": {"id": "U1"},
            "enterprise": null,
            "actions": [{"action_id": "approve"}],
            "message": {"blocks": [{"type": "divider"}]},
            "view": {"state": {"values": {"purpose": {}}}},
            "event": {"type": "user_change", "user": {"id": "U1"}},
        }));
        let added = |at: &str| payload.pointer(at).unwrap().get(FROM_TOMORROW).is_some();
        for at in ["", "/user", "/actions/0", "/message", "/view", "/event", "/event/user"] {
            assert!(added(at), "{at}");
        }
        for at in ["/enterprise", "/message/blocks/0", "/view/state/values"] {
            assert!(!added(at), "{at}");
        }
    }
}
