//! What a person's token says of their groups. It counts from the moment the token was made, for as long
//! as the policy says.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::domain::event::{Actor, What};
use crate::domain::identity_provider::{Claimed, MOST_CLAIMED};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::identity::verify::seconds;
use crate::service::{Result, Service};
use crate::store::work;

/// The longest name of a group, in characters: as long as a policy can name one.
const LONGEST_NAME: usize = 256;
/// The same groups are written down again after this part of the time for which they count.
const REFRESHED_AFTER: i32 = 24;

/// What a token said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) struct Said {
    issuer: String,
    groups: BTreeSet<String>,
    at: Timestamp,
}

impl Said {
    /// What this claim of a verified token says. Nothing, if it is not there (a provider leaves it
    /// out when somebody is in too many groups) or is no list of names, or if the token does not say
    /// when it was made: what was said before then lapses.
    pub(in crate::service) fn read(
        issuer: &str,
        claim: &str,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> Option<Self> {
        let made = seconds(claims, "iat").ok().flatten()?;
        let at = Timestamp::from_timestamp(made, 0)?.min(now);
        let groups: Option<BTreeSet<String>> = match claims.get(claim)? {
            Value::String(one) => Some(BTreeSet::from([one.clone()])),
            Value::Array(all) => all.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let fits = |name: &String| (1..=LONGEST_NAME).contains(&name.chars().count());
        let groups = groups?.into_iter().filter(fits).take(MOST_CLAIMED).collect();
        Some(Self { issuer: issuer.to_owned(), groups, at })
    }
}

impl Service {
    /// A person's token was accepted, and said this of their groups. An older token says nothing new.
    pub(in crate::service) async fn hear_of_groups(
        &self,
        person: &PersonId,
        said: &Said,
    ) -> Result<()> {
        let (now, policy) = (self.now(), self.policy());
        let every = policy.identity_provider().stale_after.delta() / REFRESHED_AFTER;
        let Said { issuer, mut groups, at } = said.clone();
        // What no role needs is nobody's business here.
        let named = |group: &String| {
            policy.roles().any(|(_, _, holders)| holders.idp_groups.contains(group))
        };
        groups.retain(named);
        let claimed = Claimed { person: person.clone(), issuer, groups, at };
        let known = self.parts.store.read().await?.claims_of(person, &claimed.issuer).await?;
        let is_news = move |known: Option<&Claimed>, claimed: &Claimed| match known {
            None => true,
            Some(known) if claimed.at < known.at => false,
            Some(known) => known.groups != claimed.groups || claimed.at - known.at >= every,
        };
        if !is_news(known.as_ref(), &claimed) {
            return Ok(());
        }
        let work = work(move |tx| {
            Box::pin(async move {
                let known = tx.claims_of(&claimed.person, &claimed.issuer).await?;
                if !is_news(known.as_ref(), &claimed) {
                    return Ok(());
                }
                tx.keep_claims(&claimed).await?;
                let before = known.map(|known| known.groups).unwrap_or_default();
                let joined: Vec<String> = claimed.groups.difference(&before).cloned().collect();
                let left: Vec<String> = before.difference(&claimed.groups).cloned().collect();
                if joined.is_empty() && left.is_empty() {
                    return Ok(());
                }
                let Claimed { person, issuer, .. } = claimed;
                let what = What::IdpGroupsClaimed { person, issuer, joined, left };
                tx.append(now, Actor::IdentityProvider, what).await
            })
        });
        Ok(self.parts.store.write(work).await?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Option<Said> {
        let now = Timestamp::from_timestamp(1_000, 0).unwrap();
        Said::read("okta", "groups", claims.as_object().unwrap(), now)
    }

    #[test]
    fn only_a_list_of_names_with_its_time_says_anything() {
        let groups =
            |said: Option<Said>| said.map(|said| said.groups.into_iter().collect::<Vec<_>>());
        let named =
            |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(groups(read(json!({ "iat": 900, "groups": ["b", "a"] }))), named(&["a", "b"]));
        assert_eq!(groups(read(json!({ "iat": 900, "groups": "a" }))), named(&["a"]));
        assert_eq!(groups(read(json!({ "iat": 900, "groups": [] }))), named(&[]));
        for odd in [
            json!({ "iat": 900 }),
            json!({ "groups": ["a"] }),
            json!({ "iat": "soon", "groups": ["a"] }),
            json!({ "iat": 900, "groups": { "a": true } }),
            json!({ "iat": 900, "groups": ["a", 7] }),
            json!({ "iat": 900, "groups": null }),
        ] {
            assert_eq!(read(odd.clone()), None, "{odd}");
        }
        // A clock that is ahead makes nothing count longer.
        assert_eq!(read(json!({ "iat": 1_030, "groups": [] })).unwrap().at.timestamp(), 1_000);
    }
}
