//! Whether somebody is in the groups of the identity provider that hold roles. It is only looked at.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{bad, good};
use crate::config::{DatabaseUrl, Engine};
use crate::domain::time::{Span, Timestamp};
use crate::policy::Policy;
use crate::policy::runtime::Trusted;
use crate::slack::wire::doctor::Check;

/// As long as the database may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// As many users are named who were not found.
const NAMED: usize = 5;

const NAME: &str = "identity provider";

const GROUP: &str =
    "SELECT display_name, CAST(doc AS TEXT) FROM idp_groups WHERE display_name = $1";
const PEOPLE: &str = "SELECT COUNT(*) FROM idp_members m JOIN idp_groups g ON g.id = m.group_id \
    JOIN idp_users u ON u.id = m.user_id \
    WHERE g.display_name = $1 AND u.active AND u.person IS NOT NULL";
const UNMATCHED: &str = "SELECT u.user_name FROM idp_members m JOIN idp_groups g ON g.id = m.group_id \
    JOIN idp_users u ON u.id = m.user_id \
    WHERE g.display_name = $1 AND u.active AND u.person IS NULL ORDER BY u.user_name";
const CLAIMED: &str = "SELECT COUNT(DISTINCT person) FROM idp_claims \
    WHERE group_name = $1 AND at > $2";

/// What is known of one group.
struct Found {
    name: String,
    /// When it was changed, and how many people are in it; none if it was never pushed.
    pushed: Option<(Option<Timestamp>, i64)>,
    unmatched: Vec<String>,
    claimed: i64,
}

/// Looks at each group of the identity provider that holds a role of the policy.
pub(super) async fn look(policy: &Policy, url: &DatabaseUrl, now: Timestamp) -> Vec<Check> {
    let named: BTreeSet<&String> =
        policy.roles().flat_map(|(_, _, holders)| &holders.idp_groups).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = named.into_iter().cloned().collect();
    let since = now - policy.identity_provider().stale_after.delta();
    let found = async {
        match url.engine() {
            Engine::Sqlite => sqlite(url, &names, since).await,
            Engine::Postgres => postgres(url, &names, since).await,
        }
    };
    match tokio::time::timeout(PATIENCE, found).await {
        Ok(Ok(found)) => found.iter().flat_map(|group| judged(group, policy, now)).collect(),
        // What is wrong with the database is said where the database is looked at; before the first
        // start there are no tables.
        Ok(Err(_)) | Err(_) => {
            vec![good(NAME, "nothing is known yet of the groups that hold roles")]
        }
    }
}

macro_rules! ask {
    ($connection:expr, $names:expr, $since:expr) => {{
        let mut all = Vec::new();
        for name in $names {
            let group: Option<(String, String)> =
                sqlx::query_as(GROUP).bind(name).fetch_optional(&mut $connection).await?;
            let (people,): (i64,) =
                sqlx::query_as(PEOPLE).bind(name).fetch_one(&mut $connection).await?;
            let unmatched: Vec<(String,)> =
                sqlx::query_as(UNMATCHED).bind(name).fetch_all(&mut $connection).await?;
            let (claimed,): (i64,) =
                sqlx::query_as(CLAIMED).bind(name).bind($since).fetch_one(&mut $connection).await?;
            let changed = group.as_ref().map(|(_, doc)| changed_at(doc));
            all.push(Found {
                name: name.clone(),
                pushed: changed.map(|at| (at, people)),
                unmatched: unmatched.into_iter().map(|(name,)| name).collect(),
                claimed,
            });
        }
        $connection.close().await?;
        Ok(all)
    }};
}

async fn sqlite(
    url: &DatabaseUrl,
    names: &[String],
    since: Timestamp,
) -> Result<Vec<Found>, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url.expose())?.create_if_missing(false);
    let mut connection = options.connect().await?;
    ask!(connection, names, since)
}

async fn postgres(
    url: &DatabaseUrl,
    names: &[String],
    since: Timestamp,
) -> Result<Vec<Found>, sqlx::Error> {
    let mut connection = PgConnectOptions::from_str(url.expose())?.connect().await?;
    ask!(connection, names, since)
}

fn changed_at(doc: &str) -> Option<Timestamp> {
    let doc: serde_json::Value = serde_json::from_str(doc).ok()?;
    doc.get("changed_at")?.as_str()?.parse().ok()
}

fn judged(group: &Found, policy: &Policy, now: Timestamp) -> Vec<Check> {
    let Found { name, pushed, unmatched, claimed } = group;
    let pushes = !policy.identity_provider().scim_bearers.is_empty();
    let claims = policy
        .issuers()
        .values()
        .any(|issuer| matches!(issuer.vouches_for, Trusted::People { groups_claim: Some(_), .. }));
    let (pushed, claimed) = (pushed.filter(|_| pushes), if claims { *claimed } else { 0 });
    let mut checks = Vec::new();
    match pushed {
        Some((at, people)) if people > 0 || claimed > 0 => {
            let age = at.and_then(|at| Span::between(at, now)).map(Span::words);
            let age = age.map(|age| format!(", changed {age} ago")).unwrap_or_default();
            let tokens = if claimed > 0 { format!(", {claimed} by tokens") } else { String::new() };
            checks.push(good(NAME, format!("group \"{name}\": {people} by SCIM{age}{tokens}")));
        }
        Some(_) => checks.push(bad(
            NAME,
            format!("group \"{name}\" was pushed, and nobody of the workspace is in it"),
            Some("assign people to the group in the identity provider, or look at those not found"),
        )),
        None if claimed > 0 => {
            checks.push(good(NAME, format!("group \"{name}\": {claimed} by tokens")));
        }
        None if pushes => checks.push(bad(
            NAME,
            format!("group \"{name}\" holds a role, and was never pushed"),
            Some("push it by SCIM, and write its name in the policy exactly as the provider does"),
        )),
        // Tokens come when people work.
        None => {
            checks.push(good(NAME, format!("group \"{name}\": no token says so at the moment")))
        }
    }
    if pushes && !unmatched.is_empty() {
        let shown = unmatched.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = match unmatched.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let found = format!("group \"{name}\": not found in Slack: {shown}{more}");
        let cure = "they hold nothing: give them the same e-mail address in Slack and there";
        // No fault: not everybody who works is in Slack.
        checks.push(Check { cure: Some(cure.to_owned()), ..good(NAME, found) });
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(pushed: Option<(i64, i64)>, unmatched: usize, claimed: i64) -> Found {
        let now = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        let pushed = pushed.map(|(ago, n)| (Some(now - chrono::TimeDelta::hours(ago)), n));
        let unmatched = (0..unmatched).map(|n| format!("user-{n}@acme.example")).collect();
        Found { name: "sec-eng".to_owned(), pushed, unmatched, claimed }
    }

    #[test]
    fn each_group_is_judged_by_who_is_in_it() {
        let now = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        let text = include_str!("../../../manifests/policy/policy.toml");
        let pushing = format!("[directory]\nscim_bearer_sha256 = \"{}\"\n{text}", "1".repeat(64));
        let files = [("policy.toml".to_owned(), pushing)].into();
        let policy = Policy::from_files(&files).unwrap();
        let mut said = String::new();
        for found in [
            group(Some((48, 3)), 0, 0),
            group(Some((48, 3)), 7, 0),
            group(Some((48, 0)), 1, 0),
            group(None, 0, 0),
        ] {
            for check in judged(&found, &policy, now) {
                let mark = if check.ok { '✓' } else { '✗' };
                said.push_str(&format!("{mark} {}\n", check.found));
            }
        }
        insta::assert_snapshot!(said);
    }
}
