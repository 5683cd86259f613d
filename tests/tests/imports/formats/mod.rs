//! Files of every format at the doors of import: what a GeoPackage, a zipped Shapefile, a FlatGeobuf and a workbook hold
//! comes in as from GeoJSON and CSV.

pub(crate) mod made;

use std::path::Path;

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{ImportKind, ImportOptions};
use geo_tools::Datum;
use serde_json::json;

use super::datum::past_incidents_in;
use super::round_trip::CELLS;
use super::{Office, cells, import, import_skipping, options};
use made::{archive, file_of, gzip, sheets, workbook};

const HOMES: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"id":"h-1","address":"Kaliraya 12","members":4},"geometry":{"type":"Point","coordinates":[121.005,14.625]}},
{"type":"Feature","properties":{"id":"410102001002003","address":"八里岗村","members":2},"geometry":{"type":"Point","coordinates":[121.015,14.625]}}
]}"#;
const ROADS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"class":"residential","name":"Kaliraya"},"geometry":{"type":"LineString","coordinates":[[121.001,14.621],[121.009,14.629]]}}]}"#;
const HOUSES: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"kind":"school"},"geometry":{"type":"Polygon","coordinates":[[[121.002,14.622],[121.003,14.622],[121.003,14.623],[121.002,14.622]]]}}]}"#;
const REQUESTS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"id":"sr-1","category":"rubbish","text":"两袋垃圾","occurred_at":"2026-01-05T08:00:00+08:00","closed_at":"2026-01-06T08:00:00+08:00","note":"swept"},"geometry":{"type":"Point","coordinates":[121.005,14.625]}},
{"type":"Feature","properties":{"id":"sr-2","category":"water","text":"The drain smells","occurred_at":"2026-01-05T09:00:00Z","closed_at":null,"note":null},"geometry":{"type":"Point","coordinates":[121.015,14.625]}}
]}"#;
/// A `.dbf` cuts names after ten bytes.
const CUT: [&str; 1] = ["occurred_at=occurred_a"];

async fn with_cells() -> Office {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    office
}

/// What is stored of a kind, in the order of its lines.
async fn stored(office: &Office, kind: ExportKind) -> Vec<String> {
    let table = office.exported("quezon", kind, ExportFormat::Csv).await;
    let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn cells_come_in_from_every_format_alike() {
    for (ending, datum) in [
        ("gpkg", Datum::Wgs84),
        ("gpkg", Datum::WebMercator),
        ("gpkg", Datum::Cgcs2000),
        ("fgb", Datum::Wgs84),
        ("fgb", Datum::WebMercator),
        ("zip", Datum::Wgs84),
        ("zip", Datum::WebMercator),
        ("zip", Datum::Cgcs2000),
    ] {
        let office = Office::with_district("quezon").await;
        let path = office.file(&format!("cells.{ending}"), file_of(ending, datum, CELLS));
        office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
        // The same file as GeoJSON changes nothing: it is the same ground.
        let plain = office.file("cells.geojson", CELLS);
        let report = office.done(import("quezon", &plain, cells(&plain, "cell", "code", None))).await;
        let same = json!({"added": 0, "changed": 0, "unchanged": 2, "removed": 0});
        assert_eq!(report["figures"]["cells"], same, "{ending} in {datum}: {report:#}");
    }
}

#[tokio::test]
async fn households_come_in_from_every_format_alike() {
    let mut tables = Vec::new();
    for ending in ["geojson", "csv", "xlsx", "gpkg", "fgb", "zip"] {
        let office = with_cells().await;
        let path = office.file(&format!("homes.{ending}"), file_of(ending, Datum::Wgs84, HOMES));
        let report = office.done(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
        assert_eq!(
            (&report["row_count"], &report["figures"]["rows"]["added"]),
            (&2.into(), &2.into()),
            "{ending}"
        );
        tables.push((ending, stored(&office, ExportKind::Households).await));
    }
    let (_, first) = &tables[0];
    assert!(first[0].starts_with("410102001002003,,八里岗村,121.015,14.625,137404002,inside,"), "{first:?}");
    for (ending, table) in &tables {
        assert_eq!(table, first, "{ending}");
    }
}

#[tokio::test]
async fn a_base_map_comes_in_from_every_format_alike() {
    for ending in ["gpkg", "fgb", "zip"] {
        let office = with_cells().await;
        // A Shapefile holds outer rings the other way round than GeoJSON asks for.
        let (from, to) = ("[121.003,14.622],[121.003,14.623]", "[121.003,14.623],[121.003,14.622]");
        let houses = if ending == "zip" { HOUSES.replace(from, to) } else { HOUSES.to_owned() };
        for (name, features) in [("roads", ROADS), ("houses", houses.as_str())] {
            let path = office.file(&format!("{name}.{ending}"), file_of(ending, Datum::Wgs84, features));
            let report = office.done(import("quezon", &path, options(ImportKind::Basemap, &path, &[]))).await;
            assert_eq!(report["figures"]["rows"]["added"], 1, "{name}.{ending}: {report:#}");
        }
        for (name, features) in [("roads", ROADS), ("houses", houses.as_str())] {
            let path = office.file(&format!("{name}.geojson"), features);
            let report = office.done(import("quezon", &path, options(ImportKind::Basemap, &path, &[]))).await;
            let same = json!({"added": 0, "changed": 0, "unchanged": 2, "removed": 0});
            assert_eq!(report["figures"]["rows"], same, "{name} after {ending}: {report:#}");
        }
    }
}

#[tokio::test]
async fn past_incidents_come_in_from_every_format_alike() {
    let mut tables = Vec::new();
    for ending in ["geojson", "csv", "xlsx", "gpkg", "fgb", "zip"] {
        let office = with_cells().await;
        let path = office.file(&format!("requests.{ending}"), file_of(ending, Datum::Wgs84, REQUESTS));
        let columns = if ending == "zip" { &CUT[..] } else { &[] };
        let report =
            office.done(import("quezon", &path, options(ImportKind::Incidents, &path, columns))).await;
        assert_eq!(report["figures"]["incidents"]["added"], 2, "{ending}: {report:#}");
        // The id is one of the district's own.
        let lines = stored(&office, ExportKind::Incidents).await;
        let mut said: Vec<String> =
            lines.iter().filter_map(|line| Some(line.split_once(',')?.1.to_owned())).collect();
        said.sort();
        tables.push((ending, said));
    }
    let (_, first) = &tables[0];
    assert!(first.iter().any(|line| line.contains("两袋垃圾")), "{first:?}");
    for (ending, table) in &tables {
        assert_eq!(table, first, "{ending}");
    }
}

#[tokio::test]
async fn codes_that_a_spreadsheet_has_spoilt_are_refused_with_their_row() {
    let office = with_cells().await;
    let spoilt = workbook(b"id,lon,lat\nh-1,121.005,14.625\n4.1010200100200301E+17,121.015,14.625\n");
    let path = office.file("homes.xlsx", spoilt);
    let report = office.refused(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    let problem = &report["problems"][0];
    assert_eq!((&problem["code"], &problem["line"]), (&json!("BAD_VALUE"), &json!(3)), "{report:#}");
    assert_eq!(stored(&office, ExportKind::Households).await.len(), 1);
}

/// Formats with one kind for each column write 2 as 2.0 where another row has a half.
#[tokio::test]
async fn a_whole_number_in_a_column_of_fractions_is_a_whole_number() {
    let halves =
        HOMES.replace(r#""members":4"#, r#""members":4.0"#).replace(r#""members":2"#, r#""members":2.5"#);
    for ending in ["geojson", "gpkg", "fgb", "zip"] {
        let office = with_cells().await;
        let bad_rows = office.folder.path().join("bad.csv");
        let path = office.file(&format!("homes.{ending}"), file_of(ending, Datum::Wgs84, &halves));
        let given = options(ImportKind::Households, &path, &[]);
        let report = office.done(import_skipping("quezon", &path, given, &bad_rows)).await;
        assert_eq!(
            (&report["bad_count"], &report["figures"]["rows"]["added"]),
            (&1.into(), &1.into()),
            "{ending}: {report:#}"
        );
        assert!(stored(&office, ExportKind::Households).await[0].starts_with("h-1,,"), "{ending}");
    }
}

#[tokio::test]
async fn bad_rows_of_every_format_come_in_once_mended() {
    let bad = HOMES.replace(r#""members":2"#, r#""members":"many""#);
    for ending in ["xlsx", "gpkg", "fgb", "zip"] {
        let office = with_cells().await;
        let path = office.file(&format!("homes.{ending}"), file_of(ending, Datum::WebMercator, &bad));
        // A workbook cannot say what its numbers are.
        let datum = (ending == "xlsx").then_some(Datum::WebMercator);
        let given = |path: &Path| ImportOptions { datum, ..options(ImportKind::Households, path, &[]) };
        let bad_rows = office.folder.path().join("bad.csv");
        let report = office.done(import_skipping("quezon", &path, given(&path), &bad_rows)).await;
        assert_eq!(
            (&report["bad_count"], &report["figures"]["rows"]["added"]),
            (&1.into(), &1.into()),
            "{ending}: {report:#}"
        );
        let table = std::fs::read_to_string(&bad_rows).expect("the bad rows");
        assert!(table.contains("410102001002003") && table.contains("many"), "{ending}: {table}");
        std::fs::write(&bad_rows, table.replace("many", "2")).expect("the folder takes files");
        let report = office.done(import("quezon", &bad_rows, given(&bad_rows))).await;
        assert_eq!(report["bad_count"], 0, "{ending}: {report:#}");
        let lines = stored(&office, ExportKind::Households).await;
        assert!(
            lines[0].starts_with("410102001002003,,八里岗村,121.015,14.625,137404002,inside,"),
            "{ending}: {lines:?}"
        );
    }
}

#[tokio::test]
async fn of_several_layers_or_sheets_one_is_named() {
    let office = with_cells().await;
    let row = |cells: [&str; 3]| {
        format!("<row>{}</row>", cells.map(|cell| format!(r#"<c t="str"><v>{cell}</v></c>"#)).concat())
    };
    let of = |id: &str| row(["id", "lon", "lat"]) + &row([id, "121.005", "14.625"]);
    let book = sheets(&[("2025", &of("old")), ("2026", &of("new"))]);
    let path = office.file("homes.xlsx", book);
    let given = |layer: Option<&str>| ImportOptions {
        layer: layer.map(str::to_owned),
        ..options(ImportKind::Households, &path, &[])
    };
    let report = office.refused(import("quezon", &path, given(None))).await;
    let message = report["problems"][0]["message"].as_str().expect("a sentence");
    assert!(message.contains("2 sheets [2025, 2026]") && message.contains("name it"), "{message}");
    office.done(import("quezon", &path, given(Some("2026")))).await;
    assert!(stored(&office, ExportKind::Households).await.iter().any(|line| line.starts_with("new,")));
    let path = office.file("homes.gpkg", file_of("gpkg", Datum::Wgs84, HOMES));
    let given = |layer: &str| ImportOptions {
        layer: Some(layer.to_owned()),
        ..options(ImportKind::Households, &path, &[])
    };
    let report = office.refused(import("quezon", &path, given("roads"))).await;
    let message = report["problems"][0]["message"].as_str().expect("a sentence");
    assert!(message.contains("[file]"), "{message}");
    office.done(import("quezon", &path, given("file"))).await;
}

#[tokio::test]
async fn a_file_in_another_system_is_refused_and_so_is_one_that_contradicts_what_is_said() {
    let beijing = br#"GEOGCS["Beijing 1954",DATUM["Beijing_1954",SPHEROID["Krassowsky 1940",6378245,298.3],TOWGS84[15.8,-154.4,-82.3,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]"#;
    let shapefile = made::shapefile_with(HOMES, "prj", beijing);
    let gpkg = file_of("gpkg", Datum::Wgs84, HOMES);
    let at = gpkg.windows(12).position(|bytes| bytes == b"EPSG\0\0\0\0\0\0\x10\xe6").expect("EPSG 4326");
    let mut numbered = gpkg.clone();
    numbered[at + 10..at + 12].copy_from_slice(&4214_u16.to_be_bytes());
    let metres = |ending| file_of(ending, Datum::WebMercator, HOMES);
    for (name, bytes, said, words) in [
        ("homes.zip", shapefile, None, "Beijing 1954"),
        ("homes.gpkg", numbered, None, "EPSG:4214"),
        (
            "homes.zip",
            metres("zip"),
            Some(Datum::Gcj02),
            "metres of Web Mercator, and is to be read as gcj02",
        ),
        (
            "homes.gpkg",
            metres("gpkg"),
            Some(Datum::Wgs84),
            "metres of Web Mercator, and is to be read as wgs84",
        ),
        ("homes.fgb", metres("fgb"), Some(Datum::Bd09), "metres of Web Mercator, and is to be read as bd09"),
        (
            "homes.gpkg",
            gpkg,
            Some(Datum::WebMercator),
            "degrees of WGS 84, and is to be read as web-mercator",
        ),
    ] {
        let office = with_cells().await;
        let path = office.file(name, bytes);
        let given = ImportOptions { datum: said, ..options(ImportKind::Households, &path, &[]) };
        let report = office.refused(import("quezon", &path, given)).await;
        let problem = &report["problems"][0];
        assert_eq!(problem["code"], "CRS", "{name}: {report:#}");
        assert!(problem["message"].as_str().expect("a sentence").contains(words), "{name}: {problem}");
        assert_eq!(stored(&office, ExportKind::Households).await.len(), 1, "{name}");
    }
}

/// Files in GCJ-02 are labelled WGS 84, for want of a name.
#[tokio::test]
async fn a_shifted_file_is_held_whatever_its_format_and_label_until_its_datum_is_said() {
    let shifted = past_incidents_in(Datum::Gcj02);
    for ending in ["xlsx", "gpkg", "fgb", "zip"] {
        let office = with_cells().await;
        let path = office.file(&format!("requests.{ending}"), file_of(ending, Datum::Wgs84, &shifted));
        let columns = if ending == "zip" { &CUT[..] } else { &[] };
        let given = |datum| ImportOptions { datum, ..options(ImportKind::Incidents, &path, columns) };
        let report = office.refused(import("quezon", &path, given(None))).await;
        let problems = report["problems"].as_array().expect("a list");
        assert!(problems.iter().any(|problem| problem["code"] == "DATUM_SUSPECTED"), "{ending}: {report:#}");
        assert_eq!(stored(&office, ExportKind::Incidents).await.len(), 1, "{ending}");
        office.done(import("quezon", &path, given(Some(Datum::Gcj02)))).await;
        let lines = stored(&office, ExportKind::Incidents).await;
        let outside = lines.iter().filter(|line| line.contains(",outside")).count();
        assert_eq!((lines.len(), outside), (1 + 196, 0), "{ending}");
    }
}

#[tokio::test]
async fn files_that_are_broken_are_refused_whatever_their_format_and_change_nothing() {
    let office = Office::with_district("quezon").await;
    let whole = file_of("gpkg", Datum::Wgs84, CELLS);
    for (name, bytes, code) in [
        ("cut.gpkg", &whole[..whole.len() / 2], "BAD_FORMAT"),
        ("cut.gpkg.gz", &gzip(&whole)[..200], "UNREADABLE"),
        ("page.gpkg", b"<html>404</html>".as_slice(), "BAD_FORMAT"),
        ("page.zip", b"<html>404</html>".as_slice(), "BAD_FORMAT"),
        ("page.fgb", b"<html>404</html>".as_slice(), "BAD_FORMAT"),
        ("slip.zip", &archive(&[("../../cells.shp", [].as_slice())])[..], "BAD_FORMAT"),
    ] {
        let path = office.file(name, bytes);
        let report = office.refused(import("quezon", &path, cells(&path, "cell", "code", None))).await;
        assert_eq!(report["problems"][0]["code"], code, "{name}: {report:#}");
    }
    assert_eq!(stored(&office, ExportKind::Cells).await.len(), 1);
}
