//! Taking a base map. What a file does not have of roads or of footprints stays as it is: they often come apart.

use geo_tools::{Bounds, Position};

use super::basemap::{MapPart, map_part};
use super::next::Next;
use super::promote::Staged;
use super::report::{ImportFigure, ImportOutcome, ImportReport};
use super::{ImportOptions, ImportSource, Job};
use crate::service::{ServiceError, Services};
use crate::store::basemap::{Footprint, Road};
use crate::store::imports::{Import, ImportKind as Staging};

/// How important a road is on the map: 0 is drawn first.
fn importance(class: &str) -> u8 {
    match class.strip_suffix("_link").unwrap_or(class) {
        "motorway" | "trunk" => 0,
        "primary" => 1,
        "secondary" => 2,
        "tertiary" => 3,
        "residential" | "unclassified" | "living_street" | "pedestrian" | "road" => 4,
        "service" | "track" | "cycleway" => 5,
        _ => 6,
    }
}

/// What of one chunk is on its way into the database.
#[derive(Default)]
struct Parts {
    roads: Vec<Road>,
    footprints: Vec<Footprint>,
}

impl Parts {
    fn add(&mut self, part: MapPart) {
        match part {
            MapPart::Road { class, name, lines } => {
                let importance = importance(&class);
                self.roads.extend(lines.into_iter().map(|line| Road {
                    class: class.clone(),
                    importance,
                    name: name.clone(),
                    line,
                }));
            }
            MapPart::Footprint { kind, polygons } => {
                self.footprints.push(Footprint { kind, area: polygons });
            }
        }
    }
}

impl Services {
    pub(super) async fn take_basemap(
        &self,
        source: ImportSource,
        job: Job<'_>,
    ) -> Result<ImportReport, ServiceError> {
        let mut report = ImportReport::begin(&job.options, job.progress);
        let mut import = self.begin_staging(Staging::Basemap, &job).await?;
        let read = self.read_basemap(source, &job, import.as_mut(), &mut report).await;
        report.tell_columns();
        report.problems.flush();
        let is_refused = report.is_refused(job.options.bad_rows);
        if is_refused {
            report.outcome = ImportOutcome::Refused;
        }
        let Some(import) = import else { return read.map(|()| report) };
        if read.is_err() || is_refused {
            import.give_up().await;
            return read.map(|()| report);
        }
        let summary = self.promote(import, Staged::Basemap, &job).await?;
        report.figures.push(ImportFigure::of("rows", summary));
        Ok(report)
    }

    /// Reads everything and stages it, with what the file does not have.
    async fn read_basemap(
        &self,
        source: ImportSource,
        job: &Job<'_>,
        mut import: Option<&mut Import>,
        report: &mut ImportReport,
    ) -> Result<(), ServiceError> {
        let (mut road_count, mut footprint_count) = (0, 0);
        let mut chunks = source.chunks(&job.options, |chunk| chunk);
        while let Some(chunk) = chunks.recv().await {
            let parts = parts_of(chunk, &job.options, report);
            road_count += parts.roads.len() as u64;
            footprint_count += parts.footprints.len() as u64;
            if let Some(import) = import.as_deref_mut() {
                stage(import, &parts).await?;
            }
            job.progress.reach(report.row_count);
        }
        report.totals = vec![("roads", road_count), ("footprints", footprint_count)];
        match import {
            Some(import) if !report.is_refused(job.options.bad_rows) => {
                let missing = self.missing_parts(job, road_count == 0, footprint_count == 0).await?;
                stage(import, &missing).await
            }
            _ => Ok(()),
        }
    }

    /// What the base map in place has of the kinds that the file does not have.
    async fn missing_parts(
        &self,
        job: &Job<'_>,
        roads: bool,
        footprints: bool,
    ) -> Result<Parts, ServiceError> {
        let district = self.store.district(job.district.id).await.map_err(ServiceError::internal)?;
        let version = district.map_or(0, |district| district.basemap_version);
        let corner = |lon, lat| Position::new(lon, lat).map_err(ServiceError::internal);
        let world =
            Bounds::new(corner(-180.0, -90.0)?, corner(180.0, 90.0)?).map_err(ServiceError::internal)?;
        let mut parts = Parts::default();
        if roads {
            let held = self.store.roads(job.district.id, version, &world, u8::MAX).await;
            parts.roads = held.map_err(ServiceError::internal)?;
        }
        if footprints {
            let held = self.store.footprints(job.district.id, version, &world).await;
            parts.footprints = held.map_err(ServiceError::internal)?;
        }
        Ok(parts)
    }
}

fn parts_of(chunk: Vec<Next>, options: &ImportOptions, report: &mut ImportReport) -> Parts {
    let mut parts = Parts::default();
    for next in chunk {
        report.count(&next);
        let problems = &mut report.problems;
        match next {
            Next::BrokeOff => problems.set_broken_off(),
            Next::Bad(problem) => problems.push(problem),
            Next::Record(record, warnings) => {
                problems.extend(warnings);
                match map_part(&record, options) {
                    Ok(part) => parts.add(part),
                    Err(problem) => problems.push(*problem),
                }
            }
        }
    }
    parts
}

async fn stage(import: &mut Import, parts: &Parts) -> Result<(), ServiceError> {
    if !parts.roads.is_empty() {
        import.stage_roads(&parts.roads).await.map_err(ServiceError::internal)?;
    }
    if !parts.footprints.is_empty() {
        import.stage_footprints(&parts.footprints).await.map_err(ServiceError::internal)?;
    }
    Ok(())
}
