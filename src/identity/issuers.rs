//! The keys of issuers outside: read when they are needed, kept for a while, read again when a token
//! names one that is not known, and never more often than an issuer should bear.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::algorithm::VerifyingKey;
use super::fetch::{Fetch, FetchError};

/// How long keys are used before they are read again.
const FRESH: Duration = Duration::from_secs(600);
/// How long they are used when reading them again fails.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// The least time between two readings, whatever names tokens carry.
const PAUSE: Duration = Duration::from_secs(15);
/// The most keys that are taken from one issuer.
const MOST: usize = 100;

/// Where an issuer's keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source<'a> {
    /// By discovery below the issuer's address.
    Discovered,
    /// From this address.
    Url(&'a str),
    /// From this JWK set.
    Given(&'a str),
}

/// Why the keys of an issuer are not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysAway {
    /// They could not be read.
    #[error("its keys could not be read: {0}")]
    Fetch(#[from] FetchError),
    /// What was read is no set of keys, or no discovery document of this issuer.
    #[error("its keys could not be read: what its server gives is not understood")]
    Garbled,
}

#[derive(Clone)]
struct Key {
    kid: Option<String>,
    key: VerifyingKey,
}

/// What is known of one issuer.
#[derive(Default)]
struct Known {
    keys: Vec<Key>,
    /// When the keys were read.
    read_at: Option<Instant>,
    /// When somebody last tried, and what came of it.
    tried: Option<(Instant, Result<(), KeysAway>)>,
}

/// The keys of issuers.
pub struct IssuerKeys {
    fetch: Arc<dyn Fetch>,
    known: std::sync::Mutex<HashMap<String, Arc<Mutex<Known>>>>,
}

impl IssuerKeys {
    /// Nothing is known yet.
    pub fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self { fetch, known: std::sync::Mutex::default() }
    }

    /// The keys of this issuer that may have signed what names the key `kid`: that one, or all if
    /// nothing is named.
    ///
    /// # Errors
    ///
    /// [`KeysAway`] when there are none to go by.
    pub async fn keys(
        &self,
        issuer: &str,
        source: Source<'_>,
        kid: Option<&str>,
    ) -> Result<Vec<VerifyingKey>, KeysAway> {
        self.keys_at(issuer, source, kid, Instant::now()).await
    }

    async fn keys_at(
        &self,
        issuer: &str,
        source: Source<'_>,
        kid: Option<&str>,
        now: Instant,
    ) -> Result<Vec<VerifyingKey>, KeysAway> {
        if let Source::Given(set) = source {
            return Ok(named(&read(set.as_bytes())?, kid));
        }
        // Whoever changes where keys come from wants them from there.
        let name = match source {
            Source::Url(url) => format!("{issuer} {url}"),
            _ => issuer.to_owned(),
        };
        let known = {
            let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name).or_default())
        };
        // One reads, the others wait for it.
        let mut known = known.lock().await;
        let fresh = known.read_at.is_some_and(|at| now - at < FRESH);
        let found = named(&known.keys, kid);
        if fresh && !found.is_empty() {
            return Ok(found);
        }
        if let Some((at, outcome)) = &known.tried
            && now - *at < PAUSE
        {
            return match outcome {
                Err(why) if known.keys.is_empty() => Err(why.clone()),
                _ => Ok(found),
            };
        }
        let outcome = self.fetch(issuer, source).await;
        known.tried = Some((now, outcome.as_ref().map(|_| ()).map_err(Clone::clone)));
        match outcome {
            Ok(keys) => {
                known.keys = keys;
                known.read_at = Some(now);
                Ok(named(&known.keys, kid))
            }
            Err(why) if known.read_at.is_some_and(|at| now - at < STALE) => {
                tracing::warn!(issuer, %why, "an issuer's keys are used although they are old");
                Ok(found)
            }
            Err(why) => {
                tracing::warn!(issuer, %why, "an issuer's keys are not there");
                known.keys.clear();
                Err(why)
            }
        }
    }

    async fn fetch(&self, issuer: &str, source: Source<'_>) -> Result<Vec<Key>, KeysAway> {
        let url = match source {
            Source::Url(url) => url.to_owned(),
            _ => {
                let issuer = issuer.trim_end_matches('/');
                let at = format!("{issuer}/.well-known/openid-configuration");
                let document: Value = serde_json::from_slice(&self.fetch.get(&at).await?)
                    .map_err(|_| KeysAway::Garbled)?;
                let text = |name: &str| document.get(name).and_then(Value::as_str);
                if text("issuer").map(|found| found.trim_end_matches('/')) != Some(issuer) {
                    return Err(KeysAway::Garbled);
                }
                let url = text("jwks_uri").ok_or(KeysAway::Garbled)?;
                // Who is read from in the clear is on this machine; nobody else sends us here.
                if issuer.starts_with("https://") && !url.starts_with("https://") {
                    return Err(KeysAway::Fetch(FetchError::Address));
                }
                url.to_owned()
            }
        };
        read(&self.fetch.get(&url).await?)
    }
}

/// The keys of a JWK set that are for signatures and of a kind that is believed.
fn read(set: &[u8]) -> Result<Vec<Key>, KeysAway> {
    let set: Value = serde_json::from_slice(set).map_err(|_| KeysAway::Garbled)?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or(KeysAway::Garbled)?;
    let signs = |jwk: &&Value| {
        // SPIFFE's bundles say what for in their own words.
        matches!(jwk.get("use").and_then(Value::as_str), None | Some("sig" | "jwt-svid"))
    };
    Ok(keys
        .iter()
        .filter(signs)
        .filter_map(|jwk| {
            let kid = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
            Some(Key { kid, key: VerifyingKey::from_jwk(jwk)? })
        })
        .take(MOST)
        .collect())
}

fn named(keys: &[Key], kid: Option<&str>) -> Vec<VerifyingKey> {
    keys.iter()
        .filter(|key| kid.is_none() || key.kid.as_deref() == kid)
        .map(|key| key.key.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use bytes::Bytes;
    use serde_json::json;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Web {
        documents: std::sync::Mutex<HashMap<String, Value>>,
        reads: AtomicUsize,
    }

    #[async_trait]
    impl Fetch for Web {
        async fn get(&self, url: &str) -> Result<Bytes, FetchError> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let found = self.documents.lock().unwrap().get(url).map(|v| v.to_string().into());
            found.ok_or(FetchError::Away)
        }
    }

    fn set(kids: &[&str]) -> Value {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let keys = kids.iter().map(|kid| json!({"kty":"OKP","crv":"Ed25519","x":x,"kid":kid}));
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    #[tokio::test]
    async fn keys_are_read_once_again_for_a_new_name_and_never_too_often() {
        let web = Arc::new(Web::default());
        let keys = IssuerKeys::new(Arc::clone(&web) as _);
        let issuer = "https://id.example.com";
        let put = |url: &str, value: Value| {
            web.documents.lock().unwrap().insert(format!("{issuer}{url}"), value);
        };
        let start = Instant::now();
        let ask = async |kid: &str, seconds: u64| {
            let now = start + Duration::from_secs(seconds);
            keys.keys_at(issuer, Source::Discovered, Some(kid), now).await
        };
        let reads = || web.reads.load(Ordering::SeqCst);
        assert_eq!(ask("a", 0).await, Err(KeysAway::Fetch(FetchError::Away)));
        assert_eq!(ask("a", 0).await, Err(KeysAway::Fetch(FetchError::Away)));
        assert_eq!(reads(), 1, "an issuer that is away is left alone for a while");

        let jwks = format!("{issuer}/keys");
        put("/.well-known/openid-configuration", json!({"issuer": issuer, "jwks_uri": jwks}));
        put("/keys", set(&["a"]));
        assert_eq!(ask("a", 16).await.unwrap().len(), 1);
        assert_eq!(ask("a", 16).await.unwrap().len(), 1);
        assert_eq!(reads(), 3);

        put("/keys", set(&["a", "b"]));
        assert_eq!(ask("b", 32).await.unwrap().len(), 1, "a new key is found");
        for n in 0..50 {
            assert_eq!(ask(&format!("made-up-{n}"), 32).await.unwrap().len(), 0);
        }
        assert_eq!(reads(), 5, "made-up names do not make us a nuisance");

        web.documents.lock().unwrap().clear();
        assert_eq!(ask("a", 633).await.unwrap().len(), 1, "an outage is bridged");
        assert!(ask("a", 87034).await.is_err(), "not for ever");
    }

    #[tokio::test]
    async fn another_issuers_document_is_not_believed() {
        let web = Arc::new(Web::default());
        let issuer = "https://id.example.com";
        web.documents.lock().unwrap().insert(
            format!("{issuer}/.well-known/openid-configuration"),
            json!({"issuer": "https://evil.example.com", "jwks_uri": "https://evil/keys"}),
        );
        let keys = IssuerKeys::new(Arc::clone(&web) as _);
        assert_eq!(keys.keys(issuer, Source::Discovered, None).await, Err(KeysAway::Garbled));
        let inside = "https://careless.example.com";
        web.documents.lock().unwrap().insert(
            format!("{inside}/.well-known/openid-configuration"),
            json!({"issuer": inside, "jwks_uri": "http://127.0.0.1/keys"}),
        );
        web.documents.lock().unwrap().insert("http://127.0.0.1/keys".into(), set(&["a"]));
        let refused = keys.keys(inside, Source::Discovered, None).await;
        assert_eq!(refused, Err(KeysAway::Fetch(FetchError::Address)));
        let given = set(&["a"]).to_string();
        assert_eq!(keys.keys(issuer, Source::Given(&given), None).await.unwrap().len(), 1);
    }
}
