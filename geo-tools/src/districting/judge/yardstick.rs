//! What a cell of a parent should weigh: the mean of the parent's cells, those apart that cannot be near it.
//!
//! Apart are, until nothing changes: components that weigh less than a cell must, the lightest first; cells with a unit
//! that weighs more than a cell may, the heaviest first; components that no number of cells in tolerance adds up to, the
//! furthest off first.

use std::collections::BTreeMap;

use crate::districting::UnitGraph;
use crate::districting::judge::{Drawn, Parts};

const WHOLE_PPM: i128 = 1_000_000;

/// The mean as a fraction, with the tolerance around it.
pub(super) struct Yardstick {
    sum: i128,
    count: i128,
    tolerance_ppm: i128,
    /// How many components the parent has: the number of cells of each is rounded.
    ground_count: usize,
    /// Whether a cell was left out for a unit that is too heavy.
    has_oversize: bool,
}

impl Yardstick {
    pub(super) fn of(
        graph: &UnitGraph,
        drawn: &Drawn,
        parts: &Parts,
        (members, tolerance_ppm): (&[usize], u32),
    ) -> Self {
        let tolerance_ppm = i128::from(tolerance_ppm);
        let mut mean = Self { sum: 0, count: 0, tolerance_ppm, ground_count: 0, has_oversize: false };
        let mut grounds: BTreeMap<usize, Ground> = BTreeMap::new();
        for &at in members {
            let cell = &drawn.cells[at];
            let weights = cell.units.iter().map(|&unit| i128::from(graph.units()[unit].weight.thousandths()));
            let heaviest = weights.max().unwrap_or(0);
            let ground = grounds.entry(parts.component_of[cell.units[0]]).or_default();
            ground.cells.push(Measured { weight: cell.weight, heaviest, is_left_out: false });
            mean.sum += cell.weight;
            mean.count += 1;
        }
        let mut grounds: Vec<Ground> = grounds.into_values().collect();
        mean.ground_count = grounds.len();
        loop {
            let before = mean.count;
            mean.leave_out_small(&mut grounds);
            mean.leave_out_oversize(&mut grounds);
            mean.leave_out_unfit(&mut grounds);
            if mean.count == before {
                mean.has_oversize = grounds.iter().any(|ground| ground.has_oversize);
                return mean;
            }
        }
    }

    /// Takes what is left of a component out of the mean, unless nothing would be left of that.
    fn take_out(&mut self, ground: &mut Ground) {
        let count = ground.cells.len() as i128;
        if count < self.count {
            self.sum -= ground.weight();
            self.count -= count;
            ground.cells.clear();
        }
    }

    fn leave_out_small(&mut self, grounds: &mut [Ground]) {
        grounds.sort_by_key(Ground::weight);
        for ground in grounds.iter_mut().filter(|ground| !ground.cells.is_empty() && !ground.has_oversize) {
            if !self.is_below(ground.weight()) {
                break;
            }
            self.take_out(ground);
        }
    }

    fn leave_out_oversize(&mut self, grounds: &mut [Ground]) {
        let places = grounds.iter().enumerate().flat_map(|(number, ground)| {
            ground.cells.iter().enumerate().map(move |(at, cell)| (cell.heaviest, number, at))
        });
        // Put in order once: where a target is less than what units weigh, nearly all are left out.
        let mut places: Vec<(i128, usize, usize)> = places.collect();
        places.sort_unstable();
        for (heaviest, number, at) in places.into_iter().rev() {
            let ground = &mut grounds[number];
            let weight = ground.cells[at].weight;
            // Cells that weigh nothing have no mean to be measured by: the last that weighs anything stays.
            if !self.is_above(heaviest) || self.sum == weight {
                break;
            }
            ground.cells[at].is_left_out = true;
            ground.has_oversize = true;
            self.sum -= weight;
            self.count -= 1;
        }
        grounds.iter_mut().for_each(|ground| ground.cells.retain(|cell| !cell.is_left_out));
    }

    fn leave_out_unfit(&mut self, grounds: &mut [Ground]) {
        loop {
            let unfit = grounds.iter_mut().filter(|ground| {
                !ground.cells.is_empty() && !ground.has_oversize && !self.can_hold(ground.weight())
            });
            // How far the mean of its cells is from the mean, compared across by multiplying out.
            let off = |ground: &&mut Ground| {
                let count = ground.cells.len() as i128;
                (ground.weight() * self.count - self.sum * count).abs() / count
            };
            let Some(ground) = unfit.max_by_key(off) else { return };
            let before = self.count;
            self.take_out(ground);
            if self.count == before {
                return;
            }
        }
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64 / 1e3
    }

    pub(super) fn tolerance_percent(&self) -> f64 {
        self.tolerance_ppm as f64 / 1e4
    }

    pub(super) fn deviation(&self, weight: i128) -> f64 {
        if self.sum == 0 {
            return 0.0;
        }
        (weight * self.count - self.sum) as f64 / self.sum as f64
    }

    /// Whether a cell may weigh so much.
    pub(super) fn holds(&self, weight: i128) -> bool {
        !self.is_above(weight) && !self.is_below(weight)
    }

    /// Whether this is more than a cell may weigh.
    pub(super) fn is_above(&self, weight: i128) -> bool {
        weight * self.count * WHOLE_PPM > self.sum * (WHOLE_PPM + self.tolerance_ppm)
    }

    /// Whether this is less than a cell must weigh.
    pub(super) fn is_below(&self, weight: i128) -> bool {
        weight * self.count * WHOLE_PPM < self.sum * (WHOLE_PPM - self.tolerance_ppm)
    }

    /// Whether some number of cells in tolerance adds up to this.
    pub(super) fn can_hold(&self, weight: i128) -> bool {
        if self.sum == 0 {
            return weight == 0;
        }
        let scaled = weight * self.count * WHOLE_PPM;
        let most = self.sum * (WHOLE_PPM + self.tolerance_ppm);
        let least = self.sum * (WHOLE_PPM - self.tolerance_ppm);
        let fewest_cells = (scaled + most - 1).div_euclid(most).max(1);
        fewest_cells * least <= scaled
    }

    /// Whether a number of cells is one of the two nearest to what a weight would need.
    pub(super) fn is_nearest(&self, cell_count: usize, weight: i128) -> bool {
        let below = if self.sum == 0 { 1 } else { (weight * self.count).div_euclid(self.sum) };
        let cell_count = cell_count as i128;
        cell_count == below.max(1) || cell_count == below + 1
    }

    /// The number of cells that would bring the mean nearest to a target, and the number there is, if that is another.
    ///
    /// Components round the number of their cells each for itself, so so many fewer or more are allowed; what lies around a
    /// unit that is too heavy is rounded in more pieces than are known here, and nothing is said of it.
    pub(super) fn miscount(&self, target: i128, unit_count: usize) -> Option<[i128; 2]> {
        if self.has_oversize || target <= 0 || self.count == 0 {
            return None;
        }
        let fewer = (self.sum / target).max(1);
        // |sum / cells - target| compared across by multiplying out.
        let is_nearer = |cells: i128, other: i128| {
            (self.sum - target * cells).abs() * other < (self.sum - target * other).abs() * cells
        };
        let wanted = if is_nearer(fewer + 1, fewer) { fewer + 1 } else { fewer }.min(unit_count as i128);
        let is_off =
            (self.count - wanted).abs() >= self.ground_count as i128 && is_nearer(wanted, self.count);
        is_off.then_some([wanted, self.count])
    }

    /// Whether a cell is in tolerance of the mean of a number of cells that have a weight together.
    pub(super) fn is_near_own_mean(&self, cell: i128, cell_count: usize, weight: i128) -> bool {
        let own = Self { sum: weight, count: cell_count as i128, ..*self };
        own.holds(cell)
    }
}

/// The cells of one component, as far as they count for the mean.
#[derive(Default)]
struct Ground {
    cells: Vec<Measured>,
    /// Whether a cell was left out for a unit that is too heavy: it takes what others cannot.
    has_oversize: bool,
}

struct Measured {
    weight: i128,
    heaviest: i128,
    is_left_out: bool,
}

impl Ground {
    fn weight(&self) -> i128 {
        self.cells.iter().map(|cell| cell.weight).sum()
    }
}
