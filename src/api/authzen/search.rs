//! Who may do this, what may be done here, and to what: in pages, by name.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::answer::json;
use super::wire::{PageAsked, Search};
use super::{AtDoor, Door};
use crate::api::authenticate::Caller;
use crate::api::extract::document;
use crate::api::problem::Problem;
use crate::domain::evaluation::Question;
use crate::pdp::search::Sought;

/// The most results on a page, and how many where the request does not say.
const MOST: u64 = 1_000;

/// `POST /access/v1/search/subject`.
pub(super) async fn subjects(door: AtDoor, request: Request) -> Response {
    respond(door, request, Sought::Subjects).await
}

/// `POST /access/v1/search/resource`.
pub(super) async fn resources(door: AtDoor, request: Request) -> Response {
    respond(door, request, Sought::Resources).await
}

/// `POST /access/v1/search/action`.
pub(super) async fn actions(door: AtDoor, request: Request) -> Response {
    respond(door, request, Sought::Actions).await
}

async fn respond(State(door): AtDoor, request: Request, sought: Sought) -> Response {
    let (parts, body) = request.into_parts();
    match door.search(&parts, body, sought).await {
        Ok(results) => json(&results),
        Err(problem) => problem.into_response(),
    }
}

/// A page of results.
#[derive(Serialize)]
struct Results {
    page: Page,
    results: Vec<Found>,
}

#[derive(Serialize)]
struct Page {
    next_token: String,
    count: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Found {
    Entity {
        #[serde(rename = "type")]
        kind: String,
        id: String,
    },
    Action {
        name: String,
    },
}

/// What a page's token holds: where to go on, and in which search.
#[derive(Serialize, Deserialize)]
struct Token {
    after: String,
    of: String,
}

impl Token {
    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

impl Door {
    async fn search(&self, parts: &Parts, body: Body, sought: Sought) -> Result<Results, Problem> {
        let caller = self.caller(parts).await?;
        let (question, page) = document::<Search>(parts, body).await?.asked(sought)?;
        let question = match sought {
            Sought::Subjects => question,
            Sought::Resources | Sought::Actions => self.judged(question)?,
        };
        match (sought, &caller) {
            (Sought::Subjects, Caller::Agent { .. }) => {
                let words =
                    "an agent may ask about itself alone; a service may search for subjects";
                return Err(Problem::forbidden(words));
            }
            (Sought::Subjects, Caller::Service { .. }) => {}
            _ => self.may_ask(&caller, &question.subject).await?,
        }
        let PageAsked { token, limit } = page.unwrap_or_default();
        let of = name_of(sought, &question, limit)?;
        let after = match token.filter(|token| !token.is_empty()) {
            None => None,
            Some(text) => Some(place(&text, &of)?),
        };
        let most = usize::try_from(limit.unwrap_or(MOST).min(MOST)).unwrap_or(usize::MAX);
        let kind = match sought {
            Sought::Subjects => question.subject.kind.clone(),
            Sought::Resources | Sought::Actions => question.resource.kind.clone(),
        };
        let found = self.pdp.search(sought, question, after.as_deref(), most).await?;
        let next_token = found.next.map(|after| Token { after, of }.write()).unwrap_or_default();
        let shown = |name| match sought {
            Sought::Actions => Found::Action { name },
            Sought::Subjects | Sought::Resources => Found::Entity { kind: kind.clone(), id: name },
        };
        let results: Vec<Found> = found.names.into_iter().map(shown).collect();
        Ok(Results { page: Page { next_token, count: results.len() }, results })
    }
}

/// Where this token goes on.
fn place(text: &str, of: &str) -> Result<String, Problem> {
    let token = Token::read(text)
        .ok_or_else(|| Problem::malformed("`page.token` is none that this server gave"))?;
    if token.of == of {
        Ok(token.after)
    } else {
        Err(Problem::malformed(
            "`page.token` is of another search: nothing but the token may change between pages",
        ))
    }
}

/// What tells one search from another.
fn name_of(sought: Sought, question: &Question, limit: Option<u64>) -> Result<String, Problem> {
    let text = serde_json::to_vec(&(format!("{sought:?}"), question, limit))
        .map_err(|error| Problem::malformed(format!("the search is not understood: {error}")))?;
    let hash = Sha256::digest(&text);
    Ok(URL_SAFE_NO_PAD.encode(hash.get(..12).unwrap_or_default()))
}
