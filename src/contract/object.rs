//! A JSON object is an object: what is read into a struct would otherwise be taken from a list, too.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads an object, and nothing else.
pub(super) fn object<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct OfMap<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }
    from.deserialize_map(OfMap(PhantomData))
}

/// Reads a list of objects.
pub(super) fn objects<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Only<T>(T);
    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Only<T> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            object(from).map(Self)
        }
    }
    let found: Vec<Only<T>> = Vec::deserialize(from)?;
    Ok(found.into_iter().map(|Only(one)| one).collect())
}

#[cfg(test)]
mod tests {
    use crate::contract::agents::Registration;
    use crate::contract::gate::GateQuestion;

    #[test]
    fn a_list_is_no_object() {
        let read = |text: &str| serde_json::from_str::<Registration>(text);
        assert!(read(r#"{"name":"a","purpose":"b","answers":{"writes":true}}"#).is_ok());
        assert!(read(r#"{"name":"a","purpose":"b","answers":[true]}"#).is_err());
        let read = |text: &str| serde_json::from_str::<GateQuestion>(text);
        let whole = r#"{"manifest":{"version":1,"agent":{"name":"a","purpose":"b"},"access":[{"name":"x"}]}}"#;
        assert!(read(whole).is_ok());
        for (part, list) in
            [(r#"{"name":"x"}"#, r#"["x"]"#), (r#"{"name":"a","purpose":"b"}"#, r#"["a","b"]"#)]
        {
            let changed = whole.replace(part, list);
            assert!(read(&changed).is_err(), "{list}");
        }
    }
}
