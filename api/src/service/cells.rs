//! Use cases for cells: lists of them, one of them, and the figures on each.
//!
//! The grid is for everybody; of postings the public sees those that are public. Start at [`Services::cells`].

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use domain::access::{Action, Personal, grid_scope, incident_scope};
use domain::cell::Cell;
use domain::district::District;
use domain::ids::{CellId, DistrictId, PlanVersion};
use domain::input::{InputCode, quoted};
use domain::level::LevelRank;
use domain::page::PageSize;
use domain::plan::{Plan, Tolerance};
use domain::staff::Posting;
use domain::viewer::Viewer;
use geo_tools::{Bounds, Datum};

use super::incidents::{IncidentCounts, IncidentFilter, total};
use super::plans::At;
use super::{ServiceError, Services};

pub use crate::store::Area;

/// A cell as it stands in one plan.
#[derive(Clone, Debug)]
pub struct CellInPlan {
    /// The district.
    pub district: Arc<District>,
    /// The plan.
    pub plan: Arc<Plan>,
    /// The cell.
    pub cell: Cell,
}

/// Names a cell in one version of the plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CellName {
    /// The district.
    pub district: DistrictId,
    /// The version.
    pub version: PlanVersion,
    /// The cell.
    pub cell: CellId,
}

/// Which cells are asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct CellQuery {
    /// The key of a level; `None` is every level.
    pub level: Option<String>,
    /// Which part of the district.
    pub area: Area,
    /// The moment.
    pub at: At,
}

/// The place of a cell in a list: by level, then code, in one plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellKey {
    /// The plan that the list was begun in.
    pub version: PlanVersion,
    /// The cell's level.
    pub rank: LevelRank,
    /// The cell's code.
    pub code: Arc<str>,
}

/// A page of cells of one plan. Which cells they are is known by their places; each is made for who asks for it.
#[derive(Clone, Debug)]
pub struct CellPage {
    district: Arc<District>,
    plan: Arc<Plan>,
    places: Vec<usize>,
    /// Whether there are more after them.
    pub has_more: bool,
    /// How many the whole list has.
    pub total_count: usize,
}

impl CellPage {
    /// The district.
    pub fn district(&self) -> &District {
        &self.district
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where the cells stand in [`Plan::cells`].
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// The cells.
    pub fn cells(&self) -> impl Iterator<Item = CellInPlan> + '_ {
        self.places.iter().filter_map(|&place| self.at(place))
    }

    /// The first and the last; one of them where there is one.
    pub fn ends(&self) -> impl Iterator<Item = CellInPlan> + '_ {
        let last = self.places.last().filter(|_| self.places.len() > 1);
        self.places.first().into_iter().chain(last).filter_map(|&place| self.at(place))
    }

    fn at(&self, place: usize) -> Option<CellInPlan> {
        let cell = self.plan.cells().get(place)?.clone();
        Some(CellInPlan { district: Arc::clone(&self.district), plan: Arc::clone(&self.plan), cell })
    }
}

impl CellKey {
    /// Reads what `to_string` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let version = PlanVersion(parts.next()?.parse().ok()?);
        let rank = LevelRank(parts.next()?.parse().ok()?);
        Some(Self { version, rank, code: parts.next()?.into() })
    }
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.version, self.rank.0, self.code)
    }
}

impl CellInPlan {
    /// A cell of a plan; `None` where the plan does not have it.
    pub fn find(district: &Arc<District>, plan: &Arc<Plan>, id: CellId) -> Option<Self> {
        let cell = plan.cell(id)?.clone();
        Some(Self { district: Arc::clone(district), plan: Arc::clone(plan), cell })
    }

    /// Its place in a list.
    pub fn key(&self) -> CellKey {
        CellKey { version: self.plan.version(), rank: self.cell.rank, code: self.cell.code.shared() }
    }

    /// Names it.
    pub fn name(&self) -> CellName {
        CellName { district: self.district.id, version: self.plan.version(), cell: self.cell.id }
    }

    /// The smallest box around it.
    pub fn bounds(&self) -> Bounds {
        self.plan.bounds(self.cell.id).unwrap_or(self.plan.coverage().bounds())
    }

    /// The cell that it is part of.
    pub fn parent(&self) -> Option<Self> {
        Self::find(&self.district, &self.plan, self.cell.parent?)
    }

    /// The cells above it, from its parent up.
    pub fn ancestors(&self) -> Vec<Self> {
        self.plan.ancestors(self.cell.id).map(|cell| self.sibling(cell)).collect()
    }

    /// The cells that it is cut into, by code.
    pub fn children(&self) -> Vec<Self> {
        self.plan.children(self.cell.id).map(|cell| self.sibling(cell)).collect()
    }

    fn sibling(&self, cell: &Cell) -> Self {
        Self { district: Arc::clone(&self.district), plan: Arc::clone(&self.plan), cell: cell.clone() }
    }
}

impl Services {
    /// A page of a district's cells, by level, then code. A page after another stays in the plan that the first one saw.
    pub async fn cells(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        query: &CellQuery,
        after: Option<&CellKey>,
        first: PageSize,
    ) -> Result<CellPage, ServiceError> {
        let at = match (query.at, after) {
            (At::Now, Some(after)) => At::Version(after.version),
            (at, _) => at,
        };
        let plan = self.plan(viewer, district, at).await?;
        let rank = query.level.as_deref().map(|level| rank_of(district, level)).transpose()?;
        let mut places = places_in_area(&plan, rank, query.area)?;
        let total_count = places.len();
        if let Some(key) = after {
            let is_after = |cell: &Cell| (cell.rank, cell.code.as_str()) > (key.rank, &*key.code);
            places.retain(|&place| is_after(&plan.cells()[place]));
        }
        let rows = usize::try_from(first.rows()).unwrap_or(usize::MAX);
        let has_more = places.len() > rows;
        places.truncate(rows);
        Ok(CellPage { district: Arc::clone(district), plan, places, has_more, total_count })
    }

    /// The cell with a code; `None` where the plan does not have it.
    pub async fn cell(
        &self,
        viewer: &Viewer,
        district: &str,
        code: &str,
        at: At,
    ) -> Result<Option<CellInPlan>, ServiceError> {
        let district = self.district(viewer, district).await?;
        let plan = self.plan(viewer, &district, at).await?;
        let id = plan.cell_by_code(code).map(|cell| cell.id);
        Ok(id.and_then(|id| CellInPlan::find(&district, &plan, id)))
    }

    /// The cell with an id, in a version of the plan or in the one in force; `None` where it is not there.
    pub async fn cell_by_id(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        id: CellId,
        version: Option<PlanVersion>,
    ) -> Result<Option<CellInPlan>, ServiceError> {
        let district = self.district_by_id(viewer, district).await?;
        let at = version.map_or(At::Now, At::Version);
        let plan = match self.plan(viewer, &district, at).await {
            Ok(plan) => plan,
            Err(ServiceError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(CellInPlan::find(&district, &plan, id))
    }

    /// A cell's area as a GeoJSON MultiPolygon, its border at most so many metres from the true one; neighbours that are asked
    /// for alike share every position.
    ///
    /// # Errors
    /// A distance below 0.
    pub async fn cell_area(
        &self,
        viewer: &Viewer,
        cell: &CellInPlan,
        simplify_m: f64,
        datum: Datum,
    ) -> Result<Bytes, ServiceError> {
        viewer.require(Action::ReadGrid, cell.district.id)?;
        if simplify_m < 0.0 {
            let message = format!("simplifyM is {simplify_m}; a distance in metres from 0 up is allowed");
            return Err(ServiceError::problem(InputCode::InvalidNumber, message, &["simplifyM"]));
        }
        let drawing = self.cache.drawing(&cell.plan, Tolerance::at_most(simplify_m), datum).await;
        Ok(drawing.map_err(ServiceError::internal)?.area(cell.cell.id))
    }

    /// How many incidents in some cells of one plan the viewer may see; what is below a cell counts for it. Cells of which the
    /// viewer does not see all are left out, and all of them where another plan is in force: who lies in which cell is kept
    /// of the present only.
    pub async fn cell_counts(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        version: PlanVersion,
        cells: &[CellId],
        filter: &IncidentFilter,
    ) -> Result<HashMap<CellId, IncidentCounts>, ServiceError> {
        let district = &*self.district_by_id(viewer, district).await?;
        viewer.require(Action::ReadIncidents, district.id)?;
        if district.plan_version != Some(version) {
            return Ok(HashMap::new());
        }
        let plan = &*self.plan(viewer, district, At::Version(version)).await?;
        let scope = incident_scope(viewer, district.id);
        let told: Vec<CellId> =
            cells.iter().copied().filter(|cell| scope.covers(&plan.lineage(*cell))).collect();
        let leaves = leaves_of(plan, &told);
        let every: Vec<CellId> = leaves.values().flatten().copied().collect();
        let by_leaf = self.incident_counts(&scope, district, Some(&every), filter).await?;
        let count = |leaf: &CellId| by_leaf.get(&Some(*leaf)).copied();
        let sum = |leaves: Vec<CellId>| total(leaves.iter().filter_map(count));
        Ok(leaves.into_iter().map(|(cell, leaves)| (cell, sum(leaves))).collect())
    }

    /// How many households some cells of one plan have; what is below a cell counts for it. None are told where another plan is
    /// in force, as above.
    pub async fn household_counts(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        version: PlanVersion,
        cells: &[CellId],
    ) -> Result<HashMap<CellId, u32>, ServiceError> {
        let district = &*self.district_by_id(viewer, district).await?;
        if district.plan_version != Some(version) {
            return Ok(HashMap::new());
        }
        let plan = &*self.plan(viewer, district, At::Version(version)).await?;
        let by_leaf = self.store.household_counts(district.id).await.map_err(ServiceError::internal)?;
        let sum =
            |leaves: Vec<CellId>| leaves.iter().filter_map(|leaf| by_leaf.get(&Some(*leaf))).sum::<u32>();
        Ok(leaves_of(plan, cells).into_iter().map(|(cell, leaves)| (cell, sum(leaves))).collect())
    }

    /// Who is responsible for some cells now. Names of posts that are not public are for those who may read postings.
    pub async fn postings(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        cells: &[CellId],
    ) -> Result<HashMap<CellId, Vec<Posting>>, ServiceError> {
        viewer.require(Action::ReadGrid, district)?;
        let scope = grid_scope(viewer, district);
        let postings = self.store.postings(district, cells, self.clock.now()).await;
        let mut by_cell: HashMap<CellId, Vec<Posting>> = HashMap::new();
        for posting in postings.map_err(ServiceError::internal)? {
            if scope.personal() == Personal::Shown || posting.role.is_public() {
                by_cell.entry(posting.cell).or_default().push(posting);
            }
        }
        Ok(by_cell)
    }
}

fn rank_of(district: &District, level: &str) -> Result<LevelRank, ServiceError> {
    district.rules.rank_of(level).ok_or_else(|| {
        let allowed: Vec<&str> = district.rules.levels().iter().map(|level| level.key.as_str()).collect();
        let message = format!("there is no level {}; allowed are {}", quoted(level), allowed.join(", "));
        ServiceError::problem(InputCode::UnknownLevel, message, &["level"])
    })
}

/// The cells of a plan in an area, by level, then code.
///
/// # Errors
/// [`ServiceError::NotFound`] where the area is that of a cell that the plan does not have.
pub fn in_area(plan: &Plan, rank: Option<LevelRank>, area: Area) -> Result<Vec<&Cell>, ServiceError> {
    let places = places_in_area(plan, rank, area)?;
    Ok(places.into_iter().map(|place| &plan.cells()[place]).collect())
}

/// Where they stand in [`Plan::cells`].
fn places_in_area(plan: &Plan, rank: Option<LevelRank>, area: Area) -> Result<Vec<usize>, ServiceError> {
    let place_of = |id: CellId| plan.place(id).ok_or_else(|| ServiceError::not_found("cell", id));
    let all = 0..plan.cells().len();
    // Cells stand by level, so that none of them need be looked at for its own.
    let of_rank = rank.map_or(all.clone(), |rank| {
        let start = plan.cells().partition_point(|cell| cell.rank < rank);
        start..plan.cells().partition_point(|cell| cell.rank <= rank)
    });
    let is_of_rank = |place: &usize| of_rank.contains(place);
    Ok(match area {
        Area::Everywhere => all.filter(is_of_rank).collect(),
        Area::Within(bounds) => plan.places_overlapping(bounds).filter(is_of_rank).collect(),
        Area::Cell(id) => std::iter::once(place_of(id)?).filter(is_of_rank).collect(),
        Area::Subtree(root) => {
            let root_place = place_of(root)?;
            let is_below = |place: &usize| {
                let mut above = plan.ancestors(plan.cells()[*place].id);
                *place == root_place || above.any(|above| above.id == root)
            };
            all.filter(is_of_rank).filter(is_below).collect()
        }
    })
}

fn leaves_of(plan: &Plan, cells: &[CellId]) -> HashMap<CellId, Vec<CellId>> {
    let leaves = |id: CellId| {
        let leaves = plan.leaves_under(id).into_iter();
        leaves.filter_map(|leaf| plan.leaf_cell(leaf)).map(|cell| cell.id).collect()
    };
    cells.iter().map(|&id| (id, leaves(id))).collect()
}
