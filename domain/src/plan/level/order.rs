//! A level that comes after one below it: said once, instead of every overlap that follows from it.

use std::collections::HashSet;

use geo_tools::coverage::Area;
use geo_tools::{Code, Problem};

use super::Level;
use crate::cell::Cell;
use crate::ids::CellId;

impl Level<'_> {
    /// The problems of areas, in which overlaps with cells of a lower level that have none of this level above them are one:
    /// that these came first.
    pub(super) fn said_by_order(
        &self,
        problems: Vec<Problem>,
        areas: &[Area],
        kept: &[&Cell],
    ) -> Vec<Problem> {
        let came_after = |cell: CellId| {
            self.current.is_some_and(|plan| plan.ancestors(cell).any(|above| above.rank == self.rank))
        };
        let below = kept.iter().filter(|cell| cell.rank > self.rank && !came_after(cell.id));
        let below: HashSet<&str> = below.map(|cell| cell.code.as_str()).collect();
        let named = |problem: &Problem| {
            let areas = problem.indexes.iter().filter_map(|&at| areas.get(at));
            areas.map(|area| area.name.as_str()).find(|name| below.contains(name))
        };
        let early = problems.iter().filter(|problem| problem.code == Code::Overlap).find_map(named);
        let Some(early) = early.map(str::to_owned) else { return problems };
        let message = format!(
            "cells of a lower level are in force already, {early:?} among them; levels come from the largest down: \
             begin anew, in another district, with the largest"
        );
        let others = problems.into_iter().filter(|problem| named(problem).is_none());
        std::iter::once(Problem::error(Code::LevelOrder, message)).chain(others).collect()
    }
}
