//! Asking for incidents.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use domain::district::District;

use super::{Incident, IncidentConnection, IncidentFilter, IncidentOrder};
use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::graphql::loaders::{IncidentKey, loaders};
use crate::graphql::location::{AreaInput, At, Bounds, Position};
use crate::graphql::page::list_cost;
use crate::service::ServiceError;
use crate::service::incidents::IncidentCluster;

/// Incidents.
#[derive(Default, Debug)]
pub struct IncidentQuery;

#[Object]
impl IncidentQuery {
    /// The incidents that the viewer may see, the newest first unless another order is asked for.
    #[graphql(complexity = "list_cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the contract")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "Which part of the district; left out, all.")] area: Option<AreaInput>,
        #[graphql(desc = "Which incidents; left out, all.")] filter: Option<IncidentFilter>,
        #[graphql(desc = "In which order; left out, the newest first.")] order_by: Option<IncidentOrder>,
        #[graphql(desc = "Only now is answered so far; leave it out.")] at: Option<At>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
        #[graphql(desc = "The cursor after which to go on.")] after: Option<String>,
    ) -> Option<Result<IncidentConnection>> {
        let asked = Asked { district, area, filter, order_by, at, first, after };
        Some(Box::pin(incidents(ctx, asked)).await.map_err(outward))
    }

    /// The incidents of an area, those drawn as one that lie close together at a zoom: at most 2000 clusters.
    #[graphql(complexity = "child_complexity.saturating_mul(20).saturating_add(50)")]
    async fn clusters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "Which part of the district.")] area: AreaInput,
        #[graphql(desc = "The zoom of the map, 0 to 22.")] zoom: i32,
        #[graphql(desc = "Which incidents; left out, all.")] filter: Option<IncidentFilter>,
    ) -> Option<Result<Vec<Cluster>>> {
        Some(Box::pin(clusters(ctx, district, area, zoom, filter)).await.map_err(outward))
    }
}

struct Asked {
    district: String,
    area: Option<AreaInput>,
    filter: Option<IncidentFilter>,
    order_by: Option<IncidentOrder>,
    at: Option<At>,
    first: i32,
    after: Option<String>,
}

async fn incidents(ctx: &Context<'_>, asked: Asked) -> Result<IncidentConnection, ServiceError> {
    At::only_now(asked.at)?;
    let district = ctx.services().district(ctx.viewer(), &asked.district).await?;
    let area = AreaInput::parse(asked.area, district.id)?;
    let list = IncidentConnection::list(area, asked.filter, asked.order_by);
    IncidentConnection::read(ctx, &district, list, asked.first, asked.after).await
}

async fn clusters(
    ctx: &Context<'_>,
    district: String,
    area: AreaInput,
    zoom: i32,
    filter: Option<IncidentFilter>,
) -> Result<Vec<Cluster>, ServiceError> {
    let district = ctx.services().district(ctx.viewer(), &district).await?;
    let area = AreaInput::parse(Some(area), district.id)?;
    let list = IncidentConnection::list(area, filter, None);
    let clusters = ctx.services().incident_clusters(ctx.viewer(), &district, &list, zoom).await?;
    let drawn = |cluster| Cluster { district: Arc::clone(&district), cluster };
    Ok(clusters.into_iter().map(drawn).collect())
}

/// Incidents that lie close together at a zoom, drawn as one.
#[derive(Clone, Debug)]
pub struct Cluster {
    district: Arc<District>,
    cluster: IncidentCluster,
}

/// Incidents that lie close together at a zoom, drawn as one.
#[Object]
impl Cluster {
    /// The middle of them.
    async fn position(&self) -> Position {
        self.cluster.position.into()
    }

    /// The smallest box around them.
    async fn bounds(&self) -> Bounds {
        self.cluster.bounds.into()
    }

    /// How many there are.
    async fn count(&self) -> i32 {
        shown(self.cluster.count)
    }

    /// How many of them are open.
    async fn open_count(&self) -> i32 {
        shown(self.cluster.open_count)
    }

    /// How many of them are overdue.
    async fn overdue_count(&self) -> i32 {
        shown(self.cluster.overdue_count)
    }

    /// The incident, where there is only one; else null.
    async fn incident(&self, ctx: &Context<'_>) -> Option<Result<Incident>> {
        let key = IncidentKey { district: self.district.id, id: self.cluster.incident? };
        let incident = loaders(ctx).load_one(key).await;
        incident.map(|incident| incident.map(Incident::from)).map_err(outward).transpose()
    }
}

fn shown(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
