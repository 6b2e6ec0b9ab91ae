//! One part of many resources (RFC 7644, section 3.4.2).

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::error::ScimError;
use super::filter::Filter;
use super::take::{Query, Wanted};
use super::{Answer, answer};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// As many resources are looked through for a filter that no index answers.
pub(super) const LOOKED_THROUGH: u32 = 10_000;

/// A part of a list, as it is known already.
pub(super) fn part(resources: Vec<Value>, total: usize, start: u32, wanted: &Wanted) -> Response {
    let resources: Vec<Value> = resources.into_iter().map(|one| wanted.of(one)).collect();
    let body = json!({
        "schemas": [SCHEMA],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    answer(StatusCode::OK, &body)
}

/// Those among all that fit, a part of them.
pub(super) fn fitting(all: Vec<Value>, total: u32, filter: &Filter, query: &Query) -> Answer {
    if total > LOOKED_THROUGH {
        return Err(ScimError::bad(
            "tooMany",
            "there are too many resources for this filter: ask by userName, displayName, externalId \
             or id with eq",
        ));
    }
    let fitting = all.into_iter().filter(|one| filter.fits(one));
    Ok(cut(fitting.collect(), query))
}

/// The part of all these that is asked for.
pub(super) fn cut(all: Vec<Value>, query: &Query) -> Response {
    let total = all.len();
    let some = all.into_iter().skip(query.start as usize - 1).take(query.count as usize);
    part(some.collect(), total, query.start, &query.wanted)
}
