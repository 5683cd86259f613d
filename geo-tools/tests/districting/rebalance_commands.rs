//! `geo-tools rebalance`: what it writes, and what it refuses; real towns after some invented years.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::commands::{folder_with, row_of, run};
use crate::data::data;
use crate::support::Chance;

const FIVE: [&str; 5] = [
    r#"{"code":"A","n":10,"village":"V"}"#,
    r#"{"code":"B","n":10,"village":"V"}"#,
    r#"{"code":"C","n":5,"village":"V"}"#,
    r#"{"code":"D","n":5,"village":"V"}"#,
    r#"{"code":"E","n":10,"village":"V"}"#,
];
const PLAN: &str = "unit,cell\nA,west\nB,west\nC,west\nD,east\nE,east\n";

fn change(folder: &Path, more: &[&str]) -> (i32, String) {
    let start =
        ["rebalance", "--units", "units.geojson", "--id", "code", "--weight", "n", "--plan", "plan.csv"];
    let output = run(folder, &[&start, more].concat());
    (output.status.code().expect("an end"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_changed_plan_comes_with_what_moved_and_what_must_at_least() {
    let folder = folder_with(&[("units.geojson", &row_of(&FIVE)), ("plan.csv", PLAN)]);
    let outputs =
        ["-o", "new.csv", "--report", "report.json", "--cells", "cells.geojson", "--curve", "curve.csv"];
    let explaining = ["--explain", "why.txt", "--html", "why.html", "--language", "zh"];
    let (code, said) =
        change(folder.path(), &[&["--parent", "village"], &outputs[..], &explaining[..]].concat());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("5 moved, at least 4 from neighbour to neighbour, 4 in any way"), "{said}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert_eq!(read("new.csv"), "unit,cell\nA,west\nB,west\nC,east\nD,east\nE,east\n");
    let report: Value = serde_json::from_str(&read("report.json")).expect("JSON");
    // Of 25 and 15 at least 4 must go over for 21 and 19; what can go over is a unit of 5.
    let told = ["moved_weight", "moved_bound", "moved_least", "in_tolerance"].map(|key| report[key].as_f64());
    assert_eq!(told, [Some(5.0), Some(4.0), Some(4.0), Some(1.0)], "{report:#}");
    let cells: Value = serde_json::from_str(&read("cells.geojson")).expect("JSON");
    assert_eq!(cells["features"][0]["properties"]["weight"], 20.0);
    let moved = &report["explanation"]["lineage"]["moved"];
    let told = ["unit", "from", "to", "why"].map(|key| moved[0][key].as_str());
    assert_eq!(told, [Some("C"), Some("west"), Some("east"), Some("TOO_HEAVY")], "{moved:#}");
    let [text, page] = ["why.txt", "why.html"].map(read);
    let sentence = moved[0]["text"]["zh"].as_str().expect("a sentence");
    assert!(text.contains(sentence) && page.contains(sentence), "{text}");
    let curve = read("curve.csv");
    let lines: Vec<&str> = curve.lines().collect();
    assert_eq!((lines.len(), lines[5].starts_with("moves,5,4,")), (6, true), "{curve}");
}

#[test]
fn a_plan_of_other_units_changes_nothing_and_says_where() {
    let two = [FIVE[0], FIVE[1], r#"{"code":"C","n":5,"village":"W"}"#, FIVE[3], FIVE[4]];
    let plan = "unit,cell\nA,west\nC,west\nB,east\nX,east\nD,east\n";
    let folder = folder_with(&[("units.geojson", &row_of(&two)), ("plan.csv", plan)]);
    let (code, said) = change(folder.path(), &["--parent", "village", "-o", "new.csv"]);
    assert_eq!(code, 1, "{said}");
    for told in ["UNKNOWN_UNIT", "unit “E” is in no cell", "two parents", "cell “east” is in 2 pieces", "5"]
    {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    assert!(!folder.path().join("new.csv").exists());
    let folder = folder_with(&[("units.geojson", &row_of(&FIVE)), ("plan.csv", PLAN)]);
    let (code, said) = change(folder.path(), &["-o", "plan.csv"]);
    assert_eq!((code, said.contains("plan.csv would be written while it is read")), (2, true), "{said}");
}

/// The same file with other numbers behind a property: a fifth more or less, and half as much again in one of eight stretches.
fn some_years_later(path: &Path, property: &str) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("a file");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("text");
    let key = format!("\"{property}\":");
    let mut chance = Chance::new(5);
    let pieces: Vec<&str> = text.split(&key).collect();
    let mut later = pieces[0].to_owned();
    for (at, piece) in pieces.iter().enumerate().skip(1) {
        let end = piece.find(|c: char| !c.is_ascii_digit()).expect("more text");
        let before: u64 = piece[..end].parse().expect("a number");
        let grows = if at * 8 / pieces.len() == 3 { 50 } else { 0 };
        let now = (before * (80 + grows + chance.below(41)) + 50) / 100;
        later.push_str(&format!("{key}{now}{}", &piece[end..]));
    }
    later
}

/// Cuts a town, lets years go by and changes the plan; gives the reports before and after, and what was said.
fn redrawn(units: &Path, (id, weight, parent): (&str, &str, &[&str]), target: &str) -> [Value; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    let later = some_years_later(units, weight);
    std::fs::write(folder.path().join("later.geojson"), later).expect("a file");
    let of = |command: &str, units: &str, more: &[&str]| -> Value {
        let start = [command, "--units", units, "--id", id, "--weight", weight, "--report", "report.json"];
        let output = run(folder.path(), &[&start, parent, more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() != Some(2), "{said}");
        let report = std::fs::read(folder.path().join("report.json")).expect("a report");
        let mut report: Value = serde_json::from_slice(&report).expect("JSON");
        report["said"] = said.into();
        report
    };
    of("partition", units.to_str().expect("a path"), &["--target", target, "-o", "plan.csv"]);
    let worn = of("score", "later.geojson", &["--plan", "plan.csv"]);
    let changed = of("rebalance", "later.geojson", &["--plan", "plan.csv", "-o", "new.csv"]);
    let again = of("rebalance", "later.geojson", &["--plan", "new.csv", "-o", "newer.csv"]);
    [worn, changed, again]
}

/// Cells out of tolerance with nothing to show for it; all are in one piece.
fn unexcused(report: &Value) -> usize {
    let cells = report["cells"].as_array().expect("cells");
    assert!(cells.iter().all(|cell| cell["contiguous"] == true));
    let off = |cell: &&Value| cell["deviation"].as_f64().expect("a number").abs() > 0.05 + 1e-9;
    cells.iter().filter(off).filter(|cell| cell["certificate"].is_null()).count()
}

/// The bound lets units be cut; blocks weigh about as much as cells may be off, so a cell that is a little off costs a block.
const MOST_BOUNDS: f64 = 4.0;
const LEAST_SHAPE: f64 = 0.85;

fn is_brought_back([worn, changed, again]: &[Value; 3]) {
    let number = |report: &Value, key: &str| report[key].as_f64().expect("a number");
    assert!(unexcused(worn) > 0, "the years do not show");
    assert_eq!(unexcused(changed), 0, "{}", changed["said"]);
    let (moved, bound) = (number(changed, "moved_weight"), number(changed, "moved_bound"));
    assert!(moved <= MOST_BOUNDS * bound, "{moved} moved, {bound} at least");
    let kept = number(changed, "mean_polsby_popper") / number(worn, "mean_polsby_popper");
    assert!(kept >= LEAST_SHAPE, "of the shape {kept} is left");
    assert_eq!(number(again, "moved_weight"), 0.0, "{}", again["said"]);
}

#[test]
fn providence_is_brought_back_overall_and_by_ward() {
    let Some(blocks) = data("partition-providence/blocks.geojson.gz") else { return };
    for parent in [&[][..], &["--parent", "ward"]] {
        is_brought_back(&redrawn(&blocks, ("geoid", "pop", parent), "1000"));
    }
}

#[test]
fn liechtenstein_is_brought_back_in_every_municipality() {
    let Some(blocks) = data("town-liechtenstein/blocks.geojson.gz") else { return };
    is_brought_back(&redrawn(&blocks, ("block_id", "dwellings", &["--parent", "municipality"]), "400"));
}
