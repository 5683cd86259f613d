//! Conditions: cells that stay, units that stay together, targets of parents; what clashes, and who finds out.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use geo_tools::Code;
use geo_tools::districting::{
    Conditions, Judgement, Plan, PlanRow, Reason, Rules, UnitGraph, Watch, Weight, Wishes, judge_within,
    partition_within,
};

use crate::commands::{folder_with, partition, row_of, run};
use crate::support::{Chance, graph, options, unit};

fn rows(lines: Lines<'_>) -> Vec<PlanRow> {
    let row = |(at, &(unit, cell)): (usize, &(usize, &str))| PlanRow {
        unit: format!("u{unit}"),
        cell: cell.to_owned(),
        line: Some(at as u64 + 2),
    };
    lines.iter().enumerate().map(row).collect()
}

/// Units by their number, and what each is wished into.
type Lines<'a> = &'a [(usize, &'a str)];

/// A mesh of units, four in a row.
fn mesh(count: usize, chance: &mut Chance) -> UnitGraph {
    let units = (0..count).map(|number| unit(number, None, (1 + chance.below(6)) as f64)).collect();
    let along = (0..count as u32).filter(|at| at % 4 != 3).map(|at| (at, at + 1));
    let across = (0..count as u32).map(|at| (at, at + 4));
    let pairs: Vec<(u32, u32)> = along.chain(across).filter(|&(_, other)| (other as usize) < count).collect();
    graph(units, &pairs)
}

fn cut_within(graph: &UnitGraph, conditions: &Conditions, target: f64) -> (Plan, Judgement) {
    let options = options(target);
    let watch = AtomicBool::new(false);
    let plan = partition_within(graph, conditions, &options, &Watch::new(&|_| {}, &watch)).expect("a plan");
    let judgement = judged(graph, &plan.rows(graph), conditions, target);
    (plan, judgement)
}

fn judged(graph: &UnitGraph, rows: &[PlanRow], conditions: &Conditions, target: f64) -> Judgement {
    let rules = Rules { tolerance_ppm: 50_000, target: Weight::new(target).ok() };
    judge_within(graph, rows, rules, conditions)
}

#[test]
fn locked_cells_stay_and_groups_stay_together_in_any_plan() {
    let mut out = 0;
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let count = 16 + chance.below(24) as usize;
        let graph = mesh(count, &mut chance);
        // The first rows are locked in part; pairs further on stay together.
        let locked = 2 + chance.below(3) as usize;
        let lines: Vec<(usize, &str)> = (0..locked).map(|unit| (unit, "kept")).collect();
        let pairs: Vec<(usize, String)> = (8..count - 4)
            .step_by(4)
            .filter(|_| chance.below(2) == 0)
            .flat_map(|unit| [(unit, format!("g{unit}")), (unit + 4, format!("g{unit}"))])
            .collect();
        // Pairs that share a unit would be one; every second is left out.
        let pairs: Vec<(usize, &str)> = pairs
            .iter()
            .filter(|(_, group)| group[1..].parse::<usize>().expect("a number") % 8 == 0)
            .map(|(unit, group)| (*unit, group.as_str()))
            .collect();
        let wishes = Wishes { locked: rows(&lines), together: rows(&pairs), ..Wishes::default() };
        let conditions = Conditions::of(&graph, &wishes).expect("they can be kept");
        let (plan, judgement) = cut_within(&graph, &conditions, 14.0);
        let cell = |unit: usize| plan.cells[plan.cell_of[unit] as usize].name.as_str();
        for unit in 0..count {
            assert_eq!(cell(unit) == "kept", unit < locked, "seed {seed}: unit {unit}");
        }
        for pair in pairs.chunks(2) {
            assert_eq!(cell(pair[0].0), cell(pair[1].0), "seed {seed}: {pair:?}");
        }
        assert!(judgement.cells.iter().all(|cell| cell.is_contiguous), "seed {seed}");
        let is_broken = |code: Code| code == Code::ConditionBroken || code == Code::NotContiguous;
        assert!(!judgement.problems.iter().any(|problem| is_broken(problem.code)), "seed {seed}");
        let kept = judgement.cells.iter().find(|cell| cell.cell == "kept").expect("it is there");
        assert!(kept.is_locked && kept.unit_count == locked, "seed {seed}");
        let reason = kept.certificate.as_ref().map(|certificate| certificate.reason);
        assert_eq!(reason, (!kept.is_in_tolerance).then_some(Reason::Locked), "seed {seed}");
        out += judgement.cells.iter().filter(|cell| !cell.is_in_tolerance && !cell.is_locked).count();
    }
    assert!(out > 0, "no cell was ever out of tolerance: too easy to show anything");
}

#[test]
fn a_plan_that_changes_a_locked_cell_or_tears_a_group_is_found_out() {
    let graph = mesh(16, &mut Chance::new(1));
    let wishes = Wishes {
        locked: rows(&[(0, "a"), (1, "a")]),
        together: rows(&[(8, "g"), (9, "g")]),
        ..Wishes::default()
    };
    let conditions = Conditions::of(&graph, &wishes).expect("they can be kept");
    let sound = |unit: usize| match unit {
        0 | 1 => "a",
        2..=7 => "b",
        _ => "c",
    };
    let told = |changed: usize, to: &'static str| -> Vec<String> {
        let lines: Vec<(usize, &str)> =
            (0..16).map(|unit| (unit, if unit == changed { to } else { sound(unit) })).collect();
        let judgement = judged(&graph, &rows(&lines), &conditions, 20.0);
        let broken = judgement.problems.into_iter().filter(|problem| problem.code == Code::ConditionBroken);
        broken.map(|problem| problem.message).collect()
    };
    assert_eq!(told(2, "b"), Vec::<String>::new());
    assert!(told(1, "b")[0].contains("“u1” is no longer in it"), "{:?}", told(1, "b"));
    assert!(told(2, "a")[0].contains("“u2” has come into it"), "{:?}", told(2, "a"));
    assert!(told(9, "b")[0].contains("are in the cells “b”, “c”"), "{:?}", told(9, "b"));
}

#[test]
fn a_locked_cell_that_was_changed_is_not_excused_for_being_locked() {
    let units = [50.0, 10.0, 10.0, 10.0, 10.0].iter().enumerate();
    let row =
        graph(units.map(|(at, &weight)| unit(at, None, weight)).collect(), &[(0, 1), (1, 2), (2, 3), (3, 4)]);
    let wishes = Wishes { locked: rows(&[(0, "a"), (1, "a")]), ..Wishes::default() };
    let conditions = Conditions::of(&row, &wishes).expect("it can be kept");
    let reason = |lines: Lines<'_>| {
        let judgement = judged(&row, &rows(lines), &conditions, 10.0);
        let cell = judgement.cells.into_iter().find(|cell| cell.cell == "a").expect("it is there");
        assert!(cell.is_locked && !cell.is_in_tolerance, "{cell:?}");
        cell.certificate.map(|certificate| certificate.reason)
    };
    assert_eq!(reason(&[(0, "a"), (1, "a"), (2, "b"), (3, "c"), (4, "d")]), Some(Reason::Locked));
    assert_eq!(reason(&[(0, "a"), (1, "a"), (2, "a"), (3, "c"), (4, "d")]), None);
    assert_eq!(reason(&[(0, "a"), (1, "b"), (2, "b"), (3, "c"), (4, "d")]), None);
}

/// So many units of a long row, each wished together with the next one.
fn pairs_of(count: usize) -> (UnitGraph, Vec<PlanRow>) {
    let units = (0..count).map(|number| unit(number, None, 1.0)).collect();
    let along: Vec<(u32, u32)> = (1..count as u32).map(|at| (at - 1, at)).collect();
    let row = |at: usize| PlanRow { unit: format!("u{at}"), cell: format!("p{}", at / 2), line: None };
    (graph(units, &along), (0..count).map(row).collect())
}

#[test]
fn a_plan_with_tens_of_thousands_of_locked_cells_is_judged_in_seconds() {
    let (graph, locked) = pairs_of(80_000);
    let wishes = Wishes { locked: locked.clone(), ..Wishes::default() };
    let conditions = Conditions::of(&graph, &wishes).expect("they can be kept");
    let begin = Instant::now();
    let judgement = judged(&graph, &locked, &conditions, 2.0);
    assert_eq!((judgement.cells.len(), judgement.problems.len()), (40_000, 0));
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}

#[test]
fn thousands_of_cells_in_pieces_are_told_in_seconds_with_what_would_join_each() {
    let graph = mesh(120_000, &mut Chance::new(1));
    let wished =
        |unit: usize, cell: usize| PlanRow { unit: format!("u{unit}"), cell: format!("c{cell}"), line: None };
    let locked = (0..7_000).flat_map(|cell| [wished(16 * cell, cell), wished(16 * cell + 8, cell)]);
    let wishes = Wishes { locked: locked.collect(), ..Wishes::default() };
    let begin = Instant::now();
    let problems = Conditions::of(&graph, &wishes).expect_err("they are in pieces");
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    assert_eq!(problems.len(), 7_000);
    assert!(problems[6_999].message.contains("with “u111988” they would"), "{:?}", problems[6_999]);
}

#[test]
fn any_plan_is_told_to_break_conditions_just_where_it_does() {
    let (mut broken, mut sound) = (0, 0);
    for seed in 0..400 {
        let mut chance = Chance::new(seed);
        let count = 16 + chance.below(12) as usize;
        let graph = mesh(count, &mut chance);
        let locked = 1 + chance.below(3) as usize;
        let groups: Vec<(usize, String)> =
            (8..12).filter(|_| chance.below(2) == 0).map(|unit| (unit, format!("g{unit}"))).collect();
        let together: Vec<(usize, &str)> =
            groups.iter().flat_map(|(unit, group)| [(*unit, group.as_str()), (unit + 4, group)]).collect();
        let locked_rows: Vec<(usize, &str)> = (0..locked).map(|unit| (unit, "kept")).collect();
        let wishes = Wishes { locked: rows(&locked_rows), together: rows(&together), ..Wishes::default() };
        let conditions = Conditions::of(&graph, &wishes).expect("they can be kept");
        let names = ["c0", "c1", "c2", "kept"];
        let mut plan: Vec<(usize, &str)> = (0..count)
            .map(|unit| (unit, if unit < locked { "kept" } else { names[chance.below(3) as usize] }))
            .collect();
        groups.iter().for_each(|(unit, _)| plan[unit + 4].1 = plan[*unit].1);
        if chance.below(2) == 0 {
            plan[chance.below(count as u64) as usize].1 = names[chance.below(4) as usize];
        }
        let is_broken = plan.iter().any(|&(unit, cell)| (cell == "kept") != (unit < locked))
            || groups.iter().any(|(unit, _)| plan[*unit].1 != plan[unit + 4].1);
        let problems = judged(&graph, &rows(&plan), &conditions, 14.0).problems;
        let is_told = problems.iter().any(|problem| problem.code == Code::ConditionBroken);
        assert_eq!(is_told, is_broken, "seed {seed}: {plan:?} {problems:?}");
        *if is_broken { &mut broken } else { &mut sound } += 1;
    }
    assert!(broken > 50 && sound > 50, "{broken} broken, {sound} sound: too few to show anything");
}

#[test]
fn locked_cells_do_not_count_for_the_mean() {
    let units = [50.0, 10.0, 10.0, 10.0, 10.0].iter().enumerate();
    let row =
        graph(units.map(|(at, &weight)| unit(at, None, weight)).collect(), &[(0, 1), (1, 2), (2, 3), (3, 4)]);
    let wishes = Wishes { locked: rows(&[(0, "01"), (1, "01")]), ..Wishes::default() };
    let conditions = Conditions::of(&row, &wishes).expect("it can be kept");
    let (plan, judgement) = cut_within(&row, &conditions, 10.0);
    assert_eq!((judgement.parents[0].mean, judgement.problems.len()), (10.0, 0), "{judgement:#?}");
    let names: Vec<&str> = plan.cell_of.iter().map(|&cell| plan.cells[cell as usize].name.as_str()).collect();
    assert_eq!(
        names,
        ["01", "01", "04", "02", "03"],
        "the cell that was 01 has the next number that is free"
    );
    let locked = &judgement.cells[0];
    assert_eq!((locked.deviation, locked.is_in_tolerance, locked.is_locked), (5.0, false, true));
}

#[test]
fn little_ground_beside_locked_cells_is_a_cell_and_no_error() {
    let units = [50.0, 50.0, 3.0].iter().enumerate().map(|(at, &weight)| unit(at, None, weight)).collect();
    let row = graph(units, &[(0, 1), (1, 2)]);
    let wishes = Wishes { locked: rows(&[(0, "a"), (1, "b")]), ..Wishes::default() };
    let conditions = Conditions::of(&row, &wishes).expect("they can be kept");
    let (plan, judgement) = cut_within(&row, &conditions, 50.0);
    assert_eq!((plan.cells.len(), judgement.problems.len()), (3, 0), "{judgement:#?}");
}

#[test]
fn wishes_that_cannot_be_kept_together_are_told_with_what_would_do() {
    let graph = mesh(16, &mut Chance::new(1));
    let told = |locked: Lines<'_>, together: Lines<'_>| -> (Code, String) {
        let wishes = Wishes { locked: rows(locked), together: rows(together), ..Wishes::default() };
        let problems = Conditions::of(&graph, &wishes).expect_err("they clash");
        (problems[0].code, problems[0].message.clone())
    };
    let cases: [(Lines<'_>, Lines<'_>, Code, &str); 7] = [
        (&[(0, "a"), (1, "a"), (0, "b")], &[], Code::ConditionsClash, "“a” (line 2) and into “b” (line 4)"),
        (&[(99, "a")], &[], Code::UnknownUnit, "the locked cells name unit “u99”"),
        (&[(0, "a"), (2, "a")], &[], Code::NotContiguous, "with “u1” they would"),
        (&[], &[(0, "g"), (8, "g")], Code::NotContiguous, "with “u4” they would"),
        (&[(0, "a")], &[(0, "g"), (1, "g")], Code::ConditionsClash, "“u1” is in no locked cell"),
        (&[(0, "a"), (1, "b")], &[(0, "g"), (1, "g")], Code::ConditionsClash, "“u1” is locked in “b”"),
        (&[], &[(0, "g"), (1, "g"), (1, "h")], Code::ConditionsClash, "take out one of the lines"),
    ];
    for (locked, together, code, said) in cases {
        let (found, message) = told(locked, together);
        assert!(found == code && message.contains(said), "{found:?}: {message}; {said} was expected");
    }
}

#[test]
fn units_that_stay_together_and_are_too_heavy_are_certified_as_one() {
    let units = [10.0, 10.0, 10.0, 10.0, 10.0, 10.0].iter().enumerate();
    let units = units.map(|(at, &weight)| unit(at, None, weight)).collect();
    let row = graph(units, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    let wishes = Wishes { together: rows(&[(0, "g"), (1, "g")]), ..Wishes::default() };
    let conditions = Conditions::of(&row, &wishes).expect("they can be kept");
    let (_, judgement) = cut_within(&row, &conditions, 10.0);
    let heavy = judgement.cells.iter().find(|cell| cell.unit_count == 2).expect("it is there");
    let certificate = heavy.certificate.as_ref().expect("it is certified");
    assert_eq!(certificate.reason, Reason::OversizeUnit);
    assert!(certificate.detail.starts_with("unit u0 (group g) alone weighs 20"), "{}", certificate.detail);
    assert_eq!((judgement.problems.len(), judgement.cells.len()), (0, 5), "{judgement:#?}");
    // Without the condition nothing excuses such a cell.
    let plan: Vec<PlanRow> = rows(&[(0, "a"), (1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]);
    let without = judged(&row, &plan, &Conditions::default(), 10.0);
    assert!(without.problems.iter().any(|problem| problem.code == Code::OutOfTolerance));
}

#[test]
fn parents_have_the_target_of_their_setting() {
    let units = (0..16).map(|at| unit(at, Some(if at < 8 { "town" } else { "village" }), 10.0)).collect();
    let pairs: Vec<(u32, u32)> = (0..15).map(|at| (at, at + 1)).collect();
    let graph = graph(units, &pairs);
    let targets = BTreeMap::from([("village".to_owned(), Weight::new(20.0).expect("a weight"))]);
    let conditions =
        Conditions::of(&graph, &Wishes { targets, ..Wishes::default() }).expect("they can be kept");
    let (_, judgement) = cut_within(&graph, &conditions, 80.0);
    let counts: Vec<(usize, Option<f64>)> =
        judgement.parents.iter().map(|parent| (parent.cell_count, parent.offset)).collect();
    assert_eq!((counts, judgement.problems.len()), (vec![(1, Some(0.0)), (4, Some(0.0))], 0));
}

const SETTINGS: [&str; 6] = [
    r#"{"code":"A","n":10,"village":"V","kind":"urban"}"#,
    r#"{"code":"B","n":10,"village":"V","kind":"urban"}"#,
    r#"{"code":"C","n":10,"village":"W","kind":"rural","group":"one"}"#,
    r#"{"code":"D","n":10,"village":"W","kind":"rural","group":"one"}"#,
    r#"{"code":"E","n":10,"village":"W","kind":"rural","group":"two"}"#,
    r#"{"code":"F","n":10,"village":"W","kind":"rural"}"#,
];

#[test]
fn the_command_takes_locks_groups_settings_and_one_cell_per_group() {
    let files = [
        ("units.geojson", row_of(&SETTINGS)),
        ("locked.csv", "unit,cell\nA,north\n".to_owned()),
        ("clash.csv", "unit,cell\nA,north\nA,south\n".to_owned()),
        ("together.csv", "unit,group\nC,x\nD,x\n".to_owned()),
    ];
    let folder = folder_with(&files.each_ref().map(|(name, content)| (*name, content.as_str())));
    let plan_of = |more: &[&str]| {
        let start = ["--parent", "village", "-o", "plan.csv", "--target", "20"];
        let (code, said) = partition(folder.path(), &[&start, more].concat());
        let plan = std::fs::read_to_string(folder.path().join("plan.csv")).unwrap_or_default();
        let _ = std::fs::remove_file(folder.path().join("plan.csv"));
        (code, plan.lines().skip(1).map(|line| line[2..].to_owned()).collect::<Vec<_>>().join(" "), said)
    };
    let (code, plan, said) = plan_of(&["--setting", "kind", "--target-for", "rural=10"]);
    assert_eq!((code, plan.as_str()), (0, "V-01 V-01 W-01 W-02 W-03 W-04"), "{said}");
    let (code, plan, said) = plan_of(&["--cell-per", "group"]);
    assert_eq!((code, plan.as_str()), (0, "V-01 V-01 one one two W-01"), "{said}");
    let (code, plan, said) =
        plan_of(&["--target", "10", "--locked", "locked.csv", "--together", "together.csv"]);
    assert_eq!((code, plan.as_str()), (2, ""), "a target twice: {said}");
    let (code, plan, said) = plan_of(&["--locked", "locked.csv", "--together", "together.csv"]);
    assert_eq!((code, plan.as_str()), (0, "north V-01 W-01 W-01 W-02 W-02"), "{said}");
    let (code, plan, said) = plan_of(&["--locked", "clash.csv"]);
    assert_eq!((code, plan.as_str(), said.contains("CONDITIONS_CLASH")), (1, "", true), "{said}");
    let (code, _, said) = plan_of(&["--setting", "code", "--target-for", "A=10"]);
    assert_eq!((code, said.contains("units of several settings")), (1, true), "{said}");
    for (arguments, expected) in [
        (["--setting", "kind", "--target-for", "suburban=10"], "there are: rural, urban"),
        (["--setting", "knid", "--target-for", "rural=10"], "no unit has the property “knid”"),
        (["--cell-per", "grupo", "--seed", "1"], "no unit has the property “grupo”"),
    ] {
        let (code, plan, said) = plan_of(&arguments);
        assert_eq!((code, plan.as_str(), said.contains(expected)), (1, "", true), "{expected}: {said}");
    }
    let twice = ["--setting", "kind", "--target-for", "rural=10", "--target-for", "rural=20"];
    let (code, _, said) = plan_of(&twice);
    assert_eq!((code, said.contains("two targets, 10 and 20")), (1, true), "{said}");
    std::fs::write(folder.path().join("plan.csv"), "unit,cell\nA,n\nB,n\nC,c\nD,d\nE,d\nF,c\n")
        .expect("written");
    let score = ["score", "--units", "units.geojson", "--id", "code", "--weight", "n", "--plan", "plan.csv"];
    let output =
        run(folder.path(), &[&score[..], &["--locked", "locked.csv", "--together", "together.csv"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cell “n”") || said.contains("cell “north” is locked"), "{said}");
    assert!(said.contains("group “x” shall stay together"), "{said}");
}

#[test]
fn a_locked_cell_and_a_group_of_one_name_are_one_only_where_they_have_the_same_units() {
    let across = row_of(&SETTINGS).replace(r#""code":"B","#, r#""code":"B","group":"one","#);
    let files = [
        ("units.geojson", row_of(&SETTINGS)),
        ("across.geojson", across),
        ("same.csv", "unit,cell\nC,one\nD,one\n".to_owned()),
        ("other.csv", "unit,cell\nB,one\n".to_owned()),
        ("fewer.csv", "unit,cell\nC,one\n".to_owned()),
    ];
    let folder = folder_with(&files.each_ref().map(|(name, content)| (*name, content.as_str())));
    let with = |locked: &str| {
        let start = ["--target", "20", "-o", "plan.csv", "--cell-per", "group", "--locked"];
        partition(folder.path(), &[&start[..], &[locked]].concat())
    };
    let (code, said) = with("same.csv");
    assert_eq!(code, 0, "{said}");
    std::fs::remove_file(folder.path().join("plan.csv")).expect("a plan");
    for (locked, expected) in [
        ("other.csv", "unit “B” is in it by the locked cell and not by the property"),
        ("fewer.csv", "unit “D” is in it by the property and not by the locked cell"),
    ] {
        let (code, said) = with(locked);
        assert_eq!((code, said.contains("CONDITIONS_CLASH")), (1, true), "{locked}: {said}");
        assert!(said.contains(expected), "{said}");
        assert!(!folder.path().join("plan.csv").exists());
    }
    // Nobody locked what spans two parents here, and no message says so.
    let arguments = "partition --units across.geojson --id code --weight n --parent village --target 20 -o plan.csv --cell-per group";
    let output = run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cell “one” has units of two parents") && !said.contains("locked"), "{said}");
}

#[test]
fn a_message_does_not_grow_with_the_settings_of_a_file() {
    let units: Vec<String> =
        (0..30).map(|at| format!(r#"{{"code":"{at}","n":10,"village":"V","kind":"k{at}"}}"#)).collect();
    let units = row_of(&units.iter().map(String::as_str).collect::<Vec<_>>());
    let folder = folder_with(&[("units.geojson", &units)]);
    let start = ["--parent", "village", "-o", "plan.csv", "--target", "20", "--setting", "kind"];
    let (code, said) = partition(folder.path(), &[&start[..], &["--target-for", "urban=10"]].concat());
    assert_eq!(code, 1, "{said}");
    for told in ["there are: k0, k1,", "several settings: k0, k1,"] {
        let line = said.lines().find(|line| line.contains(told)).expect("a line");
        assert!(line.contains(" and 20 more") && !line.contains("k9"), "{line}");
    }
}
