//! Small ground on which the search has left a cell out of tolerance: every way to cut it is looked at.

use std::collections::HashMap;

use crate::districting::Span;
use crate::districting::duel::Scratch;
use crate::districting::ground::Ground;

/// More units than this have too many ways.
const MOST_UNITS: usize = 24;
/// Groups that are looked at before it is given up.
const MOST_GROUPS: usize = 3_000_000;

/// Puts a better balanced cut in the place of one that has a cell out of tolerance, if the ground is small and there is one.
pub(crate) fn balance(ground: &Ground, cells: &mut [u32], spans: &[Span], scratch: &mut Scratch) {
    let mut weights = vec![0; spans.len()];
    for (&cell, &weight) in cells.iter().zip(&ground.weights) {
        weights[cell as usize] += weight;
    }
    let worst = weights.iter().zip(spans).map(|(&weight, span)| span.miss(weight)).max().unwrap_or(0);
    let is_alike = spans.windows(2).all(|pair| pair[0] == pair[1]);
    let whole = vec![0; ground.count()];
    let units: Vec<u32> = (0..ground.count() as u32).collect();
    if worst == 0
        || ground.count() > MOST_UNITS
        || !is_alike
        || scratch.pieces(ground, &whole, &units, 0).len() != 1
    {
        return;
    }
    let mut search = Search::new(ground, spans[0], worst);
    let all = (1_u32 << ground.count()) - 1;
    let Some(better) = search.best(all, spans.len() as u32).filter(|&better| better < worst) else { return };
    if search.groups_left == 0 {
        return;
    }
    search.limit = better + 1;
    let (mut rest, mut cell) = (all, 0);
    while let Some(&(_, group)) = search.known.get(&(rest, spans.len() as u32 - cell)).filter(|_| rest != 0) {
        for unit in units.iter().filter(|&&unit| group >> unit & 1 == 1) {
            cells[*unit as usize] = cell;
        }
        (rest, cell) = (rest & !group, cell + 1);
    }
}

struct Search<'a> {
    ground: &'a Ground,
    beside: Vec<u32>,
    span: Span,
    /// What is missed so far must be got below.
    limit: i64,
    groups_left: usize,
    /// For what is left and a number of cells: the least that the worst cell misses, and the first cell's units.
    known: HashMap<(u32, u32), (i64, u32)>,
}

impl<'a> Search<'a> {
    fn new(ground: &'a Ground, span: Span, limit: i64) -> Self {
        let mask = |unit: u32| ground.beside(unit).iter().fold(0, |mask, near| mask | 1 << near.unit);
        let beside = (0..ground.count() as u32).map(mask).collect();
        Self { ground, beside, span, limit, groups_left: MOST_GROUPS, known: HashMap::new() }
    }

    /// The least that the worst of `count` cells of some ground can miss; `None` where it cannot be got below the limit.
    fn best(&mut self, rest: u32, count: u32) -> Option<i64> {
        if count == 0 || rest == 0 {
            return (count == 0 && rest == 0).then_some(0);
        }
        if let Some(&(miss, _)) = self.known.get(&(rest, count)) {
            return (miss < i64::MAX).then_some(miss);
        }
        let mut found = (i64::MAX, 0);
        let start = rest & rest.wrapping_neg();
        self.grow((start, rest & !start), (rest, count), &mut found);
        self.known.insert((rest, count), found);
        (found.0 < i64::MAX).then_some(found.0)
    }

    /// Looks at a group, and at every one that grows from it by units that are not barred.
    fn grow(&mut self, (group, free): (u32, u32), (rest, count): (u32, u32), found: &mut (i64, u32)) {
        if self.groups_left == 0 || found.0 == 0 {
            return;
        }
        self.groups_left -= 1;
        let weight: i64 = bits(group).map(|unit| self.ground.weight(unit)).sum();
        if weight - self.span.most >= self.limit.min(found.0) {
            return;
        }
        let miss = self.span.miss(weight);
        if miss < self.limit.min(found.0)
            && let Some(others) = self.best(rest & !group, count - 1)
            && miss.max(others) < found.0
        {
            *found = (miss.max(others), group);
        }
        let mut barred = 0;
        let beside = bits(group).fold(0, |mask, unit| mask | self.beside[unit as usize]) & free;
        for unit in bits(beside) {
            barred |= 1 << unit;
            self.grow((group | 1 << unit, free & !barred), (rest, count), found);
        }
    }
}

fn bits(mut mask: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lowest = (mask != 0).then(|| mask.trailing_zeros())?;
        mask &= mask - 1;
        Some(lowest)
    })
}
