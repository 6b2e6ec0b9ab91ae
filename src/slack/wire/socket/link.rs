//! One connection, from its opening to its end.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use futures::{SinkExt, StreamExt};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use super::envelope::{Acknowledgement, Frame};
use super::{Connected, NotOpened, SocketError, SocketMode};
use crate::slack::wire::intake::{Intake, Reply};

/// The longest frame that is read; Slack's payloads are far below it.
const LONGEST_FRAME: usize = 4 * 1024 * 1024;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open connection.
pub(super) struct Link {
    place: usize,
    socket: Socket,
}

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was time to stop.
    Stopped,
    /// It was closed, or it broke.
    Lost {
        /// Whether Slack had greeted: if not, something is wrong with it.
        greeted: bool,
    },
    /// No retry will cure it.
    Fatal(SocketError),
}

/// What a frame asks of the connection.
enum Next {
    Go,
    Handle(String),
    End(Ended),
}

impl Link {
    /// Opens a connection with a fresh ticket.
    pub(super) async fn open(mode: &SocketMode, place: usize) -> Result<Self, NotOpened> {
        let address = mode.client.open_connection().await?;
        let later = |what: &str| NotOpened::Later { what: what.to_owned(), after: None };
        let uri: Uri = address.expose_secret().parse().map_err(|_| later("a bad address"))?;
        // Slack's own is always wss; plain only ever for a stand-in on this machine.
        if uri.scheme_str() != Some("wss") && !mode.client.is_local() {
            return Err(later("an address without TLS"));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST_FRAME))
            .max_frame_size(Some(LONGEST_FRAME));
        let connect = tokio_tungstenite::connect_async_with_config(uri, Some(config), false);
        match tokio::time::timeout(mode.settings.connect_within, connect).await {
            Ok(Ok((socket, _))) => Ok(Self { place, socket }),
            // The error may carry the address, and with it the ticket.
            Ok(Err(error)) => Err(later(kind(&error))),
            Err(_) => Err(later("connecting took too long")),
        }
    }

    /// Reads and answers until the connection ends. `warn` is told when Slack says that it will
    /// close it soon.
    pub(super) async fn serve(
        self,
        mode: Arc<SocketMode>,
        warn: mpsc::Sender<()>,
        stop: CancellationToken,
    ) -> Ended {
        let Self { place, mut socket } = self;
        let settings = mode.settings;
        let mut handling: JoinSet<Option<String>> = JoinSet::new();
        let mut pings = tokio::time::interval(settings.ping_every);
        pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut greeted: Option<Connected> = None;
        let (mut heard, opened) = (Instant::now(), Instant::now());
        // Once it is time to stop nothing is read any more, and what was taken is answered.
        let mut until: Option<Instant> = None;
        let ended = loop {
            if until.is_some() && handling.is_empty() {
                break Ended::Stopped;
            }
            let over = until.unwrap_or_else(|| heard + settings.dead_after);
            tokio::select! {
                () = stop.cancelled(), if until.is_none() => {
                    until = Some(Instant::now() + settings.farewell);
                }
                Some(done) = handling.join_next(), if !handling.is_empty() => {
                    if let Ok(Some(ack)) = done
                        && !send(&mut socket, Message::text(ack), settings.farewell).await
                    {
                        break Ended::Lost { greeted: greeted.is_some() };
                    }
                }
                frame = socket.next(), if until.is_none() && handling.len() < settings.at_once => {
                    heard = Instant::now();
                    let text = match frame {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(_)) | Err(_)) | None => {
                            break Ended::Lost { greeted: greeted.is_some() };
                        }
                        // The library has answered pings by itself.
                        Some(Ok(_)) => continue,
                    };
                    match understand(&mode, place, &text, &warn, &mut greeted) {
                        Next::Go => {}
                        Next::Handle(text) => {
                            handling.spawn(handle(Arc::clone(&mode.intake), text));
                        }
                        Next::End(ended) => break ended,
                    }
                }
                _ = pings.tick(), if until.is_none() => {
                    let silent = greeted.is_none() && opened.elapsed() > settings.connect_within;
                    let ping = Message::Ping(Vec::new().into());
                    if silent || !send(&mut socket, ping, settings.farewell).await {
                        break Ended::Lost { greeted: greeted.is_some() };
                    }
                }
                () = tokio::time::sleep_until(over) => {
                    if until.is_some() {
                        tracing::warn!(place, "some answers did not make it to Slack in time");
                        break Ended::Stopped;
                    }
                    // While as much is handled as may be, nothing is read: that is no silence.
                    if handling.len() < settings.at_once {
                        tracing::warn!(place, "nothing came through a connection to Slack; it is dead");
                        break Ended::Lost { greeted: greeted.is_some() };
                    }
                    heard = Instant::now();
                }
            }
        };
        drop(greeted);
        if !matches!(ended, Ended::Lost { .. }) {
            let _ = tokio::time::timeout(settings.farewell, part(&mut socket)).await;
        }
        // What is being handled goes on without the connection; Slack will deliver it again to
        // another one, and its once-key tells that it was done.
        handling.detach_all();
        ended
    }
}

/// Reads a frame; greetings and warnings are dealt with here.
fn understand(
    mode: &SocketMode,
    place: usize,
    text: &str,
    warn: &mpsc::Sender<()>,
    greeted: &mut Option<Connected>,
) -> Next {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(rename = "type")]
        kind: Option<String>,
        reason: Option<String>,
    }
    let Ok(head) = serde_json::from_str::<Head>(text) else {
        tracing::warn!(place, "Slack sent something that is not understood");
        return Next::Go;
    };
    match head.kind.as_deref() {
        Some("hello") => {
            if greeted.is_none() {
                *greeted = Some(mode.health.greeted(mode.clock.now()));
                tracing::info!(place, "connected to Slack");
            }
            Next::Go
        }
        Some("disconnect") => match head.reason.as_deref() {
            Some("link_disabled") => Next::End(Ended::Fatal(SocketError::Disabled)),
            Some("warning" | "refresh_requested") => {
                tracing::debug!(place, "Slack will close a connection; opening its successor");
                // Full means that it was said before.
                let _ = warn.try_send(());
                Next::Go
            }
            reason => {
                tracing::warn!(place, reason, "Slack closes a connection");
                Next::End(Ended::Lost { greeted: false })
            }
        },
        _ => Next::Handle(text.to_owned()),
    }
}

/// Handles an envelope and gives its acknowledgement; `None` if Slack is to deliver it again.
async fn handle(intake: Arc<Intake>, text: String) -> Option<String> {
    let frame: Frame = match serde_json::from_str(&text) {
        Ok(frame) => frame,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            tracing::warn!(line, column, "could not read an envelope");
            return None;
        }
    };
    let id = frame.envelope_id.clone()?;
    let with_payload = frame.accepts_response_payload == Some(true);
    if let Some(attempt) = frame.retry_attempt.filter(|attempt| *attempt > 0) {
        tracing::debug!(attempt, "Slack delivers an envelope again");
    }
    let inbound = match frame.inbound(intake.installation()) {
        Ok(inbound) => inbound,
        Err(error) => {
            tracing::warn!(%error, "could not read what Slack sent");
            return None;
        }
    };
    let payload = match intake.take(inbound, with_payload).await {
        Reply::Empty => None,
        Reply::With(payload) => serde_json::to_value(payload).ok(),
        Reply::Ready(body) => serde_json::from_slice(&body).ok(),
        Reply::Again => return None,
    };
    serde_json::to_string(&Acknowledgement { envelope_id: &id, payload }).ok()
}

/// Closes the connection and waits for the other side to close it too. Whoever hangs up with
/// something left to read resets the connection, and the last acknowledgements may be lost with it.
async fn part(socket: &mut Socket) {
    if socket.close(None).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

async fn send(socket: &mut Socket, message: Message, within: Duration) -> bool {
    matches!(tokio::time::timeout(within, socket.send(message)).await, Ok(Ok(())))
}

/// The kind of error, without what it carries.
fn kind(error: &tungstenite::Error) -> &'static str {
    match error {
        tungstenite::Error::Io(_) => "no connection to Slack's socket",
        tungstenite::Error::Tls(_) => "no TLS with Slack's socket",
        tungstenite::Error::Http(_) | tungstenite::Error::HttpFormat(_) => {
            "Slack's socket refused the ticket"
        }
        _ => "Slack's socket does not speak as expected",
    }
}
