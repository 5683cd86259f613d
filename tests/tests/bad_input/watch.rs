//! What must not happen meanwhile: a row more, less or another in any table, a panic on any thread of a server.

use std::collections::BTreeMap;
use std::panic;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tests::app::TestApp;

/// Looks into the database beside the server.
pub(super) struct Rows(DatabaseConnection);

/// Every row of every table, written out.
pub(super) type Contents = BTreeMap<String, Vec<String>>;

impl Rows {
    pub(super) async fn of(app: &TestApp) -> Self {
        let url = format!("sqlite://{}?mode=ro", app.folder().join("gridward.db").display());
        Self(Database::connect(url).await.expect("the database opens"))
    }

    /// What stands in the tables, but for the one that says which import had the word last.
    pub(super) async fn contents(&self) -> Contents {
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut contents = BTreeMap::new();
        for table in self.texts(tables).await {
            if table == "imports" {
                continue;
            }
            let columns = self.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
            let rows =
                format!("SELECT {} AS a_row FROM \"{table}\" ORDER BY a_row", quoted.join(" || ', ' || "));
            contents.insert(table, self.texts(&rows).await);
        }
        assert!(contents.len() > 15, "these are not all tables: {:?}", contents.keys());
        assert!(!contents["streams"].is_empty(), "the heads of the streams are among them");
        contents
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await.expect("a statement");
        rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
    }
}

/// Rows that one has and the other has not, each behind its table.
pub(super) fn differences(before: &Contents, after: &Contents) -> Vec<String> {
    let lacking = |word: &str, these: &Contents, those: &Contents| {
        let of_table = |(table, rows): (&String, &Vec<String>)| {
            let other = those.get(table).map_or(&[][..], Vec::as_slice);
            let odd = rows.iter().filter(|row| !other.contains(row));
            odd.map(|row| format!("{word} {table}: {row:.200}")).collect::<Vec<String>>()
        };
        these.iter().flat_map(of_table).collect::<Vec<String>>()
    };
    let mut found = lacking("gone from", before, after);
    found.extend(lacking("new in", after, before));
    if found.is_empty() && before != after {
        found.push("a row that stood there stands there twice, or no longer".to_owned());
    }
    found
}

#[tokio::test]
async fn a_row_that_was_changed_in_its_place_is_seen() {
    let app = TestApp::start().await;
    let beside = Rows::of(&app).await;
    let before = beside.contents().await;
    assert_eq!(differences(&before, &beside.contents().await), Vec::<String>::new());
    let url = format!("sqlite://{}", app.folder().join("gridward.db").display());
    let inside = Database::connect(url).await.expect("the database opens");
    inside.execute_unprepared("UPDATE streams SET head = head + 1").await.expect("a statement");
    let found = differences(&before, &beside.contents().await);
    let tables: Vec<&str> = found.iter().filter_map(|found| found.split(':').next()).collect();
    assert_eq!(tables, ["gone from streams", "new in streams"], "{found:?}");
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
