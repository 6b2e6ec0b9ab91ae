//! People's logins on devices.

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, entities, entity, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::ids::LoginId;
use crate::domain::login::{Login, LoginState, Pair, SecretHash};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::domain::user_code::UserCode;

statements! {
    INSERT on "logins" = "INSERT INTO logins \
        (id, device_code, user_code, person, state, over_at, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    UPDATE on "logins" = "UPDATE logins \
        SET user_code = $2, person = $3, state = $4, over_at = $5, doc = $6 WHERE id = $1";
    INSERT_TOKEN on "login_tokens" = "INSERT INTO login_tokens (hash, login_id) VALUES ($1, $2)";
    BY_ID on "logins" = "SELECT id, doc FROM logins WHERE id = $1";
    BY_USER_CODE on "logins" = "SELECT id, doc FROM logins WHERE user_code = $1";
    BY_DEVICE_CODE on "logins" = "SELECT id, doc FROM logins WHERE device_code = $1";
    BY_TOKEN on "logins" = "SELECT l.id, l.doc FROM login_tokens t JOIN logins l ON l.id = t.login_id \
        WHERE t.hash = $1";
    OF_PERSON on "logins" = "SELECT id, doc FROM logins \
        WHERE person = $1 AND state = 'live' AND over_at > $2 ORDER BY id DESC LIMIT 100";
    UNFETCHED on "logins" = "SELECT id, doc FROM logins \
        WHERE person = $1 AND state = 'confirmed' AND over_at > $2 ORDER BY id";
    FORGET_TOKENS on "login_tokens" = "DELETE FROM login_tokens \
        WHERE login_id IN (SELECT id FROM logins WHERE over_at < $1)";
    FORGET on "logins" = "DELETE FROM logins WHERE over_at < $1";
    FORGET_UNANSWERED on "logins" = "DELETE FROM logins WHERE over_at < $1 AND person IS NULL";
}

const fn word(state: &LoginState) -> &'static str {
    match state {
        LoginState::Asked { .. } => "asked",
        LoginState::Confirmed { .. } => "confirmed",
        LoginState::Refused { .. } => "refused",
        LoginState::Live(_) => "live",
        LoginState::Ended { .. } => "ended",
    }
}

/// The code, while it can be typed.
fn user_code(login: &Login) -> Option<String> {
    match &login.state {
        LoginState::Asked { code, .. } => Some(code.to_string()),
        _ => None,
    }
}

impl Tx {
    /// Keeps a new login. Says whether it could: its code may be another's by chance.
    pub async fn insert_login(&mut self, login: &Login) -> Result<bool, StoreError> {
        let inserted = execute!(
            self,
            INSERT,
            login.id.to_string(),
            login.device_code.as_str(),
            user_code(login),
            login.person().map(ToString::to_string),
            word(&login.state),
            login.over_at(),
            Json(login),
        )?;
        Ok(inserted == 1)
    }

    /// Keeps the login as it is now.
    pub async fn update_login(&mut self, login: &Login) -> Result<(), StoreError> {
        let (id, person) = (login.id.to_string(), login.person().map(ToString::to_string));
        let (code, word, over_at) = (user_code(login), word(&login.state), login.over_at());
        execute!(self, UPDATE, id, code, person, word, over_at, Json(login)).map(drop)
    }

    /// Remembers the hashes of the tokens that a login was given.
    pub async fn insert_login_tokens(
        &mut self,
        login: LoginId,
        pair: &Pair,
    ) -> Result<(), StoreError> {
        for hash in [&pair.access, &pair.refresh] {
            execute!(self, INSERT_TOKEN, hash.as_str(), login.to_string())?;
        }
        Ok(())
    }

    /// Forgets the logins that were over before this moment; the log remembers them.
    pub async fn forget_logins_before(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        execute!(self, FORGET_TOKENS, before)?;
        execute!(self, FORGET, before)
    }

    /// Forgets what was asked and answered by nobody, and was over before this moment.
    pub async fn forget_unanswered_logins_before(
        &mut self,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET_UNANSWERED, before)
    }
}

impl Session {
    /// The login.
    pub async fn login(&mut self, id: LoginId) -> Result<Option<Login>, StoreError> {
        entity!(self, BY_ID, Login, id.to_string())
    }

    /// The login that waits for whoever types this code; its time may be over.
    pub async fn login_by_user_code(
        &mut self,
        code: &UserCode,
    ) -> Result<Option<Login>, StoreError> {
        entity!(self, BY_USER_CODE, Login, code.to_string())
    }

    /// The login for which this device code was made, wherever it stands.
    pub async fn login_by_device_code(
        &mut self,
        code: &SecretHash,
    ) -> Result<Option<Login>, StoreError> {
        entity!(self, BY_DEVICE_CODE, Login, code.as_str())
    }

    /// The login that was ever given this token; whether it is still good is the login's to say.
    pub async fn login_by_token(
        &mut self,
        token: &SecretHash,
    ) -> Result<Option<Login>, StoreError> {
        entity!(self, BY_TOKEN, Login, token.as_str())
    }

    /// The logins of this person that are at work, the newest first; a hundred at most.
    pub async fn live_logins_of(
        &mut self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<Login>, StoreError> {
        entities!(self, OF_PERSON, Login, person.to_string(), now)
    }

    /// The logins that this person confirmed and whose device has not fetched its tokens yet.
    pub async fn confirmed_logins_of(
        &mut self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<Login>, StoreError> {
        entities!(self, UNFETCHED, Login, person.to_string(), now)
    }
}
