//! Units weighed by the work that they take: households by their difficulty, and visits besides.

use serde_json::{Value, json};

use crate::commands::{folder_with, partition, row_of, run};

const FOUR: [&str; 4] = [
    r#"{"code":"A","n":10,"hard":3,"due":0}"#,
    r#"{"code":"B","n":10,"hard":1,"due":0}"#,
    r#"{"code":"C","n":10,"hard":1,"due":5}"#,
    r#"{"code":"D","n":10,"hard":0.5,"due":0}"#,
];
const WORK: [&str; 4] = ["--difficulty", "hard", "--visits", "due"];
const SCORE: [&str; 11] = [
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

#[test]
fn cells_weigh_the_same_work_and_the_report_says_of_what_it_is_made() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR))]);
    let outputs = ["--target", "30", "-o", "plan.csv", "--report", "report.json"];
    let (code, said) = partition(folder.path(), &[&outputs[..], &WORK].concat());
    assert_eq!(code, 0, "{said}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    // 10 × 3 on the one side; 10 × 1, 10 × 1 + 5 and 10 × 0.5 on the other.
    assert_eq!(read("plan.csv"), "unit,cell\nA,01\nB,02\nC,02\nD,02\n");
    let report: Value = serde_json::from_str(&read("report.json")).expect("JSON");
    assert_eq!(report["work"], json!({ "households": "n", "difficulty": "hard", "visits": "due" }));
    let told = |cell: usize| {
        ["weight", "deviation", "households", "visits"].map(|key| report["cells"][cell][key].as_f64())
    };
    assert_eq!(told(0), [30.0, 0.0, 10.0, 0.0].map(Some), "{report:#}");
    assert_eq!(told(1), [30.0, 0.0, 30.0, 5.0].map(Some), "{report:#}");
    let scored = run(folder.path(), &[&SCORE[..], &WORK].concat());
    assert_eq!(scored.status.code(), Some(0), "{}", String::from_utf8_lossy(&scored.stderr));
    // By their households alone the cells weigh 10 and 30, and nothing is said of work.
    let by_households = run(folder.path(), &SCORE);
    let report: Value = serde_json::from_slice(&by_households.stdout).expect("JSON");
    assert_eq!((by_households.status.code(), &report["cells"][1]["weight"]), (Some(1), &Value::from(30.0)));
    assert_eq!((report.get("work"), report["cells"][0].get("visits")), (None, None), "{report:#}");
}

#[test]
fn either_property_may_be_left_out() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR))]);
    let weights = |more: &[&str]| {
        let plan = "unit,cell\nA,A\nB,B\nC,C\nD,D\n";
        std::fs::write(folder.path().join("plan.csv"), plan).expect("a file");
        let output = run(folder.path(), &[&SCORE[..], more].concat());
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let weights = [0, 1, 2, 3].map(|cell: usize| report["cells"][cell]["weight"].as_f64());
        (weights, report["work"].clone())
    };
    let (hard, named) = weights(&WORK[..2]);
    assert_eq!(hard, [30.0, 10.0, 10.0, 5.0].map(Some));
    assert_eq!(named, json!({ "households": "n", "difficulty": "hard", "visits": null }));
    let (due, named) = weights(&WORK[2..]);
    assert_eq!(due, [10.0, 10.0, 15.0, 10.0].map(Some));
    assert_eq!(named, json!({ "households": "n", "difficulty": null, "visits": "due" }));
}

#[test]
fn everything_that_is_wrong_with_work_is_told_at_once_with_its_place_and_nothing_is_written() {
    let bad = [
        r#"{"code":"A","n":-1,"hard":0,"due":-2}"#,
        r#"{"code":"B","n":10,"hard":"very","due":null}"#,
        r#"{"code":"C","n":10,"due":1}"#,
        r#"{"code":"D","n":1000000000,"hard":2,"due":0}"#,
    ];
    let folder = folder_with(&[("units.geojson", &row_of(&bad))]);
    let (code, said) = partition(folder.path(), &[&["--target", "20", "-o", "plan.csv"][..], &WORK].concat());
    assert_eq!(code, 1, "{said}");
    for (start, told) in [
        ("units.geojson:1: error BAD_VALUE: [A] n: -1 is not a weight", "(/features/0/properties/n)"),
        (
            "units.geojson:1: error BAD_VALUE: [A] hard: 0 is not a difficulty, which is a number from 0.001 to 1 000",
            "(/features/0/properties/hard)",
        ),
        (
            "units.geojson:1: error BAD_VALUE: [A] due: -2 is not a number of visits",
            "(/features/0/properties/due)",
        ),
        (
            "units.geojson:2: error BAD_VALUE: [B] hard: \"very\" is not a number; a difficulty is one",
            "(/features/1/properties/hard)",
        ),
        (
            "units.geojson:2: error MISSING_FIELD: [B] the unit has no property due, its visits",
            "(/features/1/properties/due)",
        ),
        (
            "units.geojson:3: error MISSING_FIELD: [C] the unit has no property hard, its difficulty",
            "(/features/2/properties/hard)",
        ),
        (
            "units.geojson:4: error BAD_VALUE: [D] households × difficulty + visits: 2000000000 is not a weight",
            "(/features/3/properties/n)",
        ),
    ] {
        let is_told = |line: &str| line.starts_with(start) && line.ends_with(told);
        assert!(said.lines().any(is_told), "{start} … {told} is not in {said}");
    }
    assert!(!folder.path().join("plan.csv").exists());
}

#[test]
fn a_plan_is_brought_back_into_tolerance_of_the_work() {
    let plan = "unit,cell\nA,west\nB,west\nC,east\nD,east\n";
    let units = row_of(&FOUR).replace(r#""hard":0.5"#, r#""hard":1"#).replace(r#""due":5"#, r#""due":0"#);
    let folder = folder_with(&[("units.geojson", &units), ("plan.csv", plan)]);
    let change = |more: &[&str]| {
        let start =
            ["rebalance", "--units", "units.geojson", "--id", "code", "--weight", "n", "--plan", "plan.csv"];
        let output = run(folder.path(), &[&start[..], &["-o", "new.csv"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(folder.path().join("new.csv")).expect("written")
    };
    assert_eq!(change(&[]), plan);
    // 30 and 10 in the west, 10 and 10 in the east.
    assert_eq!(change(&WORK), "unit,cell\nA,west\nB,east\nC,east\nD,east\n");
}
