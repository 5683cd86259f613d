//! Answers as JSON.
//!
//! Invariant: bytes in an answer are JSON that was written before: the area of a cell, and what is [`super::written`].
//! Nothing else answers bytes.

use std::io;

use async_graphql::{Response, Value};
use bytes::Bytes;
use serde::Serialize;
use serde::ser::Error;
use serde_json::ser::{Formatter, Serializer};

struct AsWritten;

impl Formatter for AsWritten {
    fn write_byte_array<W: ?Sized + io::Write>(&mut self, writer: &mut W, json: &[u8]) -> io::Result<()> {
        writer.write_all(json)
    }
}

/// An answer as JSON; what is in it as bytes is taken as it is.
///
/// # Errors
/// Where something in it is no JSON, which is a fault of the server.
pub fn written(response: &Response) -> serde_json::Result<String> {
    String::from_utf8(bytes_of(response)?).map_err(serde_json::Error::custom)
}

/// The same for who sends bytes: large answers are not looked through once more.
///
/// # Errors
/// As of [`written`].
pub fn bytes_of(response: &Response) -> serde_json::Result<Vec<u8>> {
    serialised(response, 1024 + bytes_within(&response.data))
}

/// A part of an answer as JSON, to stand in answers as bytes.
///
/// # Errors
/// Where something in it is no JSON, which is a fault of the server.
pub(super) fn value_written(value: &Value) -> serde_json::Result<Bytes> {
    let mut json = serialised(value, 256 + bytes_within(value))?;
    json.shrink_to_fit();
    Ok(json.into())
}

/// How many bytes stand in a part of an answer as they are.
pub(super) fn bytes_within(value: &Value) -> usize {
    match value {
        Value::Binary(bytes) => bytes.len(),
        Value::List(values) => values.iter().map(bytes_within).sum(),
        Value::Object(members) => members.values().map(bytes_within).sum(),
        _ => 0,
    }
}

fn serialised(what: &impl Serialize, expected_bytes: usize) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(expected_bytes);
    what.serialize(&mut Serializer::with_formatter(&mut json, AsWritten))?;
    Ok(json)
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Value};

    use super::*;

    #[test]
    fn bytes_stand_in_an_answer_as_they_are_and_the_rest_as_always() {
        let text = Value::from("\"日\"\n");
        let members = [
            (
                Name::new("area"),
                Value::Binary(br#"{"type":"MultiPolygon","coordinates":[]}"#.as_slice().into()),
            ),
            (Name::new("text"), text.clone()),
            (Name::new("list"), Value::List(vec![Value::from(1.5), Value::Null])),
        ];
        let response = Response::new(Value::Object(members.into_iter().collect()));
        let json = written(&response).expect("JSON");
        let expected = serde_json::json!({ "data": {
            "area": { "type": "MultiPolygon", "coordinates": [] }, "text": "\"日\"\n", "list": [1.5, null],
        } });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), expected);
        assert_eq!(
            written(&Response::new(text.clone())).ok(),
            serde_json::to_string(&Response::new(text)).ok()
        );
    }
}
