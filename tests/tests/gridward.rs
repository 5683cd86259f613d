//! Asks Gridward from outside, slice by slice. One binary: each would link the database and the server again.

mod imports;
mod http;
mod store;
