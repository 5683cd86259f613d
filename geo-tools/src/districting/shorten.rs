//! Cells that take too long to visit hand units on to cells beside them that have the time, or exchange units with them.
//!
//! Invariant: no cell gets further out of what it may weigh, and none that can be visited in time takes too long afterwards.

use crate::districting::ground::Ground;
use crate::districting::regroup::Cells;
use crate::districting::rounds::{Rounds, Stop};

/// Changes for one cell in one pass.
const MOST_CHANGES: usize = 200;
const MOST_PASSES: usize = 8;
/// Of those that would help most, so many are looked at to see that cells stay in one piece.
const MOST_TRIED: usize = 64;

/// A unit that goes over, and one that comes back for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    /// How late the two cells together would be then.
    late_ms: i128,
    /// Whether a unit comes back: of two that help as much the simpler.
    back: Option<u32>,
    unit: u32,
    to: u32,
}

/// Who is in which cell, and what a round through each takes in.
struct Tours<'a> {
    rounds: &'a Rounds,
    members: Vec<Vec<u32>>,
    stops: Vec<Stop>,
}

impl Tours<'_> {
    fn late_ms(&self, cell: u32) -> i128 {
        self.rounds.late_ms(self.stops[cell as usize], 1)
    }

    /// How late two cells would be if a stop went over, where that is less than they are, and the second is no later.
    fn bettered(&self, [cell, to]: [u32; 2], gone: Stop) -> Option<i128> {
        let from_ms = self.rounds.late_ms(self.stops[cell as usize] - gone, 1);
        let to_ms = self.rounds.late_ms(self.stops[to as usize] + gone, 1);
        let is_better = to_ms <= self.late_ms(to) && from_ms + to_ms < self.late_ms(cell) + self.late_ms(to);
        is_better.then_some(from_ms + to_ms)
    }
}

impl<'a> Cells<'a> {
    /// How many cells take too long to visit, and by how much in all.
    pub(crate) fn late(&self) -> (usize, i128) {
        let Some(tours) = self.tours() else { return (0, 0) };
        let late_ms = (0..self.count).map(|cell| tours.late_ms(cell)).filter(|&late_ms| late_ms > 0);
        late_ms.fold((0, 0), |(count, all_ms), late_ms| (count + 1, all_ms + late_ms))
    }

    /// Lets cells that take too long give units away, as long as that helps.
    pub(crate) fn shorten_rounds(&mut self) {
        let Some(mut tours) = self.tours() else { return };
        for _ in 0..MOST_PASSES {
            let mut has_changed = false;
            for cell in 0..self.count {
                let mut left = MOST_CHANGES;
                while left > 0 && tours.late_ms(cell) > 0 && !self.watch.is_called_off() {
                    left = if self.shorten(cell, &mut tours) { left - 1 } else { 0 };
                    has_changed |= left > 0;
                }
            }
            if !has_changed {
                return;
            }
        }
    }

    /// `None` where nobody asked whether cells can be visited.
    fn tours(&self) -> Option<Tours<'a>> {
        let ground: &'a Ground = self.ground;
        let rounds = ground.rounds.as_ref()?;
        let members = self.members();
        let stop = |&unit: &u32| rounds.stop(unit as usize);
        let stops = members.iter().map(|units| units.iter().map(stop).sum::<Stop>()).collect();
        Some(Tours { rounds, members, stops })
    }

    /// Makes the one change that helps a cell most, or else the exchange that does; whether there is any.
    fn shorten(&mut self, cell: u32, tours: &mut Tours<'_>) -> bool {
        let mut ways = self.ways_out(cell, tours);
        ways.retain(|&(_, to)| !self.is_open(to));
        let change = |&(unit, to): &(u32, u32)| self.change((cell, to), (unit, None), tours);
        let single: Vec<Change> = ways.iter().filter_map(change).collect();
        if self.make_first(cell, single, tours) {
            return true;
        }
        let mut beside: Vec<u32> = ways.iter().map(|&(_, to)| to).collect();
        beside.sort_unstable();
        beside.dedup();
        let mut exchanges = Vec::new();
        for to in beside {
            for (back, _) in self.ways_out(to, tours).into_iter().filter(|&(_, into)| into == cell) {
                let units = ways.iter().filter(|&&(_, into)| into == to).map(|&(unit, _)| unit);
                exchanges.extend(units.filter_map(|unit| self.change((cell, to), (unit, Some(back)), tours)));
            }
        }
        self.make_first(cell, exchanges, tours)
    }

    /// The units of a cell that lie beside other cells, each with every one of these.
    fn ways_out(&self, cell: u32, tours: &Tours<'_>) -> Vec<(u32, u32)> {
        let mut ways = Vec::new();
        for &unit in &tours.members[cell as usize] {
            let beside = self.ground.beside(unit).iter().map(|near| self.cells[near.unit as usize]);
            ways.extend(beside.filter(|&to| to != cell).map(|to| (unit, to)));
        }
        ways.sort_unstable();
        ways.dedup();
        ways
    }

    /// A change that helps, and leaves no cell further out of what it may weigh.
    fn change(
        &self,
        (cell, to): (u32, u32),
        (unit, back): (u32, Option<u32>),
        tours: &Tours<'_>,
    ) -> Option<Change> {
        let (weight, gone) = self.exchanged(unit, back, tours);
        if !self.balance.can_carry_over(cell, to, weight) {
            return None;
        }
        tours.bettered([cell, to], gone).map(|late_ms| Change { late_ms, back, unit, to })
    }

    /// What goes over where a unit does, and perhaps another comes back.
    fn exchanged(&self, unit: u32, back: Option<u32>, tours: &Tours<'_>) -> (i64, Stop) {
        let of = |unit: u32| (self.ground.weight(unit), tours.rounds.stop(unit as usize));
        let (weight, stop) = of(unit);
        let (weight_back, stop_back) = back.map(of).unwrap_or_default();
        (weight - weight_back, stop - stop_back)
    }

    /// Makes the first change, the most helpful first, that leaves both cells in one piece.
    fn make_first(&mut self, cell: u32, mut changes: Vec<Change>, tours: &mut Tours<'_>) -> bool {
        changes.sort_unstable();
        changes.into_iter().take(MOST_TRIED).any(|change| self.make(cell, change, tours))
    }

    fn make(&mut self, cell: u32, Change { back, unit, to, .. }: Change, tours: &mut Tours<'_>) -> bool {
        if !self.scratch.can_leave(self.ground, self.cells, unit) {
            return false;
        }
        self.cells[unit as usize] = to;
        if let Some(back) = back {
            let beside = self.ground.beside(back).iter();
            let is_beside = beside.map(|near| self.cells[near.unit as usize]).any(|near| near == cell);
            if !is_beside || !self.scratch.can_leave(self.ground, self.cells, back) {
                self.cells[unit as usize] = cell;
                return false;
            }
            self.cells[back as usize] = cell;
        }
        let (weight, gone) = self.exchanged(unit, back, tours);
        self.balance.carry_over(cell, to, weight);
        tours.stops[cell as usize] = tours.stops[cell as usize] - gone;
        tours.stops[to as usize] = tours.stops[to as usize] + gone;
        let mut units = std::mem::take(&mut tours.members[cell as usize]);
        units.append(&mut tours.members[to as usize]);
        units.sort_unstable();
        self.regroup(&[cell, to], &units, &mut tours.members);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::Position;
    use crate::districting::duel::Scratch;
    use crate::districting::ground::Links;
    use crate::districting::moves::Balance;
    use crate::districting::regroup::with_room;
    use crate::districting::{Effort, Link, Progress, RoundRules, Span, Unit, UnitGraph, Watch, Weight};

    /// Four units in a row, of which three are a cell that takes too long because of 3 km of streets in the third, and the
    /// fourth is one; cells may weigh up to so much. Which cell each is in then.
    fn shortened(most: f64) -> Vec<u32> {
        let thousandths = |weight: f64| Weight::new(weight).expect("a weight").thousandths();
        let unit = |(at, weight): (i32, f64)| Unit {
            id: format!("u{at}"),
            parent: None,
            weight: Weight::new(weight).expect("a weight"),
            at: Position::from_e7(1_137_000_000 + at * 10_000, 343_000_000).expect("in range"),
            perimeter_mm: 400_000,
            area_m2: 10_000.0,
        };
        let units: Vec<Unit> = (0..).zip([10.0, 10.0, 3.0, 20.0]).map(unit).collect();
        let households: Vec<Weight> = units.iter().map(|unit| unit.weight).collect();
        let rules = RoundRules { visit_s: 0, walk_m_per_h: 4_000, most_s: 3_600 };
        let streets_mm = [2_000_000, 2_000_000, 3_000_000, 0];
        let rounds = Rounds::along_streets(rules, &units, (&households, &streets_mm));
        let links = (0..3).map(|at| Link { first: at, second: at + 1, shared_mm: 100_000 });
        let graph = UnitGraph::new(units, links.collect()).expect("a sound graph").with_rounds(rounds);
        let links = Links::within_parents(&graph, &[0; 4], 0);
        let ground = Ground::of(&graph, &links, &[0, 1, 2, 3], &mut [0; 4]);
        assert_eq!(ground.units, [0, 1, 2, 3], "from west to east");
        let mut cells = vec![0, 0, 0, 1];
        let spans = with_room(vec![Span { least: 0, most: thousandths(most) }; 2]);
        let balance = Balance::of(&ground, &cells, spans);
        let scratch = &mut Scratch::new(ground.count());
        let (tell, called_off) = (|_: Progress| {}, AtomicBool::new(false));
        let watch = &Watch::new(&tell, &called_off);
        let (ground, effort) = (&ground, Effort::Full);
        let mut cut = Cells { ground, cells: &mut cells, balance, count: 2, scratch, effort, seed: 0, watch };
        cut.shorten_rounds();
        cells
    }

    #[test]
    fn a_cell_gives_away_what_takes_too_long_where_the_next_may_weigh_it_and_nowhere_else() {
        assert_eq!(shortened(23.0), [0, 0, 1, 1]);
        // One cell would be brought back to 20, and the other from there to 23: as far off in all, and another cell.
        assert_eq!(shortened(20.0), [0, 0, 0, 1]);
    }
}
