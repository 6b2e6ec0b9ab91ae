//! Requests as Slack signs and sends them, made before they are needed.

use bytes::Bytes;
use chrono::TimeDelta;
use countersign::domain::ids::RequestId;
use countersign::slack::wire::signature::Verifier;
use serde_json::json;

use super::now;

/// What requests are signed with.
pub const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// Makes requests; each has another trigger id.
pub struct Signer {
    verifier: Verifier,
    response_url: String,
    made: u64,
    ahead: TimeDelta,
}

impl Signer {
    /// Answers may be posted there.
    pub fn new(response_url: String) -> Self {
        let verifier = Verifier::new(&SECRET.to_owned().into()).expect("a secret");
        Self { verifier, response_url, made: 0, ahead: TimeDelta::zero() }
    }

    /// Signs with a time so far ahead of the machine's.
    pub fn ahead(&mut self, by: TimeDelta) -> &mut Self {
        self.ahead = by;
        self
    }

    fn trigger(&mut self) -> String {
        self.made += 1;
        let stamp = now().timestamp_micros();
        format!("{stamp}.{}.799b55886a71d15d23c3a4b3ddd0b1e2", self.made)
    }

    /// `/agent` with this text, typed by this person.
    pub fn command(&mut self, user: &str, text: &str) -> Bytes {
        let (trigger, url) = (self.trigger(), self.response_url.clone());
        let fields = [
            ("token", "gIkuvaNzQIHg97ATvDxqgjtO"),
            ("team_id", "T0ACME"),
            ("team_domain", "acme"),
            ("channel_id", "C0SUPPORT"),
            ("channel_name", "support"),
            ("user_id", user),
            ("user_name", "somebody"),
            ("command", "/agent"),
            ("text", text),
            ("api_app_id", "A0COUNTERSIGN"),
            ("is_enterprise_install", "false"),
            ("response_url", &url),
            ("trigger_id", &trigger),
        ];
        self.post("commands", serde_urlencoded::to_string(fields).expect("a form"))
    }

    /// A click on Approve on the card in the approvals channel, with the card as Slack sends it.
    pub fn approve(&mut self, user: &str, request: RequestId, ts: &str) -> Bytes {
        let trigger = self.trigger();
        let words = "support-agent asks for tickets : comment, for 30 minutes from approval. ";
        let section = json!({
            "type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": words.repeat(4)},
        });
        let payload = json!({
            "type": "block_actions",
            "team": {"id": "T0ACME", "domain": "acme"},
            "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": "T0ACME"},
            "api_app_id": "A0COUNTERSIGN",
            "token": "gIkuvaNzQIHg97ATvDxqgjtO",
            "container": {"type": "message", "message_ts": ts, "channel_id": "C0APPROVALS", "is_ephemeral": false},
            "trigger_id": trigger,
            "channel": {"id": "C0APPROVALS", "name": "agent-approvals"},
            "message": {"type": "message", "ts": ts, "user": "U0BOT", "bot_id": "B0BOT",
                "blocks": [section, section, section, section]},
            "state": {"values": {}},
            "response_url": self.response_url,
            "actions": [{"type": "button", "action_id": "approve", "block_id": "vote",
                "text": {"type": "plain_text", "text": "Approve"},
                "value": request.to_string(), "action_ts": "1800000000.000001"}],
        });
        let form = [("payload", payload.to_string())];
        self.post("interactions", serde_urlencoded::to_string(form).expect("a form"))
    }

    fn post(&self, to: &str, body: String) -> Bytes {
        let stamp = (now() + self.ahead).timestamp().to_string();
        let signature = self.verifier.sign(&stamp, body.as_bytes());
        Bytes::from(format!(
            "POST /slack/{to} HTTP/1.1\r\nhost: countersign.example.com\r\n\
             user-agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\naccept: */*\r\n\
             accept-encoding: gzip,deflate\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             x-slack-request-timestamp: {stamp}\r\nx-slack-signature: {signature}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}
