//! The database: SQLite or PostgreSQL, behind one [`Store`] whose rows come out as the domain's types.
//!
//! Start at [`Store::connect`]; then one file a noun: [`incidents`], [`households`], [`plans`] and so on. How a business
//! transaction runs, with its idempotency key, plan check, audit row and events, is in `write`; which rows a viewer may
//! see is in `scope`.
//!
//! Invariant: every statement filters by `district_id`, but for those that look for a district or list the heads of all
//! streams, sign-in, where the hash alone finds the token, and backups, which are of everything.
//! Invariant: a row that names a cell commits only while the plan it was located in is in force.
//! Invariant: the row of `streams` is locked last, and by everybody who commits an event: the order of numbers is that
//! of commits. Time and ids come in as arguments.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::DatabaseConnection;

mod answer;
pub mod audit;
pub mod backup;
pub mod basemap;
mod begin;
pub mod buildings;
mod cells;
mod connect;
pub mod districts;
mod entity;
mod error;
pub mod events;
pub mod geometry;
pub mod hilbert;
pub mod households;
mod idempotency;
pub mod imports;
pub mod incidents;
pub mod plans;
mod rows;
mod scope;
pub mod search;
pub mod snapshot;
pub mod sql_count;
pub mod staff;
mod write;

pub use answer::Answer;
pub use connect::DatabaseSettings;
pub use error::{Outage, StoreError};
pub use events::StreamHead;
pub use households::HouseholdKey;
pub use idempotency::Earlier;
pub use incidents::{
    Area, CellCounts, IncidentCluster, IncidentFilter, IncidentKey, IncidentOrder, IncidentQuery,
};
pub use snapshot::Snapshot;
pub use sql_count::SqlCount;
pub use write::{Attempt, Outcome};

/// How many values one statement may bind, with room to spare: SQLite takes 32,766, PostgreSQL 65,535.
const MAX_BINDS: usize = 30_000;

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// The file of SQLite.
    file: Option<PathBuf>,
    /// Held as long as the store lives: no second server opens the same SQLite file.
    #[expect(dead_code, reason = "holding it is its use")]
    lock: Option<File>,
}
