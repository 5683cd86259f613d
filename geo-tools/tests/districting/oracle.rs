//! Small graphs against every way to cut them.

use std::collections::HashSet;

use geo_tools::districting::{JudgedCell, Unit, UnitGraph};

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

/// All connected groups of at least a unit that are less than `off` from a mean, as a part of it, by their first unit.
fn groups_near(graph: &UnitGraph, mean: f64, off: f64) -> Vec<Vec<u32>> {
    let weights: Vec<f64> = graph.units().iter().map(|unit| unit.weight.value()).collect();
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
        (weight / mean - 1.0).abs() < off
    };
    let all = (1_u32 << weights.len()) - 1;
    let mut by_first: Vec<Vec<u32>> = vec![Vec::new(); weights.len()];
    for group in (1..=all).filter(|&group| is_near(group) && is_connected(group)) {
        by_first[group.trailing_zeros() as usize].push(group);
    }
    by_first
}

/// Whether a graph can be cut into so many connected cells of which none is as far from the mean as `worst`.
fn can_be_better(graph: &UnitGraph, cell_count: usize, worst: f64) -> bool {
    let mean = graph.units().iter().map(|unit| unit.weight.value()).sum::<f64>() / cell_count as f64;
    let all = (1_u32 << graph.units().len()) - 1;
    covers(all, cell_count, &groups_near(graph, mean, worst - 1e-9), &mut HashSet::new())
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

/// Some units as bits.
fn bits(units: impl Iterator<Item = usize>) -> u32 {
    units.fold(0, |bits, unit| bits | 1 << unit)
}

/// Whether all of some units can be in groups of which no two share a unit.
fn all_can_be_in(units: u32, groups: &[Vec<u32>]) -> bool {
    let first = 1 << units.trailing_zeros().min(31);
    units == 0
        || groups.iter().flatten().filter(|group| **group & first != 0).any(|&group| {
            let others = |other: &u32| other & group == 0;
            let left: Vec<Vec<u32>> =
                groups.iter().map(|groups| groups.iter().copied().filter(others).collect()).collect();
            all_can_be_in(units & !group, &left)
        })
}

/// A graph of units of which a cell is two to four, so that many pairs fit nowhere; some weigh nothing, or far too much.
fn coarse_graph(seed: u64) -> UnitGraph {
    let small = any_graph(seed);
    let coarse = |(number, of): (usize, &Unit)| {
        let weight = 15.0 + 4.0 * of.weight.value();
        let is_odd = number % 7 == 3;
        unit(
            number,
            None,
            if is_odd && seed % 3 == 1 {
                0.0
            } else if is_odd && seed % 3 == 2 {
                300.0
            } else {
                weight
            },
        )
    };
    let units: Vec<Unit> = small.units().iter().take(16).enumerate().map(coarse).collect();
    let pairs = small.links().iter().map(|link| (link.first, link.second));
    let pairs: Vec<(u32, u32)> = pairs.filter(|(_, second)| (*second as usize) < units.len()).collect();
    graph(units, &pairs)
}

#[test]
fn units_that_are_certified_to_be_in_conflict_cannot_all_be_in_tolerance_by_any_cut() {
    let (mut certified, mut units_in_conflict) = ([0; 3], 0);
    for seed in 0..400 {
        let graph = coarse_graph(seed);
        let (plan, judgement) = cut(&graph, &options(100.0));
        let groups = groups_near(&graph, judgement.parents[0].mean, TOLERANCE + 1e-9);
        let all = 0..graph.units().len();
        let of_cell = |judged: &JudgedCell| {
            let cell = plan.cells.iter().position(|cell| cell.name == judged.cell).expect("a cell");
            bits(all.clone().filter(|&unit| plan.cell_of[unit] as usize == cell))
        };
        let (conflicts, others): (Vec<&JudgedCell>, Vec<&JudgedCell>) =
            judgement.cells.iter().filter(|cell| cell.certificate.is_some()).partition(|cell| {
                cell.certificate.as_ref().is_some_and(|certificate| !certificate.conflict.is_empty())
            });
        let mut taken = others.into_iter().fold(0, |taken, cell| taken | of_cell(cell));
        for judged in conflicts {
            let certificate = judged.certificate.as_ref().expect("one");
            let is_named = |unit: &usize| certificate.conflict.contains(&graph.units()[*unit].id);
            let units = bits(all.clone().filter(is_named));
            assert_eq!(units.count_ones() as usize, certificate.conflict.len(), "seed {seed}: {judged:?}");
            assert_eq!(units & taken, 0, "seed {seed}: settled by another certificate: {judgement:#?}");
            assert_ne!(units & of_cell(judged), 0, "seed {seed}: no unit of its own: {judged:?}");
            assert!(!all_can_be_in(units, &groups), "seed {seed}: {judged:?}");
            // Groups of the judge may share a unit that weighs nothing, so here fewer units may be in conflict as well.
            let fewer = all.clone().map(|unit| units & !(1 << unit)).filter(|fewer| *fewer != units);
            for fewer in fewer.filter(|_| seed % 3 != 1) {
                assert!(all_can_be_in(fewer, &groups), "seed {seed}: {fewer:b} would do of {units:b}");
            }
            taken |= units;
            certified[(seed % 3) as usize] += 1;
            units_in_conflict = units_in_conflict.max(units.count_ones());
        }
    }
    assert!(
        certified.iter().all(|count| *count >= 5) && units_in_conflict > 2,
        "{certified:?} of {units_in_conflict}"
    );
}
