//! The arguments of a Web API call, however they were sent: query, form or JSON.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

/// The arguments of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    fields: Map<String, Value>,
    /// Slack's remarks about the way they were sent.
    pub warnings: Vec<&'static str>,
    /// The token, from the header or from the arguments.
    pub token: Option<String>,
}

impl Args {
    /// Reads the arguments of a call. An error is Slack's code for it.
    pub(crate) fn parse(
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Self, &'static str> {
        let mut args = Self::default();
        args.add_form(query.unwrap_or_default().as_bytes())?;
        // Tokens in addresses end in logs: Slack does not take them for apps of today.
        args.fields.remove("token");
        if !body.is_empty() {
            args.add_body(headers, body)?;
        }
        let in_body = match args.fields.remove("token") {
            Some(Value::String(token)) => Some(token),
            _ => None,
        };
        args.token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|token| token.trim().to_owned())
            .or(in_body);
        Ok(args)
    }

    fn add_body(&mut self, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .ok_or("missing_post_type")?
            .to_ascii_lowercase();
        let has_charset = content_type.contains("charset");
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json" => {
                if !has_charset {
                    self.warnings.push("missing_charset");
                }
                match serde_json::from_slice(body) {
                    Ok(Value::Object(fields)) => self.fields.extend(fields),
                    Ok(_) => return Err("json_not_object"),
                    Err(_) => return Err("invalid_json"),
                }
            }
            "application/x-www-form-urlencoded" => {
                if has_charset {
                    self.warnings.push("superfluous_charset");
                }
                self.add_form(body)?;
            }
            _ => return Err("invalid_post_type"),
        }
        Ok(())
    }

    fn add_form(&mut self, form: &[u8]) -> Result<(), &'static str> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(form).map_err(|_| "invalid_form_data")?;
        self.fields.extend(pairs.into_iter().map(|(name, value)| (name, Value::String(value))));
        Ok(())
    }

    /// A text; numbers and truth values of a JSON body count as text too. Empty is absent.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A list of texts: separated by commas, or a list in a JSON body. Empty is absent.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let items: Vec<String> = match self.fields.get(name) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
            }
            _ => self.text(name).iter().flat_map(|t| t.split(',')).map(str::to_owned).collect(),
        };
        items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    /// Whether the argument was sent at all, and not as null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// `true`, `1`, and `"true"`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| matches!(text.as_str(), "true" | "1" | "True"))
    }

    /// A structure: as it is in a JSON body, or as JSON text in a form. `Err` when the text is not
    /// JSON.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, ()> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(drop),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// Everything but the token, for the record of calls; JSON texts are opened.
    pub(crate) fn for_record(&self) -> Map<String, Value> {
        self.fields
            .iter()
            .map(|(name, value)| {
                let opened = match value {
                    Value::String(text) if text.starts_with(['{', '[']) => {
                        serde_json::from_str(text).unwrap_or_else(|_| value.clone())
                    }
                    other => other.clone(),
                };
                (name.clone(), opened)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde_json::json;

    fn headers(content_type: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers
    }

    #[test]
    fn the_same_arguments_arrive_by_query_form_and_json() {
        let query = Args::parse(&HeaderMap::new(), Some("user=U1&limit=5"), b"").unwrap();
        let form = headers("application/x-www-form-urlencoded");
        let form = Args::parse(&form, None, b"user=U1&limit=5&token=x").unwrap();
        let json = headers("application/json; charset=utf-8");
        let json = Args::parse(&json, None, br#"{"user":"U1","limit":5}"#).unwrap();
        for args in [&query, &form, &json] {
            assert_eq!(args.text("user").as_deref(), Some("U1"));
            assert_eq!(args.text("limit").as_deref(), Some("5"));
        }
        assert_eq!(form.token.as_deref(), Some("x"));
        assert!(json.warnings.is_empty());
    }

    #[test]
    fn blocks_may_be_json_or_json_in_text() {
        let form = headers("application/x-www-form-urlencoded");
        let args =
            Args::parse(&form, None, b"blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D").unwrap();
        assert_eq!(args.json("blocks").unwrap(), Some(json!([{"type": "divider"}])));
        let args = Args::parse(&form, None, b"blocks=%5B").unwrap();
        assert!(args.json("blocks").is_err());
    }

    #[test]
    fn what_slack_does_not_take_is_refused_with_its_code() {
        let error = |content_type, body: &[u8]| {
            Args::parse(&headers(content_type), None, body).map(drop).unwrap_err()
        };
        assert_eq!(error("application/json", b"[1]"), "json_not_object");
        assert_eq!(error("application/json", b"{"), "invalid_json");
        assert_eq!(error("image/png", b"x"), "invalid_post_type");
        let none = Args::parse(&HeaderMap::new(), None, b"x").map(drop).unwrap_err();
        assert_eq!(none, "missing_post_type");
        let warned = Args::parse(&headers("application/json"), None, b"{}").unwrap();
        assert_eq!(warned.warnings, ["missing_charset"]);
    }

    #[test]
    fn a_token_in_the_address_does_not_count() {
        let args = Args::parse(&HeaderMap::new(), Some("token=xoxb-1"), b"").unwrap();
        assert_eq!(args.token, None);
    }
}
