//! Waiting for people, before the eyes of who asked: drawn in place on a terminal, a line for each change
//! where it is piped. Ctrl-C ends the watching alone; the request goes on.

use std::time::Duration;

use tokio::time::Instant;

use super::commands::with_query;
use super::look::Look;
use super::progress::{changes, view};
use super::screen::Screen;
use super::server::Server;
use super::session::Session;
use super::trouble::Trouble;
use crate::contract::requests::Request;
use crate::domain::time::Timestamp;

/// So many seconds the server holds an answer back until something changes.
const HELD: &str = "20";
/// How often times are drawn anew.
const TICK: Duration = Duration::from_secs(1);
/// The pause after a failed question; doubled each time, up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How the watching ended.
#[derive(Debug)]
pub enum Watched {
    /// The request did.
    Ended(Request),
    /// The patience did; the request goes on.
    TimeUp(Request),
    /// Whoever watched had enough; the request goes on.
    Left(Request),
}

impl Watched {
    /// The request as it was seen last.
    pub fn into_request(self) -> Request {
        match self {
            Self::Ended(request) | Self::TimeUp(request) | Self::Left(request) => request,
        }
    }
}

/// Watches a request until it ends, or for so long.
///
/// # Errors
///
/// When the server says no. That it is away is waited out.
pub async fn watch(
    session: &Session,
    server: &Server,
    mut request: Request,
    patience: Option<Duration>,
) -> Result<Watched, Trouble> {
    let mut picture = Picture::new(session.screen);
    let deadline = patience.map(|patience| Instant::now() + patience);
    let mut before: Option<Request> = None;
    let mut pause = PAUSE;
    let mut away: Option<Trouble> = None;
    // One for the whole time, so that no press is missed between two questions.
    let leave = tokio::signal::ctrl_c();
    tokio::pin!(leave);
    loop {
        picture.show(before.as_ref(), &request, away.as_ref(), session.now());
        if request.state != "open" {
            picture.leave();
            return Ok(Watched::Ended(request));
        }
        let path = with_query(
            &format!("/api/v1/requests/{}", request.reference),
            &[("wait", HELD), ("seen", &request.version)],
        );
        let rest = if away.is_some() { pause } else { Duration::ZERO };
        let asking = async move {
            tokio::time::sleep(rest).await;
            server.get::<Request>(&path).await
        };
        tokio::pin!(asking);
        let answer = loop {
            let end = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
            tokio::select! {
                answer = &mut asking => break answer,
                () = tokio::time::sleep_until(end), if deadline.is_some() => {
                    picture.leave();
                    return Ok(Watched::TimeUp(request));
                }
                // A terminal without signals cannot be left this way, and that is no reason to stop.
                Ok(()) = &mut leave => {
                    picture.leave();
                    return Ok(Watched::Left(request));
                }
                () = tokio::time::sleep(TICK), if session.screen.live => {
                    picture.show(Some(&request), &request, away.as_ref(), session.now());
                }
            }
        };
        match answer {
            Ok(fresh) => {
                before = Some(std::mem::replace(&mut request, fresh));
                (away, pause) = (None, PAUSE);
            }
            Err(trouble) if trouble.may_pass() => {
                before = Some(request.clone());
                pause = if away.is_some() { (pause * 2).min(LONGEST_PAUSE) } else { PAUSE };
                away = Some(trouble);
            }
            Err(trouble) => {
                picture.leave();
                return Err(trouble);
            }
        }
    }
}

/// What stands on the screen.
struct Picture {
    screen: Screen,
    drawn: usize,
    said_away: bool,
}

impl Picture {
    const fn new(screen: Screen) -> Self {
        Self { screen, drawn: 0, said_away: false }
    }

    fn show(
        &mut self,
        before: Option<&Request>,
        request: &Request,
        away: Option<&Trouble>,
        now: Timestamp,
    ) {
        if self.screen.live {
            self.draw(request, away, now);
            return;
        }
        for line in changes(before, request, now) {
            self.screen.note(&line);
        }
        let is_away = away.is_some();
        if is_away && !self.said_away {
            self.screen.note("The server is away; the request is safe there. Trying again …");
        }
        self.said_away = is_away;
    }

    fn draw(&mut self, request: &Request, away: Option<&Trouble>, now: Timestamp) {
        // The window may have been made wider or narrower.
        let size = terminal_size::terminal_size_of(std::io::stderr());
        let width = size.map_or(self.screen.err.width, |(width, _)| width.0.min(100));
        let look = Look { width, ..self.screen.err };
        let mut lines = view(request, now, look);
        lines.push(match away {
            Some(_) => look.warning("  The server is away; trying again …"),
            None => look.faint("  Ctrl-C stops watching; the request goes on."),
        });
        let back = if self.drawn == 0 { String::new() } else { format!("\x1b[{}A", self.drawn) };
        self.screen.draw(&format!("{back}\r\x1b[J{}\n", lines.join("\n")));
        self.drawn = lines.len();
    }

    /// Takes the picture away: what came of it stands in its place.
    fn leave(&mut self) {
        if self.drawn > 0 {
            self.screen.draw(&format!("\x1b[{}A\r\x1b[J", self.drawn));
            self.drawn = 0;
        }
    }
}
