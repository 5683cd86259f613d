//! What is answered to who asks again under the same client key: the thing as it was after the first try.
//!
//! Kept is only what a later change can alter. The rest is read from the thing itself, so that a replay is masked by
//! what the viewer may see now, and nothing that people wrote is stored twice.
//!
//! Invariant: a column that a change of an incident or household writes is also in [`Kept`].

use domain::household::Household;
use domain::ids::CellId;
use domain::incident::Incident;
use domain::plan::{Assignment, LocationMethod};
use domain::rules::{Colour, StageKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::StoreError;
use super::rows::{from_us, to_us};

/// What the first try of a key did.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// What it made or changed.
    pub subject: Uuid,
    /// That thing's version after it.
    pub version: i32,
    /// What of it can change later, as it was then; `None` of a thing that nobody is shown.
    kept: Option<Kept>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Kept {
    cell: Option<Uuid>,
    method: LocationMethod,
    distance_to_border_m: Option<f64>,
    plan_version: i32,
    case: Option<KeptCase>,
}

/// What an incident has beside its place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct KeptCase {
    category: String,
    colour: Colour,
    stage: String,
    due_at_us: i64,
    closed_at_us: Option<i64>,
}

const TABLE: &str = "idempotency";
const COLUMN: &str = "answer";

impl Answer {
    /// That something was made which nobody is shown.
    pub(super) fn of(subject: Uuid, version: i32) -> Self {
        Self { subject, version, kept: None }
    }

    pub(super) fn of_incident(incident: &Incident) -> Self {
        let case = KeptCase {
            category: incident.category.clone(),
            colour: incident.colour,
            stage: incident.stage.0.clone(),
            due_at_us: to_us(incident.due_at),
            closed_at_us: incident.closed_at.map(to_us),
        };
        let kept = Kept::of(&incident.assignment, Some(case));
        Self { subject: incident.id.0, version: incident.version, kept: Some(kept) }
    }

    pub(super) fn of_household(household: &Household) -> Self {
        let kept = Kept::of(&household.assignment, None);
        Self { subject: household.id.0, version: household.version, kept: Some(kept) }
    }

    pub(super) fn read(subject: Uuid, version: i32, stored: Option<&str>) -> Result<Self, StoreError> {
        let kept = stored.map(serde_json::from_str).transpose();
        Ok(Self {
            subject,
            version,
            kept: kept.map_err(|problem| StoreError::corrupt(TABLE, COLUMN, problem))?,
        })
    }

    pub(super) fn stored(&self) -> Result<Option<String>, StoreError> {
        let stored = self.kept.as_ref().map(serde_json::to_string).transpose();
        stored.map_err(|problem| StoreError::corrupt(TABLE, COLUMN, problem))
    }

    /// The incident as it was after the first try, from what it is now.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn incident(&self, now: Incident) -> Result<Incident, StoreError> {
        let Some(kept) = &self.kept else { return Ok(now) };
        let case = kept.case.as_ref().ok_or_else(|| StoreError::corrupt(TABLE, COLUMN, self.subject))?;
        Ok(Incident {
            version: self.version,
            category: case.category.clone(),
            colour: case.colour,
            stage: StageKey(case.stage.clone()),
            due_at: from_us(TABLE, COLUMN, case.due_at_us)?,
            closed_at: case.closed_at_us.map(|us| from_us(TABLE, COLUMN, us)).transpose()?,
            assignment: kept.assignment(),
            ..now
        })
    }

    /// The household as it was after the first try, from what it is now.
    pub fn household(&self, now: Household) -> Household {
        match &self.kept {
            Some(kept) => Household { version: self.version, assignment: kept.assignment(), ..now },
            None => now,
        }
    }
}

impl Kept {
    fn of(assignment: &Assignment, case: Option<KeptCase>) -> Self {
        Self {
            cell: assignment.cell.map(|cell| cell.0),
            method: assignment.method,
            distance_to_border_m: assignment.distance_to_border_m,
            plan_version: assignment.plan_version.0,
            case,
        }
    }

    fn assignment(&self) -> Assignment {
        Assignment {
            cell: self.cell.map(CellId),
            method: self.method,
            distance_to_border_m: self.distance_to_border_m,
            plan_version: domain::ids::PlanVersion(self.plan_version),
        }
    }
}
