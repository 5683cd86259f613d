//! The files that the tool writes: a report of everything that is wrong however much that is, and nothing written over
//! what is read.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const CELL: &str = r#"{"type":"Feature","id":"good","properties":{"code":"W"},"geometry":{"type":"Polygon","coordinates":
[[[113.73,34.39],[113.74,34.39],[113.74,34.40],[113.73,34.40],[113.73,34.39]]]}}"#;
const MOST_KIB: &str = "262144";

/// Runs the tool in a folder with so much memory and no more.
fn run(folder: &Path, line: &str) -> Output {
    let mut call = vec!["-c", "ulimit -v \"$1\" && shift && exec \"$@\"", "sh", MOST_KIB];
    call.push(env!("CARGO_BIN_EXE_geo-tools"));
    call.extend(line.split(' '));
    Command::new("sh").args(call).current_dir(folder).output().expect("the tool starts")
}

/// One cell, and so many features: a coordinate out of range, then one that has three numbers, and so on.
fn wrong_features(count: usize) -> String {
    let mut text = format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{CELL}");
    for at in 0..count {
        let numbers = if at % 2 == 0 { "200,34.5" } else { "113.7,34.5,9" };
        write!(
            text,
            ",\n{{\"type\":\"Feature\",\"id\":\"f{at}\",\"properties\":{{\"code\":\"c{at}\"}},\
             \"geometry\":{{\"type\":\"Point\",\"coordinates\":[{numbers}]}}}}"
        )
        .expect("into memory");
    }
    text + "\n]}"
}

#[test]
fn a_report_lists_every_problem_of_a_file_in_its_order_within_256_mib() {
    const COUNT: usize = 30_001;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("wrong.geojson"), wrong_features(COUNT)).expect("a file");
    for (line, file) in [
        ("validate wrong.geojson --id code --report r.json --problems p.geojson", "r.json"),
        ("repair wrong.geojson -o mended.geojson --report m.json", "m.json"),
    ] {
        let output = run(folder.path(), line);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {told}");
        let text = std::fs::read_to_string(folder.path().join(file)).expect("a report");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let problems = report["problems"].as_array().expect("a list");
        let out_of_range: Vec<_> =
            problems.iter().filter(|problem| problem["code"] == "COORD_RANGE").collect();
        assert_eq!(out_of_range.len(), COUNT.div_ceil(2), "{line}");
        for (at, problem) in out_of_range.iter().enumerate() {
            assert_eq!(problem["features"][0], format!("f{}", 2 * at), "{line}");
            assert_eq!(problem["line"], 2 * at + 4, "{line}");
        }
        // The points that could be read are no cells; by then they are called by the property that was asked for.
        let points = problems.iter().filter(|problem| problem["code"] == "GEOMETRY_TYPE");
        let names: Vec<&str> = points.filter_map(|problem| problem["features"][0].as_str()).collect();
        assert_eq!(names.len(), COUNT / 2, "{line}");
        let is_by_id = file == "m.json";
        assert_eq!(*names.last().expect("many"), if is_by_id { "f29999" } else { "c29999" }, "{line}");
        let third = problems.iter().filter(|problem| problem["code"] == "THIRD_DIMENSION");
        let names: Vec<&str> = third.filter_map(|problem| problem["features"][0].as_str()).collect();
        // What reading drops is mended by reading.
        assert_eq!(names.len(), if is_by_id { 0 } else { COUNT / 2 }, "{line}");
        assert!(names.iter().all(|name| name.starts_with('c')), "{line}: {:?}", names.last());
    }
    let places = std::fs::read_to_string(folder.path().join("p.geojson")).expect("the problems");
    let places: Value = serde_json::from_str(&places).expect("JSON");
    assert_eq!(places["features"].as_array().expect("a list").len(), COUNT.div_ceil(2) + 2 * (COUNT / 2));
}

#[test]
fn an_output_that_leads_to_an_input_or_to_another_output_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    // Were it read, that it is no GeoJSON would be told.
    let content = "cells, please";
    std::fs::write(path("in.geojson"), content).expect("a file");
    std::fs::write(path("points.csv"), content).expect("a file");
    std::fs::create_dir(path("sub")).expect("a folder");
    std::os::unix::fs::symlink(path("in.geojson"), path("link.json")).expect("a link");
    std::fs::hard_link(path("in.geojson"), path("hard.json")).expect("a link");
    std::os::unix::fs::symlink("new.json", path("to-be.json")).expect("a link");
    let check = |line: &str, expected: &str| {
        let output = run(folder.path(), line);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {told}");
        assert_eq!(told.lines().count(), 1, "{line}: {told}");
        assert!(told.contains(expected), "{line}: {told}");
        for name in ["in.geojson", "points.csv"] {
            assert_eq!(std::fs::read_to_string(path(name)).expect("it is there"), content, "{line}");
        }
        assert!(!path("new.json").exists(), "{line}");
    };
    let read = "would be written while it is read";
    for name in ["in.geojson", "./in.geojson", "sub/../in.geojson", "link.json", "hard.json"] {
        check(&format!("validate in.geojson --report {name}"), read);
        check(&format!("validate in.geojson --problems {name}"), read);
        check(&format!("repair in.geojson -o {name}"), read);
        check(&format!("repair in.geojson -o new.json --report {name}"), read);
        check(&format!("assign --cells in.geojson --points points.csv -o {name}"), read);
        check(&format!("assign --cells points.csv --points in.geojson -o {name}"), read);
        check(&format!("convert in.geojson {name}"), read);
    }
    let twice = "would be written twice; give each output a file of its own";
    for name in ["new.json", "./new.json", "sub/../new.json", "to-be.json"] {
        check(&format!("validate in.geojson --report new.json --problems {name}"), twice);
        check(&format!("repair in.geojson -o {name} --report new.json"), twice);
    }
    check("validate in.geojson --report - --problems -", "only one of the files can be standard output");
    check("repair in.geojson -o - --report -", "only one of the files can be standard output");
}
