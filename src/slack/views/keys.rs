//! How an agent proves itself: the lines of a credential, `/agent key`, and what comes of taking one
//! away.

use super::card::asked_for_credential;
use super::escape::{clip, roughly};
use super::line::Line;
use super::page::{Message, Page, button, danger, primary};
use super::words::{self, MOST_NAMED};
use crate::domain::agent::{Agent, Slug};
use crate::domain::claims::Breadth;
use crate::domain::credential::{Credential, CredentialState, Proof};
use crate::domain::person::PersonId;
use crate::domain::time::{Span, Timestamp};
use crate::service::credentials::outcome::{CredentialRevoked, Keys, KeysShown};
use crate::slack::actions::Button;

/// So many letters of a fingerprint stand together.
const GROUP: usize = 4;
/// When so much is left, the end is soon.
const SOON: Span = Span::days(7);

/// What kind of proof it is: `Ed25519 key`, `workload identity of github`.
pub fn kind(proof: &Proof) -> String {
    match proof {
        Proof::Key { key, .. } => match key.algorithm() {
            "EdDSA" => "Ed25519 key".to_owned(),
            _ => "P-256 key".to_owned(),
        },
        Proof::Workload { issuer, .. } => format!("workload identity of {}", clip(issuer, 60)),
    }
}

/// What tells the proof from others, for eyes to compare: a key's thumbprint in short groups, or
/// every claim on a line of its own.
pub fn proof(proof: &Proof) -> Vec<Line> {
    match proof {
        Proof::Key { thumbprint, .. } => {
            vec![Line::fact("Fingerprint").code(grouped(thumbprint))]
        }
        Proof::Workload { issuer, claims } => {
            let mut lines = vec![Line::fact("Issuer").text(clip(issuer, 60))];
            lines.extend(claims.iter().map(|(name, value)| {
                Line::say("• ").code(format!("{} = {}", clip(name, 255), clip(value, 255)))
            }));
            lines
        }
    }
}

/// `kPrK qmxV WaYV …`: what people compare, they compare in pieces.
fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

/// How broad claims are, in words.
pub const fn breadth(breadth: Breadth) -> &'static str {
    match breadth {
        Breadth::AnyRepository => "broad: fits workflows of many repositories",
        Breadth::NoRepositoryId => {
            "no repository_id: the repository’s name can come to belong to another"
        }
        Breadth::AnyWorkflow => "broad: fits every branch and workflow of the repository",
        Breadth::NoSubject => "broad: without sub, many service accounts fit",
        Breadth::OneClaim => "broad: one claim alone, which is not sub",
    }
}

/// How a credential stands: the time left, or how it ended.
pub fn state(credential: &Credential, now: Timestamp) -> Line {
    match &credential.state {
        CredentialState::Revoked { at, by, reason } => {
            let line = Line::say("revoked by ").by(by).text(", ").at(*at, now);
            if reason.is_empty() { line } else { line.text(": ").quoted(reason) }
        }
        CredentialState::Active if !credential.is_live(now) => {
            Line::say("ended when its time came, ").at(credential.expires_at, now)
        }
        CredentialState::Active => match Span::between(now, credential.expires_at) {
            Some(left) if left <= SOON => Line::say(format!("⚠ ends in {}, ", roughly(left))),
            Some(left) => Line::say(format!("accepted for {}, until ", roughly(left))),
            None => Line::say("⚠ ends "),
        }
        .at(credential.expires_at, now),
    }
}

fn mark(credential: &Credential, now: Timestamp) -> &'static str {
    match credential.state {
        CredentialState::Revoked { .. } => "🛑",
        CredentialState::Active if credential.is_live(now) => "🟢",
        CredentialState::Active => "⌛",
    }
}

/// What an agent proves itself by.
pub fn keys(shown: &KeysShown) -> Message {
    match shown {
        KeysShown::Shown(keys) => list(keys),
        KeysShown::MayNot { agent, owner } => may_not(agent, owner),
        KeysShown::Refused(refusal) => super::refusals::refusal(refusal),
    }
}

fn list(keys: &Keys) -> Message {
    let Keys { agent, credentials, open, mine, now } = keys;
    let now = *now;
    let live = credentials.iter().filter(|credential| credential.is_live(now)).count();
    let title = Line::say(format!("{} ", words::agent_mark(agent))).bold(agent.slug.as_str());
    let mut page = Page::message().line(match live {
        0 => title.text(" has no credential: it cannot prove who it is, and gets no token."),
        n => title.text(format!(" proves itself by {}", words::count(n, "credential"))),
    });
    page = page.entries(credentials, credentials.len(), 10, |page, credential| {
        let mut lines = vec![
            Line::say(format!("{} ", mark(credential, now)))
                .bold(clip(&credential.name, 60))
                .text(format!(" · {}", kind(&credential.proof))),
            state(credential, now),
        ];
        let live = credential.is_live(now);
        if live {
            lines.extend(proof(&credential.proof));
        }
        let revoke = danger(&Button::RevokeKey(credential.id), "Revoke…");
        page.entry(&credential.id.to_string(), lines, if live { vec![revoke] } else { vec![] })
    });
    if !open.is_empty() {
        let mut lines = vec![Line::strong("People are deciding")];
        lines.extend(open.iter().take(MOST_NAMED).map(|request| {
            Line::say(format!("• {}  ", request.reference))
                .line(asked_for_credential(&request.ask))
                .text(", until ")
                .at(request.decide_by, now)
        }));
        page = page.lines(lines);
    }
    let may_add = *mine && agent.is_active();
    let mut buttons = Vec::new();
    if may_add {
        page = page.line(Line::fact("Next").text(if live == 0 {
            "make a key pair where it runs, and add the public half."
        } else {
            "to follow one without a gap, add the next one before it ends: both are accepted."
        }));
        buttons.push(primary(&Button::AddKey(agent.id), "Add…"));
    }
    buttons.push(button(&Button::Show(agent.id), "Show agent"));
    page.buttons(buttons).into_message()
}

fn may_not(agent: &Slug, owner: &PersonId) -> Message {
    Page::message()
        .lines(vec![
            Line::say("Only the owner, the leads of its team and security see and take away what ")
                .bold(agent.as_str())
                .text(" proves itself by. Its owner is ")
                .person(owner)
                .text("."),
            Line::fact("Next").text("ask ").person(owner).text(", or security if it is urgent."),
        ])
        .into_message()
}

/// What came of taking a credential away.
pub fn key_revoked(revoked: &CredentialRevoked) -> Message {
    let say = |line: Line| Page::message().line(line).into_message();
    match revoked {
        CredentialRevoked::Done { credential, agent, beside } => Page::message()
            .lines(vec![
                Line::say("✓ ")
                    .bold(agent.slug.as_str())
                    .text(" cannot prove itself by ")
                    .quoted(&clip(&credential.name, 60))
                    .text(" any more; tokens that it got by it are not accepted either."),
                others(*beside),
            ])
            .buttons(vec![button(&Button::Keys(agent.id), "Keys")])
            .into_message(),
        CredentialRevoked::Over { credential, agent } => {
            let now = match &credential.state {
                CredentialState::Revoked { at, .. } => *at,
                CredentialState::Active => credential.expires_at,
            };
            Page::message()
                .lines(vec![
                    Line::say("It was over already: ")
                        .quoted(&clip(&credential.name, 60))
                        .text(" of ")
                        .bold(agent.slug.as_str())
                        .text(", ")
                        .line(state(credential, now)),
                ])
                .buttons(vec![button(&Button::Keys(agent.id), "Keys")])
                .into_message()
        }
        CredentialRevoked::MayNot { agent, owner } => may_not(agent, owner),
        CredentialRevoked::NotMember(standing) => super::replies::not_for_you(*standing),
        CredentialRevoked::Unknown => {
            say(Line::say("There is no such credential any more; nothing was changed."))
        }
        CredentialRevoked::Before => {
            say(Line::say("This was received before and is done; nothing was done twice."))
        }
    }
}

/// What the agent has left.
fn others(beside: u32) -> Line {
    match beside {
        0 => Line::fact("Left").text("none: it gets no token until another is added."),
        n => Line::fact("Left")
            .text(format!("{}, as before.", words::count(n as usize, "other credential"))),
    }
}

/// A credential is about to end: to the owner, who can let another follow it.
pub fn ending(credential: &Credential, agent: &Agent, beside: u32, now: Timestamp) -> Message {
    let Some(left) = Span::between(now, credential.expires_at) else {
        return ended(credential, agent, beside, now);
    };
    let next = match credential.proof {
        Proof::Key { .. } => {
            "add the next key now: both are accepted until this one ends, so nothing stops."
        }
        Proof::Workload { .. } => {
            "ask for it again now, with the same claims: it then only lasts longer, and nothing stops."
        }
    };
    Page::message()
        .lines(vec![
            Line::say(format!("⏰ In {}: ", roughly(left)))
                .bold(agent.slug.as_str())
                .text(" can no longer prove itself by ")
                .quoted(&clip(&credential.name, 60))
                .text(format!(" · {}", kind(&credential.proof))),
            Line::fact("Ends").at(credential.expires_at, now),
            match beside {
                0 => Line::fact("Then").text("it has none left, and gets no token."),
                n => Line::fact("Then")
                    .text(format!("it has {} left.", words::count(n as usize, "credential"))),
            },
            Line::fact("Next").text(next),
        ])
        .buttons(vec![
            primary(&Button::AddKey(agent.id), "Add the next one…"),
            button(&Button::Keys(agent.id), "Keys"),
        ])
        .into_message()
}

/// A credential has ended, in whatever way.
pub fn ended(credential: &Credential, agent: &Agent, beside: u32, now: Timestamp) -> Message {
    let mut buttons = Vec::new();
    if agent.is_active() {
        buttons.push(button(&Button::AddKey(agent.id), "Add another…"));
    }
    buttons.push(button(&Button::Keys(agent.id), "Keys"));
    Page::message()
        .lines(vec![
            Line::say(format!("{} ", mark(credential, now)))
                .bold(agent.slug.as_str())
                .text(" can no longer prove itself by ")
                .quoted(&clip(&credential.name, 60))
                .text(format!(" · {}", kind(&credential.proof))),
            Line::fact("State").line(state(credential, now)),
            others(beside),
        ])
        .buttons(buttons)
        .into_message()
}
