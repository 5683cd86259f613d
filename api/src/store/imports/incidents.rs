//! Past incidents: those that are not there yet are staged with their steps, and promoted as they are.
//!
//! Which are there is asked while staging. It holds until the promotion: only an import of incidents adds to what is asked,
//! and another one would have taken the word.

use std::collections::{HashMap, HashSet};

use domain::access::Scope;
use domain::event::Change;
use domain::ids::{IncidentId, PlanVersion};
use domain::incident::{Incident, IncidentStep};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, Value};

use super::{CHUNK_ROWS, Import, ImportKind, ImportSummary, execute};
use crate::store::entity::{incident_sources, staged_incident_steps, staged_incidents};
use crate::store::incidents::{row_of, step_row};
use crate::store::write::{Deed, fresh, with_retries};
use crate::store::{Answer, Attempt, MAX_BINDS, Outcome, Store, StoreError};

/// An incident that a file brings: as it is now, and every step that led there.
#[derive(Clone, PartialEq, Debug)]
pub struct StagedIncident {
    /// What the source calls it.
    pub source_id: String,
    /// The incident after its last step.
    pub incident: Incident,
    /// What happened to it, in order.
    pub steps: Vec<IncidentStep>,
}

/// In the order of the keys, which spares the database moving its pages about.
const INSERT_INCIDENTS: &str = "INSERT INTO incidents (district_id, id, version, category, colour, text, search_text, \
    stage, channel, lon_e7, lat_e7, hilbert, accuracy_m, cell_id, method, distance_to_border_m, plan_version, public, \
    exercise, occurred_at_us, reported_at_us, due_at_us, closed_at_us, reporter_id) \
    SELECT district_id, id, version, category, colour, text, search_text, stage, channel, lon_e7, lat_e7, hilbert, \
    accuracy_m, cell_id, method, distance_to_border_m, plan_version, public, exercise, occurred_at_us, reported_at_us, \
    due_at_us, closed_at_us, reporter_id FROM staged_incidents WHERE district_id = $1 AND import_id = $2 ORDER BY id";

const INSERT_STEPS: &str = "INSERT INTO incident_steps \
    (district_id, incident_id, version, at_us, action, stage, by_user_id, note) \
    SELECT district_id, incident_id, version, at_us, action, stage, by_user_id, note FROM staged_incident_steps \
    WHERE district_id = $1 AND import_id = $2 ORDER BY incident_id, version";

const INSERT_SOURCES: &str = "INSERT INTO incident_sources (district_id, source_id, incident_id) \
    SELECT district_id, source_id, id FROM staged_incidents WHERE district_id = $1 AND import_id = $2 \
    ORDER BY source_id";

impl Store {
    /// Those of some incidents of a file that are there, by what their source calls them.
    ///
    /// Each is also looked for by its id: incidents that came in before sources were written down have theirs from there.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn known_past_incidents(
        &self,
        scope: &Scope,
        wanted: &[StagedIncident],
    ) -> Result<HashMap<String, Incident>, StoreError> {
        let mut sources: HashMap<IncidentId, &str> =
            wanted.iter().map(|staged| (staged.incident.id, staged.source_id.as_str())).collect();
        let given: HashSet<&str> = wanted.iter().map(|staged| staged.source_id.as_str()).collect();
        for chunk in wanted.chunks(MAX_BINDS) {
            let rows = incident_sources::Entity::find()
                .filter(incident_sources::Column::DistrictId.eq(scope.district().0))
                .filter(
                    incident_sources::Column::SourceId
                        .is_in(chunk.iter().map(|staged| staged.source_id.as_str())),
                )
                .all(&self.inner.reader)
                .await?;
            for row in rows {
                if let Some(source) = given.get(row.source_id.as_str()) {
                    sources.insert(IncidentId(row.incident_id), source);
                }
            }
        }
        let ids: Vec<IncidentId> = sources.keys().copied().collect();
        let found = self.incidents_by_id(scope, &ids).await?;
        Ok(found.into_iter().map(|incident| (sources[&incident.id].to_owned(), incident)).collect())
    }
}

impl Import {
    /// Stages incidents that are not there yet, located in the plan in force.
    ///
    /// # Errors
    /// [`StoreError::Database`] also where an id comes twice.
    pub async fn stage_incidents(&mut self, incidents: &[StagedIncident]) -> Result<(), StoreError> {
        for chunk in incidents.chunks(CHUNK_ROWS) {
            let rows = chunk.iter().map(|staged| self.staged_incident(staged));
            let steps = chunk
                .iter()
                .flat_map(|staged| staged.steps.iter().map(|step| self.staged_step(&staged.incident, step)));
            let steps: Vec<_> = steps.collect();
            let tx = self.store.begin_write().await?;
            staged_incidents::Entity::insert_many(rows).exec_without_returning(&tx).await?;
            for steps in steps.chunks(CHUNK_ROWS) {
                let steps = steps.iter().cloned();
                staged_incident_steps::Entity::insert_many(steps).exec_without_returning(&tx).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Puts the staged incidents in place, while the plan they were located in is in force; nothing stays staged.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn promote_incidents(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let outcome = with_retries!(self.try_promote_incidents(located_in, attempt));
        self.log_clean_up(self.remove_staged_incidents().await);
        outcome
    }

    async fn try_promote_incidents(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let values: [Value; 2] = [self.district.0.into(), self.id.into()];
        let answer = Answer::of(self.id, 1);
        let write = fresh!(self.store.begin_attempt(self.district, attempt, &answer).await?);
        self.require_word(&write.tx).await?;
        let inserted = execute(&write.tx, INSERT_INCIDENTS, &values).await?;
        let summary = ImportSummary { inserted, ..ImportSummary::default() };
        if inserted == 0 {
            // Nothing happened, so nothing is told: the transaction is dropped.
            return Ok(Outcome::Done(summary));
        }
        if write.tx.get_database_backend() == DbBackend::Postgres {
            // It looks each step's incident up by a plan that may be of a time when there were none: it would read the whole
            // table for each, minutes instead of milliseconds. Fresh figures make it plan anew.
            execute(&write.tx, "ANALYZE incidents", &[]).await?;
        }
        execute(&write.tx, INSERT_STEPS, &values).await?;
        execute(&write.tx, INSERT_SOURCES, &values).await?;
        let locked = write.lock_stream(1).await?;
        if let Some(in_force) = write.moved_plan(&locked, located_in).await? {
            return Ok(Outcome::PlanMoved(in_force));
        }
        let change = Change::Imported { what: ImportKind::Incidents.as_str().to_owned(), rows: inserted };
        let deed = Deed { action: "incident.import", subject: Some(self.id) };
        write.commit(locked, deed, vec![change]).await?;
        Ok(Outcome::Done(summary))
    }

    pub(super) async fn remove_staged_incidents(&self) -> Result<(), StoreError> {
        self.remove_incidents("=").await
    }

    pub(super) async fn remove_overtaken_incidents(&self) -> Result<(), StoreError> {
        self.remove_incidents("<>").await
    }

    async fn remove_incidents(&self, whose: &str) -> Result<(), StoreError> {
        for (table, key) in [
            ("staged_incident_steps", "import_id, incident_id, version"),
            ("staged_incidents", "import_id, id"),
        ] {
            let sql = format!(
                "DELETE FROM {table} WHERE district_id = $1 AND ({key}) IN \
                 (SELECT {key} FROM {table} WHERE district_id = $1 AND import_id {whose} $2 LIMIT {CHUNK_ROWS})"
            );
            self.repeat(&sql, &[self.district.0.into(), self.id.into()]).await?;
        }
        Ok(())
    }

    fn staged_incident(&self, staged: &StagedIncident) -> staged_incidents::ActiveModel {
        let row = row_of(&staged.incident);
        staged_incidents::Model {
            district_id: row.district_id,
            import_id: self.id,
            id: row.id,
            source_id: staged.source_id.clone(),
            version: row.version,
            category: row.category,
            colour: row.colour,
            text: row.text,
            search_text: row.search_text,
            stage: row.stage,
            channel: row.channel,
            lon_e7: row.lon_e7,
            lat_e7: row.lat_e7,
            hilbert: row.hilbert,
            accuracy_m: row.accuracy_m,
            cell_id: row.cell_id,
            method: row.method,
            distance_to_border_m: row.distance_to_border_m,
            plan_version: row.plan_version,
            public: row.public,
            exercise: row.exercise,
            occurred_at_us: row.occurred_at_us,
            reported_at_us: row.reported_at_us,
            due_at_us: row.due_at_us,
            closed_at_us: row.closed_at_us,
            reporter_id: row.reporter_id,
        }
        .into_active_model()
    }

    fn staged_step(&self, incident: &Incident, step: &IncidentStep) -> staged_incident_steps::ActiveModel {
        let row = step_row(incident, step);
        staged_incident_steps::Model {
            district_id: row.district_id,
            import_id: self.id,
            incident_id: row.incident_id,
            version: row.version,
            at_us: row.at_us,
            action: row.action,
            stage: row.stage,
            by_user_id: row.by_user_id,
            note: row.note,
        }
        .into_active_model()
    }
}
