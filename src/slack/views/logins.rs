//! A device asks to log somebody in: what they are shown, what their answer did, and how to end it.

use slack_morphism::prelude::SlackBlockButtonElement;

use super::escape::roughly;
use super::line::Line;
use super::page::{Message, Page, button, confirmed, danger, primary};
use super::words;
use crate::domain::login::{Ending, IDLE, LONGEST, Login, LoginState, NoAnswer};
use crate::domain::time::{Span, Timestamp};
use crate::service::logins::answer::{LoginAnswered, LoginFound};
use crate::service::logins::end::LoginsEnded;
use crate::slack::actions::Button;

/// What a login opens, and what to be careful of: the same before every yes.
fn what_it_means() -> Vec<Line> {
    vec![
        Line::fact("Opens").text(format!(
            "whoever holds that device can do what you can do with /agent, in your name: register, ask, \
             end. It can approve nothing. It ends when you end it, after {} without use, and after {} in \
             any case.",
            IDLE.words(),
            LONGEST.words()
        )),
        Line::fact("Careful").bold("Did you start this yourself, a moment ago?").text(
            " If somebody sent you the code, or you are not sure: say no. It would log them in as you.",
        ),
    ]
}

/// What is known of the device. Its name is its own word.
fn about(login: &Login, now: Timestamp) -> Vec<Line> {
    let mut asked = Line::fact("Asked").ago(login.asked_at, now);
    if let Some(from) = &login.from {
        asked = asked.text(format!(", from {from}"));
    }
    vec![Line::fact("Device").quoted(&login.device), asked]
}

fn code(login: &Login) -> Option<String> {
    match &login.state {
        LoginState::Asked { code, .. } => Some(code.to_string()),
        _ => None,
    }
}

/// The question, by a message: the person compares the code, which they have not typed.
pub fn asked(login: &Login, now: Timestamp) -> Message {
    let Some(code) = code(login) else { return over() };
    let mut lines = vec![Line::say("🔑 A device asks to log in as you.")];
    lines.push(
        Line::fact("Code").code(code.as_str()).text("  must be what your terminal shows now"),
    );
    lines.extend(about(login, now));
    let yes = confirmed(
        primary(&Button::LogIn(login.id), "Log in"),
        "The same code?",
        &format!(
            "Look at your terminal: does it show {code}? If it shows another, or none, say no."
        ),
        "It shows this code",
    );
    Page::message()
        .lines(lines)
        .lines(what_it_means())
        .buttons(vec![yes, button(&Button::NotMe(login.id), "Not me")])
        .into_message()
}

/// What a typed code leads to.
pub fn found(found: &LoginFound) -> Message {
    match found {
        LoginFound::Asked { login, now } => {
            let mut lines = vec![Line::say("🔑 This logs a device in as you.")];
            lines.extend(about(login, *now));
            Page::message()
                .lines(lines)
                .lines(what_it_means())
                .buttons(vec![
                    primary(&Button::LogIn(login.id), "Log in"),
                    button(&Button::NotMe(login.id), "Not me"),
                ])
                .into_message()
        }
        LoginFound::NoCode { typed } => Page::message()
            .lines(vec![
                Line::say("That is no code: ").quoted(typed).text("."),
                Line::fact("Next")
                    .text("a code has eight letters; type it as your terminal shows it: ")
                    .code("/agent login WDJB-MJHT"),
            ])
            .into_message(),
        LoginFound::Unknown => Page::message()
            .lines(vec![
                Line::say("No login waits for this code."),
                Line::fact("Why").text(
                    "it was mistyped, is older than ten minutes, was answered already, or is meant for \
                     somebody else.",
                ),
                Line::fact("Next").text("start again in your terminal: ").code("agent-cli login"),
            ])
            .into_message(),
        LoginFound::TooOften { wait } => Page::message()
            .lines(vec![
                Line::say("That were many codes in a short time; this one was not looked at."),
                Line::fact("Next").text(format!(
                    "wait {}, and type it as your terminal shows it.",
                    seconds(*wait)
                )),
            ])
            .into_message(),
        LoginFound::NotMember(standing) => super::replies::not_for_you(*standing),
    }
}

fn seconds(wait: u64) -> String {
    Span::seconds(u32::try_from(wait).unwrap_or(u32::MAX)).words()
}

/// `/agent login` without a code.
pub fn explained() -> Message {
    Page::message()
        .lines(vec![
            Line::strong("Log in from a terminal")
                .text(": do there what you do here, without leaving it."),
            Line::say("1  in the terminal: ").code("agent-cli login"),
            Line::say("2  it shows a code of eight letters; type it here: ")
                .code("/agent login WDJB-MJHT"),
            Line::say("3  you are shown what wants to log in, and say yes or no."),
            Line::fact("Careful").text(
                "a code that somebody sends you logs them in as you. Type only what your own terminal \
                 shows.",
            ),
        ])
        .small(Line::say("Your logins, and the way to end them, are in the app’s Home tab."))
        .into_message()
}

/// What an answer did. It takes the place of the question.
pub fn answered(answered: &LoginAnswered) -> Message {
    match answered {
        LoginAnswered::Confirmed(login) => Page::message()
            .lines(vec![
                Line::say("✓ Logged in: ")
                    .quoted(&login.device)
                    .text(" goes on within a few seconds."),
                Line::fact("Not you?").text(
                    "Log out everywhere at once, and tell security. What it did is on the record.",
                ),
            ])
            .buttons(vec![everywhere()])
            .small(Line::say("Your logins are in the app’s Home tab."))
            .into_message(),
        LoginAnswered::Refused(login) => Page::message()
            .lines(vec![
                Line::say("✓ Nobody was logged in: ").quoted(&login.device).text(" was told no."),
                Line::fact("Next").text(
                    "if you did not start it, somebody tried to get in as you: tell security, and \
                     never pass a code on.",
                ),
            ])
            .into_message(),
        LoginAnswered::Nothing { why, by_you } => nothing(why, *by_you),
        LoginAnswered::NotMember(standing) => super::replies::not_for_you(*standing),
        LoginAnswered::Unknown => over(),
    }
}

fn nothing(why: &NoAnswer, by_you: bool) -> Message {
    match why {
        NoAnswer::Expired => over(),
        NoAnswer::ForAnother => Page::message()
            .lines(vec![
                Line::say("This login is for somebody else; your click changed nothing."),
                Line::fact("Next").text("start your own: ").code("agent-cli login"),
            ])
            .into_message(),
        NoAnswer::Answered { yes: true, .. } if by_you => Page::message()
            .lines(vec![
                Line::say("You said yes to this already; nothing was done twice."),
                Line::fact("Not you?").text("Log out everywhere at once, and tell security."),
            ])
            .buttons(vec![everywhere()])
            .into_message(),
        NoAnswer::Answered { yes: false, .. } if by_you => Page::message()
            .lines(vec![
                Line::say("You said no to this already: nobody was logged in."),
                Line::fact("Next").text("if it was you after all: ").code("agent-cli login"),
            ])
            .into_message(),
        NoAnswer::Answered { .. } => Page::message()
            .lines(vec![
                Line::say("Somebody else answered this before you; you are not logged in by it."),
                Line::fact("Next")
                    .text("if you started it, somebody has seen your code. Start again: ")
                    .code("agent-cli login"),
            ])
            .into_message(),
    }
}

fn over() -> Message {
    Page::message()
        .lines(vec![
            Line::say(
                "This login is over: it waits ten minutes for an answer. Nobody was logged in.",
            ),
            Line::fact("Next").text("start again in your terminal: ").code("agent-cli login"),
        ])
        .into_message()
}

/// Ends them all, after a question.
pub fn everywhere() -> SlackBlockButtonElement {
    confirmed(
        danger(&Button::LogOutEverywhere, "Log out everywhere"),
        "Log out everywhere?",
        "All your logins end at once, on every device. Your agents and their access stay as they are.",
        "Log out",
    )
}

/// What ending logins did.
pub fn ended(ended: &LoginsEnded) -> Message {
    let line = match ended.ended.as_slice() {
        [] => Line::say("You are logged in nowhere; there was nothing to end."),
        [one] => Line::say("✓ Logged out: ").quoted(&one.device).text(", from this moment on."),
        several => Line::say(format!(
            "✓ Logged out everywhere: {}, from this moment on.",
            words::count(several.len(), "login")
        )),
    };
    Page::message()
        .lines(vec![line, Line::fact("Next").text("to log in again: ").code("agent-cli login")])
        .into_message()
}

/// A login ended, because somebody else may have had its tokens.
pub fn taken(login: &Login, now: Timestamp) -> Message {
    let LoginState::Ended { at, ending, .. } = &login.state else { return over() };
    let why = match ending {
        Ending::CodeReused => "the code by which a device fetches its tokens came a second time",
        _ => "a token that is good once came a second time",
    };
    Page::message()
        .lines(vec![
            Line::say("⚠ Your login on ").quoted(&login.device).text(" was ended, ").at(*at, now).text("."),
            Line::fact("Why").text(format!(
                "{why}: somebody else may have a copy. It can also be a backup that was put back, or \
                 two programs that share one file."
            )),
            Line::fact("Next")
                .text("log in again: ")
                .code("agent-cli login")
                .text(". If you cannot explain it, log out everywhere and tell security."),
        ])
        .buttons(vec![everywhere()])
        .into_message()
}

/// A login in App Home, with the way to end it.
pub fn row(page: &mut Page, login: &Login, now: Timestamp) -> bool {
    let Some(live) = login.live(now) else { return true };
    let mut lines = vec![Line::strong(login.device.as_str())];
    let mut used =
        Line::say("since ").at(live.since, now).text(", last used ").ago(live.renewed_at, now);
    if let Some(left) = Span::between(now, live.until) {
        used = used.text(format!(", ends in {} without use", roughly(left)));
    }
    lines.push(used);
    page.entry(&login.id.to_string(), lines, vec![danger(&Button::EndLogin(login.id), "End")])
}
