//! Taking a stored plan back.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::ids::{CellId, DistrictId, PlanVersion};
use domain::plan::PlanParts;
use geo_tools::coverage::{Border, Coverage, Leaf};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::store::cells;
use crate::store::entity::{borders, plans};
use crate::store::geometry::decode_line;
use crate::store::rows::{from_us, to_us};
use crate::store::{Store, StoreError};

impl Store {
    /// The parts of a published plan; its coverage is proven anew. `None` where there is no such version.
    ///
    /// # Errors
    /// [`StoreError::CorruptPlan`] where the borders prove to be no coverage, [`StoreError::Corrupt`],
    /// [`StoreError::Database`].
    pub async fn load_plan(
        &self,
        district: DistrictId,
        version: PlanVersion,
    ) -> Result<Option<PlanParts>, StoreError> {
        let reader = &self.inner.reader;
        let Some(plan) = plans::Entity::find_by_id((district.0, version.0)).one(reader).await? else {
            return Ok(None);
        };
        let cells = cells::of_plan(reader, district, version).await?;
        let parents: HashSet<CellId> = cells.iter().filter_map(|cell| cell.parent).collect();
        let mut leaf_cells: Vec<CellId> =
            cells.iter().map(|cell| cell.id).filter(|id| !parents.contains(id)).collect();
        leaf_cells.sort_unstable();
        let borders = borders_of(reader, district, version, &leaf_cells).await?;
        let corrupt = |first: String| StoreError::CorruptPlan { version, first };
        let leaf_count = leaf_cells.len();
        // Proving a city takes a second or more of pure computation: not on a thread that answers requests.
        let proven = tokio::task::spawn_blocking(move || Coverage::from_borders(leaf_count, borders)).await;
        let coverage = proven.map_err(|stopped| corrupt(stopped.to_string()))?.map_err(|problems| {
            corrupt(problems.into_iter().next().map(|problem| problem.message).unwrap_or_default())
        })?;
        Ok(Some(PlanParts {
            district,
            version,
            in_force_since: from_us("plans", "published_at_us", plan.published_at_us)?,
            cells,
            leaf_cells,
            coverage,
        }))
    }
}

impl Store {
    /// The version of the plan that was in force at a time; `None` before the first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn plan_version_at(
        &self,
        district: DistrictId,
        at: DateTime<Utc>,
    ) -> Result<Option<PlanVersion>, StoreError> {
        let plan = plans::Entity::find()
            .filter(plans::Column::DistrictId.eq(district.0))
            .filter(plans::Column::PublishedAtUs.lte(to_us(at)))
            .order_by_desc(plans::Column::Version)
            .one(&self.inner.reader)
            .await?;
        Ok(plan.map(|plan| PlanVersion(plan.version)))
    }
}

async fn borders_of(
    db: &impl ConnectionTrait,
    district: DistrictId,
    version: PlanVersion,
    leaf_cells: &[CellId],
) -> Result<Vec<Border>, StoreError> {
    let ended = Condition::any()
        .add(borders::Column::UntilVersion.is_null())
        .add(borders::Column::UntilVersion.gt(version.0));
    let rows = borders::Entity::find()
        .filter(borders::Column::DistrictId.eq(district.0))
        .filter(borders::Column::SinceVersion.lte(version.0))
        .filter(ended)
        .all(db)
        .await?;
    let leaves: HashMap<Uuid, Leaf> =
        (0..).map(Leaf).zip(leaf_cells).map(|(leaf, id)| (id.0, leaf)).collect();
    let leaf_of = |cell: Option<Uuid>| match cell {
        None => Ok(None),
        Some(id) => match leaves.get(&id) {
            Some(leaf) => Ok(Some(*leaf)),
            None => Err(StoreError::corrupt("borders", "left_cell_id", id)),
        },
    };
    let border = |row: borders::Model| {
        let corrupt = |problem| StoreError::corrupt("borders", "line", problem);
        Ok(Border {
            line: decode_line(&row.line).map_err(corrupt)?,
            left: leaf_of(row.left_cell_id)?,
            right: leaf_of(row.right_cell_id)?,
        })
    };
    rows.into_iter().map(border).collect()
}
