//! Input objects in which each field stands once: which of two was meant cannot be known.
//!
//! async-graphql's parser keeps the last and says nothing, and none of its rules asks. Arguments and variables that
//! stand twice are refused by its rules.

use std::collections::HashSet;

use async_graphql::{Pos, ServerError};

use super::lex::{self, Token};
use crate::graphql::error::{Code, request_error};

/// An open bracket.
#[derive(Debug)]
enum Open<'a> {
    /// An input object, with the fields that stand in it so far.
    Object(HashSet<&'a [u8]>),
    List,
    Other,
}

const MAX_SHOWN_CHARACTERS: usize = 60;

/// Refuses a document with an input object in which a field stands twice.
///
/// Call it after [`lex::check`]; it takes one more walk over the tokens.
pub(super) fn check(source: &str) -> Result<(), ServerError> {
    let mut open: Vec<Open> = Vec::new();
    let (mut before, mut last) = (Token { start: 0, text: b"" }, Token { start: 0, text: b"" });
    for token in lex::tokens(source) {
        match token.text {
            b"{" if matches!(last.text, b":" | b"=") || matches!(open.last(), Some(Open::List)) => {
                open.push(Open::Object(HashSet::new()));
            }
            b"[" => open.push(Open::List),
            b"{" | b"(" => open.push(Open::Other),
            b"}" | b"]" | b")" => drop(open.pop()),
            b":" if last.text.iter().all(|&byte| lex::is_word(byte)) => {
                let key = key_of(last.text, before.text);
                if let Some(Open::Object(fields)) = open.last_mut()
                    && !fields.insert(key)
                {
                    let start = last.start + last.text.len() - key.len();
                    return Err(twice(key, lex::position(source, start)));
                }
            }
            _ => {}
        }
        (before, last) = (last, token);
    }
    Ok(())
}

/// The name before a colon. Where a value should stand there, the parser ends it early: `a:nullb:1` is `a:null b:1`.
fn key_of<'a>(word: &'a [u8], before: &[u8]) -> &'a [u8] {
    let keywords: [&[u8]; 3] = [b"true", b"false", b"null"];
    let rest = keywords.iter().find_map(|keyword| word.strip_prefix(*keyword));
    rest.filter(|rest| before == b":" && !rest.is_empty()).unwrap_or(word)
}

fn twice(key: &[u8], at: Pos) -> ServerError {
    let shown: String = String::from_utf8_lossy(key).chars().take(MAX_SHOWN_CHARACTERS).collect();
    let message = format!("the field {shown:?} stands twice in one input object");
    request_error(Code::GraphqlValidationFailed, message, Some(at))
}
