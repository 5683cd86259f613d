//! One component, from bare ground to its cells.
//!
//! Units that are too heavy for a cell are cells from the start, which may take what others cannot; what is left of the
//! ground is halved; then single moves, recuts around cells out of tolerance, and duels of all cells beside each other.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::districting::duel::Scratch;
use crate::districting::ground::Ground;
use crate::districting::halve::Cutter;
use crate::districting::moves::Balance;
use crate::districting::quota::{Mean, fitting, nearest};
use crate::districting::regroup::{Cells, with_room};
use crate::districting::{Effort, Span, Watch, exact};

/// So many units in all are cut anew from other ends, as long as that betters the cut.
const UNITS_TRIED_AGAIN: usize = 12_000;
const MOST_TRIES: usize = 12;
/// And so many as long as a cell is out of tolerance.
const UNITS_TRIED_HARD: usize = 60_000;
const MOST_HARD_TRIES: usize = 80;

/// How one component is to be cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) mean: Mean,
    pub(crate) tolerance_ppm: u32,
    /// Whether it is too light for a cell, and so is one.
    pub(crate) is_small: bool,
    /// Whether this is the first time, which is what progress is told of.
    pub(crate) is_first: bool,
    pub(crate) effort: Effort,
    pub(crate) seed: u64,
}

/// The cells of a component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// For each unit of the ground its cell.
    pub(crate) cells: Vec<u32>,
    pub(crate) count: u32,
    /// Cells from here on hold a unit that is too heavy.
    pub(crate) first_oversize: u32,
    /// Whether some number of cells in tolerance adds up to the ground.
    pub(crate) fits: bool,
    /// Whether it was too light to be cut.
    pub(crate) is_small: bool,
}

/// Cuts a component.
pub(crate) fn cut(ground: &Ground, order: &Order, watch: &Watch<'_>) -> Outcome {
    if order.is_small {
        let cells = vec![0; ground.count()];
        return Outcome { cells, count: 1, first_oversize: 1, fits: false, is_small: true };
    }
    let layout = Layout::of(ground, order);
    let affordable = |units: usize, most: usize| (units / ground.count().max(1)).clamp(1, most);
    let tries = match order.effort {
        Effort::Fast => 1,
        Effort::Full => affordable(UNITS_TRIED_AGAIN, MOST_TRIES),
    };
    let hard_tries = affordable(UNITS_TRIED_HARD, MOST_HARD_TRIES);
    let mut best: Option<(Score, Vec<u32>)> = None;
    for number in 0..tries.max(hard_tries) {
        let is_fine = best.as_ref().is_some_and(|(score, _)| score.0 == 0);
        if number >= tries && is_fine {
            break;
        }
        let attempt = layout.cut(ground, order, (number, watch));
        if best.as_ref().is_none_or(|(least, _)| attempt.0 < *least) {
            best = Some(attempt);
        }
    }
    let mut cells = best.map(|(_, cells)| cells).unwrap_or_default();
    let scratch = &mut Scratch::new(ground.count());
    exact::balance(ground, &mut cells, &layout.spans, scratch);
    let balance = Balance::of(ground, &cells, layout.spans.clone());
    let count = layout.spans.len() as u32;
    let Order { effort, seed, .. } = *order;
    Cells { ground, cells: &mut cells, balance, count, scratch, effort, seed, watch }.miss_fewer();
    let Layout { first_oversize, fits, .. } = layout;
    Outcome { cells, count, first_oversize, fits, is_small: false }
}

/// How many cells are out of tolerance and how far in all, how many take too long to visit and by how much in all, and how
/// long their borders are: less is better.
type Score = (usize, i128, (usize, i128), i128);

/// Which ground becomes how many cells.
struct Layout {
    /// Pieces between the oversize units, each with its first cell and their number.
    pieces: Vec<(Vec<u32>, u32, u32)>,
    /// Pieces that are too light for a cell: they go to an oversize unit beside them.
    scraps: Vec<Vec<u32>>,
    oversize: Vec<u32>,
    first_oversize: u32,
    spans: Vec<Span>,
    fits: bool,
}

impl Layout {
    fn of(ground: &Ground, order: &Order) -> Self {
        let span = order.mean.span(order.tolerance_ppm);
        let all = || 0..ground.count() as u32;
        let is_oversize = |unit: &u32| ground.weight(*unit) > span.most;
        let oversize: Vec<u32> = all().filter(is_oversize).collect();
        let marks: Vec<u32> = all().map(|unit| u32::from(is_oversize(&unit))).collect();
        let rest: Vec<u32> = all().filter(|unit| !is_oversize(unit)).collect();
        let mut layout = Self {
            pieces: Vec::new(),
            scraps: Vec::new(),
            oversize,
            first_oversize: 0,
            spans: Vec::new(),
            fits: true,
        };
        for piece in Scratch::new(ground.count()).pieces(ground, &marks, &rest, 0) {
            let total = ground.total(&piece);
            if !layout.oversize.is_empty() && total < span.least {
                layout.scraps.push(piece);
                continue;
            }
            let fitting = fitting(total, order.mean, span);
            let wanted = if layout.oversize.is_empty() {
                nearest(total.into(), order.mean) as i64
            } else {
                // What is too much goes to an oversize unit; what is too little could not come from one.
                total / (order.mean.sum / order.mean.count.max(1)).max(1) as i64
            };
            let count = fitting.unwrap_or(wanted).clamp(1, piece.len() as i64);
            layout.fits &= fitting.is_some() || !layout.oversize.is_empty();
            let own = Mean { sum: total.into(), count: count.into() };
            let span = if layout.fits { span } else { own.span(order.tolerance_ppm) };
            layout.pieces.push((piece, layout.first_oversize, count as u32));
            layout.first_oversize += count as u32;
            layout.spans.resize(layout.first_oversize as usize, span);
        }
        layout.spans.extend(layout.oversize.iter().map(|_| Span::OPEN));
        layout
    }

    /// One way to cut it, with how good it is: less is better.
    fn cut(&self, ground: &Ground, order: &Order, (number, watch): (usize, &Watch<'_>)) -> (Score, Vec<u32>) {
        let scratch = &mut Scratch::new(ground.count());
        let effort = order.effort;
        let tells = order.is_first && number == 0;
        let seed = order.seed.wrapping_add(number as u64 * 0x9e37_79b9);
        let mut cells = vec![u32::MAX; ground.count()];
        for (at, &unit) in (self.first_oversize..).zip(&self.oversize) {
            cells[unit as usize] = at;
        }
        for (piece, first, _) in &self.pieces {
            piece.iter().for_each(|&unit| cells[unit as usize] = *first);
        }
        for scrap in &self.scraps {
            let heir = self.heir(ground, &cells, scrap);
            scrap.iter().for_each(|&unit| cells[unit as usize] = heir);
        }
        for (piece, first, count) in &self.pieces {
            let span = self.spans[*first as usize];
            let mut cutter = Cutter { ground, cells: &mut cells, scratch, span, effort, seed, watch, tells };
            cutter.cut(piece.clone(), *first, *count);
        }
        let count = self.spans.len() as u32;
        let balance = Balance::of(ground, &cells, with_room(self.spans.clone()));
        let mut cut = Cells { ground, cells: &mut cells, balance, count, scratch, effort, seed, watch };
        cut.settle();
        cut.mend();
        if order.effort == Effort::Full {
            cut.polish();
            cut.settle();
            cut.mend();
        }
        cut.shorten_rounds();
        let score = (cut.missing_count(), cut.miss(), cut.late(), cut.cut_mm());
        (score, cells)
    }

    /// The heaviest of the oversize units beside a scrap; of several the one with the longest border along it.
    ///
    /// One that is hardly too heavy would come to count as an ordinary cell of far too much, in the mean of all others.
    fn heir(&self, ground: &Ground, cells: &[u32], scrap: &[u32]) -> u32 {
        // Only of those beside it: there may be as many scraps as there are oversize units.
        let mut shared_mm: BTreeMap<u32, i64> = BTreeMap::new();
        for near in scrap.iter().flat_map(|&unit| ground.beside(unit)) {
            let cell = cells[near.unit as usize];
            if cell != u32::MAX && cell >= self.first_oversize {
                *shared_mm.entry(cell).or_default() += near.shared_mm;
            }
        }
        let weight = |cell: u32| ground.weight(self.oversize[(cell - self.first_oversize) as usize]);
        let heaviest =
            shared_mm.into_iter().max_by_key(|&(cell, shared)| (weight(cell), shared, Reverse(cell)));
        heaviest.map_or(self.first_oversize, |(cell, _)| cell)
    }
}
