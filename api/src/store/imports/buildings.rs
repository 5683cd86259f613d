//! Buildings of an import of households: with as many dwellings as the file says, or as it has households in them.

use std::collections::HashMap;

use domain::household::Building;
use domain::ids::BuildingId;
use domain::text::Address;
use sea_orm::{DatabaseTransaction, EntityTrait, QueryFilter, Value};
use uuid::Uuid;

use super::insert::Columns;
use super::{CHUNK_ROWS, Import, Sorted, among, execute};
use crate::store::buildings::{row_of, searched};
use crate::store::entity::buildings;
use crate::store::rows::to_i32;
use crate::store::{MAX_BINDS, StoreError, scope};

const BUILDING: [&str; 8] =
    ["id", "source_id", "address", "search_text", "lon_e7", "lat_e7", "hilbert", "dwellings"];
const NEW_BUILDINGS: Columns<2, 8> =
    Columns { table: "buildings", shared: ["district_id", "since_import"], each: BUILDING };
const STAGED_BUILDINGS: Columns<2, 8> =
    Columns { table: "staged_buildings", shared: ["district_id", "import_id"], each: BUILDING };

/// Of how many buildings something is said at once: so few that SQLite is quick to find each value by its number.
const SAID_ROWS: usize = 250;
const UPDATE_COUNTS: &str = "UPDATE buildings SET dwellings = counted.column2 FROM (VALUES {said}) AS counted \
    WHERE buildings.district_id = $1 AND buildings.since_import = $2 AND buildings.id = counted.column1";
/// A building that was there already is staged, if it was not, with nothing else changed.
const STAGE_COUNTS: &str = "INSERT INTO staged_buildings (district_id, import_id, id, source_id, address, search_text, \
    lon_e7, lat_e7, hilbert, dwellings) \
    SELECT $1, $2, held.id, held.source_id, held.address, held.search_text, held.lon_e7, held.lat_e7, held.hilbert, \
    counted.column2 FROM (VALUES {said}) AS counted JOIN buildings AS held ON held.id = counted.column1 \
    WHERE held.district_id = $1 \
    ON CONFLICT (district_id, import_id, source_id) DO UPDATE SET dwellings = excluded.dwellings";
const UPDATE_ADDRESSES: &str = "UPDATE buildings SET address = named.column2, search_text = named.column3 \
    FROM (VALUES {said}) AS named \
    WHERE buildings.district_id = $1 AND buildings.since_import = $2 AND buildings.id = named.column1";
/// Of such a building too nothing else is changed.
const STAGE_ADDRESSES: &str = "INSERT INTO staged_buildings (district_id, import_id, id, source_id, address, search_text, \
    lon_e7, lat_e7, hilbert, dwellings) \
    SELECT $1, $2, held.id, held.source_id, named.column2, named.column3, held.lon_e7, held.lat_e7, held.hilbert, \
    held.dwellings FROM (VALUES {said}) AS named JOIN buildings AS held ON held.id = named.column1 \
    WHERE held.district_id = $1 \
    ON CONFLICT (district_id, import_id, source_id) DO UPDATE SET address = excluded.address, \
    search_text = excluded.search_text";

impl Import {
    /// Says of buildings that come next that they have no address: what is there of one is taken away.
    pub fn take_addresses(&mut self, buildings: &[BuildingId]) {
        self.bare_buildings = buildings.iter().filter(|_| self.has_rows).map(|building| building.0).collect();
    }

    /// Writes buildings, before the households that are in them.
    ///
    /// # Errors
    /// [`StoreError::NoSourceId`], [`StoreError::ImportOvertaken`], [`StoreError::Database`] also where a source id comes
    /// twice.
    pub async fn stage_buildings(&mut self, given: &[Building]) -> Result<(), StoreError> {
        for chunk in given.chunks(CHUNK_ROWS) {
            let sorted = self.sorted_buildings(chunk).await?;
            let tx = self.begin_chunk().await?;
            self.write_buildings(&tx, sorted).await?;
            tx.commit().await?;
            self.count_anew("buildings").await?;
        }
        Ok(())
    }

    /// Parts buildings into those that are new and those that are there and differ.
    pub(super) async fn sorted_buildings(&mut self, given: &[Building]) -> Result<Sorted<8>, StoreError> {
        let rows = given.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
        let held = self.buildings_held(&rows).await?;
        let mut sorted = Sorted { new: Vec::with_capacity(rows.len()), changed: Vec::new() };
        for mut row in rows {
            let source = row.source_id.as_deref().ok_or(StoreError::NoSourceId)?;
            let Some(held) = held.get(source) else {
                sorted.new.push(values(row));
                continue;
            };
            self.held_buildings.insert(row.id, held.id);
            // Households that name their building rarely say its address, and take none away that another file gave, unless
            // they say that there is none.
            if row.address.is_none() && !self.bare_buildings.contains(&row.id) {
                row.address.clone_from(&held.address);
                row.search_text.clone_from(&held.search_text);
            }
            if differs(&row, held) {
                sorted.changed.push(values(row));
            }
        }
        self.count_rows(given.len(), sorted.new.len(), sorted.changed.len());
        Ok(sorted)
    }

    pub(super) async fn write_buildings(
        &self,
        tx: &DatabaseTransaction,
        sorted: Sorted<8>,
    ) -> Result<(), StoreError> {
        NEW_BUILDINGS.insert(tx, [self.district.0.into(), self.number.into()], sorted.new).await?;
        STAGED_BUILDINGS.insert(tx, [self.district.0.into(), self.id.into()], sorted.changed).await
    }

    /// Says how many dwellings buildings have that were written with another number of them.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn count_dwellings(&mut self, counts: &[(BuildingId, u32)]) -> Result<(), StoreError> {
        for chunk in counts.chunks(SAID_ROWS) {
            let count = |(building, dwellings): &(BuildingId, u32)| -> Result<[Value; 2], StoreError> {
                Ok([self.own_id(*building).into(), to_i32("dwellings", *dwellings)?.into()])
            };
            let said = chunk.iter().map(count).collect::<Result<Vec<_>, _>>()?;
            self.say(chunk, said, [UPDATE_COUNTS, STAGE_COUNTS]).await?;
        }
        Ok(())
    }

    /// Says the addresses of buildings that were written without one.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn say_addresses(&mut self, addresses: &[(BuildingId, Address)]) -> Result<(), StoreError> {
        for chunk in addresses.chunks(SAID_ROWS) {
            let address = |(building, address): &(BuildingId, Address)| -> [Value; 3] {
                [self.own_id(*building).into(), address.as_str().into(), searched(Some(address)).into()]
            };
            let said = chunk.iter().map(address).collect();
            self.say(chunk, said, [UPDATE_ADDRESSES, STAGE_ADDRESSES]).await?;
        }
        Ok(())
    }

    /// The id of a building of the file that is there already, else the one that it is given.
    fn own_id(&self, building: BuildingId) -> Uuid {
        self.held_buildings.get(&building.0).copied().unwrap_or(building.0)
    }

    /// Writes what is said of each of some buildings: for those that are new, and for those that were there.
    async fn say<T, const COLUMNS: usize>(
        &mut self,
        buildings: &[(BuildingId, T)],
        said: Vec<[Value; COLUMNS]>,
        [update_new, stage_held]: [&str; 2],
    ) -> Result<(), StoreError> {
        let (mut new, mut held) = (Vec::new(), Vec::new());
        for ((building, _), row) in buildings.iter().zip(said) {
            let rows = if self.held_buildings.contains_key(&building.0) { &mut held } else { &mut new };
            rows.push(row);
        }
        self.tally.staged += held.len() as u64;
        let tx = self.begin_chunk().await?;
        self.write_said(&tx, update_new, self.number.into(), new).await?;
        self.write_said(&tx, stage_held, self.id.into(), held).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn write_said<const COLUMNS: usize>(
        &self,
        tx: &DatabaseTransaction,
        sql: &str,
        own: Value,
        said: Vec<[Value; COLUMNS]>,
    ) -> Result<(), StoreError> {
        if said.is_empty() {
            return Ok(());
        }
        let row = |row: usize| {
            let marks = (0..COLUMNS).map(|column| format!("${}", COLUMNS * row + column + 3));
            format!("({})", marks.collect::<Vec<_>>().join(", "))
        };
        let sql = sql.replace("{said}", &(0..said.len()).map(row).collect::<Vec<_>>().join(", "));
        let values = [self.district.0.into(), own].into_iter().chain(said.into_iter().flatten());
        execute(tx, sql, values).await?;
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
                .filter(among(&self.store.inner.reader, buildings::Column::SourceId, sources))
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
