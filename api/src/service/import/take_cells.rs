//! Taking cells: the drawn level is laid into the plan in force, and published as the next.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use domain::ids::CellId;
use domain::input::InputCode;
use domain::level::LevelRank;
use domain::plan::{DrawnCell, NextPlan, Plan, PlanParts, lay_level};
use geo_tools::formats::Caps;
use geo_tools::{Code, Geometry, Polygon, Problem};

use super::file_format::FileFormat;
use super::next::Next;
use super::options::{Effect, ImportKind};
use super::report::{ImportFigure, ImportOutcome, ImportReport};
use super::{ImportOptions, ImportSource, Job, cells};
use crate::service::{ServiceError, Services};

/// How much of a parent may be missed or covered in excess by its children: two drawings of one border differ.
const PARENT_TOLERANCE_M2: f64 = 100.0;

/// What was read from a file of cells.
struct Drawing {
    cells: Vec<DrawnCell>,
    /// Ground that belongs to no cell on purpose, where a file says so.
    voids: Option<Vec<Polygon>>,
    report: ImportReport,
}

impl Services {
    pub(super) async fn take_cells(
        &self,
        source: ImportSource,
        job: Job<'_>,
    ) -> Result<ImportReport, ServiceError> {
        let rank = rank(&job)?;
        let current = self.plan_in_force(&job.district).await?;
        let (options, begun) = (job.options.clone(), ImportReport::begin(&job.options, job.progress));
        let caps = self.import_caps.clone();
        let drawn = off_thread(move || draw(source, &options, &caps, begun));
        let Drawing { cells, voids, mut report } = drawn.await?;
        job.progress.reach(report.row_count);
        report.tell_columns();
        report.problems.flush();
        if report.is_refused(job.options.bad_rows) {
            report.outcome = ImportOutcome::Refused;
            return Ok(report);
        }
        let (base, ids) = (current.clone(), self.ids.clone());
        let laid = off_thread(move || {
            let mut new_id = || CellId(ids.next_id());
            lay_level(base.as_deref(), rank, &cells, voids.as_deref(), PARENT_TOLERANCE_M2, &mut new_id)
        });
        let mut next = match laid.await? {
            Ok(next) => next,
            Err(problems) => {
                report.outcome = ImportOutcome::Refused;
                report.problems.extend(problems);
                report.problems.flush();
                return Ok(report);
            }
        };
        report.problems.extend(std::mem::take(&mut next.warnings));
        report.figures.push(figure(&next));
        report.plan_version = current.as_ref().map(|plan| plan.version().0);
        if job.options.effect == Effect::Write && next.is_news() {
            report.plan_version = Some(next.version.0);
            self.publish_drawn(next, current, &job).await?;
        }
        Ok(report)
    }

    async fn publish_drawn(
        &self,
        next: NextPlan,
        base: Option<Arc<Plan>>,
        job: &Job<'_>,
    ) -> Result<(), ServiceError> {
        let parts = PlanParts {
            district: job.district.id,
            version: next.version,
            in_force_since: self.clock.now(),
            cells: next.cells,
            leaf_cells: next.leaf_cells,
            coverage: next.coverage,
        };
        let plan = off_thread(move || Plan::assemble(parts)).await?.map_err(ServiceError::internal)?;
        self.publish(plan, base.map(|plan| plan.version()), job).await
    }
}

fn rank(job: &Job<'_>) -> Result<LevelRank, ServiceError> {
    let levels = job.district.rules.levels();
    let allowed: Vec<&str> = levels.iter().map(|level| level.key.as_str()).collect();
    let allowed = allowed.join(", ");
    let refused = |message: String| ServiceError::problem(InputCode::UnknownLevel, message, &["level"]);
    match &job.options.level {
        None => Err(refused(format!("cells need a level; levels are {allowed}"))),
        Some(key) => job
            .district
            .rules
            .rank_of(key)
            .ok_or_else(|| refused(format!("there is no level {key:?}; levels are {allowed}"))),
    }
}

fn draw(source: ImportSource, options: &ImportOptions, caps: &Caps, report: ImportReport) -> Drawing {
    let mut drawing = Drawing { cells: Vec::new(), voids: None, report };
    if let Some(path) = &options.voids {
        let voids = voids_of(path, caps).map_err(|problem| drawing.report.problems.push(*problem));
        drawing.voids = voids.ok();
    }
    for next in source.records(options) {
        drawing.report.count(&next);
        let problems = &mut drawing.report.problems;
        match next {
            Next::BrokeOff => problems.set_broken_off(),
            Next::Bad(problem) => problems.push(problem),
            Next::Record(record, warnings) => {
                problems.extend(warnings);
                match cells::drawn_cell(&record, options) {
                    Ok(cell) => drawing.cells.push(cell),
                    Err(wrong) => problems.extend(wrong),
                }
            }
        }
    }
    drawing
}

/// The areas of a file of voids, or the first thing that is wrong with it.
fn voids_of(path: &Path, caps: &Caps) -> Result<Vec<Polygon>, Box<Problem>> {
    let wrong = |code: Code, reason: &dyn Display| {
        Box::new(Problem::error(code, format!("the file of voids, {}: {reason}", path.display())))
    };
    let source = ImportSource::open(path).map_err(|error| wrong(Code::Unreadable, &error))?.within(caps);
    let options = ImportOptions::new(ImportKind::Cells, FileFormat::of_name(&path.to_string_lossy()));
    let mut voids = Vec::new();
    for next in source.records(&options) {
        match next {
            Next::Record(record, _) => match record.geometry {
                Some(Geometry::MultiPolygon(polygons)) => voids.extend(polygons),
                _ => return Err(wrong(Code::GeometryType, &"a void is an area")),
            },
            Next::Bad(refused) => {
                let problem = Problem::from(refused);
                return Err(wrong(problem.code, &problem.message));
            }
            Next::BrokeOff => return Err(wrong(Code::Unreadable, &"it cannot be read to its end")),
        }
    }
    Ok(voids)
}

fn figure(next: &NextPlan) -> ImportFigure {
    ImportFigure {
        what: "cells",
        added: next.added as u64,
        changed: next.changed as u64,
        unchanged: next.unchanged as u64,
        removed: next.removed as u64,
    }
}

/// Runs what only computes where it does not keep requests waiting.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
    tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)
}
