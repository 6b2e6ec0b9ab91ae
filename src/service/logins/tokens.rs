//! A login's tokens: fetched once, renewed one by the other, shown at each call, given back.

use super::{ACCESS_PREFIX, REFRESH_PREFIX, keep_ended, new_pair};
use crate::domain::event::Actor;
use crate::domain::ids::LoginId;
use crate::domain::login::{ACCESS_LIVES, Ending, Fetched, Login, Renewed, SecretHash};
use crate::domain::person::{PersonId, Standing};
use crate::domain::time::{Span, Timestamp};
use crate::service::opening::refresh_homes;
use crate::service::{Result, Service};
use crate::store::work;

/// The tokens of a login, for its device alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    /// Shown at each call.
    pub access: String,
    /// Good for one renewal.
    pub refresh: String,
    /// The access token is good for so many seconds.
    pub expires_in: u32,
}

/// Without the tokens.
impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// What a device gets that asks for tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokensAsked {
    /// These.
    Given(Given),
    /// Nobody has answered yet.
    Pending,
    /// It asks too often.
    SlowDown,
    /// Nobody answered in time.
    Expired,
    /// The person said no.
    Denied,
    /// What was shown is unknown, or the login is over.
    Over,
    /// What was shown was used before: the login has ended for it.
    Reused,
    /// The person is no full, active member (any more): the login has ended.
    NotMember(Standing),
}

/// A person who logged in, as a token shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who.
    pub person: PersonId,
    /// By which login.
    pub login: LoginId,
    /// What the device calls itself; untrusted.
    pub device: String,
    /// Until when the login lasts without being used.
    pub until: Timestamp,
}

/// Why nobody is known by a person's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLoggedIn {
    /// Never given, or its time is over, or its login is.
    #[error("the login has ended or its token's hour is over: renew it, or log in again")]
    Over,
    /// The person may do nothing here any more.
    #[error("only full, active members of the workspace can do anything here")]
    NotMember(Standing),
}

/// Whether it looks like a token of a person's login.
pub fn is_persons(token: &str) -> bool {
    token.starts_with(ACCESS_PREFIX) || token.starts_with(REFRESH_PREFIX)
}

impl Service {
    /// A device asks for the tokens of the login that it began.
    pub async fn fetch_login(&self, device_code: &str) -> Result<TokensAsked> {
        let now = self.now();
        let hash = SecretHash::of(device_code);
        let Some(login) = self.parts.store.read().await?.login_by_device_code(&hash).await? else {
            return Ok(TokensAsked::Over);
        };
        if !self.pace.polls(login.id, now) {
            return Ok(TokensAsked::SlowDown);
        }
        let entropy = self.entropy();
        let (access, refresh, pair) = new_pair(&entropy);
        // While there is nothing to fetch nothing is written, however often a device asks.
        match login.clone().fetch(pair.clone(), now) {
            Fetched::Pending => return Ok(TokensAsked::Pending),
            Fetched::Expired => return Ok(TokensAsked::Expired),
            Fetched::Denied => return Ok(TokensAsked::Denied),
            Fetched::Over => return Ok(TokensAsked::Over),
            Fetched::Began(_) | Fetched::Reused(_) => {}
        }
        if let Some(person) = login.person() {
            let standing = self.standing(person).await?;
            if !standing.is_member() {
                return self.no_member(login, standing).await;
            }
        }
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(login) = tx.login_by_device_code(&hash).await? else {
                    return Ok(TokensAsked::Over);
                };
                Ok(match login.fetch(pair.clone(), now) {
                    Fetched::Pending => TokensAsked::Pending,
                    Fetched::Expired => TokensAsked::Expired,
                    Fetched::Denied => TokensAsked::Denied,
                    Fetched::Over => TokensAsked::Over,
                    Fetched::Began(login) => {
                        tx.update_login(&login).await?;
                        tx.insert_login_tokens(login.id, &pair).await?;
                        refresh_homes(tx, &entropy, now, login.person());
                        TokensAsked::Given(given(&login, access, refresh, now))
                    }
                    Fetched::Reused(login) => {
                        keep_ended(tx, &entropy, &login, Actor::System, now).await?;
                        TokensAsked::Reused
                    }
                })
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// A device renews its tokens.
    pub async fn renew_login(&self, refresh_token: &str) -> Result<TokensAsked> {
        let now = self.now();
        let shown = SecretHash::of(refresh_token);
        let found = self.parts.store.read().await?.login_by_token(&shown).await?;
        // An access token is no refresh token, whoever shows it.
        let found = found.filter(|_| refresh_token.starts_with(REFRESH_PREFIX));
        let Some(login) = found else { return Ok(TokensAsked::Over) };
        let Some(live) = login.live(now) else { return Ok(TokensAsked::Over) };
        let standing = self.standing(&live.person).await?;
        if !standing.is_member() {
            return self.no_member(login, standing).await;
        }
        let entropy = self.entropy();
        let (access, refresh, pair) = new_pair(&entropy);
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(login) = tx.login_by_token(&shown).await? else {
                    return Ok(TokensAsked::Over);
                };
                Ok(match login.renew(&shown, pair.clone(), now) {
                    Renewed::Over => TokensAsked::Over,
                    Renewed::Renewed(login) => {
                        tx.update_login(&login).await?;
                        tx.insert_login_tokens(login.id, &pair).await?;
                        TokensAsked::Given(given(&login, access, refresh, now))
                    }
                    Renewed::Reused(login) => {
                        keep_ended(tx, &entropy, &login, Actor::System, now).await?;
                        TokensAsked::Reused
                    }
                })
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Who shows this access token. Their membership is looked up, as at Slack's doors; the login of
    /// somebody who is no member any more ends.
    pub async fn person_by_token(
        &self,
        token: &str,
    ) -> Result<std::result::Result<LoggedIn, NotLoggedIn>> {
        if !token.starts_with(ACCESS_PREFIX) {
            return Ok(Err(NotLoggedIn::Over));
        }
        let now = self.now();
        let shown = SecretHash::of(token);
        let found = self.parts.store.read().await?.login_by_token(&shown).await?;
        let Some(login) = found else { return Ok(Err(NotLoggedIn::Over)) };
        let Some(live) = login.opened_by(&shown, now) else { return Ok(Err(NotLoggedIn::Over)) };
        let standing = self.standing(&live.person).await?;
        if !standing.is_member() {
            self.no_member(login, standing).await?;
            return Ok(Err(NotLoggedIn::NotMember(standing)));
        }
        Ok(Ok(LoggedIn {
            person: live.person.clone(),
            login: login.id,
            device: login.device.clone(),
            until: live.until,
        }))
    }

    /// A device logs out, by either of its tokens. What is unknown or over is nobody's.
    pub async fn log_out(&self, token: &str) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let shown = SecretHash::of(token);
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(login) = tx.login_by_token(&shown).await? else { return Ok(()) };
                let person = login.person().cloned();
                let Some(login) = login.end(Ending::LoggedOut, now) else { return Ok(()) };
                let by = person.map_or(Actor::System, Actor::Person);
                keep_ended(tx, &entropy, &login, by, now).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Somebody is no member any more: their login ends, and does not begin again with their account.
    async fn no_member(&self, login: Login, standing: Standing) -> Result<TokensAsked> {
        let (now, entropy, id) = (self.now(), self.entropy(), login.id);
        let work = work(move |tx| {
            Box::pin(async move {
                let ended = tx.login(id).await?.and_then(|one| one.end(Ending::NotMember, now));
                let Some(login) = ended else { return Ok(()) };
                keep_ended(tx, &entropy, &login, Actor::System, now).await
            })
        });
        self.parts.store.write(work).await?;
        Ok(TokensAsked::NotMember(standing))
    }
}

fn given(login: &Login, access: String, refresh: String, now: Timestamp) -> Given {
    // The last hour of a login is shorter.
    let left = login.live(now).and_then(|live| Span::between(now, live.until));
    let expires_in = left.unwrap_or(ACCESS_LIVES).min(ACCESS_LIVES).as_seconds();
    Given { access, refresh, expires_in }
}
