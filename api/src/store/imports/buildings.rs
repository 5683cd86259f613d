//! Buildings of an import of households: those whose dwellings the file says, and those that are counted at its end.

use std::collections::HashMap;

use domain::household::Building;
use domain::ids::BuildingId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};

use super::insert::Columns;
use super::{CHUNK_ROWS, Import, execute};
use crate::store::buildings::row_of;
use crate::store::entity::buildings;
use crate::store::rows::to_i32;
use crate::store::{MAX_BINDS, StoreError, scope};

const BUILDING: [&str; 8] =
    ["id", "source_id", "address", "search_text", "lon_e7", "lat_e7", "hilbert", "dwellings"];
const NEW_BUILDINGS: Columns<2, 8> =
    Columns { table: "buildings", shared: ["district_id", "since_import"], each: BUILDING };
const STAGED_BUILDINGS: Columns<2, 8> =
    Columns { table: "staged_buildings", shared: ["district_id", "import_id"], each: BUILDING };

/// How many dwellings a building has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dwellings {
    /// As the file says.
    Said,
    /// As many as the file has households in it, which only its end will tell.
    Counted,
}

impl Import {
    /// Writes buildings, before the households that are in them.
    ///
    /// # Errors
    /// [`StoreError::NoSourceId`], [`StoreError::ImportOvertaken`], [`StoreError::Database`] also where a source id comes
    /// twice.
    pub async fn stage_buildings(&mut self, buildings: &[Building]) -> Result<(), StoreError> {
        self.write_buildings(buildings, Dwellings::Said).await
    }

    /// Writes buildings whose dwellings are counted at the end, by [`Import::count_dwellings`].
    ///
    /// # Errors
    /// As [`Import::stage_buildings`].
    pub async fn stage_uncounted_buildings(&mut self, buildings: &[Building]) -> Result<(), StoreError> {
        self.write_buildings(buildings, Dwellings::Counted).await
    }

    /// Says how many dwellings buildings have that were written uncounted.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn count_dwellings(&mut self, counts: &[(BuildingId, u32)]) -> Result<(), StoreError> {
        /// So few that SQLite is quick to find each value by its number.
        const COUNTED_ROWS: usize = 250;
        for chunk in counts.chunks(COUNTED_ROWS) {
            let marks = (0..chunk.len()).map(|row| format!("(${}, ${})", 2 * row + 3, 2 * row + 4));
            let marks = marks.collect::<Vec<_>>().join(", ");
            let mut counted: Vec<Value> = Vec::with_capacity(2 * chunk.len());
            for (building, dwellings) in chunk {
                counted.extend([building.0.into(), to_i32("dwellings", *dwellings)?.into()]);
            }
            let own: [(&str, &str, Value); 2] = [
                ("buildings", "since_import", self.number.into()),
                ("staged_buildings", "import_id", self.id.into()),
            ];
            let tx = self.begin_chunk().await?;
            for (table, whose, value) in own {
                let sql = format!(
                    "UPDATE {table} SET dwellings = counted.column2 FROM (VALUES {marks}) AS counted \
                     WHERE {table}.district_id = $1 AND {table}.{whose} = $2 AND {table}.id = counted.column1"
                );
                let values = [self.district.0.into(), value].into_iter().chain(counted.iter().cloned());
                execute(&tx, sql, values).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    async fn write_buildings(&mut self, given: &[Building], dwellings: Dwellings) -> Result<(), StoreError> {
        for chunk in given.chunks(CHUNK_ROWS) {
            let rows = chunk.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
            let held = self.buildings_held(&rows).await?;
            let (mut new, mut changed) = (Vec::with_capacity(rows.len()), Vec::new());
            for row in rows {
                let source = row.source_id.as_deref().ok_or(StoreError::NoSourceId)?;
                let Some(held) = held.get(source) else {
                    new.push(row);
                    continue;
                };
                self.held_buildings.insert(row.id, held.id);
                // What is not counted yet is compared when it is.
                if dwellings == Dwellings::Counted || differs(&row, held) {
                    changed.push(row);
                }
            }
            self.count_rows(chunk.len(), new.len(), changed.len());
            let tx = self.begin_chunk().await?;
            let new = new.into_iter().map(values).collect();
            NEW_BUILDINGS.insert(&tx, [self.district.0.into(), self.number.into()], new).await?;
            let changed = changed.into_iter().map(values).collect();
            STAGED_BUILDINGS.insert(&tx, [self.district.0.into(), self.id.into()], changed).await?;
            tx.commit().await?;
            self.count_anew("buildings").await?;
        }
        Ok(())
    }

    async fn buildings_held(
        &self,
        rows: &[buildings::Model],
    ) -> Result<HashMap<String, buildings::Model>, StoreError> {
        let mut held = HashMap::new();
        for chunk in rows.chunks(MAX_BINDS / 2).filter(|_| self.has_rows) {
            let sources = chunk.iter().filter_map(|row| row.source_id.as_deref());
            let found = buildings::Entity::find()
                .filter(scope::buildings(self.district))
                .filter(buildings::Column::SourceId.is_in(sources))
                .all(&self.store.inner.reader);
            for row in found.await? {
                held.extend(row.source_id.clone().map(|source| (source, row)));
            }
        }
        Ok(held)
    }
}

fn differs(row: &buildings::Model, held: &buildings::Model) -> bool {
    let content = |row: &buildings::Model| (row.hilbert, row.dwellings);
    content(row) != content(held) || row.address != held.address
}

fn values(row: buildings::Model) -> [Value; 8] {
    [
        row.id.into(),
        row.source_id.into(),
        row.address.into(),
        row.search_text.into(),
        row.lon_e7.into(),
        row.lat_e7.into(),
        row.hilbert.into(),
        row.dwellings.into(),
    ]
}
