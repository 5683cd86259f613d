//! The shape of a document: what its operations come to with every fragment opened, each fragment counted once.

use std::collections::HashMap;

use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};

use super::introspection::Opened;
use super::{Introspects, TooMuch};
use crate::config::DocumentLimits;

/// What a selection comes to. Sums saturate: 2^40 spreads are as refused as 2^64.
#[derive(Clone, Copy, Default, Debug)]
struct Cost {
    fields: u64,
    aliases: u64,
    directives: u64,
    depth: u64,
    /// What it would come to inside of introspection.
    opened: Opened,
    /// What introspection in it comes to.
    introspected: Opened,
}

impl Cost {
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
            opened: self.opened.beside(other.opened),
            introspected: self.introspected.beside(other.introspected),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Seen {
    Open,
    Done(Cost),
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    limits: &'a DocumentLimits,
    seen: HashMap<&'a str, Seen>,
}

/// Refuses a document whose operations, or unused fragments, come to too much.
///
/// Answers whether it asks what the schema is.
pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits) -> Result<Introspects, TooMuch> {
    let operation_count = document.operations.iter().count();
    limited("operations", operation_count as u64, limits.operations as u64)?;
    limited("fragments", document.fragments.len() as u64, limits.fragments as u64)?;
    let mut walk = Walk { document, limits, seen: HashMap::new() };
    let mut total = Cost::default();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        limited("variables", operation.variable_definitions.len() as u64, limits.arguments as u64)?;
        let mut cost = walk.directives(&operation.directives)?;
        for variable in &operation.variable_definitions {
            cost = cost.beside(walk.directives(&variable.node.directives)?);
        }
        total = total.beside(cost).beside(walk.selections(&operation.selection_set.node, 1)?);
    }
    // Validation also walks the fragments that nothing spreads.
    for name in document.fragments.keys() {
        walk.fragment(name, 1)?;
    }
    total.introspected.check()?;
    limited("fields", total.fields, limits.fields)?;
    limited("levels of fields", total.depth, limits.depth)?;
    limited("aliases", total.aliases, limits.aliases)?;
    limited("directives", total.directives, limits.directives)?;
    Ok(total.introspected.introspects())
}

pub(super) fn limited(what: &'static str, got: u64, allowed: u64) -> Result<(), TooMuch> {
    if got <= allowed { Ok(()) } else { Err(TooMuch::Count { what, got, allowed, at: None }) }
}

impl<'a> Walk<'a> {
    /// `level` bounds the recursion: it grows with every bracket and every spread.
    fn selections(&mut self, set: &'a SelectionSet, level: u64) -> Result<Cost, TooMuch> {
        limited("levels of fields", level, self.limits.depth + self.limits.fragments as u64)?;
        let mut sum = Cost::default();
        for selection in &set.items {
            let cost = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.arguments(field.arguments.len())?;
                    let below = self.selections(&field.selection_set.node, level + 1)?;
                    let own =
                        Cost { fields: 1, aliases: u64::from(field.alias.is_some()), ..Cost::default() };
                    let cost = own.beside(self.directives(&field.directives)?).beside(below);
                    let opened = below.opened.inside(&field.name.node);
                    let introspected =
                        cost.introspected.beside(below.opened.as_introspection(&field.name.node));
                    Cost { depth: below.depth + 1, opened, introspected, ..cost }
                }
                Selection::InlineFragment(inline) => {
                    let inline = &inline.node;
                    let below = self.selections(&inline.selection_set.node, level + 1)?;
                    below.beside(self.directives(&inline.directives)?)
                }
                Selection::FragmentSpread(spread) => {
                    let spread = &spread.node;
                    let below = self.fragment(spread.fragment_name.node.as_str(), level + 1)?;
                    below.beside(self.directives(&spread.directives)?)
                }
            };
            sum = sum.beside(cost);
            limited("fields", sum.fields, self.limits.fields)?;
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &str, level: u64) -> Result<Cost, TooMuch> {
        // A spread of a fragment that is not there is refused by validation, with its place.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Cost::default());
        };
        match self.seen.get(name.as_str()) {
            Some(Seen::Done(cost)) => return Ok(*cost),
            Some(Seen::Open) => return Err(TooMuch::Cycle { at: fragment.pos }),
            None => {}
        }
        self.seen.insert(name.as_str(), Seen::Open);
        let own = self.directives(&fragment.node.directives)?;
        let cost = own.beside(self.selections(&fragment.node.selection_set.node, level)?);
        self.seen.insert(name.as_str(), Seen::Done(cost));
        Ok(cost)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<Cost, TooMuch> {
        for directive in directives {
            self.arguments(directive.node.arguments.len())?;
        }
        Ok(Cost { directives: directives.len() as u64, ..Cost::default() })
    }

    fn arguments(&self, count: usize) -> Result<(), TooMuch> {
        limited("arguments at one place", count as u64, self.limits.arguments as u64)
    }
}
