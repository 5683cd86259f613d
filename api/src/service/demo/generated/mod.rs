//! The demo's second district, `demo-cn`: a generated town inside China that does not exist, with half a year behind it.
//!
//! It is made while the server runs: nobody sees it before it is whole. Everything is dated as it would have happened:
//! the first grid before the half year, the redraw four months into it, by clocks set to these times. Start at
//! [`Services::open_generated_town`]. Visits are generated too, but nothing in Gridward holds visits yet.
//!
//! Invariant: each step finds out whether it was done, so that a stop in the middle is made good by the next start.

mod files;
mod grid;

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Asia::Shanghai;
use domain::access::Scope;
use domain::district::{District, DistrictCode};
use domain::ids::{DistrictId, PlanVersion};
use domain::level::LevelRank;
use domain::plan::Plan;
use domain::rules::Rules;
use domain::text::LocalTexts;
use geo_tools::Datum;
use geo_tools::generate::{Day, Incident, Town, TownOptions};

use super::reports::Reports;
use super::{DemoError, TOWN_CODE};
use crate::cache::Cache;
use crate::clock::{Clock, IdSource};
use crate::service::import::{FileFormat, ImportKind, ImportOptions, ImportOutcome, ImportSource, Progress};
use crate::service::{ServiceError, Services};
use crate::store::{Area, IncidentFilter, IncidentQuery};

/// The same town everywhere.
const SEED: u64 = 1;
/// How long the history is, as the generator has it.
const HISTORY: Days = Days::new(181);
/// How long before that the first grid was published, and how long after its beginning the second.
const FOUNDED_BEFORE: Days = Days::new(7);
const REDRAWN_AFTER: Days = Days::new(121);
/// So many households are heard of one by one.
const TOLD_HOUSEHOLDS: u64 = 100_000;

/// How large the generated town is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DemoScale {
    /// 17 villages, 56 cells, 8,857 households.
    Town,
    /// 14 townships, 140 communities, 1,400 cells, 560,000 households.
    City,
}

/// The generated town, made and ready for what happens next.
#[derive(Debug)]
pub struct OpenTown {
    pub(super) district: Arc<District>,
    pub(super) reports: Reports,
}

/// Hears what is being made.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

impl Services {
    /// Makes the generated town where there is none, or what is still missing of it, and lets everybody see it then.
    /// Before, [`Services::hide_generated_town`] keeps it from being seen half made.
    ///
    /// # Errors
    /// [`DemoError`]; [`DemoError::Scale`] where there is one of another size.
    pub async fn open_generated_town(
        &self,
        scale: Option<DemoScale>,
        tell: &Tell,
    ) -> Result<OpenTown, DemoError> {
        let maker = Self { cache: Cache::new(self.store.clone()), ..self.clone() };
        let held = self.store.district_by_code(TOWN_CODE).await?;
        let first_plan = match &held {
            Some(district) => maker.plan_of_version(district.id, PlanVersion(1)).await?,
            None => None,
        };
        let scale = scale_of(first_plan.as_deref(), scale)?;
        let history = match &first_plan {
            Some(plan) => History::since(plan.in_force_since()),
            None => History::until_yesterday(self.clock.now()),
        };
        let history = history.ok_or(DemoError::Data("the time of the history"))?;
        let town = generated(scale, &history).await?;
        let district = match held {
            Some(district) => district,
            None => maker.make_town_district(&town).await?,
        };
        let plan = maker.lay_grids(&district, &town, &history, first_plan, tell).await?;
        maker.at(history.redrawn).add_demo_staff(&district, &plan).await?;
        maker.fill_town(&district, &town, tell).await?;
        let reports = off_thread(&town, Reports::of_town).await??;
        maker.add_later_history(&district, &plan, &town, &history, &reports, tell).await?;
        self.cache.show(TOWN_CODE).await;
        let district = self.demo_district(TOWN_CODE).await?;
        Ok(OpenTown { district, reports })
    }

    /// Lets nobody see the generated town until it is open.
    pub async fn hide_generated_town(&self) {
        self.cache.hide(TOWN_CODE).await;
    }

    /// The same use cases at another time.
    fn at(&self, time: DateTime<Utc>) -> Self {
        let clock = Clock::set_to(time);
        Self { ids: IdSource::random(clock.clone()), clock, ..self.clone() }
    }

    async fn plan_of_version(
        &self,
        district: DistrictId,
        version: PlanVersion,
    ) -> Result<Option<Arc<Plan>>, DemoError> {
        Ok(self.cache.plan(district, version).await.map_err(ServiceError::internal)?)
    }

    async fn make_town_district(&self, town: &Town) -> Result<District, DemoError> {
        let [first, ..] = town.townships.as_slice() else { return Err(DemoError::Data("no township")) };
        let (zh, en) = if town.townships.len() > 1 {
            let stem = first.name.trim_end_matches("街道");
            (format!("{stem}区"), first.name_en.replace("Subdistrict", "District"))
        } else {
            (first.name.clone(), first.name_en.clone())
        };
        let (zh, en) = (format!("{zh}（虚构）"), format!("{en} (invented)"));
        let district = District {
            id: DistrictId(self.ids.next_id()),
            code: DistrictCode::parse(TOWN_CODE).map_err(|_| DemoError::Data("its code"))?,
            names: LocalTexts::new([("zh", zh.as_str()), ("en", en.as_str())])
                .map_err(|_| DemoError::Data("its name"))?,
            time_zone: Shanghai,
            exercise: true,
            attribution: Some("虚构地图 · invented map".to_owned()),
            plan_version: None,
            basemap_version: 0,
            rules: Arc::new(Rules::default()),
        };
        self.store.insert_district(&district, Rules::DEFAULT_TEXT).await?;
        self.cache.forget_districts().await;
        Ok(district)
    }

    /// Publishes the first grid, gives it what was closed under it, and publishes the second.
    async fn lay_grids(
        &self,
        district: &District,
        town: &Arc<Town>,
        history: &History,
        first: Option<Arc<Plan>>,
        tell: &Tell,
    ) -> Result<Arc<Plan>, DemoError> {
        if let Some(plan) = self.plan_in_force(district).await?.filter(|plan| plan.version() > PlanVersion(1))
        {
            return Ok(plan);
        }
        let (founding, redrawing) = (self.at(history.founded), self.at(history.redrawn));
        let first = match first {
            Some(first) => first,
            None => {
                let plan = founding.drawn(town, district, None).await?;
                founding.publish_demo_plan(plan, None, None).await?
            }
        };
        redrawing.import_history(town, history, Era::ClosedBeforeRedraw).await?;
        let second = redrawing.drawn(town, district, Some(&first)).await?;
        let note = Some("新设网格 · new cells");
        let second = redrawing.publish_demo_plan(second, Some(first.version()), note).await?;
        tell(&format!("{} cells, {} before the redraw", town.cells.len(), first.coverage().leaf_count()));
        Ok(second)
    }

    /// Brings households and base map in, where they are not there yet.
    async fn fill_town(&self, district: &District, town: &Arc<Town>, tell: &Tell) -> Result<(), DemoError> {
        let scope = Scope::system(district.id);
        if self.store.household_count(&scope, &Area::Everywhere).await? == 0 {
            let (told, all) = (Arc::clone(tell), town.options.households);
            let progress = Progress::new(move |rows| {
                if rows % TOLD_HOUSEHOLDS == 0 {
                    told(&format!("{rows} of {all} households"));
                }
            });
            let options = ImportOptions::new(ImportKind::Households, FileFormat::Csv);
            self.import_generated(files::households(town), options, &progress).await?;
            tell(&format!("{all} households"));
        }
        let held = self.store.district(district.id).await?;
        if held.is_none_or(|district| district.basemap_version == 0) {
            let options = ImportOptions::new(ImportKind::Basemap, FileFormat::Geojson);
            let basemap = off_thread(town, files::basemap).await??;
            self.import_generated(basemap, options, &Progress::silent()).await?;
            tell(&format!("{} streets and {} buildings", town.streets.len(), town.buildings.len()));
        }
        Ok(())
    }

    /// Brings in what happened since the redraw, and what waits now.
    async fn add_later_history(
        &self,
        district: &District,
        plan: &Plan,
        town: &Arc<Town>,
        history: &History,
        reports: &Reports,
        tell: &Tell,
    ) -> Result<(), DemoError> {
        let scope = Scope::system(district.id);
        let past = off_thread(town, |town| town.incidents().len()).await?;
        let filter = IncidentFilter { reported_from: Some(history.redrawn), ..IncidentFilter::default() };
        let later = IncidentQuery { filter, ..IncidentQuery::default() };
        if self.store.incident_count(&scope, &later).await? == 0 {
            self.import_history(town, history, Era::Since).await?;
            tell(&format!("{past} incidents of half a year"));
        }
        // What there is beside the history waits, or came in later still.
        let all = self.store.incident_count(&scope, &IncidentQuery::default()).await?;
        let written = all.saturating_sub(past as u64);
        self.write_open_backlog(district, plan, reports, written).await
    }

    /// The next plan, drawn where it does not keep requests waiting.
    async fn drawn(
        &self,
        town: &Arc<Town>,
        district: &District,
        before: Option<&Arc<Plan>>,
    ) -> Result<Plan, DemoError> {
        let (services, district, before) = (self.clone(), district.clone(), before.cloned());
        off_thread(town, move |town| services.generated_plan(town, &district, before.as_deref())).await?
    }

    async fn import_history(&self, town: &Arc<Town>, history: &History, era: Era) -> Result<(), DemoError> {
        let history = *history;
        let write = move |town: &Town| {
            let incidents = town.incidents();
            files::incidents(incidents.iter().filter(|incident| history.era(incident) == era))
        };
        let source = off_thread(town, write).await??;
        let options = ImportOptions::new(ImportKind::Incidents, FileFormat::Csv);
        self.import_generated(source, options, &Progress::silent()).await
    }

    async fn import_generated(
        &self,
        source: ImportSource,
        options: ImportOptions,
        progress: &Progress,
    ) -> Result<(), DemoError> {
        let options = ImportOptions { datum: Some(Datum::Wgs84), ..options };
        let report = self.import_as_operator(TOWN_CODE, source, options, progress).await?;
        match report.outcome {
            ImportOutcome::Taken => Ok(()),
            ImportOutcome::Refused => Err(DemoError::Data("the generated town was refused")),
        }
    }
}

/// What there is already decides; asking for another size is refused.
fn scale_of(held: Option<&Plan>, wanted: Option<DemoScale>) -> Result<DemoScale, DemoError> {
    let townships = held.map(|plan| plan.cells().iter().filter(|cell| cell.rank == LevelRank(0)).count());
    match (townships, wanted) {
        (None, wanted) => Ok(wanted.unwrap_or(DemoScale::Town)),
        (Some(1), None | Some(DemoScale::Town)) => Ok(DemoScale::Town),
        (Some(2..), None | Some(DemoScale::City)) => Ok(DemoScale::City),
        _ => Err(DemoError::Scale),
    }
}

async fn generated(scale: DemoScale, history: &History) -> Result<Arc<Town>, DemoError> {
    let options = match scale {
        DemoScale::Town => TownOptions::town_cn(56, SEED, history.until),
        DemoScale::City => TownOptions::city(1_400, SEED, history.until),
    };
    let town = tokio::task::spawn_blocking(move || Town::generate(&options)).await;
    let town = town.map_err(ServiceError::internal)?;
    Ok(Arc::new(town.map_err(|_| DemoError::Data("the generated town"))?))
}

/// Runs what only computes where it does not keep requests waiting.
async fn off_thread<T: Send + 'static>(
    town: &Arc<Town>,
    work: impl FnOnce(&Town) -> T + Send + 'static,
) -> Result<T, DemoError> {
    let town = Arc::clone(town);
    Ok(tokio::task::spawn_blocking(move || work(&town)).await.map_err(ServiceError::internal)?)
}

/// In which grid a past incident comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Era {
    /// In the first: it was closed before the second.
    ClosedBeforeRedraw,
    /// In the second.
    Since,
}

/// When what happened.
#[derive(Clone, Copy)]
struct History {
    founded: DateTime<Utc>,
    redrawn: DateTime<Utc>,
    until: Day,
}

impl History {
    /// Half a year up to the day before now, so that nothing of it lies ahead.
    fn until_yesterday(now: DateTime<Utc>) -> Option<Self> {
        Self::until(now.with_timezone(&Shanghai).date_naive().pred_opt()?)
    }

    /// The history of a town whose first grid was published then.
    fn since(founded: DateTime<Utc>) -> Option<Self> {
        let founded = founded.with_timezone(&Shanghai).date_naive();
        Self::until(founded.checked_add_days(FOUNDED_BEFORE)?.checked_add_days(HISTORY)?)
    }

    fn until(last: NaiveDate) -> Option<Self> {
        let first = last.checked_sub_days(HISTORY)?;
        Some(Self {
            founded: morning(first.checked_sub_days(FOUNDED_BEFORE)?)?,
            redrawn: morning(first.checked_add_days(REDRAWN_AFTER)?)?,
            until: Day::parse(&last.to_string())?,
        })
    }

    fn era(&self, incident: &Incident) -> Era {
        let closed_at = incident.closed.as_ref().and_then(|(at, _)| DateTime::parse_from_rfc3339(at).ok());
        match closed_at {
            Some(at) if at < self.redrawn => Era::ClosedBeforeRedraw,
            _ => Era::Since,
        }
    }
}

/// Nine o'clock there.
fn morning(day: NaiveDate) -> Option<DateTime<Utc>> {
    let local = day.and_time(NaiveTime::from_hms_opt(9, 0, 0)?);
    Some(Shanghai.from_local_datetime(&local).single()?.to_utc())
}
