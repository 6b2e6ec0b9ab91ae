//! People and groups as an identity provider tells of them: pushed by SCIM 2.0, or claimed by the
//! tokens of its people.
//!
//! They are not people of the workspace: who somebody is there is found by their e-mail address, and
//! only that person can hold anything.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ids::{IdpGroupId, IdpUserId};
use super::person::PersonId;
use super::time::Timestamp;

/// A user, as the identity provider describes them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UserFacts {
    /// The name by which they log in there; no other user has it, in whatever case.
    pub user_name: String,
    /// The identity provider's own id.
    pub external_id: Option<String>,
    /// The name that others see.
    pub display_name: Option<String>,
    /// The parts of the name.
    pub name: Option<NameParts>,
    /// The e-mail addresses.
    pub emails: Vec<Email>,
    /// Whether they may work, if the identity provider says so: who is not deactivated may.
    pub active: Option<bool>,
}

/// The parts of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NameParts {
    /// The whole.
    pub formatted: Option<String>,
    /// The family's.
    pub family: Option<String>,
    /// The given one.
    pub given: Option<String>,
}

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Email {
    /// The address.
    pub value: String,
    /// `work`, `home`, ….
    pub kind: Option<String>,
    /// Whether it comes before the others.
    pub primary: Option<bool>,
}

impl UserFacts {
    /// Whether they may work.
    pub const fn may_work(&self) -> bool {
        !matches!(self.active, Some(false))
    }

    /// The address by which the workspace knows them: the primary one, else one of work, else the
    /// first; without any the name by which they log in, if that is an address.
    pub fn address(&self) -> Option<&str> {
        let emails = || self.emails.iter().filter(|email| email.value.contains('@'));
        let is_work = |email: &&Email| {
            email.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
        };
        emails()
            .find(|email| email.primary == Some(true))
            .or_else(|| emails().find(is_work))
            .or_else(|| emails().next())
            .map(|email| email.value.as_str())
            .or_else(|| Some(self.user_name.as_str()).filter(|name| name.contains('@')))
    }
}

/// A user of the identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpUser {
    /// Our name for them.
    pub id: IdpUserId,
    /// What the identity provider says.
    pub facts: UserFacts,
    /// Who they are in the workspace, once they were found.
    pub person: Option<PersonId>,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// When the identity provider last said something else of them.
    pub changed_at: Timestamp,
}

impl IdpUser {
    /// One that is new.
    pub const fn new(id: IdpUserId, facts: UserFacts, now: Timestamp) -> Self {
        Self { id, facts, person: None, created_at: now, changed_at: now }
    }

    /// The same user, described so. With another address it is not known any more who they are.
    #[must_use]
    pub fn described(self, facts: UserFacts, now: Timestamp) -> Self {
        if facts == self.facts {
            return self;
        }
        let same = facts.address() == self.facts.address();
        Self { person: self.person.filter(|_| same), facts, changed_at: now, ..self }
    }

    /// Whether they may work.
    pub const fn presence(&self) -> Presence {
        if self.facts.may_work() { Presence::Active } else { Presence::Inactive }
    }
}

/// What the identity provider says of a user, as far as it matters to who may approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// They may work.
    Active,
    /// They may not: they hold nothing.
    Inactive,
    /// There is no such user any more.
    Gone,
}

impl Presence {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Gone => "gone",
        }
    }
}

/// A group, as the identity provider describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GroupFacts {
    /// Its name, by which the policy names it; no other group has it, in whatever case.
    pub display_name: String,
    /// The identity provider's own id.
    pub external_id: Option<String>,
    /// Who is in it. Kept beside the rest.
    #[serde(skip)]
    pub members: BTreeSet<IdpUserId>,
}

/// A group of the identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpGroup {
    /// Our name for it.
    pub id: IdpGroupId,
    /// What the identity provider says.
    pub facts: GroupFacts,
    /// Since when it is known.
    pub created_at: Timestamp,
    /// When the identity provider last said something else of it.
    pub changed_at: Timestamp,
}

impl IdpGroup {
    /// One that is new.
    pub const fn new(id: IdpGroupId, facts: GroupFacts, now: Timestamp) -> Self {
        Self { id, facts, created_at: now, changed_at: now }
    }

    /// The same group, described so.
    #[must_use]
    pub fn described(self, facts: GroupFacts, now: Timestamp) -> Self {
        if facts == self.facts { self } else { Self { facts, changed_at: now, ..self } }
    }
}

/// What a person's token said of their groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Who.
    pub person: PersonId,
    /// The issuer, by its name in the policy.
    pub issuer: String,
    /// The groups.
    pub groups: BTreeSet<String>,
    /// When the token was made.
    pub at: Timestamp,
}

/// As many groups of one person are kept, in the order of their names: more is no list of roles.
pub const MOST_CLAIMED: usize = 500;

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    fn email(value: &str, kind: Option<&str>, primary: Option<bool>) -> Email {
        Email { value: value.to_owned(), kind: kind.map(str::to_owned), primary }
    }

    fn user(user_name: &str, emails: Vec<Email>) -> UserFacts {
        UserFacts {
            user_name: user_name.to_owned(),
            emails,
            active: Some(true),
            ..UserFacts::default()
        }
    }

    #[test]
    fn the_address_is_the_primary_one_then_works_then_the_first() {
        let (home, work) =
            (email("d@home", Some("home"), None), email("d@work", Some("Work"), None));
        let first = email("d@primary", None, Some(true));
        for (emails, address) in [
            (vec![home.clone(), work.clone(), first], Some("d@primary")),
            (vec![home.clone(), work], Some("d@work")),
            (vec![home], Some("d@home")),
            (vec![email("nonsense", None, Some(true))], None),
            (vec![], None),
        ] {
            assert_eq!(user("dana", emails).address(), address);
        }
        assert_eq!(user("dana@acme", vec![]).address(), Some("dana@acme"));
    }

    #[test]
    fn who_somebody_is_is_forgotten_with_their_address() {
        let now = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        let later = now + chrono::TimeDelta::hours(1);
        let dana = PersonId::new("T0ACME", "U0DANA");
        let id = IdpUserId::new(Ulid::from_parts(1, 1));
        let known = IdpUser::new(id, user("dana", vec![email("d@acme", None, None)]), now);
        let known = IdpUser { person: Some(dana.clone()), ..known };
        assert_eq!(known.clone().described(known.facts.clone(), later), known);
        let away = UserFacts { active: Some(false), ..known.facts.clone() };
        let away = known.clone().described(away, later);
        assert_eq!((away.person.as_ref(), away.changed_at), (Some(&dana), later));
        assert_eq!(away.presence(), Presence::Inactive);
        let moved = known.described(user("dana", vec![email("x@acme", None, None)]), later);
        assert_eq!(moved.person, None);
    }
}
