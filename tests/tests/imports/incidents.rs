//! Past incidents: a file comes in whole or not at all, once however often it is given, and what is wrong with it is named.

use std::fmt::Write;
use std::sync::Arc;

use api::service::admin::{AdminAnswer, AdminCommand};
use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{Effect, ImportKind, ImportOptions, MAX_LISTED, Progress};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::round_trip::CELLS;
use super::{Office, cells, import, import_skipping, options};

/// Makes a test of each claim for each database. A claim is an `async fn(Office)`.
macro_rules! on_both_databases {
    ($($claim:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(super::office(None).await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                let Some(server) = tests::postgres::Postgres::shared() else { return };
                super::$claim(super::office(Some(server.new_database().await)).await).await;
            })*
        }
    };
}

on_both_databases!(
    past_incidents_come_in_with_when_they_were_closed,
    a_second_import_leaves_every_row_as_it_was,
    an_incident_without_a_time_or_in_the_future_or_named_before_is_refused_with_its_line,
    a_category_that_is_not_known_is_told_with_whatever_else_is_wrong_with_its_row,
    good_rows_come_in_where_bad_ones_are_skipped_and_every_bad_one_is_written_out,
    an_import_that_is_given_up_half_way_changes_nothing_and_the_next_one_is_whole,
    an_incident_that_is_there_is_left_as_it_is_and_what_differs_is_said,
    a_dry_run_of_past_incidents_stages_nothing,
    a_file_brings_more_incidents_than_one_transaction_would_be_long_enough_for,
    a_file_without_rows_is_refused_whatever_it_should_have_held,
    a_day_and_the_name_of_a_category_are_understood,
    an_import_that_another_took_over_says_so_and_leaves_nothing_hidden,
    what_comes_into_force_does_so_to_its_end_where_the_caller_leaves,
    an_id_that_no_index_can_hold_is_refused_with_its_line_and_one_of_200_characters_comes_in,
);

async fn office(database_url: Option<String>) -> Office {
    let office = Office::with_district_on(database_url, "quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    office
}

const HEADER: &str = "id,lon,lat,category,text,occurred_at,closed_at,note\n";
const FIRST: &str = "sr-1,121.005,14.625,rubbish,Two bags beside the bin,2026-01-05T08:00:00+08:00,2026-01-06T08:00:00+08:00,swept\n";
const SECOND: &str = "sr-2,121.015,14.625,water,The drain smells,2026-01-05T09:00:00.123456789+08:00,,\n";

/// So many incidents, every third of them closed.
fn many(count: usize) -> String {
    let mut file = HEADER.to_owned();
    for number in 0..count {
        let (lon, hour) = (121.0 + number as f64 / count as f64 / 50.0, number % 24);
        let closed = if number % 3 == 0 { "2026-02-01T00:00:00Z" } else { "" };
        let row = format!(
            "sr-{number},{lon:.6},14.625,rubbish,Bag {number},2026-01-05T{hour:02}:00:00Z,{closed},\n"
        );
        file.write_str(&row).expect("memory takes it");
    }
    file
}

fn command(office: &Office, content: &str) -> AdminCommand {
    let path = office.file("incidents.csv", content);
    import("quezon", &path, options(ImportKind::Incidents, &path, &[]))
}

/// Which rows of a table.
enum Which {
    All,
    /// Those that show, and those of an import that is not promoted.
    Itself,
    Hidden,
    /// What belongs to incidents of one or the other.
    OfIncidents,
    OfHidden,
}

/// What the tables hold, a line a row; what is hidden still stands under a name of its own.
async fn rows(office: &Office) -> Vec<String> {
    const SHOWN: &str = "since_import <= (SELECT incident_import FROM districts WHERE id = district_id)";
    const TABLES: [(&str, &str, Which); 8] = [
        (
            "incidents",
            "id,version,category,colour,text,search_text,stage,channel,lon_e7,lat_e7,hilbert,cell_id,method,\
             distance_to_border_m,plan_version,public,exercise,occurred_at_us,reported_at_us,due_at_us,closed_at_us",
            Which::Itself,
        ),
        ("incident_steps", "incident_id,version,at_us,action,stage,note", Which::OfIncidents),
        ("incident_sources", "source_id,incident_id", Which::OfIncidents),
        ("events", "number,change", Which::All),
        ("audit", "number,action", Which::All),
        ("incidents", "id", Which::Hidden),
        ("incident_steps", "incident_id", Which::OfHidden),
        ("incident_sources", "incident_id", Which::OfHidden),
    ];
    let database = Database::connect(office.settings.database.url.expose()).await.expect("it answers");
    let mut lines = Vec::new();
    for (table, columns, which) in TABLES {
        let (name, filter) = match which {
            Which::All => (table.to_owned(), "TRUE".to_owned()),
            Which::Itself => (table.to_owned(), SHOWN.to_owned()),
            Which::OfIncidents => {
                (table.to_owned(), format!("incident_id IN (SELECT id FROM incidents WHERE {SHOWN})"))
            }
            Which::Hidden => (format!("hidden_{table}"), format!("NOT {SHOWN}")),
            Which::OfHidden => (
                format!("hidden_{table}"),
                format!("incident_id IN (SELECT id FROM incidents WHERE NOT {SHOWN})"),
            ),
        };
        let text = |column: &str| match database.get_database_backend() {
            // SQLite holds ids as bytes.
            DbBackend::Sqlite => format!(
                "COALESCE(CASE typeof({column}) WHEN 'blob' THEN HEX({column}) ELSE CAST({column} AS TEXT) END, '-')"
            ),
            _ => format!("COALESCE(CAST({column} AS TEXT), '-')"),
        };
        let texts: Vec<String> = columns.split(',').map(text).collect();
        let texts = texts.join(" || ' ' || ");
        let sql = format!("SELECT {texts} AS line FROM {table} WHERE {filter} ORDER BY 1");
        let statement = Statement::from_string(database.get_database_backend(), sql);
        for row in database.query_all_raw(statement).await.expect("the table is there") {
            lines.push(format!("{name} {}", row.try_get::<String>("", "line").expect("a text")));
        }
    }
    lines
}

fn count_of(rows: &[String], table: &str) -> usize {
    rows.iter().filter(|row| row.split(' ').next() == Some(table)).count()
}

async fn past_incidents_come_in_with_when_they_were_closed(office: Office) {
    let report = office.done(command(&office, &[HEADER, FIRST, SECOND].concat())).await;
    assert_eq!(report["figures"]["incidents"]["added"], 2, "{report}");
    let exported = office.exported("quezon", ExportKind::Incidents, ExportFormat::Csv).await;
    assert_eq!(exported.lines().count(), 3, "{exported}");
    assert!(exported.contains(",2026-01-06T00:00:00.000Z,2026-01-05T00:00:00.000Z,swept\n"), "{exported}");
    let rows = rows(&office).await;
    let steps: Vec<&String> = rows.iter().filter(|row| row.starts_with("incident_steps ")).collect();
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(steps.iter().any(|step| step.ends_with(" 2 1767657600000000 close closed swept")), "{steps:?}");
    assert_eq!(rows.iter().filter(|row| row.contains("incident.import")).count(), 1, "one audit row");
}

async fn a_second_import_leaves_every_row_as_it_was(office: Office) {
    let file = [many(1200).as_str(), SECOND.replace("sr-2", "sr-last").as_str()].concat();
    let report = office.done(command(&office, &file)).await;
    assert_eq!(
        report["figures"]["incidents"],
        json!({"added": 1201, "changed": 0, "unchanged": 0, "removed": 0})
    );
    let before = rows(&office).await;

    let again = office.done(command(&office, &file)).await;

    assert_eq!(
        again["figures"]["incidents"],
        json!({"added": 0, "changed": 0, "unchanged": 1201, "removed": 0})
    );
    assert_eq!(again["problems"], json!([]), "a row does not differ from itself");
    assert_eq!(rows(&office).await, before);
    let counts = ["incidents", "incident_steps", "incident_sources", "hidden_incidents"];
    assert_eq!(counts.map(|table| count_of(&before, table)), [1201, 1601, 1201, 0]);
}

fn problems(report: &Value) -> Vec<(u64, &str, &str)> {
    let list = report["problems"].as_array().expect("a list");
    let text = |value: &'_ Value| value.as_str().expect("a text").to_owned();
    list.iter()
        .map(|problem| {
            let line = problem["line"].as_u64().expect("a line");
            assert!(!text(&problem["message"]).is_empty());
            (
                line,
                problem["code"].as_str().expect("a code"),
                problem["message"].as_str().expect("a sentence"),
            )
        })
        .collect()
}

const BAD: &str = "sr-3,121.005,14.625,rubbish,When was it?,,,\n\
    sr-4,121.005,14.625,rubbish,Tomorrow,2999-01-05T08:00:00Z,,\n\
    sr-5,121.005,14.625,rubbish,Backwards,2026-01-05T08:00:00Z,2026-01-04T08:00:00Z,\n\
    sr-6,121.005,14.625,rubbish,Yesterday,yesterday,,\n\
    sr-2,121.015,14.625,water,The drain smells,2026-01-05T09:00:00.123456789+08:00,,\n\
    sr-1,121.005,14.625,rubbish,Three bags,2026-01-05T08:00:00+08:00,,\n\
    sr-7,121.005,14.625,dragons,A dragon,2026-01-05T08:00:00Z,,\n";

const BAD_PLACES: [(u64, &str, &str); 7] = [
    (4, "MISSING_FIELD", "no \"occurred_at\"; every incident needs one"),
    (5, "BAD_VALUE", "occurred_at is 2999-01-05T08:00:00Z, which lies in the future"),
    (6, "BAD_VALUE", "it was closed before it was reported"),
    (
        7,
        "BAD_VALUE",
        "occurred_at is \"yesterday\"; a time such as 2026-03-12T08:30:00+08:00 or a day such as 2026-03-12 is allowed",
    ),
    (8, "DUPLICATE_ID", "id \"sr-2\" stands on line 3 already, the same again"),
    (9, "DUPLICATE_ID", "id \"sr-1\" stands on line 2 already, and says something else"),
    (10, "BAD_VALUE", "there is no category \"dragons\""),
];

fn assert_bad_places(report: &Value) {
    let found = problems(report);
    assert_eq!(found.len(), BAD_PLACES.len(), "{found:#?}");
    for ((line, code, message), (expected_line, expected_code, start)) in found.iter().zip(BAD_PLACES) {
        assert_eq!((*line, *code), (expected_line, expected_code), "{message}");
        assert!(message.starts_with(start), "{message}");
    }
}

async fn a_category_that_is_not_known_is_told_with_whatever_else_is_wrong_with_its_row(office: Office) {
    let row = "sr-1,121.005,14.625,dragons,A dragon,yesterday,,\n";
    let report = office.refused(command(&office, &format!("{HEADER}{row}"))).await;
    let told = report["problems"].as_array().expect("a list").iter();
    let told: Vec<(&Value, &str)> =
        told.map(|told| (&told["line"], told["message"].as_str().expect("a sentence"))).collect();
    assert_eq!(told.len(), 2, "{report}");
    assert!(told.iter().all(|(line, _)| **line == 2), "{report}");
    assert!(told[0].1.starts_with("there is no category \"dragons\"; allowed are "), "{report}");
    assert!(told[1].1.starts_with("occurred_at is \"yesterday\""), "{report}");
}

async fn an_incident_without_a_time_or_in_the_future_or_named_before_is_refused_with_its_line(
    office: Office,
) {
    let before = rows(&office).await;
    let report = office.refused(command(&office, &[HEADER, FIRST, SECOND, BAD].concat())).await;
    assert_bad_places(&report);
    assert_eq!(rows(&office).await, before, "nothing is stored, nothing stays hidden");
}

async fn good_rows_come_in_where_bad_ones_are_skipped_and_every_bad_one_is_written_out(office: Office) {
    let timeless = MAX_LISTED + 500;
    let mut file = [HEADER, FIRST, SECOND, BAD].concat();
    for number in 0..timeless {
        writeln!(file, "late-{number},121.005,14.625,rubbish,When?,,,").expect("memory takes it");
    }
    let path = office.file("incidents.csv", file);
    let bad_rows = office.folder.path().join("bad.csv");
    let options = options(ImportKind::Incidents, &path, &[]);

    let report = office.done(import_skipping("quezon", &path, options, &bad_rows)).await;

    assert_eq!(report["figures"]["incidents"]["added"], 2, "{}", report["figures"]);
    assert_eq!(report["bad_count"], timeless + BAD_PLACES.len(), "the count stays exact");
    assert_eq!(report["problems"].as_array().map(Vec::len), Some(MAX_LISTED), "the list does not grow");
    assert_eq!(report["unlisted_count"], 500 + BAD_PLACES.len());
    let written = std::fs::read_to_string(&bad_rows).expect("the bad rows are there");
    let mut table = csv::Reader::from_reader(written.as_bytes());
    let reasons: Vec<csv::StringRecord> = table.records().collect::<Result<_, _>>().expect("our own CSV");
    assert_eq!(reasons.len(), timeless + BAD_PLACES.len(), "every bad row is written out");
    assert_eq!(&reasons[5][5], "sr-1");
    assert_eq!(&reasons[5][3], "id \"sr-1\" stands on line 2 already, and says something else");
    assert_eq!(&reasons[reasons.len() - 1][5], format!("late-{}", timeless - 1));
    let rows = rows(&office).await;
    assert!(rows.iter().any(|row| row.contains("Two bags beside the bin")), "the first of an id wins");
}

async fn an_import_that_is_given_up_half_way_changes_nothing_and_the_next_one_is_whole(office: Office) {
    let file = many(9000);
    let before = rows(&office).await;
    let reached = Arc::new(Notify::new());
    let bell = Arc::clone(&reached);
    let progress = Progress::new(move |row_count| {
        if row_count >= 1000 {
            bell.notify_one();
        }
    });
    tokio::select! {
        biased;
        () = reached.notified() => {}
        answer = office.services.run_command(command(&office, &file), &progress) => panic!("{answer:?}"),
    }
    let hidden = |rows: &[String]| rows.iter().filter(|row| row.starts_with("hidden_")).count();
    let cut_off = rows(&office).await;
    assert!(hidden(&cut_off) > 0, "it was under way");
    let shown: Vec<&String> = cut_off.iter().filter(|row| !row.starts_with("hidden_")).collect();
    assert_eq!(shown, before.iter().collect::<Vec<_>>());

    let report = office.done(command(&office, &file)).await;

    assert_eq!(report["figures"]["incidents"]["added"], 9000, "{report}");
    let whole = rows(&office).await;
    assert_eq!((count_of(&whole, "incidents"), hidden(&whole)), (9000, 0));
}

async fn an_incident_that_is_there_is_left_as_it_is_and_what_differs_is_said(office: Office) {
    office.done(command(&office, &[HEADER, FIRST, SECOND].concat())).await;
    let before = rows(&office).await;
    let later = SECOND.replace("smells", "stinks").replace("09:00", "10:00");

    let report = office.done(command(&office, &[HEADER, FIRST, later.as_str()].concat())).await;

    assert_eq!(report["figures"]["incidents"]["unchanged"], 2, "{report}");
    let message = "an incident of this id is there already and differs; it was left as it is";
    assert_eq!(problems(&report), [(3, "DUPLICATE_ID", message)]);
    assert_eq!(report["problems"][0]["severity"], "warning");
    assert_eq!(rows(&office).await, before, "another time does not make it another incident");
}

async fn a_dry_run_of_past_incidents_stages_nothing(office: Office) {
    let before = rows(&office).await;
    let path = office.file("incidents.csv", many(700));
    let dry = ImportOptions { effect: Effect::DryRun, ..options(ImportKind::Incidents, &path, &[]) };
    let report = office.done(import("quezon", &path, dry)).await;
    assert_eq!((&report["totals"]["incidents"], &report["figures"]), (&json!(700), &json!({})));
    assert_eq!(rows(&office).await, before);
}

async fn a_file_brings_more_incidents_than_one_transaction_would_be_long_enough_for(office: Office) {
    let report = office.done(command(&office, &many(25_001))).await;
    assert_eq!(report["figures"]["incidents"]["added"], 25_001, "{report}");
    assert_eq!(
        office.exported("quezon", ExportKind::Incidents, ExportFormat::Csv).await.lines().count(),
        25_002
    );
}

async fn a_file_without_rows_is_refused_whatever_it_should_have_held(office: Office) {
    for kind in [ImportKind::Incidents, ImportKind::Households] {
        let path = office.file("empty.csv", HEADER);
        let report = office.refused(import("quezon", &path, options(kind, &path, &[]))).await;
        assert_eq!(
            problems(&report),
            [(1, "MISSING_FIELD", "the file has no rows: at least one is needed")],
            "{kind:?}"
        );
    }
}

async fn a_day_and_the_name_of_a_category_are_understood(office: Office) {
    let row = "sr-1,121.005,14.625,垃圾堆积,Two bags,2026-01-05,2026-01-05,\n";
    office.done(command(&office, &[HEADER, row].concat())).await;
    let exported = office.exported("quezon", ExportKind::Incidents, ExportFormat::Csv).await;
    assert!(exported.contains(",rubbish,"), "{exported}");
    // Reported, closed and happened.
    assert_eq!(exported.matches("2026-01-04T16:00:00.000Z").count(), 3, "{exported}");
}

async fn an_id_that_no_index_can_hold_is_refused_with_its_line_and_one_of_200_characters_comes_in(
    office: Office,
) {
    // Digits without a pattern, or PostgreSQL would pack them until they fit.
    let digits: String =
        (1_u64..400).map(|number| (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20).to_string()).collect();
    let long = FIRST.replace("sr-1", &format!("sr-{digits}"));
    let report = office.refused(command(&office, &[HEADER, SECOND, long.as_str()].concat())).await;
    let found = problems(&report);
    assert_eq!((found.len(), found[0].0, found[0].1), (1, 3, "BAD_VALUE"), "{found:?}");
    assert!(found[0].2.contains("an id has at most 200"), "{found:?}");

    let longest = FIRST.replace("sr-1", &"网".repeat(200));
    let report = office.done(command(&office, &[HEADER, longest.as_str()].concat())).await;
    assert_eq!(report["figures"]["incidents"]["added"], 1, "{report}");
}

async fn an_import_that_another_took_over_says_so_and_leaves_nothing_hidden(office: Office) {
    let (services, other) = (office.services.clone(), command(&office, &many(9000)));
    let path = office.file("others.csv", [HEADER, FIRST].concat());
    let later = import("quezon", &path, options(ImportKind::Incidents, &path, &[]));
    let handle = tokio::runtime::Handle::current();
    let begun = std::sync::Once::new();
    // Once it has read a thousand rows, a later one comes and is done, before it reads on.
    let progress = Progress::new(move |row_count| {
        if row_count >= 1000 {
            begun.call_once(|| {
                let silent = Progress::silent();
                let later = services.run_command(later.clone(), &silent);
                let answer = tokio::task::block_in_place(|| handle.block_on(later));
                assert!(matches!(answer, AdminAnswer::Done { .. }), "{answer:?}");
            });
        }
    });

    let answer = office.services.run_command(other, &progress).await;

    let AdminAnswer::Refused { message, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(message, "a later import of the same kind took over; nothing of this one came in");
    let rows = rows(&office).await;
    let counts = ["incidents", "hidden_incidents", "hidden_incident_steps"];
    assert_eq!(counts.map(|table| count_of(&rows, table)), [1, 0, 0]);
}

async fn what_comes_into_force_does_so_to_its_end_where_the_caller_leaves(office: Office) {
    let file = many(3000);
    let progress = Progress::silent();
    let mut taking = Box::pin(office.services.run_command(command(&office, &file), &progress));
    let is_in_force = async || count_of(&rows(&office).await, "incidents") > 0;
    // Left as soon as it shows.
    tokio::select! {
        biased;
        () = async { while !is_in_force().await {} } => {}
        answer = &mut taking => assert!(matches!(answer, AdminAnswer::Done { .. }), "{answer:?}"),
    }
    drop(taking);

    let rows = rows(&office).await;
    let counts = ["incidents", "hidden_incidents", "hidden_incident_steps"];
    assert_eq!(counts.map(|table| count_of(&rows, table)), [3000, 0, 0]);
    assert!(
        rows.iter().any(|row| row.starts_with("events ") && row.contains("imported")),
        "it is told: {rows:?}"
    );
}
