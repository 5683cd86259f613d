//! The end of an import: what was staged comes into force and everybody is told, or it is removed.
//!
//! Invariant: what came into force is told, also where whoever asked for it has left meanwhile.

use std::sync::Arc;

use domain::district::District;
use domain::ids::PlanVersion;
use domain::plan::Plan;

use super::Job;
use crate::service::{ServiceError, Services};
use crate::store::imports::{Import, ImportSummary};
use crate::store::plans::Publication;
use crate::store::{Outcome, StoreError};

/// What was staged, and the plan that it was located in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Staged {
    Households(PlanVersion),
    Incidents(PlanVersion),
    Basemap,
}

impl Services {
    /// Puts what was staged in place and tells everybody, on a task of its own: a caller who leaves does not end it.
    pub(super) async fn promote(
        &self,
        import: Import,
        staged: Staged,
        job: &Job<'_>,
    ) -> Result<ImportSummary, ServiceError> {
        let (services, district, attempt) =
            (self.clone(), Arc::clone(&job.district), self.import_attempt(job));
        let promotion = tokio::spawn(async move {
            let promoted = match staged {
                Staged::Households(plan) => import.promote_households(plan, &attempt).await,
                Staged::Incidents(plan) => import.promote_incidents(plan, &attempt).await,
                Staged::Basemap => import.promote_basemap(&attempt).await,
            };
            let Outcome::Done(summary) = promoted.map_err(import_error)? else {
                return Err(ServiceError::Busy);
            };
            services.tell_in_force(&district).await;
            Ok(summary)
        });
        promotion.await.map_err(ServiceError::internal)?
    }

    /// Puts a plan in force and tells everybody, on a task of its own: a caller who leaves does not end it.
    pub(super) async fn publish(
        &self,
        plan: Plan,
        base: Option<PlanVersion>,
        job: &Job<'_>,
    ) -> Result<(), ServiceError> {
        let (services, district, attempt) =
            (self.clone(), Arc::clone(&job.district), self.import_attempt(job));
        let publication = tokio::spawn(async move {
            let nearest_within_m = district.rules.nearest_within_m();
            let publication = Publication { plan: &plan, base, nearest_within_m, note: None };
            let published = services.store.publish_plan(&publication, &attempt).await;
            let Outcome::Done(_) = published.map_err(ServiceError::internal)? else {
                return Err(ServiceError::Busy);
            };
            services.tell_in_force(&district).await;
            Ok(())
        });
        publication.await.map_err(ServiceError::internal)?
    }

    async fn tell_in_force(&self, district: &District) {
        if let Err(error) = self.tell_imported(district).await {
            // It is in force; who is not told now sees it with the next change.
            tracing::warn!(%error, "An import came in and was not told");
        }
    }
}

/// What the store says of an import: that another has the word is no accident.
pub(super) fn import_error(error: StoreError) -> ServiceError {
    match error {
        StoreError::ImportOvertaken { .. } => ServiceError::ImportOvertaken,
        error => ServiceError::internal(error),
    }
}
