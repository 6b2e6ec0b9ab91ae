//! What the identity provider pushed, and what its tokens claimed: users, groups, who is in which.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;

use super::error::StoreError;
use super::session::{Session, all, count, entities, entity, execute, read_text};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::identity_provider::{Claimed, GroupFacts, IdpGroup, IdpUser};
use crate::domain::ids::{IdpGroupId, IdpUserId};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

statements! {
    INSERT_USER on "idp_users" = "INSERT INTO idp_users \
        (id, user_name, external_id, active, person, to_match, doc) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE_USER on "idp_users" = "UPDATE idp_users \
        SET user_name = $2, external_id = $3, active = $4, person = $5, to_match = $6, doc = $7 \
        WHERE id = $1";
    DELETE_USER on "idp_users" = "DELETE FROM idp_users WHERE id = $1";
    USER on "idp_users" = "SELECT id, doc FROM idp_users WHERE id = $1";
    USER_BY_NAME on "idp_users" = "SELECT id, doc FROM idp_users WHERE user_name = $1";
    USERS_BY_EXTERNAL_ID on "idp_users" = "SELECT id, doc FROM idp_users \
        WHERE external_id = $1 ORDER BY id";
    USERS on "idp_users" = "SELECT id, doc FROM idp_users ORDER BY id LIMIT $1 OFFSET $2";
    COUNT_USERS on "idp_users" = "SELECT COUNT(*) FROM idp_users";
    TO_MATCH on "idp_users" = "SELECT id, doc FROM idp_users WHERE to_match \
        ORDER BY CASE WHEN person IS NULL THEN 0 ELSE 1 END, id LIMIT $1";
    MATCH_AGAIN on "idp_users" = "UPDATE idp_users SET to_match = TRUE WHERE id IN \
        (SELECT m.user_id FROM idp_members m JOIN idp_groups g ON g.id = m.group_id \
        WHERE g.display_name = $1)";
    UNMATCHED on "idp_users" = "SELECT u.id, u.doc FROM idp_users u \
        JOIN idp_members m ON m.user_id = u.id JOIN idp_groups g ON g.id = m.group_id \
        WHERE g.display_name = $1 AND u.active AND u.person IS NULL ORDER BY u.id";

    INSERT_GROUP on "idp_groups" = "INSERT INTO idp_groups \
        (id, name_key, display_name, external_id, doc) VALUES ($1, $2, $3, $4, $5)";
    UPDATE_GROUP on "idp_groups" = "UPDATE idp_groups \
        SET name_key = $2, display_name = $3, external_id = $4, doc = $5 WHERE id = $1";
    DELETE_GROUP on "idp_groups" = "DELETE FROM idp_groups WHERE id = $1";
    GROUP on "idp_groups" = "SELECT id, doc FROM idp_groups WHERE id = $1";
    GROUP_BY_NAME on "idp_groups" = "SELECT id, doc FROM idp_groups WHERE name_key = $1";
    GROUPS_BY_EXTERNAL_ID on "idp_groups" = "SELECT id, doc FROM idp_groups \
        WHERE external_id = $1 ORDER BY id";
    GROUPS on "idp_groups" = "SELECT id, doc FROM idp_groups ORDER BY id LIMIT $1 OFFSET $2";
    COUNT_GROUPS on "idp_groups" = "SELECT COUNT(*) FROM idp_groups";

    MEMBERS on "idp_members" = "SELECT user_id FROM idp_members WHERE group_id = $1";
    ALL_MEMBERS on "idp_members" = "SELECT group_id, user_id FROM idp_members";
    GROUPS_OF on "idp_members" = "SELECT group_id FROM idp_members \
        WHERE user_id = $1 ORDER BY group_id";
    LEAVE_ALL on "idp_members" = "DELETE FROM idp_members WHERE group_id = $1";

    HOLD on "idp_members" = "SELECT u.id, u.person FROM idp_groups g \
        JOIN idp_members m ON m.group_id = g.id JOIN idp_users u ON u.id = m.user_id \
        WHERE g.display_name = $1 AND u.active AND u.person IS NOT NULL";
    CLAIM on "idp_claims" = "SELECT person, at FROM idp_claims \
        WHERE group_name = $1 AND issuer = $2 AND at > $3";
    CLAIMS on "idp_claims" = "SELECT group_name, at FROM idp_claims \
        WHERE person = $1 AND issuer = $2";
    FORGET_CLAIMS on "idp_claims" = "DELETE FROM idp_claims WHERE person = $1 AND issuer = $2";
    FORGET_OLD_CLAIMS on "idp_claims" = "DELETE FROM idp_claims WHERE at < $1";
}

/// Whether users are active who are people, whose places follow.
const OF_PEOPLE: &str = "SELECT person, active FROM idp_users WHERE person IN";

/// The users among some, whose places follow.
const AMONG: &str = "SELECT id FROM idp_users WHERE id IN";

/// A name without the difference of small and capital letters.
fn key(name: &str) -> String {
    name.to_lowercase()
}

impl Tx {
    /// Keeps a new user, to be looked for in the workspace. Its name must be free.
    pub async fn insert_idp_user(&mut self, user: &IdpUser) -> Result<(), StoreError> {
        self.put_idp_user(INSERT_USER, user, true).await
    }

    /// Keeps the user as it is now, and whether it is to be looked for in the workspace.
    pub async fn update_idp_user(
        &mut self,
        user: &IdpUser,
        to_match: bool,
    ) -> Result<(), StoreError> {
        self.put_idp_user(UPDATE_USER, user, to_match).await
    }

    async fn put_idp_user(
        &mut self,
        statement: super::Statement,
        user: &IdpUser,
        to_match: bool,
    ) -> Result<(), StoreError> {
        let changed = execute!(
            self,
            statement,
            user.id.to_string(),
            key(&user.facts.user_name),
            user.facts.external_id.clone(),
            user.facts.may_work(),
            user.person.as_ref().map(ToString::to_string),
            to_match,
            Json(user),
        )?;
        if changed == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is no user {}", user.id)))
        }
    }

    /// Forgets a user that is in no group any more.
    pub async fn delete_idp_user(&mut self, id: IdpUserId) -> Result<(), StoreError> {
        execute!(self, DELETE_USER, id.to_string()).map(drop)
    }

    /// The members of this group are to be looked for again.
    pub async fn match_members_again(&mut self, group: &str) -> Result<u64, StoreError> {
        execute!(self, MATCH_AGAIN, group)
    }

    /// Keeps a new group with its members. Its name must be free.
    pub async fn insert_idp_group(&mut self, group: &IdpGroup) -> Result<(), StoreError> {
        self.put_idp_group(INSERT_GROUP, group).await?;
        let members: Vec<IdpUserId> = group.facts.members.iter().copied().collect();
        self.join(group.id, &members).await
    }

    /// Keeps the group as it is now; `before` are its members until now.
    pub async fn update_idp_group(
        &mut self,
        group: &IdpGroup,
        before: &BTreeSet<IdpUserId>,
    ) -> Result<(), StoreError> {
        self.put_idp_group(UPDATE_GROUP, group).await?;
        let left: Vec<IdpUserId> = before.difference(&group.facts.members).copied().collect();
        self.leave(group.id, &left).await?;
        let joined: Vec<IdpUserId> = group.facts.members.difference(before).copied().collect();
        self.join(group.id, &joined).await
    }

    async fn put_idp_group(
        &mut self,
        statement: super::Statement,
        group: &IdpGroup,
    ) -> Result<(), StoreError> {
        let name = group.facts.display_name.as_str();
        let external_id = group.facts.external_id.clone();
        let id = group.id.to_string();
        let changed = execute!(self, statement, id, key(name), name, external_id, Json(group))?;
        if changed == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("there is no group {}", group.id)))
        }
    }

    async fn join(&mut self, group: IdpGroupId, users: &[IdpUserId]) -> Result<(), StoreError> {
        let text = |places| format!("INSERT INTO idp_members (group_id, user_id) VALUES {places}");
        let group = group.to_string();
        let written = several!(self, "idp_members", users, 2, text, |query, user| query
            .bind(group.clone())
            .bind(user.to_string()));
        written.map(drop)
    }

    async fn leave(&mut self, group: IdpGroupId, users: &[IdpUserId]) -> Result<(), StoreError> {
        let text = |places| {
            format!("DELETE FROM idp_members WHERE (group_id, user_id) IN (VALUES {places})")
        };
        let group = group.to_string();
        let gone = several!(self, "idp_members", users, 2, text, |query, user| query
            .bind(group.clone())
            .bind(user.to_string()));
        gone.map(drop)
    }

    /// Forgets a group and who was in it.
    pub async fn delete_idp_group(&mut self, id: IdpGroupId) -> Result<(), StoreError> {
        execute!(self, LEAVE_ALL, id.to_string())?;
        execute!(self, DELETE_GROUP, id.to_string()).map(drop)
    }

    /// Keeps what a person's token said of their groups, in place of what another said before.
    pub async fn keep_claims(&mut self, claimed: &Claimed) -> Result<(), StoreError> {
        let (person, issuer) = (claimed.person.to_string(), claimed.issuer.as_str());
        execute!(self, FORGET_CLAIMS, person.as_str(), issuer)?;
        // That somebody is in no group is known, too.
        let mut groups: Vec<&str> = claimed.groups.iter().map(String::as_str).collect();
        if groups.is_empty() {
            groups.push("");
        }
        let text = |places| {
            format!("INSERT INTO idp_claims (person, issuer, group_name, at) VALUES {places}")
        };
        let written = several!(self, "idp_claims", &groups, 4, text, |query, group| query
            .bind(person.clone())
            .bind(issuer.to_owned())
            .bind((*group).to_owned())
            .bind(claimed.at));
        written.map(drop)
    }

    /// Forgets what was claimed before this moment.
    pub async fn forget_claims_before(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        execute!(self, FORGET_OLD_CLAIMS, before)
    }
}

impl Session {
    /// The user.
    pub async fn idp_user(&mut self, id: IdpUserId) -> Result<Option<IdpUser>, StoreError> {
        entity!(self, USER, IdpUser, id.to_string())
    }

    /// The user who logs in by this name, in whatever case.
    pub async fn idp_user_by_name(&mut self, name: &str) -> Result<Option<IdpUser>, StoreError> {
        entity!(self, USER_BY_NAME, IdpUser, key(name))
    }

    /// The users whom the identity provider itself calls so.
    pub async fn idp_users_by_external_id(&mut self, id: &str) -> Result<Vec<IdpUser>, StoreError> {
        entities!(self, USERS_BY_EXTERNAL_ID, IdpUser, id)
    }

    /// Some users, the oldest first, and how many there are in all.
    pub async fn idp_users(
        &mut self,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<IdpUser>, u32), StoreError> {
        let some = entities!(self, USERS, IdpUser, i64::from(limit), i64::from(offset))?;
        Ok((some, count!(self, COUNT_USERS)?))
    }

    /// The users who are still to be looked for in the workspace, the oldest first.
    pub async fn idp_users_to_match(&mut self, limit: u32) -> Result<Vec<IdpUser>, StoreError> {
        entities!(self, TO_MATCH, IdpUser, i64::from(limit))
    }

    /// The active members of the group who are nobody in the workspace.
    pub async fn unmatched_members(&mut self, group: &str) -> Result<Vec<IdpUser>, StoreError> {
        entities!(self, UNMATCHED, IdpUser, group)
    }

    /// The group.
    pub async fn idp_group(&mut self, id: IdpGroupId) -> Result<Option<IdpGroup>, StoreError> {
        let found = entity!(self, GROUP, IdpGroup, id.to_string())?;
        self.with_members(found).await
    }

    /// The group of this name, in whatever case.
    pub async fn idp_group_by_name(&mut self, name: &str) -> Result<Option<IdpGroup>, StoreError> {
        let found = entity!(self, GROUP_BY_NAME, IdpGroup, key(name))?;
        self.with_members(found).await
    }

    /// The groups that the identity provider itself calls so.
    pub async fn idp_groups_by_external_id(
        &mut self,
        id: &str,
    ) -> Result<Vec<IdpGroup>, StoreError> {
        let mut found = Vec::new();
        for group in entities!(self, GROUPS_BY_EXTERNAL_ID, IdpGroup, id)? {
            found.extend(self.with_members(Some(group)).await?);
        }
        Ok(found)
    }

    /// Some groups, the oldest first, and how many there are in all.
    pub async fn idp_groups(
        &mut self,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<IdpGroup>, u32), StoreError> {
        let mut some = entities!(self, GROUPS, IdpGroup, i64::from(limit), i64::from(offset))?;
        let total = count!(self, COUNT_GROUPS)?;
        if let [one] = some.as_mut_slice() {
            one.facts.members = self.members(one.id).await?;
        } else if !some.is_empty() {
            let mut members: BTreeMap<String, BTreeSet<IdpUserId>> = BTreeMap::new();
            for (group, user) in all!(self, ALL_MEMBERS, (String, String))? {
                let user = read_text(&user, "idp_members", "user_id", &group)?;
                members.entry(group).or_default().insert(user);
            }
            for group in &mut some {
                group.facts.members = members.remove(&group.id.to_string()).unwrap_or_default();
            }
        }
        Ok((some, total))
    }

    async fn with_members(
        &mut self,
        found: Option<IdpGroup>,
    ) -> Result<Option<IdpGroup>, StoreError> {
        let Some(group) = found else { return Ok(None) };
        let members = self.members(group.id).await?;
        Ok(Some(IdpGroup { facts: GroupFacts { members, ..group.facts }, ..group }))
    }

    async fn members(&mut self, group: IdpGroupId) -> Result<BTreeSet<IdpUserId>, StoreError> {
        let group = group.to_string();
        let rows = all!(self, MEMBERS, (String,), group.as_str())?;
        rows.into_iter().map(|(id,)| read_text(&id, "idp_members", "user_id", &group)).collect()
    }

    /// The groups that the user is in.
    pub async fn idp_groups_of(&mut self, user: IdpUserId) -> Result<Vec<IdpGroup>, StoreError> {
        let user = user.to_string();
        let mut groups = Vec::new();
        for (id,) in all!(self, GROUPS_OF, (String,), user.as_str())? {
            let id = read_text(&id, "idp_members", "group_id", &user)?;
            groups.extend(self.idp_group(id).await?);
        }
        Ok(groups)
    }

    /// The people who are active members of the group of exactly this name, as it was pushed.
    pub async fn people_of_idp_group(
        &mut self,
        name: &str,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let rows = all!(self, HOLD, (String, String), name)?;
        rows.into_iter()
            .map(|(id, person)| read_text(&person, "idp_users", "person", &id))
            .collect()
    }

    /// The people whose tokens said after this moment that they are in the group, by the word of
    /// this issuer; and when they were made.
    pub async fn people_claiming(
        &mut self,
        group: &str,
        issuer: &str,
        after: Timestamp,
    ) -> Result<BTreeMap<PersonId, Timestamp>, StoreError> {
        let rows = all!(self, CLAIM, (String, Timestamp), group, issuer, after)?;
        let person = |text: String| read_text::<PersonId>(&text, "idp_claims", "person", &text);
        rows.into_iter().map(|(text, at)| Ok((person(text)?, at))).collect()
    }

    /// What the person's tokens of this issuer said last.
    pub async fn claims_of(
        &mut self,
        person: &PersonId,
        issuer: &str,
    ) -> Result<Option<Claimed>, StoreError> {
        let rows = all!(self, CLAIMS, (String, Timestamp), person.to_string(), issuer)?;
        let Some(at) = rows.iter().map(|(_, at)| *at).max() else { return Ok(None) };
        let groups = rows.into_iter().map(|(group, _)| group).filter(|group| !group.is_empty());
        let (person, issuer) = (person.clone(), issuer.to_owned());
        Ok(Some(Claimed { person, issuer, groups: groups.collect(), at }))
    }

    /// Those among these users who were pushed.
    pub async fn known_idp_users(
        &mut self,
        users: &BTreeSet<IdpUserId>,
    ) -> Result<BTreeSet<IdpUserId>, StoreError> {
        let keys: Vec<String> = users.iter().map(ToString::to_string).collect();
        let term = |n| format!("${n}");
        let rows: Vec<(String,)> = self.all_of("idp_users", AMONG, term, "", &keys).await?;
        rows.iter().map(|(id,)| read_text(id, "idp_users", "id", id)).collect()
    }

    /// Those among these people who are users of the identity provider, all of them inactive.
    pub async fn departed(
        &mut self,
        people: &BTreeSet<PersonId>,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let keys: Vec<String> = people.iter().map(ToString::to_string).collect();
        let term = |n| format!("${n}");
        let rows: Vec<(String, bool)> =
            self.all_of("idp_users", OF_PEOPLE, term, "", &keys).await?;
        let mut active: BTreeMap<String, bool> = BTreeMap::new();
        for (person, is) in rows {
            *active.entry(person).or_default() |= is;
        }
        let away = active.into_iter().filter(|(_, active)| !active);
        away.map(|(person, _)| read_text(&person, "idp_users", "person", &person)).collect()
    }
}
