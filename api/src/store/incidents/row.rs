//! An incident and its steps as rows, and back.

use domain::access::Audience;
use domain::ids::{DistrictId, IncidentId, UserId};
use domain::incident::{Incident, IncidentStep};
use domain::rules::StageKey;
use domain::text::{IncidentText, Note, search_text};

use crate::store::entity::{incident_steps, incidents};
use crate::store::rows::{assignment, from_us, from_word, position, to_us, word};
use crate::store::scope::ALWAYS;
use crate::store::{StoreError, hilbert};

pub(in crate::store) fn row_of(incident: &Incident) -> incidents::Model {
    incidents::Model {
        district_id: incident.district.0,
        id: incident.id.0,
        version: incident.version,
        category: incident.category.clone(),
        colour: word(incident.colour),
        text: incident.text.as_str().to_owned(),
        search_text: search_text(incident.text.as_str()),
        stage: incident.stage.0.clone(),
        channel: word(incident.channel),
        lon_e7: incident.position.lon_e7(),
        lat_e7: incident.position.lat_e7(),
        hilbert: hilbert::key(incident.position),
        accuracy_m: incident.accuracy_m,
        cell_id: incident.assignment.cell.map(|cell| cell.0),
        method: incident.assignment.method.as_str().to_owned(),
        distance_to_border_m: incident.assignment.distance_to_border_m,
        plan_version: incident.assignment.plan_version.0,
        public: incident.audience == Audience::Everybody,
        exercise: incident.exercise,
        occurred_at_us: to_us(incident.occurred_at),
        reported_at_us: to_us(incident.reported_at),
        due_at_us: to_us(incident.due_at),
        closed_at_us: incident.closed_at.map(to_us),
        reporter_id: incident.reporter.map(|user| user.0),
        since_import: ALWAYS,
    }
}

pub(in crate::store) fn incident_of(row: incidents::Model) -> Result<Incident, StoreError> {
    const TABLE: &str = "incidents";
    Ok(Incident {
        id: IncidentId(row.id),
        district: DistrictId(row.district_id),
        version: row.version,
        category: row.category,
        colour: from_word(TABLE, "colour", &row.colour)?,
        text: IncidentText::parse(&row.text)
            .map_err(|problem| StoreError::corrupt(TABLE, "text", problem))?,
        stage: StageKey(row.stage),
        channel: from_word(TABLE, "channel", &row.channel)?,
        position: position(TABLE, row.lon_e7, row.lat_e7)?,
        accuracy_m: row.accuracy_m,
        assignment: assignment(TABLE, row.cell_id, &row.method, row.distance_to_border_m, row.plan_version)?,
        audience: if row.public { Audience::Everybody } else { Audience::Staff },
        exercise: row.exercise,
        occurred_at: from_us(TABLE, "occurred_at_us", row.occurred_at_us)?,
        reported_at: from_us(TABLE, "reported_at_us", row.reported_at_us)?,
        due_at: from_us(TABLE, "due_at_us", row.due_at_us)?,
        closed_at: row.closed_at_us.map(|us| from_us(TABLE, "closed_at_us", us)).transpose()?,
        reporter: row.reporter_id.map(UserId),
    })
}

pub(in crate::store) fn step_row(incident: &Incident, step: &IncidentStep) -> incident_steps::Model {
    incident_steps::Model {
        district_id: incident.district.0,
        incident_id: incident.id.0,
        version: step.version,
        at_us: to_us(step.at),
        action: step.action.clone(),
        stage: step.stage.0.clone(),
        by_user_id: step.by.map(|user| user.0),
        note: step.note.as_ref().map(|note| note.as_str().to_owned()),
    }
}

pub(super) fn step_of(row: incident_steps::Model) -> Result<(IncidentId, IncidentStep), StoreError> {
    const TABLE: &str = "incident_steps";
    let note = row.note.as_deref().map(Note::parse).transpose();
    let step = IncidentStep {
        at: from_us(TABLE, "at_us", row.at_us)?,
        action: row.action,
        stage: StageKey(row.stage),
        version: row.version,
        by: row.by_user_id.map(UserId),
        note: note.map_err(|problem| StoreError::corrupt(TABLE, "note", problem))?,
    };
    Ok((IncidentId(row.incident_id), step))
}
