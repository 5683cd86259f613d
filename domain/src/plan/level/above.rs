//! Cells drawn apart from the cells above them: which belongs to which, and where the two drawings differ.

use std::collections::{HashMap, HashSet};

use geo_tools::coverage::{Area, Coverage, Leaf, build, match_parents};
use geo_tools::{Code, Problem, Severity};

use super::{Level, area_as_drawn, placed};
use crate::cell::Cell;
use crate::ids::CellId;

impl Level<'_> {
    /// The cells that the drawn ones can be part of: the lowest level above theirs that is there.
    fn candidates(&self) -> Vec<&Cell> {
        let above = self.cells_in_force().iter().filter(|cell| cell.rank < self.rank);
        let lowest = above.clone().map(|cell| cell.rank).max();
        above.filter(|cell| Some(cell.rank) == lowest).collect()
    }

    /// The parent of each drawn cell: by its code, by its name, else by the largest area.
    pub(super) fn parents(&self) -> Result<Vec<Option<CellId>>, Vec<Problem>> {
        let candidates = self.candidates();
        if candidates.is_empty() {
            return Ok(vec![None; self.drawn.len()]);
        }
        let mut by_name: HashMap<&str, CellId> = HashMap::new();
        for cell in &candidates {
            for name in cell.names.as_slice() {
                by_name.entry(&name.text).or_insert(cell.id);
            }
        }
        by_name.extend(candidates.iter().map(|cell| (cell.code.as_str(), cell.id)));
        let mut problems = Vec::new();
        let mut parents = Vec::with_capacity(self.drawn.len());
        for cell in self.drawn {
            let parent = cell.parent.as_deref().map(|given| (given, by_name.get(given).copied()));
            if let Some((given, None)) = parent {
                let message = format!("no cell of the level above has the code or name {given:?}");
                problems.push(placed(Problem::error(Code::ParentMismatch, message), cell));
            }
            parents.push(parent.and_then(|(_, id)| id));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if parents.iter().any(Option::is_none) {
            self.parents_by_area(&candidates, &mut parents)?;
        }
        Ok(parents)
    }

    fn parents_by_area(
        &self,
        candidates: &[&Cell],
        parents: &mut [Option<CellId>],
    ) -> Result<(), Vec<Problem>> {
        let areas: Vec<Area> = self.drawn.iter().map(area_as_drawn).collect();
        let built = build(&areas, &self.build_options());
        let Some(coverage) = built.coverage else { return Err(self.named(built.problems, &areas)) };
        let above: Vec<Area> = candidates.iter().map(|cell| self.area_in_force(cell)).collect();
        // Where the two drawings differ is told when the whole plan is laid: here a parent may lack most of its children.
        let (found, _) = match_parents(&coverage, &above, self.tolerance_m2);
        for (parent, found) in parents.iter_mut().zip(found) {
            *parent = parent.or(found.map(|at| candidates[at].id));
        }
        let lost = self.drawn.iter().zip(&*parents).filter(|(_, parent)| parent.is_none());
        let lost: Vec<Problem> = lost
            .map(|(cell, _)| {
                let message = format!("cell {:?} lies in no cell of the level above", cell.code.as_str());
                placed(Problem::error(Code::ParentMismatch, message), cell)
            })
            .collect();
        if lost.is_empty() { Ok(()) } else { Err(lost) }
    }

    /// Compares every cell that was drawn apart from its leaves with what they cover now.
    pub(super) fn check_parents(
        &self,
        coverage: &Coverage,
        leaf_cells: &[CellId],
        ids: &[CellId],
        parents: &[Option<CellId>],
    ) -> Result<Vec<Problem>, Vec<Problem>> {
        let Some(plan) = self.current else { return Ok(Vec::new()) };
        let mut problems = Vec::new();
        if parents.iter().any(Option::is_some) {
            let above: Vec<(CellId, Area)> =
                self.candidates().into_iter().map(|cell| (cell.id, self.area_in_force(cell))).collect();
            let parent_of: HashMap<CellId, Option<CellId>> =
                ids.iter().copied().zip(parents.iter().copied()).collect();
            let owner = |leaf: CellId| parent_of.get(&leaf).copied().flatten();
            problems.extend(self.mismatches(coverage, leaf_cells, above, owner));
        }
        let with_children = self.drawn.iter().zip(ids).filter(|(_, id)| self.has_children(**id));
        let above: Vec<(CellId, Area)> = with_children.map(|(cell, &id)| (id, area_as_drawn(cell))).collect();
        if !above.is_empty() {
            let known: HashSet<CellId> = above.iter().map(|(id, _)| *id).collect();
            let owner = |leaf: CellId| plan.lineage(leaf).into_iter().find(|id| known.contains(id));
            problems.extend(self.mismatches(coverage, leaf_cells, above, owner));
        }
        let refused = problems.iter().any(|problem| problem.severity == Severity::Error);
        if refused { Err(problems) } else { Ok(problems) }
    }

    /// Where leaves and the cells above them differ. Leaves that none of them owns stand for themselves.
    fn mismatches(
        &self,
        coverage: &Coverage,
        leaf_cells: &[CellId],
        mut above: Vec<(CellId, Area)>,
        owner: impl Fn(CellId) -> Option<CellId>,
    ) -> Vec<Problem> {
        let known: HashSet<CellId> = above.iter().map(|(id, _)| *id).collect();
        let plan_owner = |leaf: CellId| {
            let lineage = self.current.map(|plan| plan.lineage(leaf)).unwrap_or_default();
            lineage.into_iter().find(|id| known.contains(id))
        };
        let owners: Vec<CellId> =
            leaf_cells.iter().map(|&leaf| owner(leaf).or_else(|| plan_owner(leaf)).unwrap_or(leaf)).collect();
        for ((leaf, &id), &owner) in (0..).map(Leaf).zip(leaf_cells).zip(&owners) {
            if owner == id && !known.contains(&id) {
                above.push((id, Area { name: self.name_of(id), polygons: coverage.polygons(leaf) }));
            }
        }
        let areas: Vec<Area> = above.iter().map(|(_, area)| area.clone()).collect();
        let (found, mut problems) = match_parents(coverage, &areas, self.tolerance_m2);
        for problem in &mut problems {
            problem.message = self.with_codes(&problem.message, leaf_cells);
            problem.indexes.clear();
        }
        for ((&leaf, &owner), found) in leaf_cells.iter().zip(&owners).zip(found) {
            if let Some(matched) = found.map(|at| above[at].0).filter(|matched| *matched != owner) {
                let (code, given, lies) = (self.name_of(leaf), self.name_of(owner), self.name_of(matched));
                let message = format!("cell {code:?} is given to {given:?}, but lies in {lies:?}");
                let problem = Problem::error(Code::ParentMismatch, message);
                let drawn = self.drawn.iter().find(|cell| cell.code.as_str() == code);
                problems.push(drawn.map_or(problem.clone(), |drawn| placed(problem, drawn)));
            }
        }
        problems
    }

    /// The code of a cell, drawn or in force.
    fn name_of(&self, id: CellId) -> String {
        let in_force = self.current.and_then(|plan| plan.cell(id)).map(|cell| &cell.code);
        let drawn = || self.codes.get(&id);
        in_force.or_else(drawn).map(|code| code.as_str().to_owned()).unwrap_or_default()
    }

    /// The same sentence with the codes of leaves for their numbers.
    fn with_codes(&self, message: &str, leaf_cells: &[CellId]) -> String {
        let Some((number, rest)) = message.strip_prefix("leaf ").and_then(|rest| rest.split_once(' ')) else {
            return message.to_owned();
        };
        match number.parse::<usize>().ok().and_then(|leaf| leaf_cells.get(leaf)) {
            Some(&id) => format!("cell {:?} {rest}", self.name_of(id)),
            None => message.to_owned(),
        }
    }
}
