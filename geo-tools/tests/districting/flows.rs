//! On small graphs: the bounds against every plan that there is, and what is found against the best of them.

use geo_tools::districting::{Change, PlanRow, Thrift, UnitGraph, Watch, rebalance};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use crate::support::{Chance, graph, unit};

const SEEDS: u64 = 120;
const TOLERANCE_PPM: u32 = 150_000;

/// A small graph, and a plan of it in connected cells.
fn any_plan(seed: u64) -> (UnitGraph, Vec<usize>, usize) {
    let mut chance = Chance::new(seed + 1);
    let count = 7 + chance.below(5) as usize;
    let cell_count = 2 + chance.below(3) as usize;
    let units = (0..count).map(|number| unit(number, None, (1 + chance.below(6)) as f64)).collect();
    // A band two wide, with some links across.
    let mut pairs: Vec<(u32, u32)> = (2..count as u32).map(|at| (at - 2, at)).collect();
    pairs.push((0, 1));
    pairs.extend((2..count as u32).filter(|_| chance.below(3) > 0).map(|at| (at - 1, at)));
    let graph = graph(units, &pairs);
    let mut cells: Vec<Option<usize>> = vec![None; count];
    (0..cell_count).for_each(|cell| cells[cell * count / cell_count] = Some(cell));
    while cells.contains(&None) {
        let link = graph.links()[chance.below(graph.links().len() as u64) as usize];
        let (first, second) = (link.first as usize, link.second as usize);
        match (cells[first], cells[second]) {
            (Some(cell), None) => cells[second] = Some(cell),
            (None, Some(cell)) => cells[first] = Some(cell),
            _ => {}
        }
    }
    (graph, cells.into_iter().flatten().collect(), cell_count)
}

/// What the best of all plans moves, in thousandths: of all, and of those in which a unit goes no further than to a cell that
/// was beside its own.
fn best_of_all(graph: &UnitGraph, home: &[usize], cell_count: usize) -> (Option<i64>, Option<i64>) {
    let weights: Vec<i64> = graph.units().iter().map(|unit| unit.weight.thousandths()).collect();
    let total: i64 = weights.iter().sum();
    let links: Vec<[usize; 2]> =
        graph.links().iter().map(|link| [link.first as usize, link.second as usize]).collect();
    let mut is_near = vec![vec![false; cell_count]; cell_count];
    (0..cell_count).for_each(|cell| is_near[cell][cell] = true);
    for [first, second] in &links {
        is_near[home[*first]][home[*second]] = true;
        is_near[home[*second]][home[*first]] = true;
    }
    let in_tolerance = |weight: i64| {
        let off = (i128::from(weight) * cell_count as i128 - i128::from(total)).abs();
        off * 1_000_000 <= i128::from(total) * i128::from(TOLERANCE_PPM)
    };
    let (mut best, mut best_near) = (None::<i64>, None::<i64>);
    for number in 0..cell_count.pow(home.len() as u32) {
        let mut rest = number;
        let cells: Vec<usize> = home.iter().map(|_| (rest % cell_count, rest /= cell_count).0).collect();
        let mut sums = vec![0; cell_count];
        cells.iter().zip(&weights).for_each(|(&cell, weight)| sums[cell] += weight);
        let moved: i64 = (0..home.len()).filter(|&at| cells[at] != home[at]).map(|at| weights[at]).sum();
        let is_worse = |best: Option<i64>| best.is_some_and(|best| best <= moved);
        if (is_worse(best) && is_worse(best_near))
            || !sums.iter().all(|&sum| in_tolerance(sum))
            || pieces(&cells, &links) != cell_count
        {
            continue;
        }
        best = Some(best.map_or(moved, |best| best.min(moved)));
        if cells.iter().zip(home).all(|(&cell, &home)| is_near[home][cell]) {
            best_near = Some(best_near.map_or(moved, |best| best.min(moved)));
        }
    }
    (best, best_near)
}

/// How many pieces all cells are in together.
fn pieces(cells: &[usize], links: &[[usize; 2]]) -> usize {
    let mut root: Vec<usize> = (0..cells.len()).collect();
    let mut count = cells.len();
    for &[first, second] in links.iter().filter(|[first, second]| cells[*first] == cells[*second]) {
        let (one, other) = (root[first], root[second]);
        if one != other {
            root.iter_mut().filter(|at| **at == other).for_each(|at| *at = one);
            count -= 1;
        }
    }
    count
}

#[test]
fn no_plan_moves_less_than_the_bounds_and_what_is_found_is_near_the_best() {
    let (mut solved, mut solvable, mut found_sum, mut best_sum, mut tight) = (0, 0, 0, 0, 0);
    for seed in 0..SEEDS {
        let (graph, home, cell_count) = any_plan(seed);
        let row = |(at, cell): (usize, &usize)| PlanRow {
            unit: format!("u{at}"),
            cell: format!("c{cell}"),
            line: None,
        };
        let rows: Vec<PlanRow> = home.iter().enumerate().map(row).collect();
        let change = Change {
            tolerance_ppm: TOLERANCE_PPM,
            thrift: Some(Thrift::Moves),
            seed,
            threads: NonZeroUsize::MIN,
        };
        let rebalanced =
            rebalance(&graph, &rows, &change, &Watch::new(&|_| {}, &AtomicBool::new(false))).expect("a plan");
        let (best, best_near) = best_of_all(&graph, &home, cell_count);
        let (bound, least) = (rebalanced.moved_bound.thousandths(), rebalanced.moved_least.thousandths());
        let Some(best) = best else { continue };
        solvable += 1;
        assert!(least <= best, "seed {seed}: {least} at least, and a plan moves {best}");
        if let Some(best_near) = best_near {
            assert!(bound <= best_near, "seed {seed}: {bound} at least, and a plan moves {best_near}");
            tight += usize::from(bound > 0 && best_near - bound < 1_000);
        }
        let judgement = geo_tools::districting::judge(
            &graph,
            &rebalanced.plan.rows(&graph),
            geo_tools::districting::Rules { tolerance_ppm: TOLERANCE_PPM, target: None },
        );
        if judgement.in_tolerance_share() == 1.0 {
            let moved = rebalanced.moved_weight.thousandths();
            assert!(moved >= best, "seed {seed}: {moved} moved, less than the best {best}");
            solved += 1;
            (found_sum, best_sum) = (found_sum + moved, best_sum + best);
        }
    }
    assert!(solvable > SEEDS / 3 && tight > 3, "{solvable} can be solved, {tight} bounds are reached");
    assert!(solved * 100 >= solvable * 95, "{solved} of {solvable} are solved");
    assert!(found_sum * 100 <= best_sum * 125, "{found_sum} moved, the best move {best_sum}");
}
