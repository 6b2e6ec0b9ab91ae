//! Reads `[services.NAME]`: who may ask at run time, and how they prove who they are.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::log::Log;
use super::walk::{Table, Value};
use crate::domain::credential::{Ed25519, P256, PublicKey};
use crate::policy::near;
use crate::policy::runtime::{Issuer, ServiceAccount, ServiceProof, Trusted};

/// How a token and its hash are made, without the line end that would change the hash.
pub(super) const MAKE: &str =
    "Make a token and its hash: openssl rand -hex 32 | tr -d '\\n' | tee crm.token | sha256sum.";

/// The SHA-256 of nothing, and of a line end alone: what comes of a slip in making one.
const OF_NOTHING: [&str; 2] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
];

/// Reads all services; `issuers` are absent if they could not be read.
pub(super) fn read(
    log: &mut Log<'_>,
    root: &Table<'_, '_>,
    issuers: Option<&BTreeMap<String, Issuer>>,
) -> Option<BTreeMap<String, ServiceAccount>> {
    let Some(value) = root.get("services") else { return Some(BTreeMap::new()) };
    let table = value.table(log, "[services.crm]")?;
    let mut bearers = BTreeMap::new();
    let read: Vec<Option<ServiceAccount>> = table
        .named(log, "a service")
        .iter()
        .map(|(key, value)| one(log, key.name, value, issuers, &mut bearers))
        .collect();
    read.into_iter().map(|service| service.map(|s| (s.name.clone(), s))).collect()
}

fn one(
    log: &mut Log<'_>,
    name: &str,
    value: &Value<'_, '_>,
    issuers: Option<&BTreeMap<String, Issuer>>,
    bearers: &mut BTreeMap<String, String>,
) -> Option<ServiceAccount> {
    let table = value.table(log, &format!("[services.{name}] with bearer_sha256"))?;
    table.only(log, &["bearer_sha256", "jwk", "workload"]);
    let mut proofs = Vec::new();
    let mut good = true;
    if let Some(value) = table.get("bearer_sha256") {
        let all = bearer(log, name, &value, bearers);
        good &= all.is_some();
        proofs.extend(all.into_iter().flatten());
    }
    if let Some(value) = table.get("jwk") {
        let key = jwk(log, &value);
        good &= key.is_some();
        proofs.extend(key.map(|key| ServiceProof::Key { key }));
    }
    if let Some(value) = table.get("workload") {
        let workload = workload(log, &value, issuers);
        good &= workload.is_some();
        proofs.extend(workload);
    }
    if good && proofs.is_empty() {
        log.mistake(
            table.at,
            format!("{} has no way to prove who it is", table.path),
            "Add bearer_sha256, jwk or workload.",
        );
        good = false;
    }
    good.then(|| ServiceAccount { name: name.to_owned(), proofs })
}

/// One hash, or two while one token follows another.
fn bearer(
    log: &mut Log<'_>,
    name: &str,
    value: &Value<'_, '_>,
    bearers: &mut BTreeMap<String, String>,
) -> Option<Vec<ServiceProof>> {
    let all = unlike(log, value, |hash| bearers.insert(hash.to_owned(), name.to_owned()))?;
    Some(all.into_iter().map(|sha256| ServiceProof::Bearer { sha256 }).collect())
}

/// The hashes of tokens: one, or two while one token follows another.
pub(super) fn hashes(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let again = || "the same identity provider".to_owned();
    unlike(log, value, |hash| (!seen.insert(hash.to_owned())).then(again))
}

/// The hashes; `taken` remembers each, and says whose it is already.
fn unlike(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    mut taken: impl FnMut(&str) -> Option<String>,
) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut good = true;
    for key in value.texts(log, "\"64 hexadecimal digits\"")? {
        let hash = key.name;
        let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let what = if hash.len() != 64 || !hash.chars().all(digits) {
            format!("{} is no SHA-256: that has 64 digits of 0-9 and a-f", value.path)
        } else if OF_NOTHING.contains(&hash) {
            format!("{} is the hash of nothing", value.path)
        } else if let Some(other) = taken(hash) {
            format!("{} is the token of {other}, too", value.path)
        } else {
            all.push(hash.to_owned());
            continue;
        };
        log.mistake(key.at, what, MAKE);
        good = false;
    }
    good.then_some(all)
}

fn jwk(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<PublicKey> {
    const LIKE: &str = "{ kty = \"OKP\", crv = \"Ed25519\", x = \"…\" }";
    let table = value.table(log, LIKE)?;
    if let Some(secret) = table.get("d") {
        log.mistake(
            secret.at,
            format!("{} is the private half of the key", secret.path),
            "Remove it and make a new pair: whoever saw this file can act as the service.",
        );
        return None;
    }
    table.only(log, &["kty", "crv", "x", "y", "kid", "use", "alg"]);
    let text = |log: &mut Log<'_>, key: &str| {
        let cure = format!("Write the public JWK: {LIKE}.");
        Some(table.need(log, key, cure)?.text(log, LIKE)?.to_owned())
    };
    let (kty, crv) = (text(log, "kty"), text(log, "crv"));
    let x = coordinate(log, &table, "x");
    match (kty?.as_str(), crv?.as_str()) {
        ("OKP", "Ed25519") => Some(PublicKey::Ed25519 { crv: Ed25519::Ed25519, x: x? }),
        ("EC", "P-256") => {
            Some(PublicKey::P256 { crv: P256::P256, x: x?, y: coordinate(log, &table, "y")? })
        }
        (kty, crv) => {
            log.mistake(
                table.at,
                format!("{}: {} {} is no key that is accepted", table.path, kty, crv),
                "Use an Ed25519 pair (kty \"OKP\", crv \"Ed25519\") or a P-256 pair (kty \"EC\", \
                 crv \"P-256\").",
            );
            None
        }
    }
}

fn coordinate(log: &mut Log<'_>, table: &Table<'_, '_>, key: &str) -> Option<String> {
    let value = table.need(log, key, "It belongs to the public key.")?;
    let text = value.text(log, "32 bytes in base64url")?;
    if URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32) {
        return Some(text.to_owned());
    }
    log.mistake(
        value.at,
        format!("{} is not 32 bytes in base64url", value.path),
        "Copy it as it stands in the JWK: 43 letters and digits, - and _, without =.",
    );
    None
}

fn workload(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    issuers: Option<&BTreeMap<String, Issuer>>,
) -> Option<ServiceProof> {
    let table = value.table(log, "{ issuer = \"github\", claims = { sub = \"…\" } }")?;
    table.only(log, &["issuer", "claims"]);
    let issuer = table
        .need(log, "issuer", "Name one of [issuers]: issuer = \"github\".")
        .and_then(|v| issuer(log, &v, issuers));
    let claims = table
        .need(log, "claims", "Say which workload: claims = { sub = \"…\" }.")
        .and_then(|v| claims(log, &v));
    Some(ServiceProof::Workload { issuer: issuer?, claims: claims? })
}

fn issuer(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    issuers: Option<&BTreeMap<String, Issuer>>,
) -> Option<String> {
    let name = value.text(log, "\"github\"")?;
    if let Some(issuers) = issuers {
        match issuers.get(name).map(|issuer| &issuer.vouches_for) {
            Some(Trusted::Workloads) => {}
            Some(Trusted::People { .. }) => log.mistake(
                value.at,
                format!("{}: {name} vouches for people, not for workloads", value.path),
                "Name an issuer with vouches_for = \"workloads\".",
            ),
            None => log.mistake(
                value.at,
                format!("unknown issuer \"{name}\" in {}", value.path),
                near::cure(name, "issuers", issuers.keys().map(String::as_str)),
            ),
        }
    }
    Some(name.to_owned())
}

fn claims(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<BTreeMap<String, String>> {
    let table = value.table(log, "{ sub = \"repo:acme/crm:ref:refs/heads/main\" }")?;
    let mut claims = BTreeMap::new();
    let mut good = true;
    for (key, value) in table.entries() {
        match value.text(log, "the exact value, in quotes") {
            Some(text) => drop(claims.insert(key.name.to_owned(), text.to_owned())),
            None => good = false,
        }
    }
    if good && claims.is_empty() {
        log.mistake(
            table.at,
            format!("{} is empty, so every workload of the issuer would do", table.path),
            "Name at least one claim with its exact value: { sub = \"…\" }.",
        );
        good = false;
    }
    good.then_some(claims)
}
