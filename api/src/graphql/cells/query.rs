//! Asking for cells.

use async_graphql::{Context, Object, Result};
use domain::page::PageSize;

use super::types::cells_list;
use super::{Cell, CellConnection};
use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::graphql::location::{AreaInput, At};
use crate::graphql::page::list_cost;
use crate::service::ServiceError;
use crate::service::cells::{CellKey, CellQuery as Question};

/// Cells.
#[derive(Default, Debug)]
pub struct CellQuery;

#[Object]
impl CellQuery {
    /// A district's cells, by level, then code. Later pages stay in the plan that the first one saw.
    #[graphql(complexity = "list_cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the contract")]
    async fn cells(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "The key of a level; left out, every level.")] level: Option<String>,
        #[graphql(desc = "Which part of the district; left out, all.")] area: Option<AreaInput>,
        #[graphql(desc = "The moment of the grid; left out, it is now.")] at: Option<At>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
        #[graphql(desc = "The cursor after which to go on.")] after: Option<String>,
    ) -> Option<Result<CellConnection>> {
        let asked = Asked { district, level, area, at, first, after };
        Some(Box::pin(cells(ctx, asked)).await.map_err(outward))
    }

    /// The cell with a code; null where the plan does not have it.
    async fn cell(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "The cell's code.")] code: String,
        #[graphql(desc = "The moment of the grid; left out, it is now.")] at: Option<At>,
    ) -> Option<Result<Cell>> {
        Box::pin(cell(ctx, &district, &code, at)).await.map_err(outward).transpose()
    }
}

struct Asked {
    district: String,
    level: Option<String>,
    area: Option<AreaInput>,
    at: Option<At>,
    first: i32,
    after: Option<String>,
}

async fn cells(ctx: &Context<'_>, asked: Asked) -> Result<CellConnection, ServiceError> {
    let (services, viewer) = (ctx.services(), ctx.viewer());
    let first = PageSize::new(asked.first)?;
    let at = At::parse(asked.at)?;
    let district = services.district(viewer, &asked.district).await?;
    let area = AreaInput::parse(asked.area, district.id)?;
    let question = Question { level: asked.level, area, at };
    let read = |cursor: String| cells_list(district.id, &question).key(&cursor, CellKey::parse);
    let after = asked.after.map(read).transpose()?;
    let page = services.cells(viewer, &district, &question, after.as_ref(), first).await?;
    Ok(CellConnection { question, page, has_previous: after.is_some() })
}

async fn cell(
    ctx: &Context<'_>,
    district: &str,
    code: &str,
    at: Option<At>,
) -> Result<Option<Cell>, ServiceError> {
    let cell = ctx.services().cell(ctx.viewer(), district, code, At::parse(at)?).await?;
    Ok(cell.map(Cell::from))
}
