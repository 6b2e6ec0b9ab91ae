//! Short-lived tickets that a command or a click carries: to open a view, or to answer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long a trigger can be exchanged for a view.
pub(crate) const TRIGGER_LIFE: Duration = Duration::from_secs(3);
/// How long a response URL works.
pub(crate) const RESPONSE_URL_LIFE: Duration = Duration::from_secs(30 * 60);
/// How often a response URL works.
pub(crate) const RESPONSE_URL_USES: u32 = 5;
/// A step of the clock this long is somebody moving the time, not time passing.
const JUMP: chrono::Duration = chrono::Duration::seconds(60);

/// When a ticket was given, in the workspace's time and in real time.
///
/// The workspace's time decides how old a ticket is. But it can be moved by a month at any moment,
/// also while the app is busy with the very command that carried the ticket; whoever moved it did
/// not mean to break that. So a ticket also lives while its command is being handled, and a trigger
/// for its 3 s of real time when the clock has jumped.
#[derive(Clone, Copy, Debug)]
struct Issued {
    at: DateTime<Utc>,
    real: Instant,
    /// The command or click that carried it is not acknowledged yet.
    in_flight: bool,
}

impl Issued {
    fn is_older_than(&self, life: Duration, now: DateTime<Utc>) -> bool {
        let waited = self.real.elapsed();
        let age = now - self.at;
        let too_old = age.to_std().is_ok_and(|age| age > life);
        let jumped = age - chrono::Duration::from_std(waited).unwrap_or_default() >= JUMP;
        let forgiven = jumped && (self.in_flight || life == TRIGGER_LIFE) && waited <= TRIGGER_LIFE;
        too_old && !forgiven
    }
}

/// A ticket to open one view.
#[derive(Clone, Debug)]
struct Trigger {
    user: String,
    issued: Issued,
    used: bool,
}

/// Why a trigger cannot be exchanged: Slack's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TriggerRefusal {
    Invalid,
    Expired,
    Exchanged,
}

impl TriggerRefusal {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Invalid => "invalid_trigger_id",
            Self::Expired => "expired_trigger_id",
            Self::Exchanged => "exchanged_trigger_id",
        }
    }
}

/// Every trigger that was given lately.
#[derive(Debug, Default)]
pub(crate) struct Triggers {
    given: HashMap<String, Trigger>,
}

impl Triggers {
    /// Gives a trigger for this person's screen.
    pub(crate) fn give(
        &mut self,
        secret: &str,
        number: u64,
        user: &str,
        now: DateTime<Utc>,
    ) -> String {
        if self.given.len() > 10_000 {
            self.given.retain(|_, trigger| trigger.issued.real.elapsed() < 20 * TRIGGER_LIFE);
        }
        let id =
            format!("{number}.{}.{}", now.timestamp(), mark(secret, &format!("trigger:{number}")));
        let issued = Issued { at: now, real: Instant::now(), in_flight: true };
        self.given.insert(id.clone(), Trigger { user: user.to_owned(), issued, used: false });
        id
    }

    /// The command or click that carried it was acknowledged, or given up.
    pub(crate) fn landed(&mut self, id: &str) {
        if let Some(trigger) = self.given.get_mut(id) {
            trigger.issued.in_flight = false;
        }
    }

    /// Whose screen it opens, if it still does. It is not used up by asking.
    pub(crate) fn check(&self, id: &str, now: DateTime<Utc>) -> Result<String, TriggerRefusal> {
        let trigger = self.given.get(id).ok_or(TriggerRefusal::Invalid)?;
        if trigger.used {
            return Err(TriggerRefusal::Exchanged);
        }
        if trigger.issued.is_older_than(TRIGGER_LIFE, now) {
            return Err(TriggerRefusal::Expired);
        }
        Ok(trigger.user.clone())
    }

    /// Uses it up.
    pub(crate) fn exchange(&mut self, id: &str) {
        if let Some(trigger) = self.given.get_mut(id) {
            trigger.used = true;
        }
    }
}

/// What a response URL answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A slash command; it has no message that could be replaced.
    Command,
    /// A click in this message.
    Message { ts: String, ephemeral: bool },
}

/// An address to answer one command or click.
#[derive(Clone, Debug)]
pub(crate) struct ResponseUrl {
    /// Who gave the command or clicked: ephemeral answers are for them.
    pub user: String,
    /// Where.
    pub channel: String,
    /// What it answers.
    pub origin: Origin,
    issued: Issued,
    uses: u32,
}

/// Why a response URL does nothing: Slack's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseUrlRefusal {
    Unknown,
    Expired,
    UsedUp,
}

impl ResponseUrlRefusal {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unknown => "no_such_url",
            Self::Expired => "expired_url",
            Self::UsedUp => "used_url",
        }
    }
}

/// Every response URL that was given lately, by path.
#[derive(Debug, Default)]
pub(crate) struct ResponseUrls {
    given: HashMap<String, ResponseUrl>,
}

impl ResponseUrls {
    /// Gives an address; the path of it returns.
    pub(crate) fn give(
        &mut self,
        secret: &str,
        number: u64,
        team: &str,
        to: (&str, &str),
        origin: Origin,
        now: DateTime<Utc>,
    ) -> String {
        if self.given.len() > 50_000 {
            self.given.retain(|_, url| !url.issued.is_older_than(RESPONSE_URL_LIFE, now));
        }
        let kind = if origin == Origin::Command { "commands" } else { "actions" };
        let path = format!("/{kind}/{team}/{number}/{}", mark(secret, &format!("answer:{number}")));
        let issued = Issued { at: now, real: Instant::now(), in_flight: true };
        let (user, channel) = to;
        let url = ResponseUrl {
            user: user.to_owned(),
            channel: channel.to_owned(),
            origin,
            issued,
            uses: 0,
        };
        self.given.insert(path.clone(), url);
        path
    }

    /// The command or click that carried it was acknowledged, or given up.
    pub(crate) fn landed(&mut self, path: &str) {
        if let Some(url) = self.given.get_mut(path) {
            url.issued.in_flight = false;
        }
    }

    /// What this address answers, if it still does.
    pub(crate) fn check(
        &self,
        path: &str,
        now: DateTime<Utc>,
    ) -> Result<ResponseUrl, ResponseUrlRefusal> {
        let url = self.given.get(path).ok_or(ResponseUrlRefusal::Unknown)?;
        if url.issued.is_older_than(RESPONSE_URL_LIFE, now) {
            return Err(ResponseUrlRefusal::Expired);
        }
        if url.uses >= RESPONSE_URL_USES {
            return Err(ResponseUrlRefusal::UsedUp);
        }
        Ok(url.clone())
    }

    /// Counts one use.
    pub(crate) fn used(&mut self, path: &str) {
        if let Some(url) = self.given.get_mut(path) {
            url.uses += 1;
        }
    }
}

/// Something that nobody without the secret can guess: 32 hexadecimal digits.
pub(crate) fn mark(secret: &str, what: &str) -> String {
    let mut digits = hex::encode(keyed_hash(secret, what.as_bytes()));
    digits.truncate(32);
    digits
}

/// HMAC-SHA256.
pub(crate) fn keyed_hash(secret: &str, what: &[u8]) -> Vec<u8> {
    // Keys of any length are fine for HMAC; a refusal cannot happen and would only give a
    // signature that nobody accepts.
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(what);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn seconds(n: i64) -> chrono::Duration {
        chrono::Duration::seconds(n)
    }

    #[test]
    fn a_trigger_lives_three_seconds_and_works_once() {
        let mut triggers = Triggers::default();
        let id = triggers.give("s", 1, "U1", noon());
        triggers.landed(&id);
        assert_eq!(triggers.check(&id, noon() + seconds(3)).unwrap(), "U1");
        assert_eq!(triggers.check(&id, noon() + seconds(4)), Err(TriggerRefusal::Expired));
        triggers.exchange(&id);
        assert_eq!(triggers.check(&id, noon()), Err(TriggerRefusal::Exchanged));
        assert_eq!(triggers.check("1.2.3", noon()), Err(TriggerRefusal::Invalid));
    }

    #[test]
    fn moving_the_clock_by_a_month_does_not_break_what_is_being_handled() {
        let mut triggers = Triggers::default();
        let id = triggers.give("s", 1, "U1", noon());
        assert!(triggers.check(&id, noon() + seconds(30 * 86_400)).is_ok());
        let mut urls = ResponseUrls::default();
        let path = urls.give("s", 2, "T", ("U1", "C1"), Origin::Command, noon());
        assert!(urls.check(&path, noon() + seconds(30 * 86_400)).is_ok());
        urls.landed(&path);
        let late = urls.check(&path, noon() + seconds(30 * 86_400));
        assert_eq!(late.unwrap_err(), ResponseUrlRefusal::Expired);
    }

    #[test]
    fn a_response_url_works_five_times_within_half_an_hour() {
        let mut urls = ResponseUrls::default();
        let path = urls.give("s", 1, "T", ("U1", "C1"), Origin::Command, noon());
        urls.landed(&path);
        assert!(urls.check(&path, noon() + seconds(1800)).is_ok());
        let late = urls.check(&path, noon() + seconds(1801));
        assert_eq!(late.unwrap_err(), ResponseUrlRefusal::Expired);
        for _ in 0..5 {
            assert!(urls.check(&path, noon()).is_ok());
            urls.used(&path);
        }
        assert_eq!(urls.check(&path, noon()).unwrap_err(), ResponseUrlRefusal::UsedUp);
    }
}
