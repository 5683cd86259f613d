//! Plans (网格方案): a whole partition of a district, with its tree of cells, its borders and its spatial index.
//!
//! Start at [`Plan::assign`] and [`Plan::locate`]. The borders are a [`Coverage`]; leaves of it are leaf cells, and a
//! parent's polygon is the union of its leaves.
//!
//! Invariant: a published plan never changes; whoever holds one keeps seeing the version they started with.
//! Invariant: every leaf of the coverage is a cell without children, and the parents form a tree whose levels descend.

mod level;
mod location;
mod tolerance;

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use geo_tools::coverage::{Coverage, Leaf};
use geo_tools::locator::Locator;
use geo_tools::{Bounds, Polygon};

use crate::cell::Cell;
use crate::ids::{CellId, DistrictId, PlanVersion};

pub use level::{DrawnCell, NextPlan, lay_level};
pub use location::{Assignment, Candidate, Location, LocationMethod};
pub use tolerance::Tolerance;

/// Cells that stand one after the other have codes like each other's, and so mostly lie close together.
const BLOCK_CELLS: usize = 32;

/// A published plan.
pub struct Plan {
    district: DistrictId,
    version: PlanVersion,
    in_force_since: DateTime<Utc>,
    cells: Vec<Cell>,
    index_by_id: HashMap<CellId, usize>,
    index_by_code: HashMap<String, usize>,
    children: Vec<Vec<usize>>,
    leaf_cells: Vec<usize>,
    leaves_by_id: HashMap<CellId, Leaf>,
    /// The box around each cell.
    boxes: Vec<Bounds>,
    /// The box around each [`BLOCK_CELLS`] of them.
    blocks: Vec<Bounds>,
    coverage: Coverage,
    locator: Locator,
}

/// What a plan is put together from.
#[derive(Debug)]
pub struct PlanParts {
    /// The district.
    pub district: DistrictId,
    /// The version.
    pub version: PlanVersion,
    /// When it was published.
    pub in_force_since: DateTime<Utc>,
    /// Every cell of every level.
    pub cells: Vec<Cell>,
    /// The cell that each leaf of the coverage is, in the coverage's order.
    pub leaf_cells: Vec<CellId>,
    /// The borders.
    pub coverage: Coverage,
}

/// Why parts are not a plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanDefect {
    /// Two cells with one id.
    #[error("cell {code} stands in the plan twice")]
    Repeated {
        /// The code of it.
        code: String,
    },
    /// Two cells with one code.
    #[error("code {code} is given to two cells")]
    RepeatedCode {
        /// The code of it.
        code: String,
    },
    /// A parent that is not in the plan, or not on a larger level.
    #[error("cell {code} has a parent that is not in the plan or not on a larger level")]
    Parent {
        /// The code of it.
        code: String,
    },
    /// A leaf whose cell is not in the plan, or is a parent, or has another leaf already.
    #[error("leaf {leaf} of the coverage is not a cell without children of its own")]
    Leaf {
        /// Its index.
        leaf: usize,
    },
    /// A cell without children that has no leaf.
    #[error("cell {code} has neither children nor an area")]
    NoArea {
        /// The code of it.
        code: String,
    },
}

impl Plan {
    /// Puts a plan together and builds its spatial index. Cells are kept by level, then code.
    ///
    /// # Errors
    /// The first [`PlanDefect`] found.
    pub fn assemble(mut parts: PlanParts) -> Result<Self, PlanDefect> {
        parts.cells.sort_by(|a, b| (a.rank, &a.code).cmp(&(b.rank, &b.code)));
        let cells = parts.cells;
        let (index_by_id, index_by_code) = indexes(&cells)?;
        let children = children(&cells, &index_by_id)?;
        let mut leaf_cells = Vec::with_capacity(parts.leaf_cells.len());
        let mut leaves_by_id = HashMap::with_capacity(parts.leaf_cells.len());
        for (leaf, id) in parts.leaf_cells.iter().enumerate() {
            let number = u32::try_from(leaf).map_err(|_| PlanDefect::Leaf { leaf })?;
            match index_by_id.get(id) {
                Some(&index) if children[index].is_empty() => leaf_cells.push(index),
                _ => return Err(PlanDefect::Leaf { leaf }),
            }
            if leaves_by_id.insert(*id, Leaf(number)).is_some() {
                return Err(PlanDefect::Leaf { leaf });
            }
        }
        let bare = |(index, cell): &(usize, &Cell)| {
            children[*index].is_empty() && !leaves_by_id.contains_key(&cell.id)
        };
        if let Some((_, cell)) = cells.iter().enumerate().find(bare) {
            return Err(PlanDefect::NoArea { code: cell.code.as_str().to_owned() });
        }
        let boxes = boxes(&cells, &children, &leaves_by_id, &parts.coverage);
        let around = |block: &[Bounds]| block.iter().copied().reduce(Bounds::union);
        let blocks = boxes.chunks(BLOCK_CELLS).filter_map(around).collect();
        let locator = Locator::build(&parts.coverage);
        Ok(Self {
            district: parts.district,
            version: parts.version,
            in_force_since: parts.in_force_since,
            cells,
            index_by_id,
            index_by_code,
            children,
            leaf_cells,
            leaves_by_id,
            boxes,
            blocks,
            coverage: parts.coverage,
            locator,
        })
    }

    /// The district.
    pub fn district(&self) -> DistrictId {
        self.district
    }

    /// The version.
    pub fn version(&self) -> PlanVersion {
        self.version
    }

    /// When it was published.
    pub fn in_force_since(&self) -> DateTime<Utc> {
        self.in_force_since
    }

    /// Every cell, by level, then code.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The borders.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// What finds the leaf that a position lies in.
    pub fn locator(&self) -> &Locator {
        &self.locator
    }

    /// A cell by its id.
    pub fn cell(&self, id: CellId) -> Option<&Cell> {
        self.index_by_id.get(&id).map(|&index| &self.cells[index])
    }

    /// Where a cell stands in [`Plan::cells`].
    pub fn place(&self, id: CellId) -> Option<usize> {
        self.index_by_id.get(&id).copied()
    }

    /// A cell by its code.
    pub fn cell_by_code(&self, code: &str) -> Option<&Cell> {
        self.index_by_code.get(code).map(|&index| &self.cells[index])
    }

    /// The cells that a cell is cut into; none for a leaf or an unknown cell.
    pub fn children(&self, id: CellId) -> impl Iterator<Item = &Cell> {
        let children = self.index_by_id.get(&id).map_or(&[][..], |&index| &self.children[index]);
        children.iter().map(|&child| &self.cells[child])
    }

    /// The cells above a cell, from its parent up.
    pub fn ancestors(&self, id: CellId) -> impl Iterator<Item = &Cell> {
        let parent = |cell: &&Cell| cell.parent.and_then(|parent| self.cell(parent));
        std::iter::successors(self.cell(id), parent).skip(1)
    }

    /// A cell and all above it; empty for an unknown cell.
    pub fn lineage(&self, id: CellId) -> Vec<CellId> {
        self.cell(id).into_iter().chain(self.ancestors(id)).map(|cell| cell.id).collect()
    }

    /// The leaves of the coverage under a cell, the cell's own included.
    pub fn leaves_under(&self, id: CellId) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        let mut open: Vec<usize> = self.index_by_id.get(&id).copied().into_iter().collect();
        while let Some(index) = open.pop() {
            leaves.extend(self.leaves_by_id.get(&self.cells[index].id));
            open.extend(&self.children[index]);
        }
        leaves.sort_unstable();
        leaves
    }

    /// A cell's area: derived from the borders, wound as RFC 7946 says.
    pub fn polygons(&self, id: CellId) -> Vec<Polygon> {
        self.polygons_within(&self.coverage, id)
    }

    /// The smallest box around a cell; `None` for an unknown one.
    pub fn bounds(&self, id: CellId) -> Option<Bounds> {
        self.index_by_id.get(&id).map(|&index| self.boxes[index])
    }

    /// Where the cells stand in [`Plan::cells`] whose box overlaps another, of every level, by level, then code.
    pub fn places_overlapping(&self, bounds: Bounds) -> impl Iterator<Item = usize> {
        let blocks = self.boxes.chunks(BLOCK_CELLS).zip(&self.blocks).enumerate();
        let blocks = blocks.filter(move |(_, (_, around))| around.overlaps(&bounds));
        blocks.flat_map(move |(number, (boxes, _))| {
            let boxes = boxes.iter().enumerate().filter(move |(_, own)| own.overlaps(&bounds));
            boxes.map(move |(place, _)| number * BLOCK_CELLS + place)
        })
    }

    /// A cell's area in square metres, 0 for an unknown one.
    pub fn area_m2(&self, id: CellId) -> f64 {
        self.leaves_under(id).into_iter().map(|leaf| self.coverage.area_m2(leaf)).sum()
    }

    /// The leaf cell that a leaf of the coverage is.
    pub fn leaf_cell(&self, leaf: Leaf) -> Option<&Cell> {
        self.leaf_cells.get(leaf.0 as usize).map(|&index| &self.cells[index])
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plan = f.debug_struct("Plan");
        plan.field("district", &self.district).field("version", &self.version);
        plan.field("cells", &self.cells.len()).finish_non_exhaustive()
    }
}

type Indexes = (HashMap<CellId, usize>, HashMap<String, usize>);

fn indexes(cells: &[Cell]) -> Result<Indexes, PlanDefect> {
    let mut by_id = HashMap::with_capacity(cells.len());
    let mut by_code = HashMap::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let code = cell.code.as_str().to_owned();
        if by_id.insert(cell.id, index).is_some() {
            return Err(PlanDefect::Repeated { code });
        }
        if by_code.insert(code.clone(), index).is_some() {
            return Err(PlanDefect::RepeatedCode { code });
        }
    }
    Ok((by_id, by_code))
}

fn children(cells: &[Cell], by_id: &HashMap<CellId, usize>) -> Result<Vec<Vec<usize>>, PlanDefect> {
    let mut children = vec![Vec::new(); cells.len()];
    for (index, cell) in cells.iter().enumerate() {
        let Some(parent) = cell.parent else { continue };
        match by_id.get(&parent) {
            Some(&above) if cells[above].rank < cell.rank => children[above].push(index),
            _ => return Err(PlanDefect::Parent { code: cell.code.as_str().to_owned() }),
        }
    }
    Ok(children)
}

/// The box around each cell; those below a cell come after it.
fn boxes(
    cells: &[Cell],
    children: &[Vec<usize>],
    leaves: &HashMap<CellId, Leaf>,
    coverage: &Coverage,
) -> Vec<Bounds> {
    let mut boxes = vec![coverage.bounds(); cells.len()];
    for (index, cell) in cells.iter().enumerate().rev() {
        let own = leaves.get(&cell.id).map(|&leaf| coverage.leaf_bounds(leaf));
        let below = children[index].iter().map(|&child| boxes[child]);
        if let Some(around) = own.into_iter().chain(below).reduce(Bounds::union) {
            boxes[index] = around;
        }
    }
    boxes
}

#[cfg(test)]
mod tests {
    use geo_tools::coverage::{Area, BuildOptions, build};

    use super::*;
    use crate::fixtures::{EAST, TOWNSHIP, WEST, at, cell, parts, plan};

    #[test]
    fn a_parents_polygon_is_the_union_of_its_leaves() {
        let plan = plan();
        let [township] = &plan.polygons(TOWNSHIP)[..] else { panic!("one polygon") };
        assert!(
            township.exterior.contains(&at(120.980, 14.600))
                && township.exterior.contains(&at(120.982, 14.601))
        );
        assert!(township.holes.is_empty());
        let sum_m2 = plan.area_m2(WEST) + plan.area_m2(EAST);
        assert!((plan.area_m2(TOWNSHIP) - sum_m2).abs() < 1e-6, "areas are sums of the leaves'");
        assert_eq!(plan.bounds(TOWNSHIP), plan.bounds(WEST).zip(plan.bounds(EAST)).map(|(w, e)| w.union(e)));
    }

    #[test]
    fn a_box_finds_the_cells_that_it_touches_by_level_then_code() {
        let plan = plan();
        let check = |west: f64, east: f64, expected: &[CellId]| {
            let bounds = Bounds::new(at(west, 14.6002), at(east, 14.6003)).expect("the right way round");
            let found: Vec<CellId> =
                plan.places_overlapping(bounds).map(|place| plan.cells()[place].id).collect();
            assert_eq!(found, expected, "{west} to {east}");
        };
        check(120.9802, 120.9803, &[TOWNSHIP, WEST]);
        check(120.9802, 120.981, &[TOWNSHIP, WEST, EAST]);
        check(120.9812, 121.0, &[TOWNSHIP, EAST]);
        check(120.9821, 121.0, &[]);
    }

    #[test]
    fn of_many_cells_a_box_finds_those_that_a_look_at_each_does() {
        const COUNT: u32 = 100;
        let edge = |number: u32| 120.98 + f64::from(number) * 0.001;
        let square = |number: u32| {
            let (west, east) = (edge(number), edge(number + 1));
            let exterior = vec![at(west, 14.600), at(east, 14.600), at(east, 14.601), at(west, 14.601)];
            Area { name: number.to_string(), polygons: vec![Polygon { exterior, holes: Vec::new() }] }
        };
        let id = |number: u32| CellId(uuid::Uuid::from_u128(1_000 + u128::from(number)));
        // Neighbours have codes that lie far apart.
        let code = |number: u32| format!("C{:03}", number * 37 % COUNT);
        let leaves = (0..COUNT).map(|number| cell(id(number), &code(number), 2, Some(TOWNSHIP)));
        let squares: Vec<Area> = (0..COUNT).map(square).collect();
        let coverage = build(&squares, &BuildOptions::default()).coverage.expect("a row of squares");
        let cells = leaves.chain([cell(TOWNSHIP, "T", 0, None)]).collect();
        let leaf_cells = (0..COUNT).map(id).collect();
        let plan = Plan::assemble(PlanParts { cells, leaf_cells, coverage, ..parts() }).expect("a plan");
        for (west, east) in [(0, 100), (0, 0), (99, 100), (31, 33), (40, 40), (7, 77)] {
            let corner = |number: u32, lat: f64| at(edge(number), lat);
            let bounds = Bounds::new(corner(west, 14.6002), corner(east, 14.6003)).expect("a box");
            let overlaps =
                |place: &usize| plan.bounds(plan.cells()[*place].id).is_some_and(|own| own.overlaps(&bounds));
            let expected: Vec<usize> = (0..plan.cells().len()).filter(overlaps).collect();
            assert!(!expected.is_empty());
            assert_eq!(plan.places_overlapping(bounds).collect::<Vec<_>>(), expected, "{west} to {east}");
        }
    }

    #[test]
    fn the_tree_is_walked_up_and_down() {
        let plan = plan();
        assert_eq!(plan.lineage(EAST), [EAST, TOWNSHIP]);
        assert_eq!(plan.children(TOWNSHIP).map(|cell| cell.id).collect::<Vec<_>>(), [WEST, EAST]);
        assert_eq!(plan.lineage(CellId(uuid::Uuid::from_u128(77))), []);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused_by_name() {
        let check = |change: &dyn Fn(&mut PlanParts), expected: PlanDefect| {
            let mut parts = parts();
            change(&mut parts);
            assert_eq!(Plan::assemble(parts).map(|_| ()), Err(expected));
        };
        check(&|parts| parts.leaf_cells[1] = TOWNSHIP, PlanDefect::Leaf { leaf: 1 });
        check(&|parts| parts.leaf_cells[1] = WEST, PlanDefect::Leaf { leaf: 1 });
        check(&|parts| parts.cells[0].parent = Some(WEST), PlanDefect::Parent { code: "W2".into() });
        check(&|parts| parts.cells.push(parts.cells[0].clone()), PlanDefect::Repeated { code: "W2".into() });
        let twin = cell(CellId(uuid::Uuid::from_u128(4)), "W1", 2, Some(TOWNSHIP));
        check(&|parts| parts.cells.push(twin.clone()), PlanDefect::RepeatedCode { code: "W1".into() });
        let bare = cell(CellId(uuid::Uuid::from_u128(4)), "W3", 2, Some(TOWNSHIP));
        check(&|parts| parts.cells.push(bare.clone()), PlanDefect::NoArea { code: "W3".into() });
    }
}
