//! The one link's page: `GET /r/{token}` says what a link is about, `POST` puts the ready request
//! before the agent's owner in Slack. Plain HTML, no script, nothing from elsewhere.
//!
//! Looking at the page does nothing: programs that look at links in messages must not ask people.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;

use crate::domain::access::Access;
use crate::domain::agent::Slug;
use crate::identity::{Disbelief, Signer};
use crate::service::Service;
use crate::service::access_requests::link::{Page, PassedOn, read_link};
use crate::service::access_requests::offer::named;

/// Nothing but the page itself; its form leads to this server alone, and nobody frames it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;\
    padding:0 1rem}button{font:inherit;padding:.5rem 1.2rem;cursor:pointer}code{background:#8882;\
    padding:.1em .3em;border-radius:.2em}:root{color-scheme:light dark}";

/// The door for links.
pub struct LinkDoor {
    /// The use cases.
    pub service: Service,
    /// Recognises links.
    pub signer: Arc<dyn Signer>,
}

/// `GET` and `POST /r/{token}`.
pub fn router(door: LinkDoor) -> Router {
    Router::new().route("/r/{token}", get(look).post(pass_on)).with_state(Arc::new(door))
}

async fn look(State(door): State<Arc<LinkDoor>>, Path(token): Path<String>) -> Response {
    let linked = match read_link(door.signer.as_ref(), &token) {
        Ok(linked) => linked,
        Err(why) => return leads_nowhere(&why),
    };
    match door.service.link_page(&linked).await {
        Ok(Some(Page::Access { agent, active: false, .. })) => {
            html(StatusCode::OK, &not_at_work(&agent))
        }
        Ok(Some(page)) => html(StatusCode::OK, &asks(&page)),
        Ok(None) => leads_nowhere(&Disbelief::NotOurs),
        Err(_) => away(),
    }
}

async fn pass_on(State(door): State<Arc<LinkDoor>>, Path(token): Path<String>) -> Response {
    let linked = match read_link(door.signer.as_ref(), &token) {
        Ok(linked) => linked,
        Err(why) => return leads_nowhere(&why),
    };
    let page = match door.service.link_page(&linked).await {
        Ok(Some(page)) => page,
        Ok(None) => return leads_nowhere(&Disbelief::NotOurs),
        Err(_) => return away(),
    };
    match door.service.pass_on(&linked).await {
        Ok(PassedOn::TooOften) => {
            let mut response =
                html(StatusCode::TOO_MANY_REQUESTS, &passed_on(PassedOn::TooOften, &page));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("3600"));
            response
        }
        Ok(done) => html(StatusCode::OK, &passed_on(done, &page)),
        Err(_) => away(),
    }
}

/// The question, before it is passed on.
fn asks(page: &Page) -> Vec<String> {
    let (title, what, ready, ask) = match page {
        Page::Access { agent, access, .. } => (
            format!("{agent} lacks access"),
            format!("<strong>{}</strong> may not {}.", escape(agent.as_str()), opens(access)),
            "Its owner can ask for it in Slack. The request is ready",
            "Ask the owner",
        ),
        Page::Registration { name } => (
            format!("{name} is not registered"),
            format!("No agent called <strong>{}</strong> is registered.", escape(name)),
            "The person whom its repository names as the owner can register it in Slack. The form is \
             filled in",
            "Tell the owner",
        ),
    };
    vec![
        heading(&title),
        format!("<p>{what}</p>"),
        format!(
            "<p>{ready}; one click puts it before the owner. People decide then, and nothing is \
             opened by this page.</p>"
        ),
        format!("<form method=\"post\"><button>{ask}</button></form>"),
    ]
}

/// What became of the click.
fn passed_on(done: PassedOn, page: &Page) -> Vec<String> {
    let (agent, ready) = match page {
        Page::Access { agent, .. } => (escape(agent.as_str()), "request"),
        Page::Registration { name } => (escape(name), "registration"),
    };
    let (title, text) = match done {
        PassedOn::Done => (
            format!("The owner has the {ready}"),
            format!("The owner of {agent} reads it in Slack now."),
        ),
        PassedOn::Before => (
            format!("The owner has the {ready} already"),
            format!("Somebody asked the owner of {agent} before you. Nothing more was sent."),
        ),
        PassedOn::BeingDecided => (
            "People decide on it already".to_owned(),
            format!("A request of {agent} for this is open. Nothing more was sent."),
        ),
        PassedOn::AlreadyHas => (
            "It is allowed by now".to_owned(),
            format!("{agent} has this access. Let it try again."),
        ),
        PassedOn::Registered => (
            "It is registered by now".to_owned(),
            format!("There is an agent called {agent}. Let the pipeline try again."),
        ),
        PassedOn::NobodyThere => (
            "Nobody is there to ask".to_owned(),
            format!(
                "Whom the repository names as the owner of {agent} is no full, active member of the \
                 workspace. Put somebody who is into agent.toml."
            ),
        ),
        PassedOn::Ownerless => (
            "Nobody answers for it".to_owned(),
            format!(
                "The owner of {agent} has left, and nothing new is given to an agent that nobody \
                 answers for. A lead of its team can take it: /agent take {agent} in Slack."
            ),
        ),
        PassedOn::TooOften => (
            "The owner was asked often enough".to_owned(),
            format!("The owner of {agent} has several such questions of this hour. Try it later."),
        ),
        PassedOn::NotActive => return stopped(&agent),
    };
    vec![heading(&title), format!("<p>{text}</p>")]
}

fn not_at_work(agent: &Slug) -> Vec<String> {
    stopped(&escape(agent.as_str()))
}

/// `agent` is escaped.
fn stopped(agent: &str) -> Vec<String> {
    vec![
        format!("<h1>{agent} is not at work</h1>"),
        "<p>It was stopped, or is not approved yet. Nothing can be asked for it now.</p>"
            .to_owned(),
    ]
}

fn leads_nowhere(why: &Disbelief) -> Response {
    let text = match why {
        Disbelief::Expired => "It was good for a day. Let the agent try again: it gets a new one.",
        _ => "Perhaps it was cut off. Copy it whole, from where the agent was refused.",
    };
    let page = vec![heading("This link leads nowhere"), format!("<p>{text}</p>")];
    html(StatusCode::NOT_FOUND, &page)
}

fn away() -> Response {
    let text = "<p>Nothing was sent. Try it again in a moment.</p>".to_owned();
    html(StatusCode::SERVICE_UNAVAILABLE, &[heading("Not now"), text])
}

pub(super) fn heading(text: &str) -> String {
    format!("<h1>{}</h1>", escape(text))
}

fn opens(access: &Access) -> String {
    escape(&named(access).replacen(" on ", " ", 1))
}

/// Text of anybody, as text.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

pub(super) fn html(status: StatusCode, parts: &[String]) -> Response {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n");
    page.push_str("<meta name=\"robots\" content=\"noindex\">\n<title>Countersign</title>\n");
    let _ = writeln!(page, "<style>{STYLE}</style>");
    for part in parts {
        let _ = writeln!(page, "{part}");
    }
    page.push_str("</html>\n");
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_words() {
        let refused = Page::Access {
            agent: "support-agent-v2".parse().unwrap(),
            access: Access::to_object("database", "<b>orders</b>", "read").unwrap(),
            active: true,
        };
        let unknown = Page::Registration { name: "<b>figma-to-slack</b>".to_owned() };
        let of_access = [
            PassedOn::Done,
            PassedOn::Before,
            PassedOn::BeingDecided,
            PassedOn::AlreadyHas,
            PassedOn::TooOften,
            PassedOn::Ownerless,
            PassedOn::NotActive,
        ];
        let of_registration = [
            PassedOn::Done,
            PassedOn::Before,
            PassedOn::Registered,
            PassedOn::NobodyThere,
            PassedOn::TooOften,
        ];
        let mut words = String::new();
        for (page, all) in [(refused, of_access.as_slice()), (unknown, &of_registration)] {
            words.push_str(&asks(&page).join("\n"));
            for done in all {
                words.push_str("\n---\n");
                words.push_str(&passed_on(*done, &page).join("\n"));
            }
            words.push_str("\n===\n");
        }
        assert!(!words.contains("<b>"), "{words}");
        insta::assert_snapshot!("pages", words);
    }
}
