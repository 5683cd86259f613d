//! The end of an import: what was staged comes into force and everybody is told, or it is removed.
//!
//! Invariant: what came into force is told, also where whoever asked for it has left meanwhile.

use std::sync::Arc;

use domain::ids::PlanVersion;

use super::Job;
use crate::service::{ServiceError, Services};
use crate::store::imports::{Import, ImportSummary};
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
            let Outcome::Done(summary) = promoted.map_err(unpromoted)? else {
                return Err(ServiceError::Busy);
            };
            if let Err(error) = services.tell_imported(&district).await {
                // It is in force; who is not told now sees it with the next change.
                tracing::warn!(%error, "An import came in and was not told");
            }
            Ok(summary)
        });
        promotion.await.map_err(ServiceError::internal)?
    }
}

fn unpromoted(error: StoreError) -> ServiceError {
    match error {
        StoreError::ImportOvertaken { .. } => ServiceError::ImportOvertaken,
        error => ServiceError::internal(error),
    }
}
