//! Which SQL statements one request made: tests write them down beside each operation.
//!
//! BEGIN and COMMIT are not seen. What runs in a task of its own is counted when that task was made by [`spawn`].

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static STATEMENTS: SqlCount;
}

/// The statements of one request.
#[derive(Clone, Default, Debug)]
pub struct SqlCount(Arc<Mutex<Vec<String>>>);

impl SqlCount {
    /// Runs something and writes down its statements here.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        STATEMENTS.scope(self.clone(), future).await
    }

    /// The statements so far, in the order they ended.
    pub fn statements(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, sql: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sql.to_owned());
    }
}

/// Runs something in a task of its own that still counts for the request: for DataLoaders.
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match STATEMENTS.try_with(Clone::clone) {
        Ok(count) => tokio::spawn(STATEMENTS.scope(count, future)),
        Err(_) => tokio::spawn(future),
    }
}

/// Writes a statement down for the request that is running, if anybody counts it.
pub(super) fn record(sql: &str) {
    // Nobody counts outside tests: then there is no task-local, and nothing to do.
    let _uncounted = STATEMENTS.try_with(|count| count.add(sql));
}
