//! Filters: `userName eq "dana"`, `emails[type eq "work"]` (RFC 7644, section 3.4.2.2).

use serde_json::Value;

use super::error::ScimError;
use super::path::AttributePath;

/// The longest filter, in bytes.
const LONGEST: usize = 4_000;
/// The deepest that parts may stand in each other.
const DEEPEST: usize = 20;

/// Which resources, or which values of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Both.
    And(Box<Self>, Box<Self>),
    /// One or the other.
    Or(Box<Self>, Box<Self>),
    /// Not so.
    Not(Box<Self>),
    /// The attribute has a value.
    Has(AttributePath),
    /// The attribute has a value that compares so.
    Compare(AttributePath, Operator, Value),
    /// One value of the attribute is so.
    Within(AttributePath, Box<Self>),
}

/// How values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Are the same.
    Eq,
    /// Are not the same.
    Ne,
    /// Contains it.
    Co,
    /// Begins with it.
    Sw,
    /// Ends with it.
    Ew,
    /// Comes after it.
    Gt,
    /// Comes after it, or is the same.
    Ge,
    /// Comes before it.
    Lt,
    /// Comes before it, or is the same.
    Le,
}

impl Operator {
    fn read(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "co" => Self::Co,
            "sw" => Self::Sw,
            "ew" => Self::Ew,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// `invalidFilter`, with what is wrong.
    pub fn read(text: &str) -> Result<Self, ScimError> {
        if text.len() > LONGEST {
            return Err(wrong("it is too long"));
        }
        let mut reader = Reader { rest: text, deep: 0 };
        let filter = reader.any_of()?;
        match reader.rest.trim_start() {
            "" => Ok(filter),
            rest => Err(wrong(format!("`{rest}` is too much"))),
        }
    }

    /// The attribute and the text to which it must be equal, if that is all.
    pub fn equal(&self) -> Option<(&str, &str)> {
        match self {
            Self::Compare(path, Operator::Eq, Value::String(text))
                if path.sub.is_none() && path.extension.is_none() =>
            {
                Some((&path.attribute, text))
            }
            _ => None,
        }
    }

    /// Whether a resource, or a value of an attribute, is so.
    pub fn fits(&self, of: &Value) -> bool {
        match self {
            Self::And(one, other) => one.fits(of) && other.fits(of),
            Self::Or(one, other) => one.fits(of) || other.fits(of),
            Self::Not(one) => !one.fits(of),
            Self::Has(path) => values(of, path).iter().any(|value| !is_nothing(value)),
            Self::Compare(path, operator, wanted) => {
                let exact = is_exact(&path.attribute);
                let found = values(of, path);
                match operator {
                    Operator::Ne => !found.iter().any(|v| compare(v, Operator::Eq, wanted, exact)),
                    operator => found.iter().any(|v| compare(v, *operator, wanted, exact)),
                }
            }
            Self::Within(path, filter) => values(of, path).iter().any(|value| filter.fits(value)),
        }
    }
}

fn wrong(why: impl std::fmt::Display) -> ScimError {
    ScimError::bad("invalidFilter", format!("the filter is not understood: {why}"))
}

/// Ids are the same only if they are the same letter by letter (RFC 7643, section 3.1).
fn is_exact(attribute: &str) -> bool {
    ["id", "externalId"].iter().any(|exact| exact.eq_ignore_ascii_case(attribute))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The member of this name, in whatever case.
pub(super) fn member<'v>(of: &'v Value, name: &str) -> Option<&'v Value> {
    let members = of.as_object()?;
    members.get(name).or_else(|| {
        members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

/// The values of an attribute; each of a list by itself.
fn values<'v>(of: &'v Value, path: &AttributePath) -> Vec<&'v Value> {
    let all = |value: &'v Value| match value {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    if path.extension.is_some() {
        return Vec::new();
    }
    let found: Vec<&Value> = member(of, &path.attribute).map(all).unwrap_or_default();
    match &path.sub {
        None => found,
        Some(sub) => {
            found.into_iter().filter_map(|value| member(value, sub)).flat_map(all).collect()
        }
    }
}

fn compare(value: &Value, operator: Operator, wanted: &Value, exact: bool) -> bool {
    // A list of complex values is compared by what they are about (RFC 7644, section 3.4.2.2).
    if value.is_object() {
        return member(value, "value").is_some_and(|inner| compare(inner, operator, wanted, exact));
    }
    match (value, wanted) {
        (Value::String(value), Value::String(wanted)) if exact => text(value, operator, wanted),
        (Value::String(value), Value::String(wanted)) => {
            text(&value.to_lowercase(), operator, &wanted.to_lowercase())
        }
        (Value::Number(value), Value::Number(wanted)) => {
            let (Some(value), Some(wanted)) = (value.as_f64(), wanted.as_f64()) else {
                return false;
            };
            ordered(value.partial_cmp(&wanted), operator)
        }
        (value, wanted) => operator == Operator::Eq && value == wanted,
    }
}

fn text(value: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Co => value.contains(wanted),
        Operator::Sw => value.starts_with(wanted),
        Operator::Ew => value.ends_with(wanted),
        operator => ordered(Some(value.cmp(wanted)), operator),
    }
}

fn ordered(order: Option<std::cmp::Ordering>, operator: Operator) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match (operator, order) {
        (Operator::Eq | Operator::Ge | Operator::Le, Some(Equal))
        | (Operator::Gt | Operator::Ge, Some(Greater))
        | (Operator::Lt | Operator::Le, Some(Less)) => true,
        (Operator::Ne, Some(order)) => order != Equal,
        _ => false,
    }
}

/// Where a quoted text ends: behind the first quote that no backslash escapes.
fn after_quote(inside: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Reads from left to right. `and` binds before `or`, `not` before both.
struct Reader<'t> {
    rest: &'t str,
    deep: usize,
}

impl<'t> Reader<'t> {
    fn any_of(&mut self) -> Result<Filter, ScimError> {
        self.deep += 1;
        if self.deep > DEEPEST {
            return Err(wrong("its parts stand too deep in each other"));
        }
        let mut filter = self.all_of()?;
        while self.takes_word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.all_of()?));
        }
        self.deep -= 1;
        Ok(filter)
    }

    fn all_of(&mut self) -> Result<Filter, ScimError> {
        let mut filter = self.one()?;
        while self.takes_word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, ScimError> {
        if self.takes('(') {
            let inner = self.any_of()?;
            return if self.takes(')') { Ok(inner) } else { Err(wrong("a `)` is missing")) };
        }
        let word = self.word(|c| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"'))?;
        if word.eq_ignore_ascii_case("not") {
            if !self.takes('(') {
                return Err(wrong("after `not` comes a `(`"));
            }
            let inner = self.any_of()?;
            let closed = self.takes(')');
            return if closed {
                Ok(Filter::Not(Box::new(inner)))
            } else {
                Err(wrong("a `)` is missing"))
            };
        }
        let path = AttributePath::read(word).map_err(|_| wrong(format!("`{word}` is no name")))?;
        if self.takes('[') {
            let inner = self.any_of()?;
            let closed = self.takes(']');
            return if closed {
                Ok(Filter::Within(path, Box::new(inner)))
            } else {
                Err(wrong("a `]` is missing"))
            };
        }
        let operator = self.word(|c| !c.is_ascii_alphabetic())?;
        if operator.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Has(path));
        }
        let Some(operator) = Operator::read(operator) else {
            return Err(wrong(format!("`{operator}` is no operator")));
        };
        Ok(Filter::Compare(path, operator, self.value()?))
    }

    /// A JSON text, number, true, false or null.
    fn value(&mut self) -> Result<Value, ScimError> {
        self.rest = self.rest.trim_start();
        let end = match self.rest.strip_prefix('"') {
            Some(inside) => after_quote(inside).map(|end| end + 1),
            None => self.rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ']')),
        };
        let (text, rest) =
            self.rest.split_at_checked(end.unwrap_or(self.rest.len())).unwrap_or((self.rest, ""));
        match serde_json::from_str::<Value>(text) {
            Ok(value) if !value.is_object() && !value.is_array() => {
                self.rest = rest;
                Ok(value)
            }
            _ => Err(wrong("a value is missing, or is not written as in JSON")),
        }
    }

    /// The text up to where it ends.
    fn word(&mut self, ends: impl Fn(char) -> bool) -> Result<&'t str, ScimError> {
        let rest = self.rest.trim_start();
        let end = rest.find(ends).unwrap_or(rest.len());
        let (word, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        self.rest = rest;
        if word.is_empty() { Err(wrong("it ends too soon")) } else { Ok(word) }
    }

    fn takes(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `and`, `or`: as a word of its own.
    fn takes_word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let Some((head, tail)) = rest.split_at_checked(word.len()) else { return false };
        let alone = tail.starts_with(|c: char| c.is_whitespace() || c == '(');
        let is = head.eq_ignore_ascii_case(word) && alone;
        if is {
            self.rest = tail;
        }
        is
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_providers_send_is_understood() {
        let dana = json!({
            "id": "usr_1", "externalId": "00u1", "userName": "Dana@acme.example", "active": true,
            "name": { "familyName": "Developer" },
            "emails": [{ "type": "work", "value": "dana@acme.example" }, { "type": "home", "value": "d@h" }],
            "meta": { "lastModified": "2026-11-28T00:00:00Z" },
        });
        for (filter, fits) in [
            (r#"userName eq "dana@ACME.example""#, true),
            (r#"userName Eq "sam""#, false),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "dana""#, true),
            (r#"externalId eq "00u1""#, true),
            (r#"externalId eq "00U1""#, false),
            (r#"active eq true and name.familyName co "velop""#, true),
            (r#"active eq false or emails pr"#, true),
            (r#"not (active eq true)"#, false),
            (r#"emails.value ew "acme.example""#, true),
            (r#"emails co "@h""#, true),
            (r#"emails[type eq "home" and value co "acme"]"#, false),
            (r#"emails[type eq "work" and value co "acme"]"#, true),
            (r#"meta.lastModified gt "2026-01-01T00:00:00Z""#, true),
            (r#"userName ne "sam" and (title pr or active eq true)"#, true),
            (r#"title eq "x""#, false),
            (r#"title ne "x""#, true),
            (r#"externalId eq "00u1" or userName eq "x" and active eq false"#, true),
            (r#"userName eq "a\" or active eq true""#, false),
        ] {
            let read = Filter::read(filter).unwrap_or_else(|why| panic!("{filter}: {why:?}"));
            assert_eq!(read.fits(&dana), fits, "{filter}");
        }
        let one = Filter::read(r#"userName eq "dana""#).unwrap();
        assert_eq!(one.equal(), Some(("userName", "dana")));
        assert_eq!(Filter::read(r#"name.x eq "dana""#).unwrap().equal(), None);
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = format!("{}a pr{}", "(".repeat(30), ")".repeat(30));
        for odd in [
            "",
            "userName",
            "userName eq",
            "userName eq dana",
            "userName is \"x\"",
            "eq \"x\"",
            "userName eq \"x",
            "(userName pr",
            "emails[type pr",
            "not userName pr",
            "a pr b pr",
            "a eq {}",
            "a eq []",
            "a pr andb pr",
            deep.as_str(),
        ] {
            let refused = Filter::read(odd).expect_err(odd);
            assert_eq!(refused.kind, Some("invalidFilter"), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_sent(text in "[a-z \"()\\[\\].=$\\\\é]{0,60}") {
            let _ = Filter::read(&text);
        }
    }
}
