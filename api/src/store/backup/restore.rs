//! Putting a backup in the place of a database that nobody serves.
//!
//! The backup is copied, brought up to date and checked under another name; what is in its place until then stays as it is.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use migrations::Migrator;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, Statement,
};
use sea_orm_migration::MigratorTrait;
use uuid::Uuid;

use super::take::checkpoint;
use super::{
    BackupError, Occupied, Restored, beside, check_pages, make_safe, remove_database, rows, shown, unusable,
};
use crate::store::audit::AuditChain;
use crate::store::begin::{Purpose, begin};
use crate::store::connect::{Access, lock_beside, open_sqlite};
use crate::store::entity::{districts, streams};
use crate::store::rows::to_us;
use crate::store::write::Deed;
use crate::store::{Attempt, DatabaseSettings, Store, StoreError};

/// How every SQLite file begins.
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// The epoch of each stream.
type Epochs = HashMap<Uuid, i64>;

impl Store {
    /// Checks a backup and puts it in the place of the database of some settings.
    ///
    /// # Errors
    /// [`BackupError`]; the database is as it was then. [`StoreError::InUse`] where a server runs on it.
    pub async fn restore(
        settings: &DatabaseSettings,
        backup: &Path,
        occupied: Occupied,
        at: DateTime<Utc>,
    ) -> Result<Restored, BackupError> {
        check_header(backup)?;
        match settings.sqlite_path() {
            Some(target) => restore_file(&target, backup, occupied, at).await,
            None => restore_rows(settings, backup, occupied, at).await,
        }
    }

    async fn close(self) -> Result<(), StoreError> {
        checkpoint(&self.inner.writer).await?;
        self.inner.reader.clone().close().await?;
        Ok(self.inner.writer.clone().close().await?)
    }
}

async fn restore_file(
    target: &Path,
    backup: &Path,
    occupied: Occupied,
    at: DateTime<Utc>,
) -> Result<Restored, BackupError> {
    let _lock = lock_beside(target)?;
    let before = if target.exists() { settled(target, occupied).await? } else { Epochs::new() };
    let copy = beside(target, ".restoring");
    let districts = match prepared(backup, &copy, &before, at).await {
        Ok(store) => {
            let codes = codes(&store).await?;
            store.close().await?;
            codes
        }
        Err(error) => {
            // What is left of it harms nobody; why it failed is what must be told.
            let _ = remove_database(&copy);
            return Err(error);
        }
    };
    make_safe(&copy)?;
    let kept = target.exists().then(|| set_aside(target)).transpose()?;
    std::fs::rename(&copy, target).map_err(unusable(target))?;
    make_safe(target)?;
    remove_database(&copy)?;
    Ok(Restored { districts, kept })
}

/// The epochs of the database that is to go, all of it in one file; refused where it has districts that shall stay. One that
/// cannot be read goes only where somebody said so.
async fn settled(target: &Path, occupied: Occupied) -> Result<Epochs, BackupError> {
    let read = async {
        let database = open_sqlite(target, Access::Write).await?;
        let found = epochs_and_codes(&database).await;
        checkpoint(&database).await?;
        database.close().await?;
        found
    };
    match (read.await, occupied) {
        (Ok((_, codes)), Occupied::Keep) if !codes.is_empty() => {
            Err(BackupError::Occupied { codes: codes.join(", ") })
        }
        (Ok((epochs, _)), _) => Ok(epochs),
        (Err(error), Occupied::Keep) => Err(error.into()),
        (Err(_), Occupied::Replace) => Ok(Epochs::new()),
    }
}

/// Of a database without our tables: nothing.
async fn epochs_and_codes(database: &DatabaseConnection) -> Result<(Epochs, Vec<String>), StoreError> {
    if !has_table(database, "districts").await? {
        return Ok((Epochs::new(), Vec::new()));
    }
    let districts = districts::Entity::find().all(database).await?;
    let streams = streams::Entity::find().all(database).await?;
    let epochs = streams.into_iter().map(|stream| (stream.district_id, stream.epoch)).collect();
    Ok((epochs, districts.into_iter().map(|district| district.code).collect()))
}

async fn has_table(database: &DatabaseConnection, table: &str) -> Result<bool, StoreError> {
    let backend = database.get_database_backend();
    let catalogue = match backend {
        DbBackend::Postgres => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema()"
        }
        _ => "SELECT 1 FROM sqlite_schema WHERE type = 'table'",
    };
    let name = if backend == DbBackend::Postgres { "table_name" } else { "name" };
    let sql = format!("{catalogue} AND {name} = $1");
    let statement = Statement::from_sql_and_values(backend, sql, [table.into()]);
    Ok(database.query_one_raw(statement).await?.is_some())
}

/// Moves the file that was there out of the way, with what of its journals could not be taken into it.
fn set_aside(target: &Path) -> Result<PathBuf, BackupError> {
    let kept = beside(target, ".before-restore");
    remove_database(&kept)?;
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (beside(target, ending), beside(&kept, ending));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unusable(&from)(error));
            }
            _ => {}
        }
    }
    Ok(kept)
}

/// Replaces every row in one transaction.
async fn restore_rows(
    settings: &DatabaseSettings,
    backup: &Path,
    occupied: Occupied,
    at: DateTime<Utc>,
) -> Result<Restored, BackupError> {
    let alone = DatabaseSettings { max_connections: 1, ..settings.clone() };
    let target = Store::connect(&alone).await?;
    nobody_else(&target).await?;
    target.migrate().await?;
    let (before, codes_before) = epochs_and_codes(&target.inner.writer).await?;
    if occupied == Occupied::Keep && !codes_before.is_empty() {
        return Err(BackupError::Occupied { codes: codes_before.join(", ") });
    }
    let folder = tempfile::tempdir().map_err(unusable(&std::env::temp_dir()))?;
    let source = prepared(backup, &folder.path().join("restoring.db"), &before, at).await?;
    let reading = begin(&source.inner.reader, Purpose::Snapshot).await?;
    let writing = begin(&target.inner.writer, Purpose::Write).await?;
    rows::remove_all(&writing).await?;
    rows::copy_all(&reading, &writing).await?;
    writing.commit().await?;
    Ok(Restored { districts: codes(&source).await?, kept: None })
}

/// PostgreSQL has no lock of ours: whoever is connected may be a server.
async fn nobody_else(target: &Store) -> Result<(), StoreError> {
    let sql = "SELECT COUNT(*) AS others FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = target.inner.writer.query_one_raw(statement).await?;
    let others: i64 = row.map(|row| row.try_get("", "others")).transpose()?.unwrap_or_default();
    if others == 0 {
        return Ok(());
    }
    Err(StoreError::InUse { path: format!("this PostgreSQL database ({others} connections)") })
}

async fn codes(store: &Store) -> Result<Vec<domain::district::DistrictCode>, BackupError> {
    Ok(store.districts().await?.into_iter().map(|district| district.code).collect())
}

fn check_header(backup: &Path) -> Result<(), BackupError> {
    let mut header = Vec::new();
    let file = std::fs::File::open(backup).map_err(unusable(backup))?;
    file.take(SQLITE_HEADER.len() as u64).read_to_end(&mut header).map_err(unusable(backup))?;
    if header != SQLITE_HEADER {
        return Err(no_backup(backup, "it does not begin as one"));
    }
    Ok(())
}

fn no_backup(path: &Path, why: &str) -> BackupError {
    BackupError::NoBackup { path: shown(path), why: why.to_owned() }
}

/// A copy of a backup that was checked, brought up to date, checked again, and begins new epochs.
async fn prepared(
    backup: &Path,
    copy: &Path,
    before: &Epochs,
    at: DateTime<Utc>,
) -> Result<Store, BackupError> {
    remove_database(copy)?;
    let (from, to) = (backup.to_owned(), copy.to_owned());
    let copied = tokio::task::spawn_blocking(move || std::fs::copy(from, to)).await;
    copied.map_err(std::io::Error::other).flatten().map_err(unusable(backup))?;
    check_tables(backup, copy).await.map_err(|error| damaged(backup, error))?;
    let settings = DatabaseSettings::new(format!("sqlite://{}", copy.display()));
    let store = Store::connect(&settings).await?;
    store.migrate().await?;
    for district in store.districts().await.map_err(|error| damaged(backup, error.into()))? {
        check_district(&store, &district, backup).await?;
        begin_epoch(&store, district.id, before, at).await?;
    }
    Ok(store)
}

/// What SQLite itself finds wrong with a file is damage, whatever it was asked.
fn damaged(backup: &Path, error: BackupError) -> BackupError {
    match error {
        BackupError::Store(error) if error.outage().is_none() => {
            BackupError::Damaged { path: shown(backup), what: error.to_string() }
        }
        error => error,
    }
}

/// That the pages are whole, and the tables ours and of no later version.
async fn check_tables(backup: &Path, copy: &Path) -> Result<(), BackupError> {
    let database = open_sqlite(copy, Access::Write).await?;
    if !has_table(&database, "seaql_migrations").await? || !has_table(&database, "districts").await? {
        return Err(no_backup(backup, "it has other tables"));
    }
    let known = Migrator::migrations();
    let known: Vec<&str> = known.iter().map(|migration| migration.name()).collect();
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let statement = Statement::from_string(database.get_database_backend(), sql);
    for row in database.query_all_raw(statement).await? {
        let migration: String = row.try_get("", "version")?;
        if !known.contains(&migration.as_str()) {
            return Err(BackupError::Newer { path: shown(backup), migration });
        }
    }
    check_pages(&database, backup).await?;
    Ok(database.close().await?)
}

/// That the audit chain is whole and the plan in force a coverage.
async fn check_district(
    store: &Store,
    district: &domain::district::District,
    backup: &Path,
) -> Result<(), BackupError> {
    let code = district.code.as_str();
    let damaged = |what: String| BackupError::Damaged { path: shown(backup), what };
    if let AuditChain::BrokenAt { number } = store.verify_audit(district.id).await? {
        return Err(damaged(format!("the audit chain of {code} is broken at row {number}")));
    }
    let Some(version) = district.plan_version else { return Ok(()) };
    match store.load_plan(district.id, version).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(damaged(format!("plan {version} of {code} is missing"))),
        Err(error) => Err(damaged(format!("plan {version} of {code}: {error}"))),
    }
}

/// Begins an epoch that no stream of the district had: later than the backup's, than that of the database it replaces, and
/// than any that an earlier restore of the same backup began.
async fn begin_epoch(
    store: &Store,
    district: domain::ids::DistrictId,
    before: &Epochs,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let write = store.begin_keyless(district, &Attempt::by_system(at)).await?;
    let locked = write.lock_stream(0).await?;
    let replaced = before.get(&district.0).copied().unwrap_or_default();
    let epoch = to_us(at).max(locked.epoch() + 1).max(replaced + 1);
    streams::Entity::update_many()
        .col_expr(streams::Column::Epoch, Expr::value(epoch))
        .filter(streams::Column::DistrictId.eq(district.0))
        .exec(&write.tx)
        .await?;
    write.commit(locked, Deed { action: "database.restore", subject: None }, Vec::new()).await?;
    Ok(())
}
