//! What introspection comes to. Its lists have no `first`, and lead into each other: a type's fields have types, which have
//! fields. Ten levels of that are three hundred bytes, and more answers than a machine can write in a day.
//!
//! So the longer lists may stand in each other once, and what is asked is counted as if every list were as long as those
//! of a schema of this size are.

use super::cost::limited;
use super::{Introspects, TooMuch};

/// Twice what the query comes to that editors and generators ask; that one is `560_000`.
const NODES: u64 = 1_200_000;
/// Of lists that lead to further types, one inside another. The query of editors has one inside `types`.
const LISTS: u64 = 2;

/// What a selection comes to as a part of introspection.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Opened {
    nodes: u64,
    lists: u64,
}

impl Opened {
    pub(super) fn beside(self, other: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(other.nodes), lists: self.lists.max(other.lists) }
    }

    /// What a field comes to whose selection is this.
    pub(super) fn inside(self, field: &str) -> Self {
        let (length, lists) = match field {
            "types" => (200, 0),
            "fields" => (15, 1),
            "inputFields" => (8, 1),
            "possibleTypes" => (5, 1),
            "interfaces" => (2, 1),
            "enumValues" => (10, 0),
            "directives" => (5, 0),
            "args" => (4, 0),
            _ => (1, 0),
        };
        Self { nodes: self.nodes.saturating_mul(length).saturating_add(1), lists: self.lists + lists }
    }

    /// The same where the field is one that begins introspection, and nothing elsewhere.
    pub(super) fn as_introspection(self, field: &str) -> Self {
        let begins = matches!(field, "__schema" | "__type");
        if begins { Self { nodes: self.nodes.saturating_add(1), ..self } } else { Self::default() }
    }

    /// Whether there is any.
    pub(super) fn introspects(self) -> Introspects {
        if self.nodes > 0 { Introspects::Yes } else { Introspects::No }
    }

    pub(super) fn check(self) -> Result<(), TooMuch> {
        limited("lists of introspection in each other", self.lists, LISTS)?;
        limited("parts of introspection", self.nodes, NODES)
    }
}
