//! Taking past incidents: filed as they were reported, closed as they were closed, staged in chunks, promoted at the end.
//!
//! What is there already is left as it is, since it may have been worked on here; a row that differs from it is a warning.

use chrono::{DateTime, Utc};
use domain::access::Scope;
use domain::ids::{DistrictId, IncidentId, PlanVersion};
use domain::incident::{Incident, IncidentAction};
use domain::input::quoted;
use domain::plan::Assignment;
use geo_tools::{Code, Position, Problem};

use super::incidents::{PastIncident, past_incident};
use super::promote::{Staged, import_error};
use super::record::Record;
use super::report::ImportFigure;
use super::seen::{FirstLines, digest_in};
use super::take::{Reading, Rows, Taking};
use crate::service::ServiceError;
use crate::store::imports::{ImportKind as Staging, ImportSummary, StagedIncident};

/// The past incidents of a file.
#[derive(Default)]
pub(super) struct PastIncidents {
    /// Where each id was first, and a fingerprint of what it said there.
    seen: FirstLines<u64>,
    /// Of one chunk, what the file tells and what would be stored.
    told: Vec<PastIncident>,
    filed: Vec<StagedIncident>,
    incident_count: u64,
    unchanged_count: u64,
}

impl Rows for PastIncidents {
    type Row = PastIncident;

    const STAGING: Staging = Staging::Incidents;

    fn read(record: &Record, reading: &Reading) -> Result<PastIncident, Vec<Problem>> {
        past_incident(record, &reading.options, &reading.district, reading.now)
    }

    fn position(told: &PastIncident) -> Option<Position> {
        Some(told.draft.position)
    }

    /// Keeps the first of each id that can be filed.
    fn add(&mut self, told: PastIncident, assignment: Assignment, taking: &mut Taking<'_>) {
        let filed = match file(&told, assignment, taking) {
            Ok(filed) => filed,
            Err(problems) => return taking.report.problems.extend(problems),
        };
        let fingerprint = told.fingerprint();
        if let Err((line, before)) = self.seen.note(&told.source_id, told.place.line, fingerprint) {
            let differs = if *before == fingerprint { "the same again" } else { "and says something else" };
            let message = format!("id {} stands on line {line} already, {differs}", quoted(&told.source_id));
            let problem = told.place.of(Problem::error(Code::DuplicateId, message));
            return taking.report.problems.push(problem);
        }
        self.incident_count += 1;
        self.told.push(told);
        self.filed.push(filed);
    }

    async fn complete(&mut self, _taking: &mut Taking<'_>) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Parts a chunk into what is there and what is new, and stages that.
    async fn stage(&mut self, taking: &mut Taking<'_>) -> Result<(), ServiceError> {
        let (told, mut filed) = (std::mem::take(&mut self.told), std::mem::take(&mut self.filed));
        let scope = Scope::system(taking.district().id);
        let known = taking.services.store.known_past_incidents(&scope, &filed).await;
        let known = known.map_err(ServiceError::internal)?;
        for told in &told {
            let Some(held) = known.get(&told.source_id) else { continue };
            self.unchanged_count += 1;
            if told.differs(held) {
                let message = "an incident of this id is there already and differs; it was left as it is";
                let problem = Problem::warning(Code::DuplicateId, message);
                taking.report.problems.push(told.place.of(problem));
            }
        }
        filed.retain(|filed| !known.contains_key(&filed.source_id));
        let Some(import) = taking.import().await? else { return Ok(()) };
        import.stage_incidents(&filed).await.map_err(import_error)
    }

    fn staged(plan: PlanVersion) -> Staged {
        Staged::Incidents(plan)
    }

    fn totals(&self) -> Vec<(&'static str, u64)> {
        vec![("incidents", self.incident_count)]
    }

    fn figure(&self, summary: ImportSummary) -> ImportFigure {
        ImportFigure { unchanged: self.unchanged_count, ..ImportFigure::of("incidents", summary) }
    }
}

/// What would be stored of it.
fn file(
    told: &PastIncident,
    assignment: Assignment,
    taking: &Taking<'_>,
) -> Result<StagedIncident, Vec<Problem>> {
    let bad = |message: String| told.place.of(Problem::error(Code::BadValue, message));
    let district = taking.district();
    let id = id_of(district.id, &told.source_id, told.reported_at);
    let filed = Incident::file_located(told.draft.clone(), assignment, district, id, None, told.reported_at);
    let (mut incident, reported) = filed
        .map_err(|problems| problems.into_iter().map(|problem| bad(problem.message)).collect::<Vec<_>>())?;
    let mut steps = vec![reported];
    if let Some((at, note)) = told.closed.clone() {
        let closed = incident.change(IncidentAction::Close, note, &district.rules, taking.job.actor, at);
        let (after, step) = closed.map_err(|problem| vec![bad(problem.message)])?;
        incident = after;
        steps.push(step);
    }
    Ok(StagedIncident { source_id: told.source_id.clone(), incident, steps })
}

/// A UUIDv7 of the time of the report and of what the source calls it: the same record has the same.
fn id_of(district: DistrictId, source_id: &str, reported_at: DateTime<Utc>) -> IncidentId {
    let millis = u64::try_from(reported_at.timestamp_millis()).unwrap_or(0);
    let tail = digest_in(district, source_id);
    IncidentId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
}
