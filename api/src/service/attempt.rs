//! One try of one thing that somebody wants done, and what is known of earlier tries under its client key.

use domain::district::District;
use domain::ids::{ClientKey, DistrictId};
use domain::input::InputCode;
use domain::viewer::Viewer;
use std::sync::Arc;

use super::{ServiceError, Services};
use crate::store::{Answer, Attempt, Earlier};

/// What an earlier try under the same key came to.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Replay {
    /// It asked for the same: this was its answer.
    Same(Answer),
    /// It asked for something else.
    Other,
}

/// That a client key was used with another input.
pub(super) fn key_reused() -> ServiceError {
    let message = "the client key was used with another input; make a new one for each thing to be done";
    ServiceError::problem(InputCode::ClientKeyReused, message, &["clientKey"])
}

impl Services {
    /// A try by a viewer, now.
    pub(super) fn attempt(&self, viewer: &Viewer, key: ClientKey, input_hash: [u8; 32]) -> Attempt {
        Attempt { actor: viewer.user(), key: Some(key), input_hash, at: self.clock.now() }
    }

    /// What an earlier try under the same key came to; `None` for the first.
    ///
    /// Asked before anything is decided, since what was right at the first try may be refused by now: a closed incident
    /// cannot be closed again. The store asks once more when it writes.
    pub(super) async fn replay(
        &self,
        district: DistrictId,
        attempt: &Attempt,
    ) -> Result<Option<Replay>, ServiceError> {
        let earlier = self.store.earlier(district, attempt).await.map_err(ServiceError::internal)?;
        Ok(earlier.map(
            |Earlier { input_hash, answer }| {
                if input_hash == attempt.input_hash { Replay::Same(answer) } else { Replay::Other }
            },
        ))
    }

    /// The district as it is now, after a write was refused because its plan had moved.
    pub(super) async fn district_anew(
        &self,
        viewer: &Viewer,
        district: &District,
    ) -> Result<Arc<District>, ServiceError> {
        self.cache.forget_districts().await;
        self.district_by_id(viewer, district.id).await
    }
}
