//! What is sent, read strictly: what is not understood is refused with its name.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use super::Api;
use super::refused::Refused;
use crate::api::extract::document;
use crate::service::input::OnceKey;

/// The header that names a call, so that the same call sent twice is done once.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest such name, in bytes.
const LONGEST_KEY: usize = 255;

/// The body, a JSON object.
pub(super) struct Body<T> {
    /// What it says.
    pub value: T,
    /// Its hash, by which a call that is sent twice is known again.
    pub digest: String,
}

impl<T: DeserializeOwned + Serialize> FromRequest<Arc<Api>> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &Arc<Api>) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        let value: T = document(&parts, body).await?;
        let text = serde_json::to_string(&value).unwrap_or_default();
        Ok(Self { value, digest: hex::encode(Sha256::digest(text.as_bytes())) })
    }
}

/// The query. A member that is not known, or that stands there twice, is refused.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Api>> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Refused> {
        serde_urlencoded::from_str(parts.uri.query().unwrap_or_default())
            .map(Self)
            .map_err(|error| Refused::malformed(format!("the query is not understood: {error}")))
    }
}

/// No query at all.
pub(super) struct NoQuery;

impl FromRequestParts<Arc<Api>> for NoQuery {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Refused> {
        match parts.uri.query().filter(|query| !query.is_empty()) {
            None => Ok(Self),
            Some(query) => {
                let name = query.split(['=', '&']).next().unwrap_or_default();
                let name = crate::domain::text::clean(name, 60);
                Err(Refused::malformed(format!("the query is not understood: `{name}` is unknown")))
            }
        }
    }
}

/// The name in the path.
pub(super) struct Name(pub String);

impl FromRequestParts<Arc<Api>> for Name {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refused> {
        match Path::<String>::from_request_parts(parts, api).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(Refused::malformed("the path is not UTF-8")),
        }
    }
}

/// By what name the call is to be known again.
pub(super) struct Once(Option<String>);

impl FromRequestParts<Arc<Api>> for Once {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Refused> {
        let mut sent = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let text = match (sent.next(), sent.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(only), None) => only.to_str().ok(),
            (Some(_), Some(_)) => None,
        };
        let fits = |text: &&str| {
            (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        match text.filter(fits) {
            Some(text) => Ok(Self(Some(text.to_owned()))),
            None => Err(Refused::malformed(format!(
                "the header Idempotency-Key is to be one word of 1 to {LONGEST_KEY} visible ASCII \
                 characters"
            ))),
        }
    }
}

impl Once {
    /// The key for the use case. The same word of another caller, for another thing or with another
    /// body is another key.
    pub(super) fn key(&self, caller: &str, what: &str, digest: &str) -> Option<OnceKey> {
        let word = self.0.as_deref()?;
        let mut hash = Sha256::new();
        for part in [caller, what, digest, word] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Some(OnceKey(format!("api:{}", hex::encode(hash.finalize()))))
    }
}

/// `limit` of a query.
pub(super) fn limit<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    whole(from, "limit", LARGEST_PAGE)
}

/// `wait` of a query.
pub(super) fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    whole(from, "wait", super::wait::LONGEST)
}

/// A whole number, whose name an error says.
fn whole<'de, D: Deserializer<'de>>(
    from: D,
    name: &str,
    most: u32,
) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(from)?;
    let wrong = |_| D::Error::custom(format!("`{name}`: write a whole number, at most {most}"));
    text.parse().map(Some).map_err(wrong)
}

/// How many lines a page of a list has, if nothing else is asked.
pub(super) const USUAL_PAGE: u32 = 50;
/// The most that can be asked.
pub(super) const LARGEST_PAGE: u32 = 200;

/// The length of a page that is asked for.
pub(super) fn page(limit: Option<u32>) -> Result<u32, Refused> {
    match limit {
        None => Ok(USUAL_PAGE),
        Some(limit) if (1..=LARGEST_PAGE).contains(&limit) => Ok(limit),
        Some(_) => Err(Refused::field("limit", format!("write 1 to {LARGEST_PAGE}"))),
    }
}

/// The number after which a list goes on, from what an answer gave as `next`.
pub(super) fn number(after: Option<&str>) -> Result<Option<u32>, Refused> {
    after
        .map(|text| text.parse::<u32>())
        .transpose()
        .map_err(|_| Refused::field("after", "send what the page before gave as `next`"))
}
