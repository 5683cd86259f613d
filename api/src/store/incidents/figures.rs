//! Figures of incidents: counts by cell, clusters on the map.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::access::Scope;
use domain::ids::{CellId, IncidentId};
use geo_tools::{Bounds, Position};
use sea_orm::sea_query::{CaseStatement, Expr, Func};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::query::{Area, IncidentFilter, condition};
use crate::store::entity::incidents::{self, Column};
use crate::store::rows::{position, to_us};
use crate::store::{MAX_BINDS, Store, StoreError, hilbert};

/// How many incidents of a cell are in which state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CellCounts {
    /// Waiting for something.
    pub open: u64,
    /// Open, and to be cleared from now until the time asked for.
    pub due: u64,
    /// Open, and to have been cleared by now.
    pub overdue: u64,
    /// Closed.
    pub closed: u64,
}

impl std::ops::AddAssign for CellCounts {
    fn add_assign(&mut self, other: Self) {
        self.open += other.open;
        self.due += other.due;
        self.overdue += other.overdue;
        self.closed += other.closed;
    }
}

/// Incidents that are drawn as one.
#[derive(Clone, PartialEq, Debug)]
pub struct IncidentCluster {
    /// Their mean position.
    pub position: Position,
    /// The smallest box around them.
    pub bounds: Bounds,
    /// How many.
    pub count: u64,
    /// How many wait for something.
    pub open_count: u64,
    /// How many of those are overdue.
    pub overdue_count: u64,
    /// Which one, where there is only one.
    pub incident: Option<IncidentId>,
}

/// The most clusters that are told at once.
const MAX_CLUSTERS: u64 = 2_000;

impl Store {
    /// Counts by leaf cell; what lies in no cell is under `None`. `cells` limits them to some leaf cells.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn incident_counts(
        &self,
        scope: &Scope,
        filter: &IncidentFilter,
        now: DateTime<Utc>,
        due_before: DateTime<Utc>,
        cells: Option<&[CellId]>,
    ) -> Result<HashMap<Option<CellId>, CellCounts>, StoreError> {
        counts(&self.inner.reader, scope, filter, now, due_before, cells).await
    }

    /// Incidents in a box, drawn together where they lie close for a zoom, along the curve over the map.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn incident_clusters(
        &self,
        scope: &Scope,
        area: &Area,
        filter: &IncidentFilter,
        zoom: u8,
        now: DateTime<Utc>,
    ) -> Result<Vec<IncidentCluster>, StoreError> {
        clusters(&self.inner.reader, scope, area, filter, zoom, now).await
    }
}

#[derive(FromQueryResult)]
struct CountRow {
    cell_id: Option<Uuid>,
    open_count: i64,
    due_count: i64,
    overdue_count: i64,
    all_count: i64,
}

async fn counts(
    db: &impl ConnectionTrait,
    scope: &Scope,
    filter: &IncidentFilter,
    now: DateTime<Utc>,
    due_before: DateTime<Utc>,
    cells: Option<&[CellId]>,
) -> Result<HashMap<Option<CellId>, CellCounts>, StoreError> {
    let open = Column::ClosedAtUs.is_null();
    let due = open.clone().and(Column::DueAtUs.gte(to_us(now))).and(Column::DueAtUs.lt(to_us(due_before)));
    let select = incidents::Entity::find()
        .select_only()
        .column(Column::CellId)
        .column_as(how_many(open.clone()), "open_count")
        .column_as(how_many(due), "due_count")
        .column_as(how_many(open.and(Column::DueAtUs.lt(to_us(now)))), "overdue_count")
        .column_as(Expr::cust("COUNT(*)"), "all_count")
        .filter(condition(scope, &Area::Everywhere, filter))
        .group_by(Column::CellId);
    let mut counts = HashMap::new();
    let chunks: Vec<Option<&[CellId]>> = match cells {
        None => vec![None],
        Some(cells) => cells.chunks(MAX_BINDS / 2).map(Some).collect(),
    };
    for chunk in chunks {
        let mut select = select.clone();
        if let Some(chunk) = chunk {
            select = select.filter(Column::CellId.is_in(chunk.iter().map(|cell| cell.0)));
        }
        for row in select.into_model::<CountRow>().all(db).await? {
            let found = CellCounts {
                open: unsigned(row.open_count),
                due: unsigned(row.due_count),
                overdue: unsigned(row.overdue_count),
                closed: unsigned(row.all_count - row.open_count),
            };
            counts.insert(row.cell_id.map(CellId), found);
        }
    }
    Ok(counts)
}

#[derive(FromQueryResult)]
struct ClusterRow {
    all_count: i64,
    open_count: i64,
    overdue_count: i64,
    west_e7: i32,
    south_e7: i32,
    east_e7: i32,
    north_e7: i32,
    lon_sum: i64,
    lat_sum: i64,
    first_hilbert: i64,
}

async fn clusters(
    db: &impl ConnectionTrait,
    scope: &Scope,
    area: &Area,
    filter: &IncidentFilter,
    zoom: u8,
    now: DateTime<Utc>,
) -> Result<Vec<IncidentCluster>, StoreError> {
    let open = Column::ClosedAtUs.is_null();
    let wanted = condition(scope, area, filter);
    // The shift is written out, not bound: PostgreSQL must see that what is selected is what is grouped by.
    let square = Expr::cust(format!("hilbert >> {}", hilbert::cluster_shift(zoom)));
    let sum = |column: Column| whole(Func::sum(Expr::col(column).cast_as("BIGINT")).into());
    let rows = incidents::Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "all_count")
        .column_as(how_many(open.clone()), "open_count")
        .column_as(how_many(open.and(Column::DueAtUs.lt(to_us(now)))), "overdue_count")
        .column_as(Column::LonE7.min(), "west_e7")
        .column_as(Column::LatE7.min(), "south_e7")
        .column_as(Column::LonE7.max(), "east_e7")
        .column_as(Column::LatE7.max(), "north_e7")
        .column_as(sum(Column::LonE7), "lon_sum")
        .column_as(sum(Column::LatE7), "lat_sum")
        .column_as(Column::Hilbert.min(), "first_hilbert")
        .filter(wanted.clone())
        .group_by(square.clone())
        .order_by_asc(square)
        .limit(MAX_CLUSTERS)
        .into_model::<ClusterRow>()
        .all(db)
        .await?;
    let alone: Vec<i64> = rows.iter().filter(|row| row.all_count == 1).map(|row| row.first_hilbert).collect();
    let ids = ids_at(db, wanted, &alone).await?;
    rows.into_iter().map(|row| cluster_of(&row, &ids)).collect()
}

/// The ids of incidents by their place on the curve. (PostgreSQL 15 has no smallest UUID of a group.)
async fn ids_at(
    db: &impl ConnectionTrait,
    wanted: Condition,
    places: &[i64],
) -> Result<HashMap<i64, IncidentId>, StoreError> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, Uuid)> = incidents::Entity::find()
        .select_only()
        .column(Column::Hilbert)
        .column(Column::Id)
        .filter(wanted)
        .filter(Column::Hilbert.is_in(places.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(place, id)| (place, IncidentId(id))).collect())
}

fn cluster_of(row: &ClusterRow, ids: &HashMap<i64, IncidentId>) -> Result<IncidentCluster, StoreError> {
    const TABLE: &str = "incidents";
    let count = row.all_count;
    let south_west = position(TABLE, row.west_e7, row.south_e7)?;
    let north_east = position(TABLE, row.east_e7, row.north_e7)?;
    Ok(IncidentCluster {
        // A mean of numbers of 32 bits is one again.
        position: position(TABLE, (row.lon_sum / count) as i32, (row.lat_sum / count) as i32)?,
        bounds: Bounds::new(south_west, north_east)
            .map_err(|problem| StoreError::corrupt(TABLE, "lon_e7", problem))?,
        count: unsigned(row.all_count),
        open_count: unsigned(row.open_count),
        overdue_count: unsigned(row.overdue_count),
        incident: if row.all_count == 1 { ids.get(&row.first_hilbert).copied() } else { None },
    })
}

fn how_many(matching: Expr) -> Expr {
    let one_each: Expr = CaseStatement::new().case(matching, 1).finally(0).into();
    whole(Func::sum(one_each).into())
}

/// PostgreSQL sums big integers to a decimal number.
fn whole(sum: Expr) -> Expr {
    sum.cast_as("BIGINT")
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
