//! The bytes of a document: how many, how many tokens, how deep brackets nest. No recursion.

use async_graphql::Pos;

use super::{DocumentLimits, TooMuch};

pub(super) fn check(source: &str, limits: &DocumentLimits) -> Result<(), TooMuch> {
    let bytes = source.as_bytes();
    if bytes.len() > limits.bytes {
        let (got, allowed) = (bytes.len() as u64, limits.bytes as u64);
        return Err(TooMuch::Count { what: "bytes", got, allowed, at: None });
    }
    let (mut index, mut tokens, mut nesting) = (0, 0, 0_usize);
    while index < bytes.len() {
        let start = index;
        match bytes[index] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                index += 1;
                continue;
            }
            b'#' => {
                index = end_of_comment(bytes, index);
                continue;
            }
            b'"' => index = end_of_string(bytes, index),
            byte if is_word(byte) => {
                index += bytes[index..].iter().take_while(|&&byte| is_word(byte)).count();
            }
            byte => {
                index += 1;
                match byte {
                    b'{' | b'[' | b'(' => nesting += 1,
                    b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
                    _ => {}
                }
            }
        }
        tokens += 1;
        if nesting > limits.nesting {
            return Err(TooMuch::Nesting { allowed: limits.nesting, at: position(bytes, start) });
        }
    }
    if tokens > limits.tokens {
        let allowed = limits.tokens as u64;
        return Err(TooMuch::Count { what: "tokens", got: tokens as u64, allowed, at: None });
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn end_of_comment(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..].iter().take_while(|&&byte| byte != b'\n' && byte != b'\r').count();
    start + length
}

/// The index after a string or block string; the end of the document where it is not closed.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    if bytes[start..].starts_with(b"\"\"\"") {
        let mut index = start + 3;
        while index < bytes.len() {
            if bytes[index..].starts_with(b"\\\"\"\"") {
                index += 4;
            } else if bytes[index..].starts_with(b"\"\"\"") {
                return index + 3;
            } else {
                index += 1;
            }
        }
        return bytes.len();
    }
    let mut index = start + 1;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' => index += 2,
            b'"' | b'\n' | b'\r' => return index + 1,
            _ => index += 1,
        }
    }
    bytes.len()
}

fn position(bytes: &[u8], index: usize) -> Pos {
    let before = &bytes[..index];
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
    Pos { line, column }
}
