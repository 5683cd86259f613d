//! Reading incidents: by id, in pages, their steps, how many.

use domain::access::Scope;
use domain::ids::IncidentId;
use domain::incident::{Incident, IncidentStep};
use domain::page::{Page, PageSize};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::query::{IncidentKey, IncidentOrder, IncidentQuery, condition, ids};
use super::row::{incident_of, step_of};
use crate::store::entity::incidents::Column;
use crate::store::entity::{incident_steps, incidents};
use crate::store::{MAX_BINDS, Snapshot, Store, StoreError, scope};

impl Store {
    /// One incident, if the scope admits it.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn incident(&self, scope: &Scope, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        Ok(by_id(&self.inner.reader, scope, &[id]).await?.into_iter().next())
    }

    /// Those of some incidents that the scope admits, in no order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn incidents_by_id(
        &self,
        scope: &Scope,
        ids: &[IncidentId],
    ) -> Result<Vec<Incident>, StoreError> {
        by_id(&self.inner.reader, scope, ids).await
    }

    /// A page of incidents.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn incidents(
        &self,
        scope: &Scope,
        query: &IncidentQuery,
        after: Option<IncidentKey>,
        size: PageSize,
    ) -> Result<Page<Incident, IncidentKey>, StoreError> {
        page(&self.inner.reader, scope, query, after, size).await
    }

    /// How many incidents there are.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn incident_count(&self, scope: &Scope, query: &IncidentQuery) -> Result<u64, StoreError> {
        let wanted = condition(scope, &query.area, &query.filter);
        Ok(incidents::Entity::find().filter(wanted).count(&self.inner.reader).await?)
    }

    /// The steps of some incidents that the scope admits, each incident's in order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn incident_steps(
        &self,
        scope: &Scope,
        wanted: &[IncidentId],
    ) -> Result<Vec<(IncidentId, IncidentStep)>, StoreError> {
        let mut steps = Vec::new();
        for chunk in wanted.chunks(MAX_BINDS / 2) {
            let admitted = incidents::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(scope::incidents(scope))
                .filter(Column::Id.is_in(ids(chunk)));
            let rows = incident_steps::Entity::find()
                .filter(incident_steps::Column::DistrictId.eq(scope.district().0))
                .filter(
                    incident_steps::Column::IncidentId.in_subquery(sea_orm::QueryTrait::into_query(admitted)),
                )
                .order_by_asc(incident_steps::Column::IncidentId)
                .order_by_asc(incident_steps::Column::Version)
                .all(&self.inner.reader)
                .await?;
            for row in rows {
                steps.push(step_of(row)?);
            }
        }
        Ok(steps)
    }
}

impl Snapshot {
    /// A page of incidents as they were.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn incidents(
        &self,
        scope: &Scope,
        query: &IncidentQuery,
        after: Option<IncidentKey>,
        size: PageSize,
    ) -> Result<Page<Incident, IncidentKey>, StoreError> {
        page(self.connection(), scope, query, after, size).await
    }
}

pub(super) async fn by_id(
    db: &impl ConnectionTrait,
    scope: &Scope,
    wanted: &[IncidentId],
) -> Result<Vec<Incident>, StoreError> {
    let mut found = Vec::with_capacity(wanted.len());
    for chunk in wanted.chunks(MAX_BINDS) {
        let rows = incidents::Entity::find()
            .filter(scope::incidents(scope))
            .filter(Column::Id.is_in(ids(chunk)))
            .all(db)
            .await?;
        for row in rows {
            found.push(incident_of(row)?);
        }
    }
    Ok(found)
}

async fn page(
    db: &impl ConnectionTrait,
    scope: &Scope,
    query: &IncidentQuery,
    after: Option<IncidentKey>,
    size: PageSize,
) -> Result<Page<Incident, IncidentKey>, StoreError> {
    let order = query.order;
    let mut select = incidents::Entity::find().filter(condition(scope, &query.area, &query.filter));
    if let Some(key) = after {
        select = select.filter(order.after(key));
    }
    // One more than wanted tells whether there are more.
    let mut rows = select
        .order_by(order.column(), order.direction())
        .order_by(Column::Id, order.direction())
        .limit(size.rows() + 1)
        .all(db)
        .await?;
    let has_more = rows.len() as u64 > size.rows();
    rows.truncate(size.rows() as usize);
    let keyed = |row: incidents::Model| Ok((key_of(order, &row), incident_of(row)?));
    Ok(Page { rows: rows.into_iter().map(keyed).collect::<Result<_, StoreError>>()?, has_more })
}

fn key_of(order: IncidentOrder, row: &incidents::Model) -> IncidentKey {
    let sort = match order {
        IncidentOrder::Newest | IncidentOrder::Oldest => row.reported_at_us,
        IncidentOrder::Due => row.due_at_us,
        IncidentOrder::Place => row.hilbert,
    };
    IncidentKey { sort, id: IncidentId(row.id) }
}
