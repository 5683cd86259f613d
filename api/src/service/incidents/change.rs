//! Taking an incident through its stages: dispatch, close.

use domain::access::{Scope, incident_scope};
use domain::ids::{ClientKey, DistrictId, IncidentId};
use domain::incident::{Incident, IncidentAction};
use domain::input::{InputCode, InputProblem};
use domain::text::Note;
use domain::viewer::Viewer;

use super::SeenIncident;
use crate::service::attempt::{Replay, key_reused};
use crate::service::fingerprint::Fingerprint;
use crate::service::{ServiceError, Services};
use crate::store::{Answer, Attempt, Outcome};

/// A change as it came in.
#[derive(Clone, Debug)]
pub struct ChangeRequest {
    /// What makes a retry harmless.
    pub key: ClientKey,
    /// The district of the incident.
    pub district: DistrictId,
    /// The incident.
    pub id: IncidentId,
    /// The version that the caller saw.
    pub expected_version: i32,
    /// What to do.
    pub action: IncidentAction,
    /// What is noted with it.
    pub note: Option<Note>,
}

/// What became of a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The incident as it is now; of a replay, as it was after the first try.
    pub incident: SeenIncident,
    /// Why nothing was changed; empty where it was.
    pub problems: Vec<InputProblem>,
    /// Whether the same change had come before under the same key.
    pub replayed: bool,
}

impl ChangeRequest {
    fn input_hash(&self) -> [u8; 32] {
        Fingerprint::of("changeIncident")
            .with("id", self.id)
            .with("expectedVersion", self.expected_version)
            .with("action", self.action.as_str())
            .with_optional("note", self.note.as_ref().map(Note::as_str))
            .finish()
    }
}

impl Services {
    /// Takes an incident to its next stage, if nobody changed it since the caller read it. Safe to retry.
    pub async fn change_incident(
        &self,
        viewer: &Viewer,
        request: &ChangeRequest,
    ) -> Result<Changed, ServiceError> {
        viewer.require(request.action.permission(), request.district)?;
        let scope = incident_scope(viewer, request.district);
        let attempt = self.attempt(viewer, request.key, request.input_hash());
        // Before the key: of two tries at once, one that finds the incident changed by the other finds the other's key too.
        let before = self.incident_in(&scope, request.id).await?;
        match self.replay(request.district, &attempt).await? {
            Some(Replay::Same(answer)) => return self.changed_before(viewer, before, &answer).await,
            Some(Replay::Other) => return Err(key_reused()),
            None => {}
        }
        if before.version != request.expected_version {
            let problem = version_conflict(request, &before);
            return self.changed(viewer, before, vec![problem], false).await;
        }
        self.write_change(viewer, &scope, request, before, &attempt).await
    }

    async fn write_change(
        &self,
        viewer: &Viewer,
        scope: &Scope,
        request: &ChangeRequest,
        before: Incident,
        attempt: &Attempt,
    ) -> Result<Changed, ServiceError> {
        let district = self.district_by_id(viewer, request.district).await?;
        let note = request.note.clone();
        let (after, step) =
            match before.change(request.action, note, &district.rules, attempt.actor, attempt.at) {
                Ok(change) => change,
                Err(problem) => return self.changed(viewer, before, vec![problem], false).await,
            };
        let outcome = self.store.change_incident(scope, &before, &after, &step, attempt).await;
        match outcome.map_err(ServiceError::internal)? {
            Outcome::Done((incident, event)) => {
                self.bus.ring(event.district, event.number);
                self.changed(viewer, incident, Vec::new(), false).await
            }
            Outcome::Replayed(answer) => self.changed_before(viewer, before, &answer).await,
            Outcome::KeyReused => Err(key_reused()),
            Outcome::Conflict(current) => {
                let problem = version_conflict(request, &current);
                self.changed(viewer, current, vec![problem], false).await
            }
            Outcome::PlanMoved(_) => Err(ServiceError::Busy),
            Outcome::Absent => Err(ServiceError::not_found("incident", request.id)),
        }
    }

    /// The first answer again, of an incident that the viewer may see now, and of it what they may see now.
    async fn changed_before(
        &self,
        viewer: &Viewer,
        now: Incident,
        answer: &Answer,
    ) -> Result<Changed, ServiceError> {
        let then = answer.incident(now).map_err(ServiceError::internal)?;
        self.changed(viewer, then, Vec::new(), true).await
    }

    async fn incident_in(&self, scope: &Scope, id: IncidentId) -> Result<Incident, ServiceError> {
        let incident = self.store.incident(scope, id).await.map_err(ServiceError::internal)?;
        incident.ok_or_else(|| ServiceError::not_found("incident", id))
    }

    async fn changed(
        &self,
        viewer: &Viewer,
        incident: Incident,
        problems: Vec<InputProblem>,
        replayed: bool,
    ) -> Result<Changed, ServiceError> {
        let district = self.district_by_id(viewer, incident.district).await?;
        Ok(Changed { incident: self.seen(viewer, &district, incident), problems, replayed })
    }
}

fn version_conflict(request: &ChangeRequest, current: &Incident) -> InputProblem {
    let (expected, version) = (request.expected_version, current.version);
    let message = format!("the incident is at version {version}; version {expected} was expected");
    InputProblem::new(InputCode::VersionConflict, message, &["expectedVersion"])
        .with_param("expected", expected)
        .with_param("current", version)
}
