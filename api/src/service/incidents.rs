//! Use cases for incidents: lists, figures, report, dispatch, close.
//!
//! The rules are in [`domain::incident`]; the queries are in [`crate::store`]. Start at [`Services::report_incident`].
//!
//! Invariant: what a viewer may not see of an incident does not leave [`SeenIncident`].
//! Invariant: a report that is sent twice under one client key is stored once.

mod change;
mod filter;
mod read;
mod report;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::{Personal, incident_scope};
use domain::district::District;
use domain::incident::{Incident, IncidentAction, IncidentStep};
use domain::viewer::Viewer;

pub use crate::store::{CellCounts as IncidentCounts, IncidentCluster, IncidentKey, IncidentOrder};
pub use change::{ChangeRequest, Changed};
pub use filter::IncidentFilter;
pub use read::{IncidentList, IncidentPage};
pub use report::{Receipt, Report, Reported};

/// How often a write is tried again when the grid changed under it.
pub(super) const PLAN_ATTEMPTS: usize = 5;

/// The counts of several cells together.
pub(super) fn total(counts: impl Iterator<Item = IncidentCounts>) -> IncidentCounts {
    counts.fold(IncidentCounts::default(), |mut total, counts| {
        total += counts;
        total
    })
}

/// An incident as one viewer may see it. Its text is behind [`SeenIncident::text`].
#[derive(Clone, Debug)]
pub struct SeenIncident {
    /// The district.
    pub district: Arc<District>,
    /// What the viewer may do to it now.
    pub allowed_actions: Vec<IncidentAction>,
    /// Whether it waits for something and its clock has run out.
    pub overdue: bool,
    incident: Incident,
    personal: Personal,
}

impl SeenIncident {
    /// What a viewer sees of an incident that their scope admits.
    pub fn new(viewer: &Viewer, district: &Arc<District>, incident: Incident, now: DateTime<Utc>) -> Self {
        Self {
            allowed_actions: incident.allowed_actions(viewer.role_in(district.id), &district.rules),
            overdue: incident.is_overdue(now),
            personal: incident_scope(viewer, district.id).personal(),
            district: Arc::clone(district),
            incident,
        }
    }

    /// What everybody sees who sees it at all: everything but what people wrote and who they are.
    pub fn facts(&self) -> &Incident {
        &self.incident
    }

    /// What the reporter said, unless it is masked.
    pub fn text(&self) -> Option<&str> {
        (self.personal == Personal::Shown).then(|| self.incident.text.as_str())
    }

    /// Who did a step and what they noted, unless it is masked.
    pub fn unmasked<'a>(&self, step: &'a IncidentStep) -> Option<&'a IncidentStep> {
        (self.personal == Personal::Shown).then_some(step)
    }
}
