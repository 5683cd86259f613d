//! What one cell lacks or has too much of is handed on from cell to cell, to one that can spare or take it.

use crate::districting::duel::{Pair, Window, duel};
use crate::districting::regroup::Cells;

/// Cells that are tried as the end of a way, the nearest first.
const MOST_ENDS: usize = 48;

impl Cells<'_> {
    /// Hands on what a cell is out by, along the shortest way to each cell around it, until one way leaves less to mend.
    pub(crate) fn shift(&mut self, cell: u32, members: &mut [Vec<u32>], near: &[Vec<u32>]) -> bool {
        let mut reached = vec![(cell, 0)];
        let mut at = 0;
        while at < reached.len() && reached.len() < MOST_ENDS {
            let from = reached[at].0;
            // Nothing is handed on through a cell that takes everything.
            if !self.is_open(from) {
                for &next in &near[from as usize] {
                    if reached.iter().all(|(known, _)| *known != next) {
                        reached.push((next, at));
                    }
                }
            }
            at += 1;
        }
        // Those beside it were tried as pairs.
        for end in 1..reached.len() {
            let mut way = vec![reached[end].0];
            let mut at = reached[end].1;
            loop {
                way.push(reached[at].0);
                if at == 0 {
                    break;
                }
                at = reached[at].1;
            }
            way.reverse();
            if way.len() > 2 && self.hand_on(&way, members) {
                return true;
            }
        }
        false
    }

    fn hand_on(&mut self, way: &[u32], members: &mut [Vec<u32>]) -> bool {
        let before: Vec<Vec<u32>> = way.iter().map(|&cell| members[cell as usize].clone()).collect();
        let miss = self.miss_of(way);
        for pair in way.windows(2) {
            let (cell, next) = (pair[0], pair[1]);
            let mut units = members[cell as usize].clone();
            units.extend(&members[next as usize]);
            units.sort_unstable();
            let span = self.balance.spans[cell as usize];
            let window = Window { low: span.least, high: span.most };
            let pair = Pair { first: cell, second: next, window, cell_counts: [1, 1] };
            duel(self.ground, self.cells, &units, (pair, self.scratch));
            self.regroup(&[cell, next], &units, members);
            self.weigh(&[cell, next], members);
        }
        if self.miss_of(way) < miss {
            return true;
        }
        for (&cell, units) in way.iter().zip(before) {
            units.iter().for_each(|&unit| self.cells[unit as usize] = cell);
            members[cell as usize] = units;
        }
        self.weigh(way, members);
        false
    }

    /// Weighs some cells anew.
    fn weigh(&mut self, group: &[u32], members: &[Vec<u32>]) {
        for &cell in group {
            self.balance.weights[cell as usize] = self.ground.total(&members[cell as usize]);
        }
    }
}
