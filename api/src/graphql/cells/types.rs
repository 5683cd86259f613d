//! A cell as it goes out, and pages of cells.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::ids::DistrictId;

use crate::graphql::context::ContextExt;
use crate::graphql::districts::Counts;
use crate::graphql::error::outward;
use crate::graphql::id::GlobalId;
use crate::graphql::incidents::{IncidentConnection, IncidentFilter};
use crate::graphql::loaders::{CountsKey, HouseholdsKey, PostingsKey, loaders};
use crate::graphql::location::{Bounds, Datum};
use crate::graphql::page::{Extent, ListName, PageInfo, Row, Rows, list_cost};
use crate::graphql::scalars::GeoJsonMultiPolygon;
use crate::graphql::text::{LocalText, local_texts};
use crate::graphql::written::{WrittenList, selection_key};
use crate::service::ServiceError;
use crate::service::cells::{Area, CellInPlan, CellKey, CellName, CellPage, CellQuery};
use crate::service::texts::Slot;

/// A part of the ordinary grid, or one of its own for a campus or a factory.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::cell::CellKind")]
pub enum CellKind {
    /// A part of the ordinary grid.
    Base,
    /// A campus, a factory, a market.
    Dedicated,
}

/// Whether a cell lies in town or in the country.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::cell::CellSetting")]
pub enum CellSetting {
    /// In town.
    Urban,
    /// In the country.
    Rural,
}

/// What somebody is at a cell.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::staff::PostingRole")]
pub enum PostingRole {
    /// Is responsible for the cell.
    Head,
    /// Works in the cell.
    Worker,
    /// Supervises the work.
    Supervisor,
    /// Commands joint work.
    Commander,
    /// Passes on what is heard.
    Informant,
    /// Helps.
    Volunteer,
    /// Is sent by a department.
    DepartmentOfficer,
    /// Stands in for another.
    Substitute,
}

/// Who is responsible for a cell, as what.
#[derive(SimpleObject, Clone, Debug)]
pub struct Posting {
    /// As what.
    role: PostingRole,
    /// Their name; null where it is not for the viewer.
    name: Option<String>,
    /// From when.
    since: DateTime<Utc>,
}

impl From<domain::staff::Posting> for Posting {
    fn from(posting: domain::staff::Posting) -> Self {
        Self { role: posting.role.into(), name: Some(posting.name.as_str().to_owned()), since: posting.since }
    }
}

/// A cell as it stands in one version of the plan.
#[derive(Clone, Debug)]
pub struct Cell(Arc<CellInPlan>);

impl From<CellInPlan> for Cell {
    fn from(cell: CellInPlan) -> Self {
        Self(Arc::new(cell))
    }
}

impl Cell {
    fn name(&self) -> CellName {
        self.0.name()
    }
}

/// A cell as it stands in one version of the plan.
#[Object]
impl Cell {
    /// Names this cell in this version of the plan, so that caches never mix the borders of two.
    pub(in crate::graphql) async fn id(&self) -> ID {
        let name = self.name();
        GlobalId::Cell(name.district, name.cell, Some(name.version)).to_id()
    }

    /// Names the cell through all versions. Arguments take either id.
    async fn lineage(&self) -> ID {
        GlobalId::Cell(self.0.district.id, self.0.cell.id, None).to_id()
    }

    /// What people call it by; it stays on small edits and is not reused.
    async fn code(&self) -> &str {
        self.0.cell.code.as_str()
    }

    /// The key of its level, such as `township`.
    async fn level(&self) -> &str {
        self.0.district.rules.level(self.0.cell.rank).map_or("", |level| level.key.as_str())
    }

    /// Its names.
    async fn names(&self) -> Vec<LocalText> {
        local_texts(&self.0.cell.names)
    }

    /// The version of the plan that this cell was read from.
    async fn plan_version(&self) -> i32 {
        self.0.plan.version().0
    }

    /// A part of the ordinary grid, or one of its own.
    async fn kind(&self) -> CellKind {
        self.0.cell.kind.into()
    }

    /// In town or in the country.
    async fn setting(&self) -> CellSetting {
        self.0.cell.setting.into()
    }

    /// The cell that it is part of; null at the top.
    async fn parent(&self) -> Option<Cell> {
        self.0.parent().map(Cell::from)
    }

    /// The cells above it, from its parent up.
    #[graphql(complexity = "child_complexity.saturating_mul(5)")]
    async fn ancestors(&self, ctx: &Context<'_>) -> Result<Vec<Cell>> {
        let ancestors = self.0.ancestors();
        ctx.budget().take_cells(ancestors.len())?;
        Ok(ancestors.into_iter().map(Cell::from).collect())
    }

    /// The cells that it is cut into, by code; empty for a leaf.
    #[graphql(complexity = "child_complexity.saturating_mul(10)")]
    async fn children(&self, ctx: &Context<'_>) -> Result<Vec<Cell>> {
        let children = self.0.children();
        ctx.budget().take_cells(children.len())?;
        Ok(children.into_iter().map(Cell::from).collect())
    }

    /// Its area as GeoJSON: exteriors counter-clockwise, at most seven decimals, neighbours sharing every position.
    #[graphql(complexity = "5")]
    async fn geometry(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How far the drawn border may lie from the true one, in metres; 0, or left out, is exact. \
            It is taken down to 300, 100, 30, 10, 3, 1 or 0, so that neighbours that are asked for alike still share \
            every position."
        )]
        simplify_m: Option<f64>,
        #[graphql(
            desc = "Which frame to answer in. Outside WGS84 it is no GeoJSON for others: draw it on a map of that frame.",
            default_with = "Datum::Wgs84"
        )]
        datum: Datum,
    ) -> Result<GeoJsonMultiPolygon> {
        let simplify_m = simplify_m.unwrap_or_default();
        let area = ctx.services().cell_area(ctx.viewer(), &self.0, simplify_m, datum.into()).await;
        let area = area.map_err(outward)?;
        ctx.budget().take_area(area.len())?;
        Ok(GeoJsonMultiPolygon(area))
    }

    /// The smallest box around it.
    async fn bounds(&self) -> Bounds {
        self.0.bounds().into()
    }

    /// Its ground in square metres, on the WGS 84 ellipsoid.
    async fn area_m2(&self) -> f64 {
        self.0.plan.area_m2(self.0.cell.id)
    }

    /// How many households it has, those of the cells below it included; null in a version of the plan that is not in force.
    async fn households(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let count = loaders(ctx).load_one(HouseholdsKey(self.name())).await;
        count
            .map(|count| count.map(|count| i32::try_from(count).unwrap_or(i32::MAX)))
            .map_err(outward)
            .transpose()
    }

    /// Its incidents that the viewer may see, counted; those of the cells below it included. Null where the viewer works for
    /// another cell, and does not see all that is here, and in a version of the plan that is not in force.
    async fn counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which incidents; left out, all.")] filter: Option<IncidentFilter>,
    ) -> Option<Result<Counts>> {
        let key = CountsKey { cell: self.name(), filter: filter.unwrap_or_default().into() };
        let counts = loaders(ctx).load_one(key).await;
        counts.map(|counts| counts.map(Counts::from)).map_err(outward).transpose()
    }

    /// Who is responsible for it now. Posts that are not public are listed for those who may read them.
    async fn postings(&self, ctx: &Context<'_>) -> Result<Vec<Posting>> {
        let key = PostingsKey { district: self.0.district.id, cell: self.0.cell.id };
        let postings = loaders(ctx).load_one(key).await.map_err(outward)?;
        Ok(postings.unwrap_or_default().into_iter().map(Posting::from).collect())
    }

    /// Its incidents, the newest first; those of the cells below it included.
    #[graphql(complexity = "list_cost(first, child_complexity)")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which incidents; left out, all.")] filter: Option<IncidentFilter>,
        #[graphql(desc = "How many, 1 to 200.", default = 20)] first: i32,
        #[graphql(desc = "The cursor after which to go on.")] after: Option<String>,
    ) -> Option<Result<IncidentConnection>> {
        let list = IncidentConnection::list(Area::Subtree(self.0.cell.id), filter, None);
        let page = IncidentConnection::read(ctx, &self.0.district, list, first, after).await;
        Some(page.map_err(outward))
    }
}

/// A page of cells.
#[derive(Clone, Debug)]
pub struct CellConnection {
    pub(super) question: CellQuery,
    pub(super) page: CellPage,
    pub(super) has_previous: bool,
}

/// A page of cells.
#[Object]
impl CellConnection {
    /// How many the whole list has.
    async fn total_count(&self) -> Option<i32> {
        i32::try_from(self.page.total_count).ok()
    }

    /// The cells with their cursors.
    async fn edges(&self) -> Vec<CellEdge> {
        let rows = self.rows(self.page.cells()).edges();
        rows.into_iter().map(|Row { cursor, node }| CellEdge { cursor, node }).collect()
    }

    /// The cells.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<WrittenList<Cell>> {
        written(ctx, &self.page).await.map_err(outward)
    }

    /// Where this page lies.
    async fn page_info(&self) -> PageInfo {
        self.rows(self.page.ends()).info()
    }
}

impl CellConnection {
    fn rows(&self, cells: impl Iterator<Item = CellInPlan>) -> Rows<CellKey, Cell> {
        let list = cells_list(self.page.district().id, &self.question);
        let extent = Extent { has_previous: self.has_previous, has_next: self.page.has_more };
        Rows::new(list, cells.map(|cell| (cell.key(), Cell::from(cell))).collect(), extent)
    }
}

/// What the cursors of a list of cells are bound to.
pub(super) fn cells_list(district: DistrictId, question: &CellQuery) -> ListName {
    ListName::new(&[&"cells", &district, question])
}

/// Cells of one plan; where only what never changes of them is selected, each is written once for everybody.
async fn written(ctx: &Context<'_>, page: &CellPage) -> Result<WrittenList<Cell>, ServiceError> {
    let texts = match selection_key(ctx, "Cell", ctx.field(), never_changes) {
        Some(key) => ctx.services().cell_texts(ctx.viewer(), page, key).await?,
        None => None,
    };
    let slot = |place: &usize| texts.as_ref().and_then(|texts| texts.slot(*place));
    let slots: Vec<Option<&Slot>> = page.places().iter().map(slot).collect();
    // Cells that are written by now need not be made.
    Ok(WrittenList::new(ctx.budget(), &slots, || page.cells().map(Cell::from)))
}

/// Whether a field of a cell, or of what is so many levels below one, says the same to everybody as long as the plan
/// stands, and takes no more room in many texts than in one.
fn never_changes(field: &str, depth: usize) -> bool {
    const OF_A_CELL: [&str; 10] =
        ["__typename", "id", "lineage", "code", "level", "names", "planVersion", "kind", "setting", "areaM2"];
    const ONCE: [&str; 2] = ["geometry", "parent"];
    const BELOW: [&str; 7] = ["bounds", "west", "south", "east", "north", "language", "text"];
    OF_A_CELL.contains(&field) || BELOW.contains(&field) || (depth == 0 && ONCE.contains(&field))
}

/// A cell in a list.
#[derive(SimpleObject, Clone, Debug)]
pub struct CellEdge {
    /// Its place in the list.
    cursor: String,
    /// The cell.
    node: Cell,
}
