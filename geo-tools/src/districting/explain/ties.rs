//! Which units tie their cell together: without one, its cell would be in pieces.
//!
//! A cell is walked once for all its units, since a plan may move a hundred thousand of them: the depth-first search of
//! Hopcroft and Tarjan (1973), with a path of its own in place of the stack of calls, which a long cell would exhaust.

use crate::districting::explain::moved::Beside;

/// What has not been reached.
const NEVER: usize = 0;

/// For each unit whether its cell is one piece without it; a cell that has no other unit is none.
pub(super) fn dispensable(beside: &[Vec<Beside>], cell_of: &[Option<usize>], cell_count: usize) -> Vec<bool> {
    let mut search = Search {
        beside,
        cell_of,
        reached_count: NEVER,
        reached: vec![NEVER; cell_of.len()],
        earliest: vec![NEVER; cell_of.len()],
        parts: vec![0; cell_of.len()],
    };
    let mut piece_counts = vec![0; cell_count];
    for (start, cell) in cell_of.iter().enumerate() {
        if let Some(cell) = cell.filter(|_| search.reached[start] == NEVER) {
            piece_counts[cell] += 1;
            search.walk(start);
        }
    }
    // All pieces but its own, and what its own falls into.
    let pieces_without = |(unit, cell): (usize, usize)| piece_counts[cell] - 1 + search.parts[unit];
    let is_dispensable =
        |(unit, cell): (usize, &Option<usize>)| cell.is_some_and(|cell| pieces_without((unit, cell)) == 1);
    cell_of.iter().enumerate().map(is_dispensable).collect()
}

struct Search<'a> {
    beside: &'a [Vec<Beside>],
    cell_of: &'a [Option<usize>],
    reached_count: usize,
    /// As which one each unit was reached, from 1.
    reached: Vec<usize>,
    /// The earliest reached of those that lie beside a unit, or beside what was reached by way of it.
    earliest: Vec<usize>,
    /// Into how many parts its piece falls without a unit.
    parts: Vec<usize>,
}

impl Search<'_> {
    /// Walks the piece of a cell in which a unit lies.
    fn walk(&mut self, start: usize) {
        self.reach(start);
        // Each with how many of those beside it were looked at.
        let mut path = vec![(start, 0)];
        while let Some((unit, looked_at)) = path.last_mut() {
            let unit = *unit;
            if let Some(&Beside { unit: near, is_open, .. }) = self.beside[unit].get(*looked_at) {
                *looked_at += 1;
                if !is_open || self.cell_of[near] != self.cell_of[unit] {
                    continue;
                }
                if self.reached[near] == NEVER {
                    self.reach(near);
                    path.push((near, 0));
                } else {
                    self.earliest[unit] = self.earliest[unit].min(self.reached[near]);
                }
                continue;
            }
            path.pop();
            if let Some(&(before, _)) = path.last() {
                // What it came from is a part beside those that hang on it.
                self.parts[unit] += 1;
                // Nothing that was reached by way of it leads past the one before.
                self.parts[before] += usize::from(self.earliest[unit] >= self.reached[before]);
                self.earliest[before] = self.earliest[before].min(self.earliest[unit]);
            }
        }
    }

    fn reach(&mut self, unit: usize) {
        self.reached_count += 1;
        (self.reached[unit], self.earliest[unit]) = (self.reached_count, self.reached_count);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::generate::random::{Purpose, Random};

    /// Whether the other units of a cell are one piece: walked anew for each.
    fn stays_whole(beside: &[Vec<Beside>], cell_of: &[Option<usize>], unit: usize) -> bool {
        let others: BTreeSet<usize> =
            (0..cell_of.len()).filter(|&other| other != unit && cell_of[other] == cell_of[unit]).collect();
        let Some(&first) = others.first() else { return false };
        let (mut reached, mut open) = (BTreeSet::from([first]), vec![first]);
        while let Some(at) = open.pop() {
            let fresh: Vec<usize> =
                beside[at].iter().filter(|near| near.is_open).map(|near| near.unit).collect();
            open.extend(fresh.into_iter().filter(|near| others.contains(near) && reached.insert(*near)));
        }
        reached == others
    }

    #[test]
    fn a_unit_is_dispensable_where_a_walk_through_all_others_says_so() {
        let mut chance = Random::new(7, Purpose::Sides);
        let mut below = |end: usize| chance.index(end);
        let mut seen = [0; 2];
        for round in 0..400 {
            let (unit_count, cell_count) = (1 + below(24), 1 + below(3));
            let mut beside: Vec<Vec<Beside>> = vec![Vec::new(); unit_count];
            // From a few borders, which leave pieces, to many, which leave rings.
            for _ in 0..unit_count * (1 + round % 6) {
                let (one, other) = (below(unit_count), below(unit_count));
                if one != other {
                    let is_open = below(6) > 0;
                    beside[one].push(Beside { unit: other, shared_mm: 1, is_open });
                    beside[other].push(Beside { unit: one, shared_mm: 1, is_open });
                }
            }
            let cell_of: Vec<Option<usize>> =
                (0..unit_count).map(|_| below(cell_count + 1).checked_sub(1)).collect();
            let found = dispensable(&beside, &cell_of, cell_count);
            for unit in (0..unit_count).filter(|&unit| cell_of[unit].is_some()) {
                let expected = stays_whole(&beside, &cell_of, unit);
                assert_eq!(found[unit], expected, "unit {unit} of {cell_of:?} beside {beside:?}");
                seen[usize::from(expected)] += 1;
            }
        }
        assert!(seen.into_iter().all(|count| count > 300), "{seen:?}");
    }
}
