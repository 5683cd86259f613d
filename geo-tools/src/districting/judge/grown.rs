//! Whether anything that hangs together around a unit weighs what a cell may.

use std::collections::{BTreeSet, HashMap, HashSet};

/// Groups that are looked at around one unit; beyond, nothing is proven.
const MOST_GROUPS: usize = 40_000;

/// The ground around a cell: weights, and who lies beside whom.
pub(super) struct Near {
    weights: HashMap<usize, i128>,
    beside: HashMap<usize, Vec<usize>>,
}

impl Near {
    pub(super) fn of(weights: HashMap<usize, i128>, links: impl Iterator<Item = [usize; 2]>) -> Self {
        let mut beside: HashMap<usize, Vec<usize>> = HashMap::new();
        for [first, second] in links {
            beside.entry(first).or_default().push(second);
            beside.entry(second).or_default().push(first);
        }
        Self { weights, beside }
    }

    /// Whether every group around a unit is too light or too heavy; `false` where that cannot be shown.
    pub(super) fn is_stuck(
        &self,
        unit: usize,
        holds: impl Fn(i128) -> bool,
        is_above: impl Fn(i128) -> bool,
    ) -> bool {
        let first = self.with_weightless(BTreeSet::from([unit]));
        let mut known = HashSet::from([first.clone()]);
        let mut open = vec![first];
        while let Some(group) = open.pop() {
            let weight: i128 = group.iter().map(|unit| self.weights[unit]).sum();
            if holds(weight) || known.len() > MOST_GROUPS {
                return false;
            }
            if is_above(weight) {
                continue;
            }
            for next in group.iter().flat_map(|unit| self.beside(*unit)).filter(|next| !group.contains(next))
            {
                let mut grown = group.clone();
                grown.insert(*next);
                let grown = self.with_weightless(grown);
                if known.insert(grown.clone()) {
                    open.push(grown);
                }
            }
        }
        true
    }

    fn beside(&self, unit: usize) -> &[usize] {
        self.beside.get(&unit).map_or(&[], Vec::as_slice)
    }

    /// A group with everything beside it that weighs nothing: its weight is the same, and it reaches further.
    fn with_weightless(&self, mut group: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut open: Vec<usize> = group.iter().copied().collect();
        while let Some(unit) = open.pop() {
            for &next in self.beside(unit) {
                if self.weights[&next] == 0 && group.insert(next) {
                    open.push(next);
                }
            }
        }
        group
    }
}
