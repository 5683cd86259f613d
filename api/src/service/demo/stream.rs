//! The stream of simulated incidents: reports at a human pace, sent on and solved by the staff.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::Scope;
use domain::district::District;
use domain::ids::ClientKey;
use domain::incident::{Channel, Incident, IncidentAction};
use domain::page::PageSize;
use domain::rules::StageKey;
use domain::text::Note;
use domain::viewer::{Role, Viewer};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tracing::{info, warn};

use super::reports::Reports;
use super::{DEMO_CODE, DemoError, OpenTown};
use crate::service::Services;
use crate::service::incidents::{ChangeRequest, Report};
use crate::store::{IncidentFilter, IncidentOrder, IncidentQuery};

/// The pause between two things that happen, in seconds.
const PAUSE_S: std::ops::Range<f64> = 2.0..5.5;
/// Above this many open incidents the staff solve more than come in, below it less.
const OPEN_TARGET: usize = 50;
/// So many that are late stay open, so that there is always one to look at.
const LATE_KEPT: usize = 5;

/// Who acts in a simulation, and on what.
struct Simulation {
    district: Arc<District>,
    reports: Reports,
    dispatcher: Viewer,
    worker: Viewer,
    chance: StdRng,
}

impl Services {
    /// Keeps incidents coming, being sent on and being solved, until it is dropped.
    ///
    /// A step that fails is logged and passed over: the simulation must not end before the demo does.
    ///
    /// # Errors
    /// [`DemoError`] where it cannot begin.
    pub async fn run_demo(&self) -> Result<(), DemoError> {
        let district = self.demo_district(DEMO_CODE).await?;
        let plan = self.plan_in_force(&district).await?.ok_or(DemoError::Data("the demo has no plan"))?;
        self.add_closed_backlog(&district, &plan).await?;
        let reports = Reports::of_helsinki(plan.coverage().bounds())?;
        self.simulate(self.simulation(district, reports).await?).await
    }

    /// The same in the generated town.
    ///
    /// # Errors
    /// [`DemoError`] where it cannot begin.
    pub async fn run_generated_town(&self, town: OpenTown) -> Result<(), DemoError> {
        self.simulate(self.simulation(town.district, town.reports).await?).await
    }

    async fn simulate(&self, mut simulation: Simulation) -> Result<(), DemoError> {
        info!(district.code = simulation.district.code.as_str(), "Simulating incidents");
        loop {
            let pause_s = simulation.chance.random_range(PAUSE_S);
            tokio::time::sleep(Duration::from_secs_f64(pause_s)).await;
            if let Err(error) = self.step_demo(&mut simulation).await {
                warn!(error = &error as &dyn std::error::Error, "Passed over a step of the simulation");
            }
        }
    }

    async fn simulation(&self, district: Arc<District>, reports: Reports) -> Result<Simulation, DemoError> {
        Ok(Simulation {
            reports,
            dispatcher: Viewer::staff(&self.demo_user(district.id, Role::Dispatcher).await?),
            worker: Viewer::staff(&self.demo_user(district.id, Role::Worker).await?),
            district,
            chance: StdRng::from_os_rng(),
        })
    }

    /// One thing happens: a report, or something is sent on or solved; above the target four times in ten each of these.
    async fn step_demo(&self, simulation: &mut Simulation) -> Result<(), DemoError> {
        let open = self.open_in_demo(&simulation.district).await?;
        let waiting: Vec<&Incident> =
            open.iter().filter(|incident| incident.stage == first_stage(&simulation.district)).collect();
        let sent: Vec<&Incident> =
            open.iter().filter(|incident| incident.stage != first_stage(&simulation.district)).collect();
        let crowded = open.len() > OPEN_TARGET;
        match simulation.chance.random_range(0..10) {
            0..=1 => self.report_in_demo(simulation).await,
            2..=3 if !crowded => self.report_in_demo(simulation).await,
            2..=5 if waiting.len() > 12 || crowded => {
                let oldest = waiting.last().copied();
                self.change_in_demo(simulation, oldest, IncidentAction::Dispatch, None).await
            }
            4..=9 if crowded || simulation.chance.random_bool(0.3) => {
                let solved = solvable(&sent, self.clock.now()).choose(&mut simulation.chance).copied();
                let note = solved.and_then(|incident| {
                    simulation.reports.closing_note(&incident.category, &mut simulation.chance)
                });
                self.change_in_demo(simulation, solved, IncidentAction::Close, note).await
            }
            _ => Ok(()),
        }
    }

    /// What waits for something, the last reported first.
    async fn open_in_demo(&self, district: &District) -> Result<Vec<Incident>, DemoError> {
        let filter = IncidentFilter { open: Some(true), ..IncidentFilter::default() };
        let query = IncidentQuery { filter, order: IncidentOrder::Newest, ..IncidentQuery::default() };
        let size = PageSize::new(PageSize::MAX).map_err(|_| DemoError::Data("the size of a page"))?;
        let page = self.store.incidents(&Scope::system(district.id), &query, None, size).await?;
        Ok(page.rows.into_iter().map(|(_, incident)| incident).collect())
    }

    async fn report_in_demo(&self, simulation: &mut Simulation) -> Result<(), DemoError> {
        let draft = simulation.reports.draw(&mut simulation.chance)?;
        let public = Viewer::public();
        let viewer = if draft.channel == Channel::Patrol { &simulation.worker } else { &public };
        let report = Report { key: self.demo_key()?, draft };
        let reported = self.report_incident(viewer, &simulation.district, &report).await?;
        info!(incident.code = reported.receipt.code, "Simulated a report");
        Ok(())
    }

    async fn change_in_demo(
        &self,
        simulation: &Simulation,
        incident: Option<&Incident>,
        action: IncidentAction,
        note: Option<Note>,
    ) -> Result<(), DemoError> {
        let Some(incident) = incident else { return Ok(()) };
        let request = ChangeRequest {
            key: self.demo_key()?,
            district: incident.district,
            id: incident.id,
            expected_version: incident.version,
            action,
            note,
        };
        // Somebody who uses the demo may have been quicker: that is no failure.
        self.change_incident(&simulation.dispatcher, &request).await?;
        Ok(())
    }

    fn demo_key(&self) -> Result<ClientKey, DemoError> {
        ClientKey::parse(&self.ids.next_id().to_string()).map_err(|_| DemoError::Data("a client key"))
    }
}

/// What may be solved next: any while enough are late, else one that is in time.
fn solvable<'a>(sent: &[&'a Incident], now: DateTime<Utc>) -> Vec<&'a Incident> {
    let late_count = sent.iter().filter(|incident| incident.is_overdue(now)).count();
    sent.iter().copied().filter(|incident| late_count > LATE_KEPT || !incident.is_overdue(now)).collect()
}

fn first_stage(district: &District) -> StageKey {
    district.rules.stages()[0].key.clone()
}
