//! What can go wrong with the database.

use sea_orm::sqlx;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

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
    /// A database that is to be there and is not.
    #[error(
        "there is no database at {path}: look at --data-dir and --database-url; gridward migrate makes a new one"
    )]
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

    /// Whether the same transaction may pass when it is tried again at once: a serialisation failure, a deadlock, a
    /// snapshot that got old. A locked file was waited for already.
    pub fn is_transient(&self) -> bool {
        const SERIALIZATION_FAILURE: &str = "40001";
        const DEADLOCK: &str = "40P01";
        const SQLITE_BUSY_SNAPSHOT: &str = "517";
        let code = self.driver_error().and_then(code_of);
        code.is_some_and(|code| {
            [SERIALIZATION_FAILURE, DEADLOCK, SQLITE_BUSY_SNAPSHOT].contains(&code.as_str())
        })
    }

    /// Why the database cannot do it now though the same may pass later; `None` for everything else.
    pub fn outage(&self) -> Option<Outage> {
        if let Self::Database(DbErr::ConnectionAcquire(
            ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed,
        )) = self
        {
            return Some(Outage::Unreachable);
        }
        let error = self.driver_error()?;
        match code_of(error) {
            Some(code) => Outage::of_code(&code),
            None => is_connection_lost(error).then_some(Outage::Unreachable),
        }
    }

    fn driver_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(
                DbErr::Conn(RuntimeErr::SqlxError(error))
                | DbErr::Query(RuntimeErr::SqlxError(error))
                | DbErr::Exec(RuntimeErr::SqlxError(error)),
            ) => Some(error),
            _ => None,
        }
    }
}

fn code_of(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned())
}

fn is_connection_lost(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_)
    )
}

/// Why a database that is well otherwise does not take or give anything now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outage {
    /// Its disk takes no more.
    Full,
    /// Another program holds it.
    Locked,
    /// It is down, restarting, or cut off.
    Unreachable,
}

impl Outage {
    /// By the code of PostgreSQL (five characters) or SQLite (a number, whose last byte is the kind).
    fn of_code(code: &str) -> Option<Self> {
        const SQLITE_KIND: u32 = 0xff;
        if code.len() < 5 {
            return match code.parse::<u32>().ok()? & SQLITE_KIND {
                // SQLITE_FULL; SQLITE_IOERR is what a quota or a failing disk answers.
                13 | 10 => Some(Self::Full),
                // SQLITE_BUSY, SQLITE_LOCKED.
                5 | 6 => Some(Self::Locked),
                // SQLITE_READONLY, SQLITE_CANTOPEN: the file or its folder went away, or its disk was mounted anew.
                8 | 14 => Some(Self::Unreachable),
                _ => None,
            };
        }
        match code {
            // disk_full; io_error.
            "53100" | "58030" => Some(Self::Full),
            // lock_not_available; a serialisation failure or deadlock that all tries met.
            "55P03" | "40001" | "40P01" => Some(Self::Locked),
            // read_only_sql_transaction: a standby that is not in charge.
            "25006" => Some(Self::Unreachable),
            // Connection exceptions, too few resources, an operator's intervention.
            _ if ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) => Some(Self::Unreachable),
            _ => None,
        }
    }
}

impl std::fmt::Display for Outage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full => "the disk of the database takes no more",
            Self::Locked => "the database is held by another program",
            Self::Unreachable => "the database cannot be reached",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_an_error_of_the_statement() {
        let cases = [
            ("13", Some(Outage::Full)),
            ("778", Some(Outage::Full)),
            ("5", Some(Outage::Locked)),
            ("261", Some(Outage::Locked)),
            ("14", Some(Outage::Unreachable)),
            ("1", None),
            ("2067", None),
            ("11", None),
            ("53100", Some(Outage::Full)),
            ("53300", Some(Outage::Unreachable)),
            ("55P03", Some(Outage::Locked)),
            ("57P01", Some(Outage::Unreachable)),
            ("57014", None),
            ("08006", Some(Outage::Unreachable)),
            ("23505", None),
            ("42601", None),
        ];
        for (code, expected) in cases {
            assert_eq!(Outage::of_code(code), expected, "{code}");
        }
    }
}
