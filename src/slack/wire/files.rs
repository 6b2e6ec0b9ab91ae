//! Pictures: Slack gives an address, takes the bytes there, and shows them in a message.
//! <https://docs.slack.dev/messaging/working-with-files#upload>

use axum::body::Bytes;
use axum::http::{Method, Request, Uri};
use http_body_util::Full;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Arguments, As, CallError, Client};
use super::desk::Message;
use super::intake::is_blank;
use crate::slack::picture::Picture;

/// Where the bytes of a file go: `files.getUploadURLExternal`.
#[derive(Deserialize)]
struct Upload {
    /// Carries a ticket, so it is a secret.
    upload_url: String,
    file_id: String,
}

/// The picture did not get to where its bytes go. Nothing was posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its bytes were not taken ({0})")]
pub struct NotTaken(pub CallError);

/// Why a picture was not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// A method of the Web API.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The address for the bytes, which is another machine than the Web API's.
    #[error(transparent)]
    Bytes(#[from] NotTaken),
}

impl Client {
    /// Posts the message with the picture below it.
    pub async fn post_picture(
        &self,
        channel: &str,
        message: &Message,
        picture: &Picture,
    ) -> Result<(), NotShown> {
        let length = picture.bytes.len().to_string();
        // The one of the three methods that never took JSON.
        let query = vec![
            ("filename", Some(picture.name.as_str())),
            ("length", Some(length.as_str())),
            ("alt_txt", Some(picture.alt.as_str())),
        ];
        let (method, arguments) = ("files.getUploadURLExternal", Arguments::Query(query));
        let upload: Upload = self.call(As::Bot, method, None, arguments, self.patience()).await?;
        let address = SecretString::from(upload.upload_url);
        self.send_bytes(&address, &picture.bytes).await.map_err(NotTaken)?;
        let mut body = json!({
            "files": [{ "id": upload.file_id, "title": picture.title }],
            "channel_id": channel,
        });
        // With a comment Slack would leave the blocks out; with blocks it makes the notification's
        // words from them.
        let (key, shown) = match is_blank(&message.blocks) {
            true => ("initial_comment", Value::from(message.text.as_str())),
            false => ("blocks", message.blocks.clone()),
        };
        if let Some(body) = body.as_object_mut() {
            body.insert(key.to_owned(), shown);
        }
        let (method, arguments) = ("files.completeUploadExternal", Arguments::Json(body));
        let done: Value =
            self.call(As::Bot, method, Some(channel), arguments, self.patience()).await?;
        tracing::trace!(files = done.get("files").is_some(), "a picture is shown");
        Ok(())
    }

    /// Sends the bytes where Slack wants them. Slack answers 200 and a few words.
    async fn send_bytes(&self, url: &SecretString, bytes: &[u8]) -> Result<(), CallError> {
        let address: Uri = url.expose_secret().parse().map_err(|_| CallError::Malformed)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(address)
            .header("content-type", "application/octet-stream")
            .body(Full::new(Bytes::copy_from_slice(bytes)))
            .map_err(|_| CallError::Malformed)?;
        self.send_plain(request).await
    }
}
