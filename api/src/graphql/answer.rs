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
    let json = serialised(response, 1024 + bytes_within(&response.data))?;
    String::from_utf8(json).map_err(serde_json::Error::custom)
}

/// An answer as JSON, in chunks for who sends bytes: what was written before is copied into them and nowhere else, and
/// where it fills a chunk by itself it is lent.
#[derive(Debug)]
pub struct Chunks {
    /// All that is not written before.
    text: Vec<u8>,
    /// What is, each with the byte of the text that it stands before.
    written: Vec<(usize, Bytes)>,
    /// What of both has been handed on.
    given: (usize, usize),
    byte_count: usize,
}

/// As much as goes out at once. actix writes when it has 32 KiB, so each chunk is one call of the system, and keeps a
/// connection's buffer up to 128 KiB for its next answer: twice a chunk with its head, as the buffer grows.
const CHUNK_BYTES: usize = 60 << 10;

impl Chunks {
    /// Those of an answer.
    ///
    /// # Errors
    /// As of [`written`].
    pub fn of(response: &Response) -> serde_json::Result<Self> {
        let mut chunks =
            Self { text: Vec::with_capacity(1024), written: Vec::new(), given: (0, 0), byte_count: 0 };
        if response.errors.is_empty() && response.extensions.is_empty() {
            chunks.text.extend_from_slice(br#"{"data":"#);
            chunks.add(&response.data)?;
            chunks.text.push(b'}');
        } else {
            chunks.text = serialised(response, 1024 + bytes_within(&response.data))?;
        }
        let written: usize = chunks.written.iter().map(|(_, json)| json.len()).sum();
        chunks.byte_count = chunks.text.len() + written;
        Ok(chunks)
    }

    /// All bytes of the answer.
    pub fn byte_count(&self) -> usize {
        self.byte_count
    }

    /// The answer whole, where it is one chunk.
    ///
    /// # Errors
    /// The chunks, where it is several.
    pub fn only(mut self) -> Result<Bytes, Self> {
        let is_one = self.written.is_empty() || self.byte_count <= CHUNK_BYTES;
        if is_one { Ok(self.next().unwrap_or_default()) } else { Err(self) }
    }

    fn add(&mut self, value: &Value) -> serde_json::Result<()> {
        match value {
            Value::Binary(json) => self.written.push((self.text.len(), json.clone())),
            Value::List(values) => {
                self.text.push(b'[');
                for (index, value) in values.iter().enumerate() {
                    self.separate(index);
                    self.add(value)?;
                }
                self.text.push(b']');
            }
            Value::Object(members) => {
                self.text.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    self.separate(index);
                    serde_json::to_writer(&mut self.text, name.as_str())?;
                    self.text.push(b':');
                    self.add(value)?;
                }
                self.text.push(b'}');
            }
            value => serde_json::to_writer(&mut self.text, value)?,
        }
        Ok(())
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.text.push(b',');
        }
    }

    /// What comes next of the text, up to the next that was written before, and then that.
    fn next_piece(&self) -> Piece<'_> {
        let (in_text, in_written) = self.given;
        match self.written.get(in_written) {
            Some((at, json)) if *at == in_text => Piece::Written(json),
            Some((at, _)) => Piece::Text(&self.text[in_text..*at]),
            None => Piece::Text(&self.text[in_text..]),
        }
    }
}

#[derive(Debug)]
enum Piece<'a> {
    Text(&'a [u8]),
    Written(&'a Bytes),
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.written.is_empty() {
            let text = std::mem::take(&mut self.text);
            return (!text.is_empty()).then(|| text.into());
        }
        let (in_text, in_written) = self.given;
        if let Some((at, json)) = self.written.get_mut(in_written)
            && *at == in_text
            && json.len() >= CHUNK_BYTES
        {
            return Some(json.split_to(CHUNK_BYTES));
        }
        let mut chunk = Vec::new();
        loop {
            let (in_text, in_written) = self.given;
            let (piece, given) = match self.next_piece() {
                Piece::Text([]) => break,
                Piece::Text(text) => (text, (in_text + text.len(), in_written)),
                Piece::Written(json) => (&json[..], (in_text, in_written + 1)),
            };
            if !chunk.is_empty() && chunk.len() + piece.len() > CHUNK_BYTES {
                break;
            }
            if chunk.is_empty() {
                chunk.reserve_exact(CHUNK_BYTES.min(self.byte_count));
            }
            chunk.extend_from_slice(piece);
            self.given = given;
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }
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
    use crate::graphql::error::{Code, request_error};

    fn in_chunks(response: &Response) -> String {
        let chunks = Chunks::of(response).expect("JSON");
        let byte_count = chunks.byte_count();
        let bytes: Vec<u8> = match chunks.only() {
            Ok(bytes) => bytes.into(),
            Err(chunks) => chunks.flatten().collect(),
        };
        assert_eq!(bytes.len(), byte_count);
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn an_answer_in_chunks_is_the_answer() {
        let json = |length: usize| Value::Binary(format!("\"{}\"", "x".repeat(length)).into());
        let list = |lengths: &[usize]| Value::List(lengths.iter().map(|length| json(*length)).collect());
        let object = |members: [(&str, Value); 2]| {
            Value::Object(members.map(|(name, value)| (Name::new(name), value)).into_iter().collect())
        };
        let values = [
            Value::Null,
            Value::from("\"日\"\n"),
            list(&[]),
            list(&[1, 2, 3]),
            list(&[1_000; 100]),
            list(&[CHUNK_BYTES - 2, CHUNK_BYTES, 1, 3 * CHUNK_BYTES, CHUNK_BYTES - 3]),
            object([("nodes", list(&[20_000, 20_000])), ("total", Value::from(2.5))]),
            object([("text", Value::from("y".repeat(2 * CHUNK_BYTES))), ("area", json(7))]),
        ];
        for value in values {
            let mut response = Response::new(value);
            assert_eq!(in_chunks(&response), written(&response).expect("JSON"));
            response.errors.push(request_error(Code::Busy, "not all of it".to_owned(), None));
            assert_eq!(in_chunks(&response), written(&response).expect("JSON"));
        }
    }

    #[test]
    fn no_chunk_is_larger_than_what_goes_out_at_once() {
        let check = |count: usize, length: usize, expected_chunks: usize| {
            let values = (0..count).map(|_| Value::Binary(vec![b'1'; length].into())).collect();
            let chunks = Chunks::of(&Response::new(Value::List(values))).expect("JSON");
            let lengths: Vec<usize> = chunks.map(|chunk| chunk.len()).collect();
            assert!(lengths.iter().all(|length| *length <= CHUNK_BYTES), "{lengths:?}");
            assert_eq!(lengths.len(), expected_chunks, "{lengths:?}");
        };
        check(200, 1_200, 4);
        // What stands before it, what is lent of it, and its end with what stands behind.
        check(1, 5 * CHUNK_BYTES + 7, 7);
    }

    #[test]
    fn what_fills_a_chunk_is_lent_and_not_copied() {
        let json: Bytes = vec![b'1'; 2 * CHUNK_BYTES].into();
        let chunks = Chunks::of(&Response::new(Value::Binary(json.clone()))).expect("JSON");
        let lent: Vec<_> = chunks.map(|chunk| chunk.as_ptr()).collect();
        assert_eq!(lent[1..3], [json[..].as_ptr(), json[CHUNK_BYTES..].as_ptr()]);
    }

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
