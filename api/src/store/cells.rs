//! Cells and their tree as a plan's versions hold them; written by [`super::plans`], in its transaction.

use std::collections::{HashMap, HashSet};

use domain::cell::{Cell, CellCode};
use domain::ids::{CellId, DistrictId, PlanVersion};
use domain::level::LevelRank;
use domain::plan::Plan;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};
use uuid::Uuid;

use super::entity::{cell_tree, cells};
use super::rows::{from_names, from_word, names, word};
use super::{MAX_BINDS, StoreError};

/// The cells of a plan.
pub(super) async fn of_plan(
    db: &impl ConnectionTrait,
    district: DistrictId,
    version: PlanVersion,
) -> Result<Vec<Cell>, StoreError> {
    let ended = Condition::any()
        .add(cells::Column::UntilVersion.is_null())
        .add(cells::Column::UntilVersion.gt(version.0));
    let rows = cells::Entity::find()
        .filter(cells::Column::DistrictId.eq(district.0))
        .filter(cells::Column::SinceVersion.lte(version.0))
        .filter(ended)
        .all(db)
        .await?;
    rows.into_iter().map(cell_of).collect()
}

/// Ends the cells that a plan does not hold in this form, and begins those that are new in it.
pub(super) async fn write(tx: &DatabaseTransaction, plan: &Plan) -> Result<(), StoreError> {
    const COLUMNS: usize = 10;
    let (district, version) = (plan.district().0, plan.version().0);
    let held = cells::Entity::find()
        .filter(cells::Column::DistrictId.eq(district))
        .filter(cells::Column::UntilVersion.is_null())
        .all(tx)
        .await?;
    let mut held: HashMap<Uuid, cells::Model> = held.into_iter().map(|row| (row.id, row)).collect();
    let mut begun: Vec<cells::ActiveModel> = Vec::new();
    for cell in plan.cells() {
        let mut row = cells::Model {
            district_id: district,
            id: cell.id.0,
            since_version: version,
            until_version: None,
            code: cell.code.as_str().to_owned(),
            rank: i16::from(cell.rank.0),
            names: names(&cell.names),
            parent_id: cell.parent.map(|parent| parent.0),
            kind: word(cell.kind),
            setting: word(cell.setting),
        };
        if let Some(before) = held.get(&row.id) {
            row.since_version = before.since_version;
            if row == *before {
                held.remove(&row.id);
                continue;
            }
            row.since_version = version;
        }
        begun.push(row.into());
    }
    let ended: Vec<Uuid> = held.into_keys().collect();
    for chunk in ended.chunks(MAX_BINDS) {
        cells::Entity::update_many()
            .col_expr(cells::Column::UntilVersion, Expr::value(version))
            .filter(cells::Column::DistrictId.eq(district))
            .filter(cells::Column::UntilVersion.is_null())
            .filter(cells::Column::Id.is_in(chunk.iter().copied()))
            .exec(tx)
            .await?;
    }
    for chunk in begun.chunks(MAX_BINDS / COLUMNS) {
        cells::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Ends and begins what changed of which cell lies in which.
pub(super) async fn write_tree(tx: &DatabaseTransaction, plan: &Plan) -> Result<(), StoreError> {
    const COLUMNS: usize = 5;
    let (district, version) = (plan.district().0, plan.version().0);
    let held = cell_tree::Entity::find()
        .filter(cell_tree::Column::DistrictId.eq(district))
        .filter(cell_tree::Column::UntilVersion.is_null())
        .all(tx)
        .await?;
    let held: HashSet<(CellId, CellId)> =
        held.into_iter().map(|row| (CellId(row.ancestor_id), CellId(row.descendant_id))).collect();
    let above = |cell: CellId| plan.lineage(cell).into_iter().map(move |ancestor| (ancestor, cell));
    let wanted: HashSet<(CellId, CellId)> = plan.cells().iter().flat_map(|cell| above(cell.id)).collect();
    let mut ended: HashMap<CellId, Vec<Uuid>> = HashMap::new();
    for (ancestor, descendant) in held.difference(&wanted) {
        ended.entry(*ancestor).or_default().push(descendant.0);
    }
    for (ancestor, descendants) in ended {
        for chunk in descendants.chunks(MAX_BINDS) {
            cell_tree::Entity::update_many()
                .col_expr(cell_tree::Column::UntilVersion, Expr::value(version))
                .filter(cell_tree::Column::DistrictId.eq(district))
                .filter(cell_tree::Column::UntilVersion.is_null())
                .filter(cell_tree::Column::AncestorId.eq(ancestor.0))
                .filter(cell_tree::Column::DescendantId.is_in(chunk.iter().copied()))
                .exec(tx)
                .await?;
        }
    }
    let begun: Vec<cell_tree::ActiveModel> = wanted
        .difference(&held)
        .map(|(ancestor, descendant)| cell_tree::ActiveModel {
            district_id: Set(district),
            ancestor_id: Set(ancestor.0),
            descendant_id: Set(descendant.0),
            since_version: Set(version),
            until_version: Set(None),
        })
        .collect();
    for chunk in begun.chunks(MAX_BINDS / COLUMNS) {
        cell_tree::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn cell_of(row: cells::Model) -> Result<Cell, StoreError> {
    let corrupt = |column, value: &dyn ToString| StoreError::corrupt("cells", column, value.to_string());
    Ok(Cell {
        id: CellId(row.id),
        code: CellCode::parse(&row.code).map_err(|_| corrupt("code", &row.code))?,
        rank: LevelRank(u8::try_from(row.rank).map_err(|_| corrupt("rank", &row.rank))?),
        names: from_names("cells", &row.names)?,
        parent: row.parent_id.map(CellId),
        kind: from_word("cells", "kind", &row.kind)?,
        setting: from_word("cells", "setting", &row.setting)?,
        since: PlanVersion(row.since_version),
    })
}
