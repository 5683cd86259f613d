//! What became of the cells of a plan in the next one.
//!
//! A cell goes on in the new cell with which it shares most, if that one shares most with it: what is shared is counted by
//! weight, and by units where that is the same. What is called alike goes first where all is equal.

use std::collections::{BTreeMap, HashSet};

use crate::districting::explain::moved::{MovedUnit, moved};
use crate::districting::explain::{Subject, cells_by_unit};
use crate::districting::judge::measure_within;
use crate::districting::{Judgement, PlanRow, Weight};

/// How two plans of the same units hang together.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// For each cell of the new plan, in the order of its judgement, where it comes from.
    pub cells: Vec<CellLineage>,
    /// The cells of the old plan that go on in none, each with the cell that took most of it.
    pub merged: Vec<Ancestor>,
    /// Every unit that is not where its cell went, in the order of the units.
    pub moved: Vec<MovedUnit>,
    /// What those weigh together.
    pub moved_weight: Weight,
    /// Units of the new plan that are in no cell of the old one.
    pub new_unit_count: usize,
    /// Units that the old plan names and that are none any more.
    pub gone_unit_count: usize,
}

/// Where a cell comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLineage {
    /// What it is, seen from the old plan.
    pub origin: Origin,
    /// The old cells that it has units of, those that gave most first.
    pub from: Vec<Ancestor>,
    /// The old cells that go on in none and gave most of theirs to this one.
    pub merged: Vec<String>,
    /// What came in from elsewhere, new units among it.
    pub gained: Weight,
    /// What of the cell that it goes on from went elsewhere.
    pub lost: Weight,
}

/// What a cell is, seen from the plan before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The same cell under the same name.
    Kept,
    /// The same cell under another name than this one.
    Renamed {
        /// What it was called.
        before: String,
    },
    /// Ground of a cell that goes on elsewhere.
    Split {
        /// The cell that most of it was in.
        from: String,
    },
    /// Units of which the old plan knows none.
    New,
}

/// An old cell, and how much of it is in a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The name of the old cell.
    pub cell: String,
    /// The index of the new cell.
    pub in_cell: usize,
    /// How many units.
    pub unit_count: usize,
    /// What those weigh.
    pub weight: Weight,
}

/// The old plan over the new one, by index.
pub(super) struct Overlay {
    pub(super) before: Judgement,
    /// For each unit the old cell.
    pub(super) old_of: Vec<Option<usize>>,
    /// For each old cell the new one that it goes on in.
    pub(super) goes_on_in: Vec<Option<usize>>,
    /// For each new cell the old one.
    pub(super) comes_from: Vec<Option<usize>>,
    /// What an old and a new cell share.
    shared: BTreeMap<(usize, usize), Share>,
}

/// By weight first, then by units.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Share {
    thousandths: i64,
    units: usize,
}

/// What became of an old plan.
pub(super) fn between(subject: &Subject<'_>, cell_of: &[Option<usize>], before: &[PlanRow]) -> Lineage {
    let judgement = measure_within(subject.graph, before, subject.rules, subject.conditions);
    let old = Subject { rows: before, judgement: &judgement, ..*subject };
    let old_of = old.cell_of();
    let overlay = Overlay::of(subject, cell_of, (judgement, old_of));
    let moved = moved(subject, cell_of, &overlay);
    let merged = overlay.merged();
    let known: HashSet<&str> = subject.graph.units().iter().map(|unit| unit.id.as_str()).collect();
    let gone_unit_count = cells_by_unit(before).into_keys().filter(|unit| !known.contains(unit)).count();
    let is_new = |(cell, old): (&Option<usize>, &Option<usize>)| cell.is_some() && old.is_none();
    Lineage {
        cells: overlay.lineages(subject, &merged),
        merged,
        moved_weight: sum(moved.iter().map(|unit| unit.weight)),
        moved,
        new_unit_count: cell_of.iter().zip(&overlay.old_of).filter(|pair| is_new(*pair)).count(),
        gone_unit_count,
    }
}

fn sum(weights: impl Iterator<Item = Weight>) -> Weight {
    Weight::from_thousandths(weights.map(Weight::thousandths).sum())
}

impl Overlay {
    fn of(
        subject: &Subject<'_>,
        cell_of: &[Option<usize>],
        (before, old_of): (Judgement, Vec<Option<usize>>),
    ) -> Self {
        let mut shared: BTreeMap<(usize, usize), Share> = BTreeMap::new();
        for ((unit, old), new) in subject.graph.units().iter().zip(&old_of).zip(cell_of) {
            if let (Some(old), Some(new)) = (old, new) {
                let share = shared.entry((*old, *new)).or_default();
                share.thousandths += unit.weight.thousandths();
                share.units += 1;
            }
        }
        let names =
            |&(old, new): &(usize, usize)| before.cells[old].cell == subject.judgement.cells[new].cell;
        let mut best_new: Vec<Option<(Share, bool, usize)>> = vec![None; before.cells.len()];
        let mut best_old: Vec<Option<(Share, bool, usize)>> = vec![None; subject.judgement.cells.len()];
        for (pair, share) in &shared {
            let better = |best: &mut Option<(Share, bool, usize)>, other: usize| {
                if best.is_none_or(|(most, is_alike, _)| (*share, names(pair)) > (most, is_alike)) {
                    *best = Some((*share, names(pair), other));
                }
            };
            better(&mut best_new[pair.0], pair.1);
            better(&mut best_old[pair.1], pair.0);
        }
        let other = |best: &Option<(Share, bool, usize)>| best.map(|(.., other)| other);
        let mutual = |old: usize| other(&best_new[old]).filter(|&new| other(&best_old[new]) == Some(old));
        let goes_on_in: Vec<Option<usize>> = (0..best_new.len()).map(mutual).collect();
        let mut comes_from = vec![None; best_old.len()];
        for (old, new) in goes_on_in.iter().enumerate() {
            if let Some(new) = new {
                comes_from[*new] = Some(old);
            }
        }
        Self { before, old_of, goes_on_in, comes_from, shared }
    }

    /// For each new cell where it comes from.
    fn lineages(&self, subject: &Subject<'_>, merged: &[Ancestor]) -> Vec<CellLineage> {
        let judged = &subject.judgement.cells;
        let mut from: Vec<Vec<(usize, Share)>> = vec![Vec::new(); judged.len()];
        for ((old, new), share) in &self.shared {
            from[*new].push((*old, *share));
        }
        let mut taken_in: Vec<Vec<String>> = vec![Vec::new(); judged.len()];
        for old in merged {
            taken_in[old.in_cell].push(old.cell.clone());
        }
        for from in &mut from {
            from.sort_by_key(|(old, share)| (std::cmp::Reverse(*share), *old));
        }
        let lineage = |(cell, (from, merged)): (usize, (Vec<(usize, Share)>, _))| {
            let weight = judged[cell].weight.thousandths();
            let (origin, kept, lost) = self.origin(cell, &judged[cell].cell, &from);
            CellLineage {
                origin,
                merged,
                from: from.into_iter().map(|(old, share)| self.ancestor(old, cell, share)).collect(),
                gained: Weight::from_thousandths(weight - kept),
                lost: Weight::from_thousandths(lost),
            }
        };
        from.into_iter().zip(taken_in).enumerate().map(lineage).collect()
    }

    /// What a cell is, what it kept of the cell that it comes from, and what of that went elsewhere; in thousandths.
    fn origin(&self, cell: usize, name: &str, from: &[(usize, Share)]) -> (Origin, i64, i64) {
        let called = |old: usize| self.before.cells[old].cell.clone();
        match (self.comes_from[cell], from.first()) {
            (Some(old), _) => {
                let whole: i64 = self.of_old(old).map(|(_, share)| share.thousandths).sum();
                let kept = self.shared.get(&(old, cell)).map_or(0, |share| share.thousandths);
                let is_same = self.before.cells[old].cell == name;
                let origin = if is_same { Origin::Kept } else { Origin::Renamed { before: called(old) } };
                (origin, kept, whole - kept)
            }
            (None, Some(&(old, share))) => (Origin::Split { from: called(old) }, share.thousandths, 0),
            (None, None) => (Origin::New, 0, 0),
        }
    }

    /// What an old cell gave to each new one.
    fn of_old(&self, old: usize) -> impl Iterator<Item = (usize, Share)> {
        self.shared.range((old, 0)..(old + 1, 0)).map(|((_, new), share)| (*new, *share))
    }

    fn ancestor(&self, old: usize, in_cell: usize, share: Share) -> Ancestor {
        Ancestor {
            cell: self.before.cells[old].cell.clone(),
            in_cell,
            unit_count: share.units,
            weight: Weight::from_thousandths(share.thousandths),
        }
    }

    /// The old cells that go on in none.
    fn merged(&self) -> Vec<Ancestor> {
        let ended = self.goes_on_in.iter().enumerate().filter(|(_, new)| new.is_none());
        let taken = ended.filter_map(|(old, _)| {
            let (new, share) =
                self.of_old(old).max_by_key(|(new, share)| (*share, std::cmp::Reverse(*new)))?;
            Some(self.ancestor(old, new, share))
        });
        taken.collect()
    }
}
