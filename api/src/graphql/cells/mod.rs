//! Cells: lists of them, one of them, what is in each.

mod query;
mod subscription;
mod types;

pub use query::CellQuery;
pub use subscription::{CellCount, CellSubscription, CountBatch};
pub use types::{Cell, CellConnection, CellEdge, Posting};
