//! Questions to whoever sits at the terminal: plain lines, so that they work over any connection, with
//! screen readers, and in a log of the session. Where nobody sits, the flag that answers is named instead.

use std::io::{BufRead, Write};

use super::exit::Exit;
use super::look::Ink;
use super::screen::Screen;
use super::trouble::Trouble;
use super::words::{Told, wrapped};

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The question, ending with a question mark.
    pub text: &'a str,
    /// A line that helps to answer; may be empty.
    pub help: &'a str,
    /// The flag that answers it: `--purpose "…"`.
    pub flag: &'a str,
}

impl Screen {
    /// Asks for a text. An empty answer takes `default`, if there is one; `check` says what is wrong with
    /// an answer, and it is asked again.
    ///
    /// # Errors
    ///
    /// When nobody can be asked, or whoever is asked goes away.
    pub fn ask(
        &self,
        question: Question<'_>,
        default: Option<&str>,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, Trouble> {
        self.pose(question)?;
        loop {
            let hint = default.map(|default| format!("[{default}] ")).unwrap_or_default();
            let typed = self.line(&hint)?;
            let typed = match (typed.is_empty(), default) {
                (true, Some(default)) => default.to_owned(),
                _ => typed,
            };
            match check(&typed) {
                Ok(()) => return Ok(typed),
                Err(wrong) => self.again(&wrong),
            }
        }
    }

    /// Asks for a yes or a no; an empty answer takes `default`, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Screen::ask`].
    pub fn ask_yes(&self, question: Question<'_>, default: Option<bool>) -> Result<bool, Trouble> {
        self.pose(question)?;
        let hint = match default {
            Some(true) => "[Y/n] ",
            Some(false) => "[y/N] ",
            None => "[y/n] ",
        };
        loop {
            match (self.line(hint)?.to_lowercase().as_str(), default) {
                ("y" | "yes", _) => return Ok(true),
                ("n" | "no", _) => return Ok(false),
                ("", Some(default)) => return Ok(default),
                _ => self.again("Please answer y or n."),
            }
        }
    }

    /// Asks for one of several; gives its place. An empty answer takes the first.
    ///
    /// # Errors
    ///
    /// As [`Screen::ask`].
    pub fn choose(&self, question: Question<'_>, options: &[String]) -> Result<usize, Trouble> {
        self.choose_or(question, options, Some(0))
    }

    /// Asks for one of several, none of which is taken unless it is named; gives its place.
    ///
    /// # Errors
    ///
    /// As [`Screen::ask`].
    pub fn choose_named(
        &self,
        question: Question<'_>,
        options: &[String],
    ) -> Result<usize, Trouble> {
        self.choose_or(question, options, None)
    }

    fn choose_or(
        &self,
        question: Question<'_>,
        options: &[String],
        default: Option<usize>,
    ) -> Result<usize, Trouble> {
        self.pose(question)?;
        self.list(options);
        let hint = default.map(|at| format!("[{}] ", at + 1)).unwrap_or_default();
        loop {
            let typed = self.line(&hint)?;
            match (picked(&typed, options), default) {
                (Some(at), _) => return Ok(at),
                (None, Some(at)) if typed.is_empty() => return Ok(at),
                (None, _) => {
                    self.again(&format!("Please type a number from 1 to {}.", options.len()));
                }
            }
        }
    }

    /// Asks for any of several; gives their places in order. An empty answer takes none. `check` says
    /// what is wrong with an answer, and it is asked again.
    ///
    /// # Errors
    ///
    /// As [`Screen::ask`].
    pub fn choose_any(
        &self,
        question: Question<'_>,
        options: &[String],
        check: impl Fn(&[usize]) -> Result<(), String>,
    ) -> Result<Vec<usize>, Trouble> {
        self.pose(question)?;
        self.list(options);
        loop {
            let typed = self.line("[none] ")?;
            let parts = typed.split([',', ' ']).filter(|part| !part.is_empty());
            let none = ["none", "0", "no"].contains(&typed.to_lowercase().as_str());
            let parts: Vec<&str> = if none { Vec::new() } else { parts.collect() };
            let read: Option<Vec<usize>> = parts.iter().map(|part| picked(part, options)).collect();
            match read {
                Some(mut places) => {
                    places.sort_unstable();
                    places.dedup();
                    match check(&places) {
                        Ok(()) => return Ok(places),
                        Err(wrong) => self.again(&wrong),
                    }
                }
                None => self.again("Please type their numbers, such as 1,3; or nothing for none."),
            }
        }
    }

    /// Whether somebody can be asked this at all.
    ///
    /// # Errors
    ///
    /// When nobody can; the flag that answers is named.
    pub fn somebody_for(&self, question: Question<'_>) -> Result<(), Trouble> {
        if self.interactive {
            return Ok(());
        }
        Err(Trouble::Missing { what: question.text.to_owned(), flag: question.flag.to_owned() })
    }

    fn pose(&self, question: Question<'_>) -> Result<(), Trouble> {
        self.somebody_for(question)?;
        let mut text = format!("\n{}\n", self.err.ink(Ink::Strong, question.text));
        for line in wrapped(question.help, usize::from(self.err.width) - 2) {
            text.push_str(&format!("  {}\n", self.err.ink(Ink::Faint, &line)));
        }
        self.note(&text);
        Ok(())
    }

    /// The options with their numbers; one that is long goes on below itself.
    fn list(&self, options: &[String]) {
        let digits = options.len().to_string().len();
        let edge = digits + 4;
        let room = usize::from(self.err.width).saturating_sub(edge).max(20);
        for (at, option) in options.iter().enumerate() {
            let number = self.err.ink(Ink::Command, &format!("{:>digits$}", at + 1));
            let lines = wrapped(option, room).join(&format!("\n{:edge$}", ""));
            self.note(&format!("  {number}  {lines}"));
        }
    }

    fn again(&self, wrong: &str) {
        for line in wrapped(wrong, usize::from(self.err.width) - 2) {
            self.note(&format!("  {}", self.err.ink(Ink::Care, &line)));
        }
    }

    fn line(&self, hint: &str) -> Result<String, Trouble> {
        let mut err = std::io::stderr();
        let prompt =
            format!("{}{} ", self.err.ink(Ink::Faint, hint), self.err.ink(Ink::Command, ">"));
        // Whoever does not see the prompt can type all the same.
        let _ = write!(err, "{prompt}").and_then(|()| err.flush());
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) => {
                let _ = writeln!(err);
                let told = Told::new("Stopped: nothing was sent.").next(["run it again"]);
                Err(Trouble::told(Exit::Usage, "stopped", told))
            }
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(Trouble::fault("The answer could not be read.", error)),
        }
    }
}

/// The place of an option by its number, or by its beginning if only one begins so.
fn picked(typed: &str, options: &[String]) -> Option<usize> {
    if let Ok(number) = typed.parse::<usize>() {
        return number.checked_sub(1).filter(|at| *at < options.len());
    }
    let typed = typed.to_lowercase();
    let begins = |option: &String| option.to_lowercase().starts_with(&typed);
    let mut found =
        options.iter().enumerate().filter(|(_, option)| !typed.is_empty() && begins(option));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Some(at),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_picked_by_number_or_by_its_beginning() {
        let options = ["Python", "TypeScript", "Rust", "Ruby"].map(str::to_owned);
        for (typed, place) in [
            ("1", Some(0)),
            ("4", Some(3)),
            ("0", None),
            ("5", None),
            ("py", Some(0)),
            ("rust", Some(2)),
            ("ru", None),
            ("", None),
            ("go", None),
        ] {
            assert_eq!(picked(typed, &options), place, "{typed}");
        }
    }

    #[test]
    fn where_nobody_sits_the_flag_is_named() {
        let look = super::super::look::Look::PLAIN;
        let screen = Screen { out: look, err: look, json: false, interactive: false, live: false };
        let question = Question { text: "What is it for?", help: "", flag: "--purpose \"…\"" };
        let trouble = screen.ask(question, None, |_| Ok(())).unwrap_err();
        assert_eq!(trouble.exit(), Exit::Usage);
        assert!(format!("{:?}", trouble.words()).contains("add --purpose"), "{trouble:?}");
    }
}
