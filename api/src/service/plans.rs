//! Use cases for plans: the one in force now, at a time, or by its version.
//!
//! Plans never change once published: whoever holds one keeps what they started with.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::Action;
use domain::district::District;
use domain::ids::PlanVersion;
use domain::incident::CLOCK_SKEW;
use domain::input::{InputCode, InputProblem};
use domain::plan::Plan;
use domain::viewer::Viewer;

use super::{ServiceError, Services};

/// At which moment the grid is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum At {
    /// Now.
    #[default]
    Now,
    /// As it was in force then.
    Time(DateTime<Utc>),
    /// As one published version has it.
    Version(PlanVersion),
}

impl Services {
    /// The plan in force now.
    pub(super) async fn current_plan(
        &self,
        viewer: &Viewer,
        district: &District,
    ) -> Result<Arc<Plan>, ServiceError> {
        self.plan(viewer, district, At::Now).await
    }

    /// The plan in force at a moment.
    pub async fn plan(
        &self,
        viewer: &Viewer,
        district: &District,
        at: At,
    ) -> Result<Arc<Plan>, ServiceError> {
        viewer.require(Action::ReadGrid, district.id)?;
        let version = match at {
            At::Now => district.plan_version.ok_or_else(|| no_plan(district))?,
            At::Version(version) => version,
            At::Time(time) => self.version_in_force(district, time).await?,
        };
        let plan = self.cache.plan(district.id, version).await.map_err(ServiceError::internal)?;
        plan.ok_or_else(|| ServiceError::not_found("plan version", version))
    }

    async fn version_in_force(
        &self,
        district: &District,
        time: DateTime<Utc>,
    ) -> Result<PlanVersion, ServiceError> {
        if time > self.clock.now() + CLOCK_SKEW {
            let message =
                format!("{} lies in the future; what the grid is then is not known yet", time.to_rfc3339());
            return Err(ServiceError::problem(InputCode::InvalidTime, message, &["at", "time"]));
        }
        let version = self.store.plan_version_at(district.id, time).await.map_err(ServiceError::internal)?;
        version.ok_or_else(|| {
            let message =
                format!("no plan was in force at {}; the first was published later", time.to_rfc3339());
            ServiceError::problem(InputCode::NoPlan, message, &["at", "time"])
        })
    }
}

fn no_plan(district: &District) -> ServiceError {
    let message = format!("district {} has no cells yet; import them first", district.code.as_str());
    InputProblem::new(InputCode::NoPlan, message, &["district"]).into()
}
