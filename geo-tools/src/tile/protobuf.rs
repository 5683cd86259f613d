//! The few forms of protocol buffers that a tile needs.

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;

pub(super) fn number(bytes: &mut Vec<u8>, field: u64, value: u64) {
    varint(bytes, field << 3 | VARINT);
    varint(bytes, value);
}

pub(super) fn double(bytes: &mut Vec<u8>, field: u64, value: f64) {
    varint(bytes, field << 3 | FIXED_64);
    bytes.extend(value.to_le_bytes());
}

/// A message, a text, or anything else that is a run of bytes.
pub(super) fn message(bytes: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(bytes, field << 3 | LENGTH_DELIMITED);
    varint(bytes, content.len() as u64);
    bytes.extend(content);
}

/// Signed numbers so that small ones are short: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[inline]
pub(super) fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
