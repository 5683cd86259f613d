//! Anything that has an id of its own, asked for by that id alone.

use async_graphql::{Context, ID, Interface, Object, Result};

use super::cells::Cell;
use super::context::ContextExt;
use super::districts::District;
use super::error::{found, outward};
use super::households::{Building, Household};
use super::id::GlobalId;
use super::incidents::Incident;
use crate::service::ServiceError;

/// Anything that has an id of its own.
#[derive(Interface, Clone, Debug)]
#[graphql(field(name = "id", ty = "ID", desc = "Names this thing everywhere."))]
pub enum Node {
    /// A district.
    District(District),
    /// A cell.
    Cell(Cell),
    /// A household.
    Household(Household),
    /// A building.
    Building(Building),
    /// An incident.
    Incident(Incident),
}

/// Things by their ids.
#[derive(Default, Debug)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The thing with an id; null where it is not there or not for the viewer.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Option<Result<Node>> {
        Box::pin(node(ctx, &id)).await.map_err(outward).transpose()
    }
}

async fn node(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, ServiceError> {
    let (services, viewer) = (ctx.services(), ctx.viewer());
    let node = match GlobalId::parse(id, &["id"])? {
        GlobalId::District(id) => {
            found(services.district_by_id(viewer, id).await)?.map(|district| District::from(district).into())
        }
        GlobalId::Cell(district, id, version) => {
            let cell = found(services.cell_by_id(viewer, district, id, version).await)?.flatten();
            cell.map(|cell| Cell::from(cell).into())
        }
        GlobalId::Household(district, id) => {
            let household = found(services.household(viewer, district, id).await)?.flatten();
            household.map(|household| Household::from(household).into())
        }
        GlobalId::Building(district, id) => {
            let building = services.buildings(viewer, district, &[id]).await?.into_iter().next();
            building.map(|building| Building::from(building).into())
        }
        GlobalId::Incident(district, id) => {
            let incident = found(services.incident(viewer, district, id).await)?.flatten();
            incident.map(|incident| Incident::from(incident).into())
        }
    };
    Ok(node)
}
