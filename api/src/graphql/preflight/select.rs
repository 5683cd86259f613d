//! Leaves of a document only the operation that was asked for, and the fragments that it uses.
//!
//! async-graphql works out the cost of every operation with the variables of the one that is asked for, and so refuses a
//! file of operations with different variables, as editors send it.

use std::collections::HashSet;

use async_graphql::Name;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet};

/// Drops the operations that were not asked for, and the fragments that only those use.
///
/// Call it after the document's cost was checked: it follows fragments into each other.
pub(super) fn keep_only(document: &mut ExecutableDocument, name: Option<&str>) {
    let before = used_fragments(document);
    let DocumentOperations::Multiple(operations) = &mut document.operations else { return };
    let Some(name) = name.filter(|_| operations.len() > 1) else { return };
    operations.retain(|known, _| known == name);
    let after = used_fragments(document);
    // One that nothing used before stays, so that it is still named as unused.
    document.fragments.retain(|fragment, _| after.contains(fragment) || !before.contains(fragment));
}

fn used_fragments(document: &ExecutableDocument) -> HashSet<Name> {
    let mut used = HashSet::new();
    let mut open: Vec<&SelectionSet> =
        document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node).collect();
    while let Some(selections) = open.pop() {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => open.push(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => open.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name)
                        && used.insert(name.clone())
                    {
                        open.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_file_of_operations_one_is_left_with_its_fragments() {
        let source = "query A($n: Int!) { a(first: $n) { ...F } } query B { b { ...G } }
            fragment F on T { x { ...H } } fragment G on T { y } fragment H on T { z } fragment Unused on T { z }";
        let mut document = async_graphql::parser::parse_query(source).expect("GraphQL");
        keep_only(&mut document, Some("A"));
        let operations: Vec<_> = document.operations.iter().filter_map(|(name, _)| name).collect();
        assert_eq!(operations, ["A"]);
        let mut fragments: Vec<&str> = document.fragments.keys().map(Name::as_str).collect();
        fragments.sort_unstable();
        assert_eq!(fragments, ["F", "H", "Unused"]);
    }

    #[test]
    fn a_document_of_one_operation_stays_as_it_is() {
        let source = "query A { a } fragment Unused on T { z }";
        let mut document = async_graphql::parser::parse_query(source).expect("GraphQL");
        keep_only(&mut document, Some("A"));
        assert_eq!(document.fragments.len(), 1);
    }
}
