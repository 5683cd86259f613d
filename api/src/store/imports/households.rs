//! Households and buildings: matched by source id; new ones are written where they stay, others staged if they differ.
//!
//! Which are there is asked while writing. It holds until the promotion: only an import of households gives source ids,
//! and another one would have taken the word.

use std::collections::HashMap;

use domain::access::Scope;
use domain::event::Change;
use domain::household::{Building, Household};
use domain::ids::{HouseholdId, PlanVersion};
use domain::text::search_text;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QuerySelect,
    Value,
};
use uuid::Uuid;

use super::insert::Columns;
use super::{CHUNK_ROWS, Import, ImportKind, ImportSummary, Sorted, among, execute};
use crate::store::entity::households::Column;
use crate::store::entity::{buildings, districts, households};
use crate::store::households::row_of;
use crate::store::write::{Deed, fresh, with_retries};
use crate::store::{Answer, Attempt, MAX_BINDS, Outcome, StoreError, scope};

const HOUSEHOLD: [&str; 14] = [
    "id",
    "source_id",
    "building_id",
    "address",
    "search_text",
    "lon_e7",
    "lat_e7",
    "hilbert",
    "member_count",
    "cell_id",
    "method",
    "distance_to_border_m",
    "plan_version",
    "registered_at_us",
];
const NEW_HOUSEHOLDS: Columns<3, 14> =
    Columns { table: "households", shared: ["district_id", "since_import", "version"], each: HOUSEHOLD };
const STAGED_HOUSEHOLDS: Columns<2, 14> =
    Columns { table: "staged_households", shared: ["district_id", "import_id"], each: HOUSEHOLD };

const UPDATE_BUILDINGS: &str = "UPDATE buildings SET address = staged.address, search_text = staged.search_text, \
    lon_e7 = staged.lon_e7, lat_e7 = staged.lat_e7, hilbert = staged.hilbert, dwellings = staged.dwellings \
    FROM staged_buildings AS staged WHERE staged.district_id = $1 AND staged.import_id = $2 \
    AND buildings.district_id = $1 AND buildings.source_id = staged.source_id \
    AND (buildings.hilbert <> staged.hilbert OR buildings.dwellings <> staged.dwellings \
    OR buildings.address IS DISTINCT FROM staged.address)";

const UPDATE_HOUSEHOLDS: &str = "UPDATE households SET version = households.version + 1, \
    building_id = staged.building_id, address = staged.address, search_text = staged.search_text, \
    lon_e7 = staged.lon_e7, lat_e7 = staged.lat_e7, hilbert = staged.hilbert, \
    member_count = staged.member_count, cell_id = staged.cell_id, method = staged.method, \
    distance_to_border_m = staged.distance_to_border_m, plan_version = staged.plan_version \
    FROM staged_households AS staged WHERE staged.district_id = $1 AND staged.import_id = $2 \
    AND households.district_id = $1 AND households.source_id = staged.source_id";

/// What a file says nothing of: a household that is there keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unsaid {
    /// Its address.
    pub address: bool,
    /// How many live there.
    pub member_count: bool,
}

impl Import {
    /// Says of households that come next what the file says nothing of.
    pub fn leave_unsaid(&mut self, unsaid: &[(HouseholdId, Unsaid)]) {
        let unsaid = unsaid.iter().filter(|_| self.has_rows);
        self.unsaid = unsaid.map(|(household, unsaid)| (household.0, *unsaid)).collect();
    }

    /// Writes buildings and the households that are in them, located in the plan in force, in one transaction where they are
    /// few enough.
    ///
    /// # Errors
    /// As [`Import::stage_buildings`].
    pub async fn stage_dwellings(
        &mut self,
        buildings: &[Building],
        households: &[Household],
    ) -> Result<(), StoreError> {
        if buildings.len().max(households.len()) > CHUNK_ROWS {
            self.stage_buildings(buildings).await?;
            return self.stage_households(households).await;
        }
        let buildings = self.sorted_buildings(buildings).await?;
        let households = self.sorted_households(households).await?;
        let tx = self.begin_chunk().await?;
        self.write_buildings(&tx, buildings).await?;
        self.write_households(&tx, households).await?;
        tx.commit().await?;
        self.count_anew("buildings").await
    }

    /// Writes households, located in the plan in force.
    ///
    /// # Errors
    /// As [`Import::stage_buildings`].
    pub async fn stage_households(&mut self, given: &[Household]) -> Result<(), StoreError> {
        for chunk in given.chunks(CHUNK_ROWS) {
            let sorted = self.sorted_households(chunk).await?;
            let tx = self.begin_chunk().await?;
            self.write_households(&tx, sorted).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn sorted_households(&mut self, given: &[Household]) -> Result<Sorted<14>, StoreError> {
        let rows = given.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
        let held = self.households_held(&rows).await?;
        let mut sorted = Sorted { new: Vec::with_capacity(rows.len()), changed: Vec::new() };
        for mut row in rows {
            let own = row.building_id.and_then(|id| self.held_buildings.get(&id).copied());
            row.building_id = own.or(row.building_id);
            let source = row.source_id.as_deref().ok_or(StoreError::NoSourceId)?;
            let Some(held) = held.get(source) else {
                sorted.new.push(values(row));
                continue;
            };
            if let Some(unsaid) = self.unsaid.get(&row.id) {
                held.lend(*unsaid, &mut row);
            }
            if held.differs(&row) {
                sorted.changed.push(values(row));
            }
        }
        self.count_rows(given.len(), sorted.new.len(), sorted.changed.len());
        Ok(sorted)
    }

    async fn write_households(&self, tx: &DatabaseTransaction, sorted: Sorted<14>) -> Result<(), StoreError> {
        let shared: [Value; 3] = [self.district.0.into(), self.number.into(), 1.into()];
        NEW_HOUSEHOLDS.insert(tx, shared, sorted.new).await?;
        STAGED_HOUSEHOLDS.insert(tx, [self.district.0.into(), self.id.into()], sorted.changed).await
    }

    /// Lets the households and buildings show, while the plan they were located in is in force; nothing stays staged.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn promote_households(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let outcome = self.promote_written_households(located_in, attempt).await;
        self.log_clean_up(self.remove_staged_households("=").await);
        if !matches!(outcome, Ok(Outcome::Done(_))) {
            self.log_clean_up(self.remove_hidden_households().await);
        }
        outcome
    }

    async fn promote_written_households(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let tx = self.store.begin_write().await?;
        if tx.get_database_backend() == DbBackend::Postgres {
            // Without figures of what was written just now it compares each row with each: minutes, not milliseconds.
            for table in ["buildings", "households", "staged_buildings", "staged_households"] {
                execute(&tx, format!("ANALYZE {table}"), []).await?;
            }
        }
        tx.commit().await?;
        with_retries!(self.try_promote_households(located_in, attempt))
    }

    async fn try_promote_households(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let answer = Answer::of(self.id, 1);
        let write = fresh!(self.store.begin_attempt(self.district, attempt, &answer).await?);
        self.require_word(&write.tx).await?;
        let mut updated = 0;
        if self.tally.staged > 0 {
            for update in [UPDATE_BUILDINGS, UPDATE_HOUSEHOLDS] {
                updated += execute(&write.tx, update, [self.district.0.into(), self.id.into()]).await?;
            }
        }
        let summary = self.summary(updated);
        if summary.updated + summary.inserted == 0 {
            // Nothing happened, so nothing is told: the transaction is dropped.
            return Ok(Outcome::Done(summary));
        }
        self.show_rows(&write.tx, districts::Column::HouseholdImport).await?;
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

    /// Whether the district has households or buildings that a file may name.
    pub(super) async fn has_households(&self) -> Result<bool, StoreError> {
        let reader = &self.store.inner.reader;
        let building = buildings::Entity::find().filter(scope::buildings(self.district)).limit(1);
        if building.one(reader).await?.is_some() {
            return Ok(true);
        }
        let household = households::Entity::find()
            .filter(scope::households(&Scope::system(self.district)))
            .filter(Column::SourceId.is_not_null())
            .limit(1);
        Ok(household.one(reader).await?.is_some())
    }

    async fn households_held(&self, rows: &[households::Model]) -> Result<HashMap<String, Held>, StoreError> {
        let mut held = HashMap::with_capacity(rows.len());
        for chunk in rows.chunks(MAX_BINDS / 2).filter(|_| self.has_rows) {
            let sources = chunk.iter().filter_map(|row| row.source_id.as_deref());
            let found = households::Entity::find()
                .select_only()
                .columns([Column::SourceId, Column::Hilbert, Column::BuildingId, Column::CellId])
                .columns([Column::MemberCount, Column::Method, Column::Address])
                .filter(scope::households(&Scope::system(self.district)))
                .filter(among(&self.store.inner.reader, Column::SourceId, sources))
                .into_tuple::<(String, i64, Option<Uuid>, Option<Uuid>, Option<i32>, String, Option<String>)>(
                )
                .all(&self.store.inner.reader)
                .await?;
            held.extend(found.into_iter().map(
                |(source, hilbert, building_id, cell_id, member_count, method, address)| {
                    (source, Held { hilbert, building_id, cell_id, member_count, method, address })
                },
            ));
        }
        Ok(held)
    }

    /// Removes staged rows: `=` its own, `<>` those of imports before.
    pub(super) async fn remove_staged_households(&self, whose: &str) -> Result<(), StoreError> {
        for table in ["staged_households", "staged_buildings"] {
            let sql = format!(
                "DELETE FROM {table} WHERE district_id = $1 AND (import_id, source_id) IN \
                 (SELECT import_id, source_id FROM {table} WHERE district_id = $1 AND import_id {whose} $2 LIMIT {CHUNK_ROWS})"
            );
            self.repeat(&sql, &[self.district.0.into(), self.id.into()]).await?;
        }
        Ok(())
    }
}

/// What a file may say anew of a household that is there.
struct Held {
    hilbert: i64,
    building_id: Option<Uuid>,
    cell_id: Option<Uuid>,
    member_count: Option<i32>,
    method: String,
    address: Option<String>,
}

impl Held {
    /// Gives a row what the file says nothing of.
    fn lend(&self, unsaid: Unsaid, row: &mut households::Model) {
        if unsaid.address {
            row.address.clone_from(&self.address);
            row.search_text = self.address.as_deref().map(search_text).unwrap_or_default();
        }
        if unsaid.member_count {
            row.member_count = self.member_count;
        }
    }

    fn differs(&self, row: &households::Model) -> bool {
        let place = (row.hilbert, row.building_id, row.cell_id, row.member_count);
        place != (self.hilbert, self.building_id, self.cell_id, self.member_count)
            || row.method != self.method
            || row.address != self.address
    }
}

fn values(row: households::Model) -> [Value; 14] {
    [
        row.id.into(),
        row.source_id.into(),
        row.building_id.into(),
        row.address.into(),
        row.search_text.into(),
        row.lon_e7.into(),
        row.lat_e7.into(),
        row.hilbert.into(),
        row.member_count.into(),
        row.cell_id.into(),
        row.method.into(),
        row.distance_to_border_m.into(),
        row.plan_version.into(),
        row.registered_at_us.into(),
    ]
}
