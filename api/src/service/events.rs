//! Use cases of the live hub: what a subscription begins with, and who its viewer is by now.
//!
//! Events themselves are not shown to anybody; what a viewer gets is read anew through their scope.

use std::sync::Arc;

use domain::access::{Action, incident_scope};
use domain::district::District;
use domain::page::PageSize;
use domain::viewer::Viewer;

use super::cells::Area;
use super::incidents::{IncidentFilter, SeenIncident};
use super::{ServiceError, Services};
use crate::store::{IncidentOrder, IncidentQuery};

pub use super::system::StreamHead;

/// The most incidents that a subscription may begin with; a dashboard that wants more asks for clusters.
const MAX_SNAPSHOT_INCIDENTS: usize = 20_000;

/// The incidents of a list and where the stream stood, from one consistent read.
#[derive(Clone, Debug)]
pub struct IncidentSnapshot {
    /// Where the stream stood.
    pub head: StreamHead,
    /// The incidents, along the curve over the map.
    pub incidents: Vec<SeenIncident>,
}

impl Services {
    /// What a subscription to incidents begins with.
    ///
    /// # Errors
    /// [`ServiceError::Problems`] where more than 20,000 incidents match.
    pub async fn incident_snapshot(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        area: Area,
        filter: &IncidentFilter,
    ) -> Result<IncidentSnapshot, ServiceError> {
        viewer.require(Action::ReadIncidents, district.id)?;
        let now = self.clock.now();
        let scope = incident_scope(viewer, district.id);
        let query =
            IncidentQuery { area, filter: filter.checked(district, now)?, order: IncidentOrder::Place };
        let snapshot = self.store.snapshot(district.id).await.map_err(ServiceError::internal)?;
        let mut incidents = Vec::new();
        let mut after = None;
        loop {
            let page = snapshot.incidents(&scope, &query, after, PageSize::LARGEST).await;
            let page = page.map_err(ServiceError::internal)?;
            after = page.rows.last().map(|(key, _)| *key);
            let seen = |(_, incident)| SeenIncident::new(viewer, district, incident, now);
            incidents.extend(page.rows.into_iter().map(seen));
            if !page.has_more {
                return Ok(IncidentSnapshot { head: snapshot.head(), incidents });
            }
            if incidents.len() >= MAX_SNAPSHOT_INCIDENTS {
                return Err(too_many());
            }
        }
    }

    /// Who the viewer is by now: roles, postings and trees change while a subscription stands.
    ///
    /// # Errors
    /// [`ServiceError::Refused`] where they are no longer staff.
    pub async fn viewer_now(&self, viewer: &Viewer) -> Result<Viewer, ServiceError> {
        let (Some(user), Some(district)) = (viewer.user(), viewer.district()) else {
            return Ok(viewer.clone());
        };
        let users = self.store.users_by_id(district, &[user]).await.map_err(ServiceError::internal)?;
        let gone = ServiceError::Refused(domain::access::Refused { action: Action::ReadIncidents });
        users.first().map(Viewer::staff).ok_or(gone)
    }
}

fn too_many() -> ServiceError {
    let message = format!(
        "more than {MAX_SNAPSHOT_INCIDENTS} incidents match; ask for a smaller area, a filter, or clusters"
    );
    ServiceError::problem(domain::input::InputCode::AreaTooLarge, message, &["area"])
}
