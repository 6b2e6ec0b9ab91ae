//! A call → what the server says to it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::calls::Call;
use super::serve::Progress;
use super::words;
use crate::client::server::Server;
use crate::client::trouble::Trouble;
use crate::contract::grants::Grant;
use crate::contract::requests::{Ask, Request};
use crate::domain::access::Access;
use crate::domain::agent::Slug;

/// The longest that the server is asked to wait in one question, in seconds.
const ONE_WAIT: u64 = 25;
/// Stands for everything of a resource, where one thing has to be named.
const ALL: &str = "*";

/// What came of a call.
#[derive(Debug)]
pub(super) enum Done {
    /// It was done: what the agent reads, and the same for its program.
    Well {
        /// For the model.
        words: String,
        /// For the program.
        facts: Value,
    },
    /// It was not: why, and what to do.
    Not(String),
}

/// Does what was called for.
pub(super) async fn act(server: &Server, agent: &Slug, call: Call, progress: &Progress) -> Done {
    let done = match call {
        Call::MayI { access, task, model_version, prompt_hash } => {
            let claims = json!({
                "task": task, "model_version": model_version, "prompt_hash": prompt_hash,
            });
            may_i(server, agent, &access, claims).await
        }
        Call::RequestPermission { access, justification, lasting } => {
            let ask = Ask {
                access: access.to_string(),
                lasting: lasting.map(|span| span.to_string()),
                justification,
            };
            let request: Result<Request, Trouble> =
                server.post(&format!("/api/v1/agents/{agent}/requests"), &ask).await;
            request.map(|request| well(words::asked(&request), &request))
        }
        Call::WaitFor { reference, seconds } => {
            wait_for(server, &reference.to_string(), seconds, progress).await
        }
        Call::MyGrants => {
            let shown: Result<Holdings, Trouble> =
                server.get(&format!("/api/v1/agents/{agent}")).await;
            shown.map(|holdings| {
                let facts = json!({ "grants": holdings.grants, "open": holdings.open });
                Done::Well { words: words::holdings(&holdings.grants, &holdings.open), facts }
            })
        }
        Call::HandBack { reference } => {
            let grant: Result<Grant, Trouble> =
                server.post(&format!("/api/v1/grants/{reference}/release"), &json!({})).await;
            grant.map(|grant| well(words::handed_back(&grant), &grant))
        }
    };
    done.unwrap_or_else(|trouble| Done::Not(words::trouble(&trouble)))
}

/// What of an agent is of interest to itself.
#[derive(Deserialize)]
struct Holdings {
    grants: Vec<Grant>,
    open: Vec<Request>,
}

fn well(words: String, facts: &impl serde::Serialize) -> Done {
    // What was read from JSON is written as JSON.
    Done::Well { words, facts: serde_json::to_value(facts).unwrap_or_default() }
}

async fn may_i(
    server: &Server,
    agent: &Slug,
    access: &Access,
    claims: Value,
) -> Result<Done, Trouble> {
    let object = access.object.as_deref().unwrap_or(ALL);
    let question = json!({
        "subject": { "type": "agent", "id": agent },
        "action": { "name": access.action },
        "resource": { "type": access.resource, "id": object },
        "context": { "agent": without_nothing(claims) },
    });
    let answer: Value = server.post("/access/v1/evaluation", &question).await?;
    let (words, facts) = words::judged(agent, access, &answer);
    Ok(Done::Well { words, facts })
}

/// The members that say something.
fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
}

async fn wait_for(
    server: &Server,
    reference: &str,
    seconds: u32,
    progress: &Progress,
) -> Result<Done, Trouble> {
    let began = Instant::now();
    let end = began + Duration::from_secs(u64::from(seconds));
    let path = format!("/api/v1/requests/{reference}");
    let mut request: Request = server.get(&path).await?;
    while request.state == "open" {
        let left = end.saturating_duration_since(Instant::now()).as_secs();
        if left == 0 {
            break;
        }
        let passed = u32::try_from(began.elapsed().as_secs()).unwrap_or(seconds);
        progress.tell(passed, seconds, &words::awaited(&request)).await;
        let query = [("wait", left.min(ONE_WAIT).to_string()), ("seen", request.version.clone())];
        let query = serde_urlencoded::to_string(query)
            .map_err(|error| Trouble::fault("The question could not be written down.", error))?;
        let asked = Instant::now();
        match server.get(&format!("{path}?{query}")).await {
            Ok(newer) => request = newer,
            // The request goes on without us; so do we.
            Err(trouble) if trouble.may_pass() => {}
            Err(trouble) => return Err(trouble),
        }
        // Whatever answers at once is not asked without a pause.
        if asked.elapsed() < Duration::from_secs(1) && request.state == "open" {
            tokio::time::sleep(Duration::from_secs(1).min(end - Instant::now().min(end))).await;
        }
    }
    Ok(well(words::stands(&request), &request))
}
