//! What runs without a user: the streams that the live hub follows and how long they are kept, and who a token belongs to.
//!
//! Invariant: what is read here under [`Scope::system`] is filtered with a viewer's scope before anything is shown.

mod retention;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::access::Scope;
use domain::district::District;
use domain::event::{Change, Event, EventNumber};
use domain::ids::{CellId, DistrictId};
use domain::viewer::Viewer;

use super::incidents::{IncidentCounts, IncidentFilter};
use super::{ServiceError, Services};

pub use crate::bus::BusReport;
pub use crate::cache::RemoteReport;
pub use crate::store::StreamHead;

impl Services {
    /// The time, as every use case sees it.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Where the stream of every district stands.
    pub async fn stream_heads(&self) -> Result<Vec<StreamHead>, ServiceError> {
        self.store.heads().await.map_err(ServiceError::internal)
    }

    /// Grows each time that roles, postings, the tree or the plan change what somebody may see.
    pub async fn authorisation_epoch(&self, district: DistrictId) -> Result<i64, ServiceError> {
        self.store.authorisation_epoch(district).await.map_err(ServiceError::internal)
    }

    /// What happened in a district after a number, in order, at most so many events.
    ///
    /// Whoever reads that the grid or the base map was replaced, perhaps by another node, reads districts anew.
    pub async fn events_after(
        &self,
        district: DistrictId,
        after: EventNumber,
        limit: u64,
    ) -> Result<Vec<Event>, ServiceError> {
        let events = self.store.events_after(district, after, limit).await.map_err(ServiceError::internal)?;
        let replaced = |event: &Event| {
            matches!(
                event.change,
                Change::PlanPublished { .. } | Change::Imported { .. } | Change::Unreadable
            )
        };
        if events.iter().any(replaced) {
            self.cache.forget_districts().await;
        }
        Ok(events)
    }

    /// Whether the database answers and its districts can be read. Loads no plan: who asks every second would load those
    /// of all districts every second where the cache does not hold them all.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] with what is wrong.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        self.store.ping().await.map_err(ServiceError::internal)?;
        self.cache.districts().await.map_err(ServiceError::internal)?;
        Ok(())
    }

    /// How the Redis of this server does; `None` where none is set.
    pub fn redis(&self) -> Option<RedisReport> {
        self.cache.redis_report().map(|cache| RedisReport { cache, bus: self.bus.report() })
    }

    /// The figures of every leaf cell, for the hub to notice those that time alone has changed.
    pub async fn leaf_counts(
        &self,
        district: &District,
    ) -> Result<HashMap<CellId, IncidentCounts>, ServiceError> {
        let scope = Scope::system(district.id);
        let counts = self.incident_counts(&scope, district, None, &IncidentFilter::default()).await?;
        Ok(counts.into_iter().filter_map(|(cell, counts)| cell.map(|cell| (cell, counts))).collect())
    }

    /// Who a token's hash belongs to; `None` where it is not known or has expired.
    pub async fn viewer_by_token(&self, hash: &[u8; 32]) -> Result<Option<SignedIn>, ServiceError> {
        let found = self.store.user_by_token(hash).await.map_err(ServiceError::internal)?;
        let alive = found.filter(|(_, expires_at)| *expires_at > self.clock.now());
        Ok(alive.map(|(user, expires_at)| SignedIn { viewer: Viewer::staff(&user), expires_at }))
    }
}

/// How Redis does: the cache in it, and the doorbell between servers where there may be several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RedisReport {
    /// The cache.
    pub cache: RemoteReport,
    /// The doorbell.
    pub bus: Option<BusReport>,
}

impl RedisReport {
    /// Whether all of it answers.
    pub fn is_well(&self) -> bool {
        self.cache.is_up && self.bus.is_none_or(|bus| bus.is_heard)
    }
}

/// Who signed in, and until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// Who.
    pub viewer: Viewer,
    /// Until when the token is good.
    pub expires_at: DateTime<Utc>,
}
