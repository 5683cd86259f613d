//! Taking a backup.

use std::path::Path;

use migrations::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

use super::{BackupError, beside, check_pages, make_safe, remove_database, rows, shown, unusable};
use crate::store::begin::{Purpose, begin};
use crate::store::connect::{Access, open_sqlite};
use crate::store::{Store, StoreError};

impl Store {
    /// Writes everything as it is at one moment to a new file. Whoever reads or writes meanwhile does not wait for it.
    ///
    /// # Errors
    /// [`BackupError`]; no file is left then.
    pub async fn back_up(&self, path: &Path) -> Result<(), BackupError> {
        if path.try_exists().map_err(unusable(path))? {
            return Err(BackupError::Exists { path: shown(path) });
        }
        let partial = beside(path, ".partial");
        remove_database(&partial)?;
        let taken = match self.take(&partial).await {
            Ok(()) => finish(&partial, path),
            Err(error) => Err(error),
        };
        if taken.is_err() {
            // What is left of it harms nobody; why it failed is what must be told.
            let _ = remove_database(&partial);
        }
        taken
    }

    async fn take(&self, partial: &Path) -> Result<(), BackupError> {
        match &self.inner.file {
            Some(file) => copy_pages(file, partial).await?,
            None => self.copy_rows(partial).await?,
        }
        let written = open_sqlite(partial, Access::Write).await?;
        check_pages(&written, partial).await?;
        // One file, and no journal beside it that somebody could forget.
        written.execute_unprepared("PRAGMA journal_mode = DELETE").await?;
        Ok(written.close().await?)
    }

    /// Reads every table in one transaction that stands still.
    async fn copy_rows(&self, partial: &Path) -> Result<(), BackupError> {
        let target = open_sqlite(partial, Access::Write).await?;
        Migrator::up(&target, None).await?;
        let source = begin(&self.inner.reader, Purpose::Snapshot).await?;
        let writing = begin(&target, Purpose::Write).await?;
        rows::copy_all(&source, &writing).await?;
        writing.commit().await?;
        checkpoint(&target).await?;
        Ok(target.close().await?)
    }
}

/// Has SQLite copy a file, on a connection of its own. It reads a snapshot; writers go on in the log.
async fn copy_pages(file: &Path, partial: &Path) -> Result<(), BackupError> {
    let name = partial.to_str().ok_or_else(|| {
        unusable(partial)(std::io::Error::new(std::io::ErrorKind::InvalidInput, "its name is not UTF-8"))
    })?;
    let source = open_sqlite(file, Access::Write).await?;
    let copied = source.execute_unprepared(&format!("VACUUM INTO '{}'", name.replace('\'', "''"))).await;
    source.close().await?;
    copied?;
    Ok(())
}

pub(super) async fn checkpoint(database: &DatabaseConnection) -> Result<(), StoreError> {
    database.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    Ok(())
}

fn finish(partial: &Path, path: &Path) -> Result<(), BackupError> {
    make_safe(partial)?;
    std::fs::rename(partial, path).map_err(unusable(path))?;
    make_safe(path)
}
