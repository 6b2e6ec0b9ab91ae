//! How this agent keeps to what it is allowed.
//!
//! Who it is comes from `agent-cli run`: COUNTERSIGN_SERVER, COUNTERSIGN_AGENT, and a short-lived token,
//! renewed in COUNTERSIGN_TOKEN_FILE. There is no key in this project, and none is needed.

use std::env;
use std::fmt;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use ureq::Agent as Http;

/// The exit status of "may not"; a scheduler can tell it from a crash.
pub const DENIED: u8 = 77;
/// The exit status of "could not ask": nothing was done, try again later.
pub const AWAY: u8 = 75;

/// No answer. What was not answered is not allowed.
#[derive(Debug)]
pub struct Away(String);

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Away {}

/// What decides: which model, on which prompt, for which task.
pub struct About {
    pub task: &'static str,
    pub model_version: &'static str,
    pub prompt: &'static str,
}

/// A yes or a no, with the question that it answers.
pub struct Answer {
    question: Value,
    document: Value,
}

impl Answer {
    pub fn allowed(&self) -> bool {
        self.document["decision"] == true
    }

    fn context(&self) -> &Value {
        &self.document["context"]
    }

    fn evaluation(&self) -> &str {
        self.context()["evaluation_id"].as_str().unwrap_or_default()
    }

    /// Why not, what to do, how long it takes: for the person who reads the log.
    pub fn explain(&self) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let offer = &self.context()["access_request"];
        // What can be asked for is asked for from here: then the reason alone is enough.
        let words = match &self.context()["why"]["en"] {
            Value::String(why) if offer.is_object() => why.clone(),
            _ => text(&self.context()["reason_user"]["en"]),
        };
        eprintln!("{}", if words.is_empty() { "It is not allowed." } else { &words });
        if offer.is_object() {
            let resource = text(&self.question["resource"]["type"]);
            let action = text(&self.question["action"]["name"]);
            eprintln!(
                "  Next  agent-cli request-permission --resource {resource}:{action} \
                 --justification \"why\""
            );
            if let Some(link) = offer["form_url"].as_str() {
                eprintln!("        or one click, for the owner: {link}");
            }
        }
        if let Some(wait) = self.context()["wait"]["en"].as_str() {
            eprintln!("  Wait  {wait}");
        }
        if !self.evaluation().is_empty() {
            eprintln!("  More  agent-cli why {}", self.evaluation());
        }
    }
}

/// Asks before it acts, and tells what it did.
pub struct Guard {
    server: String,
    agent: String,
    http: Http,
}

impl Guard {
    pub fn from_environment() -> Result<Self, Away> {
        let config = Http::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .http_status_as_error(false)
            .max_redirects(0);
        Ok(Self {
            server: setting("COUNTERSIGN_SERVER")?.trim_end_matches('/').to_owned(),
            agent: setting("COUNTERSIGN_AGENT")?,
            http: config.build().into(),
        })
    }

    /// The token of this moment.
    fn token(&self) -> Result<String, Away> {
        let Ok(path) = env::var("COUNTERSIGN_TOKEN_FILE") else { return setting("COUNTERSIGN_TOKEN") };
        let token = fs::read_to_string(&path).map_err(|error| Away(format!("{path}: {error}")))?;
        Ok(token.trim().to_owned())
    }

    /// May this agent do this with that, now?
    pub fn may(
        &self,
        action: &str,
        kind: &str,
        object: &str,
        about: &About,
        approval: Option<&Value>,
    ) -> Result<Answer, Away> {
        let question = json!({
            "subject": { "type": "agent", "id": self.agent },
            "action": { "name": action },
            "resource": { "type": kind, "id": object },
            "context": { "agent": {
                "model_version": about.model_version,
                "prompt_hash": prompt_hash(about.prompt),
                "task": about.task,
            } },
        });
        let mut asked = question.clone();
        if let Some(approval) = approval {
            asked["context"]["approval"] = approval.clone();
        }
        let (_, document) = self.send("/access/v1/evaluation", Some((&asked, None)))?;
        Ok(Answer { question, document })
    }

    /// Asks people for what was denied and waits for them; the approval, if they give it.
    pub fn ask(&self, answer: &Answer, justification: &str, patience: Duration) -> Result<Option<Value>, Away> {
        let offer = &answer.context()["access_request"];
        if !offer.is_object() {
            return Ok(None);
        }
        let mut body = answer.question.clone();
        body["context"]["justification"] = json!(justification);
        body["denial"] = json!({
            "evaluation_id": answer.evaluation(),
            "expires_at": offer["expires_at"],
        });
        if offer["binding_token"].is_string() {
            body["denial"]["binding_token"] = offer["binding_token"].clone();
        }
        let sent = (&body, Some(answer.evaluation()));
        let (mut wait, mut document) = self.send("/access/v1/requests", Some(sent))?;
        let began = Instant::now();
        let mut said = String::new();
        while document["task"]["status"] == "pending" && began.elapsed() < patience {
            let words = &document["task"]["display"]["description"];
            let words = words.as_str().unwrap_or("People are asked.");
            if words != said {
                eprintln!("{words}");
                said = words.to_owned();
            }
            sleep(wait);
            let task = document["task"]["id"].as_str().unwrap_or_default();
            (wait, document) = self.send(&format!("/access/v1/requests/{task}"), None)?;
        }
        let approval = document["result"]["approval"].clone();
        Ok(approval.is_object().then_some(approval))
    }

    /// Puts on the record what was done; `touched` names things, never their content. The record's id.
    pub fn tell(&self, answer: &Answer, about: &About, rationale: &str, touched: Value) -> Result<String, Away> {
        let report = json!({
            "agent_id": self.agent,
            "evaluation_id": answer.evaluation(),
            "model_version": about.model_version,
            "prompt_hash": prompt_hash(about.prompt),
            "decision_rationale": rationale,
            "data_accessed": touched,
            "outcome": "success",
        });
        // The same report under the same key counts once, however often it is sent.
        let key = hash(&report.to_string());
        let (_, document) = self.send("/api/v1/activity", Some((&report, Some(&key))))?;
        Ok(document["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends something; how long to wait before asking again, and what came back.
    fn send(&self, path: &str, body: Option<(&Value, Option<&str>)>) -> Result<(Duration, Value), Away> {
        let (server, bearer) = (&self.server, format!("Bearer {}", self.token()?));
        let address = format!("{server}{path}");
        let reply = match body {
            None => self.http.get(&address).header("Authorization", &bearer).call(),
            Some((body, key)) => {
                let mut request = self.http.post(&address).header("Authorization", &bearer);
                if let Some(key) = key {
                    request = request.header("Idempotency-Key", key);
                }
                request.header("Content-Type", "application/json").send(body.to_string())
            }
        };
        let mut reply = reply.map_err(|error| Away(format!("{server} gave no answer: {error}")))?;
        let wait = reply.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = reply
            .body_mut()
            .read_to_string()
            .map_err(|error| Away(format!("{server} gave no answer: {error}")))?;
        if !reply.status().is_success() {
            return Err(Away(format!("{server} answered {}: {text}", reply.status().as_u16())));
        }
        let document = serde_json::from_str(&text)
            .map_err(|_| Away(format!("{server} answered what cannot be understood")))?;
        Ok((Duration::from_secs(wait.unwrap_or(5)), document))
    }
}

fn setting(name: &str) -> Result<String, Away> {
    env::var(name)
        .map_err(|_| Away(format!("{name} is not set; start this with `agent-cli run -- cargo run`")))
}

/// Stands for the prompt on the record, without its words.
fn prompt_hash(prompt: &str) -> String {
    format!("sha256:{}", hash(prompt))
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
