//! Incidents: written with their step and event, read by scope, area and filter.
//!
//! Writes are in `write`, lists in `read`, figures in `figures`; how a query becomes a predicate is in `query`.

mod figures;
mod query;
mod read;
mod row;
mod write;

pub use figures::{CellCounts, IncidentCluster};
pub use query::{Area, IncidentFilter, IncidentKey, IncidentOrder, IncidentQuery};

pub(super) use row::{incident_of, row_of, step_row};
