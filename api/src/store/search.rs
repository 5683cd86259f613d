//! Search by the beginning of a word in addresses, names of roads, and what incidents say.
//!
//! Cells are searched in the plan, in memory. What a scope masks is not searched: a hit would tell what it hides.

use domain::access::{Personal, Scope};
use domain::household::{Building, Household};
use domain::ids::DistrictId;
use domain::incident::Incident;
use domain::text::search_text;
use geo_tools::{Bounds, Position};
use sea_orm::sea_query::LikeExpr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::buildings::building_of;
use super::entity::{buildings, districts, households, incidents, roads};
use super::households::household_of;
use super::incidents::incident_of;
use super::{Store, StoreError, basemap, scope};

/// Something that a search found.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// A building, by its address.
    Building(Building),
    /// A household, by its address.
    Household(Household),
    /// An incident, by what it says.
    Incident(Incident),
    /// A road, by its name; its pieces as one.
    Road {
        /// The name.
        name: String,
        /// The smallest box around its pieces.
        bounds: Bounds,
        /// A position on it.
        position: Position,
    },
}

/// How many pieces of roads are read for one search.
const ROAD_PIECES: u64 = 2_000;

impl Store {
    /// Finds at most so many of each kind: buildings, households, incidents, roads, in this order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn search(
        &self,
        household_scope: &Scope,
        incident_scope: &Scope,
        text: &str,
        limit: u64,
    ) -> Result<Vec<Found>, StoreError> {
        let text = search_text(text);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let district = household_scope.district();
        let mut found = self.search_buildings(district, &text, limit).await?;
        if household_scope.personal() == Personal::Shown {
            found.extend(self.search_households(household_scope, &text, limit).await?);
        }
        if incident_scope.personal() == Personal::Shown {
            found.extend(self.search_incidents(incident_scope, &text, limit).await?);
        }
        found.extend(self.search_roads(district, &text, limit).await?);
        Ok(found)
    }

    async fn search_buildings(
        &self,
        district: DistrictId,
        text: &str,
        limit: u64,
    ) -> Result<Vec<Found>, StoreError> {
        let rows = buildings::Entity::find()
            .filter(scope::buildings(district))
            .filter(begins(buildings::Column::SearchText, text))
            .order_by_asc(buildings::Column::SearchText)
            .order_by_asc(buildings::Column::Id)
            .limit(limit)
            .all(&self.inner.reader)
            .await?;
        rows.into_iter().map(|row| building_of(row).map(Found::Building)).collect()
    }

    async fn search_households(
        &self,
        scope: &Scope,
        text: &str,
        limit: u64,
    ) -> Result<Vec<Found>, StoreError> {
        let rows = households::Entity::find()
            .filter(scope::households(scope))
            .filter(begins(households::Column::SearchText, text))
            .order_by_asc(households::Column::SearchText)
            .order_by_asc(households::Column::Id)
            .limit(limit)
            .all(&self.inner.reader)
            .await?;
        rows.into_iter().map(|row| household_of(row).map(Found::Household)).collect()
    }

    async fn search_incidents(
        &self,
        scope: &Scope,
        text: &str,
        limit: u64,
    ) -> Result<Vec<Found>, StoreError> {
        let rows = incidents::Entity::find()
            .filter(scope::incidents(scope))
            .filter(begins(incidents::Column::SearchText, text))
            .order_by_desc(incidents::Column::ReportedAtUs)
            .order_by_desc(incidents::Column::Id)
            .limit(limit)
            .all(&self.inner.reader)
            .await?;
        rows.into_iter().map(|row| incident_of(row).map(Found::Incident)).collect()
    }

    async fn search_roads(
        &self,
        district: DistrictId,
        text: &str,
        limit: u64,
    ) -> Result<Vec<Found>, StoreError> {
        let in_place = districts::Entity::find_by_id(district.0)
            .select_only()
            .column(districts::Column::BasemapVersion)
            .into_tuple::<i32>()
            .one(&self.inner.reader)
            .await?;
        let Some(basemap_version) = in_place else { return Ok(Vec::new()) };
        let rows = roads::Entity::find()
            .filter(roads::Column::DistrictId.eq(district.0))
            .filter(roads::Column::BasemapVersion.eq(basemap_version))
            .filter(begins(roads::Column::SearchText, text))
            .order_by_asc(roads::Column::SearchText)
            .order_by_asc(roads::Column::Number)
            .limit(ROAD_PIECES)
            .all(&self.inner.reader)
            .await?;
        let mut found: Vec<Found> = Vec::new();
        for row in rows {
            let road = basemap::road_of(row)?;
            let (Some(name), Some(piece)) = (road.name, Bounds::of(road.line.iter().copied())) else {
                continue;
            };
            if let Some(Found::Road { name: last, bounds, .. }) = found.last_mut()
                && *last == name
            {
                *bounds = bounds.union(piece);
                continue;
            }
            if found.len() as u64 == limit {
                break;
            }
            let position = road.line[road.line.len() / 2];
            found.push(Found::Road { name, bounds: piece, position });
        }
        Ok(found)
    }
}

/// The text begins so, or a word in it does.
fn begins(column: impl ColumnTrait, text: &str) -> Condition {
    const ESCAPE: char = '\\';
    let mut literal = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | ESCAPE) {
            literal.push(ESCAPE);
        }
        literal.push(letter);
    }
    let like = |pattern: String| column.like(LikeExpr::new(pattern).escape(ESCAPE));
    Condition::any().add(like(format!("{literal}%"))).add(like(format!("% {literal}%")))
}
