//! What changed for those who are trusted at run time, and how far.

use std::collections::BTreeMap;

use super::{Changes, Effect};
use crate::policy::Policy;

pub(super) fn services(old: &Policy, new: &Policy, changes: &mut Changes) {
    listed("services", "service that may ask", (&old.services, &new.services), changes);
}

pub(super) fn issuers(old: &Policy, new: &Policy, changes: &mut Changes) {
    listed("issuers", "issuer whose tokens are believed", (&old.issuers, &new.issuers), changes);
}

fn listed<T: PartialEq>(
    section: &str,
    kind: &str,
    (old, new): (&BTreeMap<String, T>, &BTreeMap<String, T>),
    changes: &mut Changes,
) {
    for (name, before) in old {
        let about = format!("{section}.{name}");
        match new.get(name) {
            None => changes.note(about, format!("no {kind} any more"), Effect::Narrows),
            Some(after) if before != after => {
                changes.note(about, format!("another proof of the {kind}"), Effect::Widens);
            }
            Some(_) => {}
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        changes.note(format!("{section}.{name}"), format!("a new {kind}"), Effect::Widens);
    }
}

/// How the identity provider tells who is in its groups.
pub(super) fn directory(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (was, is) = (&old.directory, &new.directory);
    if was.scim_bearers != is.scim_bearers {
        let (what, effect) = if is.scim_bearers.is_empty() {
            (
                "nobody pushes groups any more, and those that were pushed do not count",
                Effect::Narrows,
            )
        } else if was.scim_bearers.is_empty() {
            ("an identity provider may push who is in which group", Effect::Widens)
        } else if is.scim_bearers.iter().all(|hash| was.scim_bearers.contains(hash)) {
            ("one token fewer pushes who is in which group", Effect::Narrows)
        } else {
            ("another token pushes who is in which group", Effect::Widens)
        };
        changes.note("directory", what, effect);
    }
    let stale = (was.stale_after, is.stale_after);
    changes.grew("directory", "stale_after", stale, |s| s.words());
}

/// Tokens, quotas and callbacks.
pub(super) fn limits(old: &Policy, new: &Policy, changes: &mut Changes) {
    let (was, is) = (&old.tokens, &new.tokens);
    changes.grew("tokens", "lasting", (was.lasting, is.lasting), |s| s.words());
    let chain = (was.longest_chain, is.longest_chain);
    changes.grew("tokens", "longest_chain", chain, u32::to_string);
    let credential = (was.longest_credential, is.longest_credential);
    changes.grew("tokens", "longest_credential", credential, |s| s.words());
    if was.audiences != is.audiences {
        // No list means any audience.
        let narrower = !is.audiences.is_empty()
            && (was.audiences.is_empty()
                || is.audiences.iter().all(|audience| was.audiences.contains(audience)));
        let effect = if narrower { Effect::Narrows } else { Effect::Widens };
        changes.note("tokens", "the audiences are others", effect);
    }
    let (was, is) = (&old.quotas, &new.quotas);
    changes.grew("quotas", "evaluations", (was.evaluations, is.evaluations), u32::to_string);
    changes.grew("quotas", "tokens", (was.tokens, is.tokens), u32::to_string);
    changes.grew("quotas", "open_requests", (was.open_requests, is.open_requests), u32::to_string);
    let (was, is) = (&old.callbacks, &new.callbacks);
    if was.hosts != is.hosts {
        let narrower = is.hosts.iter().all(|host| was.hosts.contains(host));
        let effect = if narrower { Effect::Narrows } else { Effect::Widens };
        changes.note("callbacks", "the hosts are others", effect);
    }
    let private = (was.private_addresses, is.private_addresses);
    changes.grew("callbacks", "private_addresses", private, bool::to_string);
}
