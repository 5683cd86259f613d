//! Whether an incident lies in what was subscribed to, and whether a scope admits it: what the store asks as a predicate.
//! Its filter is asked by [`IncidentFilter::lets_through`](crate::service::incidents::IncidentFilter::lets_through).

use domain::access::{Audience, Row, Scope};
use domain::event::IncidentFacts;
use domain::plan::Plan;

use super::interests::lineage;
use crate::service::cells::Area;

/// Whether an incident lies in an area, its cells taken from the plan in force.
pub(super) fn is_in_area(area: Area, facts: &IncidentFacts, plan: Option<&Plan>) -> bool {
    match area {
        Area::Everywhere => true,
        Area::Within(bounds) => facts.position().is_some_and(|position| bounds.contains(position)),
        Area::Cell(cell) => facts.cell == Some(cell),
        Area::Subtree(root) => facts.cell.is_some_and(|leaf| lineage(plan, leaf).contains(&root)),
    }
}

/// Whether a scope admits an incident.
pub(super) fn is_admitted(scope: &Scope, facts: &IncidentFacts, plan: Option<&Plan>) -> bool {
    let lineage = facts.cell.map(|leaf| lineage(plan, leaf)).unwrap_or_default();
    let audience = if facts.public { Audience::Everybody } else { Audience::Staff };
    scope.admits(&Row { district: scope.district(), lineage: &lineage, audience })
}
