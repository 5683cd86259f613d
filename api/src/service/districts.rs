//! Use cases for districts: which there are, and their figures.
//!
//! Districts are for everybody; what lies in them is scoped. Start at [`Services::district`].

use std::sync::Arc;

use domain::access::{Action, incident_scope};
use domain::district::District;
use domain::ids::DistrictId;
use domain::viewer::Viewer;
use geo_tools::Bounds;

use super::incidents::{IncidentCounts, IncidentFilter, total};
use super::{ServiceError, Services};

impl Services {
    /// Every district, by code.
    pub async fn districts(&self, _viewer: &Viewer) -> Result<Vec<Arc<District>>, ServiceError> {
        self.cache.districts().await.map_err(ServiceError::internal)
    }

    /// The district with a code.
    pub async fn district(&self, viewer: &Viewer, code: &str) -> Result<Arc<District>, ServiceError> {
        let district = self.cache.district(code).await.map_err(ServiceError::internal)?;
        let district = district.ok_or_else(|| ServiceError::not_found("district", code))?;
        viewer.require(Action::ReadGrid, district.id)?;
        Ok(district)
    }

    /// The district with an id.
    pub async fn district_by_id(
        &self,
        viewer: &Viewer,
        id: DistrictId,
    ) -> Result<Arc<District>, ServiceError> {
        viewer.require(Action::ReadGrid, id)?;
        let district = self.cache.district_by_id(id).await.map_err(ServiceError::internal)?;
        district.ok_or_else(|| ServiceError::not_found("district", id))
    }

    /// The box around a district; `None` until it has cells.
    pub async fn district_bounds(
        &self,
        viewer: &Viewer,
        district: &District,
    ) -> Result<Option<Bounds>, ServiceError> {
        if district.plan_version.is_none() {
            return Ok(None);
        }
        let plan = self.current_plan(viewer, district).await?;
        Ok(Some(plan.coverage().bounds()))
    }

    /// How many incidents of a district the viewer may see, by what they wait for; those outside every cell included.
    pub async fn district_counts(
        &self,
        viewer: &Viewer,
        district: &District,
        filter: &IncidentFilter,
    ) -> Result<IncidentCounts, ServiceError> {
        viewer.require(Action::ReadIncidents, district.id)?;
        let scope = incident_scope(viewer, district.id);
        let by_cell = self.incident_counts(&scope, district, None, filter).await?;
        Ok(total(by_cell.into_values()))
    }
}
