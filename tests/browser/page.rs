//! One window of the browser, and what a person does in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::chromium::Line;

/// What the test asks inside of the page. Everything that is looked for must be visible.
const HELPERS: &str = include_str!("helpers.js");

/// Remembers that the panel of the first visit was closed.
const SEEN_BEFORE: &str =
    "if (location.protocol !== 'about:') localStorage.setItem('countersign.tour.closed', 'yes');";

/// Whether the person has been here before: the first visit shows a panel with what to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// The panel is open.
    First,
    /// The panel was closed.
    Later,
}

/// A window.
pub struct Page {
    line: Arc<Line>,
    session: String,
}

impl Page {
    /// Opens the address in a new window of 1280 × 800.
    pub async fn open(line: Arc<Line>, session: String, address: &str, visit: Visit) -> Self {
        let page = Self { line, session };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.call(domain, json!({})).await;
        }
        let before = if visit == Visit::Later { SEEN_BEFORE } else { "" };
        let source = json!({"source": format!("{before}\n{HELPERS}")});
        page.call("Page.addScriptToEvaluateOnNewDocument", source).await;
        page.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        page.size(1280, 800).await;
        page.colours("light").await;
        page.call("Page.navigate", json!({"url": address})).await;
        page.until("the page is there", "here('me')").await;
        page
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        self.line.call(Some(&self.session), method, params).await
    }

    /// Makes the window this large.
    pub async fn size(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What the person's system prefers: `light` or `dark`.
    pub async fn colours(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// The value of an expression.
    pub async fn value(&self, expression: &str) -> Value {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", params).await;
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {}",
            answer["exceptionDetails"]
        );
        answer["result"]["value"].clone()
    }

    /// Waits until the expression is true, and returns its value. Says what was seen otherwise.
    pub async fn until(&self, what: &str, expression: &str) -> Value {
        let answer = self.value(&format!("wait(() => ({expression}))")).await;
        if answer["ok"] == true {
            return answer["value"].clone();
        }
        let picture = self.picture("failed").await;
        panic!(
            "waited in vain until {what} ({expression}); picture: {}\n{}",
            picture.display(),
            answer["seen"].as_str().unwrap_or_default()
        )
    }

    /// Presses the mouse on what the expression finds, once nothing is before it any more.
    pub async fn click(&self, target: &str) {
        let at = self.holds(target).await;
        self.lets_go(&at).await;
    }

    /// Presses the mouse as [`Page::click`] does, and keeps it down; where that is.
    pub async fn holds(&self, target: &str) -> Value {
        let at = self.until(&format!("{target} can be clicked"), &format!("spot({target})")).await;
        self.mouse("mouseMoved", &at).await;
        self.mouse("mousePressed", &at).await;
        at
    }

    /// Releases the mouse there.
    pub async fn lets_go(&self, at: &Value) {
        self.mouse("mouseReleased", at).await;
    }

    async fn mouse(&self, kind: &str, at: &Value) {
        let event =
            json!({"type": kind, "x": at["x"], "y": at["y"], "button": "left", "clickCount": 1});
        self.call("Input.dispatchMouseEvent", event).await;
    }

    /// Clicks what carries this name for tests.
    pub async fn press(&self, testid: &str) {
        self.click(&format!("here({})", json!(testid))).await;
    }

    /// Clicks a button of the last message that holds these words.
    pub async fn press_in(&self, words: &str, action: &str) {
        self.click(&format!("within(message({}), 'action-{action}')", json!(words))).await;
    }

    /// Replaces the text of a field.
    pub async fn types_into(&self, testid: &str, text: &str) {
        self.press(testid).await;
        self.value(&format!("here({}).select()", json!(testid))).await;
        if text.is_empty() {
            self.key("Delete", 46).await;
        } else {
            self.call("Input.insertText", json!({"text": text})).await;
        }
        let holds = format!("here({}).value === {}", json!(testid), json!(text));
        self.until(&format!("{testid} holds “{text}”"), &holds).await;
    }

    /// Presses a key.
    pub async fn key(&self, key: &str, code: u32) {
        let text = if key == "Enter" { "\r" } else { "" };
        let down = json!({
            "type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
        });
        self.call("Input.dispatchKeyEvent", down).await;
        let up = json!({"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code});
        self.call("Input.dispatchKeyEvent", up).await;
    }

    /// Types into the message box and sends it with Enter.
    pub async fn says(&self, text: &str) {
        self.types_into("composer", text).await;
        self.key("Enter", 13).await;
        self.until("the message box is empty", "here('composer').value === ''").await;
    }

    /// Becomes another person.
    pub async fn be(&self, id: &str) {
        self.press(&format!("person-{id}")).await;
        let is = format!("here('me')?.dataset.person === {}", json!(id));
        self.until(&format!("this is {id}"), &is).await;
    }

    /// Waits for a message that holds all these words; the text of the last one.
    pub async fn reads(&self, words: &[&str]) -> String {
        let words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
        let expression = format!("message(...{})?.innerText", Value::from(words));
        self.until("a message arrives", &expression).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits for an answer that only this person sees.
    pub async fn is_told(&self, words: &[&str]) -> String {
        let words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
        let expression = format!("told(...{})?.innerText", Value::from(words));
        let told = self.until("a private answer arrives", &expression).await;
        told.as_str().unwrap_or_default().to_owned()
    }

    /// Waits for an open form with this title.
    pub async fn form(&self, title: &str) {
        let open = format!("here('modal')?.querySelector('h2')?.innerText === {}", json!(title));
        self.until(&format!("the form “{title}” is open"), &open).await;
    }

    /// Sends the open form, and waits until it is gone.
    pub async fn sends(&self) {
        self.press("modal-submit").await;
        self.until("the form is closed", "!here('modal')").await;
    }

    /// Takes a picture of the window for whoever looks at the steps, if they are to be kept.
    pub async fn look(&self, name: &str) {
        if keeps() {
            self.rests().await;
            self.picture(name).await;
        }
    }

    /// Renews a picture of the documents, if pictures are to be kept.
    pub async fn keep(&self, name: &str) {
        if keeps() {
            self.rests().await;
            store(name, &self.png(json!({"format": "png"})).await);
        }
    }

    /// Renews a picture of the last message with all these words in the documents, if pictures are
    /// to be kept.
    pub async fn keep_message(&self, name: &str, words: &[&str]) {
        if !keeps() {
            return;
        }
        // So high that no message is cut off, and the mouse where it points at nothing.
        self.size(1280, 1400).await;
        self.until("the window is high", "innerHeight === 1400").await;
        self.call("Input.dispatchMouseEvent", json!({"type": "mouseMoved", "x": 0, "y": 0})).await;
        self.rests().await;
        let words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
        let frame = format!("frame(message(...{}))", Value::from(words));
        let mut clip = self.until("the message is at rest", &frame).await;
        clip["scale"] = json!(1);
        store(name, &self.png(json!({"format": "png", "clip": clip})).await);
        self.size(1280, 800).await;
        self.until("the window is as before", "innerHeight === 800").await;
    }

    /// Waits until nothing moves or fades any more.
    pub async fn rests(&self) {
        let still = "document.getAnimations().every((a) => a.playState !== 'running')";
        self.until("the window is at rest", still).await;
    }

    /// Takes a picture of the window, and says where it is.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, self.png(json!({"format": "png"})).await)
            .expect("the picture is kept");
        path
    }

    /// The window, or a part of it, as PNG.
    async fn png(&self, how: Value) -> Vec<u8> {
        let shot = self.call("Page.captureScreenshot", how).await;
        base64(shot["data"].as_str().expect("a picture"))
    }
}

/// Whether whoever runs the test wants to look at pictures, and to renew those of the documents.
fn keeps() -> bool {
    std::env::var_os("COUNTERSIGN_KEEP_SCREENSHOTS").is_some()
}

/// Renews a picture of the documents.
fn store(name: &str, png: &[u8]) {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    std::fs::write(images.join(format!("{name}.png")), png).expect("the picture is kept");
}

/// RFC 4648, the standard alphabet.
fn base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(((held >> bits) & 0xff) as u8);
        }
    }
    bytes
}
