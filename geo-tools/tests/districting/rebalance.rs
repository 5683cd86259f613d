//! Plans brought back into tolerance: what is kept, how much moves, and what is refused.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use geo_tools::Code;
use geo_tools::districting::{
    Change, Judgement, PlanHash, PlanRow, Rebalanced, Rules, Thrift, Undone, Unit, UnitGraph, Watch, judge,
    rebalance,
};
use geo_tools::generate::{DriftOptions, drifted, units};

use crate::support::{cut, graph, options, unit};

fn change() -> Change {
    Change { tolerance_ppm: 50_000, thrift: None, seed: 7, threads: NonZeroUsize::MIN }
}

fn try_it(graph: &UnitGraph, rows: &[PlanRow], change: &Change) -> Result<Rebalanced, Undone> {
    rebalance(graph, rows, change, &Watch::new(&|_| {}, &AtomicBool::new(false)))
}

fn judged(graph: &UnitGraph, rows: &[PlanRow]) -> Judgement {
    judge(graph, rows, Rules { tolerance_ppm: 50_000, target: None })
}

/// What the units weigh that are in another cell, from the lines alone.
fn moved(graph: &UnitGraph, before: &[PlanRow], after: &[PlanRow]) -> f64 {
    let cell_before: HashMap<&str, &str> =
        before.iter().map(|row| (row.unit.as_str(), row.cell.as_str())).collect();
    let weights: HashMap<&str, f64> =
        graph.units().iter().map(|unit| (unit.id.as_str(), unit.weight.value())).collect();
    let changed = after.iter().filter(|row| cell_before[row.unit.as_str()] != row.cell);
    changed.map(|row| weights[row.unit.as_str()]).sum()
}

/// A drift that the usual one is milder than: places grow that have more than twice as many units.
const HARD: usize = 700;
const USUAL: usize = 300;

/// Units in bands of a parent each, a plan of them, and the same units some years later.
fn years_later(count: u32, bands: usize, growing_units: usize) -> (UnitGraph, Vec<PlanRow>, UnitGraph) {
    let in_bands = |mesh: &UnitGraph| {
        let width = mesh.units().len().div_ceil(bands);
        let parent = |at: usize| (bands > 1).then(|| format!("band {}", at / width));
        let banded = mesh.units().iter().enumerate();
        let banded = banded.map(|(at, unit)| Unit { parent: parent(at), ..unit.clone() }).collect();
        UnitGraph::new(banded, mesh.links().to_vec()).expect("a sound graph")
    };
    let mesh = units(count, 7);
    let before = in_bands(&mesh);
    let (plan, judgement) = cut(&before, &options(400.0));
    assert_eq!(judgement.problems, []);
    let rows = plan.rows(&before);
    (before, rows, in_bands(&drifted(&mesh, DriftOptions { growing_units, seed: 7 })))
}

#[test]
fn after_drift_all_cells_are_back_with_little_moved_and_little_shape_lost() {
    for (count, bands, growing) in
        [(5_000, 1, USUAL), (5_000, 4, USUAL), (12_000, 1, USUAL), (28_000, 1, HARD)]
    {
        let (_, rows, later) = years_later(count, bands, growing);
        let worn = judged(&later, &rows);
        assert!(worn.in_tolerance_share() < 0.85, "the drift does not show: {}", worn.in_tolerance_share());
        let rebalanced = try_it(&later, &rows, &change()).expect("a plan");
        let after = rebalanced.plan.rows(&later);
        let judgement = judged(&later, &after);
        assert_eq!(judgement.problems, []);
        assert!((judgement.in_tolerance_share() - 1.0).abs() < 1e-12);
        let (moved_weight, bound) = (moved(&later, &rows, &after), rebalanced.moved_bound.value());
        assert!((moved_weight - rebalanced.moved_weight.value()).abs() < 1e-6);
        assert!(rebalanced.moved_least <= rebalanced.moved_bound);
        assert!(moved_weight <= 1.5 * bound, "{count} in {bands}: {moved_weight} moved, {bound} at least");
        let kept = judgement.mean_polsby_popper() / worn.mean_polsby_popper();
        assert!(kept >= 0.92, "{count} in {bands}: of the shape {kept} is left");
        let names = |judgement: &Judgement| {
            judgement.cells.iter().map(|cell| (cell.cell.clone(), cell.parent.clone())).collect::<Vec<_>>()
        };
        assert_eq!(names(&judgement), names(&worn), "cells keep their names and parents");
    }
}

#[test]
fn where_nothing_is_out_of_tolerance_nothing_moves() {
    let (before, rows, _) = years_later(5_000, 4, USUAL);
    let rebalanced = try_it(&before, &rows, &change()).expect("a plan");
    assert_eq!(
        rebalanced.plan.rows(&before).iter().map(|row| &row.cell).collect::<Vec<_>>(),
        rows.iter().map(|row| &row.cell).collect::<Vec<_>>()
    );
    assert_eq!((rebalanced.moved_weight.value(), rebalanced.moved_bound.value()), (0.0, 0.0));
}

#[test]
fn cells_that_cannot_be_mended_move_nobody() {
    // Three cells of a row of 6, 20, 20, 20: however it is cut, none is near 22.
    let units = [6.0, 20.0, 20.0, 20.0].iter().enumerate().map(|(at, &weight)| unit(at, None, weight));
    let row = graph(units.collect(), &[(0, 1), (1, 2), (2, 3)]);
    let rows = plan_of(&["a", "a", "b", "c"]);
    let rebalanced = try_it(&row, &rows, &change()).expect("a plan");
    assert_eq!(rebalanced.moved_weight.value(), 0.0);
    // 29 and 20 about a mean of 24.5: with the unit of 8 in the other cell they would be 21 and 28, little better.
    let units = [20.0, 1.0, 8.0, 20.0].iter().enumerate().map(|(at, &weight)| unit(at, None, weight));
    let row = graph(units.collect(), &[(0, 1), (1, 2), (2, 3)]);
    let rebalanced = try_it(&row, &plan_of(&["a", "a", "a", "b"]), &change()).expect("a plan");
    assert_eq!(rebalanced.moved_weight.value(), 0.0);
}

fn plan_of(cells: &[&str]) -> Vec<PlanRow> {
    let row = |(at, cell): (usize, &&str)| PlanRow {
        unit: format!("u{at}"),
        cell: (*cell).to_owned(),
        line: Some(at as u64 + 2),
    };
    cells.iter().enumerate().map(row).collect()
}

#[test]
fn one_thread_and_two_make_the_same_change_and_another_seed_another() {
    let (_, rows, later) = years_later(5_000, 4, USUAL);
    let hash = |change: &Change| {
        let rebalanced = try_it(&later, &rows, change).expect("a plan");
        PlanHash::of(&rebalanced.plan.rows(&later)).to_string()
    };
    let threads = |threads: usize| NonZeroUsize::new(threads).expect("some");
    let one = hash(&change());
    assert_eq!(one, hash(&Change { threads: threads(2), ..change() }));
    assert_eq!(one, hash(&Change { threads: threads(3), ..change() }));
    // The seed is the order in which borders are made shorter, which need not show.
    assert!((8..16).any(|seed| one != hash(&Change { seed, ..change() })));
}

#[test]
fn the_more_moves_count_the_fewer_there_are_and_the_longer_borders_become() {
    let (_, rows, later) = years_later(12_000, 1, USUAL);
    let points: Vec<(f64, i64)> = Thrift::ALL
        .iter()
        .map(|&thrift| {
            let rebalanced =
                try_it(&later, &rows, &Change { thrift: Some(thrift), ..change() }).expect("a plan");
            let judgement = judged(&later, &rebalanced.plan.rows(&later));
            assert_eq!(judgement.problems, [], "{thrift:?}");
            (rebalanced.moved_weight.value(), judgement.cut_mm)
        })
        .collect();
    let (first, last) = (points[0], points[4]);
    assert!(first.0 > last.0 && first.1 < last.1, "{points:?}");
}

#[test]
fn a_change_that_is_called_off_ends_without_a_plan_and_progress_reaches_the_end() {
    let (_, rows, later) = years_later(5_000, 4, USUAL);
    let is_called_off = AtomicBool::new(false);
    let tell = |_| is_called_off.store(true, Ordering::Relaxed);
    let outcome = rebalance(&later, &rows, &change(), &Watch::new(&tell, &is_called_off));
    assert!(matches!(outcome, Err(Undone::CalledOff)));
    let told = Mutex::new(Vec::new());
    let tell = |progress| told.lock().expect("no panic").push(progress);
    rebalance(&later, &rows, &change(), &Watch::new(&tell, &AtomicBool::new(false))).expect("a plan");
    let told = told.into_inner().expect("no panic");
    assert!(told.len() > 10 && told.iter().all(|progress| progress.done <= progress.all), "{told:?}");
    assert_eq!(told.last().map(|progress| (progress.done, progress.all)), Some((5_000, 5_000)));
}

fn refused(graph: &UnitGraph, rows: &[PlanRow]) -> Vec<(Code, String)> {
    let problems = match try_it(graph, rows, &change()) {
        Err(Undone::Refused(problems)) => Some(problems),
        _ => None,
    };
    let told = problems.expect("a refusal").into_iter();
    told.map(|problem| (problem.code, problem.message)).collect()
}

#[test]
fn a_plan_of_other_units_is_refused_with_everything_that_is_wrong_with_it() {
    let parents = ["north", "north", "south", "south", "south", "south"];
    let units = parents.iter().enumerate().map(|(at, parent)| unit(at, Some(parent), 10.0)).collect();
    let row = graph(units, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    let mut rows = plan_of(&["a", "a", "a", "b", "c", "b"]);
    rows[1].unit = "u0".to_owned();
    rows.push(PlanRow { unit: "u99".to_owned(), cell: "c".to_owned(), line: Some(8) });
    let told = refused(&row, &rows);
    let codes: Vec<Code> = told.iter().map(|(code, _)| *code).collect();
    assert_eq!(
        codes,
        [Code::DuplicateId, Code::UnknownUnit, Code::MissingField, Code::ParentMismatch, Code::NotContiguous],
        "{told:?}"
    );
    for (at, said) in [(0, "u0"), (1, "u99"), (2, "u1"), (3, "of north and “u2” of south"), (4, "2 pieces")]
    {
        assert!(told[at].1.contains(said), "{said} is not in {told:?}");
    }
}
