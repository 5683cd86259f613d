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
    for (name, datum) in ["geojson", "geojsonl", "geojsons", "geojsonl.gz"]
        .into_iter()
        .flat_map(|ending| ["gcj02", "web-mercator"].map(|datum| (format!("there.{ending}"), datum)))
    {
        let told = fine(folder.path(), &["convert", "cells.geojson", &name, "--to", datum]);
        let warning = format!("{name}: warning: GeoJSON is WGS 84 (RFC 7946); this file is in {datum}");
        assert_eq!(told.matches("warning").count(), 1, "{told}");
        assert!(told.contains(&warning), "{told}");
        for wrong in [&["validate", &name, "--report", "r.json"][..], &["convert", &name, "out.gpkg"]] {
            let ran = run(folder.path(), wrong);
            assert_eq!(ran.status.code(), Some(1), "{wrong:?}");
            let told = String::from_utf8_lossy(&ran.stderr).into_owned();
            let expected =
                format!("the file says that it is in {datum}, and is read as wgs84; say --datum {datum}");
            assert!(told.contains("error CRS: ") && told.contains(&expected), "{told}");
        }
        let report = value(folder.path(), "r.json");
        let problems = report["problems"].as_array().expect("problems");
        assert!(problems.iter().any(|problem| problem["pointer"] == "/datum"), "{report:#}");
        assert_eq!(run(folder.path(), &["validate", &name, "--datum", "bd09"]).status.code(), Some(1));
        fine(folder.path(), &["convert", &name, "back.geojson", "--from", datum]);
        assert_eq!(value(folder.path(), "back.geojson"), value(folder.path(), "cells.geojson"), "{name}");
        let told = fine(folder.path(), &["convert", "cells.geojson", &name, "--to", "cgcs2000"]);
        assert!(!told.contains("warning"), "the numbers are those of WGS 84: {told}");
        fine(folder.path(), &["validate", &name]);
    }
    fine(folder.path(), &["convert", "cells.geojson", "there.geojson", "--to", "gcj02"]);
    assert_eq!(value(folder.path(), "there.geojson")["datum"], "gcj02");
    fine(folder.path(), &["convert", "cells.geojson", "there.geojsonl", "--to", "gcj02"]);
    for line in text(folder.path(), "there.geojsonl").lines() {
        assert_eq!(serde_json::from_str::<Value>(line).expect("JSON")["datum"], "gcj02", "{line}");
    }
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

#[test]
fn a_file_that_cannot_be_read_to_its_end_leaves_the_output_as_it_was() {
    let cut = &CELLS[..CELLS.len() - 40];
    let folder = folder_with(&[("cut.geojson", cut), ("cells.geojson", CELLS), ("out.geojson", "as it was")]);
    for output in ["out.geojson", "new.geojson", "new.gpkg", "new.shp", "new.fgb", "new.geojsonl.gz"] {
        let ran = run(folder.path(), &["convert", "cut.geojson", output]);
        assert_eq!(ran.status.code(), Some(1), "{output}");
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(
            told.contains(&format!("{output} is not written: cut.geojson cannot be read to its end")),
            "{told}"
        );
    }
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["cells.geojson", "cut.geojson", "out.geojson"], "nothing stays, under no name");
    assert_eq!(text(folder.path(), "out.geojson"), "as it was");
    fine(folder.path(), &["convert", "cells.geojson", "out.geojson"]);
    assert_eq!(value(folder.path(), "out.geojson"), value(folder.path(), "cells.geojson"));
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_stays_readable_by_whom_it_was() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let folder = folder_with(&[("cells.geojson", CELLS), ("own.geojson", ""), ("all.gpkg", "")]);
    for (name, mode) in [("own.geojson", 0o600), ("all.gpkg", 0o666)] {
        let path = folder.path().join(name);
        set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
        fine(folder.path(), &["convert", "cells.geojson", name]);
        let file = metadata(&path).expect("it is there");
        assert_eq!((file.permissions().mode() & 0o777, file.len() > 0), (mode, true), "{name}");
    }
}

#[test]
fn cells_go_through_every_format_and_are_cells_still() {
    let folder = folder_with(&[("cells.geojson", CELLS), ("points.csv", POINTS)]);
    let endings = ["geojson.gz", "geojsonl", "geojsons", "shp", "gpkg", "fgb", "gpkg.gz"];
    for datum in ["wgs84", "web-mercator", "gcj02"] {
        for ending in endings {
            let name = format!("{datum}.{ending}");
            fine(folder.path(), &["convert", "cells.geojson", &name, "--to", datum]);
            // Metres are named in the file itself, but not where it is GeoJSON; GCJ-02 has no name anywhere.
            let told = datum == "wgs84" || (datum == "web-mercator" && !ending.starts_with("geojson"));
            let said: &[&str] = if told { &[] } else { &["--datum", datum] };
            fine(folder.path(), &[&["validate", &name][..], said].concat());
            let said: &[&str] = if told { &[] } else { &["--cells-datum", datum] };
            let call =
                ["assign", "--cells", &name, "--cell-id", "code", "--points", "points.csv", "-o", "out.csv"];
            fine(folder.path(), &[&call[..], said].concat());
            let table = text(folder.path(), "out.csv");
            assert!(table.contains("\n1,W,inside,") && table.contains("\n2,E,inside,"), "{name}: {table}");
        }
    }
    let other =
        run(folder.path(), &["validate", "wgs84.gpkg", "--datum", "web-mercator", "--report", "r.json"]);
    assert_eq!(other.status.code(), Some(1));
    assert_eq!(value(folder.path(), "r.json")["problems"][0]["code"], "CRS");
}

#[test]
fn points_are_assigned_from_every_format_by_a_property_or_their_own_id() {
    let folder = folder_with(&[("cells.geojson", CELLS), ("points.csv", POINTS)]);
    for ending in ["geojson", "geojsonl", "shp", "gpkg", "fgb"] {
        let name = format!("points.{ending}");
        fine(folder.path(), &["convert", "points.csv", &name, "--from", "wgs84"]);
        for by in [&["--id", "code"][..], &[]] {
            let call = [
                "assign",
                "--cells",
                "cells.geojson",
                "--cell-id",
                "code",
                "--points",
                &name,
                "-o",
                "out.csv",
            ];
            fine(folder.path(), &[&call[..], by].concat());
            let table = text(folder.path(), "out.csv");
            let mut rows: Vec<&str> =
                table.lines().skip(1).map(|row| row.split(',').next().unwrap_or("")).collect();
            rows.sort_unstable();
            let expected = if by.is_empty() { ["1", "2"] } else { ["007", "410184001001"] };
            assert_eq!(rows, expected, "{name}: {table}");
        }
    }
}

#[test]
fn what_a_shapefile_cannot_hold_is_told_with_its_place() {
    let long = "x".repeat(300);
    let rows = format!(
        r#"{{"type":"FeatureCollection","features":[
{{"type":"Feature","id":"a","properties":{{"a long name of a column":"{long}","n":9223372036854775807,"v":1,"tags":[1]}},"geometry":{{"type":"Point","coordinates":[113.7,34.4]}}}},
{{"type":"Feature","id":"b","properties":{{"n":1,"v":"one","big":18446744073709551615}},"geometry":{{"type":"LineString","coordinates":[[113.7,34.4],[113.8,34.4]]}}}},
{{"type":"Feature","id":"c","properties":{{"n":2,"v":"two","big":18446744073709551615}},"geometry":{{"type":"Point","coordinates":[113.8,34.4]}}}}
]}}"#
    );
    let folder = folder_with(&[("mixed.geojson", &rows)]);
    let ran = run(folder.path(), &["convert", "mixed.geojson", "out.shp"]);
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{told}");
    for words in [
        "mixed.geojson:3: error GEOMETRY_TYPE: [b] a shapefile holds one kind of shape: the first was a point",
        "is written as \u{201c}a long nam\u{201d}",
        "mixed.geojson:2: warning BAD_VALUE: column",
        "has 300 bytes and is cut to 254",
        "more than 18 characters",
        "column \u{201c}v\u{201d}: numbers and logical values are written as text: not all values are",
        "column \u{201c}tags\u{201d}: lists and objects are written as text",
        "column \u{201c}big\u{201d}: numbers and logical values are written as text: no column of numbers holds all",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let told = fine(folder.path(), &["convert", "out.shp", "back.geojsonl"]);
    assert_eq!(told, "");
    let back = text(folder.path(), "back.geojsonl");
    let second: Value = serde_json::from_str(back.lines().nth(1).expect("two features")).expect("JSON");
    assert_eq!((&second["id"], &second["properties"]["big"]), (&json!("c"), &json!("18446744073709551615")));
}
