//! The whole schema: every slice's roots merged, and the limits of one request. Nothing else.

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema, SchemaBuilder};

use super::cells::{CellQuery, CellSubscription};
use super::districts::DistrictQuery;
use super::incidents::{IncidentMutation, IncidentQuery, IncidentSubscription};
use super::location::LocationQuery;
use super::node::NodeQuery;
use super::viewer::ViewerQuery;
use crate::live::Hub;
use crate::service::Services;

/// What can be asked.
#[derive(MergedObject, Debug, Default)]
pub struct Query(ViewerQuery, NodeQuery, DistrictQuery, LocationQuery, CellQuery, IncidentQuery);

/// What can be changed.
#[derive(MergedObject, Debug, Default)]
pub struct Mutation(IncidentMutation);

/// What can be followed.
#[derive(MergedSubscription, Debug, Default)]
pub struct Subscription(IncidentSubscription, CellSubscription);

/// The schema of this server.
pub type GridwardSchema = Schema<Query, Mutation, Subscription>;

/// Fields times the `first` of the lists that they stand in: a page of 200 with 100 fields each, several times.
const MAX_COMPLEXITY: usize = 100_000;
/// The pre-flight allows no more either.
const MAX_DEPTH: usize = 20;

/// The schema over its use cases and the hub.
pub fn build(services: Services, hub: Hub) -> GridwardSchema {
    builder().data(services).data(hub).finish()
}

/// The contract, sorted, as it is committed to `frontend-schema/schema.graphql`.
pub fn sdl() -> String {
    let options =
        SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    builder().finish().sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .limit_complexity(MAX_COMPLEXITY)
        .limit_depth(MAX_DEPTH)
}
