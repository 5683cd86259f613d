//! An incident as it goes out, with its history, and pages of incidents.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::district::District;
use domain::ids::IncidentId;
use domain::page::PageSize;

use super::{IncidentFilter, IncidentOrder};
use crate::graphql::cells::Cell;
use crate::graphql::context::ContextExt;
use crate::graphql::districts::{Category, Colour, Stage};
use crate::graphql::error::outward;
use crate::graphql::id::GlobalId;
use crate::graphql::loaders::{IncidentKey as LoadKey, StepsKey, UserKey, loaders};
use crate::graphql::location::{LocationMethod, Position};
use crate::graphql::page::{Extent, ListName, PageInfo, Place, Row, Rows};
use crate::service::ServiceError;
use crate::service::cells::Area;
use crate::service::incidents::{IncidentKey, IncidentList, SeenIncident};

/// Through which channel an incident came.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::incident::Channel")]
pub enum Channel {
    /// A worker on patrol.
    Patrol,
    /// A visit.
    Visit,
    /// The hotline.
    Hotline,
    /// A site.
    Web,
    /// A QR code at a door.
    QrCode,
    /// A call.
    Phone,
    /// A device.
    Device,
}

/// What can be done to an incident.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::incident::IncidentAction")]
pub enum IncidentAction {
    /// Send it on to who handles it.
    Dispatch,
    /// Close it.
    Close,
}

/// Something to be solved, with a position. What of it is shown follows from the viewer's role.
#[derive(Clone, Debug)]
pub struct Incident(Arc<SeenIncident>);

impl From<SeenIncident> for Incident {
    fn from(incident: SeenIncident) -> Self {
        Self(Arc::new(incident))
    }
}

impl From<Arc<SeenIncident>> for Incident {
    fn from(incident: Arc<SeenIncident>) -> Self {
        Self(incident)
    }
}

/// Something to be solved, with a position. What of it is shown follows from the viewer's role.
#[Object]
impl Incident {
    /// Names this incident everywhere.
    pub(in crate::graphql) async fn id(&self) -> ID {
        GlobalId::Incident(self.0.district.id, self.0.facts().id).to_id()
    }

    /// Grows by one with each change, from 1: of two states the one with the larger version is the newer.
    async fn version(&self) -> i32 {
        self.0.facts().version
    }

    /// What it is about.
    async fn category(&self) -> Category {
        let incident = self.0.facts();
        let dropped = || Category::dropped(&incident.category, incident.colour);
        self.0.district.rules.category(&incident.category).map_or_else(dropped, Category::from)
    }

    /// What the reporter said; null where it is not for the viewer.
    async fn text(&self) -> Option<&str> {
        self.0.text()
    }

    /// The stage it is in.
    async fn stage(&self) -> Stage {
        Stage::of(&self.0.district, &self.0.facts().stage)
    }

    /// What kind of problem it is.
    async fn colour(&self) -> Colour {
        self.0.facts().colour.into()
    }

    /// Through which channel it came.
    async fn channel(&self) -> Channel {
        self.0.facts().channel.into()
    }

    /// Whether it is part of a drill.
    async fn exercise(&self) -> bool {
        self.0.facts().exercise
    }

    /// Where it is.
    async fn position(&self) -> Position {
        self.0.facts().position.into()
    }

    /// The radius, in metres, of the circle that the position is known to lie in.
    async fn accuracy_m(&self) -> Option<f64> {
        self.0.facts().accuracy_m
    }

    /// The leaf cell that it belongs to; null outside every cell.
    async fn cell(&self, ctx: &Context<'_>) -> Option<Result<Cell>> {
        let cell = ctx.services().cell_of_incident(ctx.viewer(), &self.0).await;
        cell.map(|cell| cell.map(Cell::from)).map_err(outward).transpose()
    }

    /// How that cell was found.
    async fn method(&self) -> LocationMethod {
        self.0.facts().assignment.method.into()
    }

    /// How far the nearest border is, in metres.
    async fn distance_to_border_m(&self) -> Option<f64> {
        self.0.facts().assignment.distance_to_border_m
    }

    /// The version of the plan that it was located in.
    async fn plan_version(&self) -> i32 {
        self.0.facts().assignment.plan_version.0
    }

    /// When it happened, as the reporter says.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.facts().occurred_at
    }

    /// When it was reported.
    async fn reported_at(&self) -> DateTime<Utc> {
        self.0.facts().reported_at
    }

    /// When it is to be cleared.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        Some(self.0.facts().due_at)
    }

    /// When it was closed; null while it is open.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.facts().closed_at
    }

    /// Whether it is open and past the time by which it was to be cleared.
    async fn overdue(&self) -> bool {
        self.0.overdue
    }

    /// What the viewer may do to it now.
    async fn allowed_actions(&self) -> Vec<IncidentAction> {
        self.0.allowed_actions.iter().copied().map(IncidentAction::from).collect()
    }

    /// What was done to it up to this version, the first step first.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<IncidentStep>> {
        let key = StepsKey(LoadKey { district: self.0.district.id, id: self.0.facts().id });
        let steps = loaders(ctx).load_one(key).await.map_err(outward)?;
        let step = |step| IncidentStep { of: Arc::clone(&self.0), step };
        let so_far = |step: &domain::incident::IncidentStep| step.version <= self.0.facts().version;
        Ok(steps.unwrap_or_default().into_iter().filter(so_far).map(step).collect())
    }
}

/// One step of an incident's history.
#[derive(Clone, Debug)]
pub struct IncidentStep {
    of: Arc<SeenIncident>,
    step: domain::incident::IncidentStep,
}

/// One step of an incident's history.
#[Object]
impl IncidentStep {
    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.step.at
    }

    /// What was done: `report`, `dispatch`, `close`.
    async fn action(&self) -> &str {
        &self.step.action
    }

    /// The stage after it.
    async fn stage(&self) -> Stage {
        Stage::of(&self.of.district, &self.step.stage)
    }

    /// Who did it, by name; null for the public, or where it is not for the viewer.
    async fn by(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let key = UserKey { district: self.of.district.id, id: self.of.unmasked(&self.step)?.by? };
        loaders(ctx).load_one(key).await.map_err(outward).transpose()
    }

    /// What was noted; null where nothing was, or where it is not for the viewer.
    async fn note(&self) -> Option<&str> {
        self.of.unmasked(&self.step)?.note.as_ref().map(|note| note.as_str())
    }
}

/// A page of incidents.
#[derive(Clone, Debug)]
pub struct IncidentConnection {
    rows: Rows<Place, Incident>,
    district: Arc<District>,
    list: IncidentList,
}

impl IncidentConnection {
    /// The list that arguments ask for.
    pub(in crate::graphql) fn list(
        area: Area,
        filter: Option<IncidentFilter>,
        order: Option<IncidentOrder>,
    ) -> IncidentList {
        let order = order.unwrap_or(IncidentOrder::Newest).into();
        IncidentList { area, filter: filter.unwrap_or_default().into(), order }
    }

    /// One page of a list.
    pub(in crate::graphql) async fn read(
        ctx: &Context<'_>,
        district: &Arc<District>,
        list: IncidentList,
        first: i32,
        after: Option<String>,
    ) -> Result<Self, ServiceError> {
        let first = PageSize::new(first)?;
        let name = ListName::new(&[&"incidents", &district.id, &list]);
        let after = after.map(|cursor| name.key(&cursor, Place::parse)).transpose()?;
        let key = after.map(|place: Place| IncidentKey { sort: place.sort, id: IncidentId(place.id) });
        let page = ctx.services().incidents(ctx.viewer(), district, &list, key, first).await?;
        let extent = Extent { has_previous: key.is_some(), has_next: page.has_more };
        let rows = page
            .rows
            .into_iter()
            .map(|(key, incident)| (Place { sort: key.sort, id: key.id.0 }, Incident::from(incident)));
        let rows = Rows::new(name, rows.collect(), extent);
        Ok(Self { rows, district: Arc::clone(district), list })
    }
}

/// A page of incidents.
#[Object]
impl IncidentConnection {
    /// The incidents with their cursors.
    async fn edges(&self) -> Vec<IncidentEdge> {
        self.rows.edges().into_iter().map(|Row { cursor, node }| IncidentEdge { cursor, node }).collect()
    }

    /// The incidents.
    async fn nodes(&self) -> Vec<Incident> {
        self.rows.nodes()
    }

    /// Where this page lies.
    async fn page_info(&self) -> PageInfo {
        self.rows.info()
    }

    /// How many the whole list has: a statement of its own.
    #[graphql(complexity = "20")]
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let count = ctx.services().incident_count(ctx.viewer(), &self.district, &self.list).await;
        Some(count.map(|count| i32::try_from(count).unwrap_or(i32::MAX)).map_err(outward))
    }
}

/// An incident in a list.
#[derive(SimpleObject, Clone, Debug)]
pub struct IncidentEdge {
    /// Its place in the list.
    cursor: String,
    /// The incident.
    node: Incident,
}
