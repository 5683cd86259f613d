//! What has changed is made shorter again where that costs little, and cells that are still out are cut anew.

use std::cmp::Reverse;

use crate::districting::duel::{Pair, Scratch};
use crate::districting::moves::Balance;
use crate::districting::rebalance::redraw::Redraw;
use crate::districting::regroup::{Cells, with_room};
use crate::districting::{Effort, exact};
use crate::generate::random::{Purpose, Random};

/// Rounds over all cells that have changed.
const MOST_ROUNDS: usize = 6;

impl Redraw<'_> {
    /// Lets cells that have changed exchange units with those beside them, all in tolerance, as long as that is worth it.
    pub(super) fn polish(&mut self, seed: u64) {
        let mut is_stirred = vec![false; self.spans.len()];
        for (&cell, &home) in self.cells.iter().zip(self.home).filter(|(cell, home)| cell != home) {
            is_stirred[cell as usize] = true;
            is_stirred[home as usize] = true;
        }
        for round in 0..MOST_ROUNDS {
            let mut touches = self.touches();
            touches.retain(|touch| is_stirred[touch.first as usize] || is_stirred[touch.second as usize]);
            let mut random = Random::numbered(seed, Purpose::Sweeps, round as u64);
            let count = touches.len();
            random.draw(&mut touches, count);
            is_stirred.fill(false);
            for touch in touches {
                if self.watch.is_called_off() {
                    return;
                }
                if self.miss(touch.first) > 0 || self.miss(touch.second) > 0 {
                    continue;
                }
                let Some(window) = self.window(touch.first, touch.second) else { continue };
                let pair = Pair { first: touch.first, second: touch.second, window, cell_counts: [1, 1] };
                let mut tried = self.try_trade(pair);
                if let Some(few) = self.try_few(pair)
                    && (few.miss, few.cost_mm) < (tried.miss, tried.cost_mm)
                {
                    tried = few;
                }
                if tried.miss == 0 && tried.cost_mm < 0 {
                    self.carry_out([touch.first, touch.second], &tried);
                    is_stirred[touch.first as usize] = true;
                    is_stirred[touch.second as usize] = true;
                }
            }
            if !is_stirred.contains(&true) {
                return;
            }
        }
    }

    /// Cuts cells that are still out of tolerance anew with those around them, and calls them so that most stays at home.
    pub(super) fn cut_anew(&mut self, seed: u64) {
        let before = self.cells.clone();
        let balance = Balance::of(self.ground, &self.cells, with_room(self.spans.to_vec()));
        let mut cut = Cells {
            ground: self.ground,
            cells: &mut self.cells,
            balance,
            count: self.spans.len() as u32,
            scratch: &mut Scratch::new(self.ground.count()),
            effort: Effort::Full,
            seed,
            watch: self.watch,
        };
        cut.mend();
        exact::balance(self.ground, &mut self.cells, self.spans, &mut Scratch::new(self.ground.count()));
        self.call_as_before(&before);
        self.recount();
    }

    /// Exchanges the names of cells that were cut anew, where they may weigh the same.
    fn call_as_before(&mut self, before: &[u32]) {
        let mut is_cut = vec![false; self.spans.len()];
        for (&cell, &old) in self.cells.iter().zip(before).filter(|(cell, old)| cell != old) {
            is_cut[cell as usize] = true;
            is_cut[old as usize] = true;
        }
        (0..self.spans.len())
            .filter(|&cell| self.spans[cell].is_open())
            .for_each(|cell| is_cut[cell] = false);
        let mut stays: Vec<(u32, u32, i64)> = Vec::new();
        for ((&cell, &home), &weight) in self.cells.iter().zip(self.home).zip(&self.ground.weights) {
            if is_cut[cell as usize] && is_cut[home as usize] {
                stays.push((cell, home, weight));
            }
        }
        stays.sort_unstable();
        stays.dedup_by(|later, kept| {
            let same = (later.0, later.1) == (kept.0, kept.1);
            if same {
                kept.2 += later.2;
            }
            same
        });
        stays.sort_unstable_by_key(|&(cell, home, weight)| (Reverse(weight), cell, home));
        let mut name_of: Vec<Option<u32>> = vec![None; self.spans.len()];
        let mut is_taken = vec![false; self.spans.len()];
        for (cell, home, _) in stays {
            if name_of[cell as usize].is_none() && !is_taken[home as usize] {
                name_of[cell as usize] = Some(home);
                is_taken[home as usize] = true;
            }
        }
        let mut left = (0..self.spans.len()).filter(|&cell| is_cut[cell] && !is_taken[cell]);
        for cell in (0..self.spans.len()).filter(|&cell| is_cut[cell]) {
            if name_of[cell].is_none() {
                name_of[cell] = left.next().map(|name| name as u32);
            }
        }
        for cell in &mut self.cells {
            *cell = name_of[*cell as usize].unwrap_or(*cell);
        }
    }
}
