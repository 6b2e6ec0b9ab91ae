//! The policy folder under test: small policies, changed a little.

mod differences;
mod documented;
mod garbled;
mod mistakes;
mod routes;
mod trust;

use std::collections::BTreeMap;

use super::{Policy, Refused};

/// A small policy without mistakes and without warnings; the cases change a line of it.
const SMALL: &str = r#"[channels]
approvals = "C0APPROVALS"
security = "C0SECURITY"

[roles]
security = { usergroup = "S0SECURITY" }
vp = { people = ["U0VERA"] }

[teams.support]
leads = { usergroup = "S0LEADS" }
channel = "C0SUPPORT"

[tiers.1]
requires = ["team-lead"]
decide_within = "4h"
longest_grant = "8h"

[tiers.2]
requires = ["security", "team-lead"]
decide_within = "8h"
longest_grant = "8h"

[tiers.3]
requires = ["security", "team-lead", "vp"]
decide_within = "24h"
longest_grant = "4h"

[resources.database]
sensitivity = "internal"
actions = { read = 1, write = 2 }
opens = "the support database"

[resources.crm]
sensitivity = "confidential"
actions = { read = 3 }
opens = "the customers"

[[without_people]]
tier = 1
sensitivity = "internal"
actions = ["read"]
up_to = "1h"
"#;

/// The policy that consists of this one file.
fn only(text: &str) -> Result<Policy, Refused> {
    Policy::from_files(&BTreeMap::from([("policy.toml".to_owned(), text.to_owned())]))
}

/// The small policy with one text in place of another, which must be there.
fn small_with(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from:?} is not in the small policy");
    SMALL.replacen(from, to, 1)
}

fn small() -> Policy {
    only(SMALL).expect("the small policy checks")
}
