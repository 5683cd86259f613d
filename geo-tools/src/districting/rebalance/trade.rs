//! Two cells exchange units until one weighs what it should and nothing is won by more: Fiduccia and Mattheyses (1982), with
//! what it costs that a unit is not at home beside the length of the border.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::districting::duel::{Pair, Window};
use crate::districting::rebalance::redraw::{Redraw, Tried};

const MOST_PASSES: usize = 6;

impl Redraw<'_> {
    /// Looks for the best trade of two cells, and leaves all as it was.
    pub(super) fn try_trade(&mut self, pair: Pair) -> Tried {
        let mut units = self.members[pair.first as usize].clone();
        units.extend(&self.members[pair.second as usize]);
        units.sort_unstable();
        let before: Vec<u32> = units.iter().map(|&unit| self.cells[unit as usize]).collect();
        let mut first_weight = self.weights[pair.first as usize];
        let (mut miss, mut cost_mm) = (pair.window.miss(first_weight), 0);
        for _ in 0..MOST_PASSES {
            let mut pass = Pass::begin(self, pair, (&units, first_weight));
            pass.run();
            let best = pass.take_back();
            let is_better = (best.miss, best.cost_mm) < (miss, 0);
            (miss, cost_mm, first_weight) = (best.miss, cost_mm + best.cost_mm, best.first_weight);
            if !is_better {
                break;
            }
        }
        let mut changed = Vec::new();
        for (&unit, &cell) in units.iter().zip(&before) {
            if std::mem::replace(&mut self.cells[unit as usize], cell) != cell {
                changed.push(unit);
            }
        }
        Tried { miss, cost_mm, units: changed }
    }
}

/// A moment of a pass: the less, the better.
#[derive(Clone, Copy, Debug)]
struct Moment {
    miss: i64,
    cost_mm: i64,
    first_weight: i64,
    move_count: usize,
}

struct Pass<'a, 'b> {
    draw: &'a mut Redraw<'b>,
    pair: Pair,
    unit_count: usize,
    /// The gain of a move, the unit in ascending order, and which of its gains this was.
    queue: BinaryHeap<(i64, Reverse<u32>, u32)>,
    /// 1 where weight has to leave the first cell, -1 where it has to come.
    pull: i64,
    /// How far outside the window a step between may go.
    leeway: i64,
    moves: Vec<u32>,
    best: Moment,
}

impl<'a, 'b> Pass<'a, 'b> {
    fn begin(draw: &'a mut Redraw<'b>, pair: Pair, (units, first_weight): (&[u32], i64)) -> Self {
        let Window { low, high } = pair.window;
        let pull = i64::from(first_weight > high) - i64::from(first_weight < low);
        let best = Moment { miss: pair.window.miss(first_weight), cost_mm: 0, first_weight, move_count: 0 };
        let queue = BinaryHeap::new();
        let unit_count = units.len();
        let mut pass = Self { draw, pair, unit_count, queue, pull, leeway: 0, moves: Vec::new(), best };
        for &unit in units {
            pass.enter(unit);
        }
        pass
    }

    fn enter(&mut self, unit: u32) {
        let at = unit as usize;
        self.leeway = self.leeway.max(self.draw.ground.weight(unit));
        let to = self.other(self.draw.cells[at]);
        let own = self.draw.cells[at];
        let (mut gain, mut borders) = (0, false);
        for near in self.draw.ground.beside(unit) {
            let cell = self.draw.cells[near.unit as usize];
            if cell == own {
                gain -= near.shared_mm;
            } else if cell == to {
                gain += near.shared_mm;
                borders = true;
            }
        }
        gain += self.pull_mm(unit) - self.draw.toll_change_mm(unit, to);
        self.draw.table.gains[at] = gain;
        self.draw.table.versions[at] = 0;
        self.draw.table.held[at] = self.draw.fixed[at];
        if borders && !self.draw.table.held[at] {
            self.queue.push((gain, Reverse(unit), 0));
        }
    }

    fn other(&self, cell: u32) -> u32 {
        if cell == self.pair.first { self.pair.second } else { self.pair.first }
    }

    /// What a unit is worth because weight has to go over.
    fn pull_mm(&self, unit: u32) -> i64 {
        let way = if self.draw.cells[unit as usize] == self.pair.first { 1 } else { -1 };
        way * self.pull * self.draw.prices.pull_mm[unit as usize]
    }

    fn run(&mut self) {
        let patience = 30 + (self.unit_count / 8).min(300);
        let leeway = self.leeway.min(self.pair.window.high / 4);
        let mut now = self.best;
        while let Some((gain, Reverse(unit), version)) = self.queue.pop() {
            let at = unit as usize;
            if self.draw.table.held[at] || self.draw.table.versions[at] != version {
                continue;
            }
            let own = self.draw.cells[at];
            let to = self.other(own);
            let weight = self.draw.ground.weight(unit);
            let first_weight = now.first_weight + if own == self.pair.first { -weight } else { weight };
            let miss = self.pair.window.miss(first_weight);
            let draw = &mut *self.draw;
            let borders = draw.ground.beside(unit).iter().any(|near| draw.cells[near.unit as usize] == to);
            let is_allowed = miss <= now.miss.max(leeway);
            if !borders || !is_allowed || !draw.scratch.can_leave(draw.ground, &draw.cells, unit) {
                continue;
            }
            let cost_mm = now.cost_mm + self.pull_mm(unit) - gain;
            self.carry_out(unit, to);
            now = Moment { miss, cost_mm, first_weight, move_count: self.moves.len() };
            if (now.miss, now.cost_mm) < (self.best.miss, self.best.cost_mm) {
                self.best = now;
            } else if now.move_count > self.best.move_count + patience {
                return;
            }
        }
    }

    fn carry_out(&mut self, unit: u32, to: u32) {
        let Redraw { ground, cells, table, .. } = &mut *self.draw;
        let own = cells[unit as usize];
        cells[unit as usize] = to;
        table.held[unit as usize] = true;
        self.moves.push(unit);
        for near in ground.beside(unit) {
            let at = near.unit as usize;
            if table.held[at] || (cells[at] != own && cells[at] != to) {
                continue;
            }
            let change_mm = if cells[at] == to { -2 * near.shared_mm } else { 2 * near.shared_mm };
            table.gains[at] += change_mm;
            table.versions[at] += 1;
            self.queue.push((table.gains[at], Reverse(near.unit), table.versions[at]));
        }
    }

    /// Takes back what came after the best moment.
    fn take_back(self) -> Moment {
        for &unit in &self.moves[self.best.move_count..] {
            let to = self.other(self.draw.cells[unit as usize]);
            self.draw.cells[unit as usize] = to;
        }
        self.best
    }
}
