//! Taking households: each record located in the plan in force, staged in chunks, promoted at the end.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::district::District;
use domain::household::{Building, Household};
use domain::ids::{BuildingId, HouseholdId};
use domain::input::quoted;
use domain::plan::{Assignment, Plan};
use domain::text::Address;
use geo_tools::{Code, Position, Problem};

use super::households::{Dwelling, DwellingContent, dwelling};
use super::options::{Effect, ImportFigure, ImportOutcome, ImportReport};
use super::promote::Staged;
use super::record::Next;
use super::{ImportSource, Job};
use crate::service::{ServiceError, Services};
use crate::store::imports::{Import, ImportKind as Staging};

/// An import of households under way.
struct Taking<'a> {
    services: &'a Services,
    job: &'a Job<'a>,
    plan: Arc<Plan>,
    now: DateTime<Utc>,
    report: ImportReport,
    /// On which line each id was first.
    lines: HashMap<String, u64>,
    /// Buildings that households of this file name.
    named: HashMap<String, NamedBuilding>,
    /// Households without a position, to be placed when all buildings are known.
    unplaced: Vec<Dwelling>,
    buildings: Vec<Building>,
    households: Vec<Household>,
    building_count: u64,
    household_count: u64,
}

/// A building that is known by the households in it.
struct NamedBuilding {
    id: BuildingId,
    address: Option<Address>,
    position: Position,
    dwellings: u32,
}

impl Services {
    pub(super) async fn take_households(
        &self,
        source: ImportSource,
        job: Job<'_>,
    ) -> Result<ImportReport, ServiceError> {
        let plan = self.plan_for_import(&job).await?;
        let mut import = None;
        if job.options.effect == Effect::Write {
            let begun = self.store.begin_import(
                job.district.id,
                Staging::Households,
                self.ids.next_id(),
                self.clock.now(),
            );
            import = Some(begun.await.map_err(ServiceError::internal)?);
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
            lines: HashMap::new(),
            named: HashMap::new(),
            unplaced: Vec::new(),
            buildings: Vec::new(),
            households: Vec::new(),
            building_count: 0,
            household_count: 0,
        }
    }

    /// Reads and stages everything.
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
            if !self.is_refused() {
                self.stage(import.as_deref_mut()).await?;
            }
            self.job.progress.reach(self.report.row_count);
        }
        if self.report.row_count == 0 && self.report.problems.error_count() == 0 {
            let mut problem =
                Problem::error(Code::MissingField, "the file has no rows: at least one is needed");
            problem.line = Some(1);
            self.report.problems.push(problem);
        }
        self.place_the_unplaced().await?;
        self.add_named_buildings();
        if self.is_refused() { Ok(()) } else { self.stage(import).await }
    }

    /// Whether something was seen for which nothing may be written.
    fn is_refused(&self) -> bool {
        self.report.is_refused(self.job.options.bad_rows)
    }

    fn district(&self) -> &District {
        &self.job.district
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
        let found = match dwelling(&record, &self.job.options) {
            Ok(found) => found,
            Err(problems) => return self.report.problems.extend(problems),
        };
        if let Some(first) = self.lines.get(&found.source_id) {
            let message = format!("id {} stands on line {first} already", quoted(&found.source_id));
            return self.report.problems.push(found.problem(Code::DuplicateId, message));
        }
        self.lines.insert(found.source_id.clone(), found.line);
        match (found.content.clone(), found.position) {
            (DwellingContent::Building { dwellings }, Some(position)) => {
                self.add_building(found, dwellings, position);
            }
            (DwellingContent::Household { building, member_count }, Some(position)) => {
                let building = building.map(|name| self.name_building(name, found.address.clone(), position));
                self.add_household(found.source_id, building, found.address, Some(position), member_count);
            }
            _ => self.unplaced.push(found),
        }
    }

    /// A building with its households, `ID/1` to `ID/N`.
    fn add_building(&mut self, found: Dwelling, dwellings: u32, position: Position) {
        let id = BuildingId(self.services.ids.next_id());
        let assignment = self.assign(Some(position));
        for number in 1..=dwellings {
            let source_id = format!("{}/{number}", found.source_id);
            let household =
                self.household(source_id, Some(id), found.address.clone(), Some(position), None, assignment);
            self.households.push(household);
        }
        self.household_count += u64::from(dwellings);
        self.push_building(id, found.source_id, found.address, position, dwellings);
    }

    fn push_building(
        &mut self,
        id: BuildingId,
        source_id: String,
        address: Option<Address>,
        position: Position,
        dwellings: u32,
    ) {
        self.building_count += 1;
        let district = self.district().id;
        let source_id = Some(source_id);
        self.buildings.push(Building { id, district, source_id, address, position, dwellings });
    }

    /// The building that a household names, known from now on.
    fn name_building(&mut self, name: String, address: Option<Address>, position: Position) -> BuildingId {
        let ids = &self.services.ids;
        let new = || NamedBuilding { id: BuildingId(ids.next_id()), address, position, dwellings: 0 };
        let building = self.named.entry(name).or_insert_with(new);
        building.dwellings += 1;
        building.id
    }

    fn add_household(
        &mut self,
        source_id: String,
        building: Option<BuildingId>,
        address: Option<Address>,
        position: Option<Position>,
        member_count: Option<u32>,
    ) {
        let assignment = self.assign(position);
        let household = self.household(source_id, building, address, position, member_count, assignment);
        self.households.push(household);
        self.household_count += 1;
    }

    fn household(
        &self,
        source_id: String,
        building: Option<BuildingId>,
        address: Option<Address>,
        position: Option<Position>,
        member_count: Option<u32>,
        assignment: Assignment,
    ) -> Household {
        Household {
            id: HouseholdId(self.services.ids.next_id()),
            district: self.district().id,
            version: 1,
            source_id: Some(source_id),
            building,
            address,
            position,
            member_count,
            assignment,
            registered_at: self.now,
        }
    }

    fn assign(&self, position: Option<Position>) -> Assignment {
        match position {
            Some(position) => self.plan.assign(position, self.district().rules.nearest_within_m()),
            None => Assignment::outside(self.plan.version()),
        }
    }

    /// Finds a place by the building or the address; the rest come in without one, to be placed by hand.
    async fn place_the_unplaced(&mut self) -> Result<(), ServiceError> {
        for found in std::mem::take(&mut self.unplaced) {
            let DwellingContent::Household { building, member_count } = found.content.clone() else {
                continue;
            };
            let named = building.filter(|name| self.named.contains_key(name));
            if let Some(name) = named {
                let position = self.named[&name].position;
                let id = self.name_building(name, None, position);
                self.add_household(found.source_id, Some(id), found.address, Some(position), member_count);
                continue;
            }
            let known = match &found.address {
                Some(address) => self.services.store.building_by_address(self.job.district.id, address).await,
                None => Ok(None),
            };
            let known = known.map_err(ServiceError::internal)?;
            if known.is_none() {
                let message = "neither a position nor a building or address that is known; place it by hand";
                self.report.problems.push(found.warning(Code::NullGeometry, message.to_owned()));
            }
            let (id, position) = (
                known.as_ref().map(|building| building.id),
                known.as_ref().map(|building| building.position),
            );
            self.add_household(found.source_id, id, found.address, position, member_count);
        }
        Ok(())
    }

    fn add_named_buildings(&mut self) {
        for (name, NamedBuilding { id, address, position, dwellings }) in std::mem::take(&mut self.named) {
            self.push_building(id, name, address, position, dwellings);
        }
    }

    /// Writes what was gathered beside what is in force.
    async fn stage(&mut self, import: Option<&mut Import>) -> Result<(), ServiceError> {
        let (buildings, households) =
            (std::mem::take(&mut self.buildings), std::mem::take(&mut self.households));
        let Some(import) = import else { return Ok(()) };
        import.stage_buildings(&buildings).await.map_err(ServiceError::internal)?;
        import.stage_households(&households).await.map_err(ServiceError::internal)
    }

    async fn finish(mut self, import: Option<Import>) -> Result<ImportReport, ServiceError> {
        self.report.problems.flush();
        self.report.totals = vec![("buildings", self.building_count), ("households", self.household_count)];
        if self.is_refused() {
            self.report.outcome = ImportOutcome::Refused;
            if let Some(import) = import {
                import.give_up().await;
            }
            return Ok(self.report);
        }
        let Some(import) = import else { return Ok(self.report) };
        let staged = Staged::Households(self.plan.version());
        let summary = self.services.promote(import, staged, self.job).await?;
        self.report.figures.push(ImportFigure::of("rows", summary));
        Ok(self.report)
    }
}
