//! Whether a subscription's viewer may still see what they saw when it began.
//!
//! What changes that moves the district's authorisation epoch in its own transaction and is told as an event. The event is
//! what comes at once; the epoch is looked at before every batch besides, so that nothing goes out where no event comes
//! through. One look serves all subscribers of a node for [`Pace::rights`](super::Pace::rights).
//!
//! Invariant: nothing is handed on that was queued before the epoch moved, but for a viewer and a tree that are the same.
//! Invariant: where the epoch can't be asked, the subscription ends.

use std::collections::VecDeque;

use domain::viewer::Viewer;
use tokio::time::Instant;

use super::Hub;
use super::feed::Registration;
use super::mailbox::Waiting;
use crate::service::ServiceError;

/// What a subscription began with.
#[derive(Debug)]
pub(super) struct Rights {
    pub(super) viewer: Viewer,
    epoch: i64,
}

impl Rights {
    /// Looks the viewer up; the mailbox is up before, so that no change falls between.
    pub(super) async fn look_up(
        hub: &Hub,
        viewer: Viewer,
        registration: &Registration,
    ) -> Result<Self, ServiceError> {
        // Before the viewer: what changes between the two statements shows as another epoch later.
        let epoch = hub.authorisation_epoch(registration).await?;
        let rights = Self { viewer, epoch };
        rights.look_up_again(hub).await?;
        Ok(rights)
    }

    /// Refuses to go on where the viewer's rights are no longer what the subscription began with.
    pub(super) async fn look_up_again(&self, hub: &Hub) -> Result<(), ServiceError> {
        match hub.inner.services.viewer_now(&self.viewer).await? {
            now if now == self.viewer => Ok(()),
            _ => Err(ServiceError::AccessChanged),
        }
    }

    /// Whether what is queued may go out: before each batch. Clears the queue where it is to be read anew.
    pub(super) async fn confirm<Batch>(
        &mut self,
        hub: &Hub,
        registration: &Registration,
        queue: &mut VecDeque<Batch>,
    ) -> Result<(), ServiceError> {
        let is_told = registration.mailbox.take_recheck();
        let epoch = hub.authorisation_epoch(registration).await?;
        if !is_told && epoch == self.epoch {
            return Ok(());
        }
        self.look_up_again(hub).await?;
        // The same viewer; but the tree may be another, of which the event may not have come yet.
        if epoch != self.epoch && !is_told && !queue.is_empty() {
            registration.mailbox.put(Waiting::read_anew);
        }
        if registration.mailbox.is_to_read_anew() {
            queue.clear();
        }
        self.epoch = epoch;
        Ok(())
    }
}

impl Hub {
    async fn authorisation_epoch(&self, registration: &Registration) -> Result<i64, ServiceError> {
        let feed = registration.feed();
        let oldest = self.inner.pace.rights;
        if let Some(epoch) = feed.authorisation_epoch(oldest) {
            return Ok(epoch);
        }
        let _turn = feed.asking.lock().await;
        // Somebody else may have asked while this waited for its turn.
        if let Some(epoch) = feed.authorisation_epoch(oldest) {
            return Ok(epoch);
        }
        let asked_at = Instant::now();
        let epoch = self.inner.services.authorisation_epoch(feed.district).await?;
        feed.keep_authorisation_epoch(asked_at, epoch);
        Ok(epoch)
    }
}
