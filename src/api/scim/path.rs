//! Names of attributes: `userName`, `name.givenName`,
//! `urn:ietf:params:scim:schemas:core:2.0:User:userName` (RFC 7644, section 3.10).

use super::error::ScimError;

/// The schema of users.
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The longest name, in bytes.
const LONGEST: usize = 256;

/// An attribute, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema of another part of the resource, if it is not of the core: an extension.
    pub extension: Option<String>,
    /// The attribute; empty for the whole of an extension.
    pub attribute: String,
    /// The part.
    pub sub: Option<String>,
}

impl AttributePath {
    /// Reads a name. Upper and lower case are the same in it.
    pub fn read(text: &str) -> Result<Self, ScimError> {
        let text = text.trim();
        let wrong = || ScimError::bad("invalidPath", "an attribute's name is not understood");
        if text.len() > LONGEST {
            return Err(wrong());
        }
        let (extension, name) = without_schema(text);
        if extension.is_some() && name.is_empty() {
            return Ok(Self { extension, attribute: String::new(), sub: None });
        }
        let (attribute, sub) = match name.split_once('.') {
            None => (name, None),
            Some((attribute, sub)) => (attribute, Some(sub)),
        };
        let good = is_name(attribute) && sub.is_none_or(is_name);
        let (attribute, sub) = (attribute.to_owned(), sub.map(str::to_owned));
        if good { Ok(Self { extension, attribute, sub }) } else { Err(wrong()) }
    }
}

/// The name without the schema before it, and the schema if it is none of the core.
fn without_schema(text: &str) -> (Option<String>, &str) {
    for core in [USER, GROUP] {
        let head = text.get(..core.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(core))
            && let Some(rest) = text.get(core.len()..)
        {
            if let Some(name) = rest.strip_prefix(':') {
                return (None, name);
            }
            if rest.is_empty() {
                return (Some(core.to_owned()), "");
            }
        }
    }
    if !text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("urn:")) {
        return (None, text);
    }
    // The version in the middle has a dot of its own: what follows the last colon is the name, unless
    // the whole names a schema.
    match text.rsplit_once(':') {
        Some((schema, name)) if is_versioned(schema) => (Some(schema.to_owned()), name),
        _ => (Some(text.to_owned()), ""),
    }
}

/// Whether a schema ends with its name, behind a version: `…:2.0:User`.
fn is_versioned(schema: &str) -> bool {
    schema
        .rsplit(':')
        .nth(1)
        .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// RFC 7643, section 2.1, and `$ref`.
fn is_name(text: &str) -> bool {
    let text = text.strip_prefix('$').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_and_without_their_schema() {
        let read = |text: &str| {
            let path = AttributePath::read(text).ok()?;
            Some((path.extension, path.attribute, path.sub))
        };
        let own = |attribute: &str, sub: Option<&str>| {
            Some((None, attribute.to_owned(), sub.map(str::to_owned)))
        };
        assert_eq!(read("userName"), own("userName", None));
        assert_eq!(read(" name.givenName "), own("name", Some("givenName")));
        assert_eq!(read("members.$ref"), own("members", Some("$ref")));
        assert_eq!(read(&format!("{USER}:name.givenName")), own("name", Some("givenName")));
        let group = GROUP.to_uppercase();
        assert_eq!(read(&format!("{group}:displayName")), own("displayName", None));
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(
            read(&format!("{enterprise}:department")),
            Some((Some(enterprise.to_owned()), "department".to_owned(), None))
        );
        assert_eq!(read(enterprise), Some((Some(enterprise.to_owned()), String::new(), None)));
        for odd in ["", ".", "a.", "a..b", "a.b.c", "a b", "1a", "a[b]", "ä"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
