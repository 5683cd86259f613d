//! The tables as sea-orm sees them, one file each. Nothing outside the store knows them.

#![expect(unreachable_pub, reason = "what sea-orm derives must be `pub`; the modules around it are not")]

pub(super) mod audit;
pub(super) mod borders;
pub(super) mod buildings;
pub(super) mod cell_tree;
pub(super) mod cells;
pub(super) mod districts;
pub(super) mod events;
pub(super) mod footprints;
pub(super) mod households;
pub(super) mod idempotency;
pub(super) mod imports;
pub(super) mod incident_sources;
pub(super) mod incident_steps;
pub(super) mod incidents;
pub(super) mod plans;
pub(super) mod postings;
pub(super) mod roads;
pub(super) mod streams;
pub(super) mod tokens;
pub(super) mod users;
