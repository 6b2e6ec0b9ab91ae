//! What is fuzzed: everything that reads what strangers send. `scripts/fuzz` drives these functions, and
//! so does `tests/fuzzlike` in every run of the tests. They must return, whatever the bytes.

use axum::body::Body;
use axum::http::Request;
use chrono::DateTime;
use countersign::api::activity::read;
use countersign::api::authzen::wire::{Asked, LONGEST_NAME, MOST, Many, Part, Search};
use countersign::api::extract::{Object, document};
use countersign::domain::activity::MOST_AT_ONCE;
use countersign::domain::evaluation::Question;
use countersign::identity::Kind;
use countersign::identity::algorithm::VerifyingKey;
use countersign::identity::dpop::{self, Call};
use countersign::identity::jws::Jws;
use countersign::identity::verify::{Expected, Text, verify};
use countersign::pdp::search::Sought;
use countersign::slack::wire::installation::Installation;
use countersign::slack::wire::payload;
use serde_json::{Map, Value, json};

/// Tokens, assertions and proofs: nothing is believed that was not signed by the one key.
pub fn tokens(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    // Its private half is nowhere.
    let key = VerifyingKey::from_jwk(&json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }))
    .expect("a key");
    if let Ok(jws) = Jws::parse(text) {
        for kind in [
            Text::Ours(Kind::AccessToken),
            Text::Ours(Kind::Binding),
            Text::Assertion,
            Text::Foreign,
            Text::Dpop,
        ] {
            let keys = std::slice::from_ref(&key);
            let audiences = &["https://agents.example.com"];
            let expected = Expected { keys, issuer: None, audiences };
            assert!(verify(kind, &jws, &expected, now).is_err(), "{text} was believed");
        }
    }
    let call = Call { method: "POST", address: "https://agents.example.com/x", token: None };
    drop(dpop::check(text, call, now));
    if let Ok(jwk) = serde_json::from_str(text) {
        drop(VerifyingKey::from_jwk(&jwk));
    }
}

/// A body, as each door takes it.
fn body<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let request = Request::post("/").header("content-type", "application/json");
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    futures::executor::block_on(document(&parts, Body::from(bytes.to_vec()))).ok()
}

fn fits(question: &Question) {
    for name in [&question.subject.id, &question.resource.id, &question.action.name] {
        assert!(name.len() <= LONGEST_NAME);
    }
}

/// Questions, searches and reports of what was done: within their bounds, or refused.
pub fn evaluations(bytes: &[u8]) {
    if let Some(Ok(question)) = body::<Part>(bytes).map(Part::whole) {
        fits(&question);
    }
    match body::<Many>(bytes).map(Many::asked) {
        Some(Ok(Asked::One(question))) => fits(&question),
        Some(Ok(Asked::Several(questions, _))) => {
            assert!(questions.len() <= MOST);
            questions.iter().flatten().for_each(fits);
        }
        Some(Err(_)) | None => {}
    }
    for sought in [Sought::Subjects, Sought::Resources, Sought::Actions] {
        if let Some(Ok((question, _))) = body::<Search>(bytes).map(|search| search.asked(sought)) {
            fits(&question);
        }
    }
    if let Some(Object(told)) = body::<Object<Map<String, Value>>>(bytes)
        && let Ok(batch) = read(told)
    {
        assert!((1..=MOST_AT_ONCE).contains(&batch.reports.len()));
    }
}

/// What Slack sends, by HTTP and by its sockets.
pub fn slack(bytes: &[u8]) {
    let at = Installation::workspace("T0ACME", None);
    let _ = payload::is_ssl_check(bytes);
    drop(payload::slash_form(bytes, &at));
    drop(payload::interaction_form(bytes, &at));
    drop(payload::event_body(bytes, &at));
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        drop(payload::slash_json(value.clone(), &at));
        drop(payload::interaction_json(value.clone(), &at));
        drop(payload::event_json(value, &at));
    }
}
