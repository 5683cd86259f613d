//! Asking for households.

use async_graphql::{Context, Object, Result};
use domain::ids::HouseholdId;
use domain::page::PageSize;

use super::{Household, HouseholdConnection};
use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::graphql::location::{AreaInput, At};
use crate::graphql::page::{Extent, ListName, Rows, list_cost};
use crate::service::ServiceError;
use crate::service::households::SeenHousehold;

/// Households.
#[derive(Default, Debug)]
pub struct HouseholdQuery;

#[Object]
impl HouseholdQuery {
    /// The households that the viewer may see, along the map. What of each is shown follows from the viewer's role.
    #[graphql(complexity = "list_cost(first, child_complexity)")]
    async fn households(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "Which part of the district; left out, all.")] area: Option<AreaInput>,
        #[graphql(desc = "Only now is answered so far; leave it out.")] at: Option<At>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
        #[graphql(desc = "The cursor after which to go on.")] after: Option<String>,
    ) -> Option<Result<HouseholdConnection>> {
        let asked = Asked { district, area, at, first, after };
        Some(Box::pin(households(ctx, asked)).await.map_err(outward))
    }
}

struct Asked {
    district: String,
    area: Option<AreaInput>,
    at: Option<At>,
    first: i32,
    after: Option<String>,
}

async fn households(ctx: &Context<'_>, asked: Asked) -> Result<HouseholdConnection, ServiceError> {
    let (services, viewer) = (ctx.services(), ctx.viewer());
    let first = PageSize::new(asked.first)?;
    At::only_now(asked.at)?;
    let district = services.district(viewer, &asked.district).await?;
    let area = AreaInput::parse(asked.area, district.id)?;
    let list = ListName::new(&[&"households", &district.id, &area]);
    let after = asked.after.map(|cursor| list.key(&cursor, parse)).transpose()?;
    let page = services.households(viewer, &district, area, after, first).await?;
    let extent = Extent { has_previous: after.is_some(), has_next: page.has_more };
    let row = |household: SeenHousehold| (household.facts().id, Household::from(household));
    let rows = Rows::new(list, page.rows.into_iter().map(row).collect(), extent);
    Ok(HouseholdConnection::new(rows, district, area))
}

/// A cursor names the household alone: its place in the order would tell where it is, also to those for whom that is masked.
fn parse(text: &str) -> Option<HouseholdId> {
    text.parse().ok().map(HouseholdId)
}
