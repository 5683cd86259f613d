//! Units that cannot all be in cells in tolerance, however their ground is cut.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::districting::judge::grown::Near;
use crate::districting::judge::{Drawn, Yardstick};

/// More units than this are not looked at together; those are also the most of a cell that is out of tolerance.
const MOST_UNITS: usize = 40;
/// So many are looked at besides when those that are looked at together are in no conflict: each is tried.
const GROWTHS: [usize; 4] = [1, 2, 4, 8];
/// Words of groups that are looked at for one set of units, and in one judgement: some seconds, however many cells are out
/// of tolerance.
const MOST_TRIED: usize = 20_000_000;
const MOST_TRIED_IN_ALL: usize = 2_000_000_000;
/// Units of a component that are known at once; beyond, it is begun anew.
const MOST_NUMBERED: usize = 2_048;
/// Words of groups that are kept at once, 128 MiB; beyond, no more units are asked for theirs.
const MOST_KEPT: usize = 16 << 20;

/// Units that a cell in tolerance may hold together, each a bit by its number; those that weigh nothing are left out.
type Group = Box<[u64]>;

/// The conflicts that were found. Invariant: no unit is in two.
pub(super) struct Conflicts {
    used: HashSet<usize>,
    /// The lowest unit of the component that is looked at; the next four are of that alone.
    component: usize,
    /// The units that were met, and for each its number.
    met: Vec<usize>,
    numbers: HashMap<usize, usize>,
    /// For each unit that was asked for the groups around it; `None` where they are too many.
    groups: HashMap<usize, Option<Rc<[Group]>>>,
    /// How many words these are.
    kept: usize,
    /// What is left of [`MOST_TRIED_IN_ALL`].
    budget: usize,
}

/// The plan that is judged, and the ground that it is drawn on.
pub(super) struct Setting<'a, 'graph> {
    pub(super) drawn: &'a Drawn,
    pub(super) component_of: &'a [usize],
    pub(super) near: &'a mut Near<'graph>,
    pub(super) yardstick: &'a Yardstick,
}

/// Whether some units can all be in groups of which no two share a unit.
enum Cover {
    /// In groups of these units.
    Found(BTreeSet<usize>),
    Impossible,
    /// There are too many ways.
    Unknown,
}

impl Conflicts {
    pub(super) fn new() -> Self {
        Self {
            used: HashSet::new(),
            component: usize::MAX,
            met: Vec::new(),
            numbers: HashMap::new(),
            groups: HashMap::new(),
            kept: 0,
            budget: MOST_TRIED_IN_ALL,
        }
    }

    /// Takes no units of a cell that is certified otherwise: what is in conflict with them is settled by that.
    pub(super) fn leave_alone(&mut self, units: &[usize]) {
        self.used.extend(units);
    }

    /// Units that cannot all be in cells in tolerance, of which the cell's own are needed, and none could be left out as far
    /// as could be looked at.
    pub(super) fn find(&mut self, cell: usize, setting: &mut Setting<'_, '_>) -> Option<Vec<usize>> {
        let component = setting.component_of[setting.drawn.cells[cell].units[0]];
        if self.component != component || self.met.len() > MOST_NUMBERED {
            self.component = component;
            self.met.clear();
            self.numbers.clear();
            self.groups.clear();
            self.kept = 0;
        }
        // The fewer units it takes, the more are left for other cells.
        let found = GROWTHS.into_iter().filter_map(|growth| self.grown(cell, growth, setting));
        let units = found.min_by_key(BTreeSet::len)?;
        self.used.extend(&units);
        Some(units.into_iter().collect())
    }

    /// Begins with the cell's own units. Where they can all be in tolerance, some are looked at besides: what their new
    /// cells leave behind of the present ones, or else what lies around the new ones.
    fn grown(
        &mut self,
        cell: usize,
        growth: usize,
        setting: &mut Setting<'_, '_>,
    ) -> Option<BTreeSet<usize>> {
        let cells = &setting.drawn.cells;
        let weighs = |unit: &&usize| setting.near.weight(**unit) > 0;
        if cells[cell].units.iter().filter(weighs).count() > MOST_UNITS {
            return None;
        }
        let own = self.usable(&cells[cell].units, setting);
        let mut units = own.clone();
        while !units.is_empty() && units.len() <= MOST_UNITS {
            let covered = match self.cover(&units) {
                Cover::Found(covered) => covered,
                Cover::Impossible => {
                    self.leave_out(&mut units);
                    return (!units.is_disjoint(&own)).then_some(units);
                }
                Cover::Unknown => return None,
            };
            let touched: BTreeSet<usize> =
                covered.iter().filter_map(|&unit| setting.drawn.cell_of[unit]).collect();
            let mut left: Vec<usize> =
                touched.into_iter().flat_map(|cell| &cells[cell].units).copied().collect();
            left.retain(|unit| !covered.contains(unit));
            let mut more = self.usable(&left, setting);
            if more.is_empty() {
                let around: BTreeSet<usize> =
                    covered.iter().flat_map(|&unit| setting.near.around(unit)).copied().collect();
                let around: Vec<usize> = around.difference(&covered).copied().collect();
                more = self.usable(&around, setting);
            }
            if more.is_empty() {
                return None;
            }
            let mut more: Vec<usize> = more.into_iter().collect();
            more.sort_by_key(|&unit| (self.group_count(unit), unit));
            units.extend(more.into_iter().take(growth));
        }
        None
    }

    /// Leaves out what the conflict has no need of, those first around which there are the most groups.
    fn leave_out(&mut self, units: &mut BTreeSet<usize>) {
        let mut order: Vec<usize> = units.iter().copied().collect();
        order.sort_by_key(|&unit| (Reverse(self.group_count(unit)), unit));
        for unit in order {
            units.remove(&unit);
            if !matches!(self.cover(units), Cover::Impossible) {
                units.insert(unit);
            }
        }
    }

    /// How many groups there are around a unit that was asked for.
    fn group_count(&self, unit: usize) -> usize {
        self.groups.get(&unit).and_then(Option::as_ref).map_or(0, |groups| groups.len())
    }

    /// Those of some units that weigh something, may be taken and have groups around them that can be looked at; the first
    /// of them, where there are more than are looked at together.
    fn usable(&mut self, units: &[usize], setting: &mut Setting<'_, '_>) -> BTreeSet<usize> {
        let mut usable = BTreeSet::new();
        for &unit in units {
            if usable.len() == MOST_UNITS {
                break;
            }
            if setting.near.weight(unit) == 0
                || setting.component_of[unit] != self.component
                || self.used.contains(&unit)
            {
                continue;
            }
            if !self.groups.contains_key(&unit) {
                let groups = setting.near.groups(unit, setting.yardstick).filter(|_| self.kept < MOST_KEPT);
                let groups: Option<Rc<[Group]>> =
                    groups.map(|groups| groups.iter().map(|group| self.numbered(group)).collect());
                self.kept +=
                    groups.iter().flat_map(|groups| groups.iter()).map(|group| group.len()).sum::<usize>();
                self.groups.insert(unit, groups);
            }
            if self.group_count(unit) > 0 {
                usable.insert(unit);
            }
        }
        usable
    }

    fn numbered(&mut self, units: &[usize]) -> Group {
        let mut bits = Vec::new();
        for &unit in units {
            let number = *self.numbers.entry(unit).or_insert_with(|| {
                self.met.push(unit);
                self.met.len() - 1
            });
            bits.resize(bits.len().max(number / 64 + 1), 0);
            bits[number / 64] |= 1 << (number % 64);
        }
        bits.into()
    }

    fn cover(&mut self, units: &BTreeSet<usize>) -> Cover {
        let lists: Vec<(usize, Rc<[Group]>)> = units
            .iter()
            .filter_map(|unit| Some((self.numbers[unit], Rc::clone(self.groups.get(unit)?.as_ref()?))))
            .collect();
        let open = lists.iter().map(|(number, groups)| (*number, groups.iter().collect())).collect();
        let given = MOST_TRIED.min(self.budget);
        let mut tries_left = given;
        let placed = place(open, &mut tries_left);
        self.budget -= given - tries_left;
        match placed {
            Some(groups) => {
                let is_met = |number: &usize| groups.iter().any(|group| has(group, *number));
                let numbers = (0..self.met.len()).filter(is_met);
                Cover::Found(numbers.map(|number| self.met[number]).collect())
            }
            None if tries_left == 0 => Cover::Unknown,
            None => Cover::Impossible,
        }
    }
}

/// For each of some units a group, so that no two share a unit, of those that it may be in; `None` where that cannot be, or
/// no tries are left. The unit with the fewest is first.
fn place<'a>(open: Vec<(usize, Vec<&'a Group>)>, tries_left: &mut usize) -> Option<Vec<&'a Group>> {
    let Some((_, groups)) = open.iter().min_by_key(|(_, groups)| groups.len()) else {
        return Some(Vec::new());
    };
    for group in groups {
        let mut rest = Vec::with_capacity(open.len());
        for (number, groups) in open.iter().filter(|(number, _)| !has(group, *number)) {
            *tries_left = tries_left.saturating_sub(groups.len() * group.len());
            let free: Vec<&Group> = groups.iter().copied().filter(|other| share_none(group, other)).collect();
            let is_lost = free.is_empty();
            rest.push((*number, free));
            if is_lost {
                break;
            }
        }
        if *tries_left == 0 {
            return None;
        }
        if let Some(mut placed) = place(rest, tries_left) {
            placed.push(group);
            return Some(placed);
        }
    }
    None
}

fn has(group: &Group, number: usize) -> bool {
    group.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
}

fn share_none(one: &Group, other: &Group) -> bool {
    one.iter().zip(other).all(|(one, other)| one & other == 0)
}
