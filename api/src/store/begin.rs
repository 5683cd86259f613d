//! Beginning a transaction so that a caller who gives up leaves none behind.

use std::panic;

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// What a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// Reading a district as it was at one moment.
    Snapshot,
    /// Writing.
    Write,
}

impl Purpose {
    fn options(self, backend: DbBackend) -> TransactionOptions {
        let nothing = TransactionOptions::default();
        match (self, backend) {
            (Self::Snapshot, DbBackend::Postgres) => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..nothing
            },
            // A deferred SQLite transaction that reads and then writes is refused at once when another one wrote in between.
            (Self::Write, DbBackend::Sqlite) => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..nothing
            },
            // SQLite reads are consistent by themselves, and it knows no isolation levels.
            _ => nothing,
        }
    }
}

/// Begins a transaction.
///
/// The driver of PostgreSQL counts a transaction only once BEGIN is answered: who gives up before leaves the connection
/// in one that nobody ends, and the next who gets that connection reads and writes in it. So BEGIN is waited for in a
/// task of its own; where the caller is gone by then, the task drops the transaction as any other. SQLite's driver takes
/// a BEGIN back that nobody waits for.
pub(super) async fn begin(pool: &DatabaseConnection, purpose: Purpose) -> Result<DatabaseTransaction, DbErr> {
    let backend = pool.get_database_backend();
    let options = purpose.options(backend);
    if backend != DbBackend::Postgres {
        return pool.begin_with_options(options).await;
    }
    let pool = pool.clone();
    match tokio::spawn(async move { pool.begin_with_options(options).await }).await {
        Ok(begun) => begun,
        Err(ended) => match ended.try_into_panic() {
            Ok(reason) => panic::resume_unwind(reason),
            Err(_) => Err(DbErr::Conn(RuntimeErr::Internal("the server is stopping".to_owned()))),
        },
    }
}
