//! Whether anything that hangs together around a unit weighs what a cell may.

use std::collections::{BTreeSet, HashSet};

use crate::districting::UnitGraph;

/// Groups that are looked at around one unit; beyond, nothing is proven.
const MOST_GROUPS: usize = 40_000;
/// Units of all groups that are looked at in one judgement: some seconds, however many cells are out of tolerance.
const MOST_GROUPED_UNITS: usize = 30_000_000;

/// The ground around all cells: weights, and who lies beside whom within a component.
pub(super) struct Near<'a> {
    graph: &'a UnitGraph,
    beside: Vec<Vec<usize>>,
    /// What is left of [`MOST_GROUPED_UNITS`].
    budget: usize,
}

impl<'a> Near<'a> {
    pub(super) fn of(graph: &'a UnitGraph, component_of: &[usize]) -> Self {
        let mut beside: Vec<Vec<usize>> = vec![Vec::new(); graph.units().len()];
        let links = graph.open_links().map(|link| [link.first as usize, link.second as usize]);
        for [first, second] in links.filter(|[first, second]| component_of[*first] == component_of[*second]) {
            beside[first].push(second);
            beside[second].push(first);
        }
        Self { graph, beside, budget: MOST_GROUPED_UNITS }
    }

    /// Whether every group around a unit is too light or too heavy; `false` where that cannot be shown.
    pub(super) fn is_stuck(
        &mut self,
        unit: usize,
        holds: impl Fn(i128) -> bool,
        is_above: impl Fn(i128) -> bool,
    ) -> bool {
        let Some(first) = self.grown(&BTreeSet::new(), unit) else { return false };
        let mut known = HashSet::from([first.clone()]);
        let mut open = vec![first];
        while let Some(group) = open.pop() {
            let weight: i128 = group.iter().map(|&unit| self.weight(unit)).sum();
            if holds(weight) {
                return false;
            }
            if is_above(weight) {
                continue;
            }
            let around: BTreeSet<usize> =
                group.iter().flat_map(|&unit| &self.beside[unit]).copied().collect();
            for &next in around.difference(&group) {
                let Some(grown) = self.grown(&group, next) else { return false };
                if known.insert(grown.clone()) {
                    open.push(grown);
                }
                if known.len() > MOST_GROUPS {
                    return false;
                }
            }
        }
        true
    }

    fn weight(&self, unit: usize) -> i128 {
        self.graph.units()[unit].weight.thousandths().into()
    }

    /// A group with one more unit, and with everything beside it then that weighs nothing: its weight is the same, and it
    /// reaches further. `None` where the judgement has looked at too much.
    fn grown(&mut self, group: &BTreeSet<usize>, unit: usize) -> Option<BTreeSet<usize>> {
        self.budget = self.budget.checked_sub(group.len() + 1)?;
        let mut group = group.clone();
        group.insert(unit);
        let mut open = vec![unit];
        while let Some(unit) = open.pop() {
            self.budget = self.budget.checked_sub(1)?;
            for &next in &self.beside[unit] {
                if self.weight(next) == 0 && group.insert(next) {
                    open.push(next);
                }
            }
        }
        Some(group)
    }
}
