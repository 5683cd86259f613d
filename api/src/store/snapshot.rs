//! One consistent read: the stream's head and the rows as they were at it.

use domain::ids::DistrictId;
use sea_orm::{DatabaseTransaction, EntityTrait};

use super::begin::{Purpose, begin};
use super::entity::streams;
use super::{Store, StoreError, StreamHead};

/// A district as it was at one moment; nothing that commits later shows.
///
/// Holds a connection; ask what is needed and drop it.
#[derive(Debug)]
pub struct Snapshot {
    tx: DatabaseTransaction,
    stream: streams::Model,
}

impl Store {
    /// Begins a consistent read of a district.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn snapshot(&self, district: DistrictId) -> Result<Snapshot, StoreError> {
        let tx = begin(&self.inner.reader, Purpose::Snapshot).await?;
        // The first read is what fixes the moment.
        let stream = streams::Entity::find_by_id(district.0).one(&tx).await?;
        Ok(Snapshot { tx, stream: stream.ok_or(StoreError::NoDistrict(district))? })
    }
}

impl Snapshot {
    /// Where the stream stood.
    pub fn head(&self) -> StreamHead {
        StreamHead::of(&self.stream)
    }

    pub(super) fn connection(&self) -> &DatabaseTransaction {
        &self.tx
    }

    pub(super) fn stream(&self) -> &streams::Model {
        &self.stream
    }
}
