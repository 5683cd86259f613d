//! Use cases: one file a slice. Each takes who asks first, then: may, need, decide, write, tell.
//!
//! *Decide* is a plain function in `domain`. What runs without a user is in `system.rs`. Start at [`Services`].
//!
//! Invariant: every read goes through a scope that `domain::access` made for the viewer; forbidden looks like absent.
//! Invariant: whatever names a cell is written only under the plan version that is current at its commit.

pub mod admin;
mod attempt;
mod audit;
pub mod cells;
pub mod demo;
pub mod districts;
mod error;
pub mod events;
pub mod export;
mod fingerprint;
pub mod global_id;
pub mod households;
pub mod import;
pub mod incidents;
pub mod location;
mod open;
pub mod plans;
pub mod search;
pub mod system;
pub mod texts;
pub mod tiles;

use geo_tools::formats::Caps;

use crate::bus::Bus;
use crate::cache::Cache;
use crate::clock::{Clock, IdSource};
use crate::config::Limits;
use crate::store::Store;

pub use crate::store::sql_count;
pub use error::{Outage, ServiceError};
pub use open::OpenError;

/// Everything that a use case needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Services {
    store: Store,
    cache: Cache,
    bus: Bus,
    clock: Clock,
    ids: IdSource,
    import_caps: Caps,
}

impl Services {
    /// Puts the use cases on their store, cache, doorbell, clock and source of ids.
    pub fn new(store: Store, cache: Cache, bus: Bus, clock: Clock, ids: IdSource) -> Self {
        Self { store, cache, bus, clock, ids, import_caps: Limits::default().import }
    }

    /// The same, with other caps on what a file may hold that is imported.
    #[must_use]
    pub fn with_import_caps(self, import_caps: Caps) -> Self {
        Self { import_caps, ..self }
    }

    /// The doorbell, for the hub that listens to it.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }
}
