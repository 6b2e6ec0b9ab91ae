//! Who of the workspace a user of the identity provider is, by their e-mail address.
//!
//! It is looked up in the background, a few at a time: Slack allows some fifty such questions a minute,
//! and an identity provider pushes hundreds of users at once. Those who are in a group that the policy
//! names are looked up again every day, because an address may become somebody else's.

use std::collections::BTreeSet;

use tracing::warn;

use crate::clock::Entropy;
use crate::domain::deadline::Due;
use crate::domain::event::{Actor, What};
use crate::domain::identity_provider::IdpUser;
use crate::domain::person::PersonId;
use crate::domain::time::{Span, Timestamp};
use crate::service::opening::due_at;
use crate::service::{Result, Service};
use crate::store::{StoreError, Tx, work};

/// As many are looked for at a time.
const AT_ONCE: u32 = 10;
/// The pause until the next ones.
const PAUSE: Span = Span::seconds(15);
/// The pause when the workspace, or the database, could not be asked.
const TRIED_AGAIN: Span = Span::minutes(1);
/// What tokens said is forgotten after the longest time for which a policy can let it count.
const CLAIMS_KEPT: Span = Span::days(31);

/// Somebody is to be looked for: the search goes on now.
pub(super) async fn search(
    tx: &mut Tx,
    entropy: &Entropy,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    tx.drop_deadlines(Due::IDP_MATCHING).await?;
    tx.put_deadline(&due_at(entropy, now, now, Due::IdpMatching)).await
}

impl Service {
    /// Looks for some users, and says when to go on, if there may be more.
    pub(in crate::service) async fn match_idp_users(&self, now: Timestamp) -> Option<Timestamp> {
        match self.match_some(now).await {
            Ok(false) => None,
            Ok(true) => Some(now + PAUSE.delta()),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "the identity provider's users wait to be found in the workspace");
                Some(now + TRIED_AGAIN.delta())
            }
        }
    }

    async fn match_some(&self, now: Timestamp) -> Result<bool> {
        let some = self.parts.store.read().await?.idp_users_to_match(AT_ONCE).await?;
        let more = some.len() >= AT_ONCE as usize;
        for user in some {
            let person = match user.facts.address() {
                Some(address) => self.parts.directory.find(address).await?,
                None => None,
            };
            self.matched(user, person, now).await?;
        }
        Ok(more)
    }

    /// The user is this person, unless they have another address by now.
    async fn matched(
        &self,
        looked_for: IdpUser,
        person: Option<PersonId>,
        now: Timestamp,
    ) -> Result<()> {
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(user) = tx.idp_user(looked_for.id).await? else { return Ok(()) };
                if user.facts.address() != looked_for.facts.address() {
                    return Ok(());
                }
                let user = IdpUser { person, ..user };
                tx.update_idp_user(&user, false).await?;
                if user.person != looked_for.person {
                    let what = What::IdpUserMatched { user: user.id, person: user.person };
                    tx.append(now, Actor::System, what).await?;
                }
                Ok(())
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// Part of the daily sweep: those who may hold a role are looked for again, and what tokens said
    /// long ago is forgotten.
    pub(in crate::service) async fn match_again(&self, now: Timestamp) -> Result<()> {
        let (entropy, policy) = (self.entropy(), self.policy());
        let named = policy.roles().flat_map(|(_, _, holders)| holders.idp_groups.clone());
        let named: BTreeSet<String> = named.collect();
        let work = work(move |tx| {
            Box::pin(async move {
                let mut marked = 0;
                for group in &named {
                    marked += tx.match_members_again(group).await?;
                }
                tx.forget_claims_before(now - CLAIMS_KEPT.delta()).await?;
                if marked > 0 { search(tx, &entropy, now).await } else { Ok(()) }
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}
