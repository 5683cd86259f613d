//! JSON objects in which each key stands once, however deep: which of two was meant cannot be known.
//!
//! Invariant: what is read of one object is bounded in number, so that a body of many small values is refused soon.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Values in one object, however deep: a thousand positions with all that is said of each are a quarter of it.
const MAX_VALUES: usize = 20_000;

/// An object that is refused where a key stands in it, or in anything inside it, twice.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct OnceMap(pub(super) Map<String, Value>);

/// An object that nobody looks into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread;

/// Reads a value; how many may come yet.
#[derive(Clone, Copy)]
struct Any<'a>(&'a Cell<usize>);

/// Reads an object; how many values may come yet.
struct Object<'a>(&'a Cell<usize>);

impl<'de> Deserialize<'de> for OnceMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object(&Cell::new(MAX_VALUES))).map(Self)
    }
}

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Unread {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self, A::Error> {
        while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1);
        let too_many = || D::Error::custom(format_args!("there are more than {MAX_VALUES} values"));
        self.0.set(left.ok_or_else(too_many)?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
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
            map.insert(key, access.next_value_seed(Any(self.0))?);
        }
        Ok(map)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
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
        while let Some(value) = access.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        Object(self.0).visit_map(access).map(Value::Object)
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

    #[test]
    fn more_values_than_any_question_needs_are_refused_however_they_stand() {
        let of = |count: usize, part: &str, [open, close]: [&str; 2]| {
            let text = format!("{{{open}{}{close}}}", vec![part; count].join(","));
            serde_json::from_str::<OnceMap>(&text).map_err(|error| error.to_string())
        };
        let list = [r#""a":["#, "]"];
        assert!(of(MAX_VALUES - 1, "1", list).is_ok());
        for (part, count) in
            [("1", MAX_VALUES), ("[]", MAX_VALUES), ("{}", 100_000), (r#"{"b":1}"#, MAX_VALUES / 2)]
        {
            let error = of(count, part, list).expect_err("too many");
            assert!(error.contains("more than 20000 values"), "{error}");
        }
        let keys = (0..=MAX_VALUES).map(|key| format!("\"{key}\":0")).collect::<Vec<_>>().join(",");
        assert!(of(1, &keys, ["", ""]).is_err_and(|error| error.contains("more than 20000 values")));
    }

    #[test]
    fn an_object_that_is_not_read_must_still_be_one() {
        assert!(serde_json::from_str::<Unread>(r#"{"a":[1,{"a":2}],"a":null}"#).is_ok());
        for other in ["[]", "1", "{", r#"{"a"}"#] {
            assert!(serde_json::from_str::<Unread>(other).is_err(), "{other}");
        }
    }
}
