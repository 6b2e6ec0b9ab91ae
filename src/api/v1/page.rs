//! The description for people, made from the document: plain HTML, no script, nothing from elsewhere.

use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use crate::api::link::{escape, html};

/// `/api/v1/openapi.json` and `/api/v1/docs`.
pub(super) fn router<S: Clone + Send + Sync + 'static>(document: &Value) -> Router<S> {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    let parts = page(document);
    Router::new()
        .route("/api/v1/openapi.json", get(async move || json(text.clone())))
        .route("/api/v1/docs", get(async move || html(StatusCode::OK, &parts)))
}

fn json(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn text<'d>(value: &'d Value, name: &str) -> &'d str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'d>(value: &'d Value, name: &str) -> impl Iterator<Item = &'d Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn members<'d>(value: &'d Value, name: &str) -> impl Iterator<Item = (&'d String, &'d Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flatten()
}

/// The page's parts.
fn page(document: &Value) -> Vec<String> {
    let info = document.get("info").unwrap_or(&Value::Null);
    let mut parts = vec![
        format!("<h1>{} {}</h1>", escape(text(info, "title")), escape(text(info, "version"))),
        format!("<p>{}</p>", code(text(info, "description"))),
        "<p>For programs: <a href=\"/api/v1/openapi.json\">openapi.json</a></p>".to_owned(),
    ];
    for tag in items(document, "tags") {
        let name = text(tag, "name");
        parts.push(format!("<h2>{}</h2>", code(text(tag, "description"))));
        for (path, item) in members(document, "paths") {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if items(operation, "tags").any(|tag| tag == name) {
                    parts.push(said(method, path, operation));
                }
            }
        }
    }
    parts.push("<h2>Shapes</h2>".to_owned());
    let components = document.get("components").unwrap_or(&Value::Null);
    for (name, schema) in members(components, "schemas") {
        parts.push(shape(name, schema));
    }
    parts
}

/// One operation.
fn said(method: &str, path: &str, operation: &Value) -> String {
    let summary = match (text(operation, "description"), text(operation, "summary")) {
        ("", summary) => summary,
        (description, _) => description,
    };
    let mut out = format!(
        "<h3 id=\"{}\"><code>{} {}</code></h3>\n<p>{}</p>\n<ul>",
        escape(text(operation, "operationId")),
        escape(&method.to_uppercase()),
        escape(path),
        code(summary)
    );
    for parameter in items(operation, "parameters") {
        out.push_str(&format!(
            "\n<li><code>{}</code> ({}): {}</li>",
            escape(text(parameter, "name")),
            escape(text(parameter, "in")),
            code(text(parameter, "description"))
        ));
    }
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    if let Some(schema) = body {
        out.push_str(&format!("\n<li>body: {}</li>", kind(schema)));
    }
    for (status, response) in members(operation, "responses") {
        let schema = response.pointer("/content/application~1json/schema").map(kind);
        let schema = schema.map(|kind| format!(" {kind}")).unwrap_or_default();
        let words = code(text(response, "description"));
        out.push_str(&format!("\n<li><code>{}</code>{schema}: {words}</li>", escape(status)));
    }
    out.push_str("\n</ul>");
    out
}

/// One shape.
fn shape(name: &str, schema: &Value) -> String {
    let mut out = format!(
        "<h3 id=\"shape-{0}\"><code>{0}</code></h3>\n<p>{1}</p>",
        escape(name),
        code(text(schema, "description"))
    );
    let whole = std::iter::once(schema);
    let parts: Vec<&Value> =
        whole.chain(items(schema, "allOf")).chain(items(schema, "oneOf")).collect();
    out.push_str("\n<ul>");
    for part in parts {
        if part.get("$ref").is_some() {
            out.push_str(&format!("\n<li>{}</li>", kind(part)));
        }
        let required: Vec<&str> = items(part, "required").filter_map(Value::as_str).collect();
        for (member, of) in members(part, "properties") {
            let may = if required.contains(&member.as_str()) { "" } else { ", may be absent" };
            out.push_str(&format!(
                "\n<li><code>{}</code> {}{may}: {}</li>",
                escape(member),
                kind(of),
                code(text(of, "description"))
            ));
        }
    }
    out.push_str("\n</ul>");
    out
}

/// What a schema is, in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(name) = text(schema, "$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
        return format!("<a href=\"#shape-{0}\">{0}</a>", escape(name));
    }
    if let Some(of) = schema.get("items") {
        return format!("list of {}", kind(of));
    }
    let some = items(schema, "oneOf").filter(|one| one.get("type") != Some(&Value::from("null")));
    let some: Vec<String> = some.map(kind).collect();
    if !some.is_empty() {
        return some.join(" or ");
    }
    match schema.get("type") {
        Some(Value::String(kind)) => escape(kind),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            escape(&kinds.collect::<Vec<_>>().join(" or "))
        }
        _ => "anything".to_owned(),
    }
}

/// Text with `code` in it.
fn code(words: &str) -> String {
    let pieces = words.split('`').enumerate();
    let marked = pieces.map(|(at, piece)| match at % 2 {
        0 => escape(piece),
        _ => format!("<code>{}</code>", escape(piece)),
    });
    marked.collect()
}
