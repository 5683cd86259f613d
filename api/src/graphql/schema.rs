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

/// Fields times the `first` of the lists that they stand in; as deep as the pre-flight allows.
const MAX_COMPLEXITY: usize = 100_000;
const MAX_DEPTH: usize = 20;

/// The schema over its use cases and the hub.
pub fn build(services: Services, hub: Hub) -> GridwardSchema {
    builder().data(services).data(hub).finish()
}

/// The contract, sorted, as it is committed to `frontend-schema/schema.graphql`.
pub fn sdl() -> String {
    let sorted = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    builder().finish().sdl_with_options(sorted.include_specified_by())
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    let schema = Schema::build(Query::default(), Mutation::default(), Subscription::default());
    schema.limit_complexity(MAX_COMPLEXITY).limit_depth(MAX_DEPTH)
}
