//! Households: registered one by one, read by scope and area, counted by cell.

use std::collections::HashMap;

use domain::access::Scope;
use domain::event::{Change, Event};
use domain::household::Household;
use domain::ids::{BuildingId, CellId, DistrictId, HouseholdId};
use domain::page::{Page, PageSize};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::buildings::{address_of, searched};
use super::entity::households::{self, Column};
use super::rows::{assignment, count, from_us, position, to_i32, to_us};
use super::write::{Deed, fresh, with_retries};
use super::{Answer, Area, Attempt, MAX_BINDS, Outcome, Store, StoreError, hilbert, scope};

/// A household's place in the order along the curve over the map: after it the next page begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HouseholdKey {
    /// The place on the curve.
    pub sort: i64,
    /// The household.
    pub id: HouseholdId,
}

impl Store {
    /// Writes a new household, while the plan it was located in is in force.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::NoDistrict`].
    pub async fn insert_household(
        &self,
        household: &Household,
        attempt: &Attempt,
    ) -> Result<Outcome<(Household, Event)>, StoreError> {
        with_retries!(self.try_insert_household(household, attempt))
    }

    async fn try_insert_household(
        &self,
        household: &Household,
        attempt: &Attempt,
    ) -> Result<Outcome<(Household, Event)>, StoreError> {
        let answer = Answer::of_household(household);
        let write = fresh!(self.begin_attempt(household.district, attempt, &answer).await?);
        let row = row_of(household)?.into_active_model();
        households::Entity::insert(row).exec_without_returning(&write.tx).await?;
        let locked = write.lock_stream(1).await?;
        if let Some(in_force) = write.moved_plan(&locked, household.assignment.plan_version).await? {
            return Ok(Outcome::PlanMoved(in_force));
        }
        let change = Change::Household { id: household.id, cell: household.assignment.cell };
        let deed = Deed { action: "household.register", subject: Some(household.id.0) };
        let events = write.commit(locked, deed, vec![change]).await?;
        let event = events.into_iter().next();
        Ok(event.map_or(Outcome::Absent, |event| Outcome::Done((household.clone(), event))))
    }

    /// Those of some households that the scope admits, in no order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn households_by_id(
        &self,
        scope: &Scope,
        ids: &[HouseholdId],
    ) -> Result<Vec<Household>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(MAX_BINDS) {
            let rows = households::Entity::find()
                .filter(scope::households(scope))
                .filter(Column::Id.is_in(chunk.iter().map(|id| id.0)))
                .all(&self.inner.reader)
                .await?;
            for row in rows {
                found.push(household_of(row)?);
            }
        }
        Ok(found)
    }

    /// A page of households, along the curve over the map; those without a position come last.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn households(
        &self,
        scope: &Scope,
        area: &Area,
        after: Option<HouseholdKey>,
        size: PageSize,
    ) -> Result<Page<Household, HouseholdKey>, StoreError> {
        let mut select = households::Entity::find().filter(condition(scope, area));
        if let Some(key) = after {
            let row = Expr::tuple([Expr::col(Column::Hilbert), Expr::col(Column::Id)]);
            select = select.filter(row.gt(Expr::tuple([Expr::value(key.sort), Expr::value(key.id.0)])));
        }
        // One more than wanted tells whether there are more.
        let mut rows = select
            .order_by_asc(Column::Hilbert)
            .order_by_asc(Column::Id)
            .limit(size.rows() + 1)
            .all(&self.inner.reader)
            .await?;
        let has_more = rows.len() as u64 > size.rows();
        rows.truncate(size.rows() as usize);
        let key_of = |row: &households::Model| HouseholdKey { sort: row.hilbert, id: HouseholdId(row.id) };
        let keyed = |row: households::Model| Ok((key_of(&row), household_of(row)?));
        Ok(Page { rows: rows.into_iter().map(keyed).collect::<Result<_, StoreError>>()?, has_more })
    }

    /// A household's place in the order, if the scope admits it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn household_key(
        &self,
        scope: &Scope,
        id: HouseholdId,
    ) -> Result<Option<HouseholdKey>, StoreError> {
        let row = households::Entity::find()
            .filter(scope::households(scope))
            .filter(Column::Id.eq(id.0))
            .one(&self.inner.reader)
            .await?;
        Ok(row.map(|row| HouseholdKey { sort: row.hilbert, id: HouseholdId(row.id) }))
    }

    /// How many households there are.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn household_count(&self, scope: &Scope, area: &Area) -> Result<u64, StoreError> {
        Ok(households::Entity::find().filter(condition(scope, area)).count(&self.inner.reader).await?)
    }

    /// How many households each leaf cell has in the plan in force; what lies in no cell is under `None`.
    ///
    /// A figure of the grid, not of anybody's home: it takes no scope.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn household_counts(
        &self,
        district: DistrictId,
    ) -> Result<HashMap<Option<CellId>, u32>, StoreError> {
        let rows: Vec<(Option<Uuid>, i64)> = households::Entity::find()
            .select_only()
            .column(Column::CellId)
            .column_as(Expr::cust("COUNT(*)"), "household_count")
            .filter(scope::households(&Scope::system(district)))
            .group_by(Column::CellId)
            .into_tuple()
            .all(&self.inner.reader)
            .await?;
        let counted = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(rows.into_iter().map(|(cell, count)| (cell.map(CellId), counted(count))).collect())
    }
}

fn condition(scope: &Scope, area: &Area) -> Condition {
    let wanted = scope::households(scope);
    match area {
        Area::Everywhere => wanted,
        Area::Within(bounds) => {
            wanted.add(scope::within(bounds, Column::Hilbert, Column::LonE7, Column::LatE7))
        }
        Area::Cell(cell) => wanted.add(Column::CellId.eq(cell.0)),
        Area::Subtree(root) => {
            wanted.add(Column::CellId.in_subquery(scope::cells_under(scope.district(), *root)))
        }
    }
}

pub(super) fn row_of(household: &Household) -> Result<households::Model, StoreError> {
    Ok(households::Model {
        district_id: household.district.0,
        id: household.id.0,
        version: household.version,
        source_id: household.source_id.clone(),
        building_id: household.building.map(|building| building.0),
        address: household.address.as_ref().map(|address| address.as_str().to_owned()),
        search_text: searched(household.address.as_ref()),
        lon_e7: household.position.map(|position| position.lon_e7()),
        lat_e7: household.position.map(|position| position.lat_e7()),
        hilbert: household.position.map_or(hilbert::NOWHERE, hilbert::key),
        member_count: household.member_count.map(|count| to_i32("member_count", count)).transpose()?,
        cell_id: household.assignment.cell.map(|cell| cell.0),
        method: household.assignment.method.as_str().to_owned(),
        distance_to_border_m: household.assignment.distance_to_border_m,
        plan_version: household.assignment.plan_version.0,
        registered_at_us: to_us(household.registered_at),
        since_import: scope::ALWAYS,
    })
}

pub(super) fn household_of(row: households::Model) -> Result<Household, StoreError> {
    const TABLE: &str = "households";
    let place = row.lon_e7.zip(row.lat_e7).map(|(lon_e7, lat_e7)| position(TABLE, lon_e7, lat_e7));
    Ok(Household {
        id: HouseholdId(row.id),
        district: DistrictId(row.district_id),
        version: row.version,
        source_id: row.source_id,
        building: row.building_id.map(BuildingId),
        address: address_of(TABLE, row.address.as_deref())?,
        position: place.transpose()?,
        member_count: row.member_count.map(|stored| count(TABLE, "member_count", stored)).transpose()?,
        assignment: assignment(TABLE, row.cell_id, &row.method, row.distance_to_border_m, row.plan_version)?,
        registered_at: from_us(TABLE, "registered_at_us", row.registered_at_us)?,
    })
}
