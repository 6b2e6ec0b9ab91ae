//! What can be asked for, as people choose of it. Pure.

use super::words::harmless;
use crate::contract::catalogue::Catalogue;
use crate::domain::access::Access;
use crate::domain::text::clean;

/// The longest that is said of what an access opens, in characters.
const LONGEST: usize = 60;

/// What can be asked for, a line each, the least first: what needs few people stands where the eye falls.
pub fn choices(catalogue: &Catalogue) -> Vec<(Access, String)> {
    let mut all: Vec<(u8, Access, String)> = Vec::new();
    for resource in &catalogue.resources {
        for action in &resource.actions {
            let access = Access::new(resource.name.clone(), action.name.clone());
            let opens = action.opens.as_deref().map(|opens| format!(": {}", clean(opens, LONGEST)));
            let words = harmless(&format!("{access}{}", opens.unwrap_or_default()));
            all.push((action.tier, access, words));
        }
    }
    all.sort_by_key(|(tier, ..)| *tier);
    all.into_iter().map(|(_, access, words)| (access, words)).collect()
}

/// The lowest tier that may hold an access, as far as the catalogue knows it.
pub fn tier_needed(catalogue: &Catalogue, access: &Access) -> Option<u8> {
    let resource = catalogue.resources.iter().find(|resource| resource.name == access.resource)?;
    let action = resource.actions.iter().find(|action| action.name == access.action)?;
    Some(action.tier)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::contract::catalogue::{Action, Resource};

    /// A customer's data first by its name, and last by what it takes.
    pub(in crate::client) fn catalogue() -> Catalogue {
        let resource = |name: &str, action: &str, tier: u8, opens: &str| Resource {
            name: name.to_owned(),
            sensitivity: "internal".to_owned(),
            actions: vec![Action {
                name: action.to_owned(),
                tier,
                opens: Some(opens.to_owned()).filter(|opens| !opens.is_empty()),
            }],
        };
        Catalogue {
            resources: vec![
                resource(
                    "crm",
                    "read",
                    3,
                    "every customer with name, address and history, as they are",
                ),
                resource("database", "read", 1, "rows of the support database"),
                resource("payments", "refund", 3, ""),
                resource("tickets", "write", 2, "answers to tickets"),
            ],
            tiers: Vec::new(),
            teams: vec!["support".to_owned()],
            policy: "sha256:1".to_owned(),
        }
    }

    #[test]
    fn the_least_comes_first() {
        let lines: Vec<String> =
            choices(&catalogue()).into_iter().map(|(_, words)| words).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn the_tier_of_what_is_known_is_known() {
        let needed = |access: &str| tier_needed(&catalogue(), &access.parse().unwrap());
        assert_eq!(needed("payments:refund"), Some(3));
        assert_eq!(needed("tickets#7:write"), Some(2));
        assert_eq!((needed("payments:read"), needed("mail:read")), (None, None));
    }
}
