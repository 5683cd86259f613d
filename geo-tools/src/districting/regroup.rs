//! Cells that are out of tolerance are cut anew together with cells around them; pairs exchange units for a shorter border.

use crate::districting::duel::{Pair, Scratch, Window, duel};
use crate::districting::ground::Ground;
use crate::districting::halve::Cutter;
use crate::districting::moves::{Balance, improve};
use crate::districting::{Effort, Span, Watch};

/// The most cells that are cut anew together.
pub(crate) const MOST_TOGETHER: usize = 8;
const MOST_ROUNDS: usize = 6;
const PASSES: usize = 8;

/// The cells of a component, being bettered.
pub(crate) struct Cells<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) cells: &'a mut [u32],
    /// With room behind the cells for those that are being tried.
    pub(crate) balance: Balance,
    pub(crate) count: u32,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) effort: Effort,
    pub(crate) seed: u64,
    pub(crate) watch: &'a Watch<'a>,
}

impl Cells<'_> {
    /// How far all cells together are out of what they may weigh.
    pub(crate) fn miss(&self) -> i128 {
        (0..self.count).map(|cell| i128::from(self.balance.miss(cell))).sum()
    }

    /// How many cells are out of what they may weigh.
    pub(crate) fn missing_count(&self) -> usize {
        (0..self.count).filter(|&cell| self.balance.miss(cell) > 0).count()
    }

    /// All borders between cells.
    pub(crate) fn cut_mm(&self) -> i128 {
        let of = |unit: u32| -> i128 {
            let others = self.ground.beside(unit).iter();
            let across = others.filter(|near| self.cells[near.unit as usize] != self.cells[unit as usize]);
            across.map(|near| i128::from(near.shared_mm)).sum()
        };
        (0..self.ground.count() as u32).map(of).sum::<i128>() / 2
    }

    /// Single moves over everything.
    pub(crate) fn settle(&mut self) {
        let all: Vec<u32> = (0..self.ground.count() as u32).collect();
        improve(self.ground, self.cells, &mut self.balance, (&all, 0..self.count, PASSES), self.scratch);
    }

    /// Cuts cells anew that are out of tolerance, with ever more of those around them.
    pub(crate) fn mend(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let missing: Vec<u32> = (0..self.count).filter(|&cell| self.balance.miss(cell) > 0).collect();
            if missing.is_empty() || self.watch.is_called_off() {
                return;
            }
            // Who is beside whom is as of now for the whole round: what is no longer so is found out when it is tried.
            let near = self.near();
            let mut members = self.members();
            let mut mended = false;
            for cell in missing {
                if self.balance.miss(cell) > 0 {
                    mended |= self.mend_one(cell, &mut members, &near);
                }
            }
            if !mended {
                return;
            }
        }
    }

    fn mend_one(&mut self, cell: u32, members: &mut [Vec<u32>], near: &[Vec<u32>]) -> bool {
        for &other in &near[cell as usize] {
            if self.is_open(cell) || self.is_open(other) {
                let pair = if self.is_open(cell) { [other, cell] } else { [cell, other] };
                if self.exchange(pair, members) {
                    return true;
                }
            } else if self.recut(&[cell, other], members) {
                return true;
            }
        }
        if self.is_open(cell) {
            return false;
        }
        let mut group = vec![cell];
        while group.len() < MOST_TOGETHER {
            let Some(next) = self.next_for(&group, near) else { break };
            group.push(next);
            if group.len() > 2 && self.recut(&group, members) {
                return true;
            }
        }
        self.shift(cell, members, near)
    }

    /// The cell beside a group that brings its mean nearest to the middle of what cells may weigh.
    fn next_for(&self, group: &[u32], near: &[Vec<u32>]) -> Option<u32> {
        let weight = |cell: u32| self.balance.weights[cell as usize];
        let total: i64 = group.iter().map(|&cell| weight(cell)).sum();
        let span = self.balance.spans[group[0] as usize];
        let middle = (span.least + span.most) / 2;
        let beside = group.iter().flat_map(|&cell| near[cell as usize].iter().copied());
        let candidates = beside.filter(|cell| !group.contains(cell) && !self.is_open(*cell));
        candidates
            .min_by_key(|&cell| ((total + weight(cell) - middle * (group.len() as i64 + 1)).abs(), cell))
    }

    pub(crate) fn is_open(&self, cell: u32) -> bool {
        self.balance.spans[cell as usize].is_open()
    }

    /// Cuts some cells anew; what is no better is taken back.
    fn recut(&mut self, group: &[u32], members: &mut [Vec<u32>]) -> bool {
        let mut units: Vec<u32> =
            group.iter().flat_map(|&cell| members[cell as usize].iter().copied()).collect();
        units.sort_unstable();
        let before: Vec<u32> = units.iter().map(|&unit| self.cells[unit as usize]).collect();
        let (miss, cut_mm) = (self.miss_of(group), self.inner_mm(&units));
        let (trial, count) = (self.count, group.len() as u32);
        units.iter().for_each(|&unit| self.cells[unit as usize] = trial);
        if self.scratch.pieces(self.ground, self.cells, &units, trial).len() != 1 {
            units.iter().zip(before).for_each(|(&unit, cell)| self.cells[unit as usize] = cell);
            return false;
        }
        let span = self.balance.spans[group[0] as usize];
        let mut cutter = Cutter {
            ground: self.ground,
            cells: self.cells,
            scratch: self.scratch,
            span,
            effort: self.effort,
            seed: self.seed,
            watch: self.watch,
            tells: false,
        };
        cutter.cut(units.clone(), trial, count);
        for at in 0..count {
            self.balance.weights[(trial + at) as usize] = 0;
            self.balance.spans[(trial + at) as usize] = span;
        }
        for &unit in &units {
            self.balance.weights[self.cells[unit as usize] as usize] += self.ground.weight(unit);
        }
        let among = trial..trial + count;
        improve(self.ground, self.cells, &mut self.balance, (&units, among.clone(), PASSES), self.scratch);
        let tried: Vec<u32> = among.collect();
        if (self.miss_of(&tried), self.inner_mm(&units)) >= (miss, cut_mm) {
            units.iter().zip(before).for_each(|(&unit, cell)| self.cells[unit as usize] = cell);
            return false;
        }
        for &unit in &units {
            let cell = &mut self.cells[unit as usize];
            *cell = group[(*cell - trial) as usize];
        }
        for (at, &cell) in group.iter().enumerate() {
            self.balance.weights[cell as usize] = self.balance.weights[trial as usize + at];
        }
        self.regroup(group, &units, members);
        true
    }

    /// Notes who is in some cells now, whose units these are.
    pub(crate) fn regroup(&self, group: &[u32], units: &[u32], members: &mut [Vec<u32>]) {
        group.iter().for_each(|&cell| members[cell as usize].clear());
        for &unit in units {
            members[self.cells[unit as usize] as usize].push(unit);
        }
    }

    pub(crate) fn miss_of(&self, group: &[u32]) -> i128 {
        group.iter().map(|&cell| i128::from(self.balance.miss(cell))).sum()
    }

    /// Twice the borders within some units, and once those around them, which no recut changes.
    fn inner_mm(&self, units: &[u32]) -> i128 {
        let of = |&unit: &u32| -> i128 {
            let others = self.ground.beside(unit).iter();
            let across = others.filter(|near| self.cells[near.unit as usize] != self.cells[unit as usize]);
            across.map(|near| i128::from(near.shared_mm)).sum()
        };
        units.iter().map(of).sum()
    }

    /// Lets all cells beside each other exchange units for a shorter border, within what they may weigh.
    pub(crate) fn polish(&mut self) {
        let mut members = self.members();
        let near = self.near();
        for (cell, others) in (0..).zip(&near) {
            if self.watch.is_called_off() {
                return;
            }
            for &other in others.iter().filter(|&&other| other > cell) {
                if self.is_open(cell)
                    || self.is_open(other)
                    || self.balance.miss(cell).max(self.balance.miss(other)) > 0
                {
                    continue;
                }
                self.exchange([cell, other], &mut members);
            }
        }
    }

    /// A duel of two cells, the first of which is not open; whether anything has become better.
    fn exchange(&mut self, [cell, other]: [u32; 2], members: &mut [Vec<u32>]) -> bool {
        let mut units = members[cell as usize].clone();
        units.extend(&members[other as usize]);
        units.sort_unstable();
        let total = self.balance.weights[cell as usize] + self.balance.weights[other as usize];
        let (one, two) = (self.balance.spans[cell as usize], self.balance.spans[other as usize]);
        let (mut low, mut high) =
            (one.least.max(total.saturating_sub(two.most)), one.most.min(total - two.least));
        if low > high {
            (low, high) = (total / 2, total / 2);
        }
        let miss = self.miss_of(&[cell, other]);
        let window = Window { low, high };
        let pair = Pair { first: cell, second: other, window, cell_counts: [1, 1] };
        let change_mm = duel(self.ground, self.cells, &units, (pair, self.scratch));
        for cell in [cell, other] {
            self.balance.weights[cell as usize] = 0;
        }
        for &unit in &units {
            self.balance.weights[self.cells[unit as usize] as usize] += self.ground.weight(unit);
        }
        self.regroup(&[cell, other], &units, members);
        (self.miss_of(&[cell, other]), i128::from(change_mm)) < (miss, 0)
    }

    pub(crate) fn members(&self) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.count as usize];
        for (unit, &cell) in (0..).zip(self.cells.iter()) {
            members[cell as usize].push(unit);
        }
        members
    }

    /// For each cell those beside it, in order.
    fn near(&self) -> Vec<Vec<u32>> {
        let mut near: Vec<Vec<u32>> = vec![Vec::new(); self.count as usize];
        for unit in 0..self.ground.count() as u32 {
            let own = self.cells[unit as usize];
            for other in self.ground.beside(unit) {
                let cell = self.cells[other.unit as usize];
                if cell != own && !near[own as usize].contains(&cell) {
                    near[own as usize].push(cell);
                }
            }
        }
        near.iter_mut().for_each(|cells| cells.sort_unstable());
        near
    }
}

/// Room for cells behind those of a component: what each may weigh there is set when it is tried.
pub(crate) fn with_room(mut spans: Vec<Span>) -> Vec<Span> {
    spans.resize(spans.len() + MOST_TOGETHER, Span { least: 0, most: 0 });
    spans
}
