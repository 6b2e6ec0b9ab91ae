//! What travels in a Socket Mode connection.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::slack::wire::inbound::Inbound;
use crate::slack::wire::installation::Installation;
use crate::slack::wire::payload::{self, BadPayload, Event};

/// A frame from Slack.
#[derive(Deserialize)]
pub(super) struct Frame {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub envelope_id: Option<String>,
    pub accepts_response_payload: Option<bool>,
    pub retry_attempt: Option<u32>,
    pub payload: Option<Value>,
}

impl Frame {
    /// What is in it; nothing to do for kinds that we do not know.
    pub(super) fn inbound(self, at: &Installation) -> Result<Inbound, BadPayload> {
        let kind = self.kind.unwrap_or_default();
        let payload = || self.payload.ok_or(BadPayload::Missing("payload"));
        match kind.as_str() {
            "slash_commands" => payload::slash_json(payload()?, at),
            "interactive" => payload::interaction_json(payload()?, at),
            "events_api" => match payload::event_json(payload()?, at)? {
                Event::Happened(inbound) => Ok(inbound),
                Event::Challenge(_) => Ok(Inbound::Ignored { kind: "challenge".to_owned() }),
            },
            _ => Ok(Inbound::Ignored { kind: kind.chars().take(60).collect() }),
        }
    }
}

/// The acknowledgement of an envelope.
#[derive(Serialize)]
pub(super) struct Acknowledgement<'a> {
    pub envelope_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
}
