//! Where answers and words go: answers to standard output, for people or as JSON; everything else, and
//! questions, to standard error, so that what is piped on is the answer alone.

use std::io::{ErrorKind, IsTerminal, Write};

use serde::Serialize;

use super::environment::Environment;
use super::look::{Colours, Ink, Look};
use super::trouble::Trouble;
use super::words::Told;

/// Where a command speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// How answers may look.
    pub out: Look,
    /// How everything else may look.
    pub err: Look,
    /// Answers are one JSON document.
    pub json: bool,
    /// Somebody is there who can answer questions.
    pub interactive: bool,
    /// What goes to standard error is seen on a terminal: it may be drawn over.
    pub live: bool,
}

impl Screen {
    /// The screen of this process.
    pub fn of_process(
        environment: &Environment,
        colours: Colours,
        json: bool,
        input: bool,
    ) -> Self {
        let plain = environment.is_plain();
        let (out, err) = (std::io::stdout(), std::io::stderr());
        let seen = err.is_terminal();
        Self {
            out: Look::of(&out, colours, plain),
            err: Look::of(&err, colours, plain),
            json,
            interactive: input && seen && std::io::stdin().is_terminal(),
            live: seen && environment.get("TERM").is_some_and(|term| term != "dumb"),
        }
    }

    /// Whether keys that are pressed reach this process.
    pub fn stdin_is_a_terminal(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    /// An answer for people; nothing where programs read.
    ///
    /// # Errors
    ///
    /// When nobody reads it any more.
    pub fn say(&self, text: &str) -> Result<(), Trouble> {
        if self.json { Ok(()) } else { print(&mut std::io::stdout(), text) }
    }

    /// An answer in words, as something done.
    ///
    /// # Errors
    ///
    /// When nobody reads it any more.
    pub fn tell(&self, ink: Ink, told: &Told) -> Result<(), Trouble> {
        self.say(&told.render(ink, self.out))
    }

    /// An answer for programs; nothing where people read.
    ///
    /// # Errors
    ///
    /// When nobody reads it any more.
    pub fn answer<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Trouble> {
        if !self.json {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Trouble::fault("The answer could not be written as JSON.", error))?;
        print(&mut std::io::stdout(), &text)
    }

    /// What goes beside the answer: progress, hints. Whether anybody sees it does not matter.
    pub fn note(&self, text: &str) {
        let _ = print(&mut std::io::stderr(), text);
    }

    /// As it is, without an end of line: for what is drawn over.
    pub fn draw(&self, text: &str) {
        let mut err = std::io::stderr();
        let _ = write!(err, "{text}").and_then(|()| err.flush());
    }

    /// Why something was not done.
    pub fn trouble(&self, trouble: &Trouble) {
        if matches!(trouble, Trouble::Closed) {
            return;
        }
        if self.json {
            // The one document that is answered; if nobody reads it, the status says it.
            let _ = self.answer(&trouble.json());
        } else {
            self.note(&trouble.words().render(Ink::Bad, self.err));
        }
    }
}

fn print(to: &mut dyn Write, text: &str) -> Result<(), Trouble> {
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    write!(to, "{text}{end}").and_then(|()| to.flush()).map_err(|error| match error.kind() {
        // Whoever read has seen enough: `agent-cli list | head`.
        ErrorKind::BrokenPipe => Trouble::Closed,
        _ => Trouble::fault("The answer could not be written.", error),
    })
}
