//! A person's terminal: what is typed into it, and what stands on it.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use crate::office::PATIENCE;

/// High enough that nothing scrolls away.
const ROWS: u16 = 90;

/// A program in a terminal of its own.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    shown: Arc<Shown>,
    keys: usize,
}

/// What was written to the terminal so far.
struct Shown {
    screen: Mutex<(vt100::Parser, bool)>,
    changed: Condvar,
}

impl Terminal {
    /// Starts a program in a terminal with so many columns.
    pub fn start(command: Command, columns: u16) -> Self {
        let (pty, pts) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(ROWS, columns)).expect("a size");
        let child = command.spawn(pts).expect("the program starts");
        let pty = Arc::new(pty);
        let rows = NonZeroU16::new(ROWS).expect("rows");
        let columns = NonZeroU16::new(columns).expect("columns");
        let parser = vt100::Parser::new(rows, columns, 0);
        let shown =
            Arc::new(Shown { screen: Mutex::new((parser, false)), changed: Condvar::new() });
        let (from, to) = (Arc::clone(&pty), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It fails when the last one who had the terminal open has gone.
            while let Ok(n @ 1..) = (&*from).read(&mut bytes) {
                let mut screen = to.screen.lock().unwrap_or_else(PoisonError::into_inner);
                screen.0.process(&bytes[..n]);
                to.changed.notify_all();
            }
            to.screen.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
            to.changed.notify_all();
        });
        Self { pty, child, shown, keys: 0 }
    }

    /// What stands on it, without empty lines at its end.
    pub fn shows(&self) -> String {
        let screen = self.shown.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.0.screen().contents().trim_end().to_owned()
    }

    /// Whether anything on it is coloured.
    pub fn is_coloured(&self) -> bool {
        let screen = self.shown.screen.lock().unwrap_or_else(PoisonError::into_inner);
        let formatted = screen.0.screen().contents_formatted();
        formatted.contains("\x1b[3")
    }

    /// Waits until these words stand on it.
    pub fn waits_for(&self, words: &str) {
        self.until(&format!("“{words}”"), |screen, _| screen.contains(words).then_some(()));
    }

    /// Waits until `find` finds something on it.
    pub fn finds<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        self.until(what, |screen, _| find(screen))
    }

    fn until<T>(&self, what: &str, look: impl Fn(&str, bool) -> Option<T>) -> T {
        let begun = Instant::now();
        let mut screen = self.shown.screen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let contents = screen.0.screen().contents();
            if let Some(found) = look(&contents, screen.1) {
                return found;
            }
            let over = screen.1 || begun.elapsed() > PATIENCE;
            assert!(!over, "{what} never stood on the terminal:\n{contents}");
            let waited = self.shown.changed.wait_timeout(screen, Duration::from_millis(200));
            screen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Types a line, once there is something to answer.
    pub fn types(&mut self, line: &str) {
        self.waits_for_prompt();
        self.keys += line.chars().count() + 1;
        self.sends(&format!("{line}\r"));
    }

    fn waits_for_prompt(&self) {
        let begun = Instant::now();
        let mut screen = self.shown.screen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let shown = screen.0.screen();
            let (row, column) = shown.cursor_position();
            if shown.contents_between(row, 0, row, column).ends_with("> ") {
                return;
            }
            let over = screen.1 || begun.elapsed() > PATIENCE;
            assert!(!over, "nobody is asked anything:\n{}", shown.contents());
            let waited = self.shown.changed.wait_timeout(screen, Duration::from_millis(200));
            screen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Presses Ctrl-C.
    pub fn interrupts(&mut self) {
        self.sends("\x03");
    }

    /// Presses Ctrl-D.
    pub fn ends_input(&mut self) {
        self.sends("\x04");
    }

    fn sends(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).expect("typed");
    }

    /// How many keys were pressed.
    pub const fn keys(&self) -> usize {
        self.keys
    }

    /// Waits until the program has ended: its status, and what it left on the terminal.
    pub fn ends(&mut self) -> (i32, String) {
        let begun = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it goes on:\n{}", self.shows());
            std::thread::sleep(Duration::from_millis(10));
        };
        // What was written before the end may not have been read yet.
        self.until("the end", |_, over| over.then_some(()));
        (status.code().unwrap_or(-1), self.shows())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
