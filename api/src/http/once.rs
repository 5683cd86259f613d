//! JSON objects in which each key stands once, however deep: which of two was meant cannot be known.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// An object that is refused where a key stands in it, or in anything inside it, twice.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct OnceMap(pub(super) Map<String, Value>);

struct Once(Value);

struct Any;

struct Object;

impl<'de> Deserialize<'de> for OnceMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object).map(Self)
    }
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if map.contains_key(&key) {
                let shown: String = key.chars().take(60).collect();
                return Err(A::Error::custom(format_args!("the key {shown:?} stands twice in one object")));
            }
            let Once(value) = access.next_value()?;
            map.insert(key, value);
        }
        Ok(map)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = access.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        Object.visit_map(access).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth_and_the_rest_is_read_as_it_is() {
        for twice in [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":null,"b":2}]}"#, r#"{"a":{"b":{"c":1,"c":1}}}"#] {
            let error = serde_json::from_str::<OnceMap>(twice).expect_err(twice).to_string();
            assert!(error.contains("stands twice in one object at line 1 column"), "{error}");
        }
        let text = r#"{"a":[1,-2,0.5,"x",null,true,{"b":{}}],"b":[]}"#;
        let OnceMap(map) = serde_json::from_str(text).expect("each key stands once");
        assert_eq!(Value::Object(map), serde_json::from_str::<Value>(text).expect("JSON"));
        assert!(serde_json::from_str::<OnceMap>("[]").is_err());
    }
}
