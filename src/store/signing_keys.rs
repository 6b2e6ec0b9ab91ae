//! The server's own keys: their public halves, and the private ones where they are encrypted.

use super::error::StoreError;
use super::session::{Session, all, execute};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::credential::PublicKey;
use crate::domain::signing_key::{Algorithm, SigningKey};
use crate::domain::time::Timestamp;

statements! {
    INSERT on "signing_keys" = "INSERT INTO signing_keys (kid, algorithm, public, sealed, made_at, \
        signs_from, signs_until, shown_until, retired) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    RETIRE on "signing_keys" = "UPDATE signing_keys SET retired = TRUE WHERE kid = $1";
    FORGET on "signing_keys" = "DELETE FROM signing_keys WHERE shown_until < $1";
    ALL_KEYS on "signing_keys" = "SELECT kid, algorithm, public, sealed, made_at, signs_from, \
        signs_until, shown_until, retired FROM signing_keys ORDER BY signs_from, kid";
}

type Row =
    (String, String, String, Option<String>, Timestamp, Timestamp, Timestamp, Timestamp, bool);

fn key(row: Row) -> Result<SigningKey, StoreError> {
    let (kid, algorithm, public, sealed, made_at, signs_from, signs_until, shown_until, retired) =
        row;
    let bad = |column: &str| StoreError::Inconsistent {
        table: "signing_keys",
        column: column.to_owned(),
        row: kid.clone(),
    };
    let algorithm = Algorithm::ALL.into_iter().find(|one| one.name() == algorithm);
    let algorithm = algorithm.ok_or_else(|| bad("algorithm"))?;
    let public = PublicKey::parse(&public).map_err(|_| bad("public"))?;
    Ok(SigningKey {
        kid,
        algorithm,
        public,
        sealed,
        made_at,
        signs_from,
        signs_until,
        shown_until,
        retired,
    })
}

impl Tx {
    /// Keeps a new key.
    pub async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError> {
        let public = serde_json::to_string(&key.public)
            .map_err(|source| StoreError::Unwritable { table: "signing_keys", source })?;
        execute!(
            self,
            INSERT,
            key.kid.as_str(),
            key.algorithm.name(),
            public,
            key.sealed.as_deref(),
            key.made_at,
            key.signs_from,
            key.signs_until,
            key.shown_until,
            key.retired,
        )
        .map(drop)
    }

    /// The record tells that this key signs no more.
    pub async fn retire_signing_key(&mut self, kid: &str) -> Result<(), StoreError> {
        execute!(self, RETIRE, kid).map(drop)
    }

    /// Forgets the keys of which nothing is recognised any more.
    pub async fn forget_signing_keys_before(
        &mut self,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        execute!(self, FORGET, before)
    }
}

impl Session {
    /// All keys, in the order in which they sign.
    pub async fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError> {
        all!(self, ALL_KEYS, Row)?.into_iter().map(key).collect()
    }
}
