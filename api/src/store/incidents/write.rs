//! Writing incidents.

use domain::access::Scope;
use domain::event::{Change, Event, IncidentFacts};
use domain::incident::{Incident, IncidentStep};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::read;
use super::row::{row_of, step_row};
use crate::store::entity::{incident_steps, incidents};
use crate::store::rows::to_us;
use crate::store::write::{Deed, Write, fresh, with_retries};
use crate::store::{Answer, Attempt, Outcome, Store, StoreError, scope};

impl Store {
    /// Writes a new incident with its first step, while the plan it was located in is in force.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::NoDistrict`].
    pub async fn insert_incident(
        &self,
        incident: &Incident,
        step: &IncidentStep,
        attempt: &Attempt,
    ) -> Result<Outcome<(Incident, Event)>, StoreError> {
        with_retries!(self.try_insert_incident(incident, step, attempt))
    }

    async fn try_insert_incident(
        &self,
        incident: &Incident,
        step: &IncidentStep,
        attempt: &Attempt,
    ) -> Result<Outcome<(Incident, Event)>, StoreError> {
        let answer = Answer::of_incident(incident);
        let write = fresh!(self.begin_attempt(incident.district, attempt, &answer).await?);
        let row = row_of(incident).into_active_model();
        incidents::Entity::insert(row).exec_without_returning(&write.tx).await?;
        insert_step(&write, incident, step).await?;
        let locked = write.lock_stream(1).await?;
        if let Some(in_force) = write.moved_plan(&locked, incident.assignment.plan_version).await? {
            return Ok(Outcome::PlanMoved(in_force));
        }
        let change = Change::Incident { id: incident.id, before: None, after: IncidentFacts::of(incident) };
        let deed = Deed { action: "incident.report", subject: Some(incident.id.0) };
        let event = write.commit(locked, deed, vec![change]).await?;
        Ok(done(incident, event))
    }

    /// Writes an incident's next version with its step, if nobody changed it since and the scope admits it.
    ///
    /// Its place and its assignment stay as they are stored.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::NoDistrict`].
    pub async fn change_incident(
        &self,
        scope: &Scope,
        before: &Incident,
        after: &Incident,
        step: &IncidentStep,
        attempt: &Attempt,
    ) -> Result<Outcome<(Incident, Event), Incident>, StoreError> {
        with_retries!(self.try_change_incident(scope, before, after, step, attempt))
    }

    async fn try_change_incident(
        &self,
        scope: &Scope,
        before: &Incident,
        after: &Incident,
        step: &IncidentStep,
        attempt: &Attempt,
    ) -> Result<Outcome<(Incident, Event), Incident>, StoreError> {
        let answer = Answer::of_incident(after);
        let write = fresh!(self.begin_attempt(scope.district(), attempt, &answer).await?);
        let row = row_of(after);
        let updated = incidents::Entity::update_many()
            .col_expr(incidents::Column::Version, Expr::value(row.version))
            .col_expr(incidents::Column::Stage, Expr::value(row.stage))
            .col_expr(incidents::Column::Category, Expr::value(row.category))
            .col_expr(incidents::Column::Colour, Expr::value(row.colour))
            .col_expr(incidents::Column::DueAtUs, Expr::value(to_us(after.due_at)))
            .col_expr(incidents::Column::ClosedAtUs, Expr::value(after.closed_at.map(to_us)))
            .filter(scope::incidents(scope))
            .filter(incidents::Column::Id.eq(before.id.0))
            .filter(incidents::Column::Version.eq(before.version))
            .exec(&write.tx)
            .await?;
        if updated.rows_affected == 0 {
            let current = read::by_id(&write.tx, scope, &[before.id]).await?;
            return Ok(current.into_iter().next().map_or(Outcome::Absent, Outcome::Conflict));
        }
        insert_step(&write, after, step).await?;
        let locked = write.lock_stream(1).await?;
        let change = Change::Incident {
            id: after.id,
            before: Some(IncidentFacts::of(before)),
            after: IncidentFacts::of(after),
        };
        let action = format!("incident.{}", step.action);
        let deed = Deed { action: &action, subject: Some(after.id.0) };
        let event = write.commit(locked, deed, vec![change]).await?;
        Ok(done(after, event))
    }
}

async fn insert_step(write: &Write, incident: &Incident, step: &IncidentStep) -> Result<(), StoreError> {
    let row = step_row(incident, step).into_active_model();
    incident_steps::Entity::insert(row).exec_without_returning(&write.tx).await?;
    Ok(())
}

fn done<Current>(incident: &Incident, events: Vec<Event>) -> Outcome<(Incident, Event), Current> {
    // One change went in, so one event came out.
    match events.into_iter().next() {
        Some(event) => Outcome::Done((incident.clone(), event)),
        None => Outcome::Absent,
    }
}
