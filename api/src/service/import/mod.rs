//! Use cases of import: cells, households, a base map, past incidents, from tables and files of maps.
//!
//! A file is read record by record (`readers`, `record`); `cells`, `households`, `basemap` and `incidents` say what one record is;
//! `take_*` bring them in, `take` what households and incidents have in common. Start at [`Services::import`].
//!
//! Invariant: a file is taken whole or not at all; only bad rows that were to be skipped stay out.
//! Invariant: the same file a second time changes nothing, and says so.
//! Invariant: of a file, ids are held in memory, and households that wait for their building; whole rows only of cells,
//! which must be seen together.

mod bad_rows;
mod basemap;
mod cells;
mod columns;
mod file_format;
mod given;
mod households;
mod incidents;
mod next;
mod options;
mod problems;
mod promote;
mod readers;
mod record;
mod report;
mod report_file;
mod seen;
mod source;
mod stage;
mod suspicion;
mod take;
mod take_basemap;
mod take_cells;
mod take_households;
mod take_incidents;

use std::sync::Arc;

use domain::access::Action;
use domain::district::District;
use domain::ids::UserId;
use domain::input::InputCode;
use domain::plan::Plan;
use domain::viewer::Viewer;

pub use bad_rows::BadRowFile;
pub use file_format::FileFormat;
pub use options::{BadRows, ColumnMap, Effect, ImportKind, ImportOptions, InvalidColumnMap};
pub use problems::{MAX_LISTED, ProblemList};
pub use report::{ImportFigure, ImportOutcome, ImportReport, problem_json};
pub use report_file::ReportFile;
pub use source::{ImportSource, Progress};

use super::{ServiceError, Services};
use crate::store::Attempt;
use take_households::Dwellings;
use take_incidents::PastIncidents;

/// One import under way: into which district, by whom, how.
#[derive(Debug)]
struct Job<'a> {
    district: Arc<District>,
    actor: Option<UserId>,
    options: ImportOptions,
    progress: &'a Progress,
}

impl Services {
    /// Imports a file into a district.
    ///
    /// # Errors
    /// [`ServiceError::Refused`] where the role does not allow it; what is wrong with the file is in the report.
    pub async fn import(
        &self,
        viewer: &Viewer,
        district: &str,
        source: ImportSource,
        options: ImportOptions,
        progress: &Progress,
    ) -> Result<ImportReport, ServiceError> {
        let district = self.district(viewer, district).await?;
        viewer.require(Action::Import, district.id)?;
        self.take(source, Job { district, actor: viewer.user(), options, progress }).await
    }

    /// Imports a file for whoever can open the database.
    pub(super) async fn import_as_operator(
        &self,
        district: &str,
        source: ImportSource,
        options: ImportOptions,
        progress: &Progress,
    ) -> Result<ImportReport, ServiceError> {
        let district = self.district(&Viewer::public(), district).await?;
        self.take(source, Job { district, actor: None, options, progress }).await
    }

    async fn take(&self, source: ImportSource, job: Job<'_>) -> Result<ImportReport, ServiceError> {
        let source = self.prepared(source, &job).await?;
        match job.options.kind {
            ImportKind::Cells => self.take_cells(source, job).await,
            ImportKind::Households => self.take_rows(Dwellings::default(), source, job).await,
            ImportKind::Basemap => self.take_basemap(source, job).await,
            ImportKind::Incidents => self.take_rows(PastIncidents::default(), source, job).await,
        }
    }

    /// The source under the caps, and held where its datum was not said and looks like another.
    async fn prepared(&self, source: ImportSource, job: &Job<'_>) -> Result<ImportSource, ServiceError> {
        let source = source.within(&self.import_caps);
        if job.options.datum.is_some() {
            return Ok(source);
        }
        Ok(source.measured_by(self.plan_in_force(&job.district).await?))
    }

    fn import_attempt(&self, job: &Job<'_>) -> Attempt {
        Attempt { actor: job.actor, ..Attempt::by_system(self.clock.now()) }
    }

    /// The plan that households and incidents are located in.
    async fn plan_for_import(&self, job: &Job<'_>) -> Result<Arc<Plan>, ServiceError> {
        let plan = self.plan_in_force(&job.district).await?;
        plan.ok_or_else(|| {
            let message =
                format!("district {} has no cells yet; import them first", job.district.code.as_str());
            ServiceError::problem(InputCode::NoPlan, message, &["district"])
        })
    }

    /// The plan in force, straight from the database; `None` until cells were imported.
    pub(super) async fn plan_in_force(&self, district: &District) -> Result<Option<Arc<Plan>>, ServiceError> {
        let district = self.store.district(district.id).await.map_err(ServiceError::internal)?;
        let Some(district) = district else { return Ok(None) };
        let Some(version) = district.plan_version else { return Ok(None) };
        self.cache.plan(district.id, version).await.map_err(ServiceError::internal)
    }

    /// Lets everybody know that a district has changed: what was read before is read again.
    async fn tell_imported(&self, district: &District) -> Result<(), ServiceError> {
        self.cache.forget_districts().await;
        let heads = self.stream_heads().await?;
        if let Some(head) = heads.iter().find(|head| head.district == district.id) {
            self.bus.ring(district.id, head.number);
        }
        Ok(())
    }
}
