//! What a town of the demo has been through in the two days before it was made.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Scope;
use domain::district::District;
use domain::ids::{IncidentId, UserId};
use domain::incident::{Incident, IncidentAction, IncidentStep};
use domain::plan::Plan;
use domain::viewer::Role;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::DemoError;
use super::reports::Reports;
use crate::service::{ServiceError, Services};
use crate::store::{Attempt, IncidentQuery, Outcome};

/// How far back the history goes.
const HISTORY: TimeDelta = TimeDelta::hours(48);
/// What waits when the demo begins.
const OPEN_COUNT: usize = 48;
/// What was solved in the history.
const CLOSED_COUNT: usize = 160;
/// The same town has the same past, whenever it is made.
const SEED: u64 = 0x6772_6964;
/// How soon something is sent on, and how soon it is solved after that.
const DISPATCH_WITHIN: TimeDelta = TimeDelta::minutes(40);
const CLOSE_WITHIN: TimeDelta = TimeDelta::hours(7);

/// A past incident with everything that happened to it, in order.
type Past = Vec<(Incident, IncidentStep)>;

impl Services {
    /// Adds what waits, so that the first map shows a town at work: before there is anything else, so that a stop in the
    /// middle is made good by the next start.
    pub(super) async fn add_open_backlog(
        &self,
        district: &Arc<District>,
        plan: &Plan,
    ) -> Result<(), DemoError> {
        let scope = Scope::system(district.id);
        let written = self.store.incident_count(&scope, &IncidentQuery::default()).await?;
        let reports = Reports::of_helsinki(plan.coverage().bounds())?;
        self.write_open_backlog(district, plan, &reports, written).await
    }

    /// Writes what waits, drawn from some reports, but for the first that were written before.
    pub(super) async fn write_open_backlog(
        &self,
        district: &District,
        plan: &Plan,
        reports: &Reports,
        written: u64,
    ) -> Result<(), DemoError> {
        if written >= OPEN_COUNT as u64 {
            return Ok(());
        }
        let scope = Scope::system(district.id);
        let dispatcher = self.demo_user(district.id, Role::Dispatcher).await?.id;
        let mut chance = StdRng::seed_from_u64(SEED);
        let now = self.clock.now();
        for number in 0..OPEN_COUNT {
            // Most is of the last hours; the oldest have run out of time.
            let share = (number as f64 / OPEN_COUNT as f64).powi(3);
            let at = now - minutes(HISTORY, share) - TimeDelta::seconds(chance.random_range(20..600));
            let past = self.past(reports, district, plan, at, &mut chance)?;
            let sent = number % 5 < 3;
            let past = if sent { dispatched(past, district, dispatcher, &mut chance, now) } else { past };
            // Drawn all the same: the same town has the same past.
            if number as u64 >= written {
                self.write_past(&scope, past).await?;
            }
        }
        Ok(())
    }

    /// Adds what was solved. Runs beside the server, since nothing on the map waits for it.
    pub(super) async fn add_closed_backlog(
        &self,
        district: &Arc<District>,
        plan: &Plan,
    ) -> Result<(), DemoError> {
        let scope = Scope::system(district.id);
        let query = IncidentQuery::default();
        if self.store.incident_count(&scope, &query).await? > OPEN_COUNT as u64 {
            return Ok(());
        }
        let reports = Reports::of_helsinki(plan.coverage().bounds())?;
        let dispatcher = self.demo_user(district.id, Role::Dispatcher).await?.id;
        let mut chance = StdRng::seed_from_u64(SEED + 1);
        let now = self.clock.now();
        for _ in 0..CLOSED_COUNT {
            let at = now - CLOSE_WITHIN - minutes(HISTORY - CLOSE_WITHIN, chance.random_range(0.0..1.0));
            let past = self.past(&reports, district, plan, at, &mut chance)?;
            let past = dispatched(past, district, dispatcher, &mut chance, now);
            let past = closed(past, district, dispatcher, &reports, &mut chance, now);
            self.write_past(&scope, past).await?;
        }
        Ok(())
    }

    fn past(
        &self,
        reports: &Reports,
        district: &District,
        plan: &Plan,
        at: DateTime<Utc>,
        chance: &mut StdRng,
    ) -> Result<Past, DemoError> {
        let id = IncidentId(self.ids.next_id());
        let filed = Incident::file(reports.draw(chance)?, district, plan, id, None, at);
        filed.map(|first| vec![first]).map_err(|_| DemoError::Data("a report of the past is refused"))
    }
}

impl Services {
    /// Writes an incident and what happened to it, each step as it was then.
    async fn write_past(&self, scope: &Scope, past: Past) -> Result<(), DemoError> {
        let mut before: Option<Incident> = None;
        for (incident, step) in past {
            let attempt = Attempt { actor: step.by, ..Attempt::by_system(step.at) };
            let written = match &before {
                None => match self.store.insert_incident(&incident, &step, &attempt).await? {
                    Outcome::Done((_, event)) => Some(event),
                    _ => None,
                },
                Some(before) => {
                    match self.store.change_incident(scope, before, &incident, &step, &attempt).await? {
                        Outcome::Done((_, event)) => Some(event),
                        _ => None,
                    }
                }
            };
            let event = written.ok_or(ServiceError::Busy)?;
            self.bus.ring(event.district, event.number);
            before = Some(incident);
        }
        Ok(())
    }
}

/// A share of a length of time.
fn minutes(whole: TimeDelta, share: f64) -> TimeDelta {
    TimeDelta::minutes((whole.num_minutes() as f64 * share) as i64)
}

fn dispatched(past: Past, district: &District, by: UserId, chance: &mut StdRng, now: DateTime<Utc>) -> Past {
    let within = minutes(DISPATCH_WITHIN, chance.random_range(0.1..1.0));
    changed(past, IncidentAction::Dispatch, None, district, by, within, now)
}

fn closed(
    past: Past,
    district: &District,
    by: UserId,
    reports: &Reports,
    chance: &mut StdRng,
    now: DateTime<Utc>,
) -> Past {
    let category = past.first().map(|(incident, _)| incident.category.clone()).unwrap_or_default();
    let note = reports.closing_note(&category, chance);
    let within = minutes(CLOSE_WITHIN, chance.random_range(0.1..0.9));
    changed(past, IncidentAction::Close, note, district, by, within, now)
}

/// The same past with one more step, unless it would lie in the future or the stage does not allow it.
fn changed(
    mut past: Past,
    action: IncidentAction,
    note: Option<domain::text::Note>,
    district: &District,
    by: UserId,
    within: TimeDelta,
    now: DateTime<Utc>,
) -> Past {
    let next = past.last().and_then(|(incident, step)| {
        let at = step.at + within;
        let fits = at < now;
        fits.then(|| incident.change(action, note, &district.rules, Some(by), at).ok()).flatten()
    });
    past.extend(next);
    past
}
