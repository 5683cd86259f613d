//! What one row of an export says.

use std::collections::HashMap;

use chrono::SecondsFormat;
use domain::cell::Cell;
use domain::district::District;
use domain::household::{Building, Household};
use domain::ids::{CellId, IncidentId};
use domain::incident::{Incident, IncidentAction, IncidentStep};
use domain::plan::Plan;
use domain::text::Note;
use geo_tools::{Geometry, Position};
use serde_json::{Value, json};

use crate::store::IncidentKey;

/// One row, on its way to either format.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) geometry: Option<Geometry>,
    pub(super) fields: Vec<(&'static str, Value)>,
}

pub(super) const CELL_COLUMNS: &[&str] =
    &["code", "level", "name", "name_zh", "name_en", "parent", "kind", "setting", "area_m2"];
pub(super) const HOUSEHOLD_COLUMNS: &[&str] = &[
    "id",
    "building",
    "address",
    "lon",
    "lat",
    "cell",
    "method",
    "distance_to_border_m",
    "members",
    "building_address",
];
pub(super) const INCIDENT_COLUMNS: &[&str] = &[
    "id",
    "category",
    "colour",
    "stage",
    "channel",
    "text",
    "lon",
    "lat",
    "accuracy_m",
    "cell",
    "method",
    "reported_at",
    "due_at",
    "closed_at",
    "occurred_at",
    "note",
];

pub(super) fn cell_line(plan: &Plan, district: &District, cell: &Cell) -> Line {
    let name = |language: &str| {
        cell.names.as_slice().iter().find(|name| name.language == language).map(|name| name.text.clone())
    };
    let parent = cell.parent.and_then(|parent| plan.cell(parent)).map(|parent| parent.code.as_str());
    let values = [
        json!(cell.code.as_str()),
        json!(district.rules.level(cell.rank).map(|level| level.key.as_str())),
        json!(name("und")),
        json!(name("zh")),
        json!(name("en")),
        json!(parent),
        json!(cell.kind),
        json!(cell.setting),
        json!((plan.area_m2(cell.id) * 10.0).round() / 10.0),
    ];
    line(
        cell.code.as_str().to_owned(),
        CELL_COLUMNS,
        values,
        Some(Geometry::MultiPolygon(plan.polygons(cell.id))),
    )
}

pub(super) fn household_line(
    plan: Option<&Plan>,
    buildings: &[Building],
    household: &Household,
    shown: bool,
) -> Line {
    let building = household.building.and_then(|id| buildings.iter().find(|building| building.id == id));
    let building = building.filter(|_| shown);
    let position = household.position.filter(|_| shown);
    // What the source calls it can name the building, so it is shown only with that.
    let source_id = household.source_id.clone().filter(|_| shown);
    let id = source_id.unwrap_or_else(|| household.id.to_string());
    let assignment = &household.assignment;
    let distance_m = assignment.distance_to_border_m.filter(|_| shown);
    let values = [
        json!(id),
        json!(building.and_then(|building| building.source_id.clone())),
        json!(household.address.as_ref().filter(|_| shown).map(|address| address.as_str())),
        json!(position.map(Position::lon)),
        json!(position.map(Position::lat)),
        json!(code_of(plan, assignment.cell)),
        json!(assignment.method.as_str()),
        json!(distance_m.map(|metres| (metres * 1000.0).round() / 1000.0)),
        json!(household.member_count.filter(|_| shown)),
        json!(building.and_then(|building| building.address.as_ref()).map(|address| address.as_str())),
    ];
    line(id, HOUSEHOLD_COLUMNS, values, position.map(Geometry::Point))
}

/// What was noted when each incident was closed for the last time, up to the version that is written.
pub(super) fn closing_notes(
    incidents: &[(IncidentKey, Incident)],
    steps: Vec<(IncidentId, IncidentStep)>,
) -> HashMap<IncidentId, Note> {
    let closed: HashMap<IncidentId, i32> = incidents
        .iter()
        .filter(|(_, incident)| incident.closed_at.is_some())
        .map(|(_, incident)| (incident.id, incident.version))
        .collect();
    let mut notes = HashMap::new();
    for (id, step) in steps {
        let is_closing = step.action == IncidentAction::Close.as_str();
        if is_closing && closed.get(&id).is_some_and(|version| step.version <= *version) {
            match step.note {
                Some(note) => notes.insert(id, note),
                None => notes.remove(&id),
            };
        }
    }
    notes
}

/// `note` is what was noted when it was closed, for who may know.
pub(super) fn incident_line(
    plan: Option<&Plan>,
    incident: &Incident,
    note: Option<&Note>,
    shown: bool,
) -> Line {
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let values = [
        json!(incident.id.to_string()),
        json!(incident.category),
        json!(incident.colour),
        json!(incident.stage),
        json!(incident.channel),
        json!(Some(incident.text.as_str()).filter(|_| shown)),
        json!(incident.position.lon()),
        json!(incident.position.lat()),
        json!(incident.accuracy_m),
        json!(code_of(plan, incident.assignment.cell)),
        json!(incident.assignment.method.as_str()),
        json!(time(incident.reported_at)),
        json!(time(incident.due_at)),
        json!(incident.closed_at.map(time)),
        json!(time(incident.occurred_at)),
        json!(note.filter(|_| shown).map(Note::as_str)),
    ];
    line(incident.id.to_string(), INCIDENT_COLUMNS, values, Some(Geometry::Point(incident.position)))
}

fn code_of(plan: Option<&Plan>, cell: Option<CellId>) -> Option<String> {
    let cell = plan?.cell(cell?)?;
    Some(cell.code.as_str().to_owned())
}

fn line<const N: usize>(
    id: String,
    columns: &[&'static str],
    values: [Value; N],
    geometry: Option<Geometry>,
) -> Line {
    Line { id, geometry, fields: columns.iter().copied().zip(values).collect() }
}
