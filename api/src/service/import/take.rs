//! Taking rows that lie in cells: read in chunks, each chunk located at once, staged, and promoted at the end.
//!
//! Rows are read and located on the thread that reads the file, beside the one that stages the chunk before.
//! What a row is and what becomes of it is said by each kind of [`Rows`]: households and past incidents.
//!
//! Invariant: rows are judged in the order of the file, so that its problems are told in that order.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::district::District;
use domain::ids::PlanVersion;
use domain::plan::{Assignment, Plan};
use geo_tools::{Code, Position, Problem};

use super::next::Next;
use super::options::{Effect, ImportOptions};
use super::promote::Staged;
use super::record::Record;
use super::report::{ImportFigure, ImportOutcome, ImportReport};
use super::stage::Stage;
use super::{ImportSource, Job};
use crate::service::{ServiceError, Services};
use crate::store::imports::{Import, ImportKind as Staging, ImportSummary};

/// An import of rows under way.
pub(super) struct Taking<'a> {
    pub(super) services: &'a Services,
    pub(super) job: &'a Job<'a>,
    pub(super) plan: Arc<Plan>,
    pub(super) now: DateTime<Utc>,
    pub(super) report: ImportReport,
    /// Rows that have a position, and no cell there.
    outside_count: u64,
    stage: Stage,
}

/// What it takes to judge a row.
pub(super) struct Reading {
    pub(super) options: ImportOptions,
    pub(super) district: Arc<District>,
    pub(super) now: DateTime<Utc>,
    plan: Arc<Plan>,
}

/// A row, or everything that is wrong with it.
type Read<R> = Result<<R as Rows>::Row, Vec<Problem>>;

/// What came from a file, and the row that it is, or everything that is wrong with it.
struct Judged<R: Rows> {
    next: Next,
    row: Option<Result<Located<R::Row>, Vec<Problem>>>,
}

/// A row and where it lies; `None` where it does not say.
struct Located<R> {
    row: R,
    assignment: Option<Assignment>,
}

/// What a file holds, one kind of row after the other.
pub(super) trait Rows: 'static {
    /// What one record says.
    type Row: Send + 'static;

    /// Where they are staged.
    const STAGING: Staging;

    /// Reads one record, or says everything that is wrong with it.
    fn read(record: &Record, reading: &Reading) -> Result<Self::Row, Vec<Problem>>;

    /// Where a row lies.
    fn position(row: &Self::Row) -> Option<Position>;

    /// Takes in a row with its cell.
    fn add(&mut self, row: Self::Row, assignment: Assignment, taking: &mut Taking<'_>);

    /// Takes in what only the whole file tells.
    async fn complete(&mut self, taking: &mut Taking<'_>) -> Result<(), ServiceError>;

    /// Stages what was taken in since the last time, or forgets it where nothing will be written.
    async fn stage(&mut self, taking: &mut Taking<'_>) -> Result<(), ServiceError>;

    /// What was staged, and the plan that it was located in.
    fn staged(plan: PlanVersion) -> Staged;

    /// How many there were of each thing.
    fn totals(&self) -> Vec<(&'static str, u64)>;

    /// What the promotion did.
    fn figure(&self, summary: ImportSummary) -> ImportFigure;
}

impl Services {
    /// Takes a file of rows whole, or not at all.
    pub(super) async fn take_rows<R: Rows>(
        &self,
        mut rows: R,
        source: ImportSource,
        job: Job<'_>,
    ) -> Result<ImportReport, ServiceError> {
        let plan = self.plan_for_import(&job).await?;
        let stage = self
            .begin_staging(R::STAGING, &job)
            .await?
            .map_or(Stage::Absent, |import| Stage::Ready(Box::new(import)));
        let mut report = ImportReport::begin(&job.options, job.progress);
        report.plan_version = Some(plan.version().0);
        let now = self.clock.now();
        let mut taking = Taking { services: self, job: &job, plan, now, report, outside_count: 0, stage };
        match taking.read(source, &mut rows).await {
            Ok(()) => taking.finish(rows).await,
            Err(error) => {
                taking.give_up().await;
                Err(error)
            }
        }
    }

    /// Begins to stage; `None` for a dry run.
    pub(super) async fn begin_staging(
        &self,
        staging: Staging,
        job: &Job<'_>,
    ) -> Result<Option<Import>, ServiceError> {
        if job.options.effect == Effect::DryRun {
            return Ok(None);
        }
        let id = self.ids.next_id();
        let begun = self.store.begin_import(job.district.id, staging, id, self.clock.now()).await;
        begun.map(Some).map_err(ServiceError::internal)
    }
}

impl Taking<'_> {
    pub(super) fn district(&self) -> &District {
        &self.job.district
    }

    /// Where rows are to be staged; `None` where nothing will be written.
    pub(super) fn stage(&mut self) -> Option<&mut Stage> {
        if self.is_refused() { None } else { Some(&mut self.stage) }
    }

    /// The import, once all that was staged is written; `None` where nothing will be.
    pub(super) async fn import(&mut self) -> Result<Option<&mut Import>, ServiceError> {
        match self.stage() {
            Some(stage) => stage.import().await,
            None => Ok(None),
        }
    }

    /// Whether something was seen for which nothing may be written.
    fn is_refused(&self) -> bool {
        self.report.is_refused(self.job.options.bad_rows)
    }

    async fn read<R: Rows>(&mut self, source: ImportSource, rows: &mut R) -> Result<(), ServiceError> {
        let reading = Reading {
            options: self.job.options.clone(),
            district: Arc::clone(&self.job.district),
            now: self.now,
            plan: Arc::clone(&self.plan),
        };
        let mut chunks = source.chunks(&self.job.options, move |chunk| reading.judge::<R>(chunk));
        while let Some(chunk) = chunks.recv().await {
            self.take(chunk, rows);
            rows.stage(self).await?;
            self.job.progress.reach(self.report.row_count);
        }
        if self.report.row_count == 0 && self.report.problems.error_count() == 0 {
            let message = "the file has no rows: at least one is needed";
            let problem = Problem { line: Some(1), ..Problem::error(Code::MissingField, message) };
            self.report.problems.push(problem);
        }
        rows.complete(self).await?;
        rows.stage(self).await?;
        self.import().await.map(drop)
    }

    fn take<R: Rows>(&mut self, chunk: Vec<Judged<R>>, rows: &mut R) {
        for Judged { next, row } in chunk {
            self.report.count(&next);
            match next {
                Next::BrokeOff => self.report.problems.set_broken_off(),
                Next::Bad(refused) => self.report.problems.push(refused),
                Next::Record(_, warnings) => self.report.problems.extend(warnings),
            }
            match row {
                None => {}
                Some(Err(problems)) => self.report.problems.extend(problems),
                Some(Ok(Located { row, assignment })) => {
                    self.outside_count +=
                        u64::from(assignment.is_some_and(|assigned| assigned.cell.is_none()));
                    let assignment = assignment.unwrap_or_else(|| Assignment::outside(self.plan.version()));
                    rows.add(row, assignment, self);
                }
            }
        }
    }

    async fn give_up(self) {
        self.stage.give_up().await;
    }

    async fn finish<R: Rows>(mut self, rows: R) -> Result<ImportReport, ServiceError> {
        self.report.tell_columns();
        self.report.problems.flush();
        self.report.totals = rows.totals();
        if self.outside_count > 0 {
            self.report.totals.push(("outside", self.outside_count));
        }
        if self.is_refused() {
            let report = ImportReport { outcome: ImportOutcome::Refused, ..self.report.clone() };
            self.give_up().await;
            return Ok(report);
        }
        let Some(import) = self.stage.finish().await? else { return Ok(self.report) };
        let summary = self.services.promote(import, R::staged(self.plan.version()), self.job).await?;
        self.report.figures.push(rows.figure(summary));
        Ok(self.report)
    }
}

impl Reading {
    /// Reads the rows of a chunk, and locates them at once.
    fn judge<R: Rows>(&self, chunk: Vec<Next>) -> Vec<Judged<R>> {
        let read = |next: &Next| match next {
            Next::Record(record, _) => Some(R::read(record, self)),
            Next::Bad(_) | Next::BrokeOff => None,
        };
        let rows: Vec<Option<Read<R>>> = chunk.iter().map(read).collect();
        let good = rows.iter().filter_map(|row| row.as_ref()?.as_ref().ok());
        let positions: Vec<Position> = good.filter_map(R::position).collect();
        let within_m = self.district.rules.nearest_within_m();
        let mut assignments = self.plan.assign_all(&positions, within_m).into_iter();
        let mut located = |row: R::Row| {
            let assignment = R::position(&row).and_then(|_| assignments.next());
            Located { row, assignment }
        };
        let judged =
            |(next, row): (Next, Option<Read<R>>)| Judged { next, row: row.map(|row| row.map(&mut located)) };
        chunk.into_iter().zip(rows).map(judged).collect()
    }
}
