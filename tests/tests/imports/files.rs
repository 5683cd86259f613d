//! The files beside an import: a report of everything, bad rows that can be mended, and nothing written over what is read.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use api::service::admin::{AdminAnswer, AdminCommand};
use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{BadRows, ImportKind, ImportOptions, MAX_LISTED};
use geo_tools::{Datum, Position};
use serde_json::Value;

use super::round_trip::CELLS;
use super::{Office, cells, import, import_skipping, options};

async fn with_cells() -> Office {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    office
}

fn with_report(command: AdminCommand, path: &Path) -> AdminCommand {
    match command {
        AdminCommand::Import { district, path: file, options, bad_rows, .. } => {
            AdminCommand::Import { district, path: file, options, bad_rows, report: Some(path.to_owned()) }
        }
        other => other,
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("it is there")
}

#[tokio::test]
async fn a_report_on_disk_lists_every_problem_where_the_answer_lists_the_first() {
    const COUNT: usize = 2 * MAX_LISTED + 7;
    let office = with_cells().await;
    let mut table = "id,lon,lat,address,building\n".to_owned();
    for at in 0..COUNT {
        // One that is refused, and one that is only told: nobody knows its place.
        writeln!(table, "n-{at},east,14.625,,\nw-{at},,,Nowhere {at},").expect("into memory");
    }
    let path = office.file("homes.csv", table);
    let report = office.folder.path().join("report.json");
    let options = options(ImportKind::Households, &path, &[]);
    let answer = office.refused(with_report(import("quezon", &path, options.clone()), &report)).await;
    assert_eq!(answer["problems"].as_array().map(Vec::len), Some(2 * MAX_LISTED));
    assert_eq!(answer["unlisted_count"], 2 * (COUNT - MAX_LISTED));

    let written: Value = serde_json::from_str(&read(&report)).expect("JSON");
    let problems = written["problems"].as_array().expect("a list");
    let of = |severity: &'static str| problems.iter().filter(move |problem| problem["severity"] == severity);
    let lines: Vec<u64> = of("error").filter_map(|problem| problem["line"].as_u64()).collect();
    let expected: Vec<u64> = (0..COUNT as u64).map(|at| 2 + 2 * at).collect();
    assert_eq!(lines, expected);
    assert_eq!(of("warning").count(), COUNT);
    for key in
        ["kind", "dry_run", "refused", "row_count", "bad_count", "warning_count", "totals", "plan_version"]
    {
        assert_eq!(written[key], answer[key], "{key}");
    }
    assert_eq!(written["unlisted_count"], 0);
    let bad_rows = office.folder.path().join("bad.csv");
    let answer =
        office.done(with_report(import_skipping("quezon", &path, options, &bad_rows), &report)).await;
    assert_eq!((&answer["bad_count"], &answer["totals"]["households"]), (&COUNT.into(), &COUNT.into()));
    assert_eq!(read(&bad_rows).lines().count(), COUNT + 1);
}

/// Imports a file but for its bad rows, mends these with the help of `mend`, imports them with the same options, and gives
/// the table of bad rows as it was written.
async fn mended(
    office: &Office,
    name: &str,
    content: &str,
    kind: ImportKind,
    mend: &[(&str, &str)],
) -> String {
    let path = office.file(name, content);
    let bad_rows = office.folder.path().join("BAD.csv");
    let given = options(kind, &path, &[]);
    let report = office.done(import_skipping("quezon", &path, given, &bad_rows)).await;
    assert!(report["bad_count"].as_u64() > Some(0), "{report}");
    let written = read(&bad_rows);
    let mut text = written.clone();
    for (from, to) in mend {
        assert_eq!(text.matches(from).count(), 1, "{from} once in {text}");
        text = text.replace(from, to);
    }
    std::fs::write(&bad_rows, text).expect("the folder takes files");
    let again = ImportOptions { bad_rows: BadRows::Refuse, ..options(kind, &bad_rows, &[]) };
    let report = office.done(import("quezon", &bad_rows, again)).await;
    assert_eq!(&report["bad_count"], &0, "{report}");
    let told = report["problems"].as_array().expect("a list");
    assert!(told.iter().all(|told| told["code"] == "UNKNOWN_COLUMN"), "nothing of ours is told: {report}");
    assert!(told.iter().all(|told| !told.to_string().contains("reason")), "{report}");
    written
}

async fn ids(office: &Office, kind: ExportKind) -> Vec<String> {
    let table = office.exported("quezon", kind, ExportFormat::Csv).await;
    let mut ids: Vec<String> =
        table.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn bad_rows_of_a_table_are_written_as_they_were_given_and_come_in_once_mended() {
    let office = with_cells().await;
    let table = "id,lon,lat,address,members,code\nh-1,121.005,14.625,\"Kaliraya 12, rear\",2,K\n\
        h-2,east,14.625,\"Kaliraya 14, \"\"rear\"\"\",2,L\n\
        h-1,121.006,14.625,Kaliraya 16,3,M\n\
        h-4,121.006,14.625,Kaliraya 18,many,N\n\
        ,121.006,14.625,Kaliraya 20,a few,O\n";
    let mend =
        [("h-2,east", "h-2,121.004"), ("h-1,121.006", "h-3,121.006"), (",many,", ",4,"), (",a few,", ",5,")];
    let mend: Vec<_> = mend
        .into_iter()
        .chain([(",,121.006,14.625,Kaliraya 20", ",h-5,121.006,14.625,Kaliraya 20")])
        .collect();
    let written = mended(&office, "homes.csv", table, ImportKind::Households, &mend).await;
    let mut lines = csv::ReaderBuilder::new().from_reader(written.as_bytes());
    let header: Vec<String> = lines.headers().expect("a header").iter().map(str::to_owned).collect();
    // The file has an id and a code of its own.
    let expected =
        ["line", "index", "bad_code", "reason", "pointer", "id", "lon", "lat", "address", "members", "code"];
    assert_eq!(header, expected);
    let rows: Vec<Vec<String>> =
        lines.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    assert_eq!(rows.len(), 4, "{written}");
    assert_eq!(rows[0][5..], ["h-2", "east", "14.625", "Kaliraya 14, \"rear\"", "2", "L"]);
    let codes: Vec<(&str, &str)> = rows.iter().map(|row| (row[0].as_str(), row[2].as_str())).collect();
    assert_eq!(
        codes,
        [("3", "COORD_TYPE"), ("4", "DUPLICATE_ID"), ("5", "BAD_VALUE"), ("6", "MISSING_FIELD BAD_VALUE")]
    );
    assert!(rows[3][3].contains("; "), "both reasons: {:?}", rows[3]);
    assert_eq!(ids(&office, ExportKind::Households).await, ["h-1", "h-2", "h-3", "h-4", "h-5"]);
}

fn point(id: &str, numbers: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":{id},"properties":{properties},"geometry":{{"type":"Point","coordinates":[{numbers}]}}}}"#
    )
}

#[tokio::test]
async fn bad_features_become_rows_with_their_properties_and_position_and_come_in_once_mended() {
    let office = with_cells().await;
    let features = [
        point("1", "121.005,14.625", r#"{"address":"Kaliraya 12","members":2}"#),
        point("2", "221.005,14.625", r#"{"address":"Kaliraya 14","members":3,"lon":"elsewhere"}"#),
        point("3", "121.006,14.625", r#"{"address":"Kaliraya 16","members":"many","tags":["a","b"]}"#),
        point("1", "121.007,14.625", r#"{"members":null}"#),
        point("\"5\"", "\"121.007\",14.625", r#"{"building":"b-5"}"#),
    ];
    let content = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"));
    let mend = [(",2,221.005", ",2,121.004"), (",many,", ",5,"), (",1,121.007", ",4,121.007")];
    let written = mended(&office, "homes.geojson", &content, ImportKind::Households, &mend).await;
    let header = written.lines().next().expect("a header");
    assert_eq!(
        header,
        "line,index,code,reason,pointer,id,lon,lat,address,members,property_lon,tags,building"
    );
    assert!(written.contains("\"[\"\"a\"\",\"\"b\"\"]\""), "{written}");
    assert_eq!(ids(&office, ExportKind::Households).await, ["1", "2", "3", "4", "5"]);
    let table = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    assert!(table.contains("121.004,14.625") && table.contains("121.007,14.625"), "{table}");
}

/// The same flags read what was written: its numbers are the file's own, not those of WGS 84.
#[tokio::test]
async fn bad_features_in_another_datum_are_written_in_that_datum() {
    let office = with_cells().await;
    let metres = |lon: f64, lat: f64| {
        let at = Position::new(lon, lat).expect("in range");
        Datum::WebMercator.texts(at).expect("far from the poles").join(",")
    };
    let (first, second) = (metres(121.005, 14.625), metres(121.006, 14.625));
    let features = [
        point("1", &first, r#"{"members":2}"#),
        point("2", &first, r#"{"members":"many"}"#),
        point("1", &second, r#"{"members":3}"#),
    ];
    let content = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"));
    let path = office.file("homes.geojson", content);
    let bad_rows = office.folder.path().join("BAD.csv");
    let given =
        ImportOptions { datum: Some(Datum::WebMercator), ..options(ImportKind::Households, &path, &[]) };
    office.done(import_skipping("quezon", &path, given, &bad_rows)).await;
    let written = read(&bad_rows);
    assert!(written.contains(&format!("2,{first},many")), "{written}");
    assert!(written.contains(&format!("1,{second},3")), "{written}");
}

#[tokio::test]
async fn bad_past_incidents_come_in_once_mended() {
    let office = with_cells().await;
    let table = "id,lon,lat,category,text,occurred_at\n\
        sr-1,121.005,14.625,rubbish,Two bags,2026-01-05T08:00:00+08:00\n\
        sr-1,121.005,14.625,rubbish,Three bags,2026-01-06T08:00:00+08:00\n\
        sr-3,121.005,14.625,dragons,A dragon,2026-01-07T08:00:00+08:00\n\
        sr-4,121.005,14.625,rubbish,No time,\n";
    let mend = [
        ("sr-1,121.005", "sr-2,121.005"),
        (",dragons,", ",water,"),
        ("No time,", "No time,2026-01-08T08:00:00Z"),
    ];
    mended(&office, "incidents.csv", table, ImportKind::Incidents, &mend).await;
    let table = office.exported("quezon", ExportKind::Incidents, ExportFormat::Csv).await;
    for text in ["Two bags", "Three bags", "A dragon", "No time"] {
        assert!(table.contains(text), "{text} in {table}");
    }
}

#[tokio::test]
async fn what_is_written_is_never_the_file_that_is_read_nor_another_that_is_written() {
    let office = with_cells().await;
    // Were it read, that it is no table would be told.
    let content = "homes, please";
    let path = office.file("homes.csv", content);
    let at = |name: &str| office.folder.path().join(name);
    std::fs::create_dir(at("sub")).expect("the folder takes folders");
    std::os::unix::fs::symlink(&path, at("link.csv")).expect("the folder takes links");
    std::fs::hard_link(&path, at("hard.csv")).expect("the folder takes links");
    std::os::unix::fs::symlink("new.csv", at("to-be.csv")).expect("the folder takes links");
    let check = async |bad_rows: Option<PathBuf>, report: Option<PathBuf>, expected: &str| {
        let shown = format!("{bad_rows:?} {report:?}");
        let options = options(ImportKind::Households, &path, &[]);
        let (district, path) = ("quezon".to_owned(), path.clone());
        let command = AdminCommand::Import { district, path: path.clone(), options, bad_rows, report };
        let AdminAnswer::Refused { message, detail } = office.run(command).await else {
            panic!("{shown}: it was done")
        };
        assert!(message.contains(expected), "{shown}: {message}");
        assert!(detail.is_null() && message.lines().count() == 1, "{shown}: {message}");
        assert_eq!(read(&path), content, "{shown}");
        assert!(!at("new.csv").exists(), "{shown}");
    };
    for name in ["homes.csv", "sub/../homes.csv", "link.csv", "hard.csv"] {
        let read = "is the file to be imported; give what is written another name";
        check(Some(at(name)), None, read).await;
        check(None, Some(at(name)), read).await;
        check(Some(at("new.csv")), Some(at(name)), read).await;
    }
    for name in ["new.csv", "sub/../new.csv", "to-be.csv"] {
        check(Some(at("new.csv")), Some(at(name)), "would be written twice").await;
    }
}
