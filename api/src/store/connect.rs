//! Opening a database: SQLite with its settings read back and its file locked, or PostgreSQL.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use migrations::Migrator;
use sea_orm::sqlx::Connection;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

use super::{Inner, Store, StoreError, sql_count};

/// How long a writer of another process is waited for: the length of a checkpoint, not of an import.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long somebody waits for a connection: behind other writers, or until a database that restarts takes one again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Readers of SQLite beside its one writer.
const SQLITE_READERS: u32 = 4;

/// Where the database is.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// `sqlite://path/to/file.db` or `postgres://user:password@host/name`.
    pub url: String,
    /// The most connections to PostgreSQL; SQLite has one writer and four readers.
    pub max_connections: u32,
}

impl DatabaseSettings {
    /// A database with the usual number of connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), max_connections: 16 }
    }

    /// The file of a SQLite database that is not there; opening it would make it.
    pub fn missing_file(&self) -> Option<PathBuf> {
        let path = self.sqlite_path().filter(|path| !path.is_file())?;
        Some(std::path::absolute(&path).unwrap_or(path))
    }

    /// The file of a SQLite database.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        let rest = self.url.strip_prefix("sqlite://").or_else(|| self.url.strip_prefix("sqlite:"))?;
        Some(PathBuf::from(rest.split('?').next().unwrap_or(rest)))
    }
}

impl std::fmt::Debug for DatabaseSettings {
    /// Only the scheme of an address over the network: a password may stand before the host and in the query.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = match (self.sqlite_path(), self.url.split_once("://")) {
            (Some(_), _) => self.url.clone(),
            (None, Some((scheme, _))) => format!("{scheme}://…"),
            (None, None) => "…".to_owned(),
        };
        f.debug_struct("DatabaseSettings")
            .field("url", &shown)
            .field("max_connections", &self.max_connections)
            .finish()
    }
}

impl Store {
    /// Opens a database; makes the file of a SQLite database that is not there.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where another server holds the SQLite file, [`StoreError::Setting`] where SQLite did not
    /// keep a setting, [`StoreError::Database`] where the database cannot be reached.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        if let Some(path) = settings.sqlite_path() {
            return connect_sqlite(&path).await;
        }
        if settings.url.starts_with("postgres://") || settings.url.starts_with("postgresql://") {
            return connect_postgres(settings).await;
        }
        let scheme = settings.url.split(':').next().unwrap_or_default().chars().take(20).collect();
        Err(StoreError::UnknownScheme { scheme })
    }

    /// Opens a database that is there, to look only: makes no file, takes no lock, changes no row.
    ///
    /// # Errors
    /// [`StoreError::Absent`] where there is no file; else as [`Store::connect`].
    pub async fn look(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        if let Some(path) = settings.missing_file() {
            return Err(StoreError::Absent { path: path.display().to_string() });
        }
        let file = settings.sqlite_path();
        let reader = match &file {
            Some(path) => {
                let reader = open_sqlite(path, Access::Look).await?;
                read_back(&reader, "journal_mode", "wal").await?;
                read_back(&reader, "query_only", "1").await?;
                reader
            }
            None => {
                let mut options = ConnectOptions::new(settings.url.clone());
                options.sqlx_logging(false).map_sqlx_postgres_opts(|options| {
                    options.options([("default_transaction_read_only", "on")])
                });
                counted(Database::connect(options).await?)
            }
        };
        Ok(Self { inner: Arc::new(Inner { writer: reader.clone(), reader, file, lock: None }) })
    }

    /// Brings the tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(Migrator::up(&self.inner.writer, None).await?)
    }

    /// Whether every migration has run.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        Ok(Migrator::get_pending_migrations_read_only(&self.inner.reader).await?.is_empty())
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.reader.execute_unprepared("SELECT 1").await?;
        Ok(())
    }
}

async fn connect_postgres(settings: &DatabaseSettings) -> Result<Store, StoreError> {
    let mut options = ConnectOptions::new(settings.url.clone());
    options.max_connections(settings.max_connections).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    let pool = counted(Database::connect(options).await?);
    Ok(Store { inner: Arc::new(Inner { writer: pool.clone(), reader: pool, file: None, lock: None }) })
}

async fn connect_sqlite(path: &Path) -> Result<Store, StoreError> {
    let lock = lock_beside(path)?;
    let writer = open_sqlite(path, Access::Write).await?;
    let reader = open_sqlite(path, Access::Read).await?;
    for pool in [&writer, &reader] {
        read_back(pool, "journal_mode", "wal").await?;
        read_back(pool, "synchronous", "2").await?;
        read_back(pool, "foreign_keys", "1").await?;
    }
    read_back(&reader, "query_only", "1").await?;
    Ok(Store { inner: Arc::new(Inner { writer, reader, file: Some(path.to_owned()), lock: Some(lock) }) })
}

pub(super) fn lock_beside(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let place = || PathBuf::from(&name).display().to_string();
    let file = File::create(&name).map_err(|source| StoreError::Lock { path: place(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: place() }),
        Err(TryLockError::Error(source)) => Err(StoreError::Lock { path: place(), source }),
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Access {
    /// Reading what is there, as it is.
    Look,
    Read,
    Write,
}

pub(super) async fn open_sqlite(path: &Path, access: Access) -> Result<DatabaseConnection, StoreError> {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite://");
    options
        .max_connections(if access == Access::Write { 1 } else { SQLITE_READERS })
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        // SQLite takes a transaction back by itself when its disk is full; the driver then goes on counting it, and refuses
        // to begin another. Such a connection is closed, and the next who writes gets a new one.
        .map_sqlx_sqlite_pool_opts(|options| {
            options.after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
        })
        .map_sqlx_sqlite_opts(move |options| {
            let options = options
                .filename(&path)
                .in_memory(false)
                .shared_cache(false)
                .create_if_missing(access == Access::Write)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true);
            match access {
                Access::Look => options.pragma("query_only", "ON"),
                Access::Read => options.journal_mode(SqliteJournalMode::Wal).pragma("query_only", "ON"),
                Access::Write => options.journal_mode(SqliteJournalMode::Wal),
            }
        });
    Ok(counted(Database::connect(options).await?))
}

fn counted(mut pool: DatabaseConnection) -> DatabaseConnection {
    pool.set_metric_callback(|info| sql_count::record(&info.statement.sql));
    pool
}

async fn read_back(
    pool: &DatabaseConnection,
    setting: &'static str,
    wanted: &'static str,
) -> Result<(), StoreError> {
    let statement = sea_orm::Statement::from_string(pool.get_database_backend(), format!("PRAGMA {setting}"));
    let row = pool.query_one_raw(statement).await?;
    let got = match row {
        Some(row) => match row.try_get_by_index::<String>(0) {
            Ok(text) => text,
            Err(_) => row.try_get_by_index::<i64>(0)?.to_string(),
        },
        None => String::new(),
    };
    if got == wanted { Ok(()) } else { Err(StoreError::Setting { setting, got, wanted }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_show_no_password() {
        let shown = |url: &str| format!("{:?}", DatabaseSettings::new(url));
        for url in [
            "postgres://grid:hunter2@db.example/gridward",
            "postgres://db.example/gridward?user=grid&password=hunter2",
            "hunter2",
        ] {
            assert!(!shown(url).contains("hunter2"), "{}", shown(url));
        }
        assert!(shown("sqlite:///srv/gridward.db").contains("/srv/gridward.db"));
    }
}
