//! A town: blocks between streets, put together to cells of three levels.

use std::collections::BTreeMap;

use crate::coverage::{Border, Coverage, Leaf};
use crate::generate::buildings::{self, Building};
use crate::generate::days::Day;
use crate::generate::levels::Levels;
use crate::generate::mesh::{Mesh, MeshShape, Node};
use crate::generate::outline::outline;
use crate::generate::ownership::Ownership;
use crate::generate::streets::{self, Street};
use crate::geometry::Polygon;

/// How many blocks a cell has on average.
const BLOCKS_PER_CELL: usize = 20;
/// The middle of every town, near 113.74 E, 34.40 N, and the size of a block: about 90 metres.
const MIDDLE_LON_E7: f64 = 1_137_400_000.0;
const MIDDLE_LAT_E7: f64 = 344_000_000.0;
const COLUMN_STEP_E7: f64 = 9_800.0;
const ROW_STEP_E7: f64 = 8_110.0;
const MAX_CELLS: u32 = 20_000;
const MAX_HOUSEHOLDS: u32 = 20_000_000;

/// Which town.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TownOptions {
    /// How many townships, exactly.
    pub townships: u32,
    /// How many villages and communities, exactly; at least one a township.
    pub communities: u32,
    /// How many cells, exactly; at least one a village, at most 20 000.
    pub cells: u32,
    /// How many households, exactly; at most 20 million.
    pub households: u32,
    /// The last day of its half year of history.
    pub until: Day,
    /// The same seed gives the same town.
    pub seed: u64,
}

impl TownOptions {
    /// A small town: 1 township, 17 villages, 56 cells, 8 857 households; with other cells, the rest in proportion.
    pub fn town_cn(cells: u32, seed: u64, until: Day) -> Self {
        let scaled = |of_56: u64| ((u64::from(cells) * of_56 + 28) / 56).max(1) as u32;
        Self { townships: 1, communities: scaled(17), cells, households: scaled(8_857), until, seed }
    }

    /// A city: ten cells a community, ten communities a township, 400 households a cell.
    pub fn city(cells: u32, seed: u64, until: Day) -> Self {
        let communities = cells.div_ceil(10).max(1);
        let households = cells.saturating_mul(400).min(MAX_HOUSEHOLDS);
        Self { townships: communities.div_ceil(10), communities, cells, households, until, seed }
    }

    fn check(&self) -> Result<(), InvalidTown> {
        let Self { townships, communities, cells, households, .. } = *self;
        if !(1..=MAX_CELLS).contains(&cells) {
            return Err(InvalidTown::Cells { cells });
        }
        if townships == 0 || communities < townships || cells < communities {
            return Err(InvalidTown::Levels { townships, communities, cells });
        }
        if communities.div_ceil(townships) > 700 || households > MAX_HOUSEHOLDS {
            return Err(InvalidTown::Households { households });
        }
        Ok(())
    }
}

/// Why there is no such town.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTown {
    /// Too few or too many cells.
    #[error("a town of {cells} cells cannot be made; 1 to {MAX_CELLS} are allowed")]
    Cells {
        /// How many were asked for.
        cells: u32,
    },
    /// More of a level than of the one below it.
    #[error(
        "{townships} townships, {communities} villages, {cells} cells: each needs one of the next at least, and there must be a township"
    )]
    Levels {
        /// How many townships were asked for.
        townships: u32,
        /// How many villages and communities.
        communities: u32,
        /// How many cells.
        cells: u32,
    },
    /// Too many households.
    #[error("a town of {households} households cannot be made; at most {MAX_HOUSEHOLDS} are allowed")]
    Households {
        /// How many were asked for.
        households: u32,
    },
}

/// A cell of one of the three levels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// 9, 12 or 15 digits: county, township, village, cell.
    pub code: String,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English, the Chinese one read in Pinyin: `Cuijiapo Village`, `Cuijiapo cell 3`.
    pub name_en: String,
    /// Index of the cell above in the list of its level; 0 for townships.
    pub parent: usize,
    /// The leaves of the coverage that it is made of.
    pub leaves: Vec<Leaf>,
}

/// The ground between streets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its code: `B` and six digits.
    pub code: String,
    /// The cell that it belongs to.
    pub cell: Leaf,
    pub(crate) node: Node,
}

/// A generated town.
#[derive(Clone, Debug)]
pub struct Town {
    /// What it was made with.
    pub options: TownOptions,
    /// The largest level: 乡镇.
    pub townships: Vec<Cell>,
    /// The middle level: villages and communities, 村 and 社区.
    pub communities: Vec<Cell>,
    /// The lowest level: 网格. The i-th is the i-th leaf of the coverage.
    pub cells: Vec<Cell>,
    /// For each cell that was made lately, the one that its ground belonged to before.
    pub split_from: BTreeMap<usize, usize>,
    /// The cells' ground.
    pub coverage: Coverage,
    /// Its blocks; cells are made of them.
    pub blocks: Vec<Block>,
    /// Its streets, along the sides of blocks.
    pub streets: Vec<Street>,
    /// Its buildings, in the order of their cells.
    pub buildings: Vec<Building>,
    pub(crate) mesh: Mesh,
}

impl Town {
    /// Makes a town.
    ///
    /// # Errors
    /// [`InvalidTown`] where there can be no such town.
    pub fn generate(options: &TownOptions) -> Result<Self, InvalidTown> {
        options.check()?;
        let mut ground = outline(options.cells as usize * BLOCKS_PER_CELL, options.seed);
        let mesh = Mesh::new(shape(&ground), options.seed);
        let levels = Levels::cut(&mut ground, options);
        let coverage = covered(&ground, &mesh, options.cells as usize);
        let streets = streets::streets(&ground, &mesh, options.seed);
        let blocks: Vec<Block> = (0..ground.owners.len())
            .filter_map(|square| ground.owners[square].map(|cell| (square, cell)))
            .enumerate()
            .map(|(number, (square, cell))| Block {
                code: format!("B{:06}", number + 1),
                cell: Leaf(cell),
                node: ground.node(square),
            })
            .collect();
        let Levels { townships, communities, cells, split_from } = levels;
        let mut town = Self {
            options: *options,
            townships,
            communities,
            cells,
            split_from,
            coverage,
            blocks,
            streets,
            buildings: Vec::new(),
            mesh,
        };
        town.buildings = buildings::buildings(&town);
        Ok(town)
    }

    /// The cells' ground before the last redraw: which cells there were, and for each the leaf of it.
    ///
    /// What was made lately belongs to the cell that it was split from.
    pub fn before_redraw(&self) -> (Vec<usize>, Coverage) {
        let earlier: Vec<usize> =
            (0..self.cells.len()).filter(|cell| !self.split_from.contains_key(cell)).collect();
        let leaf_before = |leaf: Leaf| {
            let cell = self.split_from.get(&leaf.index()).copied().unwrap_or(leaf.index());
            Leaf(earlier.partition_point(|&other| other < cell) as u32)
        };
        let joined = self.coverage.borders().iter().map(|border| Border {
            line: border.line.clone(),
            left: border.left.map(leaf_before),
            right: border.right.map(leaf_before),
        });
        let borders = joined.filter(|border| border.left != border.right).collect();
        #[expect(
            clippy::expect_used,
            reason = "an enclave has one neighbour: all its borders go; seeds are tested"
        )]
        let coverage = Coverage::from_borders(earlier.len(), borders).expect("the rest of a coverage");
        (earlier, coverage)
    }

    /// The ground of a block.
    pub fn block_polygon(&self, block: &Block) -> Polygon {
        Polygon { exterior: self.mesh.outline(block.node), holes: Vec::new() }
    }

    /// The ground of a cell of any level.
    pub fn polygons(&self, cell: &Cell) -> Vec<Polygon> {
        match cell.leaves.as_slice() {
            [only] => self.coverage.polygons(*only),
            leaves => self.coverage.union(leaves),
        }
    }
}

fn shape(ground: &Ownership) -> MeshShape {
    MeshShape {
        columns: ground.columns,
        rows: ground.rows,
        west_e7: (MIDDLE_LON_E7 - ground.columns as f64 / 2.0 * COLUMN_STEP_E7).round(),
        south_e7: (MIDDLE_LAT_E7 - ground.rows as f64 / 2.0 * ROW_STEP_E7).round(),
        column_step_e7: COLUMN_STEP_E7,
        row_step_e7: ROW_STEP_E7,
        jitter: 0.1,
        wiggle: 0.05,
        pieces: 4,
    }
}

#[expect(clippy::expect_used, reason = "sides of a mesh meet only at nodes; a hundred seeds are tested")]
fn covered(ground: &Ownership, mesh: &Mesh, leaf_count: usize) -> Coverage {
    Coverage::from_borders(leaf_count, ground.borders(mesh)).expect("sides of a mesh meet only at nodes")
}
