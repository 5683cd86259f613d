//! Reports, changes and filters as they come in.

use async_graphql::{Enum, ID, InputObject, OneofObject};
use chrono::{DateTime, Utc};
use domain::incident::{IncidentAction, IncidentDraft};
use domain::input::{InputCode, InputProblem};
use domain::text::{IncidentText, Note};

use super::types::Channel;
use crate::graphql::id::{self, client_key};
use crate::graphql::location::PositionInput;
use crate::graphql::problem::Gathered;
use crate::service::incidents::{self, ChangeRequest, Report};

/// Which incidents. What is left out asks nothing; what is given must all hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct IncidentFilter {
    /// In one of these stages, by their keys.
    stages: Option<Vec<String>>,
    /// Of one of these categories, by their codes.
    categories: Option<Vec<String>>,
    /// Whether it still waits for something.
    open: Option<bool>,
    /// Whether it is open and past the time by which it was to be cleared.
    overdue: Option<bool>,
    /// Reported at this time or later.
    reported_after: Option<DateTime<Utc>>,
    /// Reported before this time.
    reported_before: Option<DateTime<Utc>>,
}

impl From<IncidentFilter> for incidents::IncidentFilter {
    fn from(filter: IncidentFilter) -> Self {
        Self {
            stages: filter.stages,
            categories: filter.categories,
            open: filter.open,
            overdue: filter.overdue,
            reported_after: filter.reported_after,
            reported_before: filter.reported_before,
        }
    }
}

/// In which order incidents come.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum IncidentOrder {
    /// The last reported first.
    Newest,
    /// The first reported first.
    Oldest,
    /// What is to be cleared first, first.
    Due,
}

impl From<IncidentOrder> for incidents::IncidentOrder {
    fn from(order: IncidentOrder) -> Self {
        match order {
            IncidentOrder::Newest => Self::Newest,
            IncidentOrder::Oldest => Self::Oldest,
            IncidentOrder::Due => Self::Due,
        }
    }
}

/// A report of something to be solved.
#[derive(InputObject, Clone, Debug)]
pub struct ReportIncidentInput {
    /// A UUID of version 7, made anew for each thing to be done: what makes a retry harmless.
    client_key: ID,
    /// The district's code.
    pub(super) district: String,
    /// The category's code.
    category: String,
    /// What there is to be solved: 1 to 2000 characters.
    text: String,
    /// Where it is.
    position: PositionInput,
    /// Where the report comes from.
    #[graphql(default_with = "Channel::Web")]
    channel: Channel,
    /// When it happened, within the last 30 days; left out, it is now.
    occurred_at: Option<DateTime<Utc>>,
}

/// A change of an incident.
#[derive(InputObject, Clone, Debug)]
pub struct ChangeIncidentInput {
    /// A UUID of version 7, made anew for each thing to be done: what makes a retry harmless.
    client_key: ID,
    /// The incident.
    id: ID,
    /// The version that the change was decided on; another one is answered with `VERSION_CONFLICT`.
    expected_version: i32,
    /// What to do.
    action: IncidentActionInput,
}

/// What to do to an incident.
#[derive(OneofObject, Clone, Debug)]
pub enum IncidentActionInput {
    /// Send it on to who handles it.
    Dispatch(DispatchInput),
    /// Close it.
    Close(CloseInput),
}

/// Sending an incident on.
#[derive(InputObject, Clone, Debug)]
pub struct DispatchInput {
    /// What to tell who handles it, up to 1000 characters.
    note: Option<String>,
}

/// Closing an incident.
#[derive(InputObject, Clone, Debug)]
pub struct CloseInput {
    /// How it was solved: 1 to 1000 characters.
    note: String,
}

impl ReportIncidentInput {
    pub(super) fn parse(self) -> Result<Report, Vec<InputProblem>> {
        let mut gathered = Gathered::default();
        let key = gathered.keep(client_key(&self.client_key));
        let text = IncidentText::parse(&self.text)
            .map_err(|problem| InputProblem::new(InputCode::InvalidText, problem, &["text"]));
        let text = gathered.keep(text);
        let fix = gathered.keep(self.position.parse(&["position"]));
        let (Some(key), Some(text), Some(fix)) = (key, text, fix) else {
            return Err(gathered.into_problems());
        };
        let draft = IncidentDraft {
            category: self.category,
            text,
            position: fix.position,
            accuracy_m: fix.accuracy_m,
            channel: self.channel.into(),
            occurred_at: self.occurred_at,
        };
        Ok(Report { key, draft })
    }
}

impl ChangeIncidentInput {
    pub(super) fn parse(self) -> Result<ChangeRequest, Vec<InputProblem>> {
        let mut gathered = Gathered::default();
        let key = gathered.keep(client_key(&self.client_key));
        let name = gathered.keep(id::incident(&self.id, &["id"]));
        let (action, note) = match self.action {
            IncidentActionInput::Dispatch(DispatchInput { note }) => (
                IncidentAction::Dispatch,
                gathered.keep(note.map(|note| noted(&note, "dispatch")).transpose()),
            ),
            IncidentActionInput::Close(CloseInput { note }) => {
                (IncidentAction::Close, gathered.keep(noted(&note, "close").map(Some)))
            }
        };
        let (Some(key), Some(name), Some(note)) = (key, name, note) else {
            return Err(gathered.into_problems());
        };
        let (district, id, expected_version) = (name.district, name.id, self.expected_version);
        Ok(ChangeRequest { key, district, id, expected_version, action, note })
    }
}

fn noted(note: &str, action: &str) -> Result<Note, InputProblem> {
    Note::parse(note)
        .map_err(|problem| InputProblem::new(InputCode::InvalidText, problem, &["action", action, "note"]))
}
