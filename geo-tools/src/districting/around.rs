//! Cells out of tolerance are cut anew with a few cells beside them, in every way that there is, so that fewer are.

use std::collections::BTreeSet;

use crate::districting::exact::{Aim, Counts, best_cut};
use crate::districting::regroup::Cells;

/// The most cells that are cut anew together, and their units.
const MOST_CELLS: usize = 5;
const MOST_UNITS: usize = 30;
/// Sets of so many cells that are tried around one.
const MOST_SETS: usize = 1_000;
/// Groups of units that are looked at for a set, in a component for each of its units, and in all of it.
const MOST_GROUPS: usize = 100_000;
const GROUPS_PER_UNIT: usize = 50_000;
const MOST_GROUPS_IN_ALL: usize = 10_000_000;
/// A cell comes to be out of tolerance by at most a quarter of what it may weigh, so that others are in it.
const FURTHEST_PART: i64 = 4;

/// What is looked at besides the cells.
struct Search {
    members: Vec<Vec<u32>>,
    /// How far the worst of all cells is out.
    worst: i64,
    /// Units and groups of units that may still be looked at.
    groups_left: usize,
}

impl Cells<'_> {
    /// Cuts cells beside each other anew as long as fewer of them are out of tolerance then, and the worst of all cells no
    /// further.
    pub(crate) fn miss_fewer(&mut self) {
        if self.missing_count() == 0 {
            return;
        }
        let groups_left = (self.ground.count() * GROUPS_PER_UNIT).min(MOST_GROUPS_IN_ALL);
        let mut search = Search { members: self.members(), worst: 0, groups_left };
        let mut is_bettered = true;
        while std::mem::take(&mut is_bettered) {
            search.worst = (0..self.count).map(|cell| self.balance.miss(cell)).max().unwrap_or(0);
            for cell in 0..self.count {
                if self.balance.miss(cell) > 0 && !self.watch.is_called_off() {
                    is_bettered |= self.miss_fewer_around(cell, &mut search);
                }
            }
        }
    }

    /// Whether fewer are out of tolerance now among a cell and others around it.
    fn miss_fewer_around(&mut self, cell: u32, search: &mut Search) -> bool {
        let mut groups = BTreeSet::from([BTreeSet::from([cell])]);
        for _ in 1..MOST_CELLS {
            let mut larger = BTreeSet::new();
            for group in &groups {
                let beside = self.beside_all(group, search);
                larger.extend(beside.into_iter().map(|next| group | &BTreeSet::from([next])));
                if larger.len() > MOST_SETS {
                    break;
                }
            }
            let unit_count = |group: &BTreeSet<u32>| -> usize {
                group.iter().map(|&cell| search.members[cell as usize].len()).sum()
            };
            groups =
                larger.into_iter().filter(|group| unit_count(group) <= MOST_UNITS).take(MOST_SETS).collect();
            for group in &groups {
                let group: Vec<u32> = group.iter().copied().collect();
                if search.groups_left == 0 {
                    return false;
                }
                if self.miss_fewer_among(&group, search) {
                    return true;
                }
            }
        }
        false
    }

    /// The cells beside some, of those that may weigh the same.
    fn beside_all(&self, group: &BTreeSet<u32>, search: &mut Search) -> BTreeSet<u32> {
        let spans = &self.balance.spans;
        let units = group.iter().flat_map(|&cell| &search.members[cell as usize]);
        let near: Vec<u32> = units.flat_map(|&unit| self.ground.beside(unit)).map(|near| near.unit).collect();
        search.groups_left = search.groups_left.saturating_sub(near.len());
        let near = near.into_iter().map(|unit| self.cells[unit as usize]);
        let is_alike = |cell: &u32| group.iter().all(|own| spans[*own as usize] == spans[*cell as usize]);
        near.filter(|cell| !group.contains(cell) && is_alike(cell)).collect()
    }

    fn miss_fewer_among(&mut self, group: &[u32], search: &mut Search) -> bool {
        let misses: Vec<i64> = group.iter().map(|&cell| self.balance.miss(cell)).collect();
        let out = misses.iter().filter(|miss| **miss > 0).count() as u32;
        let span = self.balance.spans[group[0] as usize];
        let bound = search.worst.min(span.most / FURTHEST_PART);
        let furthest = misses.into_iter().max().unwrap_or(0).max(bound);
        let aim = Aim { span, furthest, most_out: out - 1, counts: Counts::TheSum };
        let mut units: Vec<u32> =
            group.iter().flat_map(|&cell| &search.members[cell as usize]).copied().collect();
        units.sort_unstable();
        let mut groups_left = MOST_GROUPS.min(search.groups_left);
        search.groups_left -= groups_left;
        let cut = best_cut(self.ground, &units, (group.len() as u32, aim), &mut groups_left);
        search.groups_left += groups_left;
        let Some(cut) = cut else { return false };
        for (&cell, units) in group.iter().zip(cut) {
            units.iter().for_each(|&unit| self.cells[unit as usize] = cell);
            self.balance.weights[cell as usize] = self.ground.total(&units);
            search.members[cell as usize] = units;
        }
        true
    }
}
