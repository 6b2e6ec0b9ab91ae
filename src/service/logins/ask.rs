//! A device asks to log somebody in (RFC 8628, section 3.1), and the person whom it names hears of it.

use std::net::IpAddr;

use super::{DEVICE_PREFIX, secret};
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::ids::LoginId;
use crate::domain::login::{CODE_LIVES, Login, LoginState, SecretHash, device_name};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::domain::user_code::UserCode;
use crate::service::opening::send;
use crate::service::{Result, Service};
use crate::store::{StoreError, Tx, work};

/// So many messages of this kind one person gets in an hour.
const MESSAGES_AN_HOUR: u32 = 3;
/// So many codes are tried until one is free; a second is already unlikely.
const TRIES: usize = 4;
/// The longest hint that is looked up, in bytes.
const LONGEST_HINT: usize = 254;

/// What a device says when it asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceAsks {
    /// What it calls itself; untrusted.
    pub device: String,
    /// Whom it hopes to log in: an e-mail address or a Slack user id.
    pub hint: Option<String>,
    /// From where it asks.
    pub from: Option<IpAddr>,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq)]
pub enum LoginAsked {
    /// A person can confirm it now.
    Asked {
        /// By which the device fetches its tokens; a secret.
        device_code: String,
        /// What the person types.
        user_code: UserCode,
    },
    /// This address has asked too often.
    TooOften {
        /// In so many seconds it may ask again.
        wait: u64,
    },
}

/// Without the secret.
impl std::fmt::Debug for LoginAsked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Asked { .. } => f.write_str("Asked"),
            Self::TooOften { wait } => f.debug_struct("TooOften").field("wait", wait).finish(),
        }
    }
}

impl Service {
    /// A device asks. The answer is the same whether or not it names somebody whom there is.
    pub async fn ask_login(&self, asks: DeviceAsks) -> Result<LoginAsked> {
        let now = self.now();
        if let Err(wait) = self.pace.asks(asks.from) {
            return Ok(LoginAsked::TooOften { wait });
        }
        let meant_for = match &asks.hint {
            Some(hint) => self.hinted(hint).await?,
            None => None,
        };
        let device = device_name(&asks.device);
        let from = asks.from.map(|address| address.to_string());
        let entropy = self.entropy();
        let work = work(move |tx| {
            Box::pin(async move {
                // Nobody can answer these any more, and everybody may ask.
                tx.forget_unanswered_logins_before(now - CODE_LIVES.delta()).await?;
                for _ in 0..TRIES {
                    let device_code = secret(&entropy, DEVICE_PREFIX);
                    let user_code = UserCode::make(|bound| entropy.below(bound));
                    let login = Login {
                        id: LoginId::new(entropy.ulid(now)),
                        device: device.clone(),
                        from: from.clone(),
                        asked_at: now,
                        device_code: SecretHash::of(&device_code),
                        state: LoginState::Asked {
                            code: user_code.clone(),
                            meant_for: meant_for.clone(),
                            until: now + CODE_LIVES.delta(),
                        },
                    };
                    if !tx.insert_login(&login).await? {
                        continue;
                    }
                    if let Some(person) = meant_for
                        && has_room(tx, &person, now).await?
                    {
                        let notice = Notice::LoginAsked { login: login.id };
                        let place = Place::Person(person);
                        send(tx, &entropy, now, &Delivery::Notice { place, notice }).await?;
                    }
                    return Ok(LoginAsked::Asked { device_code, user_code });
                }
                Err(StoreError::conflict("no code for a login is free"))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Whom a hint names, if it is a full, active member. Nobody, if the workspace does not say: the
    /// code can still be typed.
    async fn hinted(&self, hint: &str) -> Result<Option<PersonId>> {
        let hint = hint.trim();
        if hint.is_empty() || hint.len() > LONGEST_HINT {
            return Ok(None);
        }
        let found = match self.parts.directory.find(hint).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "whom a login is for was not looked up");
                None
            }
        };
        let Some(person) = found else { return Ok(None) };
        Ok(self.standing(&person).await?.is_member().then_some(person))
    }
}

/// Whether the person may be told of one more login in this hour.
async fn has_room(
    tx: &mut Tx,
    person: &PersonId,
    now: Timestamp,
) -> std::result::Result<bool, StoreError> {
    let hour = now.timestamp().div_euclid(3_600);
    for place in 0..MESSAGES_AN_HOUR {
        if tx.once(&format!("login-asked:{person}:{hour}:{place}"), now).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
