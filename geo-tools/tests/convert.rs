//! Datums and formats on the command line: `convert`, and `--datum` of `validate` and `assign`.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

use std::path::Path;
use std::process::{Command, Output};

use geo_tools::{Datum, Position};
use serde_json::{Value, json};

const DATUMS: [&str; 5] = ["wgs84", "gcj02", "bd09", "cgcs2000", "web-mercator"];
const CELLS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","id":"west","properties":{"code":"W"},"geometry":{"type":"Polygon","coordinates":[[[113.73,34.39],[113.74,34.39],[113.74,34.40],[113.73,34.40],[113.73,34.39]]]}},
{"type":"Feature","id":"east","properties":{"code":"E"},"geometry":{"type":"Polygon","coordinates":[[[113.74,34.39],[113.75,34.39],[113.75,34.40],[113.74,34.40],[113.74,34.39]]]}}
]}"#;
const POINTS: &str =
    "id,name,lon,lat,code\n1,\"甲, 一\",113.735,34.395,007\n2,乙,113.7499998,34.3999998,410184001001\n";

fn run(folder: &Path, call: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_geo-tools"))
        .args(call)
        .current_dir(folder)
        .output()
        .expect("the tool runs")
}

/// Runs what must end with 0 and gives what it told.
fn fine(folder: &Path, call: &[&str]) -> String {
    let output = run(folder, call);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{call:?}: {told}");
    told
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    folder
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a text")
}

fn value(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&text(folder, name)).expect("JSON")
}

#[test]
fn a_doorstep_in_four_datums_lands_in_one_cell() {
    let folder = folder_with(&[("cells.geojson", CELLS)]);
    // Two metres west of the border between the cells: every datum's shift would carry it over, or out of both.
    let doorstep = Position::new(113.739_978, 34.395).expect("in range");
    for datum in Datum::ALL {
        let at = datum.rounded(doorstep).expect("coordinates");
        let csv = format!("id,lon,lat\ndoor,{},{}\n", at.x, at.y);
        let geojson = json!({"type": "Feature", "id": "door", "properties": {}, "geometry": {"type": "Point", "coordinates": [at.x, at.y]}});
        for (name, content) in [("door.csv", csv), ("door.geojson", geojson.to_string())] {
            std::fs::write(folder.path().join(name), content).expect("a file");
            let call = ["assign", "--cells", "cells.geojson", "--cell-id", "code", "--points", name];
            fine(folder.path(), &[&call[..], &["--datum", datum.name(), "-o", "out.csv"]].concat());
            let table = text(folder.path(), "out.csv");
            let row: Vec<&str> = table.lines().nth(1).expect("a row").split(',').collect();
            assert_eq!(row[..3], ["door", "W", "inside"], "{datum}, {name}: {table}");
            let distance_m: f64 = row[3].parse().expect("metres");
            assert!((distance_m - 2.02).abs() < 0.03, "{datum}, {name}: {distance_m}");
        }
    }
    for wrong in ["gcj02", "bd09", "web-mercator"] {
        let call = ["assign", "--cells", "cells.geojson", "--points", "door.geojson", "--datum", wrong];
        std::fs::write(
            folder.path().join("door.geojson"),
            r#"{"type":"Point","coordinates":[113.739978,34.395]}"#,
        )
        .expect("a file");
        fine(folder.path(), &[&call[..], &["-o", "out.csv"]].concat());
        let table = text(folder.path(), "out.csv");
        let distance_m: Option<f64> =
            table.lines().nth(1).and_then(|row| row.rsplit(',').next()?.parse().ok());
        assert!(distance_m.is_none_or(|metres| metres > 100.0), "{wrong} is taken at its word: {table}");
    }
}

#[test]
fn cells_are_checked_in_any_datum_and_problems_are_placed_in_wgs84() {
    let overlapping = CELLS
        .replace("[113.74,34.39],[113.75", "[113.739,34.39],[113.75")
        .replace("[113.74,34.40],[113.74,34.39]]]}}\n", "[113.739,34.40],[113.739,34.39]]]}}\n");
    let folder = folder_with(&[("cells.geojson", CELLS), ("overlap.geojson", &overlapping)]);
    for datum in DATUMS {
        fine(folder.path(), &["convert", "cells.geojson", "sound.geojson", "--to", datum]);
        fine(folder.path(), &["validate", "sound.geojson", "--datum", datum]);
        fine(folder.path(), &["convert", "overlap.geojson", "bad.geojson", "--to", datum]);
        let call = ["validate", "bad.geojson", "--datum", datum, "--report", "r.json"];
        assert_eq!(run(folder.path(), &call).status.code(), Some(1), "{datum}");
        let report = value(folder.path(), "r.json");
        let problem = &report["problems"][0];
        assert_eq!(problem["code"], "OVERLAP", "{datum}: {report:#}");
        let corner = &problem["geometry"]["coordinates"][0][0];
        let lon = corner[0].as_f64().or_else(|| corner[0][0].as_f64()).expect("a longitude");
        assert!((113.7389..113.7401).contains(&lon), "{datum}: {problem:#}");
    }
    // Cells drawn on a shifted map, points from satellites.
    fine(folder.path(), &["convert", "cells.geojson", "gcj.geojson", "--to", "gcj02"]);
    std::fs::write(folder.path().join("points.csv"), POINTS).expect("a file");
    let call = ["assign", "--cells", "gcj.geojson", "--cells-datum", "gcj02", "--points", "points.csv"];
    fine(folder.path(), &[&call[..], &["--datum", "wgs84", "-o", "out.csv"]].concat());
    let table = text(folder.path(), "out.csv");
    assert!(table.contains("\n1,west,inside,") && table.contains("\n2,east,inside,"), "{table}");
}

#[test]
fn what_is_converted_there_and_back_is_what_it_was_in_both_formats() {
    let folder = folder_with(&[("cells.geojson", CELLS), ("points.csv", POINTS)]);
    fine(folder.path(), &["convert", "cells.geojson", "plain.geojson"]);
    assert_eq!(value(folder.path(), "plain.geojson"), value(folder.path(), "cells.geojson"));
    for datum in DATUMS {
        fine(folder.path(), &["convert", "cells.geojson", "there.geojson", "--to", datum]);
        fine(folder.path(), &["convert", "there.geojson", "back.geojson", "--from", datum]);
        assert_eq!(value(folder.path(), "back.geojson"), value(folder.path(), "cells.geojson"), "{datum}");

        fine(folder.path(), &["convert", "points.csv", "there.csv", "--from", "wgs84", "--to", datum]);
        fine(folder.path(), &["convert", "there.csv", "back.csv", "--from", datum]);
        assert_eq!(text(folder.path(), "back.csv"), POINTS, "{datum}");
        if datum != "wgs84" && datum != "cgcs2000" {
            assert_ne!(text(folder.path(), "there.csv"), POINTS, "{datum}");
            assert_ne!(
                value(folder.path(), "there.geojson")["features"],
                value(folder.path(), "cells.geojson")["features"]
            );
        }
    }
}

#[test]
fn rows_become_points_and_points_rows_with_every_cell_as_it_was() {
    let folder = folder_with(&[("points.csv", POINTS)]);
    let told = fine(folder.path(), &["convert", "points.csv", "points.geojson"]);
    assert!(told.contains("no --from is given; its positions are taken as wgs84"), "{told}");
    let features = value(folder.path(), "points.geojson")["features"].clone();
    assert_eq!(
        features[0],
        json!({"type": "Feature", "id": "1", "properties": {"id": "1", "name": "甲, 一", "code": "007"}, "geometry": {"type": "Point", "coordinates": [113.735, 34.395]}})
    );
    fine(folder.path(), &["convert", "points.geojson", "again.csv"]);
    std::fs::write(folder.path().join("empty.csv"), "id,lon,lat\n").expect("a file");
    fine(folder.path(), &["convert", "empty.csv", "none.csv", "--from", "gcj02"]);
    assert_eq!(text(folder.path(), "none.csv"), "id,lon,lat\n", "a table without rows keeps its header");
    assert_eq!(
        text(folder.path(), "again.csv"),
        "id,lon,lat,name,code\n1,113.735,34.395,\"甲, 一\",007\n2,113.7499998,34.3999998,乙,410184001001\n"
    );
    fine(folder.path(), &["convert", "points.geojson", "metres.csv", "--to", "web-mercator"]);
    assert!(text(folder.path(), "metres.csv").starts_with("id,x,y,name,code\n1,12660922."));
    fine(folder.path(), &["convert", "metres.csv", "again.csv", "--from", "web-mercator"]);
    assert!(text(folder.path(), "again.csv").contains("\n1,113.735,34.395,"));
}

#[test]
fn geojson_in_another_datum_says_so_and_is_not_read_as_wgs84_by_mistake() {
    let folder = folder_with(&[("cells.geojson", CELLS)]);
    let told = fine(folder.path(), &["convert", "cells.geojson", "gcj.geojson", "--to", "gcj02"]);
    assert!(told.contains("warning: GeoJSON is WGS 84 (RFC 7946); this file is in gcj02"), "{told}");
    assert_eq!(value(folder.path(), "gcj.geojson")["datum"], "gcj02");
    for wrong in [
        &["validate", "gcj.geojson", "--report", "r.json"][..],
        &["validate", "gcj.geojson", "--datum", "bd09", "--report", "r.json"],
    ] {
        assert_eq!(run(folder.path(), wrong).status.code(), Some(1), "{wrong:?}");
        let report = value(folder.path(), "r.json");
        let problem = report["problems"].as_array().expect("problems").first().expect("one").clone();
        assert_eq!((&problem["code"], &problem["pointer"]), (&json!("CRS"), &json!("/datum")), "{problem:#}");
    }
    let told = fine(folder.path(), &["convert", "cells.geojson", "same.geojson", "--to", "cgcs2000"]);
    assert!(!told.contains("warning"), "the numbers are those of WGS 84: {told}");
    assert_eq!(value(folder.path(), "same.geojson").get("datum"), None);
}

#[test]
fn what_has_no_place_in_the_datum_is_told_and_left_out() {
    let north = r#"{"type":"Feature","id":"pole","properties":{},"geometry":{"type":"Point","coordinates":[113.7,86]}}"#;
    let cells = CELLS.replace("\n]}", &format!(",\n{north}\n]}}"));
    let folder = folder_with(&[
        ("cells.geojson", &cells),
        ("metres.csv", "id,x,y\n1,12660922.3,4082952.7\n2,20037508.35,0\n3,nan,0\n4,\"1,5\",0\n"),
        ("strip.csv", "id,lon,lat\n1,113.7,34.4\n2,72.0041,36\n"),
        ("polar.csv", "id,lon,lat\n1,113.7,34.4\n2,113.7,-89\n"),
    ]);
    let check = |call: &[&str], expected: &[&str], kept: usize, output: &str| {
        let ran = run(folder.path(), call);
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{call:?}: {told}");
        for part in expected {
            assert!(told.contains(part), "{call:?}: {told}");
        }
        let rows = if output.ends_with(".csv") {
            text(folder.path(), output).lines().count() - 1
        } else {
            value(folder.path(), output)["features"].as_array().expect("features").len()
        };
        assert_eq!(rows, kept, "{call:?}");
    };
    check(
        &["convert", "metres.csv", "out.csv", "--from", "web-mercator"],
        &[
            "metres.csv:3: error COORD_RANGE: [2]",
            "metres.csv:4: error COORD_TYPE",
            "is not a number in metres",
            "decimal comma",
        ],
        1,
        "out.csv",
    );
    check(
        &["convert", "strip.csv", "out.geojson", "--from", "gcj02"],
        &["strip.csv:3: error COORD_RANGE: [2]", "in gcj02 are of no place"],
        1,
        "out.geojson",
    );
    check(
        &["convert", "polar.csv", "out.csv", "--from", "wgs84", "--to", "web-mercator"],
        &["polar.csv:3: error COORD_RANGE: [2] latitude -89"],
        1,
        "out.csv",
    );
    check(
        &["convert", "cells.geojson", "out.geojson", "--to", "web-mercator"],
        &["error COORD_RANGE: [pole] latitude 86 must be in", "(/features/2)"],
        2,
        "out.geojson",
    );
    check(&["convert", "cells.geojson", "out.csv"], &["error GEOMETRY_TYPE: [west]"], 1, "out.csv");
}

#[test]
fn a_property_that_a_column_of_the_table_would_hide_is_told() {
    let point = r#"{"type":"Feature","id":7,"properties":{"id":"B7","lon":1,"tags":["a"],"none":null},"geometry":{"type":"Point","coordinates":[113.735,34.395]}}"#;
    let folder = folder_with(&[("point.geojson", point)]);
    let told = fine(folder.path(), &["convert", "point.geojson", "out.csv"]);
    assert!(
        told.contains("the property lon is left out") && told.contains("the property id is left out"),
        "{told}"
    );
    assert_eq!(text(folder.path(), "out.csv"), "id,lon,lat,tags,none\n7,113.735,34.395,\"[\"\"a\"\"]\",\n");
}

#[test]
fn points_that_look_shifted_are_warned_of_and_assigned_as_they_are() {
    let folder = folder_with(&[("cells.geojson", CELLS)]);
    let mut rows = "id,lon,lat\n".to_owned();
    for row in 0..40 {
        for column in 0..80 {
            let at = Position::from_e7(1_137_301_000 + column * 2_480, 343_901_000 + row * 2_450)
                .expect("in range");
            let given = Datum::Gcj02.rounded(at).expect("coordinates");
            rows.push_str(&format!("{},{},{}\n", row * 80 + column, given.x, given.y));
        }
    }
    std::fs::write(folder.path().join("points.csv"), rows).expect("a file");
    let call = |datum| {
        ["assign", "--cells", "cells.geojson", "--points", "points.csv", "--datum", datum, "-o", "out.csv"]
    };
    let told = fine(folder.path(), &call("wgs84"));
    assert!(told.contains("warning DATUM_SUSPECTED: the points look like gcj02"), "{told}");
    assert!(text(folder.path(), "out.csv").contains(",outside,"), "nothing is converted");
    let told = fine(folder.path(), &call("gcj02"));
    assert!(!told.contains("DATUM_SUSPECTED"), "{told}");
    assert!(!text(folder.path(), "out.csv").contains(",outside,"));
}
