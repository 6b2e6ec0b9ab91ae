//! What comes in twice is done once.

use futures::future::BoxFuture;

use super::discoveries::Decision;
use super::emergency::Broken;
use super::incidents::Incidental;
use super::input::OnceKey;
use super::outcome::{
    Asked, Cancelled, Delegated, Ended, Registered, Stopped, Undelegated, VoteReply,
};
use super::{Result, Service};
use crate::store::{StoreError, Tx, work};

/// An outcome of something that is done once.
pub(super) trait Outcome: Send + 'static {
    /// It was done before, for the same key.
    fn before() -> Self;

    /// Whether anything was done. What was refused may be asked again, word for word: what stood
    /// in its way may have gone.
    fn is_done(&self) -> bool;
}

macro_rules! outcomes {
    ($($name:ident => $refused:pat,)*) => {$(
        impl Outcome for $name {
            fn before() -> Self {
                Self::Before
            }

            fn is_done(&self) -> bool {
                !matches!(self, $refused)
            }
        }
    )*};
}

outcomes! {
    Registered => Self::Refused(_) | Self::Invalid(_) | Self::InvalidCredential(_),
    Asked => Self::Refused(_),
    Ended => Self::Refused(_),
    Stopped => Self::Refused(_),
    Cancelled => Self::Refused(_),
    Broken => Self::Refused(_),
    Incidental => Self::Refused(_),
    Delegated => Self::NotMember(_) | Self::Invalid(_) | Self::SwitchedOff,
    Undelegated => Self::Unknown | Self::NotYours | Self::Over { .. },
    Decision => Self::Refused(_) | Self::Late(_),
    VoteReply => Self::NotCounted { .. } | Self::Unknown,
}

impl Service {
    /// Does the work in one transaction, unless something with the same key was done before.
    pub(super) async fn once<T, F>(&self, key: Option<OnceKey>, then: F) -> Result<T>
    where
        T: Outcome,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, std::result::Result<T, StoreError>>
            + Send
            + 'static,
    {
        let now = self.now();
        let known = key.as_ref().map(|OnceKey(key)| key.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(OnceKey(key)) = key else { return then(tx).await };
                if !tx.once(&key, now).await? {
                    return Ok(T::before());
                }
                let outcome = then(tx).await?;
                if !outcome.is_done() {
                    tx.unsee(&key).await?;
                }
                Ok(outcome)
            })
        });
        Ok(self.parts.store.write_once(known, work).await?)
    }

    /// Whether what carries this key was done before. Asked when something is about to be refused:
    /// what it asks for may be there because it was done, and the answer was lost.
    pub(super) async fn was_done(&self, once: Option<&OnceKey>) -> Result<bool> {
        let Some(OnceKey(key)) = once else { return Ok(false) };
        Ok(self.parts.store.read().await?.was_done(key).await?)
    }
}
