//! Units some years later: a little more here, a little less there, and much more around a few of them.

use std::collections::HashSet;

use crate::districting::{Unit, UnitGraph, Weight};
use crate::generate::random::{Purpose, Random};

/// A weight goes up or down by at most so many hundredths.
const MOST_WANDER_PERCENT: u64 = 20;
/// A place grows by so many hundredths in its middle, less further out.
const GROWTH_PERCENT: i64 = 60;
/// At most one of so many units is part of one place.
const UNITS_FOR_ONE: usize = 40;
/// There is one for so many units, and there are at least so many.
const UNITS_FOR_EACH: usize = 10_000;
const FEWEST_PLACES: usize = 2;
const WHOLE: i64 = 1_000;

/// How units drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftOptions {
    /// So many units are part of each place that grows, where there are enough.
    pub growing_units: usize,
    /// Another seed, other years.
    pub seed: u64,
}

/// The same units with other weights, in whole households.
///
/// ```
/// # use geo_tools::generate::{DriftOptions, drifted, units};
/// let before = units(1_000, 7);
/// let later = drifted(&before, DriftOptions { growing_units: 300, seed: 7 });
/// assert_eq!(later.links(), before.links());
/// assert_ne!(later.units(), before.units());
/// ```
#[expect(clippy::expect_used, reason = "only weights change, by less than double")]
pub fn drifted(graph: &UnitGraph, options: DriftOptions) -> UnitGraph {
    let mut random = Random::new(options.seed, Purpose::Drift);
    let mut percents: Vec<i64> = graph
        .units()
        .iter()
        .map(|_| 100 + random.below(2 * MOST_WANDER_PERCENT + 1) as i64 - MOST_WANDER_PERCENT as i64)
        .collect();
    let count = graph.units().len();
    let mut beside: Vec<Vec<usize>> = vec![Vec::new(); count];
    for link in graph.links() {
        beside[link.first as usize].push(link.second as usize);
        beside[link.second as usize].push(link.first as usize);
    }
    let reach = options.growing_units.min(count / UNITS_FOR_ONE).max(1);
    for _ in 0..(count / UNITS_FOR_EACH).max(FEWEST_PLACES).min(count) {
        let around = around(random.index(count), reach, &beside);
        for (at, &unit) in around.iter().enumerate() {
            percents[unit] += GROWTH_PERCENT * (reach - at) as i64 / reach as i64;
        }
    }
    let changed = |(unit, percent): (&Unit, i64)| {
        let grown = unit.weight.thousandths() * percent / 100;
        Unit { weight: Weight::from_thousandths((grown + WHOLE / 2) / WHOLE * WHOLE), ..unit.clone() }
    };
    let units = graph.units().iter().zip(percents).map(changed).collect();
    UnitGraph::new(units, graph.links().to_vec()).expect("only weights change, by less than double")
}

/// The nearest units to one, itself first, by how many borders are between.
fn around(start: usize, most: usize, beside: &[Vec<usize>]) -> Vec<usize> {
    let mut reached = vec![start];
    let mut is_reached = HashSet::from([start]);
    let mut at = 0;
    while at < reached.len() && reached.len() < most {
        for &next in &beside[reached[at]] {
            if is_reached.insert(next) {
                reached.push(next);
            }
        }
        at += 1;
    }
    reached.truncate(most);
    reached
}
