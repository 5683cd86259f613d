//! Backups: the whole database as it was at one moment, in one file, taken while it is written to.
//!
//! The file is a SQLite database with the tables of its day, whichever database it was taken from: what was taken from
//! one can be restored into the other. Taking is in `take`, putting back in `restore`, moving rows between two databases
//! in `rows`.
//!
//! Invariant: a file under its final name is whole and was checked; before that it has another name.
//! Invariant: a restore begins a new epoch of every stream, so that no cursor of what was before means anything.

mod restore;
mod rows;
mod take;

use std::path::{Path, PathBuf};

use domain::district::DistrictCode;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::StoreError;

/// What may become of a database that has districts when another is restored over it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occupied {
    /// It stays, and nothing is restored.
    Keep,
    /// It goes; a SQLite file is kept beside the new one.
    Replace,
}

/// What came of a restore.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// The districts that are there now.
    pub districts: Vec<DistrictCode>,
    /// Where the SQLite file lies now that was there before.
    pub kept: Option<PathBuf>,
}

/// Why a backup was not taken or not restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file is there already.
    #[error("{path} is there already; give the backup another name")]
    Exists {
        /// The file.
        path: String,
    },
    /// The file is something else.
    #[error("{path} is no backup of Gridward: {why}")]
    NoBackup {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file is of a later version.
    #[error("{path} is of a newer Gridward: it has the migration {migration}, which this one does not know")]
    Newer {
        /// The file.
        path: String,
        /// The first migration that is not known.
        migration: String,
    },
    /// The file was damaged or tampered with.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: String,
        /// Where.
        what: String,
    },
    /// The database has districts, and nobody said that they may go.
    #[error("the database has districts already ({codes}); give --replace to put the backup in their place")]
    Occupied {
        /// Their codes.
        codes: String,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be used: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for BackupError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError + use<'_> {
    move |source| BackupError::File { path: shown(path), source }
}

/// A path with something behind its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Removes a SQLite file with its journals, where they are there.
fn remove_database(path: &Path) -> Result<(), BackupError> {
    for ending in ["", "-wal", "-shm", ".lock"] {
        let file = beside(path, ending);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unusable(&file)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes what was written to a file and its name last.
fn make_safe(path: &Path) -> Result<(), BackupError> {
    let synced = std::fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(unusable(path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(unusable(folder))
}

/// Asks SQLite to read every page, and whether each reference leads to a row.
async fn check_pages(database: &DatabaseConnection, path: &Path) -> Result<(), BackupError> {
    for (pragma, good) in [("integrity_check", Some("ok")), ("foreign_key_check", None)] {
        let statement = Statement::from_string(database.get_database_backend(), format!("PRAGMA {pragma}"));
        let rows = database.query_all_raw(statement).await?;
        let first = rows.first().map(|row| row.try_get_by_index::<String>(0)).transpose()?;
        if first.as_deref() != good {
            let what = first.unwrap_or_default();
            return Err(BackupError::Damaged { path: shown(path), what: format!("{pragma}: {what}") });
        }
    }
    Ok(())
}
