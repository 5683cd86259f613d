//! The whole schema: every slice's roots merged, and the limits of one request. Nothing else.

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema, SchemaBuilder};

use super::cells::{CellQuery, CellSubscription};
use super::districts::DistrictQuery;
use super::households::{HouseholdMutation, HouseholdQuery};
use super::incidents::{IncidentMutation, IncidentQuery, IncidentSubscription};
use super::location::LocationQuery;
use super::node::NodeQuery;
use super::operations::OperationMutation;
use super::search::SearchQuery;
use super::viewer::ViewerQuery;
use crate::config::DocumentLimits;
use crate::live::Hub;
use crate::service::Services;

/// What can be asked.
#[derive(MergedObject, Debug, Default)]
pub struct Query(
    ViewerQuery,
    NodeQuery,
    DistrictQuery,
    SearchQuery,
    LocationQuery,
    CellQuery,
    HouseholdQuery,
    IncidentQuery,
);

/// What can be changed.
#[derive(MergedObject, Debug, Default)]
pub struct Mutation(IncidentMutation, HouseholdMutation, OperationMutation);

/// What can be followed.
#[derive(MergedSubscription, Debug, Default)]
pub struct Subscription(IncidentSubscription, CellSubscription);

/// All of it.
pub type GridwardSchema = Schema<Query, Mutation, Subscription>;

/// The schema over its use cases and the hub, with what one request may come to.
pub fn build(services: Services, hub: Hub, limits: &DocumentLimits) -> GridwardSchema {
    let depth = usize::try_from(limits.depth).unwrap_or(usize::MAX);
    let limited = builder().limit_complexity(limits.complexity).limit_depth(depth);
    limited.data(services).data(hub).finish()
}

/// The contract, sorted, as it is committed to `frontend-schema/schema.graphql`.
pub fn sdl() -> String {
    let sorted = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    builder().finish().sdl_with_options(sorted.include_specified_by())
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    // To look for names like one that nobody knows costs more than all else of a refusal, and once for each such name.
    Schema::build(Query::default(), Mutation::default(), Subscription::default()).disable_suggestions()
}
