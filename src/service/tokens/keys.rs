//! The server's own keys: made at the first start, followed by others in time, the same on all
//! servers that share a database.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::issue::forgotten_before;
use crate::clock::Clock;
use crate::domain::event::{Actor, What};
use crate::domain::signing_key::{Algorithm, SigningKey, Term, next_term};
use crate::domain::time::Timestamp;
use crate::identity::pair::KeyPair;
use crate::identity::ring::{KeyRing, RingKey};
use crate::identity::vault::{Vault, VaultError};
use crate::store::{Engine, Store, StoreError, work};

/// Why the keys cannot be looked after.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database.
    #[error("the signing keys could not be read or recorded")]
    Store(#[from] StoreError),
    /// Where private halves are kept.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Looks after the keys.
pub struct KeyKeeper {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Vault,
    ring: Arc<KeyRing>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// The private halves that were read.
    pairs: HashMap<String, Arc<KeyPair>>,
    /// When old tokens were last forgotten.
    forgot_at: Option<Timestamp>,
}

/// A key that this server offers to make.
struct Offer {
    key: SigningKey,
}

impl KeyKeeper {
    /// Keeps the keys of this ring as the record and the vault have them.
    pub fn new(store: Store, clock: Arc<dyn Clock>, vault: Vault, ring: Arc<KeyRing>) -> Self {
        Self { store, clock, vault, ring, memory: Mutex::default() }
    }

    /// Makes keys whose time comes, records those whose time is over, and takes over what other
    /// servers did. To be called at the start and every few seconds.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; the ring stays as it was.
    pub async fn tend(&self) -> Result<(), KeyError> {
        let mut memory = self.memory.lock().await;
        let now = self.clock.now();
        let mut keys = self.store.read().await?.signing_keys().await?;
        self.read_pairs(&mut memory, &keys, now)?;
        if self.is_work(&memory, &keys, now) {
            let offers = self.offers(&mut memory, &keys, now)?;
            let has: Vec<String> = memory.pairs.keys().cloned().collect();
            self.write(offers, has, now).await?;
            memory.forgot_at = Some(now);
            keys = self.store.read().await?.signing_keys().await?;
            self.read_pairs(&mut memory, &keys, now)?;
        }
        memory.pairs.retain(|kid, _| keys.iter().any(|key| key.kid == *kid));
        let ring = keys.into_iter().map(|record| {
            let pair = memory.pairs.get(&record.kid).cloned();
            RingKey { record, pair }
        });
        self.ring.replace(ring.collect());
        Ok(())
    }

    /// Reads the private halves that were not read yet.
    fn read_pairs(
        &self,
        memory: &mut Memory,
        keys: &[SigningKey],
        now: Timestamp,
    ) -> Result<(), KeyError> {
        for key in keys.iter().filter(|key| now < key.signs_until) {
            if memory.pairs.contains_key(&key.kid) {
                continue;
            }
            match (self.vault.open(key)?, &self.vault) {
                (Some(pair), _) => {
                    memory.pairs.insert(key.kid.clone(), Arc::new(pair));
                }
                // A lost file is no tragedy where one server is alone.
                (None, Vault::File(path)) if self.store.engine() == Engine::Postgres => {
                    return Err(VaultError::Elsewhere { path: path.clone() }.into());
                }
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn is_work(&self, memory: &Memory, keys: &[SigningKey], now: Timestamp) -> bool {
        let makes = !matches!(self.vault, Vault::Nowhere)
            && Algorithm::ALL.into_iter().any(|algorithm| {
                next_term(keys, algorithm, now, |key| memory.pairs.contains_key(&key.kid)).is_some()
            });
        let over = keys
            .iter()
            .any(|key| key.shown_until < now || (!key.retired && key.signs_until <= now));
        let hour = chrono::TimeDelta::hours(1);
        makes || over || memory.forgot_at.is_none_or(|at| at + hour <= now)
    }

    /// Makes the keys that are needed, and keeps their private halves before anybody hears of them.
    fn offers(
        &self,
        memory: &mut Memory,
        keys: &[SigningKey],
        now: Timestamp,
    ) -> Result<Vec<Offer>, KeyError> {
        let mut offers = Vec::new();
        if matches!(self.vault, Vault::Nowhere) {
            return Ok(offers);
        }
        let mut others = keys.to_vec();
        for algorithm in Algorithm::ALL {
            let usable = |key: &SigningKey| memory.pairs.contains_key(&key.kid);
            let Some(term) = next_term(keys, algorithm, now, usable) else { continue };
            let Term { signs_from, signs_until, shown_until } = term;
            let (pair, pkcs8) = KeyPair::make(algorithm).map_err(|_| VaultError::Random)?;
            let kid = pair.public().thumbprint();
            let sealed = self.vault.keep(&kid, &pkcs8, &others)?;
            let key = SigningKey {
                kid: kid.clone(),
                algorithm,
                public: pair.public().clone(),
                sealed,
                made_at: now,
                signs_from,
                signs_until,
                shown_until,
                retired: false,
            };
            memory.pairs.insert(kid, Arc::new(pair));
            others.push(key.clone());
            offers.push(Offer { key });
        }
        Ok(offers)
    }

    /// Records what another server has not recorded meanwhile.
    async fn write(
        &self,
        offers: Vec<Offer>,
        has: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let offered: Vec<String> = offers.iter().map(|offer| offer.key.kid.clone()).collect();
        let work = work(move |tx| {
            Box::pin(async move {
                let keys = tx.signing_keys().await?;
                // What another server sealed meanwhile can be opened here, too.
                let usable = |key: &SigningKey| {
                    key.sealed.is_some() || (has.contains(&key.kid) && !offered.contains(&key.kid))
                };
                for Offer { key } in offers {
                    if next_term(&keys, key.algorithm, now, usable).is_some() {
                        tx.insert_signing_key(&key).await?;
                        let what = What::SigningKeyMade { kid: key.kid };
                        tx.append(now, Actor::System, what).await?;
                    }
                }
                for key in keys.into_iter().filter(|key| !key.retired && key.signs_until <= now) {
                    tx.retire_signing_key(&key.kid).await?;
                    let what = What::SigningKeyRetired { kid: key.kid };
                    tx.append(now, Actor::System, what).await?;
                }
                tx.forget_signing_keys_before(now).await?;
                tx.forget_tokens_before(forgotten_before(now)).await?;
                tx.forget_logins_before(forgotten_before(now)).await?;
                Ok(())
            })
        });
        self.store.write(work).await
    }
}
