//! Objects of texts, numbers and words, as properties nearly always are: passed over without being decoded.
//!
//! Invariant: what is passed here, serde_json reads, and [`super::properties::parse`] finds nothing wrong with it.

use super::cursor::Cursor;

/// So many keys are looked through for one that stands twice.
const MOST_KEYS: usize = 64;
/// A longer number might be more than a double can hold.
const MOST_DIGITS: usize = 100;

/// The text of a flat object, if these bytes are one and nothing else.
pub(super) fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(bytes);
    let text = object(&mut cursor, &mut Vec::new())?;
    (text.len() == bytes.len()).then_some(text)
}

/// Passes a flat object and gives its text; `keys` is room to work in.
pub(super) fn object<'a>(cursor: &mut Cursor<'a>, keys: &mut Vec<(u32, u32)>) -> Option<&'a [u8]> {
    let start = cursor.at;
    if cursor.peek()? != b'{' {
        return None;
    }
    cursor.at += 1;
    if !cursor.passes(b'}') {
        members(cursor, keys)?;
    }
    Some(&cursor.bytes[start..cursor.at])
}

fn members(cursor: &mut Cursor<'_>, keys: &mut Vec<(u32, u32)>) -> Option<()> {
    let bytes = cursor.bytes;
    keys.clear();
    let mut seen = 0_u64;
    loop {
        let key = cursor.bare_text()?;
        // Most keys differ in these few bits from all before them, and need not be compared.
        let bit = 1 << (hash(key) % 64);
        let is_same = |&(from, to): &(u32, u32)| &bytes[from as usize..to as usize] == key;
        if keys.len() == MOST_KEYS || (seen & bit != 0 && keys.iter().any(is_same)) {
            return None;
        }
        seen |= bit;
        let end = cursor.at - 1;
        keys.push((u32::try_from(end - key.len()).ok()?, u32::try_from(end).ok()?));
        if !cursor.passes(b':') {
            return None;
        }
        cursor.skip_space();
        scalar(cursor)?;
        if !cursor.another(b'}')? {
            return Some(());
        }
    }
}

fn hash(key: &[u8]) -> usize {
    let at = |place: usize| usize::from(key.get(place).copied().unwrap_or_default());
    key.len() + 3 * at(0) + 5 * at(key.len() / 2) + 11 * at(key.len().wrapping_sub(1))
}

fn scalar(cursor: &mut Cursor<'_>) -> Option<()> {
    let word = match cursor.peek()? {
        b'"' => return cursor.text(),
        b't' => b"true".as_slice(),
        b'f' => b"false",
        b'n' => b"null",
        _ => return number(cursor),
    };
    if !cursor.bytes[cursor.at..].starts_with(word) {
        return None;
    }
    cursor.at += word.len();
    Some(())
}

/// Passes a number without an exponent.
fn number(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.peek()? == b'-' {
        cursor.at += 1;
    }
    let starts_with_zero = cursor.peek()? == b'0';
    let whole = cursor.digits();
    if whole == 0 || whole > MOST_DIGITS || (starts_with_zero && whole > 1) {
        return None;
    }
    if cursor.peek()? == b'.' {
        cursor.at += 1;
        let decimals = cursor.digits();
        return (1..=MOST_DIGITS).contains(&decimals).then_some(());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::properties;
    use super::whole;

    #[test]
    fn what_is_not_flat_or_not_sound_is_not_passed() {
        for good in [
            "{}",
            "{ }",
            "{\"a\":1}",
            "{ \"a\" : -0.5 , \"b\":\"\u{7532} \\\" \\n\", \"c\":true,\"d\":null }",
            "{\"\":false,\"name:zh\":\"\",\"name:en\":\"12345678\"}",
        ] {
            assert_eq!(whole(good.as_bytes()), Some(good.as_bytes()));
        }
        for other in [
            "",
            "{",
            "null",
            "[1]",
            "{\"a\":1} ",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{\"a\":[]}",
            "{\"a\":{}}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-}",
            "{\"a\":1e5}",
            "{\"a\":tru}",
            "{\"a\":\"\\u0000\"}",
            "{\"\\u0061\":1}",
            "{\"a\":\"\n\"}",
            "{\"a\":1,\"b\":2,\"a\":3}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"b}",
            "{'a':1}",
        ] {
            assert_eq!(whole(other.as_bytes()), None, "{other}");
        }
    }

    fn scalars() -> impl Strategy<Value = String> {
        prop_oneof![
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            "\"([a-z\u{e4}\u{7532}]|\\\\[\"\\\\/bfnrtux]|\\\\u00[0-7][0-9a-f]|[ -~]){0,20}\"",
            "true|false|null|nul|\\[1\\]|\\{\"a\":1\\}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn what_is_passed_is_read_by_serde_and_nothing_is_wrong_with_it(
            members in proptest::collection::vec(("[a-d]{0,3}|[a-z:]{8,12}|\\\\n", scalars()), 0..12),
            blank in "[ \n\t]{0,2}",
        ) {
            let member = |(key, value): &(String, String)| format!("{blank}\"{key}\"{blank}:{blank}{value}{blank}");
            let text = format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","));
            if whole(text.as_bytes()).is_some() {
                let (value, findings) = properties::parse(text.as_bytes()).expect("JSON");
                prop_assert!(findings.repeated_keys.is_empty() && findings.nul_texts.is_empty(), "{}", text);
                prop_assert_eq!(Some(value), serde_json::from_str(&text).ok(), "{}", text);
            }
        }
    }
}
