//! How long events are kept: the newest of each district, so many. Who resumes after an older one reads everything anew.

use std::time::Duration;

use domain::event::EventNumber;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::warn;

use crate::service::{ServiceError, Services};

/// How often it is looked for events that are too many.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Events in one transaction: a few milliseconds of the writer.
const FORGOTTEN_AT_ONCE: u64 = 500;
/// Between two such transactions, for who else writes.
const PAUSE: Duration = Duration::from_millis(10);

impl Services {
    /// Forgets the events of every district but the newest, a few at a time; answers how many those were.
    pub async fn forget_events(&self, kept: u64) -> Result<u64, ServiceError> {
        let mut forgotten = 0;
        for head in self.stream_heads().await? {
            let kept = i64::try_from(kept).unwrap_or(i64::MAX);
            let last = EventNumber(head.number.0.saturating_sub(kept));
            loop {
                let count = self.store.forget_events(head.district, last, FORGOTTEN_AT_ONCE).await;
                let count = count.map_err(ServiceError::internal)?;
                forgotten += count;
                if count == 0 {
                    break;
                }
                sleep(PAUSE).await;
            }
        }
        Ok(forgotten)
    }

    /// Does so now and then, for as long as it is polled. Several servers of one database may.
    pub async fn keep_forgetting_events(self, kept: u64) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if let Err(error) = self.forget_events(kept).await {
                warn!(error = %error, "Old events could not be forgotten, and are the next time: {error}");
            }
        }
    }
}
