//! What clients were told, and what the database holds: compared by SQL and a seal computed here, not by the store's code.

use std::collections::HashSet;

use chrono::DateTime;
use domain::audit::{AuditEntry, seal};
use domain::ids::UserId;
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel,
    QueryResult, Statement, TransactionTrait,
};
use serde_json::Value;
use tests::world;
use uuid::Uuid;

/// How many rows one statement names by their ids.
const AT_ONCE: usize = 500;

/// The district's books: how far they were compared, and who was told what.
#[derive(Debug, Default)]
pub(crate) struct Books {
    url: String,
    events: i64,
    entries: i64,
    seal: [u8; 32],
    /// The texts of the reports that the stream has told of, and of those that were acknowledged.
    told: HashSet<String>,
    acknowledged: HashSet<String>,
}

impl Books {
    pub(crate) fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// From now on the database is looked at there.
    pub(crate) fn open(&mut self, url: String) {
        self.url = url;
    }

    /// Somebody was told that their report is filed; each report has a text of its own.
    pub(crate) fn acknowledge(&mut self, text: &str) {
        assert!(self.acknowledged.insert(text.to_owned()), "{text} was acknowledged before");
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// Compares what came since the last look: the stream is gapless, the chain whole, each report there once with all its
    /// parts, and every acknowledged one among them.
    ///
    /// The connection is new and closed at the end, so that a killed server leaves its files to nobody but the next.
    pub(crate) async fn compare(&mut self) {
        let database = Database::connect(&self.url).await.expect("the database answers");
        let moment = one_moment(&database).await;
        let filed = self.compare_stream(&moment).await;
        self.compare_chain(&moment).await;
        for some in filed.chunks(AT_ONCE) {
            let texts = texts(&moment, some).await;
            assert_eq!(texts.len(), some.len(), "each report that was told is there");
            for text in texts {
                assert!(self.told.insert(text.clone()), "{text} is there twice");
            }
        }
        whole_reports(&moment, self.told.len() as i64).await;
        let lost: Vec<&String> = self.acknowledged.difference(&self.told).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        drop(moment);
        database.close().await.expect("the connection closes");
    }

    /// The same, and reads everything that was ever acknowledged once more.
    pub(crate) async fn compare_all(&mut self) {
        self.compare().await;
        let database = Database::connect(&self.url).await.expect("the database answers");
        let moment = one_moment(&database).await;
        let held = rows(&moment, "SELECT text FROM incidents").await;
        let held: HashSet<String> = held.iter().map(|row| get(row, "text")).collect();
        let lost: Vec<&String> = self.acknowledged.difference(&held).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        drop(moment);
        database.close().await.expect("the connection closes");
    }

    /// The reports that were filed since the last look.
    async fn compare_stream(&mut self, moment: &DatabaseTransaction) -> Vec<Uuid> {
        let sql = format!("SELECT number, change FROM events WHERE number > {} ORDER BY number", self.events);
        let mut filed = Vec::new();
        for row in rows(moment, &sql).await {
            let number: i64 = get(&row, "number");
            assert_eq!(number, self.events + 1, "the stream has a gap or an event twice");
            let change: Value = serde_json::from_str(&get::<String>(&row, "change")).expect("JSON");
            if change["kind"] == "incident" && change["before"].is_null() {
                filed.push(change["id"].as_str().expect("an id").parse().expect("a UUID"));
            }
            self.events = number;
        }
        let head: i64 = get(&stream(moment).await, "head");
        assert_eq!(head, self.events, "the head is the last event");
        filed
    }

    async fn compare_chain(&mut self, moment: &DatabaseTransaction) {
        let sql = format!(
            "SELECT number, at_us, actor_id, action, subject_id, seal FROM audit WHERE number > {} ORDER BY number",
            self.entries
        );
        for row in rows(moment, &sql).await {
            let number: i64 = get(&row, "number");
            assert_eq!(number, self.entries + 1, "the chain has a gap or an entry twice");
            let entry = AuditEntry {
                at: DateTime::from_timestamp_micros(get(&row, "at_us")).expect("a time"),
                actor: get::<Option<Uuid>>(&row, "actor_id").map(UserId),
                action: get(&row, "action"),
                subject: get(&row, "subject_id"),
            };
            self.seal = seal(&self.seal, number, &entry);
            assert_eq!(
                get::<Vec<u8>>(&row, "seal"),
                self.seal,
                "entry {number} is sealed over the one before"
            );
            self.entries = number;
        }
        let stream = stream(moment).await;
        assert_eq!(get::<i64>(&stream, "audit_number"), self.entries);
        if self.entries > 0 {
            assert_eq!(get::<Vec<u8>>(&stream, "audit_head"), self.seal, "the head is the last seal");
        }
    }
}

/// Every report has its text to itself, one first step and one client key.
async fn whole_reports(moment: &DatabaseTransaction, filed: i64) {
    let sql = "SELECT (SELECT COUNT(*) FROM incidents) AS incidents, \
        (SELECT COUNT(DISTINCT text) FROM incidents) AS texts, \
        (SELECT COUNT(*) FROM incident_steps WHERE version = 1) AS steps, \
        (SELECT COUNT(*) FROM idempotency) AS client_keys, \
        (SELECT COUNT(*) FROM incidents i WHERE NOT EXISTS (SELECT 1 FROM incident_steps s \
            WHERE s.district_id = i.district_id AND s.incident_id = i.id)) AS stepless, \
        (SELECT COUNT(*) FROM idempotency k WHERE NOT EXISTS (SELECT 1 FROM incidents i \
            WHERE i.district_id = k.district_id AND i.id = k.subject_id)) AS idle_keys";
    let row = &rows(moment, sql).await[0];
    let counts = ["incidents", "texts", "steps", "client_keys"].map(|name| get::<i64>(row, name));
    assert_eq!(counts, [filed; 4], "incidents, texts, first steps and client keys, beside the events");
    let torn = ["stepless", "idle_keys"].map(|name| get::<i64>(row, name));
    assert_eq!(torn, [0, 0], "incidents without a step, keys without an incident");
}

async fn texts(moment: &DatabaseTransaction, ids: &[Uuid]) -> Vec<String> {
    let places: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!("SELECT text FROM incidents WHERE district_id = $1 AND id IN ({})", places.join(", "));
    let values = std::iter::once(world::DISTRICT_ID.0).chain(ids.iter().copied()).map(sea_orm::Value::from);
    let statement = Statement::from_sql_and_values(moment.get_database_backend(), sql, values);
    let rows = moment.query_all_raw(statement).await.expect("a statement");
    rows.iter().map(|row| get(row, "text")).collect()
}

/// All that is read is of one moment, whatever a dead server's last transaction still does.
async fn one_moment(database: &DatabaseConnection) -> DatabaseTransaction {
    let isolation =
        (database.get_database_backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
    database.begin_with_config(isolation, None).await.expect("a transaction")
}

async fn stream(moment: &DatabaseTransaction) -> QueryResult {
    let id = world::DISTRICT_ID.0;
    let backend = moment.get_database_backend();
    let sql = "SELECT head, audit_number, audit_head FROM streams WHERE district_id = $1";
    let statement = Statement::from_sql_and_values(backend, sql, [id.into()]);
    moment.query_one_raw(statement).await.expect("a statement").expect("the district is there")
}

async fn rows(moment: &DatabaseTransaction, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(moment.get_database_backend(), sql);
    moment.query_all_raw(statement).await.expect("a statement")
}

fn get<T: sea_orm::TryGetable>(row: &QueryResult, column: &str) -> T {
    row.try_get("", column).unwrap_or_else(|problem| panic!("{column}: {problem}"))
}
