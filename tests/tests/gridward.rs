//! Asks Gridward from outside, slice by slice. One binary: each would link the database and the server again.

mod access;
mod bad_input;
mod cells;
mod districts;
mod faults;
mod households;
mod http;
mod imports;
mod incidents;
mod live;
mod location;
mod operations;
mod plans;
mod redis;
mod schema;
mod search;
mod store;
