//! Asking where a position lies.

use async_graphql::{Context, Object, Result};
use domain::input::InputProblem;

use super::{At, Location, PositionInput};
use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::service::ServiceError;

/// Locating positions.
#[derive(Default, Debug)]
pub struct LocationQuery;

#[Object]
impl LocationQuery {
    /// The cell that a position lies in. With an accuracy, also every cell that the circle touches and its share.
    ///
    /// A position on a border belongs to the cell on its north-eastern side, always and everywhere.
    async fn locate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "The position; longitude comes first.")] position: PositionInput,
        #[graphql(desc = "The moment of the grid; left out, it is now.")] at: Option<At>,
    ) -> Option<Result<Location>> {
        Some(Box::pin(locate(ctx, district, position, at)).await.map_err(outward))
    }

    /// The cells that up to 1000 positions lie in, in the order given.
    #[graphql(complexity = "child_complexity.saturating_mul(positions.len().max(1))")]
    async fn locate_many(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "Up to 1000 positions.")] positions: Vec<PositionInput>,
        #[graphql(desc = "The moment of the grid; left out, it is now.")] at: Option<At>,
    ) -> Option<Result<Vec<Location>>> {
        Some(Box::pin(locate_many(ctx, district, positions, at)).await.map_err(outward))
    }
}

async fn locate(
    ctx: &Context<'_>,
    district: String,
    position: PositionInput,
    at: Option<At>,
) -> Result<Location, ServiceError> {
    let (fix, at) = (position.parse(&["position"])?, At::parse(at)?);
    Ok(ctx.services().locate(ctx.viewer(), &district, fix, at).await?.into())
}

async fn locate_many(
    ctx: &Context<'_>,
    district: String,
    positions: Vec<PositionInput>,
    at: Option<At>,
) -> Result<Vec<Location>, ServiceError> {
    let at = At::parse(at)?;
    let mut problems: Vec<InputProblem> = Vec::new();
    let mut fixes = Vec::with_capacity(positions.len());
    for (index, position) in positions.into_iter().enumerate() {
        match position.parse(&["positions", &index.to_string()]) {
            Ok(fix) => fixes.push(fix),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let located = ctx.services().locate_many(ctx.viewer(), &district, &fixes, at).await?;
    Ok(located.into_iter().map(Location::from).collect())
}
