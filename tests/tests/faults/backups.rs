//! Backups taken while reports come in, and restored: everything that was acknowledged before is there, cursors of what was
//! are not taken for cursors of what is, and what is no backup changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use api::clock::Clock;
use api::config::{Overrides, Secret};
use api::service::admin::{AdminAnswer, AdminCommand};
use api::service::import::Progress;
use api::store::audit::AuditChain;
use api::store::backup::{BackupError, Occupied, Restored};
use api::store::{DatabaseSettings, Store, StoreError};
use domain::event::EventNumber;
use domain::viewer::Role;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::json;
use tests::app::TestApp;
use tests::postgres::Postgres;
use tests::subscriber::Subscriber;
use tests::world;
use tokio::sync::watch;

use super::books::Books;
use super::server::{Door, until};
use super::writers::{Sent, Writer};

/// No write waits for a backup (docs/safety.md); on a machine that does other things, none longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
const TABLES: [&str; 9] = [
    "districts",
    "users",
    "tokens",
    "incidents",
    "incident_steps",
    "idempotency",
    "events",
    "borders",
    "cells",
];

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_backup_is_of_one_moment_and_no_write_waits_for_it() {
        back_up_under_load(TestApp::start().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_restored_is_what_was_backed_up_and_old_cursors_read_anew() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        there_and_back(format!("sqlite://{}", folder.path().join("served.db").display())).await;
        assert!(folder.path().join("served.db.before-restore").exists(), "what was there is kept");
    }
}

mod postgres {
    use super::*;

    async fn new_database() -> Option<String> {
        Some(Postgres::shared()?.new_database().await)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_backup_is_of_one_moment_and_no_write_waits_for_it() {
        let Some(url) = new_database().await else { return };
        back_up_under_load(TestApp::start_with(on(&url)).await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_restored_is_what_was_backed_up_and_old_cursors_read_anew() {
        let Some(url) = new_database().await else { return };
        there_and_back(url).await;
    }
}

fn on(url: &str) -> Overrides {
    Overrides { database_url: Some(Secret::new(url)), ..Overrides::default() }
}

async fn back_up(app: &TestApp, path: &Path) -> AdminAnswer {
    let command = AdminCommand::BackUp { path: path.to_owned() };
    app.services.run_command(command, &Progress::silent()).await
}

/// Rows enough that a copy takes a while.
async fn make_large(app: &TestApp) {
    let database = Database::connect(&app.database_url).await.expect("the database answers");
    let (numbers, id) = match database.get_database_backend() {
        sea_orm::DbBackend::Postgres => ("generate_series(1, 60000) AS n(n)", "gen_random_uuid()"),
        _ => (
            "(WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000) SELECT n FROM n) AS n",
            "randomblob(16)",
        ),
    };
    let sql = format!(
        "INSERT INTO buildings (district_id, id, source_id, address, search_text, lon_e7, lat_e7, hilbert, dwellings, \
         since_import) SELECT d.id, {id}, 'b' || n.n, 'Mabini Street ' || n.n, 'mabini street ' || n.n, 1209850000, \
         145850000, n.n, 3, 0 FROM districts d CROSS JOIN {numbers}"
    );
    database.execute_unprepared(&sql).await.expect("a statement");
    database.close().await.expect("the connection closes");
}

async fn back_up_under_load(app: TestApp) {
    make_large(&app).await;
    let path = app.folder().join("backup.db");
    let door = Door::at(app.address());
    let books = Mutex::new(Books::of(format!("sqlite://{}", path.display())));
    let mut writer = Writer::named(1);
    for _ in 0..10 {
        assert!(matches!(writer.report_once(&door, &books).await, Sent::Told(_)));
    }
    let later = Mutex::new(Books::of(app.database_url.clone()));
    let (stop, stopped) = watch::channel(false);
    let backing_up = async {
        let begun = Instant::now();
        let answer = back_up(&app, &path).await;
        stop.send_replace(true);
        assert!(matches!(answer, AdminAnswer::Done { .. }), "{answer:?}");
        begun.elapsed()
    };
    let writing = async {
        let mut longest = Duration::ZERO;
        let mut writer = Writer::named(2);
        while !*stopped.borrow() {
            let begun = Instant::now();
            assert!(matches!(writer.report_once(&door, &later).await, Sent::Told(_)));
            longest = longest.max(begun.elapsed());
        }
        longest
    };

    let (took, longest) = futures_util::future::join(backing_up, writing).await;

    let written = later.lock().expect("no panic").acknowledged();
    eprintln!("the backup took {took:?}; {written} reports meanwhile, none longer than {longest:?}");
    // On a slow disk everything takes long, and who waits for a backup waits for all of it.
    assert!(longest < LONGEST_WAIT.max(took / 4), "a write waited {longest:?}");
    assert!(written >= 3, "{written} writes while the backup was taken: they wait for it");
    // Gapless, sealed, each report whole: of one moment, and not before what was acknowledged when it began.
    books.into_inner().expect("no panic").compare_all().await;
    assert_eq!(files_beginning_with(&path), std::slice::from_ref(&path), "nothing else is left");
    let again = back_up(&app, &path).await;
    assert!(
        matches!(&again, AdminAnswer::Refused { message, .. } if message.contains("is there already")),
        "{again:?}"
    );
}

fn files_beginning_with(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().expect("it lies in a folder");
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let name = path.to_string_lossy().into_owned();
    files.filter(|file| file.to_string_lossy().starts_with(&name)).collect()
}

async fn restore(url: &str, backup: &Path, occupied: Occupied) -> Result<Restored, BackupError> {
    Store::restore(&DatabaseSettings::new(url), backup, occupied, Clock::system().now()).await
}

async fn counts(url: &str) -> Vec<(&'static str, i64)> {
    let database = Database::connect(url).await.expect("the database answers");
    let mut counts = Vec::new();
    for table in TABLES {
        let sql = format!("SELECT COUNT(*) AS count FROM {table}");
        let statement = Statement::from_string(database.get_database_backend(), sql);
        let row = database.query_one_raw(statement).await.expect("a statement").expect("a row");
        counts.push((table, row.try_get("", "count").expect("a number")));
    }
    database.close().await.expect("the connection closes");
    counts
}

async fn gapless_and_sealed(app: &TestApp) {
    let events = app.store.events_after(world::DISTRICT_ID, EventNumber(0), 1_000).await;
    let numbers: Vec<i64> = events.expect("a statement").iter().map(|event| event.number.0).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    let chain = app.store.verify_audit(world::DISTRICT_ID).await.expect("a statement");
    assert!(matches!(chain, AuditChain::Whole { .. }), "{chain:?}");
}

async fn there_and_back(url: String) {
    let mut app = TestApp::start_with(on(&url)).await;
    let dispatcher = app.staff(Role::Dispatcher);
    world::report(&dispatcher, 0, "noise").await;
    let cursor = Subscriber::to_incidents(&dispatcher, json!({})).await.batch().await["cursor"].clone();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let backup = folder.path().join("backup.db");
    assert!(matches!(back_up(&app, &backup).await, AdminAnswer::Done { .. }));
    let then = counts(&url).await;
    let refused = restore(&url, &backup, Occupied::Replace).await;
    assert!(
        matches!(refused, Err(BackupError::Store(StoreError::InUse { .. }))),
        "a server runs on it: {refused:?}"
    );
    for _ in 0..3 {
        world::report(&dispatcher, 1, "noise").await;
    }
    app.stop().await;
    drop((app, dispatcher));

    let kept = async || match restore(&url, &backup, Occupied::Keep).await {
        Err(BackupError::Occupied { codes }) => codes == world::DISTRICT,
        Err(BackupError::Store(StoreError::InUse { .. })) => false,
        other => panic!("it has a district: {other:?}"),
    };
    until(Duration::from_secs(10), "the server lets go of the database", kept).await;
    // The connection of the restore that was refused may not have ended when the next one looks who else is there.
    let mut restored = None;
    let replaced = async || match restore(&url, &backup, Occupied::Replace).await {
        Err(BackupError::Store(StoreError::InUse { .. })) => false,
        done => {
            restored = Some(done.expect("a good backup"));
            true
        }
    };
    until(Duration::from_secs(10), "the restore that was refused lets go of the database", replaced).await;
    let restored = restored.expect("it was restored");
    assert_eq!(restored.districts.iter().map(|code| code.as_str()).collect::<Vec<_>>(), [world::DISTRICT]);

    assert_eq!(counts(&url).await, then);
    let app = TestApp::empty_with(on(&url)).await;
    let dispatcher = app.staff(Role::Dispatcher);
    let mut late = Subscriber::to_incidents(&dispatcher, json!({ "after": cursor })).await;
    assert_eq!(late.batch().await["kind"], "RESYNC", "its cursor is of another epoch");
    world::report(&dispatcher, 2, "noise").await;
    gapless_and_sealed(&app).await;
    // Into the other database too: the same file fits both.
    let other = folder.path().join("other.db");
    let other = format!("sqlite://{}", other.display());
    restore(&other, &backup, Occupied::Keep).await.expect("nothing was there");
    assert_eq!(counts(&other).await, then);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_backup_or_damaged_or_of_a_newer_version_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name);
    let url = format!("sqlite://{}", file("served.db").display());
    let app = TestApp::start_with(on(&url)).await;
    world::report(&app.staff(Role::Dispatcher), 0, "noise").await;
    assert!(matches!(back_up(&app, &file("good.db")).await, AdminAnswer::Done { .. }));
    let good = std::fs::read(file("good.db")).expect("it was written");
    let spoilt = async |name: &str, sql: &str| {
        std::fs::write(file(name), &good).expect("there is room");
        let database = Database::connect(format!("sqlite://{}", file(name).display())).await;
        let database = database.expect("it opens");
        database.execute_unprepared(sql).await.expect("a statement");
        database.close().await.expect("it closes");
    };
    std::fs::write(file("text.db"), "district,cell\n").expect("there is room");
    std::fs::write(file("empty.db"), "").expect("there is room");
    std::fs::write(file("half.db"), &good[..good.len() / 2]).expect("there is room");
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_moons', 0)";
    spoilt("newer.db", newer).await;
    spoilt("tampered.db", "UPDATE audit SET action = 'incident.close' WHERE number = 3").await;
    spoilt("planless.db", "DELETE FROM borders").await;
    spoilt("other.db", "DROP TABLE seaql_migrations").await;
    let target = format!("sqlite://{}", file("target.db").display());
    restore(&target, &file("good.db"), Occupied::Keep).await.expect("nothing was there");
    let then = counts(&target).await;
    let bytes = std::fs::read(file("target.db")).expect("it is there");

    for (name, expected) in [
        ("text.db", "is no backup of Gridward"),
        ("empty.db", "is no backup of Gridward"),
        ("other.db", "is no backup of Gridward: it has other tables"),
        ("half.db", "is damaged"),
        ("newer.db", "is of a newer Gridward: it has the migration m20991231_000001_moons"),
        ("tampered.db", "the audit chain of 410184 is broken at row 3"),
        ("planless.db", "plan 1 of 410184"),
        ("missing.db", "cannot be used"),
        ("good.db", "has districts already (410184)"),
    ] {
        let occupied = if name == "good.db" { Occupied::Keep } else { Occupied::Replace };
        let refused = restore(&target, &file(name), occupied).await.expect_err(name).to_string();
        assert!(refused.contains(expected), "{name}: {refused}");
        assert_eq!(std::fs::read(file("target.db")).expect("it is there"), bytes, "{name} changed it");
    }
    assert_eq!(counts(&target).await, then);
    let left: Vec<PathBuf> = files_beginning_with(&file("target.db"));
    assert!(left.iter().all(|file| !file.to_string_lossy().contains("restoring")), "{left:?}");
}
