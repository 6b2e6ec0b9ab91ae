//! Who holds a role by the groups of the identity provider, and who holds none by its word.

use std::collections::BTreeSet;

use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::policy::runtime::Trusted;
use crate::policy::{Holders, Policy};
use crate::service::{Result, Service};

impl Service {
    /// Adds those who hold the role by a group of the identity provider, and takes away whom it has
    /// deactivated, by whatever source they would hold it: an account is closed there first.
    pub(in crate::service) async fn by_identity_provider(
        &self,
        policy: &Policy,
        holders: &Holders,
        workspace: &str,
        people: &mut BTreeSet<PersonId>,
    ) -> Result<()> {
        let pushes = pushes(policy);
        if holders.idp_groups.is_empty() && (!pushes || people.is_empty()) {
            return Ok(());
        }
        let since = counts_since(policy, self.now());
        let mut session = self.parts.store.read().await?;
        let mut found = BTreeSet::new();
        for group in &holders.idp_groups {
            if pushes {
                found.extend(session.people_of_idp_group(group).await?);
            }
            for issuer in claiming(policy) {
                found.extend(session.people_claiming(group, issuer, since).await?.into_keys());
            }
        }
        people.extend(found.into_iter().filter(|person| person.workspace == workspace));
        if pushes {
            let departed = session.departed(people).await?;
            people.retain(|person| !departed.contains(person));
        }
        Ok(())
    }
}

/// Whether what the identity provider pushed counts: while it may push.
pub(super) fn pushes(policy: &Policy) -> bool {
    !policy.identity_provider().scim_bearers.is_empty()
}

/// The issuers whose tokens say something of groups, by their names in the policy.
pub(super) fn claiming(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.issuers().values().filter_map(|issuer| match &issuer.vouches_for {
        Trusted::People { groups_claim: Some(_), .. } => Some(issuer.name.as_str()),
        _ => None,
    })
}

/// What tokens said counts if they were made after this moment.
pub(super) fn counts_since(policy: &Policy, now: Timestamp) -> Timestamp {
    now - policy.identity_provider().stale_after.delta()
}
