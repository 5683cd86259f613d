//! Places: positions and boxes in and out, and which cell a position lies in.

mod input;
mod query;
mod types;

pub use input::{AreaInput, At, BoundsInput, PositionInput};
pub use query::LocationQuery;
pub use types::{Bounds, CellCandidate, Datum, Location, LocationMethod, Position};
