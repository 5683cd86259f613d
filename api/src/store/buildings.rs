//! Buildings: come in by import, are found by id, by what the source calls them and by address. The grid's own: everybody may see them.

use domain::household::Building;
use domain::ids::{BuildingId, DistrictId};
use domain::text::{Address, search_text};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::entity::buildings;
use super::rows::{count, position, to_i32};
use super::{MAX_BINDS, Store, StoreError, hilbert, scope};

impl Store {
    /// Those of some buildings that are there, in no order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn buildings_by_id(
        &self,
        district: DistrictId,
        ids: &[BuildingId],
    ) -> Result<Vec<Building>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(MAX_BINDS) {
            let rows = buildings::Entity::find()
                .filter(scope::buildings(district))
                .filter(buildings::Column::Id.is_in(chunk.iter().map(|id| id.0)))
                .all(&self.inner.reader)
                .await?;
            for row in rows {
                found.push(building_of(row)?);
            }
        }
        Ok(found)
    }

    /// The building that a source calls so.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn building_by_source(
        &self,
        district: DistrictId,
        source_id: &str,
    ) -> Result<Option<Building>, StoreError> {
        let row = buildings::Entity::find()
            .filter(scope::buildings(district))
            .filter(buildings::Column::SourceId.eq(source_id))
            .one(&self.inner.reader)
            .await?;
        row.map(building_of).transpose()
    }

    /// The building at an address, whatever its case and blanks; the same one each time where several have it.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn building_by_address(
        &self,
        district: DistrictId,
        address: &Address,
    ) -> Result<Option<Building>, StoreError> {
        let row = buildings::Entity::find()
            .filter(scope::buildings(district))
            .filter(buildings::Column::SearchText.eq(search_text(address.as_str())))
            .order_by_asc(buildings::Column::Id)
            .one(&self.inner.reader)
            .await?;
        row.map(building_of).transpose()
    }
}

pub(super) fn row_of(building: &Building) -> Result<buildings::Model, StoreError> {
    Ok(buildings::Model {
        district_id: building.district.0,
        id: building.id.0,
        source_id: building.source_id.clone(),
        address: building.address.as_ref().map(|address| address.as_str().to_owned()),
        search_text: searched(building.address.as_ref()),
        lon_e7: building.position.lon_e7(),
        lat_e7: building.position.lat_e7(),
        hilbert: hilbert::key(building.position),
        dwellings: to_i32("dwellings", building.dwellings)?,
        since_import: scope::ALWAYS,
    })
}

pub(super) fn building_of(row: buildings::Model) -> Result<Building, StoreError> {
    const TABLE: &str = "buildings";
    Ok(Building {
        id: BuildingId(row.id),
        district: DistrictId(row.district_id),
        source_id: row.source_id,
        address: address_of(TABLE, row.address.as_deref())?,
        position: position(TABLE, row.lon_e7, row.lat_e7)?,
        dwellings: count(TABLE, "dwellings", row.dwellings)?,
    })
}

pub(super) fn address_of(table: &'static str, stored: Option<&str>) -> Result<Option<Address>, StoreError> {
    let address = stored.map(Address::parse).transpose();
    address.map_err(|problem| StoreError::corrupt(table, "address", problem))
}

/// How an address is searched; empty where there is none.
pub(super) fn searched(address: Option<&Address>) -> String {
    address.map(|address| search_text(address.as_str())).unwrap_or_default()
}
