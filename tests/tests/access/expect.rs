//! What an answer is expected to be, and what bytes give away.
//!
//! An expectation is JSON in which a few objects stand for more than themselves: [`any`], [`some_of`], [`clusters`].

use serde_json::{Map, Value, json};
use uuid::Uuid;

const ANY: &str = "~any";
const SOME: &str = "~some";
const CLUSTERS: &str = "~clusters";

/// Whatever is there: what has nothing to do with who asks.
pub(crate) fn any() -> Value {
    json!({ ANY: true })
}

/// So many of these, each at most once, in any order.
pub(crate) fn some_of(count: usize, candidates: Vec<Value>) -> Value {
    json!({ SOME: { "count": count, "candidates": candidates } })
}

/// Clusters that come to these sums; those of one incident show one of these.
pub(crate) fn clusters([all, open, overdue]: [usize; 3], alone: Vec<Value>) -> Value {
    json!({ CLUSTERS: { "all": all, "open": open, "overdue": overdue, "alone": alone } })
}

/// Why an answer is not what is expected, with the path to where; nothing where it is.
pub(crate) fn difference(expected: &Value, got: &Value) -> Option<String> {
    match (expected, got) {
        (Value::Object(wanted), _) if wanted.contains_key(ANY) => None,
        (Value::Object(wanted), _) if wanted.contains_key(SOME) => differs_as_choice(&wanted[SOME], got),
        (Value::Object(wanted), _) if wanted.contains_key(CLUSTERS) => {
            differs_as_clusters(&wanted[CLUSTERS], got)
        }
        (Value::Object(wanted), Value::Object(given)) => differs_as_object(wanted, given),
        (Value::Array(wanted), Value::Array(given)) => {
            if wanted.len() != given.len() {
                return Some(format!(
                    ": {} expected, {} got\nexpected {expected}\ngot {got}",
                    wanted.len(),
                    given.len()
                ));
            }
            let mut pairs = wanted.iter().zip(given).enumerate();
            pairs
                .find_map(|(index, (wanted, given))| Some(format!("[{index}]{}", difference(wanted, given)?)))
        }
        _ if expected == got => None,
        _ => Some(format!(": expected {expected}, got {got}")),
    }
}

/// Whether an answer is what is expected, without a word of why not.
fn agrees(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Object(wanted), Value::Object(given)) if !is_more_than_itself(wanted) => {
            wanted.len() == given.len()
                && wanted
                    .iter()
                    .all(|(name, wanted)| given.get(name).is_some_and(|given| agrees(wanted, given)))
        }
        (Value::Array(wanted), Value::Array(given)) => {
            wanted.len() == given.len()
                && wanted.iter().zip(given).all(|(wanted, given)| agrees(wanted, given))
        }
        (Value::Object(_), _) => difference(expected, got).is_none(),
        _ => expected == got,
    }
}

fn is_more_than_itself(wanted: &Map<String, Value>) -> bool {
    [ANY, SOME, CLUSTERS].iter().any(|name| wanted.contains_key(*name))
}

fn differs_as_object(wanted: &Map<String, Value>, given: &Map<String, Value>) -> Option<String> {
    if let Some(name) = given.keys().find(|name| !wanted.contains_key(*name)) {
        return Some(format!(".{name}: nobody asked for it"));
    }
    wanted.iter().find_map(|(name, wanted)| match given.get(name) {
        None => Some(format!(".{name}: is missing")),
        Some(given) => Some(format!(".{name}{}", difference(wanted, given)?)),
    })
}

fn differs_as_choice(wanted: &Value, got: &Value) -> Option<String> {
    let candidates = wanted["candidates"].as_array().expect("a list");
    let Some(given) = got.as_array() else { return Some(format!(": expected a list, got {got}")) };
    let mut left: Vec<&Value> = candidates.iter().collect();
    for one in given {
        match left.iter().position(|candidate| agrees(candidate, one)) {
            Some(at) => drop(left.swap_remove(at)),
            None => return Some(format!(": {one} is none of {left:?}")),
        }
    }
    let count = wanted["count"].as_u64().unwrap_or_default() as usize;
    (given.len() != count).then(|| format!(": {count} expected, {} got; missing are {left:?}", given.len()))
}

fn differs_as_clusters(wanted: &Value, got: &Value) -> Option<String> {
    let Some(given) = got.as_array() else { return Some(format!(": expected clusters, got {got}")) };
    for (name, sum) in [("count", "all"), ("openCount", "open"), ("overdueCount", "overdue")] {
        let told: u64 = given.iter().filter_map(|cluster| cluster[name].as_u64()).sum();
        if json!(told) != wanted[sum] {
            return Some(format!(": {name} comes to {told}, expected {}", wanted[sum]));
        }
    }
    let (alone, together): (Vec<&Value>, Vec<&Value>) =
        given.iter().partition(|cluster| cluster["count"] == 1);
    if let Some(told) = together.iter().find(|cluster| !cluster["incident"].is_null()) {
        return Some(format!(": one of several is named: {told}"));
    }
    let shown: Vec<Value> = alone.iter().map(|cluster| cluster["incident"].clone()).collect();
    let candidates = wanted["alone"].clone();
    differs_as_choice(&json!({ "count": shown.len(), "candidates": candidates }), &json!(shown))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The id that names a thing everywhere: base64url of its kind, its district and its own id.
pub(crate) fn global_id(kind: &str, district: Uuid, id: Uuid) -> String {
    base64(format!("{kind}:{district}:{id}").as_bytes())
}

/// The id of a cell in one version of the grid.
pub(crate) fn cell_id(district: Uuid, cell: Uuid, version: i32) -> String {
    base64(format!("cell:{district}:{cell}:{version}").as_bytes())
}

/// Base64url without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, at| (bits << 8) | u32::from(chunk.get(at).copied().unwrap_or(0)));
        let letters = (0..=chunk.len()).map(|at| ALPHABET[(bits >> (18 - 6 * at)) as usize & 63] as char);
        text.extend(letters);
    }
    text
}

fn unbase64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for chunk in text.chunks(4) {
        let value = |at: usize| {
            let letter = chunk.get(at)?;
            ALPHABET.iter().position(|known| known == letter).map(|value| value as u32)
        };
        let bits = (0..4).fold(0_u32, |bits, at| (bits << 6) | value(at).unwrap_or(0));
        let whole = bits.to_be_bytes();
        bytes.extend(&whole[1..chunk.len().max(1)]);
    }
    bytes
}

/// The last part of an id that the server gave.
pub(crate) fn uuid_in(id: &Value) -> Uuid {
    let text = String::from_utf8(unbase64(id.as_str().expect("an id").as_bytes())).expect("UTF-8");
    text.rsplit(':').next().and_then(|part| Uuid::try_parse(part).ok()).expect("an id of this server")
}

/// Something in an answer that not everybody may see.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Trace {
    /// The mark of a text.
    Mark(u32),
    /// What an id of an incident or a household names.
    Id(Uuid),
}

/// The traces in any bytes: marks, ids of incidents and households, and UUIDs as they are written.
pub(crate) fn traces(bytes: &[u8]) -> Vec<Trace> {
    let mut found = Vec::new();
    let is_base64 = |byte: &u8| ALPHABET.contains(byte);
    for (at, byte) in bytes.iter().enumerate() {
        let rest = &bytes[at..];
        match byte {
            b'k' if rest.starts_with(b"km") && rest.get(7) == Some(&b'z') => {
                let digits = std::str::from_utf8(&rest[2..7]).ok().and_then(|digits| digits.parse().ok());
                found.extend(digits.map(Trace::Mark));
            }
            // "incident:" and "household:".
            b'a' if rest.starts_with(b"aW5jaWRlbnQ6") || rest.starts_with(b"aG91c2Vob2xkO") => {
                let end = rest.iter().position(|byte| !is_base64(byte)).unwrap_or(rest.len());
                let text = String::from_utf8(unbase64(&rest[..end.min(120)])).unwrap_or_default();
                let id = text.splitn(3, ':').nth(2).and_then(|part| Uuid::try_parse(part.get(..36)?).ok());
                found.extend(id.map(Trace::Id));
            }
            b'-' if at >= 8 && rest.get(5) == Some(&b'-') => {
                let text = bytes.get(at - 8..at + 28).and_then(|text| std::str::from_utf8(text).ok());
                found.extend(text.and_then(|text| Uuid::try_parse(text).ok()).map(Trace::Id));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn an_oracle_reads_its_own_ids_and_finds_what_is_hidden_in_bytes() {
    let (district, id) = (Uuid::from_u128(7), Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0abc));
    for kind in ["incident", "household"] {
        let text = global_id(kind, district, id);
        assert_eq!(uuid_in(&json!(text)), id);
        assert_eq!(traces(format!("\x1a{text}\x22").as_bytes()), [Trace::Id(id)], "{kind}");
    }
    assert_eq!(traces(format!("lamp km00042z, {id}").as_bytes()), [Trace::Mark(42), Trace::Id(id)]);
    assert_eq!(difference(&some_of(1, vec![json!(1), json!(2)]), &json!([2])), None);
    assert!(difference(&some_of(2, vec![json!(1), json!(2)]), &json!([2, 2])).is_some());
    assert!(difference(&json!({ "a": [1] }), &json!({ "a": [1], "b": 2 })).is_some());
}
