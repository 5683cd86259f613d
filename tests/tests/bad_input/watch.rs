//! What must not happen meanwhile: a row more or less in any table, a panic on any thread of a server.

use std::collections::BTreeMap;
use std::panic;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tests::app::TestApp;

/// Looks into the database beside the server.
pub(super) struct Rows(DatabaseConnection);

impl Rows {
    pub(super) async fn of(app: &TestApp) -> Self {
        let url = format!("sqlite://{}?mode=ro", app.folder().join("gridward.db").display());
        Self(Database::connect(url).await.expect("the database opens"))
    }

    /// How many rows each table has, but for the one that says which import had the word last.
    pub(super) async fn counts(&self) -> BTreeMap<String, i64> {
        let ask = async |sql: String| {
            let statement = Statement::from_string(self.0.get_database_backend(), sql);
            self.0.query_all_raw(statement).await.expect("a statement")
        };
        let tables = ask("SELECT name FROM sqlite_master WHERE type = 'table'".to_owned()).await;
        let mut counts = BTreeMap::new();
        for table in tables {
            let name: String = table.try_get_by_index(0).expect("a name");
            let rows = ask(format!("SELECT COUNT(*) FROM \"{name}\"")).await;
            counts.insert(name, rows[0].try_get_by_index(0).expect("a count"));
        }
        counts.remove("imports");
        assert!(counts.len() > 15, "these are not all tables: {counts:?}");
        counts
    }
}

/// Hears of every panic in this process, also of one in a task that runs on the test's own thread. A test beside it that
/// fails is heard too: it names itself.
pub(super) struct Panics(Arc<Mutex<Vec<String>>>);

impl Panics {
    pub(super) fn watch() -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (sink, before) = (Arc::clone(&heard), panic::take_hook());
        panic::set_hook(Box::new(move |info| {
            sink.lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
            before(info);
        }));
        Self(heard)
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
