//! Single units go over to a cell beside them, as long as that mends a weight or shortens a border.

use std::ops::Range;

use crate::districting::Span;
use crate::districting::duel::Scratch;
use crate::districting::ground::Ground;
use crate::districting::rounds::{Rounds, Stop};

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
        self.miss_with(from, -weight) + self.miss_with(to, weight) - self.miss(from) - self.miss(to)
    }

    /// Whether a weight can go over with neither of two cells further off than it is.
    pub(crate) fn can_carry_over(&self, from: u32, to: u32, weight: i64) -> bool {
        self.miss_with(from, -weight) <= self.miss(from) && self.miss_with(to, weight) <= self.miss(to)
    }

    fn miss_with(&self, cell: u32, weight: i64) -> i64 {
        self.spans[cell as usize].miss(self.weights[cell as usize] + weight)
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
    let mut tours = ground.rounds.as_ref().map(|rounds| Tours::of(rounds, cells, (units, &among)));
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
            // A weight is mended whatever it takes; for a border two cells are together no later than they were.
            let is_late = gain.0 == 0 && tours.as_ref().is_some_and(|tours| tours.is_later([own, to], unit));
            if gain < (0, 0) && !swallows && !is_late && scratch.can_leave(ground, cells, unit) {
                if let Some(tours) = &mut tours {
                    tours.carry_over([own, to], unit);
                }
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

/// What a round through each of some cells takes in, while units change. It holds only those, since a few cells are bettered
/// very often on ground with very many.
struct Tours<'a> {
    rounds: &'a Rounds,
    first: u32,
    stops: Vec<Stop>,
}

impl<'a> Tours<'a> {
    fn of(rounds: &'a Rounds, cells: &[u32], (units, among): (&[u32], &Range<u32>)) -> Self {
        let mut tours = Self { rounds, first: among.start, stops: vec![Stop::default(); among.len()] };
        for &unit in units {
            let stop = tours.stop_mut(cells[unit as usize]);
            *stop = *stop + rounds.stop(unit as usize);
        }
        tours
    }

    fn stop_mut(&mut self, cell: u32) -> &mut Stop {
        &mut self.stops[(cell - self.first) as usize]
    }

    /// Whether two cells together would be visited later beyond their time if a unit went over.
    fn is_later(&self, [own, to]: [u32; 2], unit: u32) -> bool {
        let stop = self.rounds.stop(unit as usize);
        let [from, into] = [own, to].map(|cell| self.stops[(cell - self.first) as usize]);
        let late_ms = |stop: Stop| self.rounds.late_ms(stop, 1);
        late_ms(from - stop) + late_ms(into + stop) > late_ms(from) + late_ms(into)
    }

    fn carry_over(&mut self, [own, to]: [u32; 2], unit: u32) {
        let stop = self.rounds.stop(unit as usize);
        let from = self.stop_mut(own);
        *from = *from - stop;
        let into = self.stop_mut(to);
        *into = *into + stop;
    }
}
