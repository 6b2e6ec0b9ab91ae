//! A body, read as the standards want it: JSON, an object, neither too large nor too deep.

use std::fmt;
use std::marker::PhantomData;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use http_body_util::BodyExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::problem::Problem;

/// The largest body, in bytes.
pub const LARGEST: usize = 1 << 20;
/// So much of a body that is too large is read and thrown away, so that whoever sends it reads why.
const THROWN_AWAY: usize = 8 << 20;
/// The deepest that arrays and objects may stand in each other.
pub const DEEPEST: usize = 64;

/// A JSON object as the body of a request.
///
/// # Errors
///
/// 400 for whatever is malformed, also for another content type; 413 for a body that is too large.
pub async fn document<T: DeserializeOwned>(parts: &Parts, body: Body) -> Result<T, Problem> {
    document_of(parts, body, &["application/json"]).await
}

/// The same, with one of these content types.
///
/// # Errors
///
/// As [`document`].
pub async fn document_of<T: DeserializeOwned>(
    parts: &Parts,
    body: Body,
    kinds: &[&str],
) -> Result<T, Problem> {
    if !is_one_of(parts, kinds) {
        let kind = kinds.first().copied().unwrap_or_default();
        return Err(Problem::malformed(format!("send JSON, with `Content-Type: {kind}`")));
    }
    let bytes = read(body).await?;
    if bytes.is_empty() {
        return Err(Problem::malformed("the body is empty: send a JSON object"));
    }
    if depth(&bytes) > DEEPEST {
        return Err(Problem::malformed(format!(
            "arrays and objects may stand at most {DEEPEST} deep in each other"
        )));
    }
    serde_json::from_slice::<Object<T>>(&bytes)
        .map(|object| object.0)
        .map_err(|error| Problem::malformed(format!("the body is not understood: {error}")))
}

fn is_one_of(parts: &Parts, kinds: &[&str]) -> bool {
    let Some(Ok(value)) = parts.headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default();
    kinds.iter().any(|kind| essence.trim().eq_ignore_ascii_case(kind))
}

async fn read(mut body: Body) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| Problem::malformed("the body did not arrive whole; send it again"))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= LARGEST {
            bytes.extend_from_slice(&data);
        } else if seen > THROWN_AWAY {
            break;
        }
    }
    if seen > LARGEST {
        let words = format!("the body is too large: at most {LARGEST} bytes are read");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words));
    }
    Ok(bytes)
}

/// How deep arrays and objects stand in each other.
fn depth(json: &[u8]) -> usize {
    let (mut deep, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'{' | b'[') => {
                deep += 1;
                deepest = deepest.max(deep);
            }
            (false, b'}' | b']') => deep = deep.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A JSON object, and nothing else: structs alone would also be read from arrays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        from.deserialize_map(OfMap(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        for (json, deep) in [
            (r#""{[{[""#, 0),
            (r#"{"a":["\"[[["]}"#, 2),
            (r#"{"a":"\\","b":[[]]}"#, 3),
            (r#"[[],[],[]]"#, 2),
            ("]]]][", 1),
        ] {
            assert_eq!(depth(json.as_bytes()), deep, "{json}");
        }
    }

    #[test]
    fn an_array_is_no_object() {
        #[derive(Debug, Deserialize)]
        struct Pair {
            #[serde(rename = "a")]
            _a: u8,
        }
        assert!(serde_json::from_str::<Object<Pair>>("[1]").is_err());
        assert!(serde_json::from_str::<Object<Pair>>(r#"{"a":1,"b":[]}"#).is_ok());
    }
}
