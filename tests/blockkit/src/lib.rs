//! Judges every view that Countersign shows in Slack, as kept in `tests/data/blockkit`, by a
//! checked reading of Block Kit: lengths, counts, kinds, and what may stand on which surface. And the
//! app's manifests, by Slack's schema of them.
//!
//! `cargo test --manifest-path tests/blockkit/Cargo.toml`

#[cfg(test)]
mod manifests;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};
    use slackblocks::{HomeTabView, MessagePayload, ModalView};

    /// Each view that is kept, by name. A snapshot is a header between two lines of dashes, and
    /// then the JSON.
    fn kept() -> Vec<(String, Value)> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/blockkit");
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ext| ext != "snap") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let json = text.splitn(3, "---\n").nth(2).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            all.push((name, serde_json::from_str(json).unwrap()));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// The judge does not know the date element
    /// (<https://docs.slack.dev/reference/block-kit/block-elements/date-element>): its shape is
    /// judged here, and a text of the same length as its fallback put in its place.
    fn without_dates(value: &mut Value) -> Result<(), String> {
        if value.get("type").and_then(Value::as_str) == Some("date") {
            let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|t| !t.is_empty());
            let known = ["type", "timestamp", "format", "fallback"];
            let fields = value.as_object().ok_or("a date that is no object")?;
            let odd = fields.keys().any(|key| !known.contains(&key.as_str()));
            let (Some(format), Some(fallback)) = (text("format"), text("fallback")) else {
                return Err(format!("a date without format or fallback: {value}"));
            };
            if odd || !value["timestamp"].is_i64() || !format.contains('{') {
                return Err(format!("an odd date: {value}"));
            }
            *value = json!({"type": "text", "text": fallback});
            return Ok(());
        }
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(without_dates),
            Value::Object(fields) => fields.values_mut().try_for_each(without_dates),
            _ => Ok(()),
        }
    }

    /// What Slack would say against it.
    fn verdict(mut view: Value) -> Result<(), String> {
        without_dates(&mut view)?;
        match view.get("type").and_then(Value::as_str) {
            Some("modal") => ModalView::try_from(view).map(drop).map_err(|e| e.to_string()),
            Some("home") => HomeTabView::try_from(view).map(drop).map_err(|e| e.to_string()),
            Some(other) => Err(format!("a view of type {other}")),
            None => {
                view["channel"] = json!("C0APPROVALS");
                MessagePayload::try_from(view).map(drop).map_err(|e| e.to_string())
            }
        }
    }

    #[test]
    fn slack_would_take_every_view() {
        let all = kept();
        assert!(all.len() > 100, "only {} views are kept", all.len());
        let refused: Vec<String> = all
            .into_iter()
            .filter_map(|(name, view)| verdict(view).err().map(|why| format!("{name}: {why}")))
            .collect();
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }

    #[test]
    fn the_judge_refuses_what_slack_refuses() {
        let (_, card) = kept().into_iter().find(|(name, _)| name == "card_grant_open").unwrap();
        assert_eq!(verdict(card.clone()), Ok(()));
        let mut long = card.clone();
        long["blocks"][1]["elements"][0]["text"]["text"] = json!("x".repeat(76));
        assert!(verdict(long).is_err(), "a button's label has at most 75 characters");
        let mut many = card.clone();
        many["blocks"] = json!(vec![json!({"type": "divider"}); 51]);
        assert!(verdict(many).is_err(), "a message has at most 50 blocks");
        let mut odd = card;
        odd["blocks"][0]["type"] = json!("richtext");
        assert!(verdict(odd).is_err(), "there is no such block");
        let (_, mut form) = kept().into_iter().find(|(name, _)| name == "form_request").unwrap();
        form.as_object_mut().unwrap().remove("submit");
        assert!(verdict(form).is_err(), "a form with questions needs a button to send it");
    }
}
