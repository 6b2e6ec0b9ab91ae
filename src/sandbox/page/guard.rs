//! The page answers to itself alone: other sites that this browser visits must not be able to
//! press buttons here.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::sandbox::core::Core;

/// Refuses requests that name another host (DNS rebinding), come from another origin, or are no
/// JSON where something would happen (forms of other sites).
pub(super) async fn own_page_only(
    State(core): State<Arc<Core>>,
    request: Request,
    next: Next,
) -> Response {
    if !is_own_request(&request, core.address.port()) {
        let words = "This page answers only to itself, on this machine.";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    next.run(request).await
}

fn is_own_request(request: &Request, port: u16) -> bool {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let own_host = text(header::HOST).is_some_and(|host| is_own(host, port));
    let own_origin = text(header::ORIGIN)
        .is_none_or(|origin| origin.strip_prefix("http://").is_some_and(|host| is_own(host, port)));
    let is_json = text(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
    own_host && own_origin && (is_json || request.method() != Method::POST)
}

fn is_own(host: &str, port: u16) -> bool {
    let (name, given) = match host.rsplit_once(':') {
        Some((name, given)) if !given.ends_with(']') => (name, given.parse().unwrap_or(0)),
        _ => (host, 80),
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") && given == port
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_this_machine_at_this_port_is_own() {
        for host in ["localhost:8090", "127.0.0.1:8090", "[::1]:8090"] {
            assert!(is_own(host, 8090), "{host}");
        }
        for host in
            ["evil.example:8090", "localhost:8091", "localhost", "127.0.0.1.evil.example:8090", ""]
        {
            assert!(!is_own(host, 8090), "{host}");
        }
    }
}
