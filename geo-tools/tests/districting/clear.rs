//! Borders along clear lines: how much of them there is, who measures it, and cells that follow them.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::districting::{
    ClearBorder, Conditions, Judgement, Link, Options, PlanRow, Rules, Unit, UnitGraph, Watch, Wishes,
    clear_borders, judge, partition_within,
};
use geo_tools::measure::distance_m;
use geo_tools::{Polygon, Position};
use serde_json::Value;

use crate::commands::{FOUR, folder_with, partition, row_of, run};
use crate::support::{Chance, cut, options, unit};

const WITHIN_M: f64 = 10.0;

/// Which part of a side runs along lines: looked at in thousands of places, from each side of each line.
fn slow_share([from, to]: [Position; 2], lines: &[Vec<Position>]) -> f64 {
    const PLACES: u32 = 4_000;
    let beside = |lon: f64, lat: f64| Position::new(from.lon() + lon, from.lat() + lat).expect("in range");
    let scale = [distance_m(from, beside(0.001, 0.0)), distance_m(from, beside(0.0, 0.001))].map(|m| m * 1e3);
    let place = |at: Position| [(at.lon() - from.lon()) * scale[0], (at.lat() - from.lat()) * scale[1]];
    let angle = |[a, b]: [[f64; 2]; 2]| (b[1] - a[1]).atan2(b[0] - a[0]);
    let own = [place(from), place(to)];
    let is_alike = |other: &[[f64; 2]; 2]| {
        let turn = (angle(own) - angle(*other)).rem_euclid(PI);
        turn.min(PI - turn) <= PI / 4.0
    };
    let sides = lines.iter().flat_map(|line| line.windows(2)).map(|pair| [place(pair[0]), place(pair[1])]);
    let sides: Vec<[[f64; 2]; 2]> = sides.filter(is_alike).collect();
    let is_near = |at: [f64; 2]| {
        sides.iter().any(|[a, b]| {
            let way = [b[0] - a[0], b[1] - a[1]];
            let along = (at[0] - a[0]) * way[0] + (at[1] - a[1]) * way[1];
            let part = (along / (way[0].powi(2) + way[1].powi(2))).clamp(0.0, 1.0);
            (at[0] - a[0] - part * way[0]).hypot(at[1] - a[1] - part * way[1]) <= WITHIN_M
        })
    };
    let near = (0..PLACES).filter(|&number| {
        let part = (f64::from(number) + 0.5) / f64::from(PLACES);
        is_near([own[1][0] * part, own[1][1] * part])
    });
    near.count() as f64 / f64::from(PLACES)
}

#[test]
fn the_clear_part_of_any_border_is_what_looking_everywhere_gives() {
    let mut in_part = 0;
    for seed in 0..20 {
        let mut chance = Chance::new(seed);
        let mut wander = |most: i32| chance.below(2 * most as u64 + 1) as i32 - most;
        // Corners of nine squares of about 900 m, three by three.
        let corners: Vec<Position> = (0..16)
            .map(|at| {
                let lon_e7 = 1_137_000_000 + at % 4 * 100_000 + wander(20_000);
                let lat_e7 = 343_000_000 + at / 4 * 80_000 + wander(16_000);
                Position::from_e7(lon_e7, lat_e7).expect("in range")
            })
            .collect();
        let area = |at: usize| {
            let low = at / 3 * 4 + at % 3;
            let exterior = [low, low + 1, low + 5, low + 4].map(|corner| corners[corner]).to_vec();
            Area { name: format!("u{at}"), polygons: vec![Polygon { exterior, holes: Vec::new() }] }
        };
        let areas: Vec<Area> = (0..9).map(area).collect();
        let coverage = build(&areas, &BuildOptions::default()).coverage.expect("clean");
        // Lines beside two of three sides, each end up to some 15 m off.
        let mut lines: Vec<Vec<Position>> = Vec::new();
        let mut sides: BTreeMap<[u32; 2], [Position; 2]> = BTreeMap::new();
        for at in 0..9_usize {
            let low = at / 3 * 4 + at % 3;
            let east = (at % 3 < 2).then_some((at + 1, [low + 1, low + 5]));
            let north = (at / 3 < 2).then_some((at + 3, [low + 4, low + 5]));
            for (other, ends) in [east, north].into_iter().flatten() {
                let ends = ends.map(|corner| corners[corner]);
                sides.insert([at as u32, other as u32], ends);
                if wander(1) >= 0 {
                    let off = ends.map(|end| {
                        let (lon_e7, lat_e7) = (end.lon_e7() + wander(1_600), end.lat_e7() + wander(1_350));
                        Position::from_e7(lon_e7, lat_e7).expect("in range")
                    });
                    lines.push(off.to_vec());
                }
            }
        }
        let clear = clear_borders(&coverage, &lines, WITHIN_M);
        assert!(clear.windows(2).all(|pair| pair[0].pair < pair[1].pair), "seed {seed}: {clear:?}");
        assert!(clear.iter().all(|border| sides.contains_key(&border.pair)), "seed {seed}: {clear:?}");
        for (pair, side) in sides {
            let found = clear.iter().find(|border| border.pair == pair);
            let share = found.map_or(0.0, |border| f64::from(border.share_ppm) / 1e6);
            let slow = slow_share(side, &lines);
            // What is looked at is 2.5 m long, of some 900; a side has a few places where a line comes near.
            assert!((share - slow).abs() <= 0.02, "seed {seed}: {pair:?} has {share}, not {slow}");
            in_part += usize::from((0.1..0.9).contains(&share));
        }
    }
    assert!(in_part > 15, "{in_part} borders are clear in part: too few to show anything");
}

/// Four rows of four squares, whose sides are 110 m from south to north and 90 m from west to east.
fn square() -> UnitGraph {
    let units = (0..16).map(|at| unit(at % 4 + at / 4 * 8, None, 10.0)).collect();
    let across = (0..16).filter(|at| at % 4 != 3);
    let across = across.map(|at| Link { first: at, second: at + 1, shared_mm: 110_000 });
    let along = (0..12).map(|at| Link { first: at, second: at + 4, shared_mm: 90_000 });
    UnitGraph::new(units, across.chain(along).collect()).expect("a sound graph")
}

/// A road through the middle from south to north.
fn road() -> Vec<ClearBorder> {
    [1, 5, 9, 13].map(|at| ClearBorder { pair: [at, at + 1], share_ppm: 1_000_000 }).to_vec()
}

fn following(clear_worth_ppm: u32) -> Options {
    Options { clear_worth_ppm, ..options(80.0) }
}

#[test]
fn cells_follow_a_road_where_that_is_worth_more_than_a_short_border() {
    let (plan, judgement) = cut(&square(), &following(500_000));
    assert_eq!((judgement.cut_mm, judgement.clear_mm), (360_000, None), "nobody said which lines are clear");
    assert_eq!(judgement.clear_share(), None);
    let with_road = square().with_clear(&road());
    let (same, judgement) = cut(&with_road, &following(0));
    assert_eq!(same, plan, "worth nothing, it changes nothing");
    assert_eq!((judgement.cut_mm, judgement.clear_mm), (360_000, Some(0)));
    let (_, judgement) = cut(&with_road, &following(500_000));
    // What is measured is measured as ever: 440 m, although they count for 220.
    assert_eq!((judgement.cut_mm, judgement.clear_mm), (440_000, Some(440_000)));
    assert_eq!(judgement.clear_share(), Some(1.0));
    assert!(judgement.cells.iter().all(|cell| cell.is_in_tolerance && cell.clear_share == Some(1.0)));
    // At 0.1 the 440 m count for 396, which is more than 360.
    assert_eq!(cut(&with_road, &following(100_000)).0, plan);
}

#[test]
fn units_that_stay_together_follow_a_road_as_others_do() {
    let graph = square().with_clear(&road());
    let id = |unit: usize| graph.units()[unit].id.clone();
    let row = |unit: usize| PlanRow { unit: id(unit), cell: "g".to_owned(), line: None };
    let wishes = Wishes { together: vec![row(2), row(6)], ..Wishes::default() };
    let conditions = Conditions::of(&graph, &wishes).expect("they can be kept");
    let watch = std::sync::atomic::AtomicBool::new(false);
    let clear_mm = |worth_ppm: u32| {
        let options = following(worth_ppm);
        let plan = partition_within(&graph, &conditions, &options, &Watch::new(&|_| {}, &watch));
        let rows = plan.expect("a plan").rows(&graph);
        judge(&graph, &rows, Rules { tolerance_ppm: 50_000, target: None }).clear_mm
    };
    assert_eq!([0, 500_000].map(clear_mm), [Some(0), Some(440_000)]);
}

#[test]
fn many_cells_follow_streets_the_more_they_are_worth_and_stay_as_they_are_where_that_is_nothing() {
    const COLUMNS: u32 = 44;
    let graph = geo_tools::generate::units(2_000, 5);
    let (plan, judgement) = cut(&graph, &options(400.0));
    // A street behind every fifth column and every fifth row; a cell is some seven units wide.
    let is_street = |link: &&Link| {
        let (column, row) = (link.first % COLUMNS, link.first / COLUMNS);
        if link.second == link.first + 1 { column % 5 == 4 } else { row % 5 == 4 }
    };
    let street = |link: &Link| ClearBorder { pair: [link.first, link.second], share_ppm: 1_000_000 };
    let clear: Vec<ClearBorder> = graph.links().iter().filter(is_street).map(street).collect();
    let known = graph.clone().with_clear(&clear);
    let (same, again) = cut(&known, &options(400.0));
    assert_eq!((same.rows(&known), again.cut_mm), (plan.rows(&graph), judgement.cut_mm));
    let share = |worth_ppm: u32| {
        let (_, judgement) = cut(&known, &Options { clear_worth_ppm: worth_ppm, ..options(400.0) });
        assert!(judgement.cells.iter().all(|cell| cell.is_in_tolerance), "{judgement:#?}");
        judgement.clear_share().expect("there are borders")
    };
    let shares = [0, 300_000, 900_000].map(share);
    assert!(shares[0] + 0.03 < shares[1] && shares[1] + 0.03 < shares[2], "{shares:?}");
}

#[test]
fn the_judge_measures_in_any_plan_what_runs_along_clear_lines() {
    for seed in 0..100 {
        let mut chance = Chance::new(seed);
        let count = 6 + chance.below(10) as u32;
        let units: Vec<Unit> = (0..count).map(|at| unit(at as usize, None, 1.0)).collect();
        let mut pairs: BTreeMap<[u32; 2], [i64; 2]> = BTreeMap::new();
        for second in 1..count {
            for _ in 0..2 {
                let shared_mm = 1_000 * (1 + chance.below(90) as i64);
                // Whole millimetres, so that nothing is rounded.
                let clear_mm = shared_mm / 1_000 * chance.below(1_001) as i64;
                pairs.insert([chance.below(second.into()) as u32, second], [shared_mm, clear_mm]);
            }
        }
        let link =
            |(&[first, second], &[shared_mm, _]): (&[u32; 2], &[i64; 2])| Link { first, second, shared_mm };
        let clear = |(&pair, &[shared_mm, clear_mm]): (&[u32; 2], &[i64; 2])| ClearBorder {
            pair,
            share_ppm: (clear_mm * 1_000_000 / shared_mm) as u32,
        };
        let clear: Vec<ClearBorder> = pairs.iter().map(clear).collect();
        let graph = UnitGraph::new(units, pairs.iter().map(link).collect()).expect("a sound graph");
        let graph = graph.with_clear(&clear);
        let cells: Vec<u64> = (0..count).map(|_| chance.below(3)).collect();
        let judgement = judged(&graph, &cells);
        let between = |wanted: &dyn Fn(u64) -> bool| {
            let cut = pairs.iter().filter(|([first, second], _)| {
                let ends = [cells[*first as usize], cells[*second as usize]];
                ends[0] != ends[1] && ends.into_iter().any(wanted)
            });
            cut.fold([0_i64, 0], |[all, clear], (_, [one, its_clear])| [all + one, clear + its_clear])
        };
        let [all, clear] = between(&|_| true);
        assert_eq!((judgement.cut_mm, judgement.clear_mm), (all, Some(clear)), "seed {seed}");
        for judged in &judgement.cells {
            let [all, clear] = between(&|cell| format!("c{cell}") == judged.cell);
            let share = (all > 0).then(|| clear as f64 / all as f64);
            assert_eq!(judged.clear_share, share, "seed {seed}: {judged:?}");
        }
    }
}

fn judged(graph: &UnitGraph, cells: &[u64]) -> Judgement {
    let row =
        |(unit, cell): (&Unit, &u64)| PlanRow { unit: unit.id.clone(), cell: format!("c{cell}"), line: None };
    let rows: Vec<PlanRow> = graph.units().iter().zip(cells).map(row).collect();
    judge(graph, &rows, Rules { tolerance_ppm: 50_000, target: None })
}

/// A road from south to north at a longitude, as far as a latitude.
fn road_at(lon: f64, to_lat: f64, properties: &str) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{properties},"geometry":{{"type":"LineString","coordinates":[[{lon},34.389],[{lon},{to_lat}]]}}}}]}}"#
    )
}

#[test]
fn a_score_says_how_much_of_the_borders_runs_along_a_road() {
    let (even, uneven) = ("unit,cell\nA,w\nB,w\nC,e\nD,e\n", "unit,cell\nA,w\nB,e\nC,e\nD,e\n");
    let score = |plan: &str, road: &str, more: &[&str]| -> (Value, String) {
        let folder =
            folder_with(&[("units.geojson", &row_of(&FOUR)), ("plan.csv", plan), ("road.geojson", road)]);
        let start = "score --units units.geojson --id code --weight n --plan plan.csv --report - --explain why.txt --clear-lines road.geojson";
        let start: Vec<&str> = start.split(' ').collect();
        let output = run(folder.path(), &[&start[..], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let why = std::fs::read_to_string(folder.path().join("why.txt")).expect("written");
        (serde_json::from_slice(&output.stdout).expect("JSON"), said + &why)
    };
    // A little beside the border between B and C, from beyond one end of it to beyond the other.
    let road = road_at(113.720_05, 34.401, "{}");
    let (report, said) = score(even, &road, &[]);
    let figures = ["clear_share", "clear_m", "cut_m", "clear_within_m"].map(|key| report[key].as_f64());
    assert_eq!((figures[0], figures[1], figures[3]), (Some(1.0), figures[2], Some(10.0)), "{report:#}");
    assert_eq!(
        (report["cells"][0]["clear_share"].as_f64(), &report["clear_worth"]),
        (Some(1.0), &Value::Null)
    );
    assert_eq!(report["explanation"]["cells"][0]["border"]["clear_share"], 1.0);
    for told in ["(100.0 % along clear lines)", "100 % of that runs along clear lines."] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    let (report, _) = score(uneven, &road, &[]);
    assert_eq!((&report["clear_share"], &report["clear_m"]), (&Value::from(0.0), &Value::from(0.0)));
    // Half of the way, and the last 10 m within reach of its end.
    let (report, _) = score(even, &road_at(113.720_05, 34.395, "{}"), &[]);
    let share = report["clear_share"].as_f64().expect("a number");
    assert!((0.5..0.52).contains(&share), "{share}");
    // 0.00005 degrees of longitude are 4.6 m here.
    let (report, said) = score(even, &road, &["--clear-within-m", "4"]);
    assert_eq!((report["clear_share"].as_f64(), report["clear_within_m"].as_f64()), (Some(0.0), Some(4.0)));
    assert!(said.contains("no border of two units runs along a clear line, within 4 m"), "{said}");
    let (report, _) = score(even, &road_at(113.720_05, 34.401, r#"{"tunnel":"yes"}"#), &[]);
    assert_eq!(report["clear_share"], 0.0, "what runs in a tunnel nobody sees");
}

#[test]
fn without_clear_lines_nothing_is_said_of_them_and_a_plan_stays_as_it_is() {
    let road = road_at(113.71, 34.401, "{}");
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("road.geojson", &road)]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    let plan_of = |more: &[&str]| {
        let outputs = ["--target", "20", "-o", "plan.csv", "--report", "report.json"];
        let (code, said) = partition(folder.path(), &[&outputs[..], more].concat());
        assert_eq!(code, 0, "{said}");
        let report: Value = serde_json::from_str(&read("report.json")).expect("JSON");
        (read("plan.csv"), report)
    };
    let (plan, report) = plan_of(&[]);
    for key in ["clear_m", "clear_share", "clear_within_m", "clear_worth"] {
        assert_eq!(report.get(key), None, "{report:#}");
    }
    assert_eq!(report["cells"][0].get("clear_share"), None);
    let (same, report) = plan_of(&["--clear-lines", "road.geojson"]);
    assert_eq!((same, &report["clear_worth"]), (plan, &Value::from(0.0)));
    let (_, report) = plan_of(&["--clear-lines", "road.geojson", "--clear-worth", "0.4"]);
    assert_eq!(report["clear_worth"], 0.4);
}

#[test]
fn clear_lines_that_are_none_and_worths_out_of_range_are_refused_and_nothing_is_written() {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("areas.geojson", &row_of(&FOUR))]);
    let refused = |more: &[&str]| {
        let start = ["--target", "20", "-o", "plan.csv"];
        let (code, said) = partition(folder.path(), &[&start[..], more].concat());
        assert!(!folder.path().join("plan.csv").exists(), "{said}");
        (code, said)
    };
    let (code, said) = refused(&["--clear-lines", "areas.geojson"]);
    let told = "areas.geojson:1: error GEOMETRY_TYPE: a clear line is a line";
    assert_eq!((code, said.contains(told)), (1, true), "{said}");
    for worth in ["1", "-0.1", "0.91", "much"] {
        let (code, said) = refused(&["--clear-lines", "areas.geojson", &format!("--clear-worth={worth}")]);
        assert_eq!((code, said.contains("from 0 to 0.9")), (2, true), "{said}");
    }
    assert_eq!(refused(&["--clear-worth", "0.5"]).0, 2, "worth what, along which lines");
    assert_eq!(refused(&["--clear-lines", "nowhere.geojson"]).0, 2);
}
