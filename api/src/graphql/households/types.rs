//! Households and buildings as they go out, and pages of households.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::district::District;
use domain::ids::HouseholdId;

use crate::graphql::cells::Cell;
use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::{BuildingKey, loaders};
use crate::graphql::location::{LocationMethod, Position};
use crate::graphql::page::{PageInfo, Row, Rows};
use crate::service::cells::Area;
use crate::service::households::SeenHousehold;

/// A dwelling.
#[derive(Clone, Debug)]
pub struct Household(SeenHousehold);

impl From<SeenHousehold> for Household {
    fn from(household: SeenHousehold) -> Self {
        Self(household)
    }
}

/// A dwelling.
#[Object]
impl Household {
    /// Names this household everywhere.
    pub(in crate::graphql) async fn id(&self) -> ID {
        GlobalId::Household(self.0.district.id, self.0.facts().id).to_id()
    }

    /// Grows by one with each change, from 1.
    async fn version(&self) -> i32 {
        self.0.facts().version
    }

    /// Its address; null where it is unknown or not for the viewer.
    async fn address(&self) -> Option<&str> {
        self.0.address()
    }

    /// The building it is in; null where it is unknown or not for the viewer.
    async fn building(&self, ctx: &Context<'_>) -> Option<Result<Building>> {
        let key = BuildingKey { district: self.0.district.id, id: self.0.building()? };
        let building = loaders(ctx).load_one(key).await;
        building.map(|building| building.map(Building::from)).map_err(outward).transpose()
    }

    /// Where it is; null until somebody places it, or where it is not for the viewer.
    async fn position(&self) -> Option<Position> {
        self.0.position().map(Position::from)
    }

    /// How many live there, 0 to 99; null where it is unknown or not for the viewer.
    async fn member_count(&self) -> Option<u32> {
        self.0.member_count()
    }

    /// The leaf cell that it belongs to; null outside every cell.
    async fn cell(&self, ctx: &Context<'_>) -> Option<Result<Cell>> {
        let cell = ctx.services().cell_of_household(ctx.viewer(), &self.0).await;
        cell.map(|cell| cell.map(Cell::from)).map_err(outward).transpose()
    }

    /// How that cell was found.
    async fn method(&self) -> LocationMethod {
        self.0.facts().assignment.method.into()
    }

    /// How far the nearest border is, in metres; null where its position is.
    async fn distance_to_border_m(&self) -> Option<f64> {
        self.0.distance_to_border_m()
    }

    /// The version of the plan that it was located in.
    async fn plan_version(&self) -> i32 {
        self.0.facts().assignment.plan_version.0
    }
}

/// A building: many households share one; it is never cut by a border.
#[derive(Clone, Debug)]
pub struct Building(domain::household::Building);

impl From<domain::household::Building> for Building {
    fn from(building: domain::household::Building) -> Self {
        Self(building)
    }
}

/// A building: many households share one; it is never cut by a border.
#[Object]
impl Building {
    /// Names this building everywhere.
    pub(in crate::graphql) async fn id(&self) -> ID {
        GlobalId::Building(self.0.district, self.0.id).to_id()
    }

    /// Its address.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_ref().map(|address| address.as_str())
    }

    /// Where it is: a position inside its footprint.
    async fn position(&self) -> Option<Position> {
        Some(self.0.position.into())
    }

    /// How many dwellings it has.
    async fn dwellings(&self) -> u32 {
        self.0.dwellings
    }
}

/// A page of households.
#[derive(Clone, Debug)]
pub struct HouseholdConnection {
    rows: Rows<HouseholdId, Household>,
    district: Arc<District>,
    area: Area,
}

impl HouseholdConnection {
    pub(super) fn new(rows: Rows<HouseholdId, Household>, district: Arc<District>, area: Area) -> Self {
        Self { rows, district, area }
    }
}

/// A page of households.
#[Object]
impl HouseholdConnection {
    /// The households with their cursors.
    async fn edges(&self) -> Vec<HouseholdEdge> {
        self.rows.edges().into_iter().map(|Row { cursor, node }| HouseholdEdge { cursor, node }).collect()
    }

    /// The households.
    async fn nodes(&self) -> Vec<Household> {
        self.rows.nodes()
    }

    /// Where this page lies.
    async fn page_info(&self) -> PageInfo {
        self.rows.info()
    }

    /// How many the whole list has: a statement of its own.
    #[graphql(complexity = "20")]
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let count = ctx.services().household_count(ctx.viewer(), &self.district, self.area).await;
        Some(count.map(|count| i32::try_from(count).unwrap_or(i32::MAX)).map_err(outward))
    }
}

/// A household in a list.
#[derive(SimpleObject, Clone, Debug)]
pub struct HouseholdEdge {
    /// Its place in the list.
    cursor: String,
    /// The household.
    node: Household,
}
