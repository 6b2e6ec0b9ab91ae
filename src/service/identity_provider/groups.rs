//! Groups that the identity provider pushes. Whoever is in one may approve what the policy gives to it,
//! so each change is on the record.

use std::collections::BTreeSet;

use super::Pushed;
use crate::domain::event::{Actor, What};
use crate::domain::identity_provider::{GroupFacts, IdpGroup};
use crate::domain::ids::{IdpGroupId, IdpUserId};
use crate::domain::time::Timestamp;
use crate::service::{Result, Service};
use crate::store::{StoreError, Tx, work};

type Done<T> = std::result::Result<T, StoreError>;

impl Service {
    /// A new group.
    pub async fn push_group(&self, facts: GroupFacts) -> Result<Pushed<IdpGroup>> {
        let (now, entropy) = (self.now(), self.entropy());
        let work = work(move |tx| {
            Box::pin(async move {
                if tx.idp_group_by_name(&facts.display_name).await?.is_some() {
                    return Ok(Pushed::NameTaken);
                }
                let unknown = unknown(tx, &facts.members, &BTreeSet::new()).await?;
                if !unknown.is_empty() {
                    return Ok(Pushed::NoSuchUsers(unknown));
                }
                let group = IdpGroup::new(IdpGroupId::new(entropy.ulid(now)), facts, now);
                tx.insert_idp_group(&group).await?;
                let what = What::IdpGroupChanged {
                    group: group.id,
                    name: Some(group.facts.display_name.clone()),
                    before: None,
                    joined: group.facts.members.iter().copied().collect(),
                    left: Vec::new(),
                };
                tx.append(now, Actor::IdentityProvider, what).await?;
                Ok(Pushed::Done(group))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// The group is described anew, by what is known of it. An error of `how` changes nothing.
    pub async fn change_group<E, F>(
        &self,
        id: IdpGroupId,
        how: F,
    ) -> Result<std::result::Result<Pushed<IdpGroup>, E>>
    where
        E: Send + 'static,
        F: FnOnce(&IdpGroup) -> std::result::Result<GroupFacts, E> + Send + 'static,
    {
        let now = self.now();
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(before) = tx.idp_group(id).await? else { return Ok(Ok(Pushed::Unknown)) };
                let facts = match how(&before) {
                    Ok(facts) => facts,
                    Err(why) => return Ok(Err(why)),
                };
                let other = tx.idp_group_by_name(&facts.display_name).await?;
                if other.is_some_and(|other| other.id != id) {
                    return Ok(Ok(Pushed::NameTaken));
                }
                let unknown = unknown(tx, &facts.members, &before.facts.members).await?;
                if !unknown.is_empty() {
                    return Ok(Ok(Pushed::NoSuchUsers(unknown)));
                }
                Ok(Ok(Pushed::Done(change(tx, before, facts, now).await?)))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// There is no such group any more.
    pub async fn remove_group(&self, id: IdpGroupId) -> Result<Pushed<()>> {
        let now = self.now();
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(group) = tx.idp_group(id).await? else { return Ok(Pushed::Unknown) };
                tx.delete_idp_group(id).await?;
                let what = What::IdpGroupChanged {
                    group: id,
                    name: None,
                    before: Some(group.facts.display_name),
                    joined: Vec::new(),
                    left: group.facts.members.into_iter().collect(),
                };
                tx.append(now, Actor::IdentityProvider, what).await?;
                Ok(Pushed::Done(()))
            })
        });
        Ok(self.parts.store.write(work).await?)
    }

    /// The group.
    pub async fn idp_group(&self, id: IdpGroupId) -> Result<Option<IdpGroup>> {
        Ok(self.parts.store.read().await?.idp_group(id).await?)
    }

    /// The group of this name.
    pub async fn idp_group_by_name(&self, name: &str) -> Result<Option<IdpGroup>> {
        Ok(self.parts.store.read().await?.idp_group_by_name(name).await?)
    }

    /// The groups that the identity provider itself calls so.
    pub async fn idp_groups_by_external_id(&self, id: &str) -> Result<Vec<IdpGroup>> {
        Ok(self.parts.store.read().await?.idp_groups_by_external_id(id).await?)
    }

    /// Some groups, the oldest first, and how many there are in all.
    pub async fn idp_groups(&self, limit: u32, offset: u32) -> Result<(Vec<IdpGroup>, u32)> {
        Ok(self.parts.store.read().await?.idp_groups(limit, offset).await?)
    }
}

/// Those among the new members whom nobody pushed.
async fn unknown(
    tx: &mut Tx,
    members: &BTreeSet<IdpUserId>,
    before: &BTreeSet<IdpUserId>,
) -> Done<Vec<IdpUserId>> {
    let new: BTreeSet<IdpUserId> = members.difference(before).copied().collect();
    let known = tx.known_idp_users(&new).await?;
    Ok(new.difference(&known).copied().collect())
}

/// Keeps the group as it is now, and puts on the record what that changes for who approves.
pub(super) async fn change(
    tx: &mut Tx,
    before: IdpGroup,
    facts: GroupFacts,
    now: Timestamp,
) -> Done<IdpGroup> {
    let (was, named) = (before.facts.members.clone(), before.facts.display_name.clone());
    let group = before.clone().described(facts, now);
    if group == before {
        return Ok(group);
    }
    tx.update_idp_group(&group, &was).await?;
    let is = &group.facts.members;
    let joined: Vec<IdpUserId> = is.difference(&was).copied().collect();
    let left: Vec<IdpUserId> = was.difference(is).copied().collect();
    let name = group.facts.display_name.clone();
    if !joined.is_empty() || !left.is_empty() || name != named {
        let (name, before) = (Some(name), Some(named));
        let what = What::IdpGroupChanged { group: group.id, name, before, joined, left };
        tx.append(now, Actor::IdentityProvider, what).await?;
    }
    Ok(group)
}
