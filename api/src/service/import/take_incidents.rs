//! Taking past incidents: filed as they were reported, closed as they were closed. The same record has the same id, so
//! that a second import finds it.

use chrono::{DateTime, Utc};
use domain::access::Scope;
use domain::ids::{DistrictId, IncidentId};
use domain::incident::{Incident, IncidentAction, IncidentStep};
use domain::plan::Plan;
use geo_tools::{Code, Problem};
use sha2::{Digest, Sha256};

use super::incidents::{PastIncident, past_incident};
use super::options::{Effect, ImportFigure, ImportOutcome, ImportReport};
use super::record::{Next, Record};
use super::{ImportSource, Job};
use crate::service::{ServiceError, Services};
use crate::store::{Attempt, Outcome};

/// An incident with everything that happened to it, in order.
type Past = Vec<(Incident, IncidentStep)>;

impl Services {
    pub(super) async fn take_incidents(
        &self,
        source: ImportSource,
        job: Job<'_>,
    ) -> Result<ImportReport, ServiceError> {
        let plan = self.plan_for_import(&job).await?;
        let mut report = ImportReport::begin(&job.options);
        report.plan_version = Some(plan.version().0);
        let mut pasts: Vec<Past> = Vec::new();
        let mut chunks = source.chunks(&job.options);
        let now = self.clock.now();
        while let Some(chunk) = chunks.recv().await {
            report.row_count += chunk.len() as u64;
            for next in chunk {
                let Next::Record(record, warnings) = next else {
                    if let Next::Bad(problem) = next {
                        report.problems.push(problem);
                    }
                    continue;
                };
                report.problems.extend(warnings);
                let past = past_incident(&record, &job.options, now)
                    .and_then(|told| past_of(&job, &plan, told, &record));
                match past {
                    Ok(past) => pasts.push(past),
                    Err(problems) => report.problems.extend(problems),
                }
            }
            job.progress.reach(report.row_count);
        }
        report.totals = vec![("incidents", pasts.len() as u64)];
        if report.is_refused(job.options.bad_rows) {
            report.outcome = ImportOutcome::Refused;
            return Ok(report);
        }
        if job.options.effect == Effect::Write {
            report.figures.push(self.write_pasts(&job, pasts).await?);
            self.tell_imported(&job.district).await?;
        }
        Ok(report)
    }

    async fn write_pasts(&self, job: &Job<'_>, pasts: Vec<Past>) -> Result<ImportFigure, ServiceError> {
        let scope = Scope::system(job.district.id);
        let mut figure = ImportFigure { what: "incidents", ..ImportFigure::default() };
        for past in pasts {
            let ids: Vec<IncidentId> = past.first().map(|(incident, _)| incident.id).into_iter().collect();
            let known = self.store.incidents_by_id(&scope, &ids).await.map_err(ServiceError::internal)?;
            if !known.is_empty() {
                figure.unchanged += 1;
                continue;
            }
            self.write_past(&scope, past).await?;
            figure.added += 1;
        }
        Ok(figure)
    }

    /// Writes an incident and what happened to it, each step as it was then.
    pub(in crate::service) async fn write_past(&self, scope: &Scope, past: Past) -> Result<(), ServiceError> {
        let mut before: Option<Incident> = None;
        for (incident, step) in past {
            let attempt = Attempt { actor: step.by, ..Attempt::by_system(step.at) };
            let event = match &before {
                None => match self.store.insert_incident(&incident, &step, &attempt).await {
                    Ok(Outcome::Done((_, event))) => event,
                    Ok(_) => return Err(ServiceError::Busy),
                    Err(error) => return Err(ServiceError::internal(error)),
                },
                Some(before) => {
                    match self.store.change_incident(scope, before, &incident, &step, &attempt).await {
                        Ok(Outcome::Done((_, event))) => event,
                        Ok(_) => return Err(ServiceError::Busy),
                        Err(error) => return Err(ServiceError::internal(error)),
                    }
                }
            };
            self.bus.ring(event.district, event.number);
            before = Some(incident);
        }
        Ok(())
    }
}

fn past_of(job: &Job<'_>, plan: &Plan, told: PastIncident, record: &Record) -> Result<Past, Vec<Problem>> {
    let bad = |message: String| *record.problem(Code::BadValue, message);
    let id = id_of(job.district.id, &told.source_id, told.reported_at);
    let filed = Incident::file(told.draft, &job.district, plan, id, None, told.reported_at);
    let first = filed
        .map_err(|problems| problems.into_iter().map(|problem| bad(problem.message)).collect::<Vec<_>>())?;
    let mut past = vec![first];
    if let Some((at, note)) = told.closed {
        let closed = past[0].0.change(IncidentAction::Close, note, &job.district.rules, job.actor, at);
        past.push(closed.map_err(|problem| vec![bad(problem.message)])?);
    }
    Ok(past)
}

/// A UUIDv7 of the time of the report and of what the source calls it: the same record has the same.
fn id_of(district: DistrictId, source_id: &str, reported_at: DateTime<Utc>) -> IncidentId {
    let mut hash = Sha256::new();
    hash.update(district.0.as_bytes());
    hash.update(source_id.as_bytes());
    let mut tail = [0_u8; 10];
    tail.copy_from_slice(&hash.finalize()[..10]);
    let millis = u64::try_from(reported_at.timestamp_millis()).unwrap_or(0);
    IncidentId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
}
