//! An import whose rows are written beside the taking in of those that follow.
//!
//! Invariant: one chunk is written at a time, in the order of the file, and nothing of an import comes into force before all
//! of them were.

use domain::household::{Building, Household};
use domain::ids::{BuildingId, HouseholdId};
use domain::text::Address;
use tokio::task::JoinHandle;

use super::promote::import_error;
use crate::service::ServiceError;
use crate::store::StoreError;
use crate::store::imports::{Import, Unsaid};

/// Where rows are staged.
pub(super) enum Stage {
    /// Nowhere: nothing is to be written.
    Absent,
    /// All that was given is written.
    Ready(Box<Import>),
    /// A chunk is on its way.
    Writing(JoinHandle<(Box<Import>, Result<(), StoreError>)>),
}

/// Households, and the buildings they are in.
#[derive(Debug)]
pub(super) struct DwellingChunk {
    /// Buildings that come for the first time.
    pub(super) buildings: Vec<Building>,
    /// Those of them that have lost their address.
    pub(super) bare: Vec<BuildingId>,
    /// Addresses of buildings that came in a chunk before, without one.
    pub(super) late_addresses: Vec<(BuildingId, Address)>,
    /// The households.
    pub(super) households: Vec<Household>,
    /// What the file says nothing of, of those of them of which it leaves something out.
    pub(super) unsaid: Vec<(HouseholdId, Unsaid)>,
}

impl Stage {
    /// The import, once all that was given is written; `None` where nothing is to be.
    pub(super) async fn import(&mut self) -> Result<Option<&mut Import>, ServiceError> {
        match std::mem::replace(self, Self::Absent) {
            Self::Writing(task) => {
                let (import, written) = task.await.map_err(ServiceError::internal)?;
                *self = Self::Ready(import);
                written.map_err(import_error)?;
            }
            other => *self = other,
        }
        Ok(match self {
            Self::Ready(import) => Some(import),
            Self::Absent | Self::Writing(_) => None,
        })
    }

    /// Begins to write households and, before them, the buildings they are in; waits only for what was given before.
    pub(super) async fn write(&mut self, chunk: DwellingChunk) -> Result<(), ServiceError> {
        self.import().await?;
        if let Self::Ready(mut import) = std::mem::replace(self, Self::Absent) {
            *self = Self::Writing(tokio::spawn(async move {
                let written = stage_chunk(&mut import, &chunk).await;
                (import, written)
            }));
        }
        Ok(())
    }

    /// The import, to be promoted; `None` where nothing was to be written.
    pub(super) async fn finish(mut self) -> Result<Option<Import>, ServiceError> {
        self.import().await?;
        Ok(match self {
            Self::Ready(import) => Some(*import),
            Self::Absent | Self::Writing(_) => None,
        })
    }

    /// Removes what was written.
    pub(super) async fn give_up(mut self) {
        // What went wrong was told, or is why it is given up.
        let _ = self.import().await;
        if let Self::Ready(import) = self {
            import.give_up().await;
        }
    }
}

async fn stage_chunk(import: &mut Import, chunk: &DwellingChunk) -> Result<(), StoreError> {
    import.take_addresses(&chunk.bare);
    import.leave_unsaid(&chunk.unsaid);
    import.stage_dwellings(&chunk.buildings, &chunk.households).await?;
    import.say_addresses(&chunk.late_addresses).await
}
