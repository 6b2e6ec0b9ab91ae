//! What this server offers (AuthZEN 1.0, "Policy Decision Point Metadata").

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{AtDoor, Door, Profile, answer};
use crate::api::problem::Problem;

/// `GET /.well-known/authzen-configuration`.
pub(super) async fn at_root(State(door): AtDoor) -> Response {
    door.metadata("")
}

/// The same, where the server's address has a path: the path stands behind the well-known one.
pub(super) async fn below(State(door): AtDoor, Path(below): Path<String>) -> Response {
    door.metadata(&below)
}

impl Door {
    fn metadata(&self, below: &str) -> Response {
        let not_here = |words: &str| Problem::new(StatusCode::NOT_FOUND, words).into_response();
        let Some(url) = &self.public_url else {
            return not_here("this server does not know its own address: set server.public_url");
        };
        let path = url.parse::<Uri>().map(|uri| uri.path().trim_matches('/').to_owned());
        // At the root it is there in any case: a proxy may take the path away.
        if !below.is_empty() && path.ok().as_deref() != Some(below) {
            return not_here("there is no such policy decision point here");
        }
        let mut document = Map::new();
        for (name, value) in self.profile.iter().flat_map(Profile::metadata) {
            document.insert(name.to_owned(), value);
        }
        let endpoints = [
            ("policy_decision_point", ""),
            ("access_evaluation_endpoint", "/access/v1/evaluation"),
            ("access_evaluations_endpoint", "/access/v1/evaluations"),
            ("search_subject_endpoint", "/access/v1/search/subject"),
            ("search_resource_endpoint", "/access/v1/search/resource"),
            ("search_action_endpoint", "/access/v1/search/action"),
        ];
        for (name, path) in endpoints {
            document.insert(name.to_owned(), json!(format!("{url}{path}")));
        }
        let mut response = answer::json(&Value::Object(document));
        let cache = HeaderValue::from_static("public, max-age=300");
        response.headers_mut().insert(CACHE_CONTROL, cache);
        response
    }
}
