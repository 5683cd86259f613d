//! Households and buildings: staged, matched by source id, promoted.

use domain::event::Change;
use domain::household::{Building, Household};
use domain::ids::PlanVersion;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Value,
};

use super::{CHUNK_ROWS, Import, ImportKind, ImportSummary, execute};
use crate::store::buildings::searched;
use crate::store::entity::{staged_buildings, staged_households};
use crate::store::households::row_of;
use crate::store::rows::to_i32;
use crate::store::write::{Deed, fresh, with_retries};
use crate::store::{Answer, Attempt, Outcome, StoreError, hilbert};

/// A staged household names its building by the staged row's id; where that building is there already, by its own.
const RESOLVE_BUILDINGS: &str = "UPDATE staged_households SET building_id = held.id \
    FROM staged_buildings AS staged JOIN buildings AS held \
    ON held.district_id = staged.district_id AND held.source_id = staged.source_id \
    WHERE staged_households.district_id = $1 AND staged_households.import_id = $2 \
    AND staged.district_id = $1 AND staged.import_id = $2 \
    AND staged.id = staged_households.building_id AND held.id <> staged.id";

const UPDATE_BUILDINGS: &str = "UPDATE buildings SET address = staged.address, search_text = staged.search_text, \
    lon_e7 = staged.lon_e7, lat_e7 = staged.lat_e7, hilbert = staged.hilbert, dwellings = staged.dwellings \
    FROM staged_buildings AS staged WHERE staged.district_id = $1 AND staged.import_id = $2 \
    AND buildings.district_id = $1 AND buildings.source_id = staged.source_id \
    AND (buildings.hilbert <> staged.hilbert OR buildings.dwellings <> staged.dwellings \
    OR buildings.address IS DISTINCT FROM staged.address)";

const INSERT_BUILDINGS: &str = "INSERT INTO buildings \
    (district_id, id, source_id, address, search_text, lon_e7, lat_e7, hilbert, dwellings) \
    SELECT district_id, id, source_id, address, search_text, lon_e7, lat_e7, hilbert, dwellings \
    FROM staged_buildings AS staged WHERE district_id = $1 AND import_id = $2 AND NOT EXISTS \
    (SELECT 1 FROM buildings AS held WHERE held.district_id = $1 AND held.source_id = staged.source_id)";

const UPDATE_HOUSEHOLDS: &str = "UPDATE households SET version = households.version + 1, \
    building_id = staged.building_id, address = staged.address, search_text = staged.search_text, \
    lon_e7 = staged.lon_e7, lat_e7 = staged.lat_e7, hilbert = staged.hilbert, \
    member_count = staged.member_count, cell_id = staged.cell_id, method = staged.method, \
    distance_to_border_m = staged.distance_to_border_m, plan_version = staged.plan_version \
    FROM staged_households AS staged WHERE staged.district_id = $1 AND staged.import_id = $2 \
    AND households.district_id = $1 AND households.source_id = staged.source_id \
    AND (households.hilbert <> staged.hilbert OR households.method <> staged.method \
    OR households.building_id IS DISTINCT FROM staged.building_id \
    OR households.address IS DISTINCT FROM staged.address \
    OR households.member_count IS DISTINCT FROM staged.member_count \
    OR households.cell_id IS DISTINCT FROM staged.cell_id)";

const INSERT_HOUSEHOLDS: &str = "INSERT INTO households (district_id, id, version, source_id, building_id, address, \
    search_text, lon_e7, lat_e7, hilbert, member_count, cell_id, method, distance_to_border_m, plan_version, \
    registered_at_us) SELECT district_id, id, 1, source_id, building_id, address, search_text, lon_e7, lat_e7, \
    hilbert, member_count, cell_id, method, distance_to_border_m, plan_version, registered_at_us \
    FROM staged_households AS staged WHERE district_id = $1 AND import_id = $2 AND NOT EXISTS \
    (SELECT 1 FROM households AS held WHERE held.district_id = $1 AND held.source_id = staged.source_id)";

impl Import {
    /// Stages buildings, before the households that are in them.
    ///
    /// # Errors
    /// [`StoreError::NoSourceId`], [`StoreError::Database`] also where a source id comes twice.
    pub async fn stage_buildings(&mut self, buildings: &[Building]) -> Result<(), StoreError> {
        for chunk in buildings.chunks(CHUNK_ROWS) {
            let rows = chunk.iter().map(|building| self.staged_building(building));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            let tx = self.store.begin_write().await?;
            staged_buildings::Entity::insert_many(rows).exec_without_returning(&tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Stages households, located in the plan in force.
    ///
    /// # Errors
    /// [`StoreError::NoSourceId`], [`StoreError::Database`] also where a source id comes twice.
    pub async fn stage_households(&mut self, households: &[Household]) -> Result<(), StoreError> {
        for chunk in households.chunks(CHUNK_ROWS) {
            let rows = chunk.iter().map(|household| self.staged_household(household));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            let tx = self.store.begin_write().await?;
            staged_households::Entity::insert_many(rows).exec_without_returning(&tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Puts the staged households and buildings in place, while the plan they were located in is in force; nothing stays
    /// staged.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn promote_households(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let outcome = self.promote_prepared_households(located_in, attempt).await;
        self.log_clean_up(self.remove_staged_households().await);
        outcome
    }

    async fn promote_prepared_households(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let values: [Value; 2] = [self.district.0.into(), self.id.into()];
        let tx = self.store.begin_write().await?;
        // Without figures of what was staged just now, PostgreSQL compares each row with each: minutes, not milliseconds.
        for table in ["staged_buildings", "staged_households"] {
            execute(&tx, &format!("ANALYZE {table}"), &[]).await?;
        }
        execute(&tx, RESOLVE_BUILDINGS, &values).await?;
        tx.commit().await?;
        let staged = self.staged_count().await?;
        with_retries!(self.try_promote_households(located_in, staged, attempt))
    }

    async fn try_promote_households(
        &self,
        located_in: PlanVersion,
        staged: u64,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let values: [Value; 2] = [self.district.0.into(), self.id.into()];
        let answer = Answer::of(self.id, 1);
        let write = fresh!(self.store.begin_attempt(self.district, attempt, &answer).await?);
        self.require_word(&write.tx).await?;
        let mut summary = ImportSummary::default();
        for (update, insert) in [(UPDATE_BUILDINGS, INSERT_BUILDINGS), (UPDATE_HOUSEHOLDS, INSERT_HOUSEHOLDS)]
        {
            summary.updated += execute(&write.tx, update, &values).await?;
            summary.inserted += execute(&write.tx, insert, &values).await?;
        }
        summary.unchanged = staged.saturating_sub(summary.updated + summary.inserted);
        if summary.updated + summary.inserted == 0 {
            // Nothing happened, so nothing is told: the transaction is dropped.
            return Ok(Outcome::Done(summary));
        }
        let locked = write.lock_stream(1).await?;
        if let Some(in_force) = write.moved_plan(&locked, located_in).await? {
            return Ok(Outcome::PlanMoved(in_force));
        }
        let change = Change::Imported {
            what: ImportKind::Households.as_str().to_owned(),
            rows: summary.updated + summary.inserted,
        };
        let deed = Deed { action: "household.import", subject: Some(self.id) };
        write.commit(locked, deed, vec![change]).await?;
        Ok(Outcome::Done(summary))
    }

    async fn staged_count(&self) -> Result<u64, StoreError> {
        let reader = &self.store.inner.reader;
        let buildings = staged_buildings::Entity::find()
            .filter(staged_buildings::Column::DistrictId.eq(self.district.0))
            .filter(staged_buildings::Column::ImportId.eq(self.id))
            .count(reader)
            .await?;
        let households = staged_households::Entity::find()
            .filter(staged_households::Column::DistrictId.eq(self.district.0))
            .filter(staged_households::Column::ImportId.eq(self.id))
            .count(reader)
            .await?;
        Ok(buildings + households)
    }

    pub(super) async fn remove_staged_households(&self) -> Result<(), StoreError> {
        self.remove_staged("=").await
    }

    pub(super) async fn remove_overtaken_households(&self) -> Result<(), StoreError> {
        self.remove_staged("<>").await
    }

    async fn remove_staged(&self, whose: &str) -> Result<(), StoreError> {
        for table in ["staged_households", "staged_buildings"] {
            let sql = format!(
                "DELETE FROM {table} WHERE district_id = $1 AND (import_id, source_id) IN \
                 (SELECT import_id, source_id FROM {table} WHERE district_id = $1 AND import_id {whose} $2 LIMIT {CHUNK_ROWS})"
            );
            self.repeat(&sql, &[self.district.0.into(), self.id.into()]).await?;
        }
        Ok(())
    }

    fn staged_building(&self, building: &Building) -> Result<staged_buildings::ActiveModel, StoreError> {
        Ok(staged_buildings::ActiveModel {
            district_id: Set(self.district.0),
            import_id: Set(self.id),
            source_id: Set(building.source_id.clone().ok_or(StoreError::NoSourceId)?),
            id: Set(building.id.0),
            address: Set(building.address.as_ref().map(|address| address.as_str().to_owned())),
            search_text: Set(searched(building.address.as_ref())),
            lon_e7: Set(building.position.lon_e7()),
            lat_e7: Set(building.position.lat_e7()),
            hilbert: Set(hilbert::key(building.position)),
            dwellings: Set(to_i32("dwellings", building.dwellings)?),
        })
    }

    fn staged_household(&self, household: &Household) -> Result<staged_households::ActiveModel, StoreError> {
        let row = row_of(household)?;
        Ok(staged_households::Model {
            district_id: self.district.0,
            import_id: self.id,
            source_id: row.source_id.ok_or(StoreError::NoSourceId)?,
            id: row.id,
            building_id: row.building_id,
            address: row.address,
            search_text: row.search_text,
            lon_e7: row.lon_e7,
            lat_e7: row.lat_e7,
            hilbert: row.hilbert,
            member_count: row.member_count,
            cell_id: row.cell_id,
            method: row.method,
            distance_to_border_m: row.distance_to_border_m,
            plan_version: row.plan_version,
            registered_at_us: row.registered_at_us,
        }
        .into_active_model())
    }
}
