//! Taking past incidents: filed as they were reported, closed as they were closed, staged in chunks, promoted at the end.
//!
//! What is there already is left as it is, since it may have been worked on here; a row that differs from it is a warning.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::Scope;
use domain::ids::{DistrictId, IncidentId};
use domain::incident::{Incident, IncidentAction};
use domain::input::quoted;
use domain::plan::Plan;
use geo_tools::{Code, Problem};
use sha2::{Digest, Sha256};

use super::incidents::{PastIncident, past_incident};
use super::options::{Effect, ImportFigure, ImportOutcome, ImportReport};
use super::promote::Staged;
use super::record::Next;
use super::{ImportSource, Job};
use crate::service::{ServiceError, Services};
use crate::store::imports::{Import, ImportKind as Staging, StagedIncident};

/// How many new incidents one file may bring. SQLite has one writer, which waits for their promotion: 50,000 took 1.2 s on
/// two busy cores (`no_report_waits_a_second_for_as_many_past_incidents_as_a_file_may_bring`), and a second is allowed.
const MAX_NEW_INCIDENTS: u64 = 25_000;

/// An import of past incidents under way.
struct Taking<'a> {
    services: &'a Services,
    job: &'a Job<'a>,
    plan: Arc<Plan>,
    now: DateTime<Utc>,
    report: ImportReport,
    /// Where each id was first, and what it said there.
    seen: HashMap<[u8; 16], Seen>,
    /// Of one chunk, what the file tells and what would be stored.
    told: Vec<PastIncident>,
    filed: Vec<StagedIncident>,
    incident_count: u64,
    new_count: u64,
    unchanged_count: u64,
}

struct Seen {
    line: u64,
    fingerprint: u64,
}

impl Services {
    pub(super) async fn take_incidents(
        &self,
        source: ImportSource,
        job: Job<'_>,
    ) -> Result<ImportReport, ServiceError> {
        let plan = self.plan_for_import(&job).await?;
        let mut import = None;
        if job.options.effect == Effect::Write {
            let (district, id) = (job.district.id, self.ids.next_id());
            let begun = self.store.begin_import(district, Staging::Incidents, id, self.clock.now()).await;
            import = Some(begun.map_err(ServiceError::internal)?);
        }
        let mut taking = Taking::begin(self, &job, plan);
        if let Err(error) = taking.read(source, import.as_mut()).await {
            if let Some(import) = import {
                import.give_up().await;
            }
            return Err(error);
        }
        taking.finish(import).await
    }
}

impl<'a> Taking<'a> {
    fn begin(services: &'a Services, job: &'a Job<'a>, plan: Arc<Plan>) -> Self {
        let mut report = ImportReport::begin(&job.options, job.progress);
        report.plan_version = Some(plan.version().0);
        Self {
            services,
            job,
            plan,
            now: services.clock.now(),
            report,
            seen: HashMap::new(),
            told: Vec::new(),
            filed: Vec::new(),
            incident_count: 0,
            new_count: 0,
            unchanged_count: 0,
        }
    }

    async fn read(
        &mut self,
        source: ImportSource,
        mut import: Option<&mut Import>,
    ) -> Result<(), ServiceError> {
        let mut chunks = source.chunks(&self.job.options);
        while let Some(chunk) = chunks.recv().await {
            for next in chunk {
                self.take(next);
            }
            self.settle(import.as_deref_mut()).await?;
            self.job.progress.reach(self.report.row_count);
            if self.new_count > MAX_NEW_INCIDENTS {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, next: Next) {
        self.report.count(&next);
        let record = match next {
            Next::BrokeOff => return self.report.problems.set_broken_off(),
            Next::Bad(problem) => return self.report.problems.push(problem),
            Next::Record(record, warnings) => {
                self.report.problems.extend(warnings);
                record
            }
        };
        let told = past_incident(&record, &self.job.options, self.now);
        let filed = told.and_then(|told| Ok((self.file(&told)?, told)));
        match filed {
            Ok((filed, told)) => self.add(told, filed),
            Err(problems) => self.report.problems.extend(problems),
        }
    }

    /// Keeps the first of each id.
    fn add(&mut self, told: PastIncident, filed: StagedIncident) {
        let fingerprint = told.fingerprint();
        match self.seen.entry(tail_of(self.job.district.id, &told.source_id)) {
            Entry::Occupied(first) => {
                let Seen { line, fingerprint: before } = first.get();
                let differs =
                    if *before == fingerprint { "the same again" } else { "and says something else" };
                let message =
                    format!("id {} stands on line {line} already, {differs}", quoted(&told.source_id));
                let problem = Problem::error(Code::DuplicateId, message);
                self.report.problems.push(told.place.of(problem));
            }
            Entry::Vacant(place) => {
                place.insert(Seen { line: told.place.line, fingerprint });
                self.incident_count += 1;
                self.told.push(told);
                self.filed.push(filed);
            }
        }
    }

    /// What would be stored of it.
    fn file(&self, told: &PastIncident) -> Result<StagedIncident, Vec<Problem>> {
        let bad = |message: String| told.place.of(Problem::error(Code::BadValue, message));
        let district = &self.job.district;
        let id = id_of(district.id, &told.source_id, told.reported_at);
        let filed = Incident::file(told.draft.clone(), district, &self.plan, id, None, told.reported_at);
        let (mut incident, reported) = filed.map_err(|problems| {
            problems.into_iter().map(|problem| bad(problem.message)).collect::<Vec<_>>()
        })?;
        let mut steps = vec![reported];
        if let Some((at, note)) = told.closed.clone() {
            let closed = incident.change(IncidentAction::Close, note, &district.rules, self.job.actor, at);
            let (after, step) = closed.map_err(|problem| vec![bad(problem.message)])?;
            incident = after;
            steps.push(step);
        }
        Ok(StagedIncident { source_id: told.source_id.clone(), incident, steps })
    }

    /// Parts a chunk into what is there and what is new, and stages that unless nothing will be written.
    async fn settle(&mut self, import: Option<&mut Import>) -> Result<(), ServiceError> {
        let (told, mut filed) = (std::mem::take(&mut self.told), std::mem::take(&mut self.filed));
        let scope = Scope::system(self.job.district.id);
        let known = self.services.store.known_past_incidents(&scope, &filed).await;
        let known = known.map_err(ServiceError::internal)?;
        for told in &told {
            let Some(held) = known.get(&told.source_id) else { continue };
            self.unchanged_count += 1;
            if told.differs(held) {
                let message = "an incident of this id is there already and differs; it was left as it is";
                self.report.problems.push(told.place.of(Problem::warning(Code::DuplicateId, message)));
            }
        }
        filed.retain(|filed| !known.contains_key(&filed.source_id));
        self.new_count += filed.len() as u64;
        if self.new_count > MAX_NEW_INCIDENTS {
            let message = format!("more than {MAX_NEW_INCIDENTS} incidents that are new; split the file");
            self.report.problems.push(Problem::error(Code::TooLarge, message));
            self.report.problems.set_broken_off();
        }
        match import {
            Some(import) if !self.report.is_refused(self.job.options.bad_rows) => {
                import.stage_incidents(&filed).await.map_err(ServiceError::internal)
            }
            _ => Ok(()),
        }
    }

    async fn finish(mut self, import: Option<Import>) -> Result<ImportReport, ServiceError> {
        self.report.problems.flush();
        self.report.totals = vec![("incidents", self.incident_count)];
        if self.report.is_refused(self.job.options.bad_rows) {
            self.report.outcome = ImportOutcome::Refused;
            if let Some(import) = import {
                import.give_up().await;
            }
            return Ok(self.report);
        }
        let Some(import) = import else { return Ok(self.report) };
        let staged = Staged::Incidents(self.plan.version());
        let summary = self.services.promote(import, staged, self.job).await?;
        let figure = ImportFigure::of("incidents", summary);
        self.report.figures.push(ImportFigure { unchanged: self.unchanged_count, ..figure });
        Ok(self.report)
    }
}

/// A UUIDv7 of the time of the report and of what the source calls it: the same record has the same.
fn id_of(district: DistrictId, source_id: &str, reported_at: DateTime<Utc>) -> IncidentId {
    let mut tail = [0_u8; 10];
    tail.copy_from_slice(&tail_of(district, source_id)[..10]);
    let millis = u64::try_from(reported_at.timestamp_millis()).unwrap_or(0);
    IncidentId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
}

/// What stands for a source's id, however long that is.
fn tail_of(district: DistrictId, source_id: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(district.0.as_bytes());
    hash.update(source_id.as_bytes());
    let mut tail = [0_u8; 16];
    tail.copy_from_slice(&hash.finalize()[..16]);
    tail
}
