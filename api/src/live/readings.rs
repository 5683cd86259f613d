//! What subscribers read anew after an event, read once for all who see the same, and written once for all who select
//! the same of it.
//!
//! Invariant: nobody is handed a reading that is older than the last event that they heard of, or of other rights.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::access::{Scope, incident_scope};
use domain::event::EventNumber;
use domain::ids::{DistrictId, IncidentId};
use domain::viewer::{Role, Viewer};
use tokio::time::Instant;

use crate::service::incidents::SeenIncident;
use crate::service::texts::Texts;

/// Whoever comes later reads anew: a slow reader's clocks have gone on, and nothing is kept for long.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// More than this are not kept: a burst costs statements, not memory.
const MOST_KEPT: usize = 20_000;

/// What decides what is shown of an incident: those for whom it is the same see the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sight {
    role: Role,
    scope: Scope,
    /// The tree that the scope stands on is the one of this epoch.
    authorisation_epoch: i64,
}

impl Sight {
    /// What a viewer sees of a district's incidents.
    pub(super) fn of(viewer: &Viewer, district: DistrictId, authorisation_epoch: i64) -> Self {
        let (role, scope) = (viewer.role_in(district), incident_scope(viewer, district));
        Self { role, scope, authorisation_epoch }
    }
}

/// An incident as it was read, for everybody who sees it so.
#[derive(Debug)]
pub struct ToldIncident {
    /// What was read.
    pub seen: Arc<SeenIncident>,
    /// What was written of it.
    pub texts: Texts,
}

impl From<SeenIncident> for ToldIncident {
    fn from(seen: SeenIncident) -> Self {
        Self { seen: Arc::new(seen), texts: Texts::default() }
    }
}

/// Incidents by id; those that were not found, or may not be seen, are missing.
pub(super) type Found = HashMap<IncidentId, Arc<ToldIncident>>;

/// What was read of late.
#[derive(Debug, Default)]
pub(super) struct Readings {
    /// Held by who reads, so that others wait for what they read.
    pub(super) turn: tokio::sync::Mutex<()>,
    kept: Mutex<HashMap<(Sight, IncidentId), Reading>>,
}

#[derive(Clone, Debug)]
struct Reading {
    /// An event that it is no older than.
    number: EventNumber,
    read_at: Instant,
    /// `None` where there was nothing to be seen.
    incident: Option<Arc<ToldIncident>>,
}

impl Readings {
    /// What was read of some incidents after an event, and those that must be read.
    pub(super) fn find(
        &self,
        sight: Sight,
        ids: &[IncidentId],
        after: EventNumber,
    ) -> (Found, Vec<IncidentId>) {
        let kept = self.lock();
        let (mut found, mut missing) = (Found::new(), Vec::new());
        for id in ids {
            match kept.get(&(sight, *id)) {
                Some(reading) if reading.number >= after && reading.read_at.elapsed() < SHARED_FOR => {
                    found.extend(reading.incident.clone().map(|incident| (*id, incident)));
                }
                _ => missing.push(*id),
            }
        }
        (found, missing)
    }

    /// Keeps what was read of some incidents after an event, and hands it on.
    pub(super) fn keep(
        &self,
        sight: Sight,
        asked: &[IncidentId],
        number: EventNumber,
        read: Vec<SeenIncident>,
    ) -> Found {
        let share = |seen: SeenIncident| (seen.facts().id, Arc::new(ToldIncident::from(seen)));
        let found: Found = read.into_iter().map(share).collect();
        let read_at = Instant::now();
        let mut kept = self.lock();
        kept.retain(|_, reading| reading.read_at.elapsed() < SHARED_FOR);
        if kept.len() + asked.len() <= MOST_KEPT {
            let reading = |id: &IncidentId| {
                ((sight, *id), Reading { number, read_at, incident: found.get(id).map(Arc::clone) })
            };
            kept.extend(asked.iter().map(reading));
        }
        found
    }

    /// Forgets everything: numbers begin anew.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Sight, IncidentId), Reading>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
