//! Giving households and incidents to the cells of a new plan, in the transaction that publishes it.
//!
//! Only rows whose cell changes are written; what was placed by hand stays while its cell is there.

use domain::event::{Change, EventNumber};
use domain::ids::CellId;
use domain::plan::{Assignment, LocationMethod, Plan};
use geo_tools::Position;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::store::entity::streams;
use crate::store::{MAX_BINDS, StoreError, events};

/// How many rows are read at once.
const PAGE_ROWS: i64 = 5_000;
/// How many events are read at once.
const EVENT_ROWS: u64 = 1_000;
const VALUES_EACH: usize = 4;

/// The tables of what lies in cells; they name these columns alike.
#[derive(Clone, Copy)]
enum Placed {
    Households,
    Incidents,
}

impl Placed {
    fn table(self) -> &'static str {
        match self {
            Self::Households => "households",
            Self::Incidents => "incidents",
        }
    }

    /// What an import is bringing is left out: it was located in the plan before, and will be turned away.
    fn shown(self) -> &'static str {
        match self {
            Self::Households => "since_import <= (SELECT household_import FROM districts WHERE id = $1)",
            Self::Incidents => "since_import <= (SELECT incident_import FROM districts WHERE id = $1)",
        }
    }
}

#[derive(FromQueryResult)]
struct PlacedRow {
    id: Uuid,
    lon_e7: Option<i32>,
    lat_e7: Option<i32>,
    cell_id: Option<Uuid>,
    method: String,
}

/// Assigns every row anew, and says up to which event all rows are seen.
pub(super) async fn everything(
    tx: &DatabaseTransaction,
    plan: &Plan,
    nearest_within_m: f64,
) -> Result<EventNumber, StoreError> {
    let district = plan.district();
    let stream = streams::Entity::find_by_id(district.0).one(tx).await?;
    let seen = stream.ok_or(StoreError::NoDistrict(district))?.head;
    for placed in [Placed::Households, Placed::Incidents] {
        all_of(tx, placed, plan, nearest_within_m).await?;
    }
    Ok(EventNumber(seen))
}

/// Assigns what was committed after that event; the stream is locked, so that nothing more can come.
pub(super) async fn what_came_since(
    tx: &DatabaseTransaction,
    plan: &Plan,
    nearest_within_m: f64,
    mut seen: EventNumber,
) -> Result<(), StoreError> {
    loop {
        let page = events::after(tx, plan.district(), seen, EVENT_ROWS).await?;
        let Some(last) = page.last() else { return Ok(()) };
        seen = last.number;
        let mut households = Vec::new();
        let mut incidents = Vec::new();
        for event in &page {
            match &event.change {
                Change::Household { id, .. } => households.push(id.0),
                Change::Incident { id, .. } => incidents.push(id.0),
                Change::Imported { .. } | Change::Unreadable => {
                    everything(tx, plan, nearest_within_m).await?;
                }
                Change::PlanPublished { .. } | Change::AccessChanged => {}
            }
        }
        these_of(tx, Placed::Households, &households, plan, nearest_within_m).await?;
        these_of(tx, Placed::Incidents, &incidents, plan, nearest_within_m).await?;
    }
}

async fn all_of(
    tx: &DatabaseTransaction,
    placed: Placed,
    plan: &Plan,
    nearest_within_m: f64,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT id, lon_e7, lat_e7, cell_id, method FROM {} WHERE district_id = $1 AND id > $2 AND {} \
         ORDER BY id LIMIT $3",
        placed.table(),
        placed.shown()
    );
    let mut after = Uuid::nil();
    loop {
        let values: [Value; 3] = [plan.district().0.into(), after.into(), PAGE_ROWS.into()];
        let rows = rows(tx, &sql, values).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        move_rows(tx, placed, plan, &moves(plan, nearest_within_m, &rows)?).await?;
    }
}

async fn these_of(
    tx: &DatabaseTransaction,
    placed: Placed,
    ids: &[Uuid],
    plan: &Plan,
    nearest_within_m: f64,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let marks: Vec<String> = (2..ids.len() + 2).map(|number| format!("${number}")).collect();
    let sql = format!(
        "SELECT id, lon_e7, lat_e7, cell_id, method FROM {} WHERE district_id = $1 AND id IN ({})",
        placed.table(),
        marks.join(", ")
    );
    let values = std::iter::once(Value::from(plan.district().0)).chain(ids.iter().map(|id| Value::from(*id)));
    let rows = rows(tx, &sql, values).await?;
    move_rows(tx, placed, plan, &moves(plan, nearest_within_m, &rows)?).await
}

async fn rows(
    tx: &DatabaseTransaction,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<PlacedRow>, StoreError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(PlacedRow::find_by_statement(statement).all(tx).await?)
}

/// The rows whose cell is another one now. Most stay where they are: only for the others it is measured how near the
/// border is, or who is nearest.
fn moves(
    plan: &Plan,
    nearest_within_m: f64,
    rows: &[PlacedRow],
) -> Result<Vec<(Uuid, Assignment)>, StoreError> {
    let is_leaf = |id: CellId| plan.cell(id).is_some() && plan.children(id).next().is_none();
    let mut moves = Vec::new();
    let mut places = Vec::with_capacity(rows.len());
    let mut placed = Vec::with_capacity(rows.len());
    for row in rows {
        let cell = row.cell_id.map(CellId);
        let by_hand = LocationMethod::parse(&row.method) == Some(LocationMethod::Manual);
        if by_hand && cell.is_some_and(is_leaf) {
            continue;
        }
        match (row.lon_e7, row.lat_e7) {
            (Some(lon_e7), Some(lat_e7)) => {
                let at = Position::from_e7(lon_e7, lat_e7)
                    .map_err(|problem| StoreError::corrupt("incidents", "lon_e7", problem))?;
                places.push(at);
                placed.push((row.id, cell));
            }
            _ if cell.is_some() => moves.push((row.id, Assignment::outside(plan.version()))),
            _ => {}
        }
    }
    for ((owner, at), (id, cell)) in plan.cells_at(&places).into_iter().zip(places).zip(placed) {
        if owner.is_some() && owner == cell {
            continue;
        }
        let assignment = plan.assign(at, nearest_within_m);
        if assignment.cell != cell {
            moves.push((id, assignment));
        }
    }
    Ok(moves)
}

async fn move_rows(
    tx: &DatabaseTransaction,
    placed: Placed,
    plan: &Plan,
    moves: &[(Uuid, Assignment)],
) -> Result<(), StoreError> {
    let table = placed.table();
    for chunk in moves.chunks(MAX_BINDS / VALUES_EACH - 1) {
        let mut values: Vec<Value> = vec![plan.district().0.into(), plan.version().0.into()];
        let mut tuples = Vec::with_capacity(chunk.len());
        for (id, assignment) in chunk {
            let first = values.len() + 1;
            tuples.push(format!("(${first}, ${}, ${}, ${})", first + 1, first + 2, first + 3));
            values.push((*id).into());
            values.push(assignment.cell.map(|cell| cell.0).into());
            values.push(assignment.method.as_str().into());
            values.push(assignment.distance_to_border_m.into());
        }
        let sql = format!(
            "UPDATE {table} SET cell_id = moved.column2, method = moved.column3, \
             distance_to_border_m = moved.column4, plan_version = $2, version = version + 1 \
             FROM (VALUES {}) AS moved WHERE {table}.district_id = $1 AND {table}.id = moved.column1",
            tuples.join(", ")
        );
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}
