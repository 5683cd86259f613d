//! Districts.

use std::sync::Arc;

use domain::district::{District, DistrictCode};
use domain::ids::{DistrictId, PlanVersion};
use domain::rules::Rules;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::entity::{districts, streams};
use super::rows::{from_names, names};
use super::{Store, StoreError};

/// The first epoch of a stream; a restore begins the next.
const FIRST_EPOCH: i64 = 1;

impl Store {
    /// Every district, by code.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn districts(&self) -> Result<Vec<District>, StoreError> {
        let rows =
            districts::Entity::find().order_by_asc(districts::Column::Code).all(&self.inner.reader).await?;
        rows.into_iter().map(district_of).collect()
    }

    /// A district by its code.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn district_by_code(&self, code: &str) -> Result<Option<District>, StoreError> {
        let row = districts::Entity::find()
            .filter(districts::Column::Code.eq(code))
            .one(&self.inner.reader)
            .await?;
        row.map(district_of).transpose()
    }

    /// A district by its id.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn district(&self, id: DistrictId) -> Result<Option<District>, StoreError> {
        districts::Entity::find_by_id(id.0).one(&self.inner.reader).await?.map(district_of).transpose()
    }

    /// Adds a district, with the text that its rules were read from; `false` where its code is taken.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn insert_district(&self, district: &District, rules_text: &str) -> Result<bool, StoreError> {
        let tx = self.begin_write().await?;
        let row = districts::ActiveModel {
            id: Set(district.id.0),
            code: Set(district.code.as_str().to_owned()),
            names: Set(names(&district.names)),
            time_zone: Set(district.time_zone.name().to_owned()),
            exercise: Set(district.exercise),
            attribution: Set(district.attribution.clone()),
            rules_text: Set(rules_text.to_owned()),
            plan_version: Set(district.plan_version.map(|version| version.0)),
            basemap_version: Set(district.basemap_version),
            authorisation_epoch: Set(1),
            household_import: Set(0),
            incident_import: Set(0),
        };
        let inserted = districts::Entity::insert(row)
            .on_conflict_do_nothing_on([districts::Column::Code])
            .exec_without_returning(&tx)
            .await?;
        if !matches!(inserted, sea_orm::TryInsertResult::Inserted(1)) {
            return Ok(false);
        }
        let stream = streams::ActiveModel {
            district_id: Set(district.id.0),
            head: Set(0),
            epoch: Set(FIRST_EPOCH),
            audit_number: Set(0),
            audit_head: Set(vec![0; 32]),
        };
        streams::Entity::insert(stream).exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Grows each time that roles, postings, the tree or the plan change what somebody may see.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn authorisation_epoch(&self, district: DistrictId) -> Result<i64, StoreError> {
        let epoch: Option<i64> = districts::Entity::find_by_id(district.0)
            .select_only()
            .column(districts::Column::AuthorisationEpoch)
            .into_tuple()
            .one(&self.inner.reader)
            .await?;
        epoch.ok_or(StoreError::NoDistrict(district))
    }
}

/// The plan in force.
pub(super) async fn plan_version(
    db: &impl ConnectionTrait,
    district: DistrictId,
) -> Result<Option<PlanVersion>, StoreError> {
    let version: Option<Option<i32>> = districts::Entity::find_by_id(district.0)
        .select_only()
        .column(districts::Column::PlanVersion)
        .into_tuple()
        .one(db)
        .await?;
    Ok(version.ok_or(StoreError::NoDistrict(district))?.map(PlanVersion))
}

/// What may be seen is to be decided again.
pub(super) async fn bump_authorisation_epoch(
    tx: &DatabaseTransaction,
    district: DistrictId,
) -> Result<(), StoreError> {
    let next = Expr::col(districts::Column::AuthorisationEpoch).add(1);
    districts::Entity::update_many()
        .col_expr(districts::Column::AuthorisationEpoch, next)
        .filter(districts::Column::Id.eq(district.0))
        .exec(tx)
        .await?;
    Ok(())
}

fn district_of(row: districts::Model) -> Result<District, StoreError> {
    let corrupt = |column, value: &str| StoreError::corrupt("districts", column, value);
    Ok(District {
        id: DistrictId(row.id),
        code: DistrictCode::parse(&row.code).map_err(|_| corrupt("code", &row.code))?,
        names: from_names("districts", &row.names)?,
        time_zone: row.time_zone.parse().map_err(|_| corrupt("time_zone", &row.time_zone))?,
        exercise: row.exercise,
        attribution: row.attribution,
        plan_version: row.plan_version.map(PlanVersion),
        basemap_version: row.basemap_version,
        rules: Arc::new(Rules::parse(&row.rules_text).map_err(|_| corrupt("rules_text", &row.rules_text))?),
    })
}
