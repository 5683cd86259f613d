//! What hangs together around a unit and weighs what a cell may.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::districting::UnitGraph;
use crate::districting::judge::Yardstick;

/// Groups that are looked at around one unit to see that none can be a cell; beyond, nothing is proven.
const MOST_GROUPS: usize = 40_000;
/// And to know all that can be.
const MOST_KNOWN_GROUPS: usize = 10_000;
/// Units of a group that weigh something; nothing is known of larger ones.
const MOST_GROUPED: usize = 2_000;
/// Units that are looked at in one judgement, for either: some seconds, however many cells are out of tolerance.
const MOST_LOOKED_AT: usize = 30_000_000;

/// The ground around all cells: weights, and who lies beside whom within a component.
///
/// Units that weigh nothing join those around them, and any number of groups may reach across the same one: so there are
/// all groups that a cell can be, and some that none can.
pub(super) struct Near<'a> {
    graph: &'a UnitGraph,
    beside: Vec<Vec<usize>>,
    /// For a unit that weighs something those that do and that it reaches across others that do not.
    reached: HashMap<usize, Rc<[usize]>>,
    /// Units that the search of this number has seen.
    seen: Vec<u32>,
    search: u32,
    /// What is left of [`MOST_LOOKED_AT`], for what can be around units and for whether anything can.
    budgets: [usize; 2],
}

/// Why not all groups were looked at.
enum Left {
    /// There are too many.
    TooMany,
    /// Nobody wanted more.
    Enough,
}

impl<'a> Near<'a> {
    pub(super) fn of(graph: &'a UnitGraph, component_of: &[usize]) -> Self {
        let mut beside: Vec<Vec<usize>> = vec![Vec::new(); graph.units().len()];
        let links = graph.open_links().map(|link| [link.first as usize, link.second as usize]);
        for [first, second] in links.filter(|[first, second]| component_of[*first] == component_of[*second]) {
            beside[first].push(second);
            beside[second].push(first);
        }
        let seen = vec![0; graph.units().len()];
        Self { graph, beside, reached: HashMap::new(), seen, search: 0, budgets: [MOST_LOOKED_AT; 2] }
    }

    /// Whether every group around a unit is too light or too heavy; `false` where that cannot be shown.
    pub(super) fn is_stuck(&mut self, unit: usize, yardstick: &Yardstick) -> bool {
        let mut stop = |_: &[usize]| ControlFlow::Break(());
        let [_, budget] = self.budgets;
        let mut search = Search::of(yardstick, &mut stop, MOST_GROUPS, budget);
        let found = search.around(self, unit);
        self.budgets[1] = search.budget;
        found.is_ok()
    }

    /// All groups around a unit that weigh what a cell may, of each the units that weigh something; `None` where there are
    /// too many to look at.
    pub(super) fn groups(&mut self, unit: usize, yardstick: &Yardstick) -> Option<Vec<Vec<usize>>> {
        let mut groups = Vec::new();
        let mut keep = |group: &[usize]| {
            groups.push(group.to_vec());
            ControlFlow::Continue(())
        };
        let [budget, _] = self.budgets;
        let mut search = Search::of(yardstick, &mut keep, MOST_KNOWN_GROUPS, budget);
        let found = search.around(self, unit);
        self.budgets[0] = search.budget;
        found.ok().map(|()| groups)
    }

    /// The units beside one.
    pub(super) fn around(&self, unit: usize) -> &[usize] {
        &self.beside[unit]
    }

    pub(super) fn weight(&self, unit: usize) -> i128 {
        self.graph.units()[unit].weight.thousandths().into()
    }

    /// The units that weigh something and lie beside one, or across others that weigh nothing; `None` where more would be
    /// looked at than `budget` has left.
    fn reached(&mut self, unit: usize, budget: &mut usize) -> Option<Rc<[usize]>> {
        if let Some(reached) = self.reached.get(&unit) {
            return Some(Rc::clone(reached));
        }
        let (mut reached, mut seen, mut open) = (Vec::new(), HashSet::from([unit]), vec![unit]);
        while let Some(from) = open.pop() {
            *budget = budget.checked_sub(1 + self.beside[from].len())?;
            for &next in &self.beside[from] {
                if seen.insert(next) {
                    (if self.weight(next) > 0 { &mut reached } else { &mut open }).push(next);
                }
            }
        }
        let reached: Rc<[usize]> = reached.into();
        self.reached.insert(unit, Rc::clone(&reached));
        Some(reached)
    }

    /// Notes that the search has seen a unit; whether it had not.
    fn see(&mut self, unit: usize) -> bool {
        std::mem::replace(&mut self.seen[unit], self.search) != self.search
    }
}

/// Every group around a unit once (Wernicke 2006): what may be added to a group is what it has come to lie beside and was
/// not left out of it before. What is seen is in the group, may be added or was left out.
struct Search<'a> {
    yardstick: &'a Yardstick,
    visit: &'a mut dyn FnMut(&[usize]) -> ControlFlow<()>,
    group: Vec<usize>,
    groups_left: usize,
    budget: usize,
}

impl<'a> Search<'a> {
    fn of(
        yardstick: &'a Yardstick,
        visit: &'a mut dyn FnMut(&[usize]) -> ControlFlow<()>,
        groups_left: usize,
        budget: usize,
    ) -> Self {
        Self { yardstick, visit, group: Vec::new(), groups_left, budget }
    }

    /// Visits each group around a unit that weighs what a cell may.
    fn around(&mut self, near: &mut Near<'_>, unit: usize) -> Result<(), Left> {
        near.search += 1;
        near.see(unit);
        self.grow(near, unit, (0, &[]))
    }

    /// With one more unit, which lay beside a group that weighs `weight` as `beside` does.
    fn grow(
        &mut self,
        near: &mut Near<'_>,
        unit: usize,
        (weight, beside): (i128, &[usize]),
    ) -> Result<(), Left> {
        let weight = weight + near.weight(unit);
        if self.yardstick.is_above(weight) {
            return Ok(());
        }
        self.groups_left = self.groups_left.checked_sub(1).ok_or(Left::TooMany)?;
        if self.group.len() == MOST_GROUPED {
            return Err(Left::TooMany);
        }
        self.group.push(unit);
        if self.yardstick.holds(weight) && (self.visit)(&self.group).is_break() {
            return Err(Left::Enough);
        }
        let reached = near.reached(unit, &mut self.budget).ok_or(Left::TooMany)?;
        self.budget = self.budget.checked_sub(beside.len() + reached.len()).ok_or(Left::TooMany)?;
        let new: Vec<usize> = reached.iter().copied().filter(|&next| near.see(next)).collect();
        let mut beside = [beside, &new].concat();
        while let Some(next) = beside.pop() {
            self.grow(near, next, (weight, &beside))?;
        }
        new.into_iter().for_each(|next| near.seen[next] = 0);
        self.group.pop();
        Ok(())
    }
}
