//! Imports: rows are staged in chunks, beside what is in force, and promoted in one short transaction.
//!
//! Start at [`Store::begin_import`](super::Store::begin_import). A later import of the same kind takes over, so that one
//! that broke off blocks nothing. Rows are recognised by their source id: what is there and the same is left alone, and an
//! import that changes nothing writes no event.
//!
//! Invariant: a promotion is one transaction with one event and one audit row, and commits only while its import has the
//! word; one that was cut off before its commit has changed nothing but staged rows, which the next import removes.

mod basemap;
mod households;
mod incidents;

use chrono::{DateTime, Utc};
use domain::ids::DistrictId;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait, QuerySelect, Statement, Value,
};
use uuid::Uuid;

pub use incidents::StagedIncident;

use super::entity::imports;
use super::rows::to_us;
use super::{Store, StoreError};

/// How many staged rows one transaction writes or removes: other writers wait for it no longer than some milliseconds.
const CHUNK_ROWS: usize = 1_000;

/// What is imported. (Cells come as a plan: see [`Store::publish_plan`](super::Store::publish_plan).)
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ImportKind {
    /// Households, and the buildings they are in.
    Households,
    /// Roads and footprints; they replace what was there.
    Basemap,
    /// Incidents that happened before, and their steps.
    Incidents,
}

impl ImportKind {
    /// Its name in events and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Households => "households",
            Self::Basemap => "basemap",
            Self::Incidents => "incidents",
        }
    }
}

/// An import under way.
#[derive(Clone, Debug)]
pub struct Import {
    store: Store,
    district: DistrictId,
    kind: ImportKind,
    id: Uuid,
    /// The version that a staged base map will have; 0 for the other kinds.
    basemap_version: i32,
    staged_roads: i32,
    staged_footprints: i32,
}

/// What a promotion did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImportSummary {
    /// Rows that are new.
    pub inserted: u64,
    /// Rows that were there and changed.
    pub updated: u64,
    /// Rows that were there as they are.
    pub unchanged: u64,
}

impl Store {
    /// Begins an import; one of the same kind that is under way is overtaken.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn begin_import(
        &self,
        district: DistrictId,
        kind: ImportKind,
        id: Uuid,
        at: DateTime<Utc>,
    ) -> Result<Import, StoreError> {
        let row = imports::ActiveModel {
            district_id: Set(district.0),
            what: Set(kind.as_str().to_owned()),
            import_id: Set(id),
            started_at_us: Set(to_us(at)),
        };
        let take_over = OnConflict::columns([imports::Column::DistrictId, imports::Column::What])
            .update_columns([imports::Column::ImportId, imports::Column::StartedAtUs])
            .to_owned();
        let tx = self.begin_write().await?;
        imports::Entity::insert(row).on_conflict(take_over).exec_without_returning(&tx).await?;
        let basemap_version = match kind {
            ImportKind::Households | ImportKind::Incidents => 0,
            ImportKind::Basemap => basemap::next_version(&tx, district).await?,
        };
        tx.commit().await?;
        let import = Import {
            store: self.clone(),
            district,
            kind,
            id,
            basemap_version,
            staged_roads: 0,
            staged_footprints: 0,
        };
        match kind {
            ImportKind::Households => import.remove_overtaken_households().await?,
            ImportKind::Basemap => import.remove_overtaken_basemaps().await?,
            ImportKind::Incidents => import.remove_overtaken_incidents().await?,
        }
        Ok(import)
    }
}

impl Import {
    /// Removes what was staged.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn discard(self) -> Result<(), StoreError> {
        match self.kind {
            ImportKind::Households => self.remove_staged_households().await,
            ImportKind::Basemap => self.remove_basemap(self.basemap_version).await,
            ImportKind::Incidents => self.remove_staged_incidents().await,
        }
    }

    /// What was not cleaned up changes nothing, and the next import removes it: whoever waits gets the answer all the same.
    fn log_clean_up(&self, removed: Result<(), StoreError>) {
        if let Err(error) = removed {
            tracing::warn!(what = self.kind.as_str(), %error, "Staged rows of an import were not removed");
        }
    }

    /// Removes what was staged; a failure is only logged.
    pub async fn give_up(self) {
        let import = self.clone();
        import.log_clean_up(self.discard().await);
    }

    /// Refuses to go on where a later import took over; holds off any that would.
    async fn require_word(&self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        let key = (self.district.0, self.kind.as_str().to_owned());
        let row = imports::Entity::find_by_id(key).lock_exclusive().one(tx).await?;
        match row {
            Some(row) if row.import_id == self.id => Ok(()),
            _ => Err(StoreError::ImportOvertaken { what: self.kind.as_str() }),
        }
    }

    /// Runs a statement again and again, each time in a transaction of its own, until it finds no more rows.
    async fn repeat(&self, sql: &str, values: &[Value]) -> Result<(), StoreError> {
        loop {
            let tx = self.store.begin_write().await?;
            let affected = execute(&tx, sql, values).await?;
            tx.commit().await?;
            if affected == 0 {
                return Ok(());
            }
        }
    }
}

/// Runs a statement with values numbered `$1` and so on, which both databases read.
async fn execute(tx: &DatabaseTransaction, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values.iter().cloned());
    Ok(tx.execute_raw(statement).await?.rows_affected())
}
