//! Single units go over to a cell beside them, as long as that mends a weight or shortens a border.

use std::ops::Range;

use crate::districting::Span;
use crate::districting::duel::Scratch;
use crate::districting::ground::Ground;

/// What the cells of a ground weigh, and may.
#[derive(Clone, Debug)]
pub(crate) struct Balance {
    pub(crate) weights: Vec<i64>,
    pub(crate) spans: Vec<Span>,
}

impl Balance {
    pub(crate) fn of(ground: &Ground, cells: &[u32], spans: Vec<Span>) -> Self {
        let mut weights = vec![0; spans.len()];
        for (&cell, &weight) in cells.iter().zip(&ground.weights) {
            weights[cell as usize] += weight;
        }
        Self { weights, spans }
    }

    /// How far a cell is out of what it may weigh.
    pub(crate) fn miss(&self, cell: u32) -> i64 {
        self.spans[cell as usize].miss(self.weights[cell as usize])
    }

    /// How much further off two cells would be if a weight went over.
    fn change(&self, from: u32, to: u32, weight: i64) -> i64 {
        let after =
            |cell: u32, weight: i64| self.spans[cell as usize].miss(self.weights[cell as usize] + weight);
        after(from, -weight) + after(to, weight) - self.miss(from) - self.miss(to)
    }

    pub(crate) fn carry_over(&mut self, from: u32, to: u32, weight: i64) {
        self.weights[from as usize] -= weight;
        self.weights[to as usize] += weight;
    }
}

/// Lets units change among some cells until no single change betters anything, or for so many passes.
pub(crate) fn improve(
    ground: &Ground,
    cells: &mut [u32],
    balance: &mut Balance,
    (units, among, passes): (&[u32], Range<u32>, usize),
    scratch: &mut Scratch,
) {
    let mut near_cells: Vec<(u32, i64)> = Vec::new();
    for _ in 0..passes {
        let mut changed = false;
        for &unit in units {
            let own = cells[unit as usize];
            let mut own_mm = 0;
            near_cells.clear();
            for near in ground.beside(unit) {
                let cell = cells[near.unit as usize];
                if cell == own {
                    own_mm += near.shared_mm;
                } else if among.contains(&cell) {
                    match near_cells.iter_mut().find(|(known, _)| *known == cell) {
                        Some((_, shared_mm)) => *shared_mm += near.shared_mm,
                        None => near_cells.push((cell, near.shared_mm)),
                    }
                }
            }
            let weight = ground.weight(unit);
            let weighed = near_cells
                .iter()
                .map(|&(cell, shared_mm)| ((balance.change(own, cell, weight), own_mm - shared_mm), cell));
            let Some((gain, to)) = weighed.min() else { continue };
            // What a cell cannot weigh too much of would else swallow its neighbours for the sake of its shape.
            let swallows = gain.0 == 0 && weight > 0 && balance.spans[to as usize].is_open();
            if gain < (0, 0) && !swallows && scratch.can_leave(ground, cells, unit) {
                cells[unit as usize] = to;
                balance.carry_over(own, to, weight);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
