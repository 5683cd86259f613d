//! Asks Gridward from outside, slice by slice. One binary: each would link the database and the server again.

mod http;
mod imports;
mod live;
mod store;
