//! The bytes of a document: how many, how many tokens, how deep brackets nest. No recursion.
//!
//! Invariant: where the parser sees a bracket or a name, so does this; what only the parser would take is refused here.

use async_graphql::Pos;

use super::TooMuch;
use crate::config::DocumentLimits;

/// A word, a string or a single byte; spaces and comments are none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) start: usize,
    pub(super) text: &'a [u8],
}

/// The tokens of a document, in their order.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    index: usize,
}

/// The parser takes it for a space, anywhere.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const BLOCK_QUOTES: &[u8] = b"\"\"\"";

pub(super) fn tokens(source: &str) -> Tokens<'_> {
    Tokens { bytes: source.as_bytes(), index: 0 }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.bytes;
        loop {
            let start = self.index;
            self.index = match *bytes.get(start)? {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => start + 1,
                b'#' => end_of_comment(bytes, start),
                _ if bytes[start..].starts_with(BYTE_ORDER_MARK) => start + BYTE_ORDER_MARK.len(),
                first => {
                    self.index = match first {
                        b'"' => end_of_string(bytes, start),
                        byte if is_word(byte) => {
                            start + bytes[start..].iter().take_while(|&&byte| is_word(byte)).count()
                        }
                        _ => start + 1,
                    };
                    return Some(Token { start, text: &bytes[start..self.index] });
                }
            };
        }
    }
}

pub(super) fn check(source: &str, limits: &DocumentLimits) -> Result<(), TooMuch> {
    if source.len() > limits.bytes {
        let (got, allowed) = (source.len() as u64, limits.bytes as u64);
        return Err(TooMuch::Count { what: "bytes", got, allowed, at: None });
    }
    let (mut count, mut nesting) = (0, 0_usize);
    for Token { start, text } in tokens(source) {
        count += 1;
        match text {
            b"{" | b"[" | b"(" => nesting += 1,
            b"}" | b"]" | b")" => nesting = nesting.saturating_sub(1),
            // The parser would go back and take the first two quotes for an empty string.
            _ if text.starts_with(BLOCK_QUOTES) && !is_closed(text) => {
                return Err(TooMuch::Unclosed { at: position(source, start) });
            }
            _ => {}
        }
        if nesting > limits.nesting {
            return Err(TooMuch::Nesting { allowed: limits.nesting, at: position(source, start) });
        }
    }
    if count > limits.tokens {
        let allowed = limits.tokens as u64;
        return Err(TooMuch::Count { what: "tokens", got: count as u64, allowed, at: None });
    }
    Ok(())
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn end_of_comment(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..].iter().take_while(|&&byte| byte != b'\n' && byte != b'\r').count();
    start + length
}

/// The index after a string or block string; the end of the document where it is not closed.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    if bytes[start..].starts_with(BLOCK_QUOTES) {
        return end_of_block(bytes, start + 3).unwrap_or(bytes.len());
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

fn end_of_block(bytes: &[u8], start: usize) -> Option<usize> {
    let mut index = start;
    while index < bytes.len() {
        if bytes[index..].starts_with(b"\\\"\"\"") {
            index += 4;
        } else if bytes[index..].starts_with(BLOCK_QUOTES) {
            return Some(index + 3);
        } else {
            index += 1;
        }
    }
    None
}

fn is_closed(block: &[u8]) -> bool {
    end_of_block(block, 3).is_some()
}

pub(super) fn position(source: &str, index: usize) -> Pos {
    // Whole characters only: a token that is one byte of several is no place to stop.
    let before: String = source.char_indices().take_while(|(at, _)| *at < index).map(|(_, c)| c).collect();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|&character| character != '\n').count();
    Pos { line, column }
}
