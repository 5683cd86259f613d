//! What the commands refuse, and that they write nothing then.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A row of squares, each with the properties given.
pub(crate) fn row_of(properties: &[&str]) -> String {
    let square = |(at, properties): (usize, &&str)| {
        let (west, east) = (113.7 + at as f64 * 0.01, 113.7 + (at + 1) as f64 * 0.01);
        format!(
            r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Polygon","coordinates":[[[{west:.2},34.39],[{east:.2},34.39],[{east:.2},34.40],[{west:.2},34.40],[{west:.2},34.39]]]}}}}"#
        )
    };
    let squares: Vec<String> = properties.iter().enumerate().map(square).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, squares.join(",\n"))
}

pub(crate) const FOUR: [&str; 4] = [
    r#"{"code":"A","n":10,"village":"V"}"#,
    r#"{"code":"B","n":10,"village":"V"}"#,
    r#"{"code":"C","n":10,"village":"V"}"#,
    r#"{"code":"D","n":10,"village":"V"}"#,
];

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_geo-tools"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("it runs")
}

pub(crate) fn partition(folder: &Path, more: &[&str]) -> (i32, String) {
    let start = ["partition", "--units", "units.geojson", "--id", "code", "--weight", "n"];
    let output = run(folder, &[&start, more].concat());
    (output.status.code().expect("an end"), String::from_utf8_lossy(&output.stderr).into_owned())
}

pub(crate) fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    folder
}

#[test]
fn a_plan_comes_with_its_cells_and_the_report_of_the_contract() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR))]);
    let outputs = ["-o", "plan.csv", "--cells", "cells.geojson", "--report", "report.json", "--seed", "3"];
    let (code, said) =
        partition(folder.path(), &[&["--target", "20", "--parent", "village"], &outputs[..]].concat());
    assert_eq!(code, 0, "{said}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert_eq!(read("plan.csv"), "unit,cell\nA,V-01\nB,V-01\nC,V-02\nD,V-02\n");
    let report: Value = serde_json::from_str(&read("report.json")).expect("JSON");
    for key in [
        "cells",
        "max_deviation",
        "in_tolerance",
        "cut_m",
        "mean_polsby_popper",
        "moved_weight",
        "moved_bound",
        "seed",
        "plan_hash",
        "cpu_s",
    ] {
        assert!(report.get(key).is_some(), "{key} is missing: {report:#}");
    }
    for key in ["cell", "parent", "weight", "deviation", "contiguous", "polsby_popper", "certificate"] {
        assert!(report["cells"][0].get(key).is_some(), "{key} is missing: {report:#}");
    }
    assert_eq!((&report["seed"], &report["in_tolerance"]), (&Value::from(3), &Value::from(1.0)));
    let cells: Value = serde_json::from_str(&read("cells.geojson")).expect("JSON");
    assert_eq!(cells["features"].as_array().expect("features").len(), 2);
    assert_eq!(cells["features"][1]["properties"]["weight"], 20.0);
}

#[test]
fn everything_that_is_wrong_with_units_is_told_at_once_and_nothing_is_written() {
    let bad = [
        r#"{"code":"A","n":-1,"village":"V"}"#,
        r#"{"code":"B","n":"ten","village":"V"}"#,
        r#"{"code":"C","village":"V"}"#,
        r#"{"code":"A","n":10}"#,
    ];
    let folder = folder_with(&[("units.geojson", &row_of(&bad))]);
    let (code, said) = partition(folder.path(), &["--target", "20", "--parent", "village", "-o", "plan.csv"]);
    assert_eq!(code, 1, "{said}");
    for told in [
        "-1 is not a weight",
        "\"ten\" is not a number",
        "no property n",
        "DUPLICATE_ID",
        "no property village",
    ] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    assert!(said.contains("/features/1/properties/n"), "{said}");
    assert!(!folder.path().join("plan.csv").exists());
}

#[test]
fn overlapping_units_strangers_and_a_target_beyond_all_are_refused() {
    let third = row_of(&FOUR).lines().nth(2).expect("four lines").to_owned();
    let overlapping = row_of(&FOUR).replace(&third, &third.replace("[113.72,", "[113.715,"));
    let folder = folder_with(&[("units.geojson", &overlapping)]);
    let (code, said) = partition(folder.path(), &["--target", "20", "-o", "plan.csv"]);
    assert_eq!((code, said.contains("OVERLAP")), (1, true), "{said}");
    let pairs = "a,b,shared_m\nA,B,100\nB,X,100\nC,D,far\nC,C,10\n";
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("pairs.csv", pairs)]);
    let (code, said) =
        partition(folder.path(), &["--target", "20", "-o", "plan.csv", "--adjacency", "pairs.csv"]);
    assert_eq!(code, 1, "{said}");
    for told in ["names unit “X”", "“far” is not a length"] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    let (code, said) = partition(folder.path(), &["--target", "41", "-o", "plan.csv"]);
    assert_eq!((code, said.contains("a target of 40 gives one cell")), (1, true), "{said}");
    assert!(!folder.path().join("plan.csv").exists());
}

#[test]
fn what_is_wrong_is_told_of_the_file_in_which_it_stands() {
    let third = |text: String| text.replace("[113.70,34.39]", "[113.70,34.39,5]");
    let files = [
        ("units.geojson", third(row_of(&FOUR))),
        ("pairs.csv", "a,b\nA,B\nB,X\n".to_owned()),
        ("plan.csv", "unit,cell\nA,w\nB,\nX,e\nC,e\nD,e\n".to_owned()),
        ("locked.csv", "unit,cell\nA,w\nY,w\n".to_owned()),
        ("together.csv", "unit,group\nC,g\nD,g\nZ,g\n".to_owned()),
    ];
    let folder = folder_with(&files.each_ref().map(|(name, content)| (*name, content.as_str())));
    let score = "score --units units.geojson --id code --weight n --plan plan.csv";
    let told = |more: &str, expected: &[&str]| {
        let output = run(folder.path(), &format!("{score}{more}").split(' ').collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for expected in expected {
            assert!(said.lines().any(|line| line.starts_with(expected)), "{expected} is not in {said}");
        }
        let mut warnings = said.lines().filter(|line| line.contains("warning THIRD_DIMENSION"));
        assert!(warnings.next().is_some_and(|line| line.starts_with("units.geojson:")), "{said}");
    };
    let unknown = "plan.csv:4: error UNKNOWN_UNIT: [X] the plan names";
    told("", &["plan.csv:3: error MISSING_FIELD: a row of a plan", unknown]);
    told(" --adjacency pairs.csv", &["pairs.csv:3: error UNKNOWN_UNIT: the adjacency names"]);
    let locked = "locked.csv:3: error UNKNOWN_UNIT: [Y] the locked cells name";
    let together = "together.csv:4: error UNKNOWN_UNIT: [Z] the units to stay together name";
    told(" --locked locked.csv --together together.csv", &[locked, together]);
}

#[test]
fn a_plan_of_units_with_blanks_around_their_names_can_be_read_again() {
    let four = row_of(&FOUR).replace(r#""A","n":10"#, r#""A ","n":10,"group":" one""#);
    let four = four.replace(r#""B","n":10"#, r#"" B","n":10,"group":"one""#);
    let pairs = "a,b\nA,B\nB,C\nC,D\n";
    let folder = folder_with(&[("units.geojson", &four), ("pairs.csv", pairs)]);
    let more = ["--target", "20", "-o", "plan.csv", "--cell-per", "group", "--adjacency", "pairs.csv"];
    let (code, said) = partition(folder.path(), &more);
    assert_eq!(code, 0, "{said}");
    let plan = std::fs::read_to_string(folder.path().join("plan.csv")).expect("written");
    assert_eq!(plan, "unit,cell\nA,one\nB,one\nC,01\nD,01\n");
    let arguments = "score --units units.geojson --id code --weight n --plan plan.csv --cell-per group";
    let output = run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_plan_from_elsewhere_is_scored() {
    let plan = "unit,cell\nA,west\nC,west\nB,east\n";
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("plan.csv", plan)]);
    let arguments = [
        "score",
        "--units",
        "units.geojson",
        "--id",
        "code",
        "--weight",
        "n",
        "--plan",
        "plan.csv",
        "--report",
        "-",
    ];
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let problems = report["problems"].as_array().expect("problems");
    let codes: Vec<&str> = problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
    for code in ["NOT_CONTIGUOUS", "MISSING_FIELD", "OUT_OF_TOLERANCE"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
}

#[test]
fn a_report_explains_the_plan_and_what_moved_since_the_one_before() {
    let (old, new) = ("unit,cell\nA,w\nB,w\nC,e\nD,e\n", "unit,cell\nA,w\nB,e\nC,e\nD,e\n");
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("old.csv", old), ("new.csv", new)]);
    let arguments = "score --units units.geojson --id code --weight n --parent village --plan new.csv --before old.csv --report -";
    let output = run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["moved_weight"], 10.0);
    let explanation = &report["explanation"];
    assert_eq!(explanation["lineage"]["moved"][0]["unit"], "B");
    assert_eq!(explanation["lineage"]["cells"][0]["origin"], "KEPT");
    assert_eq!(explanation["cells"][1]["neighbours"][0]["cell"], "e");
    let counted: u64 = explanation["histogram"]
        .as_array()
        .expect("bars")
        .iter()
        .filter_map(|bar| bar["cells"].as_u64())
        .sum();
    assert_eq!(counted, 2);
    let misses = explanation["misses"].as_array().expect("misses");
    assert_eq!(misses.len(), 2);
    assert!(misses[0]["text"]["zh"].as_str().is_some_and(|text| text.contains("没有证明")), "{misses:?}");
}

#[test]
fn a_plan_before_that_is_none_is_refused_and_nothing_is_written() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("old.csv", "unit,zone\nA,w\n")]);
    let (code, said) = partition(folder.path(), &["--target", "20", "-o", "plan.csv", "--before", "old.csv"]);
    assert_eq!((code, said.contains("old.csv:2")), (1, true), "{said}");
    assert!(!folder.path().join("plan.csv").exists());
    let twice = ["--target", "20", "-o", "plan.csv", "--html", "plan.csv"];
    assert_eq!(partition(folder.path(), &twice).0, 2);
    assert_eq!(partition(folder.path(), &["--target", "20", "-o", "plan.csv", "--language", "fr"]).0, 2);
}

#[test]
fn a_plan_is_kept_where_what_explains_it_cannot_be_written() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR))]);
    for explaining in [["--explain", "nowhere/plan.txt"], ["--html", "nowhere/plan.html"]] {
        let outputs = ["--target", "20", "-o", "plan.csv", "--cells", "cells.geojson"];
        let (code, said) = partition(folder.path(), &[&outputs[..], &explaining].concat());
        assert_eq!((code, said.contains(explaining[1])), (2, true), "{said}");
        for name in ["plan.csv", "cells.geojson"] {
            std::fs::remove_file(folder.path().join(name)).expect("it was kept");
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no draft is left");
    }
}
