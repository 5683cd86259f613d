//! Documents that are known beforehand, and the answer whether one is made of them.
//!
//! Compared is token by token, definition by definition: spaces, commas and comments make no difference, and neither does
//! the order, nor which of the known operations and fragments are sent together.

use std::collections::HashSet;

use super::lex::{self, Token};

/// The definitions of the documents that may be asked.
#[derive(Clone, Debug, Default)]
pub struct ListedDocuments(HashSet<String>);

impl ListedDocuments {
    /// The definitions of some documents.
    pub fn of<'a>(sources: impl IntoIterator<Item = &'a str>) -> Self {
        Self(sources.into_iter().flat_map(definitions).collect())
    }

    /// Whether a document holds nothing else than these.
    pub fn hold(&self, source: &str) -> bool {
        let mut given = definitions(source).peekable();
        given.peek().is_some() && given.all(|definition| self.0.contains(&definition))
    }
}

/// The top-level definitions of a document, each with one line a token; what follows the last is one as well.
fn definitions(source: &str) -> impl Iterator<Item = String> + '_ {
    let mut tokens = lex::tokens(source);
    std::iter::from_fn(move || {
        let (mut definition, mut nesting) = (String::new(), 0_usize);
        for Token { text, .. } in tokens.by_ref() {
            // A token that is one byte of several is none of a document that is listed.
            definition.push_str(&String::from_utf8_lossy(text));
            definition.push('\n');
            match text {
                b"{" | b"[" | b"(" => nesting += 1,
                b"}" | b"]" | b")" => nesting = nesting.saturating_sub(1),
                _ => {}
            }
            if nesting == 0 && text == b"}" {
                break;
            }
        }
        (!definition.is_empty()).then_some(definition)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_held_where_all_its_definitions_are_known_however_they_are_written() {
        let listed = ListedDocuments::of([
            "query A($p: P = {a: [1, 2]}) { a(p: $p) { ...F } }\nfragment F on T { x }",
            "mutation B { b(text: \"{ a }\") }",
        ]);
        let check = |source: &str, expected: bool| assert_eq!(listed.hold(source), expected, "{source}");
        check("query A($p: P = {a: [1, 2]}) { a(p: $p) { ...F } } fragment F on T { x }", true);
        check("fragment F on T{x}query A($p:P={a:[1 2]}){a(p:$p){...F}}# said", true);
        check("mutation B { b(text: \"{ a }\") }", true);
        check("mutation B { b(text: \"{ a  }\") }", false);
        check("query A($p: P = {a: [1, 3]}) { a(p: $p) { ...F } } fragment F on T { x }", false);
        check("fragment F on T { x } query C { c }", false);
        check("fragment F on T { x } }", false);
        check("fragment F on T { x } é", false);
        check("fragment F on T { x y }", false);
        check("", false);
        check("# nothing", false);
    }
}
