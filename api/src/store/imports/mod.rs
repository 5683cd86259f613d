//! Imports: rows are written in chunks, beside what is in force, and promoted in one short transaction.
//!
//! Start at [`Store::begin_import`](super::Store::begin_import). Rows that are new go where they will stay, with the number
//! of their import, and show once their district names that number (see `scope`): a promotion takes as long for a million
//! rows as for one. What a file says anew of rows that are there is staged, and written with the promotion. A later import
//! of the same kind takes over, so that one that broke off blocks nothing. Rows are recognised by their source id: what is
//! there and the same is left alone, and an import that changes nothing writes no event.
//!
//! Invariant: a promotion is one transaction with one event and one audit row, and commits only while its import has the
//! word; one that was cut off before its commit has changed nothing but hidden and staged rows, which the next import
//! removes before it writes its own: no row is hidden whose number is named later.

mod basemap;
mod buildings;
mod hidden;
mod households;
mod incidents;
mod insert;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::ids::DistrictId;
use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    EntityTrait, ExprTrait, QueryFilter, QuerySelect, Statement, Value,
};
use uuid::Uuid;

pub use households::Unsaid;
pub use incidents::StagedIncident;

use super::entity::{districts, imports};
use super::rows::to_us;
use super::{Store, StoreError};

/// How many rows one transaction writes or removes: other writers wait for it, some tens of milliseconds.
const CHUNK_ROWS: usize = 4_000;

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
    /// What its rows carry and the district will name; grows with each import of a kind.
    number: i32,
    /// The version that a staged base map will have; 0 for the other kinds.
    basemap_version: i32,
    staged_roads: i32,
    staged_footprints: i32,
    tally: Tally,
    /// Whether rows are there that a file may name; where there are none, nothing is looked up.
    has_rows: bool,
    /// The ids of buildings of the file that are there already, each with its own.
    held_buildings: HashMap<Uuid, Uuid>,
    /// The ids of buildings of the file that come next and have no address, whatever they had.
    bare_buildings: HashSet<Uuid>,
    /// What the file says nothing of, by the ids of households of it that come next.
    unsaid: HashMap<Uuid, Unsaid>,
}

/// How many rows an import was given, and what became of them.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    given: u64,
    inserted: u64,
    staged: u64,
    /// How many had been inserted when PostgreSQL last counted.
    counted: u64,
}

/// The rows of a chunk: those that are new, and those that are there and differ.
struct Sorted<const COLUMNS: usize> {
    new: Vec<[Value; COLUMNS]>,
    changed: Vec<[Value; COLUMNS]>,
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
            number: Set(1),
        };
        let next = Expr::col((imports::Entity, imports::Column::Number)).add(1);
        let take_over = OnConflict::columns([imports::Column::DistrictId, imports::Column::What])
            .update_columns([imports::Column::ImportId, imports::Column::StartedAtUs])
            .value(imports::Column::Number, next)
            .to_owned();
        let tx = self.begin_write().await?;
        imports::Entity::insert(row).on_conflict(take_over).exec_without_returning(&tx).await?;
        let row = imports::Entity::find_by_id((district.0, kind.as_str().to_owned())).one(&tx).await?;
        let number = row.ok_or(StoreError::ImportOvertaken { what: kind.as_str() })?.number;
        let shown = districts::Entity::find_by_id(district.0).one(&tx).await?;
        let shown = shown.ok_or(StoreError::NoDistrict(district))?;
        let basemap_version = match kind {
            ImportKind::Households | ImportKind::Incidents => 0,
            ImportKind::Basemap => basemap::next_version(&tx, district).await?,
        };
        tx.commit().await?;
        let mut import = Import {
            store: self.clone(),
            district,
            kind,
            id,
            number,
            basemap_version,
            staged_roads: 0,
            staged_footprints: 0,
            tally: Tally::default(),
            has_rows: false,
            held_buildings: HashMap::new(),
            bare_buildings: HashSet::new(),
            unsaid: HashMap::new(),
        };
        match kind {
            ImportKind::Households => {
                import.remove_staged_households("<>").await?;
                if import.may_hide_rows_before(shown.household_import) {
                    import.remove_hidden_households().await?;
                }
                import.has_rows = import.has_households().await?;
            }
            ImportKind::Basemap => import.remove_overtaken_basemaps().await?,
            ImportKind::Incidents if import.may_hide_rows_before(shown.incident_import) => {
                import.remove_hidden_incidents().await?;
            }
            ImportKind::Incidents => {}
        }
        Ok(import)
    }
}

impl Import {
    /// Removes what it wrote.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn discard(self) -> Result<(), StoreError> {
        match self.kind {
            ImportKind::Households => {
                self.remove_staged_households("=").await?;
                self.remove_hidden_households().await
            }
            ImportKind::Basemap => self.remove_basemap(self.basemap_version).await,
            ImportKind::Incidents => self.remove_hidden_incidents().await,
        }
    }

    /// Whether imports before this one may have left rows: not where the last of them is the one that shows.
    fn may_hide_rows_before(&self, shown: i32) -> bool {
        shown < self.number - 1
    }

    /// Begins to write a chunk, unless a later import took over: that one has looked for hidden rows by then.
    async fn begin_chunk(&self) -> Result<DatabaseTransaction, StoreError> {
        let tx = self.store.begin_write().await?;
        self.require_word(&tx).await?;
        Ok(tx)
    }

    /// What was given and neither came in new nor changed anything was there already.
    fn summary(&self, updated: u64) -> ImportSummary {
        let Tally { given, inserted, .. } = self.tally;
        ImportSummary { inserted, updated, unchanged: given.saturating_sub(inserted + updated) }
    }

    /// What was not cleaned up changes nothing, and the next import removes it: whoever waits gets the answer all the same.
    fn log_clean_up(&self, removed: Result<(), StoreError>) {
        if let Err(error) = removed {
            tracing::warn!(what = self.kind.as_str(), %error, "What an import wrote was not removed");
        }
    }

    /// Has PostgreSQL count a table anew whenever it has grown by half. For each row it looks up what the row refers to, by
    /// a plan that may be of a time when there was nothing: it would read the whole table for each.
    async fn count_anew(&mut self, table: &str) -> Result<(), StoreError> {
        let Tally { inserted, counted, .. } = self.tally;
        let writer = &self.store.inner.writer;
        if writer.get_database_backend() == DbBackend::Postgres && inserted > counted + counted / 2 {
            writer.execute_unprepared(&format!("ANALYZE {table}")).await?;
            self.tally.counted = inserted;
        }
        Ok(())
    }

    fn count_rows(&mut self, given: usize, inserted: usize, staged: usize) {
        self.tally.given += given as u64;
        self.tally.inserted += inserted as u64;
        self.tally.staged += staged as u64;
    }

    /// Names this import in its district: from the commit on its rows show.
    async fn show_rows(&self, tx: &DatabaseTransaction, named: districts::Column) -> Result<(), StoreError> {
        districts::Entity::update_many()
            .col_expr(named, Expr::value(self.number))
            .filter(districts::Column::Id.eq(self.district.0))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Removes what it wrote; a failure is only logged.
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
            let affected = execute(&tx, sql, values.iter().cloned()).await?;
            tx.commit().await?;
            if affected == 0 {
                return Ok(());
            }
        }
    }
}

/// Rows that a file names. PostgreSQL takes the names as one array: a list of each length would be another statement to plan.
fn among<'a>(
    database: &DatabaseConnection,
    column: impl ColumnTrait,
    names: impl Iterator<Item = &'a str>,
) -> Expr {
    match database.get_database_backend() {
        DbBackend::Postgres => {
            column.into_expr().eq(PgFunc::any(names.map(str::to_owned).collect::<Vec<String>>()))
        }
        _ => column.is_in(names),
    }
}

/// Runs a statement with values numbered `$1` and so on, which both databases read.
async fn execute(
    tx: &DatabaseTransaction,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, StoreError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}
