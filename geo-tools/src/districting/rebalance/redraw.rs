//! The cells of one component while units change over: what each weighs, who is in it, and what a change costs.

use crate::districting::duel::{Scratch, Window};
use crate::districting::ground::Ground;
use crate::districting::{Span, Watch};

/// A unit costs something even if it weighs nothing: this part of what one of the mean weight does.
const EMPTY_PART: i128 = 8;

/// What changes cost, in millimetres of border.
#[derive(Debug)]
pub(super) struct Prices {
    /// For each unit what it costs while it is not at home.
    pub(super) toll_mm: Vec<i64>,
    /// For each unit what it is worth where weight has to go over, whichever way it goes best.
    pub(super) pull_mm: Vec<i64>,
}

impl Prices {
    /// A unit of the mean weight costs so many hundredths of the mean border between two units.
    pub(super) fn of(ground: &Ground, toll_percent: i64) -> Self {
        let total: i128 = ground.weights.iter().copied().map(i128::from).sum();
        let (mut length_mm, mut count) = (0_i128, 0_i128);
        for near in (0..ground.count() as u32).flat_map(|unit| ground.beside(unit)) {
            length_mm += i128::from(near.shared_mm);
            count += 1;
        }
        let units = ground.count() as i128;
        let per_weight = (total * count).max(1);
        let of = |weight: i64, percent: i64| {
            (i128::from(weight) * units * length_mm * i128::from(percent) / (per_weight * 100)) as i64
        };
        let own = (length_mm * i128::from(toll_percent) / (count.max(1) * 100 * EMPTY_PART)) as i64;
        let toll_mm = ground.weights.iter().map(|&weight| of(weight, toll_percent) + own).collect();
        let pull_mm = ground.weights.iter().map(|&weight| of(weight, toll_percent)).collect();
        Self { toll_mm, pull_mm }
    }
}

/// Two cells beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Touch {
    pub(super) first: u32,
    pub(super) second: u32,
    pub(super) shared_mm: i64,
}

/// The cells of a component.
pub(super) struct Redraw<'a> {
    pub(super) ground: &'a Ground,
    /// For each unit the cell it was in before.
    pub(super) home: &'a [u32],
    /// For each unit the cell it is in.
    pub(super) cells: Vec<u32>,
    pub(super) spans: &'a [Span],
    pub(super) weights: Vec<i64>,
    pub(super) members: Vec<Vec<u32>>,
    pub(super) prices: Prices,
    /// Units that stay: each alone is too heavy for a cell, and why its cell may weigh anything.
    pub(super) fixed: Vec<bool>,
    pub(super) scratch: Scratch,
    pub(super) table: Table,
    pub(super) watch: &'a Watch<'a>,
}

/// For each unit what is noted of it during a trade.
pub(super) struct Table {
    pub(super) gains: Vec<i64>,
    pub(super) versions: Vec<u32>,
    pub(super) held: Vec<bool>,
}

/// What changes a trade would make, and what they come to.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    /// How far the first of the two cells is outside what it should weigh.
    pub(super) miss: i64,
    pub(super) cost_mm: i64,
    /// Units that go to the other cell of the two.
    pub(super) units: Vec<u32>,
}

impl<'a> Redraw<'a> {
    pub(super) fn new(
        (ground, home, spans): (&'a Ground, &'a [u32], &'a [Span]),
        prices: Prices,
        watch: &'a Watch<'a>,
    ) -> Self {
        let count = ground.count();
        let most = spans.iter().map(|span| span.most).min().unwrap_or(0);
        let is_fixed = |(&home, &weight): (&u32, &i64)| spans[home as usize].is_open() && weight > most;
        let mut draw = Self {
            ground,
            home,
            cells: home.to_vec(),
            spans,
            weights: Vec::new(),
            members: Vec::new(),
            prices,
            fixed: home.iter().zip(&ground.weights).map(is_fixed).collect(),
            scratch: Scratch::new(count),
            table: Table { gains: vec![0; count], versions: vec![0; count], held: vec![false; count] },
            watch,
        };
        draw.recount();
        draw
    }

    /// Notes anew who is in which cell.
    pub(super) fn recount(&mut self) {
        self.members = vec![Vec::new(); self.spans.len()];
        for (unit, &cell) in (0..).zip(&self.cells) {
            self.members[cell as usize].push(unit);
        }
        self.weights = self.members.iter().map(|units| self.ground.total(units)).collect();
    }

    pub(super) fn miss(&self, cell: u32) -> i64 {
        self.spans[cell as usize].miss(self.weights[cell as usize])
    }

    /// How many cells are out of what they may weigh, and how far in all.
    pub(super) fn missing(&self) -> (usize, i128) {
        let misses = (0..self.spans.len() as u32).map(|cell| i128::from(self.miss(cell)));
        misses.filter(|&miss| miss > 0).fold((0, 0), |(count, sum), miss| (count + 1, sum + miss))
    }

    /// What the units weigh that are not at home.
    pub(super) fn moved(&self) -> i64 {
        let units = self.cells.iter().zip(self.home).zip(&self.ground.weights);
        units.filter(|((cell, home), _)| cell != home).map(|(_, weight)| weight).sum()
    }

    /// What it costs more that a unit goes over, without what it changes of borders.
    pub(super) fn toll_change_mm(&self, unit: u32, to: u32) -> i64 {
        let (home, own) = (self.home[unit as usize], self.cells[unit as usize]);
        let toll_mm = self.prices.toll_mm[unit as usize];
        (i64::from(to != home) - i64::from(own != home)) * toll_mm
    }

    /// By how much borders become longer if a unit goes over; `None` where it does not border the other cell.
    pub(super) fn border_change_mm(&self, unit: u32, to: u32) -> Option<i64> {
        let own = self.cells[unit as usize];
        let (mut change_mm, mut borders) = (0, false);
        for near in self.ground.beside(unit) {
            let cell = self.cells[near.unit as usize];
            if cell == own {
                change_mm += near.shared_mm;
            } else if cell == to {
                change_mm -= near.shared_mm;
                borders = true;
            }
        }
        borders.then_some(change_mm)
    }

    /// What the first of two cells may weigh so that both are in tolerance; `None` where nothing will do.
    pub(super) fn window(&self, first: u32, second: u32) -> Option<Window> {
        let total = self.weights[first as usize] + self.weights[second as usize];
        let (one, two) = (self.spans[first as usize], self.spans[second as usize]);
        let low = one.least.max(total.saturating_sub(two.most));
        let high = one.most.min(total - two.least);
        (low <= high).then_some(Window { low, high })
    }

    /// All cells beside each other, in order.
    pub(super) fn touches(&self) -> Vec<Touch> {
        let mut touches = Vec::new();
        for unit in 0..self.ground.count() as u32 {
            let first = self.cells[unit as usize];
            for near in self.ground.beside(unit) {
                let second = self.cells[near.unit as usize];
                if first < second {
                    touches.push(Touch { first, second, shared_mm: near.shared_mm });
                }
            }
        }
        touches.sort_unstable();
        touches.dedup_by(|later, kept| {
            let same = (later.first, later.second) == (kept.first, kept.second);
            if same {
                kept.shared_mm += later.shared_mm;
            }
            same
        });
        touches
    }

    /// Carries out what was tried with two cells.
    pub(super) fn carry_out(&mut self, [first, second]: [u32; 2], tried: &Tried) {
        for &unit in &tried.units {
            let weight = self.ground.weight(unit);
            let own = self.cells[unit as usize];
            let to = if own == first { second } else { first };
            self.cells[unit as usize] = to;
            self.weights[own as usize] -= weight;
            self.weights[to as usize] += weight;
        }
        let mut units = std::mem::take(&mut self.members[first as usize]);
        units.append(&mut self.members[second as usize]);
        for unit in units {
            self.members[self.cells[unit as usize] as usize].push(unit);
        }
    }
}
