//! Asking for districts.

use async_graphql::{Context, Object, Result};

use super::District;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{found, outward};

/// Districts.
#[derive(Default, Debug)]
pub struct DistrictQuery;

#[Object]
impl DistrictQuery {
    /// Every district that this server has, by code.
    #[graphql(complexity = "child_complexity.saturating_mul(5)")]
    async fn districts(&self, ctx: &Context<'_>) -> Option<Result<Vec<District>>> {
        let districts = ctx.services().districts(ctx.viewer()).await;
        let districts = districts.map(|all| all.into_iter().map(District::from).collect());
        Some(districts.map_err(outward))
    }

    /// The district with a code; null where there is none.
    async fn district(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its code.")] code: String,
    ) -> Option<Result<District>> {
        let district = found(ctx.services().district(ctx.viewer(), &code).await);
        district.map(|district| district.map(District::from)).map_err(outward).transpose()
    }
}
