//! Small graphs against every way to cut them.

use std::collections::HashSet;

use geo_tools::districting::UnitGraph;

use crate::support::{Chance, cut, graph, options, unit};

const SEEDS: u64 = 240;
const TOLERANCE: f64 = 0.05;

/// A connected graph: a tree, with some more links. Its weights are small against the target.
fn any_graph(seed: u64) -> UnitGraph {
    let mut chance = Chance::new(seed);
    let count = 6 + chance.below(15) as usize;
    let units = (0..count).map(|number| unit(number, None, (1 + chance.below(9)) as f64)).collect();
    let mut pairs = Vec::new();
    for second in 1..count as u32 {
        // Long thin trees, bushy ones and stars.
        let reach = [1, 3, u64::from(second)][(seed % 3) as usize].min(second.into());
        pairs.push((second - 1 - chance.below(reach) as u32, second));
    }
    for _ in 0..chance.below(count as u64) {
        let (first, second) = (chance.below(count as u64) as u32, chance.below(count as u64) as u32);
        if first != second {
            pairs.push((first.min(second), first.max(second)));
        }
    }
    graph(units, &pairs)
}

/// Whether a graph can be cut into so many connected cells of which none is as far from the mean as `worst`.
fn can_be_better(graph: &UnitGraph, cell_count: usize, worst: f64) -> bool {
    let weights: Vec<f64> = graph.units().iter().map(|unit| unit.weight.value()).collect();
    let mean = weights.iter().sum::<f64>() / cell_count as f64;
    let mut beside = vec![0_u32; weights.len()];
    for link in graph.links() {
        beside[link.first as usize] |= 1 << link.second;
        beside[link.second as usize] |= 1 << link.first;
    }
    let is_connected = |group: u32| {
        let mut reached = group & group.wrapping_neg();
        loop {
            let next = (0..weights.len()).filter(|&unit| reached >> unit & 1 == 1);
            let grown = next.fold(reached, |grown, unit| grown | beside[unit]) & group;
            if grown == reached {
                return reached == group;
            }
            reached = grown;
        }
    };
    let is_near = |group: u32| {
        let weight: f64 =
            (0..weights.len()).filter(|&unit| group >> unit & 1 == 1).map(|unit| weights[unit]).sum();
        (weight / mean - 1.0).abs() < worst - 1e-9
    };
    let all = (1_u32 << weights.len()) - 1;
    let mut by_first: Vec<Vec<u32>> = vec![Vec::new(); weights.len()];
    for group in (1..=all).filter(|&group| is_near(group) && is_connected(group)) {
        by_first[group.trailing_zeros() as usize].push(group);
    }
    covers(all, cell_count, &by_first, &mut HashSet::new())
}

fn covers(rest: u32, cells: usize, by_first: &[Vec<u32>], hopeless: &mut HashSet<(u32, usize)>) -> bool {
    if rest == 0 || cells == 0 {
        return rest == 0 && cells == 0;
    }
    if hopeless.contains(&(rest, cells)) {
        return false;
    }
    let fits = by_first[rest.trailing_zeros() as usize]
        .iter()
        .any(|&group| group & !rest == 0 && covers(rest & !group, cells - 1, by_first, hopeless));
    if !fits {
        hopeless.insert((rest, cells));
    }
    fits
}

#[test]
fn on_small_graphs_no_cut_is_better_balanced() {
    let mut out_of_tolerance = 0;
    for seed in 0..SEEDS {
        let graph = any_graph(seed);
        let total: f64 = graph.units().iter().map(|unit| unit.weight.value()).sum();
        let (plan, judgement) = cut(&graph, &options(total.min(22.0)));
        // Of the mean of all cells: what the judge sets apart has no other measure here.
        let count = plan.cells.len();
        let mean = graph.units().iter().map(|unit| unit.weight.value()).sum::<f64>() / count as f64;
        let worst =
            judgement.cells.iter().map(|cell| (cell.weight.value() / mean - 1.0).abs()).fold(0.0, f64::max);
        if worst > TOLERANCE + 1e-9 {
            out_of_tolerance += 1;
            let better = can_be_better(&graph, count, worst);
            assert!(
                !better,
                "seed {seed}: {worst} of {mean} in {count} cells is not the best: {judgement:#?}"
            );
        }
    }
    assert!(
        out_of_tolerance > SEEDS / 4,
        "{out_of_tolerance} of {SEEDS} graphs are hard: too few to show anything"
    );
}

#[test]
fn the_oracle_finds_a_better_cut_where_there_is_one() {
    let units = [3.0, 1.0, 1.0, 1.0].iter().enumerate().map(|(at, &weight)| unit(at, None, weight)).collect();
    let path = graph(units, &[(0, 1), (1, 2), (2, 3)]);
    assert!(can_be_better(&path, 2, 0.3), "3 | 1 1 1 is even");
    assert!(!can_be_better(&path, 3, 0.3), "3 | 1 | 1 1 is the best, and half above");
}
