//! Events: read in order, forgotten in order, and where each district's stream stands.

use domain::event::{Change, Event, EventNumber};
use domain::ids::DistrictId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::entity::{events, streams};
use super::rows::{from_us, to_us};
use super::{MAX_BINDS, Store, StoreError};

/// Where a district's stream stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StreamHead {
    /// The district.
    pub district: DistrictId,
    /// Changes when the database was restored: numbers of another epoch mean nothing here.
    pub epoch: i64,
    /// The last event.
    pub number: EventNumber,
}

impl StreamHead {
    pub(super) fn of(row: &streams::Model) -> Self {
        Self { district: DistrictId(row.district_id), epoch: row.epoch, number: EventNumber(row.head) }
    }
}

/// Writes events whose numbers were taken from the locked stream.
pub(super) async fn insert(tx: &DatabaseTransaction, written: &[Event]) -> Result<(), StoreError> {
    const COLUMNS: usize = 4;
    for chunk in written.chunks(MAX_BINDS / COLUMNS) {
        let rows = chunk.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
        events::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn row_of(event: &Event) -> Result<events::ActiveModel, StoreError> {
    let change = serde_json::to_string(&event.change)
        .map_err(|problem| StoreError::corrupt("events", "change", problem))?;
    Ok(events::ActiveModel {
        district_id: Set(event.district.0),
        number: Set(event.number.0),
        at_us: Set(to_us(event.at)),
        change: Set(change),
    })
}

/// The events after a number, in order.
pub(super) async fn after(
    db: &impl ConnectionTrait,
    district: DistrictId,
    number: EventNumber,
    limit: u64,
) -> Result<Vec<Event>, StoreError> {
    let rows = events::Entity::find()
        .filter(events::Column::DistrictId.eq(district.0))
        .filter(events::Column::Number.gt(number.0))
        .order_by_asc(events::Column::Number)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(event_of).collect()
}

fn event_of(row: events::Model) -> Result<Event, StoreError> {
    // One event that cannot be read must not hold up all that come after it.
    let change = serde_json::from_str(&row.change).unwrap_or_else(|problem| {
        tracing::error!(
            district.id = %row.district_id, event.number = row.number, error = %problem,
            "Event {} cannot be read; whoever follows the district reads anew", row.number
        );
        Change::Unreadable
    });
    Ok(Event {
        district: DistrictId(row.district_id),
        number: EventNumber(row.number),
        at: from_us("events", "at_us", row.at_us)?,
        change,
    })
}

impl Store {
    /// The events of a district after a number, in order, at most so many.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn events_after(
        &self,
        district: DistrictId,
        number: EventNumber,
        limit: u64,
    ) -> Result<Vec<Event>, StoreError> {
        after(&self.inner.reader, district, number, limit).await
    }

    /// Forgets the oldest events of a district, none after a number and at most so many; answers how many those were.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_events(
        &self,
        district: DistrictId,
        last: EventNumber,
        at_most: u64,
    ) -> Result<u64, StoreError> {
        let oldest = events::Entity::find()
            .select_only()
            .column(events::Column::Number)
            .filter(events::Column::DistrictId.eq(district.0))
            .filter(events::Column::Number.lte(last.0))
            .order_by_asc(events::Column::Number);
        let Some(oldest) = oldest.into_tuple::<i64>().one(&self.inner.reader).await? else { return Ok(0) };
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let until = last.0.min(oldest.saturating_add(at_most).saturating_sub(1));
        let forgotten = events::Entity::delete_many()
            .filter(events::Column::DistrictId.eq(district.0))
            .filter(events::Column::Number.lte(until))
            .exec(&self.inner.writer)
            .await?;
        Ok(forgotten.rows_affected)
    }

    /// Where the stream of every district stands.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn heads(&self) -> Result<Vec<StreamHead>, StoreError> {
        let rows = streams::Entity::find().order_by_asc(streams::Column::DistrictId);
        Ok(rows.all(&self.inner.reader).await?.iter().map(StreamHead::of).collect())
    }
}
