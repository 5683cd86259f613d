//! Reading incidents: one, a page, figures by cell, clusters.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{Action, Scope, incident_scope};
use domain::district::District;
use domain::ids::{CellId, DistrictId, IncidentId, UserId};
use domain::incident::{Incident, IncidentStep};
use domain::input::{InputCode, InputProblem};
use domain::page::{Page, PageSize};
use domain::viewer::Viewer;

use super::{IncidentFilter, SeenIncident};
use crate::service::cells::{Area, CellInPlan};
use crate::service::plans::At;
use crate::service::{ServiceError, Services};
use crate::store::{CellCounts, IncidentCluster, IncidentKey, IncidentOrder, IncidentQuery};

/// What "due" means in figures: to be cleared within this time.
const DUE_WITHIN: TimeDelta = TimeDelta::hours(24);

/// The deepest zoom at which clusters are formed.
const MAX_ZOOM: i32 = 22;

/// Which list of incidents is asked for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct IncidentList {
    /// Which part of the district.
    pub area: Area,
    /// Which of them.
    pub filter: IncidentFilter,
    /// In which order.
    pub order: IncidentOrder,
}

/// A page of incidents, each with its place in the list.
#[derive(Clone, Debug)]
pub struct IncidentPage {
    /// The incidents.
    pub rows: Vec<(IncidentKey, SeenIncident)>,
    /// Whether there are more after them.
    pub has_more: bool,
}

impl Services {
    /// One incident; `None` where it is not there or not for the viewer.
    pub async fn incident(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        id: IncidentId,
    ) -> Result<Option<SeenIncident>, ServiceError> {
        Ok(self.incidents_by_id(viewer, district, &[id]).await?.into_iter().next())
    }

    /// Incidents by their ids; those that are not there or not for the viewer are left out.
    pub async fn incidents_by_id(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        ids: &[IncidentId],
    ) -> Result<Vec<SeenIncident>, ServiceError> {
        viewer.require(Action::ReadIncidents, district)?;
        let district = self.district_by_id(viewer, district).await?;
        let scope = incident_scope(viewer, district.id);
        let incidents = self.store.incidents_by_id(&scope, ids).await.map_err(ServiceError::internal)?;
        let now = self.clock.now();
        let seen = |incident| SeenIncident::new(viewer, &district, incident, now);
        Ok(incidents.into_iter().map(seen).collect())
    }

    /// A page of a list of incidents that the viewer may see.
    pub async fn incidents(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        list: &IncidentList,
        after: Option<IncidentKey>,
        first: PageSize,
    ) -> Result<IncidentPage, ServiceError> {
        viewer.require(Action::ReadIncidents, district.id)?;
        let now = self.clock.now();
        let (scope, query) = (incident_scope(viewer, district.id), query_of(list, district, now)?);
        let page = self.store.incidents(&scope, &query, after, first).await;
        let Page { rows, has_more } = page.map_err(ServiceError::internal)?;
        let seen = |(key, incident)| (key, SeenIncident::new(viewer, district, incident, now));
        Ok(IncidentPage { rows: rows.into_iter().map(seen).collect(), has_more })
    }

    /// How many incidents a list has.
    pub async fn incident_count(
        &self,
        viewer: &Viewer,
        district: &District,
        list: &IncidentList,
    ) -> Result<u64, ServiceError> {
        viewer.require(Action::ReadIncidents, district.id)?;
        let scope = incident_scope(viewer, district.id);
        let query = query_of(list, district, self.clock.now())?;
        self.store.incident_count(&scope, &query).await.map_err(ServiceError::internal)
    }

    /// What was done to incidents, the first step first; of those that the viewer may not see, nothing.
    pub async fn incident_steps(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        ids: &[IncidentId],
    ) -> Result<HashMap<IncidentId, Vec<IncidentStep>>, ServiceError> {
        viewer.require(Action::ReadIncidents, district)?;
        let scope = incident_scope(viewer, district);
        let steps = self.store.incident_steps(&scope, ids).await.map_err(ServiceError::internal)?;
        let mut by_incident: HashMap<IncidentId, Vec<IncidentStep>> = HashMap::new();
        for (id, step) in steps {
            by_incident.entry(id).or_default().push(step);
        }
        Ok(by_incident)
    }

    /// The names of members of staff, for those who may see who did what to an incident.
    pub async fn staff_names(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, String>, ServiceError> {
        if incident_scope(viewer, district).personal() == domain::access::Personal::Masked {
            return Ok(HashMap::new());
        }
        let users = self.store.users_by_id(district, ids).await.map_err(ServiceError::internal)?;
        Ok(users.into_iter().map(|user| (user.id, user.name.as_str().to_owned())).collect())
    }

    /// The cell that an incident lies in, in the plan it was located in.
    pub async fn cell_of_incident(
        &self,
        viewer: &Viewer,
        incident: &SeenIncident,
    ) -> Result<Option<CellInPlan>, ServiceError> {
        let assignment = incident.facts().assignment;
        let Some(cell) = assignment.cell else { return Ok(None) };
        let plan = self.plan(viewer, &incident.district, At::Version(assignment.plan_version)).await?;
        Ok(CellInPlan::find(&incident.district, &plan, cell))
    }

    /// Incidents of an area, those drawn as one that lie close together at a zoom.
    pub async fn incident_clusters(
        &self,
        viewer: &Viewer,
        district: &District,
        list: &IncidentList,
        zoom: i32,
    ) -> Result<Vec<IncidentCluster>, ServiceError> {
        viewer.require(Action::ReadIncidents, district.id)?;
        let zoom =
            u8::try_from(zoom.clamp(-1, MAX_ZOOM + 1)).ok().filter(|zoom| i32::from(*zoom) <= MAX_ZOOM);
        let zoom = zoom.ok_or_else(|| {
            let message = format!("the zoom must be 0 to {MAX_ZOOM}");
            ServiceError::problem(InputCode::InvalidNumber, message, &["zoom"])
        })?;
        let now = self.clock.now();
        let (scope, query) = (incident_scope(viewer, district.id), query_of(list, district, now)?);
        let clusters = self.store.incident_clusters(&scope, &query.area, &query.filter, zoom, now).await;
        clusters.map_err(ServiceError::internal)
    }

    /// Counts by leaf cell within a scope; what lies in no cell is under `None`.
    pub(in crate::service) async fn incident_counts(
        &self,
        scope: &Scope,
        district: &District,
        cells: Option<&[CellId]>,
        filter: &IncidentFilter,
    ) -> Result<HashMap<Option<CellId>, CellCounts>, ServiceError> {
        let now = self.clock.now();
        let filter = filter.checked(district, now)?;
        let counts = self.store.incident_counts(scope, &filter, now, now + DUE_WITHIN, cells).await;
        counts.map_err(ServiceError::internal)
    }

    pub(super) fn seen(&self, viewer: &Viewer, district: &Arc<District>, incident: Incident) -> SeenIncident {
        SeenIncident::new(viewer, district, incident, self.clock.now())
    }
}

fn query_of(
    list: &IncidentList,
    district: &District,
    now: DateTime<Utc>,
) -> Result<IncidentQuery, Vec<InputProblem>> {
    Ok(IncidentQuery { area: list.area, filter: list.filter.checked(district, now)?, order: list.order })
}
