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
use crate::domain::agent::{Agent, AgentState, Cause, Slug};
use crate::identity::{Disbelief, Signer};
use crate::service::Service;
use crate::service::access_requests::link::{Page, PassedOn, read_link};
use crate::service::access_requests::offer::named;
use crate::service::outcome::Refusal;

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
        Ok(Some(Page::Access { agent, refusal: Some(refusal), .. })) => {
            html(StatusCode::OK, &not_at_work(&agent, &refusal))
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
    match (door.service.pass_on(&linked).await, &page) {
        (Ok(PassedOn::Refused(refusal)), Page::Access { agent, .. }) => {
            html(StatusCode::OK, &not_at_work(agent, &refusal))
        }
        (Ok(PassedOn::Gone), _) => leads_nowhere(&Disbelief::NotOurs),
        (Ok(PassedOn::TooOften), _) => {
            let mut response =
                html(StatusCode::TOO_MANY_REQUESTS, &passed_on(&PassedOn::TooOften, &page));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("3600"));
            response
        }
        (Ok(done), _) => html(StatusCode::OK, &passed_on(&done, &page)),
        (Err(_), _) => away(),
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
fn passed_on(done: &PassedOn, page: &Page) -> Vec<String> {
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
        PassedOn::TooOften => (
            "The owner was asked often enough".to_owned(),
            format!("The owner of {agent} has several such questions of this hour. Try it later."),
        ),
        PassedOn::Refused(_) | PassedOn::Gone => (
            "Nothing can be asked".to_owned(),
            format!("Nothing can be asked for {agent} now. Nothing was sent."),
        ),
    };
    vec![heading(&title), format!("<p>{text}</p>")]
}

/// Nothing can be asked for the agent: why, and what undoes that. Whoever has the link reads it,
/// customers too: it names nobody, and says nothing that somebody typed.
fn not_at_work(slug: &Slug, refusal: &Refusal) -> Vec<String> {
    let undone = |cause: Cause| cause.undone_by(slug, "its owner");
    let (title, text, next) = match refusal {
        Refusal::Owner(_) => (
            format!("Nobody answers for {slug}"),
            "Its owner has left, and nothing new is given to it meanwhile.",
            Some(undone(Cause::Ownerless)),
        ),
        Refusal::NotActive(Agent { state, orphaned, .. }) => {
            let (text, next) = match state {
                AgentState::Pending { .. } => ("It is not approved yet: people decide.", None),
                AgentState::Suspended { cause, .. } => {
                    // An owner who is gone undoes nothing.
                    let undone_as = if orphaned.is_some() { Cause::Ownerless } else { *cause };
                    let text = match cause {
                        Cause::Stopped => "It was stopped.",
                        Cause::Uncertified => "Nobody said in time that it is still needed.",
                        Cause::Ownerless => "Nobody answers for it.",
                    };
                    (text, Some(undone(undone_as)))
                }
                AgentState::Retired { .. } => ("It was retired, and does not come back.", None),
                _ => ("It is not registered.", None),
            };
            (format!("{slug} is not at work"), text, next)
        }
        _ => (format!("{slug} is not at work"), "Nothing can be asked for it now.", None),
    };
    let mut parts = vec![heading(&title), format!("<p>{text}</p>")];
    parts.extend(next.map(|next| format!("<p>What to do: {}.</p>", escape(&next))));
    parts
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
    use crate::domain::agent::{Description, Orphaned};
    use crate::domain::ids::AgentId;
    use crate::domain::person::{By, PersonId};
    use crate::domain::role::TeamName;
    use crate::domain::tier::{Answers, Tier};
    use crate::domain::time::{Span, Timestamp};
    use crate::service::owners::outcome::OwnerRefusal;

    #[test]
    fn the_pages_words() {
        let refused = Page::Access {
            agent: "support-agent-v2".parse().unwrap(),
            access: Access::to_object("database", "<b>orders</b>", "read").unwrap(),
            refusal: None,
        };
        let unknown = Page::Registration { name: "<b>figma-to-slack</b>".to_owned() };
        let of_access = [
            PassedOn::Done,
            PassedOn::Before,
            PassedOn::BeingDecided,
            PassedOn::AlreadyHas,
            PassedOn::TooOften,
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
                words.push_str(&passed_on(done, &page).join("\n"));
            }
            words.push_str("\n===\n");
        }
        assert!(!words.contains("<b>"), "{words}");
        insta::assert_snapshot!("pages", words);
    }

    /// An agent of Dana's in this state.
    fn agent(state: AgentState, orphaned: Option<Orphaned>) -> Agent {
        Agent {
            id: AgentId::new(ulid::Ulid::from_parts(1, 1)),
            slug: "support-agent-v2".parse().unwrap(),
            description: Description {
                purpose: "answers support tickets".to_owned(),
                systems: Vec::new(),
                runs_on: "kubernetes".to_owned(),
                model: "a model".to_owned(),
                answers: Answers::default(),
            },
            owner: PersonId::new("T0ACME", "U0DANA"),
            team: TeamName::new("support"),
            tier: Tier::Observer,
            registered_at: Timestamp::UNIX_EPOCH,
            state,
            orphaned,
        }
    }

    #[test]
    fn why_nothing_can_be_asked() {
        let (at, sam) = (Timestamp::UNIX_EPOCH, PersonId::new("T0ACME", "U0SAM"));
        let suspended = |by: By, reason: &str, cause| AgentState::Suspended {
            at,
            by,
            reason: reason.to_owned(),
            cause,
            certified_until: at,
        };
        let orphaned = || Some(Orphaned::from(at, Span::days(30), Span::days(60)));
        let active = AgentState::Active { since: at, certified_until: at };
        let looping = suspended(By::Person(sam.clone()), "it <b>loops</b>", Cause::Stopped);
        let all = [
            agent(looping.clone(), None),
            agent(looping, orphaned()),
            agent(suspended(By::System, "nobody said it is needed", Cause::Uncertified), None),
            agent(suspended(By::System, "nobody answers for it", Cause::Ownerless), orphaned()),
            agent(
                AgentState::Retired { at, by: By::Person(sam.clone()), reason: String::new() },
                None,
            ),
            agent(active, orphaned()),
        ];
        let words: Vec<String> = all
            .into_iter()
            .map(|agent| {
                let refusal = match &agent.state {
                    AgentState::Active { .. } => {
                        Refusal::Owner(OwnerRefusal::Ownerless(agent.clone()))
                    }
                    _ => Refusal::NotActive(agent.clone()),
                };
                not_at_work(&agent.slug, &refusal).join("\n")
            })
            .collect();
        let words = words.join("\n---\n");
        for hidden in ["loops", "Sam", "U0SAM", "U0DANA"] {
            assert!(!words.contains(hidden), "{words}");
        }
        insta::assert_snapshot!("not_at_work", words);
    }
}
