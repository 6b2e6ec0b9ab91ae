//! Whether a signed text is believed: one table of what each kind must be, and one function that
//! holds a text to it. There is no other way to the claims of anything that comes in.

use serde_json::{Map, Value};

use super::Kind;
use super::algorithm::{Algorithm, VerifyingKey};
use super::jws::{Jws, Malformed};
use crate::domain::time::Timestamp;

/// What a text is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Signed by this server.
    Ours(Kind),
    /// An agent's or a service's proof of itself (RFC 7523, section 3).
    Assertion,
    /// What a platform says of a workload, or an identity provider of a person.
    Foreign,
    /// What a SPIFFE trust domain says of a workload: `iss` and `iat` may be missing (JWT-SVID, section 3).
    Svid,
    /// A proof of possession (RFC 9449, section 4.3).
    Dpop,
}

/// What a kind of text must be.
struct Rule {
    /// Allowed values of `typ`, in small letters; `""` stands for a header without one.
    typ: &'static [&'static str],
    algorithms: &'static [Algorithm],
    /// Claims that must be there; `exp`, `nbf` and `iat` are looked at wherever they are.
    required: &'static [&'static str],
    /// How far clocks may differ, in seconds.
    leeway: i64,
    /// The longest life, from now on, in seconds.
    longest: Option<i64>,
}

/// Those of agents and of this server.
const OWN: &[Algorithm] = &[Algorithm::Es256, Algorithm::EdDsa];
/// Those of other issuers.
const ALL: &[Algorithm] = &[
    Algorithm::EdDsa,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

/// Those of JWT-SVIDs (section 2.1), as far as they are known here.
const SVID: &[Algorithm] = &[
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

/// How long an assertion may be good for, in seconds: as long as well-kept clients make theirs. It is
/// taken once, however long it would be good for.
pub const LONGEST_ASSERTION: i64 = 3_600;
/// How long a foreign token may be good for, in seconds.
pub const LONGEST_FOREIGN: i64 = 86_400;
/// How old a proof of possession may be, in seconds.
pub const DPOP_WINDOW: i64 = 60;

impl Text {
    /// The table.
    const fn rule(self) -> Rule {
        match self {
            Self::Ours(kind) => Rule {
                typ: match kind {
                    Kind::AccessToken => &["at+jwt"],
                    Kind::Binding => &["binding+jwt"],
                    Kind::Approval => &["approval+jwt"],
                    Kind::Callback => &["callback+jwt"],
                    Kind::Link => &["link+jwt"],
                },
                algorithms: OWN,
                required: &["iss", "exp", "iat"],
                leeway: 0,
                longest: None,
            },
            Self::Assertion => Rule {
                typ: &["", "jwt", "client-authentication+jwt"],
                algorithms: OWN,
                required: &["iss", "sub", "aud", "exp", "jti"],
                leeway: 30,
                longest: Some(LONGEST_ASSERTION),
            },
            Self::Foreign => Rule {
                typ: &["", "jwt", "jose"],
                algorithms: ALL,
                required: &["iss", "sub", "aud", "exp", "iat"],
                leeway: 30,
                longest: Some(LONGEST_FOREIGN),
            },
            Self::Svid => Rule {
                typ: &["", "jwt", "jose"],
                algorithms: SVID,
                required: &["sub", "aud", "exp"],
                leeway: 30,
                longest: Some(LONGEST_FOREIGN),
            },
            Self::Dpop => Rule {
                typ: &["dpop+jwt"],
                algorithms: OWN,
                required: &["htm", "htu", "iat", "jti"],
                leeway: DPOP_WINDOW,
                longest: None,
            },
        }
    }
}

/// Why a text is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is no signed text.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It is a signed text of another kind.
    #[error("its `typ` is that of something else")]
    Type,
    /// It is signed in a way that is not believed.
    #[error("its `alg` is not one that is accepted here")]
    Algorithm,
    /// Not by a key that is known.
    #[error("it is not signed by a key that is known")]
    Signature,
    /// A claim is missing, or not of the kind that it must be.
    #[error("the claim `{0}` is missing or malformed")]
    Claim(&'static str),
    /// From somebody else.
    #[error("its `iss` is another")]
    Issuer,
    /// For somebody else.
    #[error("its `aud` is another; it must be {0}")]
    Audience(String),
    /// Over.
    #[error("its time is over (`exp`)")]
    Expired,
    /// Not yet good, or made in the future.
    #[error("its time has not come (`nbf`, `iat`)")]
    NotYet,
    /// Good for longer than is accepted.
    #[error("it is good for too long: at most {0} seconds are accepted")]
    TooLong(i64),
    /// A proof for another call.
    #[error("it is a proof for another call (`htm`, `htu`, `ath`)")]
    OtherCall,
}

/// Who may have signed, from whom and for whom a text must be.
pub struct Expected<'a> {
    /// The keys; one of them must have signed.
    pub keys: &'a [VerifyingKey],
    /// The `iss`, exactly, if it is known before.
    pub issuer: Option<&'a str>,
    /// One of these must be in `aud`; not looked at, if there are none.
    pub audiences: &'a [&'a str],
}

/// The claims of a text, if it is what it is taken for and everything about it is right.
///
/// # Errors
///
/// [`Wrong`]. What is wrong with the claims is told only of what is rightly signed.
pub fn verify(
    text: Text,
    jws: &Jws<'_>,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Map<String, Value>, Wrong> {
    let rule = text.rule();
    if !type_fits(jws.header.get("typ"), rule.typ) {
        return Err(Wrong::Type);
    }
    if !jws.algorithm().is_some_and(|by| rule.algorithms.contains(&by)) {
        return Err(Wrong::Algorithm);
    }
    if !expected.keys.iter().any(|key| jws.is_signed_by(key)) {
        return Err(Wrong::Signature);
    }
    let claims = &jws.claims;
    for name in rule.required {
        let there = match *name {
            "aud" => audience(claims).is_some(),
            "exp" | "iat" => seconds(claims, name)?.is_some(),
            _ => claims.get(*name).and_then(Value::as_str).is_some_and(|text| !text.is_empty()),
        };
        if !there {
            return Err(Wrong::Claim(name));
        }
    }
    if expected.issuer.is_some_and(|issuer| jws.claim("iss") != Some(issuer)) {
        return Err(Wrong::Issuer);
    }
    if !expected.audiences.is_empty() {
        let aud = audience(claims).unwrap_or_default();
        if !aud.iter().any(|one| expected.audiences.contains(one)) {
            let first = expected.audiences.first().copied().unwrap_or_default();
            return Err(Wrong::Audience(first.to_owned()));
        }
    }
    let now = now.timestamp();
    if let Some(exp) = seconds(claims, "exp")? {
        if exp.saturating_add(rule.leeway) <= now {
            return Err(Wrong::Expired);
        }
        if let Some(longest) = rule.longest
            && exp > now.saturating_add(longest + rule.leeway)
        {
            return Err(Wrong::TooLong(longest));
        }
    }
    for name in ["nbf", "iat"] {
        if seconds(claims, name)?.is_some_and(|at| at > now.saturating_add(rule.leeway)) {
            return Err(Wrong::NotYet);
        }
    }
    if text == Text::Dpop
        && seconds(claims, "iat")?.is_some_and(|at| at < now.saturating_sub(rule.leeway))
    {
        return Err(Wrong::Expired);
    }
    Ok(claims.clone())
}

/// `typ` without regard to case and to the optional `application/` (RFC 7515, section 4.1.9).
fn type_fits(typ: Option<&Value>, allowed: &[&str]) -> bool {
    let typ = match typ {
        None => String::new(),
        Some(Value::String(typ)) if !typ.is_empty() => typ.to_ascii_lowercase(),
        Some(_) => return false,
    };
    allowed.contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}

/// The audience, written as one text or as a list of texts.
pub fn audience(claims: &Map<String, Value>) -> Option<Vec<&str>> {
    match claims.get("aud")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(many) => many.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// A moment (RFC 7519 allows fractions of a second; they are cut off).
pub fn seconds(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Wrong> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let whole = value.as_i64().or_else(|| {
                #[expect(clippy::cast_possible_truncation, reason = "fractions are cut off")]
                value.as_f64().map(|at| at as i64)
            });
            whole
                .filter(|at| (0..=253_402_300_799).contains(at))
                .map(Some)
                .ok_or(Wrong::Claim(name))
        }
    }
}
