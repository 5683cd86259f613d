//! Real towns by the command line, judged by its report.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::data::data;

/// Cuts a file of units and gives the report; the plan is scored again by itself.
fn cut(units: &Path, arguments: &[&str], target: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |command: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_geo-tools"))
            .arg(command)
            .arg("--units")
            .arg(units)
            .args(arguments)
            .args(["--target", target, "--report", "report.json"])
            .args(more)
            .current_dir(folder.path())
            .output()
            .expect("the tool runs");
        let report = std::fs::read(folder.path().join("report.json"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&report.expect("a report")).expect("JSON");
        assert!(output.status.code() != Some(2), "{said}");
        (report, output.status.success(), said)
    };
    let (mut report, is_fine, said) = run("partition", &["-o", "plan.csv"]);
    let (again, is_fine_again, _) = run("score", &["--plan", "plan.csv"]);
    assert_eq!((&report["cells"], is_fine), (&again["cells"], is_fine_again), "{said}");
    report["said"] = said.into();
    report
}

/// How many cells are out of tolerance with nothing to show for it. All others are checked.
fn unexcused(report: &Value) -> usize {
    let tolerance = report["tolerance"].as_f64().expect("a number");
    let cells = report["cells"].as_array().expect("cells");
    assert!(!cells.is_empty());
    for cell in cells {
        assert_eq!(cell["contiguous"], true, "{cell}");
    }
    let is_off = |cell: &&Value| cell["deviation"].as_f64().expect("a number").abs() > tolerance + 1e-9;
    let off: Vec<&Value> = cells.iter().filter(is_off).collect();
    off.iter().filter(|cell| cell["certificate"].is_null()).count()
}

const LIECHTENSTEIN: &[&str] = &["--id", "block_id", "--weight", "dwellings", "--parent", "municipality"];

#[test]
fn liechtenstein_at_400_is_in_tolerance_or_certified_in_every_municipality() {
    let Some(blocks) = data("town-liechtenstein/blocks.geojson.gz") else { return };
    let report = cut(&blocks, LIECHTENSTEIN, "400");
    assert_eq!(unexcused(&report), 0, "{}", report["said"]);
    assert_eq!(report["parents"].as_array().expect("parents").len(), 11);
}

#[test]
fn iowa_is_cut_into_four_of_the_same_weight() {
    let Some(counties) = data("partition-iowa/counties.geojson.gz") else { return };
    let report = cut(&counties, &["--id", "geoid", "--weight", "pop"], "761588");
    assert_eq!((unexcused(&report), report["cells"].as_array().expect("cells").len()), (0, 4));
}

#[test]
fn providence_has_cells_of_1_000_people_overall_and_by_ward() {
    let Some(blocks) = data("partition-providence/blocks.geojson.gz") else { return };
    for parent in [&[][..], &["--parent", "ward"]] {
        let arguments = [&["--id", "geoid", "--weight", "pop"], parent].concat();
        let report = cut(&blocks, &arguments, "1000");
        assert_eq!(unexcused(&report), 0, "{}", report["said"]);
    }
}
