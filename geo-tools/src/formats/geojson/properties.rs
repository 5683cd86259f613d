//! The `properties` member: a JSON object whose repeated keys are told instead of forgotten.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// What a raw value holds and what is wrong inside it, as the ends of JSON pointers.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) repeated_keys: Vec<String>,
    pub(super) nul_texts: Vec<String>,
    place: Vec<String>,
}

/// Parses a raw value.
///
/// # Errors
/// What serde_json says of bytes that are not JSON.
pub(super) fn parse(raw: &[u8]) -> Result<(Value, Findings), serde_json::Error> {
    let mut findings = Findings::default();
    let mut deserializer = serde_json::Deserializer::from_slice(raw);
    let value = Seed(&mut findings).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, findings))
}

impl Findings {
    fn pointer(&self) -> String {
        self.place.iter().fold(String::new(), |pointer, part| pointer + "/" + &escape(part))
    }
}

/// A key as JSON pointers write it.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

struct Seed<'a>(&'a mut Findings);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        if text.contains('\0') {
            let pointer = self.0.pointer();
            self.0.nul_texts.push(pointer);
        }
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        self.0.place.push(String::new());
        loop {
            if let Some(last) = self.0.place.last_mut() {
                *last = values.len().to_string();
            }
            match sequence.next_element_seed(Seed(self.0))? {
                Some(value) => values.push(value),
                None => break,
            }
        }
        self.0.place.pop();
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            // The key lends itself to the place: most are never told, so none is copied.
            self.0.place.push(key);
            let value = access.next_value_seed(Seed(self.0))?;
            if self.0.place.last().is_some_and(|key| key.contains('\0')) {
                self.0.nul_texts.push(self.0.pointer());
            }
            match map.entry(self.0.place.pop().unwrap_or_default()) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(mut entry) => {
                    self.0.place.push(entry.key().clone());
                    self.0.repeated_keys.push(self.0.pointer());
                    self.0.place.pop();
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(map))
    }
}
