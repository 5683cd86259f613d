//! Gridward's outside: GraphQL, HTTP, SQL, time, files and logs around the pure `domain`.
//!
//! A request goes down through `http` → `graphql` → `service` → `store`; what happened comes back up through `bus` → `live`.
//!
//! Invariant: nothing points back up; `tests/tests/tidy/arrows.rs` holds the list of who may name whom.

pub mod bus;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod graphql;
pub mod http;
pub mod live;
pub mod service;
pub mod store;
pub mod telemetry;
