//! The tables: everything that the scan looks for by name.

mod agents;
mod automation;
mod models;

use super::sign::{Kind, Sign};

/// All tables, one after the other.
pub fn all() -> impl Iterator<Item = &'static Sign> {
    models::SIGNS.iter().chain(agents::SIGNS).chain(automation::SIGNS)
}

/// Signs that come from no table of names: what finds them is written in code.
pub const FOUND_BY_CODE: &[Sign] =
    &[SELF_NAMED, ASSISTANT, SCHEDULED_TOKEN, LENT_TOKEN, GENERIC_KEY];

/// A file, folder or type calls itself an agent.
pub const SELF_NAMED: Sign = Sign {
    id: "agent/name",
    kind: Kind::Named,
    says: "something that calls itself an agent",
    weight: 50,
    names: &[],
};

/// Settings for somebody's coding assistant.
pub const ASSISTANT: Sign = Sign {
    id: "assistant/settings",
    kind: Kind::Assistant,
    says: "settings for an assistant that helps people work on this",
    weight: 30,
    names: &[],
};

/// A pipeline's file with a secret that is named like a token, and is not the pipeline's own.
pub const SCHEDULED_TOKEN: Sign = Sign {
    id: "token/pipeline",
    kind: Kind::PersonalToken,
    says: "the pipeline works with a token that somebody put there",
    weight: 65,
    names: &[],
};

/// A pipeline's file in which a person's token takes the place of the pipeline's own.
pub const LENT_TOKEN: Sign = Sign {
    id: "token/lent",
    kind: Kind::PersonalToken,
    says: "in place of the pipeline's own token stands one that somebody made",
    weight: 85,
    names: &[],
};

/// A long random text that is given to something called key, token or secret.
pub const GENERIC_KEY: Sign = Sign {
    id: "key/unknown",
    kind: Kind::HardCodedKey,
    says: "something that looks like a key",
    weight: 40,
    names: &[],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::secret;
    use super::*;

    #[test]
    fn every_sign_has_an_id_of_its_own_and_words() {
        let mut ids = BTreeSet::new();
        let keys = secret::KINDS.iter().map(|kind| (kind.id, kind.says, kind.weight));
        let signs = all().chain(FOUND_BY_CODE).map(|sign| (sign.id, sign.says, sign.weight));
        for (id, says, weight) in signs.chain(keys) {
            assert!(ids.insert(id), "{id} twice");
            assert!(id.split_once('/').is_some(), "{id} has no group");
            assert!(!says.is_empty() && weight <= 100, "{id}");
        }
    }

    #[test]
    fn every_sign_of_the_tables_can_be_found() {
        for sign in all() {
            assert!(!sign.names.is_empty(), "{} has no name", sign.id);
        }
    }
}
