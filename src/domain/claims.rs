//! The claims by which a workload is known: read as people write them, and judged by how many other
//! workloads would fit them too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::clean;

/// So many claims are taken at most: a card must show each of them whole.
pub const MOST_CLAIMS: usize = 10;
/// The longest name and the longest value, in characters.
const LONGEST: usize = 255;
/// Claims that are another with each token, or that the policy judges for all tokens of an issuer.
const NEVER: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// Why a text cannot be used as claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadClaims {
    /// Nothing is there.
    #[error("there is no claim: write one to a line, such as repository_id = 123456")]
    Empty,
    /// A line without `=`, or with nothing on one side of it.
    #[error("line {0} is no claim: write name = value, such as repository_id = 123456")]
    NoPair(usize),
    /// The same name again.
    #[error("line {0} names a claim that stands above already: each has one value")]
    Twice(usize),
    /// A sign that is meant to fit anything.
    #[error(
        "line {0} has a *, and claims are compared letter by letter: write the whole value that the \
         token carries"
    )]
    Star(usize),
    /// A claim that tells no workload from another.
    #[error(
        "line {0} names a claim that tells no workload from another (iss, aud, exp, nbf, iat, jti): \
         leave it out"
    )]
    Useless(usize),
    /// Control or invisible characters, or a very long line.
    #[error("line {0} is too long or has characters that cannot be seen: copy it again")]
    Unreadable(usize),
    /// More than anybody needs.
    #[error(
        "these are more than {MOST_CLAIMS} claims: keep those that tell this workload from others"
    )]
    TooMany,
}

/// Reads claims, one `name = value` to a line. Nothing in a value is changed but the space around
/// it: it is compared letter by letter.
///
/// # Errors
///
/// [`BadClaims`], for the first line with a mistake.
pub fn read_claims(text: &str) -> Result<BTreeMap<String, String>, BadClaims> {
    let mut claims = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let (number, line) = (at + 1, line.trim());
        if line.is_empty() {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(BadClaims::NoPair(number))?;
        let (name, value) = (name.trim(), bare(value.trim()));
        if name.is_empty() || value.is_empty() {
            return Err(BadClaims::NoPair(number));
        }
        let as_seen = |text: &str| clean(text, LONGEST) == text;
        if !as_seen(name) || !as_seen(value) || name.contains(char::is_whitespace) {
            return Err(BadClaims::Unreadable(number));
        }
        if NEVER.contains(&name) {
            return Err(BadClaims::Useless(number));
        }
        if value.contains('*') {
            return Err(BadClaims::Star(number));
        }
        if claims.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(BadClaims::Twice(number));
        }
        if claims.len() > MOST_CLAIMS {
            return Err(BadClaims::TooMany);
        }
    }
    if claims.is_empty() { Err(BadClaims::Empty) } else { Ok(claims) }
}

/// A value without the quotation marks that people copy with it.
fn bare(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or(value, str::trim)
}

/// How many workloads would fit claims, where it may be more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breadth {
    /// Every repository of an owner, on GitHub.
    AnyRepository,
    /// GitHub, with names in place of the repository's number: a name can be given to another
    /// repository, a number cannot.
    NoRepositoryId,
    /// Every branch and workflow of a repository, on GitHub.
    AnyWorkflow,
    /// Kubernetes without `sub`, which names the service account.
    NoSubject,
    /// One claim alone, which is not `sub`.
    OneClaim,
}

/// How broad these claims are; `None` if they seem to name one workload. `issuer` is the `iss` that
/// the tokens carry, `name` what the policy calls it.
pub fn breadth(issuer: &str, name: &str, claims: &BTreeMap<String, String>) -> Option<Breadth> {
    let has = |claim: &str| claims.contains_key(claim);
    let has_any = |names: &[&str]| names.iter().any(|name| has(name));
    let only = claims.len() == 1;
    if is_github(issuer) {
        // What GitHub puts into its tokens:
        // <https://docs.github.com/en/actions/reference/security/oidc>.
        const OF_A_REPOSITORY: [&str; 4] =
            ["repository", "sub", "workflow_ref", "job_workflow_ref"];
        const OF_A_WORKFLOW: [&str; 6] =
            ["sub", "ref", "environment", "workflow", "workflow_ref", "job_workflow_ref"];
        return if !has("repository_id") && !has_any(&OF_A_REPOSITORY) {
            Some(Breadth::AnyRepository)
        } else if !has("repository_id") {
            Some(Breadth::NoRepositoryId)
        } else if !has_any(&OF_A_WORKFLOW) {
            Some(Breadth::AnyWorkflow)
        } else {
            None
        };
    }
    if is_kubernetes(issuer, name) && !has("sub") {
        return Some(Breadth::NoSubject);
    }
    (only && !has("sub")).then_some(Breadth::OneClaim)
}

/// Whether the issuer gives tokens to everybody's workloads, so that one of its tokens says nothing of
/// whose they are.
pub fn is_everybodys(issuer: &str) -> bool {
    const SHARED: [&str; 7] = [
        "https://token.actions.githubusercontent.com",
        "https://gitlab.com",
        "https://accounts.google.com",
        "https://agent.buildkite.com",
        "https://app.terraform.io",
        "https://oidc.fly.io",
        "https://codefresh.io",
    ];
    let issuer = issuer.trim_end_matches('/');
    SHARED.contains(&issuer) || issuer.starts_with("https://oidc.circleci.com")
}

/// GitHub's issuer, also that of an enterprise (with its name as the path) or of its own server.
fn is_github(issuer: &str) -> bool {
    issuer.starts_with("https://token.actions.githubusercontent.com")
        || issuer.ends_with("/_services/token")
}

/// A cluster's issuer: by its usual name, by those of the large providers, or by what the policy
/// calls it.
fn is_kubernetes(issuer: &str, name: &str) -> bool {
    const HOSTS: [&str; 4] =
        ["kubernetes", "oidc.eks.", "container.googleapis.com", "oic.prod-aks."];
    let name = name.to_lowercase();
    HOSTS.iter().any(|host| issuer.contains(host))
        || ["kubernetes", "k8s"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GITHUB: &str = "https://token.actions.githubusercontent.com";

    #[test]
    fn claims_are_read_as_people_write_them() {
        let read =
            read_claims("repository_id = 123456\n\n  ref=refs/heads/main \nworkflow = \"a = b\"\n");
        let read = read.unwrap();
        let read: Vec<_> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let expected =
            [("ref", "refs/heads/main"), ("repository_id", "123456"), ("workflow", "a = b")];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_its_line() {
        for (text, why) in [
            ("", BadClaims::Empty),
            (" \n ", BadClaims::Empty),
            ("sub = a\nrepository", BadClaims::NoPair(2)),
            ("sub =", BadClaims::NoPair(1)),
            ("= x", BadClaims::NoPair(1)),
            ("sub = a\nsub = b", BadClaims::Twice(2)),
            ("sub = repo:acme/*", BadClaims::Star(1)),
            ("aud = countersign", BadClaims::Useless(1)),
            ("sub = a\u{202e}b", BadClaims::Unreadable(1)),
            ("a b = c", BadClaims::Unreadable(1)),
        ] {
            assert_eq!(read_claims(text), Err(why), "{text:?}");
        }
        let many: String = (0..=MOST_CLAIMS).map(|n| format!("c{n} = v\n")).collect();
        assert_eq!(read_claims(&many), Err(BadClaims::TooMany));
    }

    #[test]
    fn claims_that_more_than_one_workload_fits_are_broad() {
        let cluster = "https://kubernetes.default.svc.cluster.local";
        let other = "https://ci.example.com";
        for (issuer, name, text, broad) in [
            (GITHUB, "github", "repository_owner_id = 1", Some(Breadth::AnyRepository)),
            (GITHUB, "github", "environment = production", Some(Breadth::AnyRepository)),
            (GITHUB, "github", "repository = acme/agent\nref = x", Some(Breadth::NoRepositoryId)),
            (GITHUB, "github", "sub = repo:acme/agent:ref:x", Some(Breadth::NoRepositoryId)),
            (GITHUB, "github", "repository_id = 2", Some(Breadth::AnyWorkflow)),
            (GITHUB, "github", "repository_id = 2\nref = refs/heads/main", None),
            (cluster, "prod", "namespace = support\nx = y", Some(Breadth::NoSubject)),
            (other, "k8s-prod", "namespace = support", Some(Breadth::NoSubject)),
            (cluster, "prod", "sub = system:serviceaccount:support:agent", None),
            (other, "ci", "project = 7", Some(Breadth::OneClaim)),
            (other, "ci", "sub = project/7", None),
            (other, "ci", "project = 7\nbranch = main", None),
        ] {
            let claims = read_claims(text).unwrap();
            assert_eq!(breadth(issuer, name, &claims), broad, "{issuer} {text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_fails_badly_and_what_is_read_reads_back(text in "[a-z=* \n\u{202e}\"]{0,80}") {
            if let Ok(claims) = read_claims(&text) {
                let again: String =
                    claims.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
                let same = claims.values().all(|value| !value.starts_with('"'));
                prop_assert!(!same || read_claims(&again) == Ok(claims));
            }
        }
    }
}
