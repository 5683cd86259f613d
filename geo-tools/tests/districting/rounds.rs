//! Cells that can be visited in so many days: what it takes, which cells cannot be, and cutting so that they can.

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::districting::{
    Conditions, JudgedRound, Judgement, Link, PlanRow, Reason, RoundRules, Rounds, Rules, Unit, UnitGraph,
    Watch, Weight, Wishes, judge, judge_within, partition_within, streets_mm,
};
use geo_tools::{Code, Polygon, Position};
use serde_json::{Value, json};

use crate::commands::{FOUR, folder_with, partition, row_of, run};
use crate::support::{Chance, cut, graph, judged, options, unit};

const H: u32 = 3_600;

fn rules(most_s: u32) -> RoundRules {
    RoundRules { visit_s: 180, walk_m_per_h: 4_000, most_s }
}

fn households(units: &[Unit]) -> Vec<Weight> {
    units.iter().map(|unit| unit.weight).collect()
}

/// Four rows of four squares of ten households; a straight cut from west to east is the shortest.
fn square(streets_km: impl Fn(usize) -> i64, most_s: u32) -> UnitGraph {
    let units: Vec<Unit> = (0..16).map(|at| unit(at % 4 + at / 4 * 8, None, 10.0)).collect();
    let across = (0..16).filter(|at| at % 4 != 3);
    let across = across.map(|at| Link { first: at, second: at + 1, shared_mm: 110_000 });
    let along = (0..12).map(|at| Link { first: at, second: at + 4, shared_mm: 90_000 });
    let streets: Vec<i64> = (0..16).map(|at| streets_km(at) * 1_000_000).collect();
    let rounds = Rounds::along_streets(rules(most_s), &units, (&households(&units), &streets));
    UnitGraph::new(units, across.chain(along).collect()).expect("a sound graph").with_rounds(rounds)
}

fn round_of(judgement: &Judgement, cell: usize) -> &JudgedRound {
    judgement.cells[cell].round.as_ref().expect("it was asked")
}

fn late(judgement: &Judgement) -> Vec<&str> {
    let broken = judgement.problems.iter().filter(|problem| problem.code == Code::ConditionBroken);
    broken.map(|problem| problem.message.as_str()).collect()
}

#[test]
fn a_round_takes_its_visits_and_a_walk_through_the_ground_where_somebody_lives() {
    // Four squares of 100 m with ten households each, and one where nobody lives.
    let units: Vec<Unit> = [10.0, 10.0, 10.0, 10.0, 0.0]
        .iter()
        .enumerate()
        .map(|(at, &weight)| unit(at, None, weight))
        .collect();
    let row = |most_s: u32| {
        let rounds = Rounds::straight(rules(most_s), &units, &households(&units));
        graph(units.clone(), &[(0, 1), (1, 2), (2, 3), (3, 4)]).with_rounds(rounds)
    };
    let (_, judgement) = cut(&row(8_012), &options(40.0));
    let round = round_of(&judgement, 0);
    // 0.7124 × √(40 × 40 000 m²) = 901.1 m are 811 s at 4 km/h; 40 visits of 3 minutes are 7 200 s.
    assert!((round.walk_m - 901.1).abs() < 0.1 && (round.walk_s - 811.0).abs() < 0.1, "{round:?}");
    assert_eq!((round.households, round.visits_s, round.is_in_time), (40.0, 7_200.0, true));
    assert_eq!((judgement.in_time_share(), late(&judgement).len()), (Some(1.0), 0));
    // All of the ground is one cell, which is too light for two.
    let (_, judgement) = cut(&row(8_000), &options(40.0));
    let certificate = round_of(&judgement, 0).certificate.as_ref().expect("it is certified");
    assert_eq!((certificate.reason, judgement.in_time_share()), (Reason::SmallComponent, Some(0.0)));
    assert_eq!(late(&judgement), Vec::<&str>::new());
    let (_, judgement) = cut(&graph(units.clone(), &[(0, 1), (1, 2), (2, 3), (3, 4)]), &options(40.0));
    assert_eq!((judgement.cells[0].round.as_ref(), judgement.in_time_share()), (None, None), "nobody asked");
}

#[test]
fn cells_are_cut_so_that_they_can_be_visited_where_the_shortest_border_would_not_do() {
    // All streets are in the south: 24 km, which are 6 hours, beside 4 hours of visits.
    let in_the_south = |at: usize| if at < 4 { 6 } else { 0 };
    let (relaxed, judgement) = cut(&square(in_the_south, 10 * H), &options(80.0));
    assert_eq!((judgement.cut_mm, judgement.in_time_share()), (360_000, Some(1.0)));
    let (plan, judgement) = cut(&square(in_the_south, 8 * H), &options(80.0));
    assert_eq!((judgement.in_time_share(), late(&judgement).len()), (Some(1.0), 0), "{judgement:#?}");
    assert!(judgement.cells.iter().all(|cell| cell.is_in_tolerance), "{judgement:#?}");
    assert_ne!(plan, relaxed);
    assert!(judgement.cut_mm > 360_000);
    // The plan that is cut where nobody asks would not have done.
    let graph = square(in_the_south, 8 * H);
    let judgement = judged(&graph, &relaxed, &options(80.0));
    let told = late(&judgement);
    assert_eq!((told.len(), judgement.in_time_share()), (1, Some(0.5)), "{told:?}");
    for figures in ["takes 10.0 h to visit (4.0 h for 80", "6.0 h for 24000 m on foot), and 8.0 h"] {
        assert!(told[0].contains(figures), "{}", told[0]);
    }
}

#[test]
fn a_unit_that_alone_takes_too_long_and_a_target_of_too_many_households_are_certified() {
    let far = |at: usize| if at == 5 { 20 } else { 0 };
    let reasons = |graph: &UnitGraph| -> Vec<Option<Reason>> {
        let (_, judgement) = cut(graph, &options(80.0));
        assert_eq!(late(&judgement), Vec::<&str>::new());
        let certificates = judgement.cells.iter().map(|cell| cell.round.as_ref()?.certificate.clone());
        certificates.map(|certificate| Some(certificate?.reason)).collect()
    };
    // 20 km are 5 hours, and half an hour of visits; 4 hours of visits are in time for the other.
    let found = reasons(&square(far, 5 * H));
    assert_eq!(found.iter().filter(|reason| **reason == Some(Reason::OversizeUnit)).count(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|reason| reason.is_none()).count(), 1, "{found:?}");
    // At least 76 households of 3 minutes are 3.8 hours.
    assert_eq!(reasons(&square(|_| 0, 3 * H)), [Some(Reason::ParentArithmetic); 2]);
}

#[test]
fn a_locked_cell_that_takes_too_long_is_certified_and_the_others_are_cut_for_the_time() {
    let in_the_south = |at: usize| if at < 4 { 6 } else { 0 };
    let graph = square(in_the_south, 8 * H);
    let id = |unit: usize| graph.units()[unit].id.clone();
    let row = |unit: usize| PlanRow { unit: id(unit), cell: "south".to_owned(), line: None };
    let wishes = Wishes { locked: (0..4).map(row).collect(), ..Wishes::default() };
    let conditions = Conditions::of(&graph, &wishes).expect("it can be kept");
    let called_off = std::sync::atomic::AtomicBool::new(false);
    let options = options(40.0);
    let judged_within = |graph: &UnitGraph| {
        let plan = partition_within(graph, &conditions, &options, &Watch::new(&|_| {}, &called_off));
        let rules = Rules { tolerance_ppm: 50_000, target: None };
        judge_within(graph, &plan.expect("a plan").rows(graph), rules, &conditions)
    };
    // 40 households are 2 hours, and 24 km 6.
    assert_eq!(judged_within(&graph).in_time_share(), Some(1.0));
    let judgement = judged_within(&square(in_the_south, 7 * H));
    let south = judgement.cells.iter().find(|cell| cell.cell == "south").expect("it is there");
    let certificate = south.round.as_ref().and_then(|round| round.certificate.as_ref()).expect("certified");
    assert_eq!((certificate.reason, late(&judgement).len()), (Reason::Locked, 0));
}

/// Lines that put each unit of a square into a cell.
fn rows(graph: &UnitGraph, cell: impl Fn(usize) -> &'static str) -> Vec<PlanRow> {
    let ids = graph.units().iter().map(|unit| unit.id.clone()).enumerate();
    ids.map(|(at, unit)| PlanRow { unit, cell: cell(at).to_owned(), line: None }).collect()
}

fn rules_for(target: Option<f64>) -> Rules {
    let target = target.map(|target| Weight::new(target).expect("a weight"));
    Rules { tolerance_ppm: 50_000, target }
}

fn reasons(judgement: &Judgement) -> Vec<Option<Reason>> {
    let certificates = judgement.cells.iter().map(|cell| cell.round.as_ref()?.certificate.as_ref());
    certificates.map(|certificate| Some(certificate?.reason)).collect()
}

#[test]
fn a_plan_of_fewer_cells_than_the_target_wants_is_not_excused_by_how_heavy_they_are() {
    // 160 households are 8 hours; two cells of 80 would have been in time.
    let graph = square(|_| 0, 6 * H);
    let whole = rows(&graph, |_| "all");
    let judgement = judge(&graph, &whole, rules_for(Some(80.0)));
    assert_eq!((reasons(&judgement), late(&judgement).len()), (vec![None], 1));
    let judgement = judge(&graph, &whole, rules_for(None));
    assert_eq!(reasons(&judgement), [Some(Reason::SmallComponent)], "nobody said how many there should be");
    // Cells of 80 are 4 hours of visits; four of 40 would have been in time.
    let graph = square(|_| 0, 3 * H);
    let halves = rows(&graph, |at| if at < 8 { "north" } else { "south" });
    let judgement = judge(&graph, &halves, rules_for(Some(40.0)));
    assert_eq!((reasons(&judgement), late(&judgement).len()), (vec![None; 2], 2));
    let judgement = judge(&graph, &halves, rules_for(Some(80.0)));
    assert_eq!(reasons(&judgement), [Some(Reason::ParentArithmetic); 2]);
}

#[test]
fn cells_that_do_not_count_for_the_mean_ask_for_no_more_of_those_that_do() {
    // Eight cells of one unit are locked; of the 80 that are left two cells are nearer to 36 each than three.
    let graph = square(|_| 0, 6_600);
    let locked = ["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7"];
    let plan = rows(&graph, |at| *locked.get(at).unwrap_or(if at < 12 { &"a" } else { &"b" }));
    let wishes = Wishes { locked: plan[..8].to_vec(), ..Wishes::default() };
    let conditions = Conditions::of(&graph, &wishes).expect("they can be kept");
    let judgement = judge_within(&graph, &plan, rules_for(Some(36.0)), &conditions);
    // 38 visits are 1.9 hours, and 1.83 are there; 34 would have been in time.
    assert_eq!(reasons(&judgement)[..2], [Some(Reason::ParentArithmetic); 2], "{judgement:#?}");
    assert_eq!(late(&judgement), Vec::<&str>::new());
}

#[test]
fn a_target_of_one_parent_counts_there() {
    let units: Vec<Unit> = (0..16).map(|at| unit(at, Some("P"), 10.0)).collect();
    let rounds = Rounds::along_streets(rules(3 * H), &units, (&households(&units), &[0; 16]));
    let links: Vec<(u32, u32)> = (0..15).map(|at| (at, at + 1)).collect();
    let graph = graph(units, &links).with_rounds(rounds);
    let halves = rows(&graph, |at| if at < 8 { "north" } else { "south" });
    let wanting = |target: f64| {
        let targets = [("P".to_owned(), Weight::new(target).expect("a weight"))].into();
        let wishes = Wishes { targets, ..Wishes::default() };
        let conditions = Conditions::of(&graph, &wishes).expect("it can be kept");
        reasons(&judge_within(&graph, &halves, rules_for(None), &conditions))
    };
    assert_eq!(wanting(40.0), [None; 2]);
    assert_eq!(wanting(80.0), [Some(Reason::ParentArithmetic); 2]);
}

#[test]
fn what_units_weigh_proves_nothing_of_visits_where_it_is_not_households() {
    // Ten that they weigh are five households, 15 minutes of visits: two units are half an hour.
    let units: Vec<Unit> = (0..4).map(|at| unit(at, None, 10.0)).collect();
    let five = [Weight::new(5.0).expect("a weight"); 4];
    let rounds = Rounds::along_streets(rules(H / 4), &units, (&five, &[0; 4]));
    let graph = graph(units, &[(0, 1), (1, 2), (2, 3)]).with_rounds(rounds);
    let plan = rows(&graph, |at| if at < 2 { "a" } else { "b" });
    let judgement = judge(&graph, &plan, rules_for(Some(20.0)));
    assert_eq!((reasons(&judgement), late(&judgement).len()), (vec![None; 2], 2));
}

#[test]
fn a_locked_cell_that_was_changed_has_nothing_to_excuse_it_and_ends_the_ground_of_others() {
    let locked = |graph: &UnitGraph| {
        let row = |unit: usize| PlanRow {
            unit: graph.units()[unit].id.clone(),
            cell: "locked".to_owned(),
            line: None,
        };
        let wishes = Wishes { locked: (0..4).map(row).collect(), ..Wishes::default() };
        Conditions::of(graph, &wishes).expect("it can be kept")
    };
    // The three of it that are left take 1.5 hours of visits, and 4.5 for 18 km.
    let graph = square(|at| if at < 4 { 6 } else { 0 }, 5 * H);
    let plan = rows(&graph, |at| if at < 3 { "locked" } else { "rest" });
    let judgement = judge_within(&graph, &plan, rules_for(Some(40.0)), &locked(&graph));
    assert_eq!(judgement.cells[0].cell, "locked");
    assert_eq!((judgement.cells[0].is_locked, reasons(&judgement)[0]), (true, None), "{judgement:#?}");
    // All that is left to be cut is one cell: 6 hours of visits, and 3 for 12 km.
    let graph = square(|at| if at < 4 { 0 } else { 1 }, 8 * H);
    let plan = rows(&graph, |at| if at < 4 { "locked" } else { "rest" });
    let judgement = judge_within(&graph, &plan, rules_for(Some(120.0)), &locked(&graph));
    assert_eq!((reasons(&judgement), late(&judgement).len()), (vec![None, Some(Reason::SmallComponent)], 0));
}

#[test]
fn units_that_stay_together_and_take_too_long_are_certified_as_a_unit_is() {
    // 12 km each are 3 hours, and half an hour of visits; both are 7 hours.
    let graph = square(|at| if at == 5 || at == 6 { 12 } else { 0 }, 5 * H);
    let row =
        |unit: usize| PlanRow { unit: graph.units()[unit].id.clone(), cell: "twins".to_owned(), line: None };
    let wishes = Wishes { together: vec![row(5), row(6)], ..Wishes::default() };
    let conditions = Conditions::of(&graph, &wishes).expect("they can be kept");
    let plan = rows(&graph, |at| if at < 8 { "a" } else { "b" });
    let judgement = judge_within(&graph, &plan, rules_for(Some(80.0)), &conditions);
    assert_eq!((reasons(&judgement), late(&judgement).len()), (vec![Some(Reason::OversizeUnit), None], 0));
    let judgement = judge(&graph, &plan, rules_for(Some(80.0)));
    assert_eq!((reasons(&judgement), late(&judgement).len()), (vec![None; 2], 1), "each could go alone");
}

#[test]
fn in_any_graph_fewer_cells_take_too_long_than_where_nobody_asked_and_all_else_is_kept() {
    let (mut before, mut after) = ([0, 0], [0, 0]);
    for seed in 0..40 {
        let mut chance = Chance::new(seed);
        let count = 30 + chance.below(30) as usize;
        let mut units: Vec<Unit> =
            (0..count).map(|at| unit(at % 6 + at / 6 * 8, None, (3 + chance.below(5)) as f64)).collect();
        // One in seven has ground where it is far from door to door.
        for unit in &mut units {
            unit.area_m2 = if chance.below(7) == 0 { 4e6 } else { 1e4 };
        }
        let east = (0..count as u32).filter(|at| at % 6 != 5).map(|at| (at, at + 1));
        let north = (0..count as u32).map(|at| (at, at + 6));
        let pairs: Vec<(u32, u32)> =
            east.chain(north).filter(|&(_, other)| (other as usize) < count).collect();
        // 50 visits of 5 minutes are 4.2 hours, the way through two such units is 3.6 and through three 4.4;
        // there are 8.2.
        let rules = RoundRules { visit_s: 300, walk_m_per_h: 4_000, most_s: 82 * H / 10 };
        let rounds = Rounds::straight(rules, &units, &households(&units));
        let plain = graph(units, &pairs);
        let asked = plain.clone().with_rounds(rounds);
        let options = options(50.0);
        let (without, _) = cut(&plain, &options);
        let (with, judgement) = cut(&asked, &options);
        assert_eq!(with.cells.len(), without.cells.len(), "seed {seed}");
        for (count, judgement) in [(&mut before, judged(&asked, &without, &options)), (&mut after, judgement)]
        {
            let is_late = |round: &JudgedRound| !round.is_in_time;
            for cell in &judgement.cells {
                count[0] += usize::from(cell.round.as_ref().is_some_and(is_late));
                count[1] += usize::from(!cell.is_in_tolerance);
            }
        }
    }
    let told = format!("late and out of tolerance: {after:?}, {before:?} where nobody asked");
    assert!(before[0] > 10 && after[0] * 4 < before[0] * 3, "{told}");
    // Weights come first: a search that goes another way may end elsewhere, and not worse.
    assert!(after[1] <= before[1] + 3, "{told}");
}

#[test]
fn a_street_counts_for_the_units_in_and_beside_which_it_lies_and_only_where_somebody_lives() {
    // Three squares of some 900 m in a row; a street along the border of the first two, one into the third.
    let at = |column: i32, row: i32| {
        Position::from_e7(1_137_000_000 + column * 100_000, 343_000_000 + row * 80_000).expect("in range")
    };
    let area = |column: i32| {
        let exterior = vec![at(column, 0), at(column + 1, 0), at(column + 1, 1), at(column, 1)];
        Area { name: format!("u{column}"), polygons: vec![Polygon { exterior, holes: Vec::new() }] }
    };
    let areas: Vec<Area> = (0..3).map(area).collect();
    let coverage = build(&areas, &BuildOptions::default()).coverage.expect("clean");
    let middle = |column: i32| {
        Position::from_e7(1_137_000_000 + column * 100_000 + 50_000, 343_040_000).expect("in range")
    };
    let streets = [vec![at(1, 0), at(1, 1)], vec![middle(1), middle(2)], vec![middle(5), middle(6)]];
    let length_mm = |street: &[Position]| (geo_tools::measure::length_m(street) * 1e3).round() as i64;
    let [border_mm, across_mm] = [length_mm(&streets[0]), length_mm(&streets[1])];
    let all = streets_mm(&coverage, &streets, &[true; 3]);
    // Nothing is lost but what lies outside.
    assert_eq!(all.iter().sum::<i64>(), border_mm + across_mm);
    let near = |found: i64, expected: i64| (found - expected).abs() <= 20_000;
    assert!(near(all[0], border_mm / 2) && near(all[1], border_mm / 2 + across_mm / 2), "{all:?}");
    assert!(near(all[2], across_mm / 2), "{all:?}");
    // Where nobody lives in the first, the second has all of the street between them.
    let some = streets_mm(&coverage, &streets, &[false, true, true]);
    assert_eq!((some[0], some.iter().sum::<i64>()), (0, border_mm + across_mm));
}

/// A street through all of a row of squares.
fn street() -> String {
    r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[113.70,34.395],[113.74,34.395]]}}]}"#.to_owned()
}

#[test]
fn the_report_states_what_was_asked_and_what_a_round_takes() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("streets.geojson", &street())]);
    let report_of = |more: &[&str]| -> (i32, Value, String) {
        let outputs = ["--target", "20", "-o", "plan.csv", "--report", "report.json", "--explain", "why.txt"];
        let (code, said) = partition(folder.path(), &[&outputs[..], more].concat());
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
        (code, serde_json::from_str(&read("report.json")).expect("JSON"), said + &read("why.txt"))
    };
    let (_, plain, _) = report_of(&[]);
    assert_eq!((plain.get("rounds"), plain["cells"][0].get("round")), (None, None));
    let along = ["--visitable-days", "0.5", "--visit-minutes", "6", "--streets", "streets.geojson"];
    let (code, report, said) = report_of(&along);
    assert_eq!((code, report["plan_hash"] == plain["plan_hash"]), (0, true), "{said}");
    let mut told = report["rounds"].clone();
    let asked = json!({
        "days": 0.5,
        "hours_per_day": 8.0,
        "visit_minutes": 6.0,
        "walk_kmh": 4.0,
        "along": "STREETS",
        "hours": 4.0,
        "in_time": 1.0,
    });
    assert_eq!(told, asked);
    let round = &report["cells"][0]["round"];
    // 20 visits of 6 minutes; two squares of 0.01 degrees of longitude, 919.6 m each here.
    assert_eq!((round["visit_hours"].as_f64(), round["households"].as_f64()), (Some(2.0), Some(20.0)));
    let walk_m = round["walk_m"].as_f64().expect("a number");
    assert!((walk_m - 1_839.2).abs() < 25.0, "{walk_m}");
    for told in ["100.0 % visitable in time", "which is in time: 2.0 h with 20 households"] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    // Straight through two squares of 1.02 km²: 0.7124 × √(20 × 2.04 km²) = 4.55 km.
    let (code, report, said) = report_of(&["--visitable-days", "0.25", "--visit-minutes", "6"]);
    told = report["rounds"]["along"].clone();
    assert_eq!((code, told, &report["rounds"]["in_time"]), (1, json!("STRAIGHT"), &json!(0.0)), "{said}");
    assert!(said.contains("CONDITION_BROKEN") && said.contains("which is too long"), "{said}");
    let walk_m = report["cells"][0]["round"]["walk_m"].as_f64().expect("a number");
    assert!((walk_m - 4_550.0).abs() < 25.0, "{walk_m}");
    let score = "score --units units.geojson --id code --weight n --plan plan.csv --visitable-days 0.5 --visit-minutes 6 --report -";
    let scored = run(folder.path(), &score.split(' ').collect::<Vec<_>>());
    let scored: Value = serde_json::from_slice(&scored.stdout).expect("JSON");
    assert_eq!(scored["cells"][0]["round"]["walk_m"].as_f64(), Some(walk_m));
}

#[test]
fn times_that_are_none_and_streets_that_are_no_lines_are_refused_and_nothing_is_written() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("areas.geojson", &row_of(&FOUR))]);
    let refused = |more: &[&str]| {
        let start = ["--target", "20", "-o", "plan.csv"];
        let (code, said) = partition(folder.path(), &[&start[..], more].concat());
        assert!(!folder.path().join("plan.csv").exists(), "{said}");
        (code, said)
    };
    let cases: [(&[&str], &str); 5] = [
        (&["--visitable-days", "0"], "days are a number from 0.01 to 365"),
        (&["--visitable-days", "3", "--visit-hours", "25"], "hours of a day are a number from 0.1 to 24"),
        (&["--visitable-days", "3", "--visit-minutes=-1"], "minutes are a number from 0 to 1 440"),
        (&["--visitable-days", "3", "--walk-kmh", "0"], "a walk has from 0.1 to 20 km/h"),
        (&["--visit-minutes", "5"], "--visitable-days"),
    ];
    for (arguments, told) in cases {
        let (code, said) = refused(arguments);
        assert_eq!((code, said.contains(told)), (2, true), "{arguments:?}: {said}");
    }
    let (code, said) = refused(&["--visitable-days", "3", "--streets", "areas.geojson"]);
    assert_eq!((code, said.contains("GEOMETRY_TYPE: a street is a line")), (1, true), "{said}");
}
