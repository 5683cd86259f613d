//! Cuts ground in two, and the halves again, until each piece is a cell.
//!
//! Where to cut is tried by several sweeps (along the curve, by place in four directions, outwards from an end); what a
//! cut leaves astray goes to the other side; the best is then bettered by a duel.

use crate::districting::duel::{Pair, Scratch, Window, duel, late_ms};
use crate::districting::ground::Ground;
use crate::districting::rounds::Stop;
use crate::districting::{Effort, Span, Watch};
use crate::generate::random::{Purpose, Random};

/// Beyond so many units only the way across and a sweep outwards are tried: all make much the same cut.
const MANY_UNITS: usize = 8_192;
/// Of so many cells one is peeled off before it is tried again to halve the rest: each try costs sweeps over all of it.
const PEELED_AT_ONCE: u32 = 16;

/// Cuts the ground of one component.
pub(crate) struct Cutter<'a> {
    pub(crate) ground: &'a Ground,
    /// For each unit its cell, as far as it is cut.
    pub(crate) cells: &'a mut [u32],
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) span: Span,
    pub(crate) effort: Effort,
    pub(crate) seed: u64,
    pub(crate) watch: &'a Watch<'a>,
    /// Whether cells that are done count as progress.
    pub(crate) tells: bool,
}

/// How two sides of a cut are weighed, by what they weigh, how late they would be visited, and the border: less is better.
type Score = (i64, i128, i64);

impl Cutter<'_> {
    /// Cuts connected units, which are all in cell `first`, into `count` cells from there on.
    pub(crate) fn cut(&mut self, units: Vec<u32>, first: u32, count: u32) {
        // Not by recursion: ground that is peeled goes as deep as it has cells, and a thread's stack is small.
        let mut open = vec![(units, first, count)];
        while let Some((units, first, count)) = open.pop() {
            if count < 2 || units.len() < 2 || self.watch.is_called_off() {
                if self.tells {
                    self.watch.advance(units.len());
                }
                continue;
            }
            let Some(half) = self.halve(&units, first, count) else {
                open.push(self.peel(units, first, count));
                continue;
            };
            let (one, other): (Vec<u32>, Vec<u32>) =
                units.into_iter().partition(|&unit| self.cells[unit as usize] == first);
            open.push((other, first + half, count - half));
            open.push((one, first, half));
        }
    }

    /// Cuts in two; tells how many cells the first side shall become. `None`, and nothing done, where no way to do so leaves
    /// each side a unit for each of its cells.
    fn halve(&mut self, units: &[u32], first: u32, count: u32) -> Option<u32> {
        let half = count / 2;
        let second = first + half;
        let total = self.ground.total(units);
        let (goal, window) = self.goal(total, half, count - half);
        let pair = Pair { first, second, window, cell_counts: [half, count - half] };
        let mut tried: Vec<(Score, Vec<u32>)> = Vec::new();
        for order in self.orders(units, first) {
            self.sweep(&order, pair, goal);
            self.gather_strays(units, pair);
            if let Some(score) = self.score(units, pair, half as usize, (count - half) as usize) {
                tried.push((score, self.side(units, second)));
            }
            units.iter().for_each(|&unit| self.cells[unit as usize] = first);
        }
        tried.sort_unstable();
        tried.truncate(if self.effort == Effort::Full && units.len() < MANY_UNITS { 2 } else { 1 });
        let mut best: Option<(Score, Vec<u32>)> = None;
        for (_, side) in tried {
            side.iter().for_each(|&unit| self.cells[unit as usize] = second);
            duel(self.ground, self.cells, units, (pair, self.scratch));
            if let Some(score) = self.score(units, pair, half as usize, (count - half) as usize)
                && best.as_ref().is_none_or(|(least, _)| score < *least)
            {
                best = Some((score, self.side(units, second)));
            }
            units.iter().for_each(|&unit| self.cells[unit as usize] = first);
        }
        let (_, side) = best?;
        side.iter().for_each(|&unit| self.cells[unit as usize] = second);
        Some(half)
    }

    /// What the first side should weigh, and may: the closer, the fewer cells it becomes.
    fn goal(&self, total: i64, half: u32, rest: u32) -> (i64, Window) {
        let (few, many) = (i64::from(half), i64::from(rest));
        let goal = (i128::from(total) * i128::from(few) / i128::from(few + many)) as i64;
        let low = (few * self.span.least).max(total - many * self.span.most);
        let high = (few * self.span.most).min(total - many * self.span.least);
        if low > high {
            return (goal, Window { low: goal, high: goal });
        }
        if few + many == 2 {
            return (goal, Window { low, high });
        }
        // Deviations of cells that are cut later add up like steps of a random walk.
        let room = (high - low) / (4 * few.min(many).isqrt().max(1));
        (goal, Window { low: low.max(goal - room), high: high.min(goal + room) })
    }

    fn orders(&mut self, units: &[u32], first: u32) -> Vec<Vec<u32>> {
        let mut orders = vec![self.outwards(units, first)];
        let along = |[east, north]: [i64; 2]| {
            let mut order = units.to_vec();
            order.sort_by_cached_key(|&unit| {
                let at = self.ground.place(unit);
                (at[0] * east + at[1] * north, unit)
            });
            order
        };
        let extent = |axis: usize| {
            let places = || units.iter().map(|&unit| self.ground.place(unit)[axis]);
            places().max().unwrap_or(0) - places().min().unwrap_or(0)
        };
        if units.len() > MANY_UNITS {
            orders.push(if extent(0) > extent(1) { along([1, 0]) } else { along([0, 1]) });
            return orders;
        }
        orders.push(along([1, 0]));
        orders.push(along([0, 1]));
        if self.effort == Effort::Full {
            orders.push(along([1, 1]));
            orders.push(along([1, -1]));
            orders.push(along(self.any_way(units.len())));
            let mut order = units.to_vec();
            order.sort_unstable();
            orders.push(order);
        }
        orders
    }

    /// A direction that depends on the seed, and on how much there is to cut.
    fn any_way(&self, count: usize) -> [i64; 2] {
        let mut chance = Random::numbered(self.seed, Purpose::Sweeps, count as u64);
        [0; 2].map(|_: i64| chance.below(17) as i64 - 8)
    }

    /// Breadth first from one end to the other.
    fn outwards(&mut self, units: &[u32], first: u32) -> Vec<u32> {
        let start = units[(self.seed % units.len() as u64) as usize];
        let end = *self.breadth_first(start, first).last().unwrap_or(&start);
        self.breadth_first(end, first)
    }

    fn breadth_first(&mut self, start: u32, first: u32) -> Vec<u32> {
        let pieces = self.scratch.pieces(self.ground, self.cells, &[start], first);
        pieces.into_iter().next().unwrap_or_default()
    }

    /// Gives the end of an order to the second side.
    fn sweep(&mut self, order: &[u32], pair: Pair, goal: i64) {
        let (mut weight, mut cut) = (0, 0);
        let mut nearest = i64::MAX;
        let mut sum = 0;
        for (at, &unit) in order.iter().enumerate().take(order.len() - 1) {
            sum += self.ground.weight(unit);
            if (sum - goal).abs() < nearest {
                (nearest, weight, cut) = ((sum - goal).abs(), sum, at + 1);
            } else if sum > goal && sum > weight {
                break;
            }
        }
        for &unit in &order[cut..] {
            self.cells[unit as usize] = pair.second;
        }
    }

    /// All but the heaviest piece of each side goes to the other.
    fn gather_strays(&mut self, units: &[u32], pair: Pair) {
        for (side, other) in [(pair.first, pair.second), (pair.second, pair.first)] {
            for piece in self.scratch.pieces(self.ground, self.cells, units, side).into_iter().skip(1) {
                piece.iter().for_each(|&unit| self.cells[unit as usize] = other);
            }
        }
    }

    /// `None` where a side has fewer units than cells to become.
    fn score(&self, units: &[u32], pair: Pair, half: usize, rest: usize) -> Option<Score> {
        let (mut weight, mut count, mut cut_mm) = (0, 0, 0);
        let late_ms = self.late_ms(units, pair);
        for &unit in units.iter().filter(|&&unit| self.cells[unit as usize] == pair.first) {
            weight += self.ground.weight(unit);
            count += 1;
            let across =
                self.ground.beside(unit).iter().filter(|near| self.cells[near.unit as usize] == pair.second);
            cut_mm += across.map(|near| near.shared_mm).sum::<i64>();
        }
        let has_room = count >= half && units.len() - count >= rest;
        has_room.then(|| (pair.window.miss(weight), late_ms, cut_mm))
    }

    /// By how much the two sides take too long to visit, where that is asked.
    fn late_ms(&self, units: &[u32], pair: Pair) -> i128 {
        let Some(rounds) = &self.ground.rounds else { return 0 };
        let of = |cell: u32| -> Stop {
            let side = units.iter().filter(|&&unit| self.cells[unit as usize] == cell);
            side.map(|&unit| rounds.stop(unit as usize)).sum()
        };
        late_ms(self.ground, pair, [of(pair.first), of(pair.second)])
    }

    fn side(&self, units: &[u32], cell: u32) -> Vec<u32> {
        units.iter().copied().filter(|&unit| self.cells[unit as usize] == cell).collect()
    }

    /// Where ground cannot be halved, such as a star, single units become cells: what is reached last from another holds
    /// nothing together. Gives what is left to be cut.
    fn peel(&mut self, mut units: Vec<u32>, first: u32, count: u32) -> (Vec<u32>, u32, u32) {
        let peeled = (count / PEELED_AT_ONCE).max(1);
        let order = self.breadth_first(units[0], first);
        for (cell, &unit) in (first + count - peeled..first + count).rev().zip(order.iter().rev()) {
            self.cells[unit as usize] = cell;
        }
        units.retain(|&unit| self.cells[unit as usize] == first);
        if self.tells {
            self.watch.advance(peeled as usize);
        }
        (units, first, count - peeled)
    }
}
