//! Bad files at the doors of import: each problem has its code and its place, and nothing is stored.

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::ImportKind;

use super::{Office, cells, import, import_skipping, options};

const CELL: &str = r#"{"type":"Feature","properties":{"code":"c-1"},"geometry":{"type":"Polygon","coordinates":
[[[121.00,14.62],[121.01,14.62],[121.01,14.63],[121.00,14.63],[121.00,14.62]]]}}"#;

fn collection(features: &[&str]) -> String {
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}", features.join(",\n"))
}

fn polygon(code: &str, ring: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}"#
    )
}

/// A file of cells is refused with a code that has a line and a pointer or a place, and no plan is published.
async fn check_cells(what: &str, content: &str, code: &str) {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", content);
    let report = office.refused(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    let problems = report["problems"].as_array().expect("a list");
    let found = problems.iter().find(|problem| problem["code"] == code);
    let problem = found.unwrap_or_else(|| panic!("{what}: no {code} in {problems:?}"));
    let placed = problem["line"].is_u64() || !problem["geometry"].is_null();
    assert!(placed, "{what}: {problem} has no place");
    assert!(!problem["message"].as_str().unwrap_or_default().is_empty(), "{what}: {problem} says nothing");
    let stored = office.exported("quezon", ExportKind::Cells, ExportFormat::Csv).await;
    assert_eq!(stored.lines().count(), 1, "{what}: {stored}");
}

#[tokio::test]
async fn bad_cells_are_refused_with_their_place_and_nothing_is_stored() {
    let square = "[[121.00,14.62],[121.01,14.62],[121.01,14.63],[121.00,14.63],[121.00,14.62]]";
    let overlapping = "[[121.005,14.62],[121.02,14.62],[121.02,14.63],[121.005,14.63],[121.005,14.62]]";
    let other = |ring: &str| collection(&[CELL, &polygon("c-2", ring)]);
    check_cells("overlap", &other(overlapping), "OVERLAP").await;
    check_cells("the same code twice", &collection(&[CELL, &polygon("c-1", square)]), "DUPLICATE_ID").await;
    check_cells(
        "a bow-tie",
        &other("[[121.02,14.62],[121.03,14.63],[121.03,14.62],[121.02,14.63],[121.02,14.62]]"),
        "SELF_INTERSECTION",
    )
    .await;
    check_cells(
        "swapped",
        &other("[[14.62,121.02],[14.63,121.02],[14.63,121.03],[14.62,121.02]]"),
        "COORD_RANGE",
    )
    .await;
    check_cells(
        "a string",
        &other(r#"[["121.02",14.62],[121.03,14.62],[121.03,14.63],[121.02,14.62]]"#),
        "COORD_TYPE",
    )
    .await;
    check_cells(
        "an open ring",
        &other("[[121.02,14.62],[121.03,14.62],[121.03,14.63],[121.02,14.63]]"),
        "RING_OPEN",
    )
    .await;
    check_cells(
        "no area",
        &other("[[121.02,14.62],[121.03,14.62],[121.04,14.62],[121.02,14.62]]"),
        "ZERO_AREA",
    )
    .await;
    check_cells("no code", &collection(&[&polygon("", square)]), "MISSING_FIELD").await;
    check_cells("a code that a spreadsheet spoilt", &collection(&[&polygon("4.1E+14", square)]), "BAD_VALUE")
        .await;
    check_cells("a code of other letters", &collection(&[&polygon("网格一", square)]), "BAD_VALUE").await;
    check_cells(
        "null geometry",
        r#"{"type":"Feature","properties":{"code":"c-1"},"geometry":null}"#,
        "NULL_GEOMETRY",
    )
    .await;
    check_cells("a point", r#"{"type":"Feature","properties":{"code":"c-1"},"geometry":{"type":"Point","coordinates":[121,14]}}"#,
        "GEOMETRY_TYPE").await;
    check_cells("brackets", &"[".repeat(100_000), "DEPTH").await;
    check_cells("no JSON", "cells, please", "NOT_GEOJSON").await;
}

/// A table of households is refused with a code on a line, and none is stored.
async fn check_households(what: &str, content: &[u8], code: &str, line: u64) {
    let office = Office::with_district("quezon").await;
    let grid = office.file("cells.geojson", CELL);
    office.done(import("quezon", &grid, cells(&grid, "cell", "code", None))).await;
    let path = office.file("homes.csv", content);
    let columns = ["dwellings=flats"];
    let columns = if content.windows(5).any(|bytes| bytes == b"flats") { &columns[..] } else { &[] };
    let report =
        office.refused(import("quezon", &path, options(ImportKind::Households, &path, columns))).await;
    let problems = report["problems"].as_array().expect("a list");
    let fits = problems.iter().any(|problem| problem["code"] == code && problem["line"] == line);
    assert!(fits, "{what}: no {code} on line {line} in {problems:?}");
    let stored = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    assert_eq!(stored.lines().count(), 1, "{what}: {stored}");
}

#[tokio::test]
async fn bad_households_are_refused_with_their_row_and_none_is_stored() {
    let good = "id,lon,lat,address\nh-1,121.005,14.625,Kaliraya 12\n";
    let with = |row: &str| format!("{good}{row}\n").into_bytes();
    check_households("swapped", &with("h-2,14.625,121.005,X"), "COORD_RANGE", 3).await;
    check_households("not a number", &with("h-2,east,14.625,X"), "COORD_TYPE", 3).await;
    check_households("the same id twice", &with("h-1,121.006,14.625,X"), "DUPLICATE_ID", 3).await;
    check_households("no id", &with(",121.006,14.625,X"), "MISSING_FIELD", 3).await;
    check_households("digits zeroed", &with("410102001002003000,121.006,14.625,X"), "BAD_VALUE", 3).await;
    check_households("rounded by a spreadsheet", &with("4.10102E+14,121.006,14.625,X"), "BAD_VALUE", 3).await;
    check_households("a NUL", &with("h-2,121.006,14.625,X\0Y"), "ENCODING", 3).await;
    let flats = "id,lon,lat,flats\nb-1,121.005,14.625,2\n";
    let with = |row: &str| format!("{flats}{row}\n").into_bytes();
    check_households("a fraction", &with("b-2,121.006,14.625,1.5"), "BAD_VALUE", 3).await;
    check_households("too many", &with("b-2,121.006,14.625,999999"), "BAD_VALUE", 3).await;
    check_households("no count", &with("b-2,121.006,14.625,"), "MISSING_FIELD", 3).await;
    check_households("a building nowhere", &with("b-2,,,3"), "NULL_GEOMETRY", 3).await;
}

#[tokio::test]
async fn a_file_before_the_first_cells_is_refused_in_one_sentence() {
    let office = Office::with_district("quezon").await;
    let path = office.file("homes.csv", "id,lon,lat\nh-1,121.005,14.625\n");
    let answer = office.run(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    let text = format!("{answer:?}");
    assert!(text.contains("district quezon has no cells yet; import them first"), "{text}");
}

async fn with_a_cell() -> Office {
    let office = Office::with_district("quezon").await;
    let grid = office.file("cells.geojson", CELL);
    office.done(import("quezon", &grid, cells(&grid, "cell", "code", None))).await;
    office
}

/// An incident whose values are all so long is refused, and the report stays small.
async fn check_long_values(byte_count: usize) {
    let office = with_a_cell().await;
    let long = "x".repeat(byte_count);
    let row = format!("{long},121.005,14.625,{long},{long},{long},{long},{long}");
    let table = format!("id,lon,lat,category,text,occurred_at,closed_at,channel\n{row}\n");
    let properties = ["category", "text", "occurred_at", "closed_at", "channel", "id"];
    let properties = properties.map(|name| format!("\"{name}\":\"{long}\"")).join(",");
    let feature = format!(
        "{{\"type\":\"Feature\",\"id\":\"{long}\",\"properties\":{{{properties}}},\
         \"geometry\":{{\"type\":\"Point\",\"coordinates\":[121.005,14.625]}}}}"
    );
    for (name, content) in [("long.csv", table), ("long.geojson", feature)] {
        let path = office.file(name, content);
        let report =
            office.refused(import("quezon", &path, options(ImportKind::Incidents, &path, &[]))).await;
        let problems = report["problems"].as_array().expect("a list");
        assert!(!problems.is_empty(), "{name}");
        for problem in problems {
            let message = problem["message"].as_str().expect("a sentence");
            assert!(message.chars().count() <= 300, "{name}: {} characters", message.len());
        }
        let size = report.to_string().len();
        assert!(size < 4000, "{name}: a report of {size} bytes");
    }
}

#[tokio::test]
async fn a_message_does_not_grow_with_the_value_that_it_is_about() {
    check_long_values(3 << 20).await;
    check_long_values(20 << 10).await;
}

#[tokio::test]
async fn a_cell_of_other_bytes_costs_its_row_and_not_the_file() {
    let office = with_a_cell().await;
    let table = "id,lon,lat,address\nh-1,121.005,14.625,A\nh-2,121.006,north,X\0Y\nh-3,121.007,14.625,C\n";
    let path = office.file("homes.csv", table);
    let bad_rows = office.folder.path().join("bad.csv");
    let options = options(ImportKind::Households, &path, &[]);
    let report = office.done(import_skipping("quezon", &path, options, &bad_rows)).await;
    assert_eq!(
        (&report["totals"]["households"], &report["problems"][0]["code"]),
        (&2.into(), &"ENCODING".into())
    );
    assert_eq!(report["row_count"], 3, "a row that is bad is a row");
}

#[tokio::test]
async fn a_file_that_breaks_off_comes_in_not_even_where_bad_rows_are_skipped() {
    let office = with_a_cell().await;
    let bad_rows = office.folder.path().join("bad.csv");
    let kinds = [ImportKind::Households, ImportKind::Basemap, ImportKind::Incidents];
    let cut = r#"{"type":"FeatureCollection","features":[{"type":"Feature","prop"#;
    for (content, kind) in [cut, r#"{"type":"FeatureCollection"}"#]
        .into_iter()
        .flat_map(|content| kinds.map(|kind| (content, kind)))
    {
        let path = office.file("cut.geojson", content);
        let report =
            office.refused(import_skipping("quezon", &path, options(kind, &path, &[]), &bad_rows)).await;
        assert_eq!(report["problems"][0]["code"], "NOT_GEOJSON", "{content}: {report}");
    }
    let path = office.file("empty.geojson", "no GeoJSON");
    let report = office.refused(import("quezon", &path, options(ImportKind::Basemap, &path, &[]))).await;
    assert_eq!((&report["row_count"], &report["bad_count"]), (&0.into(), &1.into()), "no row was read");
}
