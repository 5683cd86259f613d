//! The base map: staged as the version after the one in place, which nobody reads yet; promoted by naming it.

use domain::event::Change;
use domain::ids::DistrictId;
use geo_tools::Bounds;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    QueryFilter, Statement, Value,
};

use super::{Import, ImportKind, ImportSummary};
use crate::store::basemap::{Footprint, Road};
use crate::store::entity::{districts, footprints, roads};
use crate::store::geometry::{corners_e7, encode_area, encode_line};
use crate::store::write::{Deed, fresh, with_retries};
use crate::store::{Answer, Attempt, Outcome, StoreError};
use domain::text::search_text;

/// How many rows one statement and its transaction write or remove: some milliseconds.
const STATEMENT_ROWS: usize = 1_000;

/// How many rows two versions have, and how many of the second are not in the first with the same number.
const DIFFERENCE: &str = "SELECT \
    (SELECT COUNT(*) FROM roads WHERE district_id = $1 AND basemap_version = $2) \
    + (SELECT COUNT(*) FROM footprints WHERE district_id = $1 AND basemap_version = $2) AS held, \
    (SELECT COUNT(*) FROM roads WHERE district_id = $1 AND basemap_version = $3) \
    + (SELECT COUNT(*) FROM footprints WHERE district_id = $1 AND basemap_version = $3) AS staged, \
    (SELECT COUNT(*) FROM roads AS held JOIN roads AS staged ON staged.district_id = held.district_id \
        AND staged.number = held.number WHERE held.district_id = $1 AND held.basemap_version = $2 \
        AND staged.basemap_version = $3 AND staged.class = held.class AND staged.importance = held.importance \
        AND staged.name IS NOT DISTINCT FROM held.name AND staged.line = held.line) \
    + (SELECT COUNT(*) FROM footprints AS held JOIN footprints AS staged ON staged.district_id = held.district_id \
        AND staged.number = held.number WHERE held.district_id = $1 AND held.basemap_version = $2 \
        AND staged.basemap_version = $3 AND staged.kind = held.kind AND staged.area = held.area) AS alike";

#[derive(FromQueryResult)]
struct Difference {
    held: i64,
    staged: i64,
    alike: i64,
}

/// A version that no row has yet.
pub(super) async fn next_version(tx: &DatabaseTransaction, district: DistrictId) -> Result<i32, StoreError> {
    let sql = "SELECT MAX(highest) AS highest FROM ( \
        SELECT basemap_version AS highest FROM districts WHERE id = $1 \
        UNION ALL SELECT MAX(basemap_version) FROM roads WHERE district_id = $1 \
        UNION ALL SELECT MAX(basemap_version) FROM footprints WHERE district_id = $1) AS versions";
    let values: [Value; 1] = [district.0.into()];
    let row =
        tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    let highest: Option<i32> = match row {
        Some(row) => row.try_get("", "highest")?,
        None => None,
    };
    Ok(highest.ok_or(StoreError::NoDistrict(district))? + 1)
}

impl Import {
    /// Stages roads, in the order in which they will be drawn; pieces without a position are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stage_roads(&mut self, given: &[Road]) -> Result<(), StoreError> {
        for chunk in given.chunks(STATEMENT_ROWS) {
            let mut rows = Vec::with_capacity(chunk.len());
            for road in chunk {
                let Some(bounds) = Bounds::of(road.line.iter().copied()) else { continue };
                let [west_e7, south_e7, east_e7, north_e7] = corners_e7(&bounds);
                self.staged_roads += 1;
                rows.push(roads::ActiveModel {
                    district_id: Set(self.district.0),
                    basemap_version: Set(self.basemap_version),
                    number: Set(self.staged_roads),
                    class: Set(road.class.clone()),
                    importance: Set(i16::from(road.importance)),
                    name: Set(road.name.clone()),
                    search_text: Set(road.name.as_deref().map(search_text).unwrap_or_default()),
                    west_e7: Set(west_e7),
                    south_e7: Set(south_e7),
                    east_e7: Set(east_e7),
                    north_e7: Set(north_e7),
                    line: Set(encode_line(&road.line)),
                });
            }
            let tx = self.store.begin_write().await?;
            roads::Entity::insert_many(rows).exec_without_returning(&tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Stages footprints; those without a position are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stage_footprints(&mut self, given: &[Footprint]) -> Result<(), StoreError> {
        for chunk in given.chunks(STATEMENT_ROWS) {
            let mut rows = Vec::with_capacity(chunk.len());
            for footprint in chunk {
                let positions = footprint.area.iter().flat_map(|polygon| &polygon.exterior).copied();
                let Some(bounds) = Bounds::of(positions) else { continue };
                let [west_e7, south_e7, east_e7, north_e7] = corners_e7(&bounds);
                self.staged_footprints += 1;
                rows.push(footprints::ActiveModel {
                    district_id: Set(self.district.0),
                    basemap_version: Set(self.basemap_version),
                    number: Set(self.staged_footprints),
                    kind: Set(footprint.kind.clone()),
                    west_e7: Set(west_e7),
                    south_e7: Set(south_e7),
                    east_e7: Set(east_e7),
                    north_e7: Set(north_e7),
                    area: Set(encode_area(&footprint.area)),
                });
            }
            let tx = self.store.begin_write().await?;
            footprints::Entity::insert_many(rows).exec_without_returning(&tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Puts the staged base map in the place of the one before, and removes that.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn promote_basemap(&self, attempt: &Attempt) -> Result<Outcome<ImportSummary>, StoreError> {
        let before = self.store.district(self.district).await?;
        let before = before.ok_or(StoreError::NoDistrict(self.district))?.basemap_version;
        let difference = self.difference(before).await?;
        let alike = difference.alike.unsigned_abs();
        if difference.held == difference.alike && difference.staged == difference.alike {
            self.log_clean_up(self.remove_basemap(self.basemap_version).await);
            return Ok(Outcome::Done(ImportSummary { unchanged: alike, ..ImportSummary::default() }));
        }
        let summary = ImportSummary {
            inserted: difference.staged.unsigned_abs() - alike,
            updated: 0,
            unchanged: alike,
        };
        let outcome = with_retries!(self.try_promote_basemap(before, summary, attempt));
        let removed = match &outcome {
            Ok(Outcome::Done(_)) => self.remove_basemap(before).await,
            // The import that took over may stage under the same number; the next one removes what is left.
            Err(StoreError::ImportOvertaken { .. }) => Ok(()),
            _ => self.remove_basemap(self.basemap_version).await,
        };
        self.log_clean_up(removed);
        outcome
    }

    async fn try_promote_basemap(
        &self,
        before: i32,
        summary: ImportSummary,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let answer = Answer::of(self.id, 1);
        let write = fresh!(self.store.begin_attempt(self.district, attempt, &answer).await?);
        self.require_word(&write.tx).await?;
        let replaced = districts::Entity::update_many()
            .col_expr(districts::Column::BasemapVersion, Expr::value(self.basemap_version))
            .filter(districts::Column::Id.eq(self.district.0))
            .filter(districts::Column::BasemapVersion.eq(before))
            .exec(&write.tx)
            .await?;
        if replaced.rows_affected == 0 {
            return Err(StoreError::ImportOvertaken { what: ImportKind::Basemap.as_str() });
        }
        let locked = write.lock_stream(1).await?;
        let rows = summary.inserted + summary.unchanged;
        let change = Change::Imported { what: ImportKind::Basemap.as_str().to_owned(), rows };
        let deed = Deed { action: "basemap.import", subject: Some(self.id) };
        write.commit(locked, deed, vec![change]).await?;
        Ok(Outcome::Done(summary))
    }

    async fn difference(&self, before: i32) -> Result<Difference, StoreError> {
        let reader = &self.store.inner.reader;
        let values: [Value; 3] = [self.district.0.into(), before.into(), self.basemap_version.into()];
        let statement = Statement::from_sql_and_values(reader.get_database_backend(), DIFFERENCE, values);
        let found = Difference::find_by_statement(statement).one(reader).await?;
        Ok(found.unwrap_or(Difference { held: 0, staged: 0, alike: 0 }))
    }

    /// Removes one version, unless it is in place: a commit whose answer was lost may have put it there.
    pub(super) async fn remove_basemap(&self, version: i32) -> Result<(), StoreError> {
        let which = "basemap_version = $2 AND basemap_version <> (SELECT basemap_version FROM districts WHERE id = $1)";
        self.remove_where(which, &[self.district.0.into(), version.into()]).await
    }

    /// Removes what imports that broke off have left: neither in place, nor this one's.
    pub(super) async fn remove_overtaken_basemaps(&self) -> Result<(), StoreError> {
        let others = "basemap_version <> $2 AND basemap_version <> (SELECT basemap_version FROM districts WHERE id = $1)";
        self.remove_where(others, &[self.district.0.into(), self.basemap_version.into()]).await
    }

    async fn remove_where(&self, which: &str, values: &[Value]) -> Result<(), StoreError> {
        for table in ["roads", "footprints"] {
            let sql = format!(
                "DELETE FROM {table} WHERE district_id = $1 AND (basemap_version, number) IN \
                 (SELECT basemap_version, number FROM {table} WHERE district_id = $1 AND {which} LIMIT {STATEMENT_ROWS})"
            );
            self.repeat(&sql, values).await?;
        }
        Ok(())
    }
}
