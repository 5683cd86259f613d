//! Cells: lists of them, one of them, what is in each.

mod query;
mod types;

pub use query::CellQuery;
pub use types::{Cell, CellConnection, CellEdge, Posting};
