//! Publishing a plan: what changed is ended and begun anew, what did not keeps its rows, who moved is assigned again.

use std::collections::HashMap;

use domain::event::Change;
use domain::ids::PlanVersion;
use domain::plan::Plan;
use geo_tools::coverage::Leaf;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter};
use uuid::Uuid;

use super::reassign;
use crate::store::cells;
use crate::store::entity::{borders, districts, plans};
use crate::store::geometry::encode_line;
use crate::store::rows::to_us;
use crate::store::write::{Deed, fresh, with_retries};
use crate::store::{Answer, Attempt, MAX_BINDS, Outcome, Store, StoreError};

/// A plan that is to be in force.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The plan; its version is the one after `base`.
    pub plan: &'a Plan,
    /// The plan in force that it was made from; `None` where there was none.
    pub base: Option<PlanVersion>,
    /// How far outside a cell a position still counts as its: from the district's rules.
    pub nearest_within_m: f64,
    /// Why.
    pub note: Option<&'a str>,
}

impl Store {
    /// Puts a plan in force, if the one it was made from still is; gives households and incidents to its cells.
    ///
    /// Answers [`Outcome::PlanMoved`] with the plan in force where somebody else was first.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::NoDistrict`].
    pub async fn publish_plan(
        &self,
        publication: &Publication<'_>,
        attempt: &Attempt,
    ) -> Result<Outcome<PlanVersion>, StoreError> {
        with_retries!(self.try_publish_plan(publication, attempt))
    }

    async fn try_publish_plan(
        &self,
        publication: &Publication<'_>,
        attempt: &Attempt,
    ) -> Result<Outcome<PlanVersion>, StoreError> {
        let plan = publication.plan;
        let (district, version) = (plan.district(), plan.version());
        let answer = Answer::of(district.0, version.0);
        let write = fresh!(self.begin_attempt(district, attempt, &answer).await?);
        let tx = &write.tx;
        if !replace_version(tx, publication).await? {
            let in_force = crate::store::districts::plan_version(tx, district).await?;
            return Ok(Outcome::PlanMoved(in_force.unwrap_or(PlanVersion(0))));
        }
        let row = plans::ActiveModel {
            district_id: Set(district.0),
            version: Set(version.0),
            published_at_us: Set(to_us(attempt.at)),
            published_by: Set(attempt.actor.map(|user| user.0)),
            note: Set(publication.note.map(str::to_owned)),
        };
        plans::Entity::insert(row).exec_without_returning(tx).await?;
        cells::write(tx, plan).await?;
        write_borders(tx, plan).await?;
        cells::write_tree(tx, plan).await?;
        // Most rows are assigned before the stream is locked, so that reports wait only for the few that came meanwhile.
        let seen = reassign::everything(tx, plan, publication.nearest_within_m).await?;
        let locked = write.lock_stream(2).await?;
        reassign::what_came_since(tx, plan, publication.nearest_within_m, seen).await?;
        let deed = Deed { action: "plan.publish", subject: Some(district.0) };
        write.commit(locked, deed, vec![Change::PlanPublished { version }, Change::AccessChanged]).await?;
        Ok(Outcome::Done(version))
    }
}

/// Compares the version in force and sets the new one; a second publication waits here for the first.
async fn replace_version(
    tx: &DatabaseTransaction,
    publication: &Publication<'_>,
) -> Result<bool, StoreError> {
    let in_force = match publication.base {
        Some(base) => districts::Column::PlanVersion.eq(base.0),
        None => districts::Column::PlanVersion.is_null(),
    };
    let epoch = Expr::col(districts::Column::AuthorisationEpoch).add(1);
    let updated = districts::Entity::update_many()
        .col_expr(districts::Column::PlanVersion, Expr::value(publication.plan.version().0))
        .col_expr(districts::Column::AuthorisationEpoch, epoch)
        .filter(districts::Column::Id.eq(publication.plan.district().0))
        .filter(in_force)
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

type BorderContent = (Option<Uuid>, Option<Uuid>, Vec<u8>);

async fn write_borders(tx: &DatabaseTransaction, plan: &Plan) -> Result<(), StoreError> {
    const COLUMNS: usize = 7;
    let (district, version) = (plan.district().0, plan.version().0);
    let held = borders::Entity::find()
        .filter(borders::Column::DistrictId.eq(district))
        .filter(borders::Column::UntilVersion.is_null())
        .all(tx)
        .await?;
    let mut held: HashMap<BorderContent, (i32, i32)> = held
        .into_iter()
        .map(|row| ((row.left_cell_id, row.right_cell_id, row.line), (row.since_version, row.number)))
        .collect();
    let cell_of = |leaf: Option<Leaf>| leaf.and_then(|leaf| plan.leaf_cell(leaf)).map(|cell| cell.id.0);
    let mut begun = Vec::new();
    for (number, border) in (0..).zip(plan.coverage().borders()) {
        let content = (cell_of(border.left), cell_of(border.right), encode_line(&border.line));
        if held.remove(&content).is_some() {
            continue;
        }
        begun.push(borders::ActiveModel {
            district_id: Set(district),
            since_version: Set(version),
            number: Set(number),
            until_version: Set(None),
            left_cell_id: Set(content.0),
            right_cell_id: Set(content.1),
            line: Set(content.2),
        });
    }
    let mut ended: HashMap<i32, Vec<i32>> = HashMap::new();
    for (since, number) in held.into_values() {
        ended.entry(since).or_default().push(number);
    }
    for (since, numbers) in ended {
        for chunk in numbers.chunks(MAX_BINDS) {
            borders::Entity::update_many()
                .col_expr(borders::Column::UntilVersion, Expr::value(version))
                .filter(borders::Column::DistrictId.eq(district))
                .filter(borders::Column::SinceVersion.eq(since))
                .filter(borders::Column::Number.is_in(chunk.iter().copied()))
                .exec(tx)
                .await?;
        }
    }
    for chunk in begun.chunks(MAX_BINDS / COLUMNS) {
        borders::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}
