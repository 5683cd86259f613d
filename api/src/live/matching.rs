//! Whether an incident belongs to what was subscribed to: the same question that the store answers as a predicate.

use chrono::{DateTime, Utc};
use domain::access::{Audience, Row, Scope};
use domain::event::IncidentFacts;
use domain::plan::Plan;
use domain::rules::Rules;

use super::interests::lineage;
use crate::service::cells::Area;
use crate::service::incidents::IncidentFilter;

/// Whether an incident lies in an area, its cells taken from the plan in force.
pub(super) fn is_in_area(area: Area, facts: &IncidentFacts, plan: Option<&Plan>) -> bool {
    match area {
        Area::Everywhere => true,
        Area::Within(bounds) => facts.position().is_some_and(|position| bounds.contains(position)),
        Area::Cell(cell) => facts.cell == Some(cell),
        Area::Subtree(root) => facts.cell.is_some_and(|leaf| lineage(plan, leaf).contains(&root)),
    }
}

/// Whether a filter lets an incident through.
pub(super) fn passes(
    filter: &IncidentFilter,
    facts: &IncidentFacts,
    rules: &Rules,
    now: DateTime<Utc>,
) -> bool {
    let open = rules.is_open(&facts.stage);
    let any = |list: &Option<Vec<String>>, wanted: &str| match list.as_deref() {
        None | Some([]) => true,
        Some(list) => list.iter().any(|entry| entry == wanted),
    };
    any(&filter.stages, &facts.stage.0)
        && any(&filter.categories, &facts.category)
        && filter.open.is_none_or(|wanted| wanted == open)
        && filter.overdue.is_none_or(|wanted| wanted == (open && facts.due_at < now))
        && filter.reported_after.is_none_or(|from| facts.reported_at >= from)
        && filter.reported_before.is_none_or(|before| facts.reported_at < before)
}

/// Whether a scope admits an incident.
pub(super) fn is_admitted(scope: &Scope, facts: &IncidentFacts, plan: Option<&Plan>) -> bool {
    let lineage = facts.cell.map(|leaf| lineage(plan, leaf)).unwrap_or_default();
    let audience = if facts.public { Audience::Everybody } else { Audience::Staff };
    scope.admits(&Row { district: scope.district(), lineage: &lineage, audience })
}
