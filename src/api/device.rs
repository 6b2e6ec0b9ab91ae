//! `GET /device`: what to do with the code that a device shows. It confirms nothing: who somebody is is
//! known in Slack, not here. Plain HTML, no script, nothing from elsewhere.

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::link::{escape, heading, html};
use crate::domain::user_code::UserCode;

/// `GET /device`, where `?user_code=` fills the code in.
pub fn router() -> Router {
    Router::new().route("/device", get(show))
}

async fn show(RawQuery(query): RawQuery) -> Response {
    html(StatusCode::OK, &page(code(query.as_deref()).as_ref()))
}

/// The code of the address, if it is one.
fn code(query: Option<&str>) -> Option<UserCode> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query?).ok()?;
    let (_, code) = pairs.into_iter().find(|(name, _)| name == "user_code")?;
    code.parse().ok()
}

fn page(code: Option<&UserCode>) -> Vec<String> {
    let typed = match code {
        Some(code) => format!("/agent login {code}"),
        None => "/agent login CODE".to_owned(),
    };
    let first = match code {
        Some(_) => "In Slack, in any channel, type:",
        None => "In Slack, in any channel, type this, with the code that your terminal shows:",
    };
    vec![
        heading("Log in to Countersign"),
        format!("<p>{first}</p><p><code>{}</code></p>", escape(&typed)),
        "<p>Nobody but you sees it there. You are shown what wants to log in, and say yes or no.</p>"
            .to_owned(),
        "<p><strong>Did somebody send you this code or this page?</strong> Then close it. It logs in \
         whoever started it, in your name. The code is only for the one in front of whom it was \
         shown.</p>"
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_words() {
        let with = |query| page(code(query).as_ref()).join("\n");
        insta::assert_snapshot!(
            "pages",
            [with(Some("user_code=wdjbmjht")), with(None)].join("\n---\n")
        );
        for other in ["user_code=%3Cb%3Ex%3C/b%3E", "user_code=", "code=WDJB-MJHT", "%", "&&="] {
            assert_eq!(with(Some(other)), with(None), "{other}");
        }
    }
}
