//! Use cases of export: cells, households, incidents, as GeoJSON or CSV, page by page.
//!
//! Start at [`Services::export`]. What a viewer may not see is left out, or left empty where only a part of it is masked.
//!
//! Invariant: memory holds one page, however many rows there are.

mod rows;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use domain::access::{Action, Personal, Scope, household_scope, incident_scope};
use domain::district::District;
use domain::ids::IncidentId;
use domain::incident::Incident;
use domain::page::PageSize;
use domain::plan::Plan;
use domain::text::Note;
use domain::viewer::Viewer;
use futures_util::stream::{self, Stream};
use geo_tools::formats::geojson::geometry_json;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::audit::HouseholdRead;
use super::{ServiceError, Services};
use crate::store::{Area, HouseholdKey, IncidentKey, IncidentOrder, IncidentQuery, Store};
use rows::{Line, cell_line, closing_notes, household_line, incident_line};

/// What is taken out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// The cells of the plan in force, with their areas.
    Cells,
    /// Households.
    Households,
    /// Incidents.
    Incidents,
}

impl ExportKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Cells, Self::Households, Self::Incidents];

    /// The kind's name on the command line and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cells => "cells",
            Self::Households => "households",
            Self::Incidents => "incidents",
        }
    }

    /// Reads a kind's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// As what it is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A FeatureCollection (RFC 7946).
    Geojson,
    /// A table with a header, in UTF-8; areas are left out.
    Csv,
}

impl ExportFormat {
    /// Reads a format's name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "geojson" => Some(Self::Geojson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// Its `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Geojson => "application/geo+json",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// A piece of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many rows there are up to its end.
    pub row_count: u64,
}

/// An export under way; [`Export::pieces`] gives the file.
#[derive(Debug)]
pub struct Export {
    services: Services,
    district: Arc<District>,
    plan: Option<Arc<Plan>>,
    rows: Rows,
    format: ExportFormat,
    stage: Stage,
    row_count: u64,
}

#[derive(Debug)]
enum Rows {
    Cells { at: usize },
    Households { scope: Scope, after: Option<HouseholdKey> },
    Incidents { scope: Scope, after: Option<IncidentKey> },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Head,
    Rows,
    Over,
}

impl Services {
    /// Begins an export.
    ///
    /// # Errors
    /// [`ServiceError::Refused`] where the role does not allow it.
    pub async fn export(
        &self,
        viewer: &Viewer,
        district: &str,
        kind: ExportKind,
        format: ExportFormat,
    ) -> Result<Export, ServiceError> {
        let district = self.district(viewer, district).await?;
        viewer.require(Action::Export, district.id)?;
        let scope = match kind {
            ExportKind::Households => household_scope(viewer, district.id),
            ExportKind::Cells | ExportKind::Incidents => incident_scope(viewer, district.id),
        };
        if kind == ExportKind::Households {
            self.record_household_read(&scope, viewer.user(), HouseholdRead::Exported).await;
        }
        self.begin_export(district, kind, format, scope).await
    }

    /// Begins an export of everything, for whoever can open the database.
    pub(super) async fn export_as_operator(
        &self,
        district: &str,
        kind: ExportKind,
        format: ExportFormat,
    ) -> Result<Export, ServiceError> {
        let district = self.district(&Viewer::public(), district).await?;
        let scope = Scope::system(district.id);
        if kind == ExportKind::Households {
            self.record_household_read(&scope, None, HouseholdRead::Exported).await;
        }
        self.begin_export(district, kind, format, scope).await
    }

    async fn begin_export(
        &self,
        district: Arc<District>,
        kind: ExportKind,
        format: ExportFormat,
        scope: Scope,
    ) -> Result<Export, ServiceError> {
        let rows = match kind {
            ExportKind::Cells => Rows::Cells { at: 0 },
            ExportKind::Households => Rows::Households { scope, after: None },
            ExportKind::Incidents => Rows::Incidents { scope, after: None },
        };
        let plan = self.plan_in_force(&district).await?;
        let services = self.clone();
        Ok(Export { services, district, plan, rows, format, stage: Stage::Head, row_count: 0 })
    }
}

impl Export {
    /// The file, piece by piece.
    pub fn pieces(self) -> impl Stream<Item = Result<Piece, ServiceError>> {
        stream::try_unfold(self, |mut export| async move {
            let bytes = export.next_bytes().await?;
            Ok(bytes.map(|bytes| (Piece { bytes, row_count: export.row_count }, export)))
        })
    }

    async fn next_bytes(&mut self) -> Result<Option<Vec<u8>>, ServiceError> {
        match self.stage {
            Stage::Head => {
                self.stage = Stage::Rows;
                Ok(Some(self.head()))
            }
            Stage::Rows => {
                let lines = self.next_lines().await?;
                if lines.is_empty() {
                    self.stage = Stage::Over;
                    let end: &[u8] = if self.format == ExportFormat::Geojson { b"\n]}\n" } else { b"" };
                    return Ok(Some(end.to_vec()));
                }
                Ok(Some(self.written(&lines)?))
            }
            Stage::Over => Ok(None),
        }
    }

    fn head(&self) -> Vec<u8> {
        match self.format {
            ExportFormat::Geojson => br#"{"type":"FeatureCollection","features":["#.to_vec(),
            ExportFormat::Csv => {
                let columns = match self.rows {
                    Rows::Cells { .. } => rows::CELL_COLUMNS,
                    Rows::Households { .. } => rows::HOUSEHOLD_COLUMNS,
                    Rows::Incidents { .. } => rows::INCIDENT_COLUMNS,
                };
                format!("{}\n", columns.join(",")).into_bytes()
            }
        }
    }

    /// The next page of rows; empty at the end.
    async fn next_lines(&mut self) -> Result<VecDeque<Line>, ServiceError> {
        let size = PageSize::new(PageSize::MAX)?;
        let plan = self.plan.as_deref();
        let store = &self.services.store;
        match &mut self.rows {
            Rows::Cells { at } => {
                let Some(plan) = plan else { return Ok(VecDeque::new()) };
                let page = plan.cells().iter().skip(*at).take(PageSize::MAX as usize);
                let lines: VecDeque<Line> = page.map(|cell| cell_line(plan, &self.district, cell)).collect();
                *at += lines.len();
                Ok(lines)
            }
            Rows::Households { scope, after } => {
                let page = store.households(scope, &Area::Everywhere, *after, size).await;
                let page = page.map_err(ServiceError::internal)?;
                *after = page.rows.last().map(|(key, _)| *key).or(*after);
                let ids: Vec<_> = page.rows.iter().filter_map(|(_, household)| household.building).collect();
                let buildings = store.buildings_by_id(scope.district(), &ids).await;
                let buildings = buildings.map_err(ServiceError::internal)?;
                let shown = scope.personal() == Personal::Shown;
                let rows = page.rows.iter();
                Ok(rows.map(|(_, household)| household_line(plan, &buildings, household, shown)).collect())
            }
            Rows::Incidents { scope, after } => {
                let query = IncidentQuery { order: IncidentOrder::Oldest, ..IncidentQuery::default() };
                let page = store.incidents(scope, &query, *after, size).await;
                let page = page.map_err(ServiceError::internal)?;
                *after = page.rows.last().map(|(key, _)| *key).or(*after);
                let shown = scope.personal() == Personal::Shown;
                let notes = if shown { notes_of(store, scope, &page.rows).await? } else { HashMap::new() };
                let line = |(_, incident): &(IncidentKey, Incident)| {
                    incident_line(plan, incident, notes.get(&incident.id), shown)
                };
                Ok(page.rows.iter().map(line).collect())
            }
        }
    }

    fn written(&mut self, lines: &VecDeque<Line>) -> Result<Vec<u8>, ServiceError> {
        let mut bytes = Vec::new();
        for line in lines {
            self.row_count += 1;
            match self.format {
                ExportFormat::Geojson => {
                    bytes.extend_from_slice(if self.row_count == 1 { b"\n" } else { b",\n" });
                    serde_json::to_writer(&mut bytes, &feature(line)).map_err(ServiceError::internal)?;
                }
                ExportFormat::Csv => {
                    let mut table = csv::Writer::from_writer(&mut bytes);
                    table
                        .write_record(line.fields.iter().map(|(_, value)| cell_text(value)))
                        .map_err(ServiceError::internal)?;
                    table.flush().map_err(ServiceError::internal)?;
                }
            }
        }
        Ok(bytes)
    }
}

/// What was noted when each incident was closed.
async fn notes_of(
    store: &Store,
    scope: &Scope,
    incidents: &[(IncidentKey, Incident)],
) -> Result<HashMap<IncidentId, Note>, ServiceError> {
    let ids: Vec<IncidentId> = incidents.iter().map(|(_, incident)| incident.id).collect();
    let steps = store.incident_steps(scope, &ids).await.map_err(ServiceError::internal)?;
    Ok(closing_notes(incidents, steps))
}

fn feature(line: &Line) -> Value {
    let properties: Map<String, Value> =
        line.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    json!({
        "type": "Feature",
        "id": line.id,
        "properties": properties,
        "geometry": line.geometry.as_ref().map(geometry_json),
    })
}

/// A value as a cell of a table. What a spreadsheet would run as a formula is kept from running.
fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_spreadsheet_would_run_is_kept_from_running() {
        let check = |text: &str, expected: &str| assert_eq!(cell_text(&json!(text)), expected);
        check("=HYPERLINK(\"http://example.org\")", "'=HYPERLINK(\"http://example.org\")");
        check("Unioninkatu 29", "Unioninkatu 29");
        assert_eq!(cell_text(&json!(-3.5)), "-3.5");
    }
}
