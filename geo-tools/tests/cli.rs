//! The command line as the contract gives it: exit codes, reports, tables.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

mod data;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use data::data;

const TWO_CELLS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","id":"west","properties":{"code":"W","n":1},"geometry":{"type":"Polygon","coordinates":[[[113.73,34.39],[113.74,34.39],[113.74,34.40],[113.73,34.40],[113.73,34.39]]]}},
{"type":"Feature","id":"east","properties":{"code":"E","n":"1"},"geometry":{"type":"Polygon","coordinates":[[[113.74,34.39],[113.75,34.39],[113.75,34.40],[113.74,34.40],[113.74,34.39]]]}}
]}"#;

/// Runs the tool in a folder, with text on its standard input.
fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_geo-tools"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // A tool that refuses its arguments does not read to the end.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the tool ends");
    writer.join().expect("the writer ends");
    output
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    folder
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("into memory");
    encoder.finish().expect("into memory")
}

fn report(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn codes(report: &Value) -> Vec<&str> {
    let problems = report["problems"].as_array().expect("problems");
    problems.iter().map(|problem| problem["code"].as_str().expect("a code")).collect()
}

#[test]
fn a_sound_file_is_valid_from_a_file_from_gzip_and_from_standard_input() {
    let packed = gzip(TWO_CELLS.as_bytes());
    let folder = folder_with(&[("cells.geojson", TWO_CELLS.as_bytes()), ("cells.geojson.gz", &packed)]);
    for (file, input) in
        [("cells.geojson", &b""[..]), ("cells.geojson.gz", b""), ("-", &packed), ("-", TWO_CELLS.as_bytes())]
    {
        let output = run(folder.path(), &["validate", file, "--report", "-"], input);
        assert_eq!(code(&output), 0, "{file}: {}", stderr(&output));
        let report = report(&stdout(&output));
        assert_eq!((&report["feature_count"], &report["valid"]), (&Value::from(2), &Value::from(true)));
        assert_eq!(report["problems"], Value::Array(Vec::new()));
    }
}

#[test]
fn the_sample_that_the_readme_names_is_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/samples");
    let output = run(&folder, &["validate", "cells.geojson", "--id", "code", "--report", "-"], b"");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let report = report(&stdout(&output));
    assert_eq!((&report["feature_count"], &report["problems"]), (&Value::from(4), &Value::Array(Vec::new())));
}

#[test]
fn an_overlap_and_a_bad_coordinate_are_reported_with_the_keys_of_the_contract() {
    let overlapping = TWO_CELLS
        .replace("[113.74,34.39],[113.75", "[113.739,34.39],[113.75")
        .replace("[113.74,34.40],[113.74,34.39]]]}}\n", "[113.739,34.40],[113.739,34.39]]]}}\n");
    let swapped = TWO_CELLS.replace("[113.75,34.40]", "[34.40,113.75]");
    let folder =
        folder_with(&[("overlap.geojson", overlapping.as_bytes()), ("swapped.geojson", swapped.as_bytes())]);
    let output = run(
        folder.path(),
        &["validate", "overlap.geojson", "--report", "r.json", "--problems", "p.geojson"],
        b"",
    );
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let text = std::fs::read_to_string(folder.path().join("r.json")).expect("the report");
    let found = report(&text);
    assert_eq!((&found["feature_count"], &found["valid"]), (&Value::from(2), &Value::from(false)));
    assert!(codes(&found).contains(&"OVERLAP"), "{found:#}");
    for problem in found["problems"].as_array().expect("problems") {
        for key in ["code", "severity", "message", "features", "indexes", "pointer", "area_m2", "geometry"] {
            assert!(problem.get(key).is_some(), "{key} is missing: {problem:#}");
        }
        assert!(["error", "warning"].contains(&problem["severity"].as_str().expect("text")));
    }
    let places = std::fs::read_to_string(folder.path().join("p.geojson")).expect("the problems");
    let places = report_features(&places);
    assert!(
        places
            .iter()
            .any(|feature| feature["properties"]["code"] == "OVERLAP" && !feature["geometry"].is_null())
    );
    let output = run(folder.path(), &["validate", "swapped.geojson", "--id", "code", "--report", "-"], b"");
    let found = report(&stdout(&output));
    assert_eq!((code(&output), codes(&found)), (1, vec!["COORD_RANGE"]));
    assert_eq!(found["problems"][0]["pointer"], "/features/1/geometry/coordinates/0/2");
    assert_eq!(found["problems"][0]["indexes"], Value::from(vec![1]));
    assert!(stderr(&output).contains("swapped"), "{}", stderr(&output));
}

fn report_features(text: &str) -> Vec<Value> {
    report(text)["features"].as_array().expect("features").clone()
}

#[test]
fn a_property_that_repeats_or_is_missing_is_no_id() {
    let folder = folder_with(&[("cells.geojson", TWO_CELLS.as_bytes())]);
    for (property, expected) in [("n", "DUPLICATE_ID"), ("nothing", "MISSING_FIELD")] {
        let output =
            run(folder.path(), &["validate", "cells.geojson", "--id", property, "--report", "-"], b"");
        assert_eq!(code(&output), 1);
        assert!(codes(&report(&stdout(&output))).contains(&expected), "{}", stderr(&output));
    }
    let output = run(folder.path(), &["validate", "cells.geojson", "--id", "id"], b"");
    assert_eq!(code(&output), 0, "no feature has a property id, so their own ids count: {}", stderr(&output));
}

#[test]
fn a_point_or_a_line_among_cells_is_an_error_with_its_pointer_whatever_else_is_in_the_file() {
    let folder = folder_with(&[]);
    let line = r#"{"type":"Feature","id":"path","properties":{},"geometry":{"type":"LineString","coordinates":[[113.73,34.39],[113.74,34.39]]}}"#;
    let point = line
        .replace("path", "lamp")
        .replace("LineString", "Point")
        .replace("[[113.73,34.39],[113.74,34.39]]", "[113.73,34.39]");
    let among = TWO_CELLS.replace("\n]}", &format!(",\n{line},\n{point}\n]}}"));
    let alone = format!(r#"{{"type":"FeatureCollection","features":[{line},{point}]}}"#);
    for (text, first) in [(among, 2), (alone, 0)] {
        let output = run(folder.path(), &["validate", "-", "--report", "-"], text.as_bytes());
        let found = report(&stdout(&output));
        assert_eq!((code(&output), codes(&found)), (1, vec!["GEOMETRY_TYPE"; 2]), "{}", stderr(&output));
        for (at, name) in ["path", "lamp"].iter().enumerate() {
            let problem = &found["problems"][at];
            assert_eq!(problem["pointer"], format!("/features/{}", first + at));
            assert_eq!(problem["features"], Value::from(vec![*name]));
        }
    }
}

#[test]
fn a_call_that_cannot_be_carried_out_ends_with_two() {
    let cut = gzip(TWO_CELLS.as_bytes());
    let folder =
        folder_with(&[("cells.geojson", TWO_CELLS.as_bytes()), ("cut.geojson.gz", &cut[..cut.len() / 2])]);
    for arguments in [
        &["validate", "absent.geojson"][..],
        &["validate", "."],
        &["validate", "cut.geojson.gz"],
        &["validate", "cells.geojson", "--datum", "mars"],
        &["convert", "cells.geojson", "cells.shoe"],
        &["convert", "cells.geojson", "cells.geojson"],
        &["convert", "cells.geojson", "out.geojson", "--to", "GCJ02"],
        &["convert", "absent.csv", "out.csv"],
        &["convert", "cut.geojson.gz", "out.csv"],
        &["validate", "cells.geojson", "--report", "no/such/folder.json"],
        &["validate"],
        &["assign", "--cells", "-", "--points", "-", "-o", "-"],
        &["assign", "--cells", "cells.geojson", "--points", "absent.csv", "-o", "-"],
        &["assign", "--cells", "cells.geojson", "--points", "p.csv", "--within-m", "-1", "-o", "-"],
        &["conquer"],
    ] {
        let output = run(folder.path(), arguments, b"");
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    let output = run(folder.path(), &["validate", "cells.geojson", "--datum", "mars"], b"");
    assert!(stderr(&output).contains("allowed are wgs84, gcj02"), "{}", stderr(&output));
    let kept = std::fs::read_to_string(folder.path().join("cells.geojson")).expect("it is still there");
    assert_eq!(kept, TWO_CELLS, "an input named as the output is not emptied");
}

#[test]
fn what_is_no_geojson_ends_with_one_and_a_report() {
    let folder = folder_with(&[]);
    for (input, expected) in
        [(&b"[[[["[..], "NOT_GEOJSON"), (b"", "NOT_GEOJSON"), (b"\xff\xfe{\0", "ENCODING")]
    {
        let output = run(folder.path(), &["validate", "-", "--report", "-"], input);
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        assert_eq!(codes(&report(&stdout(&output))), [expected]);
    }
    let brackets = vec![b'['; 10 << 20];
    let output = run(folder.path(), &["validate", "-", "--report", "-"], &brackets);
    assert_eq!((code(&output), codes(&report(&stdout(&output)))), (1, vec!["DEPTH"]));
}

const POINTS: &str =
    "name,lon,lat\na,113.735,34.395\nb,113.74,34.395\nc,113.745,34.395\nd,113.7501,34.395\ne,120,34\n";

#[test]
fn points_are_assigned_in_their_order_from_csv_and_from_geojson() {
    let folder = folder_with(&[("cells.geojson", TWO_CELLS.as_bytes()), ("points.csv", POINTS.as_bytes())]);
    let call = [
        "assign",
        "--cells",
        "cells.geojson",
        "--cell-id",
        "code",
        "--points",
        "points.csv",
        "--id",
        "name",
        "--datum",
        "wgs84",
        "-o",
        "-",
    ];
    let output = run(folder.path(), &call, b"");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let table = stdout(&output);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["id", "cell", "method", "distance_to_border_m"]);
    let shown: Vec<&[&str]> = rows[1..].iter().map(|row| &row[..3]).collect();
    assert_eq!(shown[0], ["a", "W", "inside"]);
    assert_eq!(shown[1], ["b", "E", "border"]);
    assert_eq!(shown[2], ["c", "E", "inside"]);
    assert_eq!(shown[3], ["d", "", "outside"]);
    assert_eq!(rows[5], ["e", "", "outside", ""]);
    assert_eq!(rows[2][3], "0.00");
    let distance_m: f64 = rows[1][3].parse().expect("metres");
    // 0.005 degrees of longitude at this latitude; those of latitude are longer.
    assert!((distance_m - 459.9).abs() < 0.5, "{distance_m}");

    let near = run(folder.path(), &[&call[..], &["--within-m", "20"]].concat(), b"");
    assert!(stdout(&near).contains("d,E,nearest,9.2"), "{}", stdout(&near));

    let geojson = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[113.735,34.395]}},
        {"type":"Feature","id":7,"properties":{},"geometry":{"type":"Point","coordinates":[113.745,34.395]}}]}"#;
    let call = ["assign", "--cells", "cells.geojson", "--points", "-", "-o", "out.csv"];
    for input in [geojson.as_bytes().to_vec(), gzip(geojson.as_bytes())] {
        let output = run(folder.path(), &call, &input);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let table = std::fs::read_to_string(folder.path().join("out.csv")).expect("the table");
        let rows: Vec<&str> = table.lines().skip(1).collect();
        assert!(rows[0].starts_with("1,west,inside,") && rows[1].starts_with("7,east,inside,"), "{table}");
    }
}

#[test]
fn bad_points_are_told_and_left_out_and_bad_cells_refused() {
    let overlapping = TWO_CELLS.replace("113.74,34.40],[113.73,", "113.745,34.40],[113.73,");
    let folder =
        folder_with(&[("cells.geojson", TWO_CELLS.as_bytes()), ("bad.geojson", overlapping.as_bytes())]);
    let call = ["assign", "--cells", "cells.geojson", "--points", "-", "-o", "-"];
    let output = run(folder.path(), &call, b"id,lon,lat\n1,113.735,34.395\n2,x,34.395\n1,113.745,34.395\n");
    assert_eq!(code(&output), 1);
    assert_eq!(stdout(&output).lines().count(), 3, "{}", stdout(&output));
    assert!(stderr(&output).contains("-:3: error COORD_TYPE"), "{}", stderr(&output));
    let call = ["assign", "--cells", "bad.geojson", "--points", "-", "-o", "out.csv"];
    let output = run(folder.path(), &call, b"id,lon,lat\n1,113.735,34.395\n");
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(!folder.path().join("out.csv").exists());
}

#[test]
fn the_buildings_of_helsinki_are_assigned_as_the_file_says() {
    let Some(folder) = data("town-helsinki") else { return };
    let call = [
        "assign",
        "--cells",
        "blocks.geojson.gz",
        "--cell-id",
        "block_id",
        "--points",
        "buildings_points.geojson.gz",
        "-o",
        "-",
    ];
    let output = run(&folder, &call, b"");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(folder.join("buildings_points.geojson.gz")).expect("the points");
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).expect("gzip");
    let points: Value = serde_json::from_slice(&bytes).expect("JSON");
    let expected: BTreeMap<&str, &str> = points["features"]
        .as_array()
        .expect("features")
        .iter()
        .map(|feature| {
            (
                feature["id"].as_str().expect("an id"),
                feature["properties"]["block_id"].as_str().expect("a block"),
            )
        })
        .collect();
    let table = stdout(&output);
    let found: BTreeMap<&str, &str> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(id, rest)| (id, rest.split(',').next().expect("a cell")))
        .collect();
    assert_eq!(expected.len(), 457);
    assert_eq!(found, expected);
}

/// Two cells that overlap by 1.8 m, a gap of nobody 92 m wide beside them, and a feature in front with no id.
fn broken_cells() -> String {
    let corners = |west: &str, south: &str, east: &str, north: &str| {
        format!("[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]")
    };
    let feature = |head: &str, coordinates: String| {
        format!(r#"{{"type":"Feature",{head}"geometry":{{"type":"Polygon","coordinates":{coordinates}}}}}"#)
    };
    let pierced = corners("113.74", "34.39", "113.75", "34.40").replace(
        "]]]",
        "]],[[113.744,34.395],[113.744,34.396],[113.745,34.396],[113.745,34.395],[113.744,34.395]]]",
    );
    let features = [
        feature(r#""properties":{"z":1,"a":["x"]},"#, corners("113.72", "34.39", "113.73", "34.40")),
        feature(
            r#""id":"west","properties":{"code":"W"},"#,
            corners("113.73", "34.39", "113.74002", "34.40"),
        ),
        feature(r#""id":"east","properties":null,"#, pierced),
    ];
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"))
}

#[test]
fn repair_writes_the_file_anew_tells_who_got_what_and_leaves_a_wide_gap() {
    let folder = folder_with(&[("cells.geojson", broken_cells().as_bytes())]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    let call = ["repair", "cells.geojson", "-o", "once.geojson", "--report", "r.json", "--snap-m", "2"];
    let output = run(folder.path(), &call, b"");
    assert_eq!(code(&output), 1, "the wide gap is left: {}", stderr(&output));
    assert!(stderr(&output).contains("cells.geojson: 1 mended, "), "{}", stderr(&output));
    let told = report(&read("r.json"));
    assert_eq!((&told["feature_count"], &told["valid"]), (&Value::from(3), &Value::from(false)));
    assert_eq!((&told["snap_m"], &told["mended_count"]), (&Value::from(2.0), &Value::from(1)));
    let mend = &told["mended"][0];
    assert_eq!(
        (&mend["code"], &mend["winner"], &mend["winner_index"]),
        (&"SLIVER".into(), &"west".into(), &1.into())
    );
    assert_eq!((&mend["losers"][0], &mend["loser_indexes"][0]), (&"east".into(), &2.into()));
    assert_eq!(mend["geometry"]["type"], "Polygon");
    let (area_m2, move_m) =
        (mend["area_m2"].as_f64().expect("m²"), mend["largest_move_m"].as_f64().expect("m"));
    assert!((area_m2 - 2040.0).abs() < 20.0 && (move_m - 1.84).abs() < 0.02, "{mend:#}");
    assert_eq!((&told["changed_m2"], &told["largest_move_m"]), (&mend["area_m2"], &mend["largest_move_m"]));
    assert_eq!(codes(&told), ["GAP"]);
    let before = report_features(&broken_cells());
    let after = report_features(&read("once.geojson"));
    assert_eq!(after[0], before[0], "what is fine is as it was");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.get("id"), after.get("id"));
    }
    assert_eq!((&after[1]["properties"], after.len()), (&before[1]["properties"], 3));
    // The same bytes again, and repairing twice is repairing once.
    let again = run(folder.path(), &["repair", "-", "-o", "-", "--snap-m", "2"], broken_cells().as_bytes());
    assert_eq!(stdout(&again), read("once.geojson"));
    let twice = run(folder.path(), &["repair", "once.geojson", "-o", "-", "--snap-m", "2"], b"");
    assert_eq!((code(&twice), stdout(&twice)), (1, read("once.geojson")));
    assert!(stderr(&twice).contains(": 0 mended, 0.00 m² changed hands"), "{}", stderr(&twice));
}

#[test]
fn repair_ends_with_zero_where_nothing_is_left_and_writes_nothing_that_would_lack_a_feature() {
    let folder = folder_with(&[
        ("sound.geojson", TWO_CELLS.as_bytes()),
        ("bad.geojson", TWO_CELLS.replace("[113.75,34.40]", "[34.40,113.75]").as_bytes()),
        ("none.geojson", b"not a map"),
    ]);
    let output = run(folder.path(), &["repair", "sound.geojson", "-o", "out.geojson"], b"");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let written = std::fs::read_to_string(folder.path().join("out.geojson")).expect("written");
    assert_eq!(report_features(&written)[0]["geometry"], report_features(TWO_CELLS)[0]["geometry"]);
    for file in ["bad.geojson", "none.geojson"] {
        let output = run(folder.path(), &["repair", file, "-o", "lacking.geojson"], b"");
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        assert!(!folder.path().join("lacking.geojson").exists(), "{file}: {}", stderr(&output));
    }
    for call in [
        &["repair", "sound.geojson"][..],
        &["repair", "absent.geojson", "-o", "x"],
        &["repair", "sound.geojson", "-o", "-", "--report", "-"],
        &["repair", "sound.geojson", "-o", "x", "--snap-m", "-1"],
        &["repair", "sound.geojson", "-o", "x", "--snap-m", "101"],
        &["repair", "sound.geojson", "-o", "x", "--snap-m", "NaN"],
        &["repair", "sound.geojson", "-o", "absent/x"],
    ] {
        let output = run(folder.path(), call, b"");
        assert_eq!(code(&output), 2, "{call:?}: {}", stderr(&output));
    }
}
