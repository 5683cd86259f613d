//! Reporting an incident: from anybody, once per client key, into the cell that contains it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::{Action, Row, incident_scope};
use domain::district::District;
use domain::ids::{ClientKey, DistrictId, IncidentId};
use domain::incident::{Incident, IncidentDraft};
use domain::plan::Plan;
use domain::rules::StageKey;
use domain::viewer::Viewer;

use super::{PLAN_ATTEMPTS, SeenIncident};
use crate::service::attempt::{Replay, key_reused};
use crate::service::cells::CellInPlan;
use crate::service::fingerprint::Fingerprint;
use crate::service::{ServiceError, Services};
use crate::store::{Attempt, Outcome};

/// A report as it came in.
#[derive(Clone, Debug)]
pub struct Report {
    /// What makes a retry harmless.
    pub key: ClientKey,
    /// What is reported.
    pub draft: IncidentDraft,
}

/// What became of a report.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The incident; `None` where the reporter may not see it, or asks again without having signed in.
    pub incident: Option<SeenIncident>,
    /// What every reporter gets.
    pub receipt: Receipt,
    /// Whether the same report had come before under the same key.
    pub replayed: bool,
}

/// What a reporter is told, signed in or not.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The district.
    pub district: Arc<District>,
    /// What to ask by.
    pub code: String,
    /// The stage.
    pub stage: StageKey,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
    /// When it is to be cleared.
    pub due_at: DateTime<Utc>,
    /// The cell; `None` is outside.
    pub cell: Option<CellInPlan>,
}

impl Report {
    /// The hash of what was asked.
    fn input_hash(&self, district: DistrictId) -> [u8; 32] {
        let draft = &self.draft;
        Fingerprint::of("reportIncident")
            .with("district", district)
            .with("category", &draft.category)
            .with("text", draft.text.as_str())
            .with("position", draft.position)
            .with_optional("accuracyM", draft.accuracy_m)
            .with("channel", format!("{:?}", draft.channel))
            .with_optional("occurredAt", draft.occurred_at.map(|at| at.timestamp_micros()))
            .finish()
    }
}

impl Services {
    /// Files an incident at a position. Safe to retry with the same client key.
    pub async fn report_incident(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        report: &Report,
    ) -> Result<Reported, ServiceError> {
        viewer.require(Action::ReportIncident, district.id)?;
        let attempt = self.attempt(viewer, report.key, report.input_hash(district.id));
        if let Some(replay) = self.replay(district.id, &attempt).await? {
            return self.reported_before(viewer, district, replay).await;
        }
        let mut district = Arc::clone(district);
        let id = IncidentId(self.ids.next_id());
        for _ in 0..PLAN_ATTEMPTS {
            let plan = self.current_plan(viewer, &district).await?;
            match self.file(report, &district, &plan, id, &attempt).await? {
                Outcome::Done((incident, event)) => {
                    self.bus.ring(event.district, event.number);
                    return Ok(self.reported(viewer, &district, &plan, incident));
                }
                Outcome::Replayed(answer) => {
                    return self.reported_before(viewer, &district, Replay::Same(answer)).await;
                }
                Outcome::KeyReused => return Err(key_reused()),
                Outcome::PlanMoved(_) => district = self.district_anew(viewer, &district).await?,
                Outcome::Absent => return Err(ServiceError::Busy),
            }
        }
        Err(ServiceError::Busy)
    }

    async fn file(
        &self,
        report: &Report,
        district: &District,
        plan: &Plan,
        id: IncidentId,
        attempt: &Attempt,
    ) -> Result<Outcome<(Incident, domain::event::Event)>, ServiceError> {
        let (draft, by) = (report.draft.clone(), attempt.actor);
        let (incident, step) = Incident::file(draft, district, plan, id, by, attempt.at)?;
        self.store.insert_incident(&incident, &step, attempt).await.map_err(ServiceError::internal)
    }

    fn reported(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        plan: &Arc<Plan>,
        incident: Incident,
    ) -> Reported {
        let receipt = receipt(district, Some(plan), &incident);
        let lineage = incident.assignment.cell.map(|cell| plan.lineage(cell)).unwrap_or_default();
        let row = Row { district: district.id, lineage: &lineage, audience: incident.audience };
        let visible = incident_scope(viewer, district.id).admits(&row);
        let incident = visible.then(|| self.seen(viewer, district, incident));
        Reported { incident, receipt, replayed: false }
    }

    async fn reported_before(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        replay: Replay,
    ) -> Result<Reported, ServiceError> {
        let Replay::Same(answer) = replay else { return Err(key_reused()) };
        let id = IncidentId(answer.subject);
        let scope = domain::access::Scope::system(district.id);
        let incident = self.store.incident(&scope, id).await.map_err(ServiceError::internal)?;
        let incident = incident.ok_or_else(|| ServiceError::not_found("incident", id))?;
        let incident = answer.incident(incident).map_err(ServiceError::internal)?;
        let plan = self.cache.plan(district.id, incident.assignment.plan_version).await;
        let receipt = receipt(district, plan.map_err(ServiceError::internal)?.as_ref(), &incident);
        // Whoever has the key may be another than the one who reported: without sign-in the receipt is all there is.
        let visible = viewer.user().is_some() && self.incident(viewer, district.id, id).await?.is_some();
        let incident = visible.then(|| self.seen(viewer, district, incident));
        Ok(Reported { incident, receipt, replayed: true })
    }
}

fn receipt(district: &Arc<District>, plan: Option<&Arc<Plan>>, incident: &Incident) -> Receipt {
    let cell = plan.zip(incident.assignment.cell);
    // Whoever cannot see an incident for staff still learns which cell cares for it: they chose the position.
    let cell = cell.and_then(|(plan, cell)| CellInPlan::find(district, plan, cell));
    Receipt {
        district: Arc::clone(district),
        code: incident.receipt_code(),
        stage: incident.stage.clone(),
        reported_at: incident.reported_at,
        due_at: incident.due_at,
        cell,
    }
}
