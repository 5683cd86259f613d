//! What mutations of incidents answer.

use async_graphql::{Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::input::InputProblem;

use super::Incident;
use crate::graphql::cells::Cell;
use crate::graphql::districts::Stage;
use crate::graphql::problem::{Problem, problems};
use crate::service::incidents::{self, Changed, Reported};

/// What became of a report.
#[derive(SimpleObject, Clone, Debug, Default)]
pub struct ReportIncidentPayload {
    /// The incident; null where nothing was stored, where it is not for the viewer, or where the report came before and
    /// the viewer did not sign in.
    incident: Option<Incident>,
    /// What the reporter may keep; null where nothing was stored.
    receipt: Option<Receipt>,
    /// Why nothing was stored; empty where it was.
    problems: Vec<Problem>,
    /// Whether the same had come before under the same client key: then this is the first answer.
    replayed: bool,
}

impl From<Reported> for ReportIncidentPayload {
    fn from(reported: Reported) -> Self {
        Self {
            incident: reported.incident.map(Incident::from),
            receipt: Some(Receipt(reported.receipt)),
            problems: Vec::new(),
            replayed: reported.replayed,
        }
    }
}

impl From<Vec<InputProblem>> for ReportIncidentPayload {
    fn from(found: Vec<InputProblem>) -> Self {
        Self { problems: problems(found), ..Self::default() }
    }
}

/// What a reporter gets, signed in or not.
#[derive(Clone, Debug)]
pub struct Receipt(incidents::Receipt);

/// What a reporter gets, signed in or not.
#[Object]
impl Receipt {
    /// What to ask by: three groups of four letters and digits.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// The stage.
    async fn stage(&self) -> Stage {
        Stage::of(&self.0.district, &self.0.stage)
    }

    /// When it was reported.
    async fn reported_at(&self) -> DateTime<Utc> {
        self.0.reported_at
    }

    /// When it is to be cleared.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        Some(self.0.due_at)
    }

    /// The cell that cares for it; null outside every cell.
    async fn cell(&self) -> Option<Cell> {
        self.0.cell.clone().map(Cell::from)
    }
}

/// What became of a change.
#[derive(SimpleObject, Clone, Debug, Default)]
pub struct ChangeIncidentPayload {
    /// The incident as it is now, also where nothing was changed; where the same had come before, as it was after that.
    /// Null where the input could not be read.
    incident: Option<Incident>,
    /// Why nothing was changed; empty where it was.
    problems: Vec<Problem>,
    /// Whether the same had come before under the same client key: then this is the first answer.
    replayed: bool,
}

impl From<Changed> for ChangeIncidentPayload {
    fn from(changed: Changed) -> Self {
        Self {
            incident: Some(changed.incident.into()),
            problems: problems(changed.problems),
            replayed: changed.replayed,
        }
    }
}

impl From<Vec<InputProblem>> for ChangeIncidentPayload {
    fn from(found: Vec<InputProblem>) -> Self {
        Self { problems: problems(found), ..Self::default() }
    }
}
