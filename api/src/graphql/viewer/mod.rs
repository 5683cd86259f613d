//! The viewer: who asks.

use async_graphql::{Context, Enum, Object, Result};
use domain::viewer::Viewer as Asking;

use super::cells::Cell;
use super::context::ContextExt;
use super::districts::District;
use super::error::{found, outward};

/// What somebody may do, from the least to the most.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::viewer::Role")]
pub enum Role {
    /// Nobody who signed in.
    Public,
    /// Reads figures and cases, changes nothing, sees no personal data.
    Observer,
    /// Works in a cell.
    Worker,
    /// Is the head of a cell.
    Head,
    /// Sends incidents on and closes them.
    Dispatcher,
    /// Redraws the grid.
    Planner,
    /// Runs the district.
    Admin,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Viewer(Asking);

/// Who asks.
#[Object]
impl Viewer {
    /// What they may do in their district; elsewhere everybody is the public.
    async fn role(&self) -> Role {
        self.0.role().into()
    }

    /// Their name; null without sign-in.
    async fn name(&self) -> Option<&str> {
        self.0.name().map(|name| name.as_str())
    }

    /// The district they belong to; null without sign-in.
    async fn district(&self, ctx: &Context<'_>) -> Option<Result<District>> {
        let district = ctx.services().district_by_id(&self.0, self.0.district()?).await;
        found(district).map(|district| district.map(District::from)).map_err(outward).transpose()
    }

    /// The root of the cells they work in; null is the whole district, or no sign-in.
    async fn cell(&self, ctx: &Context<'_>) -> Option<Result<Cell>> {
        let (district, cell) = self.0.district().zip(self.0.cell())?;
        let cell = ctx.services().cell_by_id(&self.0, district, cell, None).await;
        cell.map(|cell| cell.map(Cell::from)).map_err(outward).transpose()
    }
}

/// Who asks.
#[derive(Default, Debug)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who asks, and what they may do.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        Some(Viewer(ctx.viewer().clone()))
    }
}
