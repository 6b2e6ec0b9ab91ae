//! Notices that are kept true: posted once, and changed whenever what they tell of has changed. For
//! what people may still click weeks later: a review that is due, an agent without an owner, a grant
//! to be extended or handed back.
//!
//! A bulletin has a lane of its own from its writing on. What must keep its place among the news of a
//! person or a channel is sent as any other notice, and becomes a bulletin when it is shown: see
//! [`Service::notice_posted`].

use super::opening::send;
use super::{Result, Service};
use crate::clock::Entropy;
use crate::domain::delivery::{Bulletin, Delivery, MessageRef, Notice, Place};
use crate::domain::ids::{BulletinId, GrantId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::store::{StoreError, Tx, work};

/// Posts a notice that is kept true, about the thing with this id.
pub(super) async fn post(
    tx: &mut Tx,
    entropy: &Entropy,
    about: &impl ToString,
    place: Place,
    notice: Notice,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let id = BulletinId::new(entropy.ulid(now));
    let bulletin = Bulletin { id, about: about.to_string(), place, notice, message: None };
    tx.insert_bulletin(&bulletin).await?;
    send(tx, entropy, now, &Delivery::Bulletin { bulletin: id }).await
}

/// Everything that was told about the thing with this id shows how it stands now.
pub(super) fn redraw(tx: &mut Tx, entropy: &Entropy, about: &impl ToString, now: Timestamp) {
    tx.redraw_bulletins(about.to_string(), entropy.ulid(now), now);
}

impl Service {
    /// Slack has shown it: from now on it is changed, not posted.
    pub async fn bulletin_posted(&self, id: BulletinId, message: MessageRef) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                tx.set_bulletin_message(id, &message).await?;
                super::incidents::begin_thread(tx, &entropy, id, now).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Slack shows a notice that is to offer something about a grant: from now on it is changed when
    /// the grant is, and now that it is known it gets what it offers.
    pub async fn notice_posted(
        &self,
        offers: GrantId,
        place: &Place,
        notice: &Notice,
        message: MessageRef,
    ) -> Result<()> {
        let (now, entropy) = (self.now(), self.entropy());
        let (place, notice) = (place.clone(), notice.clone());
        let work = work(move |tx| {
            Box::pin(async move {
                let id = BulletinId::new(entropy.ulid(now));
                let (about, message) = (offers.to_string(), Some(message));
                let bulletin = Bulletin { id, about, place, notice, message };
                tx.insert_bulletin(&bulletin).await?;
                // In the line of all its changes: what is true last is shown last.
                send(tx, &entropy, now, &bulletin.redraw()).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// What came of a request is told to this person as a notice, for want of a place where only
    /// they would read the answer.
    pub async fn tell_outcome(&self, to: &PersonId, request: RequestId) -> Result<()> {
        let (now, entropy, place) = (self.now(), self.entropy(), Place::Person(to.clone()));
        let work = work(move |tx| {
            Box::pin(async move {
                let notice = Notice::Outcome { request };
                send(tx, &entropy, now, &Delivery::Notice { place, notice }).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Whether this message is a bulletin, which is kept true by itself.
    pub async fn knows_bulletin(&self, message: &MessageRef) -> Result<bool> {
        Ok(self.parts.store.read().await?.bulletin_by_message(message).await?.is_some())
    }

    /// Somebody deleted it, and it is let go: what it offered is offered by command and in App Home.
    pub async fn bulletin_gone(&self, id: BulletinId) -> Result<()> {
        let work = work(move |tx| Box::pin(async move { tx.remove_bulletin(id).await }));
        Ok(self.parts.store.write(work).await?)
    }
}
