//! Events: what happened in a district, numbered in the order of commit.
//!
//! Invariant: numbers of one district have no gaps, and an event is written in the transaction of what it tells.

use chrono::{DateTime, Utc};
use geo_tools::Position;
use serde::{Deserialize, Serialize};

use crate::access::Audience;
use crate::ids::{CellId, DistrictId, HouseholdId, IncidentId, PlanVersion};
use crate::incident::Incident;
use crate::rules::StageKey;

/// A place in a district's stream: how many events came before and with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventNumber(pub i64);

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Where.
    pub district: DistrictId,
    /// Its place in the stream.
    pub number: EventNumber,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub change: Change,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// An incident was reported, changed, or assigned anew.
    Incident {
        /// Which.
        id: IncidentId,
        /// What routing needs to know of it before; `None` where it is new.
        before: Option<IncidentFacts>,
        /// And after.
        after: IncidentFacts,
    },
    /// A household was registered or changed.
    Household {
        /// Which.
        id: HouseholdId,
        /// Where it is counted now.
        cell: Option<CellId>,
    },
    /// Many rows came in at once; what was read before must be read again.
    Imported {
        /// `cells`, `households`, `incidents`, `basemap`.
        what: String,
        /// How many rows.
        rows: u64,
    },
    /// A plan was published.
    PlanPublished {
        /// Its version.
        version: PlanVersion,
    },
    /// Roles, postings or the tree changed: what may be seen must be decided again.
    AccessChanged,
    /// Something that this version does not know, or that was damaged: whatever was read before must be read again.
    #[serde(other)]
    Unreadable,
}

impl Change {
    /// Whether incidents are other than before, or lie elsewhere, of which it names none.
    pub fn touches_unnamed_incidents(&self) -> bool {
        match self {
            Self::PlanPublished { .. } | Self::Unreadable => true,
            // Where homes and roads are says nothing of an incident; anything else that comes in at once may.
            Self::Imported { what, .. } => !matches!(what.as_str(), "households" | "basemap"),
            Self::Incident { .. } | Self::Household { .. } | Self::AccessChanged => false,
        }
    }
}

/// What routing needs to know of an incident.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IncidentFacts {
    /// Its version.
    pub version: i32,
    /// Its leaf cell.
    pub cell: Option<CellId>,
    /// Longitude in 1e-7 degree.
    pub lon_e7: i32,
    /// Latitude in 1e-7 degree.
    pub lat_e7: i32,
    /// Its stage.
    pub stage: StageKey,
    /// Its category.
    pub category: String,
    /// Whether everybody may see it.
    pub public: bool,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
    /// When it is to be cleared.
    pub due_at: DateTime<Utc>,
}

impl IncidentFacts {
    /// The facts of an incident.
    pub fn of(incident: &Incident) -> Self {
        Self {
            version: incident.version,
            cell: incident.assignment.cell,
            lon_e7: incident.position.lon_e7(),
            lat_e7: incident.position.lat_e7(),
            stage: incident.stage.clone(),
            category: incident.category.clone(),
            public: incident.audience == Audience::Everybody,
            reported_at: incident.reported_at,
            due_at: incident.due_at,
        }
    }

    /// Where it is; `None` where the stored numbers are no position.
    pub fn position(&self) -> Option<Position> {
        Position::from_e7(self.lon_e7, self.lat_e7).ok()
    }
}
