//! What cells may weigh that are there already: their number stays, so the mean of a parent follows from their weights.
//!
//! Apart are those that cannot be near a mean: components too light for a cell, cells with a unit too heavy for one, and
//! components that no number of cells in tolerance adds up to.

use std::cmp::Reverse;

use crate::districting::Span;
use crate::districting::quota::Mean;

/// A cell as it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) weight: i64,
    /// Of its units.
    pub(super) heaviest: i64,
}

/// What the cells of one component may weigh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) spans: Vec<Span>,
    /// Whether its cells can all be in tolerance of the parent's mean, as far as their number goes.
    pub(super) fits: bool,
}

/// The mean of a parent's cells, given by component.
pub(super) fn mean(components: &[Vec<Standing>], tolerance_ppm: u32) -> Mean {
    let mut left: Vec<Left> =
        components.iter().map(|cells| Left { cells: cells.clone(), has_oversize: false }).collect();
    let all = components.iter().flatten();
    let sum = all.clone().map(|cell| i128::from(cell.weight)).sum();
    let mut mean = Mean { sum, count: all.count() as i128 };
    loop {
        let before = mean.count;
        set_small_apart(&mut left, &mut mean, tolerance_ppm);
        set_oversize_apart(&mut left, &mut mean, tolerance_ppm);
        set_unfit_apart(&mut left, &mut mean, tolerance_ppm);
        if mean.count == before {
            return mean;
        }
    }
}

/// What the cells of a component may weigh; where their number does not fit it, around a mean of their own.
pub(super) fn allowance(cells: &[Standing], mean: Mean, tolerance_ppm: u32) -> Allowance {
    let span = mean.span(tolerance_ppm);
    let total: i64 = cells.iter().map(|cell| cell.weight).sum();
    let is_oversize = |cell: &Standing| cell.heaviest > span.most;
    let ordinary = cells.iter().filter(|cell| !is_oversize(cell)).count() as i64;
    let has_oversize = cells.iter().any(is_oversize);
    let fits = ordinary * span.least <= total && (has_oversize || total <= ordinary * span.most);
    let own = Mean { sum: total.into(), count: cells.len() as i128 };
    let usual = if fits { span } else { own.span(tolerance_ppm) };
    let spans = cells.iter().map(|cell| if is_oversize(cell) { Span::OPEN } else { usual }).collect();
    Allowance { spans, fits }
}

/// What is left of a component, of which some cells are apart.
struct Left {
    cells: Vec<Standing>,
    has_oversize: bool,
}

impl Left {
    fn weight(&self) -> i64 {
        self.cells.iter().map(|cell| cell.weight).sum()
    }

    fn is_ordinary(&self) -> bool {
        !self.cells.is_empty() && !self.has_oversize
    }

    /// Sets all of it apart, unless nothing would be left to take a mean of.
    fn leave(&mut self, mean: &mut Mean) {
        let count = self.cells.len() as i128;
        if count < mean.count {
            mean.sum -= i128::from(self.weight());
            mean.count -= count;
            self.cells.clear();
        }
    }
}

/// The lightest first.
fn set_small_apart(left: &mut [Left], mean: &mut Mean, tolerance_ppm: u32) {
    left.sort_by_key(Left::weight);
    for component in left.iter_mut().filter(|component| component.is_ordinary()) {
        if component.weight() >= mean.span(tolerance_ppm).least {
            return;
        }
        component.leave(mean);
    }
}

/// The heaviest first; but not the last that weighs anything, since what weighs nothing has no mean.
fn set_oversize_apart(left: &mut [Left], mean: &mut Mean, tolerance_ppm: u32) {
    let places = left.iter().enumerate().flat_map(|(component, left)| {
        left.cells.iter().enumerate().map(move |(at, cell)| (cell.heaviest, component, at))
    });
    let mut places: Vec<(i64, usize, usize)> = places.collect();
    places.sort_unstable();
    // For each component the cells that are set apart.
    let mut apart: Vec<Vec<usize>> = vec![Vec::new(); left.len()];
    for (heaviest, component, at) in places.into_iter().rev() {
        let weight = i128::from(left[component].cells[at].weight);
        if heaviest <= mean.span(tolerance_ppm).most || weight == mean.sum {
            break;
        }
        apart[component].push(at);
        mean.sum -= weight;
        mean.count -= 1;
    }
    for (left, mut apart) in left.iter_mut().zip(apart) {
        left.has_oversize |= !apart.is_empty();
        apart.sort_unstable();
        for at in apart.into_iter().rev() {
            left.cells.swap_remove(at);
        }
    }
}

/// The furthest off first.
fn set_unfit_apart(left: &mut [Left], mean: &mut Mean, tolerance_ppm: u32) {
    loop {
        let span = mean.span(tolerance_ppm);
        let unfit =
            (0..left.len()).filter(|&at| left[at].is_ordinary() && !is_a_sum_of(left[at].weight(), span));
        let off = |&at: &usize| {
            let count = left[at].cells.len() as i128;
            let off = (i128::from(left[at].weight()) * mean.count - mean.sum * count).abs() / count;
            (off, Reverse(at))
        };
        let furthest = unfit.max_by_key(off);
        let Some(furthest) = furthest else { return };
        let before = mean.count;
        left[furthest].leave(mean);
        if mean.count == before {
            return;
        }
    }
}

/// Whether some number of cells in a span adds up to a weight.
pub(super) fn is_a_sum_of(weight: i64, span: Span) -> bool {
    let fewest = (weight + span.most - 1) / span.most.max(1);
    fewest.max(1) * span.least <= weight
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(weights: &[i64]) -> Vec<Standing> {
        weights.iter().map(|&weight| Standing { weight, heaviest: 1 }).collect()
    }

    #[test]
    fn what_cannot_be_near_a_mean_is_not_part_of_it() {
        let usual = cells(&[90, 110, 100]);
        assert_eq!(mean(&[usual.clone(), cells(&[7])], 50_000), Mean { sum: 300, count: 3 });
        assert_eq!(mean(&[usual.clone(), cells(&[75, 75])], 50_000), Mean { sum: 300, count: 3 });
        let heavy = vec![Standing { weight: 400, heaviest: 390 }, Standing { weight: 100, heaviest: 1 }];
        assert_eq!(mean(&[usual, heavy], 50_000), Mean { sum: 400, count: 4 });
        let all = vec![Standing { weight: 1_500, heaviest: 1_000 }, Standing { weight: 0, heaviest: 0 }];
        assert_eq!(mean(&[all], 50_000), Mean { sum: 1_500, count: 2 });
    }

    #[test]
    fn the_heaviest_of_many_cells_are_set_apart_one_after_the_other() {
        let cell = |at: i64| Standing { weight: 1 + at % 7, heaviest: 1 + at % 7 };
        let cells: Vec<Standing> = (0..200_000).map(cell).collect();
        assert_eq!(mean(&[cells], 50_000), Mean { sum: 28_572, count: 28_572 });
    }

    #[test]
    fn a_component_whose_number_of_cells_does_not_fit_has_a_mean_of_its_own() {
        let mean = Mean { sum: 100, count: 1 };
        let told = allowance(&cells(&[90, 60]), mean, 100_000);
        assert_eq!((told.fits, told.spans[0]), (false, Span { least: 68, most: 82 }));
        assert!(allowance(&cells(&[90, 95]), mean, 100_000).fits);
        let small = allowance(&cells(&[20]), mean, 100_000);
        assert_eq!(small.spans[0].miss(20), 0, "nothing can be done for one cell");
    }
}
