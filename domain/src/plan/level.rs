//! A level of cells as a file draws it, laid into the plan in force: the next plan, or everything that speaks against it.
//!
//! The children win: where a level has cells below it, its area is theirs, and a drawing of it is only compared. A drawn
//! level replaces the cells of its rank under the parents that it mentions; at the top it replaces all of them.

mod above;
mod order;

use std::collections::{HashMap, HashSet};

use geo_tools::coverage::{Area, BuildOptions, Coverage, Leaf, build};
use geo_tools::{Code, Polygon, Position, Problem};

use super::Plan;
use crate::cell::{Cell, CellCode, CellKind, CellSetting};
use crate::ids::{CellId, PlanVersion};
use crate::level::LevelRank;
use crate::text::LocalTexts;

/// One cell as a file draws it.
#[derive(Clone, Debug)]
pub struct DrawnCell {
    /// Its code.
    pub code: CellCode,
    /// Its names.
    pub names: LocalTexts,
    /// The code or a name of the cell that it is part of, as the file gives it; `None` is found by area.
    pub parent: Option<String>,
    /// What it covers.
    pub polygons: Vec<Polygon>,
    /// Its place in the file, from 0.
    pub index: usize,
    /// The line that it starts on.
    pub line: Option<u64>,
    /// JSON pointer to it.
    pub pointer: Option<String>,
}

/// The next plan, as a drawn level makes it.
#[derive(Debug)]
pub struct NextPlan {
    /// The version that it would have.
    pub version: PlanVersion,
    /// Every cell of every level; what did not change keeps its `since`.
    pub cells: Vec<Cell>,
    /// The cell of each leaf of the coverage.
    pub leaf_cells: Vec<CellId>,
    /// The borders.
    pub coverage: Coverage,
    /// How many drawn cells are new.
    pub added: usize,
    /// How many had another name, parent or area before.
    pub changed: usize,
    /// How many are as they were.
    pub unchanged: usize,
    /// How many cells of the level fell away.
    pub removed: usize,
    /// What was noticed and does not speak against it.
    pub warnings: Vec<Problem>,
}

impl NextPlan {
    /// Whether it says anything that the plan in force does not.
    pub fn is_news(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }
}

/// Lays a drawn level into the plan in force. `voids` is ground that belongs to no cell on purpose; where nobody says
/// which, it is that of the plan in force. `new_id` gives an id to each cell that was not known by its code.
///
/// # Errors
/// Every problem of the drawing: gaps, overlaps, parents that are not found or not tiled within `tolerance_m2`, a level that
/// comes after one below it.
pub fn lay_level(
    current: Option<&Plan>,
    rank: LevelRank,
    drawn: &[DrawnCell],
    voids: Option<&[Polygon]>,
    tolerance_m2: f64,
    new_id: &mut dyn FnMut() -> CellId,
) -> Result<NextPlan, Vec<Problem>> {
    let in_force = || current.map(|plan| plan.coverage().voids()).unwrap_or_default();
    let voids = voids.map_or_else(in_force, <[Polygon]>::to_vec);
    let mut level = Level { current, rank, drawn, voids, tolerance_m2, codes: HashMap::new() };
    let mut problems = level.repeated_codes();
    if drawn.is_empty() {
        problems.push(Problem::error(Code::MissingField, "the file has no cell; at least one is needed"));
    }
    let ids: Vec<CellId> =
        drawn.iter().map(|cell| level.known(cell).map_or_else(&mut *new_id, |known| known.id)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    level.codes = ids.iter().copied().zip(drawn.iter().map(|cell| cell.code.clone())).collect();
    let parents = level.parents()?;
    let kept = level.kept(&ids, &parents)?;
    let (coverage, leaf_cells, mut warnings) = level.cover(&ids, &parents, &kept)?;
    warnings.extend(level.check_parents(&coverage, &leaf_cells, &ids, &parents)?);
    Ok(level.next_plan(&ids, &parents, &kept, coverage, leaf_cells, warnings))
}

struct Level<'a> {
    current: Option<&'a Plan>,
    rank: LevelRank,
    drawn: &'a [DrawnCell],
    /// Ground inside that belongs to no cell on purpose.
    voids: Vec<Polygon>,
    tolerance_m2: f64,
    /// The codes of the drawn cells.
    codes: HashMap<CellId, CellCode>,
}

impl Level<'_> {
    /// The cell that has this code already.
    fn known(&self, cell: &DrawnCell) -> Option<&Cell> {
        self.current?.cell_by_code(cell.code.as_str())
    }

    fn cells_in_force(&self) -> &[Cell] {
        self.current.map_or(&[], Plan::cells)
    }

    fn build_options(&self) -> BuildOptions {
        BuildOptions { declared_voids: self.voids.clone(), ..BuildOptions::default() }
    }

    fn has_children(&self, id: CellId) -> bool {
        self.current.is_some_and(|plan| plan.children(id).next().is_some())
    }

    fn repeated_codes(&self) -> Vec<Problem> {
        let mut first_index = HashMap::new();
        let mut problems = Vec::new();
        for cell in self.drawn {
            if let Some(first) = first_index.insert(cell.code.as_str(), cell.index) {
                let message = format!("code {:?} stands in the file twice", cell.code.as_str());
                let mut problem = placed(Problem::error(Code::DuplicateId, message), cell);
                problem.indexes.insert(0, first);
                problems.push(problem);
            }
            if let Some(known) = self.known(cell).filter(|known| known.rank != self.rank) {
                let message = format!("code {:?} belongs to a cell of another level", known.code.as_str());
                problems.push(placed(Problem::error(Code::DuplicateId, message), cell));
            }
        }
        problems
    }

    /// The cells in force that stay beside the drawn ones: all that are neither drawn anew nor replaced.
    fn kept(&self, ids: &[CellId], parents: &[Option<CellId>]) -> Result<Vec<&Cell>, Vec<Problem>> {
        let drawn: HashSet<CellId> = ids.iter().copied().collect();
        let mentioned: HashSet<Option<CellId>> = parents.iter().copied().collect();
        let mut problems = Vec::new();
        let mut kept = Vec::new();
        for cell in self.cells_in_force() {
            let replaced = cell.rank == self.rank && mentioned.contains(&cell.parent);
            if drawn.contains(&cell.id) {
                continue;
            } else if !replaced {
                kept.push(cell);
            } else if self.has_children(cell.id) {
                let message =
                    format!("cell {:?} has cells below it and is not in the file", cell.code.as_str());
                problems.push(Problem::error(Code::ParentMismatch, message));
            }
        }
        if problems.is_empty() { Ok(kept) } else { Err(problems) }
    }

    /// Builds the coverage of what has no children: drawn cells as drawn, kept ones as they were.
    fn cover(
        &self,
        ids: &[CellId],
        parents: &[Option<CellId>],
        kept: &[&Cell],
    ) -> Result<(Coverage, Vec<CellId>, Vec<Problem>), Vec<Problem>> {
        let mut areas = Vec::new();
        let mut leaf_cells = Vec::new();
        for (cell, &id) in self.drawn.iter().zip(ids) {
            if !self.has_children(id) {
                areas.push(area_as_drawn(cell));
                leaf_cells.push(id);
            }
        }
        let becomes_parent: HashSet<CellId> = parents.iter().flatten().copied().collect();
        for cell in kept {
            if !self.has_children(cell.id) && !becomes_parent.contains(&cell.id) {
                areas.push(self.area_in_force(cell));
                leaf_cells.push(cell.id);
            }
        }
        let built = build(&areas, &self.build_options());
        match built.coverage {
            Some(coverage) => Ok((coverage, leaf_cells, self.named(built.problems, &areas))),
            None => {
                let problems = self.said_by_order(built.problems, &areas, kept);
                Err(self.named(problems, &areas))
            }
        }
    }

    /// Puts the place in the file to problems that name areas only.
    fn named(&self, mut problems: Vec<Problem>, areas: &[Area]) -> Vec<Problem> {
        let by_code: HashMap<&str, &DrawnCell> =
            self.drawn.iter().map(|cell| (cell.code.as_str(), cell)).collect();
        for problem in &mut problems {
            let names: Vec<&str> = problem
                .indexes
                .iter()
                .filter_map(|&at| areas.get(at))
                .map(|area| area.name.as_str())
                .collect();
            let cells: Vec<&DrawnCell> = names.iter().filter_map(|name| by_code.get(name).copied()).collect();
            if problem.features.is_empty() {
                problem.features = names.iter().map(|&name| name.to_owned()).collect();
            }
            problem.indexes = cells.iter().map(|cell| cell.index).collect();
            problem.line = problem.line.or(cells.first().and_then(|cell| cell.line));
            if problem.pointer.is_none() {
                problem.pointer = cells.first().and_then(|cell| cell.pointer.clone());
            }
        }
        problems
    }

    fn area_in_force(&self, cell: &Cell) -> Area {
        let polygons = self.current.map(|plan| plan.polygons(cell.id)).unwrap_or_default();
        Area { name: cell.code.as_str().to_owned(), polygons }
    }

    fn next_plan(
        &self,
        ids: &[CellId],
        parents: &[Option<CellId>],
        kept: &[&Cell],
        coverage: Coverage,
        leaf_cells: Vec<CellId>,
        warnings: Vec<Problem>,
    ) -> NextPlan {
        let version = PlanVersion(self.current.map_or(1, |plan| plan.version().0 + 1));
        let leaves: HashMap<CellId, Leaf> =
            (0..).map(Leaf).zip(&leaf_cells).map(|(leaf, &id)| (id, leaf)).collect();
        let (mut added, mut changed) = (0, 0);
        let mut cells: Vec<Cell> = kept.iter().map(|&cell| cell.clone()).collect();
        for ((drawn, &id), &parent) in self.drawn.iter().zip(ids).zip(parents) {
            let known = self.known(drawn);
            let mut cell = Cell {
                id,
                code: drawn.code.clone(),
                rank: self.rank,
                names: drawn.names.clone(),
                parent,
                kind: known.map_or(CellKind::Base, |known| known.kind),
                setting: known.map_or(CellSetting::Urban, |known| known.setting),
                since: known.map_or(version, |known| known.since),
            };
            let same_ground = || match (self.current, leaves.get(&id)) {
                (Some(plan), Some(&leaf)) => ground(&plan.polygons(id)) == ground(&coverage.polygons(leaf)),
                _ => true,
            };
            if known.is_none() {
                added += 1;
            } else if known != Some(&cell) || !same_ground() {
                changed += 1;
                cell.since = version;
            }
            cells.push(cell);
        }
        let unchanged = self.drawn.len() - added - changed;
        let removed = self.cells_in_force().len() + added - cells.len();
        NextPlan { version, cells, leaf_cells, coverage, added, changed, unchanged, removed, warnings }
    }
}

fn area_as_drawn(cell: &DrawnCell) -> Area {
    Area { name: cell.code.as_str().to_owned(), polygons: cell.polygons.clone() }
}

fn placed(mut problem: Problem, cell: &DrawnCell) -> Problem {
    problem.features = vec![cell.code.as_str().to_owned()];
    problem.indexes = vec![cell.index];
    problem.line = cell.line;
    problem.pointer = cell.pointer.clone();
    problem
}

/// The rings of polygons, each begun at its least position, in an order that depends on nothing but the ground.
fn ground(polygons: &[Polygon]) -> Vec<Vec<Position>> {
    let mut rings: Vec<Vec<Position>> = Vec::new();
    for ring in polygons.iter().flat_map(Polygon::rings) {
        let mut ring = ring.to_vec();
        let least = ring.iter().enumerate().min_by_key(|(_, position)| **position).map_or(0, |(at, _)| at);
        ring.rotate_left(least);
        rings.push(ring);
    }
    rings.sort_unstable();
    rings
}

#[cfg(test)]
mod tests {
    use geo_tools::Severity;

    use super::*;
    use crate::ids::DistrictId;
    use crate::plan::PlanParts;
    use chrono::DateTime;
    use uuid::Uuid;

    /// A rectangle near Manila, in thousandths of a degree from 120.98, 14.60.
    fn rectangle(west: i32, south: i32, east: i32, north: i32) -> Vec<Polygon> {
        let at = |x: i32, y: i32| {
            Position::from_e7(1_209_800_000 + x * 10_000, 146_000_000 + y * 10_000).expect("in range")
        };
        vec![Polygon {
            exterior: vec![at(west, south), at(east, south), at(east, north), at(west, north)],
            holes: Vec::new(),
        }]
    }

    fn drawn(code: &str, index: usize, parent: Option<&str>, polygons: Vec<Polygon>) -> DrawnCell {
        DrawnCell {
            code: CellCode::parse(code).expect("valid"),
            names: LocalTexts::new([("en", code)]).expect("valid"),
            parent: parent.map(str::to_owned),
            polygons,
            index,
            line: Some(index as u64 + 1),
            pointer: Some(format!("/features/{index}")),
        }
    }

    fn ids(after: u128) -> impl FnMut() -> CellId {
        let mut next = after;
        move || {
            next += 1;
            CellId(Uuid::from_u128(next))
        }
    }

    fn plan(next: NextPlan) -> Plan {
        Plan::assemble(PlanParts {
            district: DistrictId(Uuid::from_u128(1)),
            version: next.version,
            in_force_since: DateTime::UNIX_EPOCH,
            cells: next.cells,
            leaf_cells: next.leaf_cells,
            coverage: next.coverage,
        })
        .expect("a laid level is a plan")
    }

    fn townships() -> Vec<DrawnCell> {
        vec![drawn("t-1", 0, None, rectangle(0, 0, 10, 10)), drawn("t-2", 1, None, rectangle(10, 0, 20, 10))]
    }

    fn cells() -> Vec<DrawnCell> {
        vec![
            drawn("c-1", 0, Some("t-1"), rectangle(0, 0, 5, 10)),
            drawn("c-2", 1, Some("t-1"), rectangle(5, 0, 10, 10)),
        ]
    }

    #[test]
    fn a_level_laid_twice_says_nothing_new() {
        let mut new_id = ids(0);
        let first = lay_level(None, LevelRank(0), &townships(), None, 1.0, &mut new_id).expect("clean");
        assert_eq!((first.added, first.changed, first.removed), (2, 0, 0));
        let in_force = plan(first);
        let second =
            lay_level(Some(&in_force), LevelRank(0), &townships(), None, 1.0, &mut new_id).expect("clean");
        assert_eq!((second.added, second.changed, second.unchanged, second.removed), (0, 0, 2, 0));
        assert!(!second.is_news());
    }

    #[test]
    fn children_of_one_parent_leave_the_others_as_they_were() {
        let mut new_id = ids(0);
        let in_force =
            plan(lay_level(None, LevelRank(0), &townships(), None, 1.0, &mut new_id).expect("clean"));
        let next = lay_level(Some(&in_force), LevelRank(2), &cells(), None, 1.0, &mut new_id).expect("clean");
        assert_eq!((next.added, next.changed, next.removed), (2, 0, 0));
        let in_force = plan(next);
        let parent = in_force.cell_by_code("t-1").expect("kept").id;
        assert_eq!(in_force.children(parent).count(), 2);
        assert_eq!(in_force.leaves_under(in_force.cell_by_code("t-2").expect("kept").id).len(), 1);
        let again = lay_level(Some(&in_force), LevelRank(0), &townships(), None, 1.0, &mut new_id)
            .expect("children win");
        assert!(!again.is_news(), "{again:?}");
    }

    #[test]
    fn a_level_that_comes_after_one_below_it_is_told_once_beside_what_else_is_wrong() {
        let mut new_id = ids(0);
        let mut cells = cells();
        cells.iter_mut().for_each(|cell| cell.parent = None);
        let in_force =
            plan(lay_level(None, LevelRank(2), &cells, None, 1.0, &mut new_id).expect("nothing above"));
        let mut lay = |drawn: &[DrawnCell]| {
            let problems = lay_level(Some(&in_force), LevelRank(0), drawn, None, 1.0, &mut new_id);
            problems.expect_err("too late")
        };
        let problems = lay(&townships());
        assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::LevelOrder]);
        assert!(problems[0].message.contains("\"c-1\" among them"), "{}", problems[0].message);
        let mut overlapping = townships();
        overlapping.push(drawn("t-3", 2, None, rectangle(15, 0, 25, 10)));
        let problems = lay(&overlapping);
        assert_eq!(problems[0].code, Code::LevelOrder);
        let overlap = problems.iter().find(|problem| problem.code == Code::Overlap).expect("told too");
        assert_eq!(overlap.features, ["t-2", "t-3"]);
    }

    #[test]
    fn an_addition_to_a_level_that_overlaps_cells_below_its_others_is_told_as_an_overlap_with_them() {
        let mut new_id = ids(0);
        let in_force =
            plan(lay_level(None, LevelRank(0), &townships(), None, 1.0, &mut new_id).expect("clean"));
        let in_force =
            plan(lay_level(Some(&in_force), LevelRank(2), &cells(), None, 1.0, &mut new_id).expect("clean"));
        let mut more = townships();
        more.push(drawn("t-3", 2, None, rectangle(-5, 0, 2, 10)));
        let problems = lay_level(Some(&in_force), LevelRank(0), &more, None, 1.0, &mut new_id);
        let problems = problems.expect_err("it overlaps");
        assert!(problems.iter().all(|problem| problem.code != Code::LevelOrder), "{problems:?}");
        let overlap = problems.iter().find(|problem| problem.code == Code::Overlap).expect("told");
        let mut between = overlap.features.clone();
        between.sort_unstable();
        assert_eq!(between, ["c-1", "t-3"]);
    }

    #[test]
    fn a_parent_is_found_by_the_largest_area_where_the_file_names_none() {
        let mut new_id = ids(0);
        let in_force =
            plan(lay_level(None, LevelRank(0), &townships(), None, 1.0, &mut new_id).expect("clean"));
        let mut cells = cells();
        cells.iter_mut().for_each(|cell| cell.parent = None);
        let next =
            plan(lay_level(Some(&in_force), LevelRank(2), &cells, None, 1.0, &mut new_id).expect("clean"));
        let parent =
            next.cell_by_code("c-1").expect("laid").parent.and_then(|id| next.cell(id)).expect("found");
        assert_eq!(parent.code.as_str(), "t-1");
    }

    #[test]
    fn every_problem_has_its_place_in_the_file() {
        let mut new_id = ids(0);
        let in_force =
            plan(lay_level(None, LevelRank(0), &townships(), None, 1.0, &mut new_id).expect("clean"));
        let check = |cells: &[DrawnCell], code: Code, index: usize| {
            let problems = lay_level(Some(&in_force), LevelRank(2), cells, None, 1.0, &mut ids(100))
                .expect_err("refused");
            let fits = |problem: &&Problem| problem.code == code && problem.indexes.contains(&index);
            let found = problems.iter().find(fits);
            let problem = found.unwrap_or_else(|| panic!("{code:?} at {index} in {problems:?}"));
            assert!(problem.line.is_some() && problem.pointer.is_some(), "{problem:?}");
        };
        let mut twice = cells();
        twice[1].code = twice[0].code.clone();
        check(&twice, Code::DuplicateId, 1);
        let mut orphan = cells();
        orphan[1].parent = Some("t-9".to_owned());
        check(&orphan, Code::ParentMismatch, 1);
        let mut elsewhere = cells();
        elsewhere[1].parent = Some("t-2".to_owned());
        check(&elsewhere, Code::ParentMismatch, 1);
        let mut overlapping = cells();
        overlapping[1].polygons = rectangle(4, 0, 10, 10);
        let problems = lay_level(Some(&in_force), LevelRank(2), &overlapping, None, 1.0, &mut ids(100));
        assert!(problems.expect_err("overlap").iter().any(|problem| problem.severity == Severity::Error));
    }

    #[test]
    fn ground_that_belongs_to_nobody_on_purpose_stays_so_until_somebody_says_otherwise() {
        let around = || {
            let mut around = drawn("t-1", 0, None, rectangle(0, 0, 10, 10));
            let mut hole = rectangle(4, 4, 6, 6).remove(0).exterior;
            hole.reverse();
            around.polygons[0].holes.push(hole);
            vec![around]
        };
        let lay = |current: Option<&Plan>, voids: Option<&[Polygon]>| {
            lay_level(current, LevelRank(0), &around(), voids, 1.0, &mut ids(0))
        };
        let problems = lay(None, None).expect_err("nobody declared it");
        assert_eq!(problems[0].code, Code::Gap, "{problems:?}");
        let in_force = plan(lay(None, Some(&rectangle(4, 4, 6, 6))).expect("declared"));
        assert_eq!(in_force.coverage().voids().len(), 1);
        assert!(!lay(Some(&in_force), None).expect("declared before").is_news());
        assert!(lay(Some(&in_force), Some(&[])).is_err(), "declared no more");
    }
}
