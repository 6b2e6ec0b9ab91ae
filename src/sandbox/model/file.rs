//! A file that the app gave to the workspace.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// `F…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is called where it is shown.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// How many bytes were promised.
    pub length: usize,
    /// The way to send its bytes, once.
    pub ticket: Option<String>,
    /// The bytes, once they came (base64).
    pub content: Option<String>,
    /// Whether it is shown in a channel.
    pub shared: bool,
}

impl File {
    /// The bytes, once they came.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(self.content.as_ref()?).ok()
    }

    /// These are its bytes.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.content = Some(BASE64_STANDARD.encode(bytes));
        self.ticket = None;
    }

    /// The file as the Web API carries it.
    pub(crate) fn as_slack(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "alt_txt": self.alt,
            "mimetype": "image/png",
            "filetype": "png",
            "size": self.length,
        })
    }
}
