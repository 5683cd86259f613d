//! The base map: roads and footprints of one version, which an import brings and a promotion puts in place.

use domain::ids::DistrictId;
use geo_tools::{Bounds, Polygon, Position};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::entity::{footprints, roads};
use super::geometry::{corners_e7, decode_area, decode_line};
use super::{Store, StoreError};

/// A road, or a piece of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Road {
    /// What kind: `primary`, `residential`, `footway`.
    pub class: String,
    /// From which zoom on it is drawn, roughly: 0 is the most important.
    pub importance: u8,
    /// Its name.
    pub name: Option<String>,
    /// Where it runs.
    pub line: Vec<Position>,
}

/// The ground that a building stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Footprint {
    /// What kind of building; empty where the source does not say.
    pub kind: String,
    /// Its area.
    pub area: Vec<Polygon>,
}

impl Store {
    /// The roads of a base map that come near a box, as far as they are important enough, in the import's order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn roads(
        &self,
        district: DistrictId,
        basemap_version: i32,
        bounds: &Bounds,
        importance_up_to: u8,
    ) -> Result<Vec<Road>, StoreError> {
        use roads::Column;
        let [west, south, east, north] = corners_e7(bounds);
        let near = Condition::all()
            .add(Column::WestE7.lte(east))
            .add(Column::EastE7.gte(west))
            .add(Column::SouthE7.lte(north))
            .add(Column::NorthE7.gte(south));
        let rows = roads::Entity::find()
            .filter(Column::DistrictId.eq(district.0))
            .filter(Column::BasemapVersion.eq(basemap_version))
            .filter(Column::Importance.lte(i16::from(importance_up_to)))
            .filter(near)
            .order_by_asc(Column::Number)
            .all(&self.inner.reader)
            .await?;
        rows.into_iter().map(road_of).collect()
    }

    /// The footprints of a base map that come near a box, in the import's order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn footprints(
        &self,
        district: DistrictId,
        basemap_version: i32,
        bounds: &Bounds,
    ) -> Result<Vec<Footprint>, StoreError> {
        use footprints::Column;
        let [west, south, east, north] = corners_e7(bounds);
        let near = Condition::all()
            .add(Column::WestE7.lte(east))
            .add(Column::EastE7.gte(west))
            .add(Column::SouthE7.lte(north))
            .add(Column::NorthE7.gte(south));
        let rows = footprints::Entity::find()
            .filter(Column::DistrictId.eq(district.0))
            .filter(Column::BasemapVersion.eq(basemap_version))
            .filter(near)
            .order_by_asc(Column::Number)
            .all(&self.inner.reader)
            .await?;
        rows.into_iter().map(footprint_of).collect()
    }
}

pub(super) fn road_of(row: roads::Model) -> Result<Road, StoreError> {
    let corrupt = |problem| StoreError::corrupt("roads", "line", problem);
    let importance = u8::try_from(row.importance)
        .map_err(|_| StoreError::corrupt("roads", "importance", row.importance))?;
    Ok(Road { class: row.class, importance, name: row.name, line: decode_line(&row.line).map_err(corrupt)? })
}

fn footprint_of(row: footprints::Model) -> Result<Footprint, StoreError> {
    let corrupt = |problem| StoreError::corrupt("footprints", "area", problem);
    Ok(Footprint { kind: row.kind, area: decode_area(&row.area).map_err(corrupt)? })
}
