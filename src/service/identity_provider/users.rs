//! Users that the identity provider pushes.

use super::Pushed;
use super::matching::search;
use crate::domain::event::{Actor, What};
use crate::domain::identity_provider::{IdpUser, Presence, UserFacts};
use crate::domain::ids::IdpUserId;
use crate::service::{Result, Service};
use crate::store::{StoreError, Tx, work};

impl Service {
    /// A new user.
    pub async fn push_user(&self, facts: UserFacts) -> Result<Pushed<IdpUser>> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                if tx.idp_user_by_name(&facts.user_name).await?.is_some() {
                    return Ok(Pushed::NameTaken);
                }
                let user = IdpUser::new(IdpUserId::new(entropy.ulid(now)), facts, now);
                tx.insert_idp_user(&user).await?;
                search(tx, &entropy, now).await?;
                let what = What::IdpUserChanged { user: user.id, now: user.presence() };
                tx.append(now, Actor::IdentityProvider, what).await?;
                Ok(Pushed::Done(user))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// The user is described anew, by what is known of them. An error of `change` changes nothing.
    pub async fn change_user<E, F>(
        &self,
        id: IdpUserId,
        change: F,
    ) -> Result<std::result::Result<Pushed<IdpUser>, E>>
    where
        E: Send + 'static,
        F: FnOnce(&IdpUser) -> std::result::Result<UserFacts, E> + Send + 'static,
    {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(before) = tx.idp_user(id).await? else { return Ok(Ok(Pushed::Unknown)) };
                let facts = match change(&before) {
                    Ok(facts) => facts,
                    Err(why) => return Ok(Err(why)),
                };
                let other = tx.idp_user_by_name(&facts.user_name).await?;
                if other.is_some_and(|other| other.id != id) {
                    return Ok(Ok(Pushed::NameTaken));
                }
                let user = before.clone().described(facts, now);
                if user == before {
                    return Ok(Ok(Pushed::Done(user)));
                }
                let moved = user.facts.address() != before.facts.address();
                tx.update_idp_user(&user, moved || user.person.is_none()).await?;
                if moved || user.person.is_none() {
                    search(tx, &entropy, now).await?;
                }
                if user.person != before.person {
                    let what = What::IdpUserMatched { user: id, person: user.person.clone() };
                    tx.append(now, Actor::IdentityProvider, what).await?;
                }
                if user.presence() != before.presence() {
                    let what = What::IdpUserChanged { user: id, now: user.presence() };
                    tx.append(now, Actor::IdentityProvider, what).await?;
                }
                Ok(Ok(Pushed::Done(user)))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// There is no such user any more: they leave all groups.
    pub async fn remove_user(&self, id: IdpUserId) -> Result<Pushed<()>> {
        let now = self.now();
        let work = work(move |tx| {
            Box::pin(async move {
                if tx.idp_user(id).await?.is_none() {
                    return Ok(Pushed::Unknown);
                }
                leave_all(tx, id, now).await?;
                tx.delete_idp_user(id).await?;
                let what = What::IdpUserChanged { user: id, now: Presence::Gone };
                tx.append(now, Actor::IdentityProvider, what).await?;
                Ok(Pushed::Done(()))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// The user.
    pub async fn idp_user(&self, id: IdpUserId) -> Result<Option<IdpUser>> {
        Ok(self.parts.store.read().await?.idp_user(id).await?)
    }

    /// The user who logs in by this name.
    pub async fn idp_user_by_name(&self, name: &str) -> Result<Option<IdpUser>> {
        Ok(self.parts.store.read().await?.idp_user_by_name(name).await?)
    }

    /// The users whom the identity provider itself calls so.
    pub async fn idp_users_by_external_id(&self, id: &str) -> Result<Vec<IdpUser>> {
        Ok(self.parts.store.read().await?.idp_users_by_external_id(id).await?)
    }

    /// Some users, the oldest first, and how many there are in all.
    pub async fn idp_users(&self, limit: u32, offset: u32) -> Result<(Vec<IdpUser>, u32)> {
        Ok(self.parts.store.read().await?.idp_users(limit, offset).await?)
    }
}

async fn leave_all(
    tx: &mut Tx,
    id: IdpUserId,
    now: crate::domain::time::Timestamp,
) -> std::result::Result<(), StoreError> {
    for before in tx.idp_groups_of(id).await? {
        let mut facts = before.facts.clone();
        facts.members.remove(&id);
        super::groups::change(tx, before, facts, now).await?;
    }
    Ok(())
}
