//! Disks that are full, files that are locked, events that cannot be read, clocks that jump: each answers with its code, what
//! can be read is read, and writes go on by themselves.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use api::store::audit::AuditChain;
use chrono::TimeDelta;
use domain::viewer::Role;
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::postgres::{Kept, NOBODY_MOUNTS, Postgres};
use tests::subscriber::Subscriber;
use tests::world;

use super::books::Books;
use super::kills::found;
use super::server::{Door, Server, program, until};
use super::writers::{REPORT, Sent, Writer, send};

/// How many reports fit at most into what is left of a disk that has just been filled.
const ROOM_LEFT: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_reads_go_on_and_writes_do_again_once_there_is_room() {
    let may_mount = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !may_mount {
        tests::data::leave_out(NOBODY_MOUNTS);
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let made = format!("sqlite://{}", folder.path().join("made.db").display());
    found(&made).await;
    // Whoever made it may still be closing it; what this writes is whole.
    let made = Database::connect(made).await.expect("the database answers");
    let copied = format!("VACUUM INTO '{}'", folder.path().join("gridward.db").display());
    made.execute_unprepared(&copied).await.expect("there is room");
    let script = "mount -t tmpfs -o size=2m tmpfs disk && cp gridward.db disk && exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(program());
    let server =
        Server::start_by(command, folder.path(), &format!("sqlite://{}", disk.join("gridward.db").display()));
    // The disk is mounted for the server alone; this is how others see it.
    let root = PathBuf::from(format!("/proc/{}/root", server.id()));
    let disk = root.join(disk.strip_prefix("/").expect("an absolute path"));
    let filler = disk.join("filler");
    let fill = || {
        let mut file = File::create(&filler).expect("there is room");
        for size in [64 << 10, 4 << 10, 512] {
            let full = (0..ROOM_LEFT)
                .any(|_| file.write_all(&vec![7; size]).and_then(|()| file.sync_all()).is_err());
            assert!(full, "the disk is small");
        }
    };
    let make_room = || std::fs::remove_file(&filler).expect("it is there");
    let copy = folder.path().join("copy.db");
    let look = || {
        // SQLite follows links, and would look for the disk where it is not mounted.
        for ending in ["", "-wal"] {
            let from = disk.join(format!("gridward.db{ending}"));
            std::fs::copy(from, format!("{}{ending}", copy.display())).expect("there is room");
        }
        format!("sqlite://{}", copy.display())
    };
    filled_up(&server.door, fill, make_room, look).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_quota_is_used_up_reads_go_on_and_writes_do_again_once_it_is_raised() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("gridward.db");
    let url = format!("sqlite://{}", database.display());
    found(&url).await;
    // Without this the system ends a process that writes past its quota.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program());
    let server = Server::start_by(command, folder.path(), &url);
    let limit = |bytes: &str| {
        let done = Command::new("prlimit")
            .args(["--pid", &server.id().to_string(), &format!("--fsize={bytes}:")])
            .status();
        assert!(done.expect("prlimit is part of util-linux").success());
    };
    filled_up(&server.door, || limit("4096"), || limit("unlimited"), || url.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_disk_of_postgres_is_full_reads_go_on_and_writes_do_again_once_there_is_room() {
    let Some(postgres) = Postgres::on_a_small_disk(Kept::Tables).await else { return };
    let url = postgres.new_database().await;
    found(&url).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &url);
    let postgres = RefCell::new(postgres);
    let (fill, make_room) = (|| postgres.borrow_mut().fill_disk(), || postgres.borrow_mut().make_room());
    filled_up(&server.door, fill, make_room, || url.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_postgres_has_no_room_for_its_log_nothing_is_lost_and_writes_go_on_once_it_runs_again() {
    let Some(mut postgres) = Postgres::on_a_small_disk(Kept::Log).await else { return };
    let url = postgres.new_database().await;
    found(&url).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &url);
    let books = Mutex::new(Books::of(url));
    let mut writer = Writer::named(1);
    assert!(matches!(writer.report_once(&server.door, &books).await, Sent::Told(_)));

    postgres.fill_disk();

    // It breaks down by itself then, and whoever asks is told so.
    for report in 0.. {
        match writer.report_once(&server.door, &books).await {
            Sent::Told(_) => assert!(report < 10 * ROOM_LEFT, "the disk is not full"),
            Sent::Later(_) => break,
            Sent::Cut => panic!("the server went down"),
        }
    }

    postgres.make_room();
    postgres.break_down();

    go_on(&server.door, &mut writer, &books).await;
    let mut books = books.into_inner().expect("no panic");
    books.compare_all().await;
}

async fn filled_up(
    door: &Door,
    fill: impl FnOnce(),
    make_room: impl FnOnce(),
    look: impl FnOnce() -> String,
) {
    let books = Mutex::new(Books::default());
    let mut writer = Writer::named(1);
    assert!(matches!(writer.report_once(door, &books).await, Sent::Told(_)));

    fill();

    for report in 0.. {
        match writer.report_once(door, &books).await {
            Sent::Told(_) => assert!(report < ROOM_LEFT, "the disk is not full"),
            Sent::Later(code) => {
                assert_eq!(code, "STORAGE_FULL");
                break;
            }
            Sent::Cut => panic!("the server went down"),
        }
    }
    for _ in 0..3 {
        assert!(read(door).await.as_u64().is_some_and(|count| count > 0), "what is there can be read");
        let sent = writer.report_once(door, &books).await;
        assert!(matches!(&sent, Sent::Later(code) if code == "STORAGE_FULL"), "{sent:?}");
    }
    writer.ask_again(door).await;

    make_room();

    go_on(door, &mut writer, &books).await;
    let mut books = books.into_inner().expect("no panic");
    books.open(look());
    books.compare_all().await;
}

/// Waits until reports are taken again, and files some.
async fn go_on(door: &Door, writer: &mut Writer, books: &Mutex<Books>) {
    let resumed = async || matches!(writer.report_once(door, books).await, Sent::Told(_));
    until(Duration::from_secs(60), "writes go on by themselves", resumed).await;
    for _ in 0..5 {
        assert!(matches!(writer.report_once(door, books).await, Sent::Told(_)));
    }
    writer.ask_again(door).await;
}

/// How many incidents there are, asked over GraphQL.
async fn read(door: &Door) -> Value {
    let query = "query($d: String!) { incidents(district: $d, first: 1) { totalCount nodes { id } } }";
    let body = json!({ "query": query, "variables": { "d": world::DISTRICT } });
    let request = door.request(reqwest::Method::POST, "/graphql").json(&body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["incidents"]["totalCount"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_program_holds_the_file_reads_go_on_and_a_write_is_told_to_come_again() {
    let app = TestApp::start().await;
    let door = Door::at(app.address());
    let input = world::report_input(0, "street-light");
    let other = Database::connect(&app.database_url).await.expect("the database answers");
    other.execute_unprepared("BEGIN IMMEDIATE").await.expect("nobody writes");

    let reading = async {
        for _ in 0..20 {
            let begun = Instant::now();
            read(&door).await;
            // Well below the five seconds for which the write waits, whatever else the machine does.
            assert!(
                begun.elapsed() < Duration::from_secs(3),
                "a read waits for nobody: {:?}",
                begun.elapsed()
            );
        }
    };
    let (sent, ()) = futures_util::future::join(send(&door, &input), reading).await;

    assert!(matches!(&sent, Sent::Later(code) if code == "UNAVAILABLE"), "{sent:?}");
    other.execute_unprepared("COMMIT").await.expect("it is let go");
    let Sent::Told(told) = send(&door, &input).await else { panic!("nobody holds it any more") };
    assert_eq!((&told["replayed"], &told["problems"]), (&json!(false), &json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_read_makes_subscribers_read_anew_and_stops_nothing() {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    let mut subscriber = Subscriber::to_incidents(&dispatcher, json!({})).await;
    let cursor = subscriber.batch().await["cursor"].clone();

    let poisons =
        ["no JSON at all", r#"{"kind":"of_a_version_to_come","cells":[7]}"#, r#"{"kind":"incident"}"#];
    for (cell, poison) in poisons.into_iter().enumerate() {
        put_in_event(&app, poison).await;

        let batch = subscriber.batch().await;
        assert_eq!(batch["kind"], "RESYNC", "{poison}: {batch:#}");
        world::report(&dispatcher, cell, "noise").await;
        let told = async || {
            let batch = subscriber.batch().await;
            batch["upserts"].to_string().contains(&format!("in {}", world::CELLS[cell]))
        };
        until(Duration::from_secs(10), "what comes after it is told", told).await;
    }
    let mut late = Subscriber::to_incidents(&dispatcher, json!({ "after": cursor })).await;
    assert_eq!(late.batch().await["kind"], "RESYNC", "who was away reads anew too");
}

/// Writes an event as another version would, or a damaged disk.
async fn put_in_event(app: &TestApp, change: &str) {
    let database = Database::connect(&app.database_url).await.expect("the database answers");
    let tx = database.begin().await.expect("a transaction");
    let sql = "INSERT INTO events (district_id, number, at_us, change) \
        SELECT district_id, head, 0, '";
    for statement in ["UPDATE streams SET head = head + 1", &format!("{sql}{change}' FROM streams")] {
        tx.execute_unprepared(statement).await.expect("a statement");
    }
    tx.commit().await.expect("it is written");
    database.close().await.expect("the connection closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_changes_no_order_and_loses_no_key() {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    let mut subscriber = Subscriber::to_incidents(&dispatcher, json!({})).await;
    assert_eq!(subscriber.batch().await["kind"], "SNAPSHOT");
    let first = world::report_input(0, "street-light");
    let report = async |input: &Value| {
        dispatcher.ask(REPORT, json!({ "input": input })).await["reportIncident"].clone()
    };
    let told = report(&first).await;

    for jump in [TimeDelta::days(-3_000), TimeDelta::days(2_999), TimeDelta::hours(7), TimeDelta::days(-1)] {
        app.advance(jump);
        let filed = report(&world::report_input(1, "noise")).await;
        assert_eq!((&filed["problems"], &filed["replayed"]), (&json!([]), &json!(false)), "{jump}");
        let again = report(&first).await;
        assert_eq!((&again["incident"], &again["receipt"]), (&told["incident"], &told["receipt"]), "{jump}");
        assert_eq!(again["replayed"], true, "{jump}");
    }
    let mut heard = 0;
    while heard < 5 {
        heard += subscriber.batch().await["upserts"].as_array().map_or(0, Vec::len);
    }
    app.advance(TimeDelta::days(400));
    let late = dispatcher.post(json!({ "query": "{ viewer { role } }" })).await;
    let code = &late.body["errors"][0]["extensions"]["code"];
    assert_eq!((late.status, code), (401, &json!("UNAUTHENTICATED")), "the token has run out");

    let events = app.store.events_after(world::DISTRICT_ID, domain::event::EventNumber(0), 1_000).await;
    let numbers: Vec<i64> = events.expect("a statement").iter().map(|event| event.number.0).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    let chain = app.store.verify_audit(world::DISTRICT_ID).await.expect("a statement");
    assert!(matches!(chain, AuditChain::Whole { .. }), "{chain:?}");
}
