//! The demo's grid: blocks of a real town, put together to invented cells.

use std::collections::{BTreeMap, HashMap};

use domain::cell::{Cell, CellCode, CellKind, CellSetting};
use domain::district::District;
use domain::ids::{CellId, PlanVersion};
use domain::level::LevelRank;
use domain::plan::{Plan, PlanParts};
use domain::text::LocalTexts;
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::{Geometry, Polygon};

use super::DemoError;
use crate::service::Services;

const BLOCKS: &[u8] = include_bytes!("../../../demo/town-helsinki/blocks.geojson.gz");
const GRID: &str = include_str!("../../../demo/grid.csv");
const TOWNSHIP_CODE: &str = "990101001";
/// The columns of `grid.csv` with the codes, from the largest down; the names follow each.
const LEVELS: [&str; 3] = ["community", "cell", "micro_cell"];

/// The tree of the grid, and which blocks each leaf is made of.
struct Grid {
    cells: Vec<Cell>,
    leaves: BTreeMap<String, Vec<String>>,
}

impl Services {
    /// The demo's first plan: a township, communities, cells, and micro-cells of whole blocks.
    pub(super) fn demo_plan(&self, district: &District) -> Result<Plan, DemoError> {
        let grid = self.demo_grid()?;
        let blocks = blocks()?;
        let ids: HashMap<&str, CellId> =
            grid.cells.iter().map(|cell| (cell.code.as_str(), cell.id)).collect();
        let mut areas = Vec::new();
        let mut leaf_cells = Vec::new();
        for (code, units) in &grid.leaves {
            let polygons: Option<Vec<&Vec<Polygon>>> = units.iter().map(|unit| blocks.get(unit)).collect();
            let polygons = polygons.ok_or(DemoError::Data("grid.csv names a block that is not there"))?;
            areas.push(Area {
                name: code.clone(),
                polygons: polygons.into_iter().flatten().cloned().collect(),
            });
            let id = ids.get(code.as_str()).ok_or(DemoError::Data("grid.csv lacks a micro-cell"))?;
            leaf_cells.push(*id);
        }
        let built = build(&areas, &BuildOptions::default());
        let coverage = built.coverage.ok_or(DemoError::Data("the blocks are no coverage"))?;
        Plan::assemble(PlanParts {
            district: district.id,
            version: PlanVersion(1),
            in_force_since: self.clock.now(),
            cells: grid.cells,
            leaf_cells,
            coverage,
        })
        .map_err(|_| DemoError::Data("the grid is no plan"))
    }

    fn demo_grid(&self) -> Result<Grid, DemoError> {
        let mut cells: BTreeMap<String, Cell> = BTreeMap::new();
        let mut leaves: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let names = [("zh", "赫尔辛基中心街道（示例）"), ("en", "Helsinki centre (demo)")];
        let township = self.demo_cell(TOWNSHIP_CODE, 0, names, None)?;
        let top = township.id;
        cells.insert(TOWNSHIP_CODE.to_owned(), township);
        let mut table = csv::Reader::from_reader(GRID.as_bytes());
        for row in table.deserialize::<HashMap<String, String>>() {
            let row = row.map_err(|_| DemoError::Data("grid.csv cannot be read"))?;
            let column = |name: &str| row.get(name).map(String::as_str).unwrap_or_default();
            let mut parent = top;
            for (rank, level) in (1..).zip(LEVELS) {
                let code = column(level);
                if !cells.contains_key(code) {
                    let (zh, en) = (format!("{level}_zh"), format!("{level}_en"));
                    let names = [("zh", column(&zh)), ("en", column(&en))];
                    cells.insert(code.to_owned(), self.demo_cell(code, rank, names, Some(parent))?);
                }
                parent = cells.get(code).map_or(parent, |cell| cell.id);
            }
            leaves.entry(column("micro_cell").to_owned()).or_default().push(column("unit").to_owned());
        }
        Ok(Grid { cells: cells.into_values().collect(), leaves })
    }

    fn demo_cell(
        &self,
        code: &str,
        rank: u8,
        names: [(&str, &str); 2],
        parent: Option<CellId>,
    ) -> Result<Cell, DemoError> {
        Ok(Cell {
            id: CellId(self.ids.next_id()),
            code: CellCode::parse(code).map_err(|_| DemoError::Data("grid.csv has a bad code"))?,
            rank: LevelRank(rank),
            names: LocalTexts::new(names).map_err(|_| DemoError::Data("grid.csv has a bad name"))?,
            parent,
            kind: CellKind::Base,
            setting: CellSetting::Urban,
            since: PlanVersion(1),
        })
    }
}

/// The polygons of each block by its id.
fn blocks() -> Result<HashMap<String, Vec<Polygon>>, DemoError> {
    let mut blocks = HashMap::new();
    for item in geojson::read(BLOCKS, &Caps::default()) {
        match item {
            Item::Feature(feature) => {
                if let (Some(id), Some(Geometry::MultiPolygon(polygons))) = (feature.id, feature.geometry) {
                    blocks.insert(id, polygons);
                }
            }
            Item::Problem(_) => return Err(DemoError::Data("the blocks cannot be read")),
        }
    }
    Ok(blocks)
}
