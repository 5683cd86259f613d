//! What the tests stand on: servers of their own, started on free ports and stopped whatever happens.

pub mod app;
pub mod data;
pub mod hostile;
pub mod measured;
pub mod postgres;
pub mod redis_server;
pub mod subscriber;
pub mod town;
pub mod world;
