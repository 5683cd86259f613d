//! Past incidents: those that are not there yet are written where they stay, with their steps, and promoted as they are.
//!
//! Which are there is asked while writing. It holds until the promotion: only an import of incidents adds to what is asked,
//! and another one would have taken the word.

use std::collections::{HashMap, HashSet};

use domain::access::Scope;
use domain::event::Change;
use domain::ids::{IncidentId, PlanVersion};
use domain::incident::{Incident, IncidentStep};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};

use super::insert::Columns;
use super::{CHUNK_ROWS, Import, ImportKind, ImportSummary, among};
use crate::store::entity::{districts, incident_sources, incident_steps, incidents};
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

const NEW_INCIDENTS: Columns<2, 23> = Columns {
    table: "incidents",
    shared: ["district_id", "since_import"],
    each: [
        "id",
        "version",
        "category",
        "colour",
        "text",
        "search_text",
        "stage",
        "channel",
        "lon_e7",
        "lat_e7",
        "hilbert",
        "accuracy_m",
        "cell_id",
        "method",
        "distance_to_border_m",
        "plan_version",
        "public",
        "exercise",
        "occurred_at_us",
        "reported_at_us",
        "due_at_us",
        "closed_at_us",
        "reporter_id",
    ],
};
const NEW_STEPS: Columns<1, 7> = Columns {
    table: "incident_steps",
    shared: ["district_id"],
    each: ["incident_id", "version", "at_us", "action", "stage", "by_user_id", "note"],
};
const NEW_SOURCES: Columns<1, 2> =
    Columns { table: "incident_sources", shared: ["district_id"], each: ["source_id", "incident_id"] };

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
                .filter(among(
                    &self.inner.reader,
                    incident_sources::Column::SourceId,
                    chunk.iter().map(|staged| staged.source_id.as_str()),
                ))
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
    /// Writes incidents that are not there yet, located in the plan in force.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`] also where an id comes twice.
    pub async fn stage_incidents(&mut self, incidents: &[StagedIncident]) -> Result<(), StoreError> {
        for chunk in incidents.chunks(CHUNK_ROWS / 2) {
            self.count_rows(chunk.len(), chunk.len(), 0);
            let district = || Value::from(self.district.0);
            let tx = self.begin_chunk().await?;
            let rows = chunk.iter().map(|staged| incident_values(row_of(&staged.incident))).collect();
            NEW_INCIDENTS.insert(&tx, [district(), self.number.into()], rows).await?;
            let mut steps = Vec::with_capacity(2 * chunk.len());
            for StagedIncident { incident, steps: taken, .. } in chunk {
                steps.extend(taken.iter().map(|step| step_values(step_row(incident, step))));
            }
            NEW_STEPS.insert(&tx, [district()], steps).await?;
            let source =
                |staged: &StagedIncident| [staged.source_id.as_str().into(), staged.incident.id.0.into()];
            NEW_SOURCES.insert(&tx, [district()], chunk.iter().map(source).collect()).await?;
            tx.commit().await?;
            self.count_anew("incidents").await?;
        }
        Ok(())
    }

    /// Lets the incidents show, while the plan they were located in is in force.
    ///
    /// # Errors
    /// [`StoreError::ImportOvertaken`], [`StoreError::Database`].
    pub async fn promote_incidents(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let outcome = with_retries!(self.try_promote_incidents(located_in, attempt));
        if !matches!(outcome, Ok(Outcome::Done(_))) {
            self.log_clean_up(self.remove_hidden_incidents().await);
        }
        outcome
    }

    async fn try_promote_incidents(
        &self,
        located_in: PlanVersion,
        attempt: &Attempt,
    ) -> Result<Outcome<ImportSummary>, StoreError> {
        let answer = Answer::of(self.id, 1);
        let write = fresh!(self.store.begin_attempt(self.district, attempt, &answer).await?);
        self.require_word(&write.tx).await?;
        let summary = self.summary(0);
        if summary.inserted == 0 {
            // Nothing happened, so nothing is told: the transaction is dropped.
            return Ok(Outcome::Done(summary));
        }
        self.show_rows(&write.tx, districts::Column::IncidentImport).await?;
        let locked = write.lock_stream(1).await?;
        if let Some(in_force) = write.moved_plan(&locked, located_in).await? {
            return Ok(Outcome::PlanMoved(in_force));
        }
        let what = ImportKind::Incidents.as_str().to_owned();
        let change = Change::Imported { what, rows: summary.inserted };
        let deed = Deed { action: "incident.import", subject: Some(self.id) };
        write.commit(locked, deed, vec![change]).await?;
        Ok(Outcome::Done(summary))
    }
}

fn incident_values(row: incidents::Model) -> [Value; 23] {
    [
        row.id.into(),
        row.version.into(),
        row.category.into(),
        row.colour.into(),
        row.text.into(),
        row.search_text.into(),
        row.stage.into(),
        row.channel.into(),
        row.lon_e7.into(),
        row.lat_e7.into(),
        row.hilbert.into(),
        row.accuracy_m.into(),
        row.cell_id.into(),
        row.method.into(),
        row.distance_to_border_m.into(),
        row.plan_version.into(),
        row.public.into(),
        row.exercise.into(),
        row.occurred_at_us.into(),
        row.reported_at_us.into(),
        row.due_at_us.into(),
        row.closed_at_us.into(),
        row.reporter_id.into(),
    ]
}

fn step_values(row: incident_steps::Model) -> [Value; 7] {
    [
        row.incident_id.into(),
        row.version.into(),
        row.at_us.into(),
        row.action.into(),
        row.stage.into(),
        row.by_user_id.into(),
        row.note.into(),
    ]
}
