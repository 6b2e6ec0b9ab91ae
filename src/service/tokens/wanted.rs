//! What a token is wanted for: whom it is shown to, and the accesses that it is to carry.

use serde::Deserialize;

use super::Outcome;
use super::form::{TokenForm, kind};
use super::refused::{Code, Refused};
use crate::domain::access::Access;
use crate::domain::agent::Slug;
use crate::domain::grant::Grant;
use crate::domain::ids::GrantId;
use crate::domain::request::Reference;
use crate::policy::Policy;

/// The most audiences of one token.
const MOST_AUDIENCES: usize = 8;
/// The most grants that one token carries: it must fit into a header.
const MOST_GRANTS: usize = 32;
/// The longest authorization details that are read.
const LONGEST_DETAILS: usize = 8 * 1024;

/// What a token is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) audience: Vec<String>,
    /// Nothing in particular: everything that is live.
    pub(super) parts: Option<Vec<Part>>,
}

/// One thing that it is to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Scope(Access),
    Detail { access: Option<Access>, identifier: Option<String> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detail {
    r#type: String,
    access: Option<String>,
    identifier: Option<String>,
}

/// A grant that a token carries, and as much of it as was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) grant: Grant,
    pub(super) access: Access,
}

impl Wanted {
    /// Reads what a form asks for.
    pub(super) fn read(form: &TokenForm, issuer: &str, policy: &Policy) -> Outcome<Self> {
        let audience = audience(form, issuer, &policy.tokens().audiences)?;
        let mut parts = Vec::new();
        for word in form.scope.as_deref().unwrap_or_default().split(' ').filter(|w| !w.is_empty()) {
            let access =
                word.parse().map_err(|bad| Refused::new(Code::InvalidScope, format!("{bad}")))?;
            parts.push(Part::Scope(access));
        }
        if let Some(json) = &form.details {
            parts.extend(details(json)?);
        }
        if parts.len() > MOST_GRANTS {
            return Err(too_many());
        }
        // A scope that names nothing is no scope.
        let parts = (form.details.is_some() || !parts.is_empty()).then_some(parts);
        Ok(Self { audience, parts })
    }

    /// The grants among these that the token carries.
    pub(super) fn choose(&self, agent: &Slug, live: Vec<Grant>) -> Outcome<Vec<Carried>> {
        let Some(parts) = &self.parts else {
            if live.len() > MOST_GRANTS {
                return Err(too_many());
            }
            let whole = |grant: Grant| Carried { access: grant.access.clone(), grant };
            return Ok(live.into_iter().map(whole).collect());
        };
        let mut chosen: Vec<Carried> = Vec::new();
        for part in parts {
            // The one that lasts longest: the token ends with the first that ends.
            let found = live.iter().filter(|grant| part.fits(grant)).max_by_key(|g| g.expires_at);
            let Some(grant) = found else { return Err(part.missing(agent)) };
            let access = part.access().unwrap_or(&grant.access).clone();
            if !chosen.iter().any(|one| one.grant.id == grant.id && one.access == access) {
                chosen.push(Carried { grant: grant.clone(), access });
            }
        }
        Ok(chosen)
    }
}

impl Part {
    fn access(&self) -> Option<&Access> {
        match self {
            Self::Scope(access) => Some(access),
            Self::Detail { access, .. } => access.as_ref(),
        }
    }

    fn fits(&self, grant: &Grant) -> bool {
        let named = |name: &str| {
            name.parse::<GrantId>().is_ok_and(|id| id == grant.id)
                || name.parse::<Reference>().is_ok_and(|one| one == grant.reference)
        };
        self.access().is_none_or(|access| grant.access.covers(access))
            && match self {
                Self::Detail { identifier: Some(name), .. } => named(name),
                _ => true,
            }
    }

    fn missing(&self, agent: &Slug) -> Refused {
        let code = match self {
            Self::Scope(_) => Code::InvalidScope,
            Self::Detail { .. } => Code::InvalidDetails,
        };
        match (self, self.access()) {
            (_, Some(access)) => Refused::new(
                code,
                format!(
                    "{agent} holds no live grant for {access} (and a token never carries more than \
                     the one that it is exchanged for). Its owner asks for one in Slack: \
                     /agent request {agent} {access} for 30m because ..."
                ),
            ),
            (_, None) => Refused::new(
                code,
                format!("{agent} holds no live grant of this identifier: /agent grants shows them"),
            ),
        }
    }
}

fn too_many() -> Refused {
    Refused::new(
        Code::InvalidScope,
        format!("a token carries at most {MOST_GRANTS} grants: name those that it is for in scope"),
    )
}

fn details(json: &str) -> Outcome<Vec<Part>> {
    let bad = |words: String| Refused::new(Code::InvalidDetails, words);
    let form = || {
        bad(format!(
            "authorization_details must be a list of objects such as \
             {{'type': '{}', 'access': 'database:read'}}",
            kind::GRANT
        ))
    };
    if json.len() > LONGEST_DETAILS {
        return Err(form());
    }
    let details: Vec<Detail> = serde_json::from_str(json).map_err(|_| form())?;
    details
        .into_iter()
        .map(|detail| {
            if detail.r#type != kind::GRANT {
                return Err(bad(format!(
                    "the only type of authorization_details is {}",
                    kind::GRANT
                )));
            }
            if detail.access.is_none() && detail.identifier.is_none() {
                return Err(form());
            }
            let access = detail.access.map(|text| text.parse()).transpose();
            let access = access.map_err(|why| bad(format!("{why}")))?;
            Ok(Part::Detail { access, identifier: detail.identifier })
        })
        .collect()
}

/// Whom it is for (RFC 8707; RFC 8693 section 2.1): this server itself, if nobody is named.
fn audience(form: &TokenForm, issuer: &str, allowed: &[String]) -> Outcome<Vec<String>> {
    let mut audience: Vec<String> = Vec::new();
    for one in form.resources.iter().chain(&form.audiences) {
        let absolute = is_absolute(one);
        let listed = allowed.iter().any(|other| other == one);
        let fits = listed || one == issuer || (allowed.is_empty() && absolute);
        if !fits || one.contains('#') || one.len() > 512 {
            return Err(Refused::new(
                Code::InvalidTarget,
                if allowed.is_empty() {
                    "a token is for the address of a service, such as https://crm.example.com (an \
                     absolute URI without a fragment); for a name only where the policy lists it \
                     ([tokens] audiences), and it lists none"
                        .to_owned()
                } else {
                    "tokens are not given for this resource: the policy lists those that there are \
                     ([tokens] audiences)"
                        .to_owned()
                },
            ));
        }
        if !audience.contains(one) {
            audience.push(one.clone());
        }
    }
    if audience.len() > MOST_AUDIENCES {
        let words = format!("a token is for at most {MOST_AUDIENCES} resources");
        return Err(Refused::new(Code::InvalidTarget, words));
    }
    if audience.is_empty() {
        audience.push(issuer.to_owned());
    }
    Ok(audience)
}

/// Whether the text is a URI with a scheme (RFC 3986, section 3).
fn is_absolute(text: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    text.chars().all(|c| c.is_ascii_graphic())
        && text.split_once(':').is_some_and(|(name, rest)| scheme(name) && rest.len() > 2)
}
