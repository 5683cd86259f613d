//! What can go wrong with the database.

use sea_orm::{DbErr, RuntimeErr};

/// Why the store could not answer. What a caller can act on is in [`super::Outcome`]; this is for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused, or could not be reached.
    #[error("the database did not answer as expected")]
    Database(
        #[from]
        #[source]
        DbErr,
    ),
    /// An address that names neither SQLite nor PostgreSQL.
    #[error("the database address begins with {scheme:?}; sqlite:// and postgres:// are allowed")]
    UnknownScheme {
        /// What it begins with.
        scheme: String,
    },
    /// A database that is to be looked at and is not there.
    #[error("there is no database at {path}; gridward migrate makes one")]
    Absent {
        /// The file.
        path: String,
    },
    /// Another server holds the file.
    #[error("another Gridward server runs on {path}; stop it, or ask it through its socket")]
    InUse {
        /// The lock beside the database.
        path: String,
    },
    /// The lock beside the database could not be made.
    #[error("the lock {path} could not be made")]
    Lock {
        /// The lock beside the database.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// SQLite did not keep a setting.
    #[error("SQLite answers {got:?} for {setting}; {wanted:?} is needed")]
    Setting {
        /// The pragma.
        setting: &'static str,
        /// What it says.
        got: String,
        /// What it must say.
        wanted: &'static str,
    },
    /// A row that this program did not write, or that was damaged.
    #[error("a row of {table} holds a {column} that cannot be read: {value:?}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What it holds, cut to 100 characters.
        value: String,
    },
    /// The stored borders are no coverage.
    #[error("the stored borders of plan {version} are no coverage: {first}")]
    CorruptPlan {
        /// The plan.
        version: domain::ids::PlanVersion,
        /// The first problem.
        first: String,
    },
    /// A district that is not there.
    #[error("there is no district {0}")]
    NoDistrict(domain::ids::DistrictId),
    /// A later import of the same kind has begun.
    #[error("a later import of {what} took over; this one is discarded")]
    ImportOvertaken {
        /// What is imported.
        what: &'static str,
    },
    /// A row to be imported that nothing can recognise it by.
    #[error("an imported row needs a source id, by which a second import recognises it")]
    NoSourceId,
    /// A number that a column cannot hold.
    #[error("{value} does not fit into {column}")]
    TooLarge {
        /// The column.
        column: &'static str,
        /// The number.
        value: u64,
    },
}

impl StoreError {
    pub(super) fn corrupt(table: &'static str, column: &'static str, value: impl ToString) -> Self {
        Self::Corrupt { table, column, value: value.to_string().chars().take(100).collect() }
    }

    /// Whether the same transaction may pass when it is tried again: a serialisation failure, a deadlock, a busy file.
    pub fn is_transient(&self) -> bool {
        const SERIALIZATION_FAILURE: &str = "40001";
        const DEADLOCK: &str = "40P01";
        const SQLITE_BUSY: &str = "5";
        const SQLITE_BUSY_SNAPSHOT: &str = "517";
        let Self::Database(
            DbErr::Query(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error)),
        ) = self
        else {
            return false;
        };
        let code = error.as_database_error().and_then(|error| error.code());
        code.is_some_and(|code| {
            [SERIALIZATION_FAILURE, DEADLOCK, SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT].contains(&code.as_ref())
        })
    }
}
