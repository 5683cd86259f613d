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
    let count = spans.len() as u32;
    let aim = Aim { span: spans[0], furthest: worst - 1, most_out: count, counts: Counts::TheWorst };
    let mut groups_left = MOST_GROUPS;
    let better = best_cut(ground, &units, (count, aim), &mut groups_left);
    if let Some(better) = better.filter(|_| groups_left > 0) {
        for (cell, units) in (0..).zip(better) {
            units.into_iter().for_each(|unit| cells[unit as usize] = cell);
        }
    }
}

/// What cells should be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim {
    /// What each may weigh.
    pub(crate) span: Span,
    /// How far out of that it may be at most.
    pub(crate) furthest: i64,
    /// How many may be out of it.
    pub(crate) most_out: u32,
    /// What is to be least.
    pub(crate) counts: Counts,
}

/// How far cells are out of tolerance together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// How far the worst cell is out.
    TheWorst,
    /// How far all cells are.
    TheSum,
}

impl Counts {
    fn joined(self, one: i64, others: i64) -> i64 {
        match self {
            Self::TheWorst => one.max(others),
            Self::TheSum => one + others,
        }
    }
}

/// The best cut of at most 64 units, in order, into a number of cells, each one piece. `None` where none is as is asked, or
/// none was found among so many groups as are left; where none are left after it, there may be a better one.
pub(crate) fn best_cut(
    ground: &Ground,
    units: &[u32],
    (count, aim): (u32, Aim),
    groups_left: &mut usize,
) -> Option<Vec<Vec<u32>>> {
    let all = u64::MAX.checked_shr(64_u32.checked_sub(units.len() as u32)?)?;
    let number = |unit: u32| units.binary_search(&unit).ok();
    let mask = |&unit: &u32| {
        ground.beside(unit).iter().filter_map(|near| number(near.unit)).fold(0_u64, |mask, at| mask | 1 << at)
    };
    let beside = units.iter().map(mask).collect();
    let weights: Vec<i64> = units.iter().map(|&unit| ground.weight(unit)).collect();
    let mut search = Search { beside, weights, aim, groups_left: *groups_left, known: HashMap::new() };
    let is_found = search.best(all, count, aim.most_out).is_some();
    *groups_left = search.groups_left;
    is_found.then(|| {
        let picked = |group: u64| bits(group).map(|at| units[at]).collect();
        search.groups(all, count).into_iter().map(picked).collect()
    })
}

struct Search {
    /// For each unit those beside it.
    beside: Vec<u64>,
    weights: Vec<i64>,
    aim: Aim,
    groups_left: usize,
    /// For what is left, a number of cells, and how many of them may be out: the least that they are, and the first cell's
    /// units.
    known: HashMap<(u64, u32, u32), (i64, u64)>,
}

impl Search {
    /// The least that `count` cells of some ground are out; `None` where that cannot be as is asked.
    fn best(&mut self, rest: u64, count: u32, most_out: u32) -> Option<i64> {
        if count == 0 || rest == 0 {
            return (count == 0 && rest == 0).then_some(0);
        }
        let most_out = most_out.min(count);
        if let Some(&(miss, _)) = self.known.get(&(rest, count, most_out)) {
            return (miss < i64::MAX).then_some(miss);
        }
        let mut found = (i64::MAX, 0);
        let Aim { span, furthest, .. } = self.aim;
        let (total, leeway) = (self.weight(rest), furthest * i64::from(most_out));
        if (span.least * i64::from(count) - leeway..=span.most * i64::from(count) + leeway).contains(&total) {
            let start = rest & rest.wrapping_neg();
            self.grow((start, rest & !start), (rest, count, most_out), &mut found);
        }
        self.known.insert((rest, count, most_out), found);
        (found.0 < i64::MAX).then_some(found.0)
    }

    /// Looks at a group, and at every one that grows from it by units that are not barred.
    fn grow(
        &mut self,
        (group, free): (u64, u64),
        (rest, count, most_out): (u64, u32, u32),
        found: &mut (i64, u64),
    ) {
        if self.groups_left == 0 || found.0 == 0 {
            return;
        }
        self.groups_left -= 1;
        let weight = self.weight(group);
        let Aim { span, furthest, counts, .. } = self.aim;
        let allowed = if most_out > 0 { furthest.min(found.0 - 1) } else { 0 };
        if weight - span.most > allowed {
            return;
        }
        let miss = span.miss(weight);
        if miss <= allowed
            && let Some(others) = self.best(rest & !group, count - 1, most_out - u32::from(miss > 0))
        {
            let joined = counts.joined(miss, others);
            if joined < found.0 {
                *found = (joined, group);
            }
        }
        let mut barred = 0;
        let beside = bits(group).fold(0, |mask, unit| mask | self.beside[unit]) & free;
        for unit in bits(beside) {
            barred |= 1 << unit;
            self.grow((group | 1 << unit, free & !barred), (rest, count, most_out), found);
        }
    }

    /// The groups of the best cut that is known.
    fn groups(&self, mut rest: u64, mut count: u32) -> Vec<u64> {
        let (mut groups, mut most_out) = (Vec::new(), self.aim.most_out.min(count));
        while let Some(&(_, group)) = self.known.get(&(rest, count, most_out)).filter(|_| rest != 0) {
            groups.push(group);
            most_out -= u32::from(self.aim.span.miss(self.weight(group)) > 0);
            (rest, count) = (rest & !group, count - 1);
            most_out = most_out.min(count);
        }
        groups
    }

    fn weight(&self, group: u64) -> i64 {
        bits(group).map(|unit| self.weights[unit]).sum()
    }
}

fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (mask != 0).then(|| mask.trailing_zeros())?;
        mask &= mask - 1;
        Some(lowest as usize)
    })
}
