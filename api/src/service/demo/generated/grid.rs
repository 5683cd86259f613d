//! The two plans of the generated town: before its last redraw, and since.

use domain::cell::{Cell, CellCode, CellKind, CellSetting};
use domain::district::District;
use domain::ids::{CellId, PlanVersion};
use domain::level::LevelRank;
use domain::plan::{Plan, PlanParts};
use domain::text::LocalTexts;
use geo_tools::generate::{self, Town};

use crate::service::Services;
use crate::service::demo::DemoError;

/// A cell of the generator on its way into a plan.
struct Laid<'a> {
    drawn: &'a generate::Cell,
    rank: u8,
    parent: Option<CellId>,
    /// Whether it has other ground than in the plan before.
    is_redrawn: bool,
}

impl Services {
    /// The town's first plan, or where that is given, the second: cells that were there keep their ids.
    pub(super) fn generated_plan(
        &self,
        town: &Town,
        district: &District,
        before: Option<&Plan>,
    ) -> Result<Plan, DemoError> {
        let (leaves, coverage) = match before {
            None => town.before_redraw(),
            Some(_) => ((0..town.cells.len()).collect(), town.coverage.clone()),
        };
        let mut cells = Vec::new();
        let mut lay = |laid: Laid<'_>| -> Result<CellId, DemoError> {
            let cell = self.generated_cell(&laid, town, before)?;
            let id = cell.id;
            cells.push(cell);
            Ok(id)
        };
        let mut township_ids = Vec::new();
        for drawn in &town.townships {
            township_ids.push(lay(Laid { drawn, rank: 0, parent: None, is_redrawn: false })?);
        }
        let mut community_ids = Vec::new();
        for drawn in &town.communities {
            let parent = Some(township_ids[drawn.parent]);
            community_ids.push(lay(Laid { drawn, rank: 1, parent, is_redrawn: false })?);
        }
        let mut leaf_cells = Vec::new();
        for cell in leaves {
            let drawn = &town.cells[cell];
            let parent = Some(community_ids[drawn.parent]);
            let is_redrawn = town.split_from.values().any(|host| *host == cell);
            leaf_cells.push(lay(Laid { drawn, rank: 2, parent, is_redrawn })?);
        }
        let version = next_version(before);
        let in_force_since = self.clock.now();
        let parts = PlanParts { district: district.id, version, in_force_since, cells, leaf_cells, coverage };
        Plan::assemble(parts).map_err(|_| DemoError::Data("the generated grid is no plan"))
    }

    fn generated_cell(&self, laid: &Laid<'_>, town: &Town, before: Option<&Plan>) -> Result<Cell, DemoError> {
        let Laid { drawn, rank, parent, is_redrawn } = *laid;
        let known = before.and_then(|plan| plan.cell_by_code(&drawn.code));
        let unchanged_since = known.filter(|_| !is_redrawn).map(|cell| cell.since);
        let names = [("zh", drawn.name.as_str()), ("en", drawn.name_en.as_str())];
        let is_city = town.townships.len() > 1;
        Ok(Cell {
            id: known.map_or_else(|| CellId(self.ids.next_id()), |cell| cell.id),
            code: CellCode::parse(&drawn.code).map_err(|_| DemoError::Data("a generated code"))?,
            rank: LevelRank(rank),
            names: LocalTexts::new(names).map_err(|_| DemoError::Data("a generated name"))?,
            parent,
            kind: CellKind::Base,
            setting: if is_city { CellSetting::Urban } else { CellSetting::Rural },
            since: unchanged_since.unwrap_or_else(|| next_version(before)),
        })
    }
}

fn next_version(before: Option<&Plan>) -> PlanVersion {
    PlanVersion(before.map_or(1, |plan| plan.version().0 + 1))
}
