//! One unit that goes over, or two: where little has to change, every way is looked at.

use crate::districting::duel::Pair;
use crate::districting::rebalance::redraw::{Redraw, Tried};

/// Ways that are looked at closely, the cheapest first.
const MOST_TRIED: usize = 16;
/// Units along a border that are combined, the cheapest first.
const MOST_COMBINED: usize = 24;

/// A unit that could go over.
#[derive(Clone, Copy)]
struct Candidate {
    unit: u32,
    cost_mm: i64,
    /// What the first cell would gain.
    gain: i64,
    /// Whether it borders the other cell already.
    borders: bool,
}

impl Redraw<'_> {
    /// The cheapest one or two units that bring the first of two cells to what it should weigh, and leaves all as it was.
    pub(super) fn try_few(&mut self, pair: Pair) -> Option<Tried> {
        let ways = self.ways(pair);
        ways.into_iter()
            .take(MOST_TRIED)
            .find(|(_, units)| self.can_go(pair, units))
            .map(|(cost_mm, units)| Tried { miss: 0, cost_mm, units })
    }

    /// Whether both cells stay in one piece if units go over one after the other.
    fn can_go(&mut self, pair: Pair, units: &[u32]) -> bool {
        let before: Vec<u32> = units.iter().map(|&unit| self.cells[unit as usize]).collect();
        let mut is_whole = true;
        for &unit in units {
            let own = self.cells[unit as usize];
            let to = if own == pair.first { pair.second } else { pair.first };
            is_whole = is_whole
                && self.border_change_mm(unit, to).is_some()
                && self.scratch.can_leave(self.ground, &self.cells, unit);
            self.cells[unit as usize] = to;
        }
        units.iter().zip(before).for_each(|(&unit, cell)| self.cells[unit as usize] = cell);
        is_whole
    }

    /// Ones and twos that bring the first cell into its window, the cheapest first.
    fn ways(&self, pair: Pair) -> Vec<(i64, Vec<u32>)> {
        let weight = self.weights[pair.first as usize];
        let fits = |gain: i64| pair.window.miss(weight + gain) == 0;
        let candidates = self.candidates(pair);
        let mut ways: Vec<(i64, Vec<u32>)> = Vec::new();
        for one in candidates.iter().filter(|one| one.borders) {
            if fits(one.gain) {
                ways.push((one.cost_mm, vec![one.unit]));
            }
            for other in &candidates {
                let is_in_order = !other.borders || one.unit < other.unit;
                if one.unit == other.unit || !is_in_order || !fits(one.gain + other.gain) {
                    continue;
                }
                let shared_mm = self.shared_mm(one.unit, other.unit);
                let is_same_way = self.cells[one.unit as usize] == self.cells[other.unit as usize];
                let saved_mm = if is_same_way { 2 * shared_mm } else { -2 * shared_mm };
                if other.borders || shared_mm > 0 {
                    ways.push((one.cost_mm + other.cost_mm - saved_mm, vec![one.unit, other.unit]));
                }
            }
        }
        ways.sort_unstable();
        ways
    }

    /// Units of both cells along their border, and those behind them.
    fn candidates(&self, pair: Pair) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let both = [(pair.first, pair.second), (pair.second, pair.first)];
        for (own, to) in both {
            let along = self.members[own as usize].iter().copied();
            let along =
                along.filter(|&unit| !self.fixed[unit as usize] && self.border_change_mm(unit, to).is_some());
            let mut side: Vec<Candidate> =
                along.map(|unit| self.candidate(unit, to, own == pair.first)).collect();
            side.sort_unstable_by_key(|candidate| (candidate.cost_mm, candidate.unit));
            side.truncate(MOST_COMBINED);
            let behind = side.iter().flat_map(|candidate| self.ground.beside(candidate.unit));
            let mut behind: Vec<u32> = behind
                .map(|near| near.unit)
                .filter(|&unit| {
                    self.cells[unit as usize] == own
                        && !self.fixed[unit as usize]
                        && self.border_change_mm(unit, to).is_none()
                })
                .collect();
            behind.sort_unstable();
            behind.dedup();
            candidates.extend(side);
            candidates.extend(behind.into_iter().map(|unit| self.candidate(unit, to, own == pair.first)));
        }
        candidates
    }

    fn candidate(&self, unit: u32, to: u32, leaves_first: bool) -> Candidate {
        let own = self.cells[unit as usize];
        let border = self.border_change_mm(unit, to);
        let whole_mm = || {
            let companions = self.ground.beside(unit).iter();
            companions.filter(|near| self.cells[near.unit as usize] == own).map(|near| near.shared_mm).sum()
        };
        let weight = self.ground.weight(unit);
        Candidate {
            unit,
            cost_mm: border.unwrap_or_else(whole_mm) + self.toll_change_mm(unit, to),
            gain: if leaves_first { -weight } else { weight },
            borders: border.is_some(),
        }
    }

    fn shared_mm(&self, unit: u32, other: u32) -> i64 {
        let near = self.ground.beside(unit).iter().find(|near| near.unit == other);
        near.map_or(0, |near| near.shared_mm)
    }
}
