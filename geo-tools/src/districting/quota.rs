//! How many cells each parent gets, each component of it, and what a cell may weigh there.
//!
//! The number of a parent is the one whose mean is nearest to the target. What cannot be near any mean is set apart first:
//! components that are too light for a cell, units that are too heavy for one.

use crate::districting::Span;

const WHOLE_PPM: i128 = 1_000_000;

/// A mean as a fraction: a sum of weights over a number of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mean {
    pub(crate) sum: i128,
    pub(crate) count: i128,
}

impl Mean {
    /// What a cell may weigh around it.
    pub(crate) fn span(self, tolerance_ppm: u32) -> Span {
        let tolerance_ppm = i128::from(tolerance_ppm);
        let parts = self.count * WHOLE_PPM;
        let least = (self.sum * (WHOLE_PPM - tolerance_ppm) + parts - 1).div_euclid(parts);
        let most = (self.sum * (WHOLE_PPM + tolerance_ppm)).div_euclid(parts);
        Span { least: least.max(0) as i64, most: most as i64 }
    }
}

/// The number of cells whose mean is nearest to a target; the smaller of two that are.
pub(crate) fn nearest(weight: i128, mean: Mean) -> i128 {
    if mean.sum <= 0 {
        return 1;
    }
    let fewer = (weight * mean.count / mean.sum).max(1);
    let more = fewer + 1;
    // |weight / cells - mean| compared without a division.
    let off = |cells: i128, other: i128| (weight * mean.count - mean.sum * cells).abs() * other;
    if off(more, fewer) < off(fewer, more) { more } else { fewer }
}

/// Whether a number of cells within a span adds up to a weight, and then the number nearest to the mean.
pub(crate) fn fitting(weight: i64, mean: Mean, span: Span) -> Option<i64> {
    let wanted = nearest(weight.into(), mean) as i64;
    let fits = |cells: i64| cells >= 1 && cells * span.least <= weight && weight <= cells * span.most;
    [wanted, wanted + 1, wanted - 1].into_iter().find(|&cells| fits(cells))
}

/// One component, as far as its numbers go.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The weights of its units.
    pub(crate) weights: Vec<i64>,
}

/// What a parent's cells may weigh, and which of its components are too light for one.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    pub(crate) mean: Mean,
    pub(crate) is_small: Vec<bool>,
}

/// The mean of a parent's cells before anything is cut.
pub(crate) fn quota(parts: &[Part], target: i64, tolerance_ppm: u32) -> Quota {
    let target = Mean { sum: target.into(), count: 1 };
    let totals: Vec<i64> = parts.iter().map(|part| part.weights.iter().sum()).collect();
    let mut by_weight: Vec<usize> = (0..parts.len()).collect();
    by_weight.sort_by_key(|&at| (totals[at], at));
    let mut is_small = vec![false; parts.len()];
    let mut sum: i128 = totals.iter().map(|&total| i128::from(total)).sum();
    let mut mean = Mean { sum, count: nearest(sum, target) };
    for &at in &by_weight[..by_weight.len().saturating_sub(1)] {
        if totals[at] >= mean.span(tolerance_ppm).least {
            break;
        }
        is_small[at] = true;
        sum -= i128::from(totals[at]);
        mean = Mean { sum, count: nearest(sum, target) };
    }
    let kept = (0..parts.len()).filter(|&at| !is_small[at]);
    let mut weights: Vec<i64> = kept.flat_map(|at| parts[at].weights.iter().copied()).collect();
    weights.sort_unstable();
    while let Some(heaviest) = weights.pop() {
        if heaviest <= mean.span(tolerance_ppm).most || sum == i128::from(heaviest) {
            break;
        }
        sum -= i128::from(heaviest);
        mean = Mean { sum, count: nearest(sum, target) };
    }
    Quota { mean, is_small }
}
