//! Invented ground, the same for the same seed: lattices of cells to measure and to test with, and whole towns.
//!
//! Start at [`lattice()`], thousands of cells of 37 vertices with wiggly borders, and at [`Town::generate`]: streets, blocks,
//! cells of three levels, buildings, households, and half a year of incidents and visits. Both stand on a mesh whose sides
//! wiggle and never cross (`mesh`), with an owner for each of its squares (`ownership`). [`units()`] are what is cut into
//! cells, and [`drifted`] is what has become of them.
//!
//! Invariant: nothing but the options decides: no clock, no random number from outside, no function whose last bit differs
//! between machines. The same options give the same bytes.
//! Invariant: borders are shared exactly and meet only at nodes: [`crate::Coverage::from_borders`] accepts them.

mod buildings;
mod days;
mod drift;
mod grow;
mod history;
mod lattice;
mod levels;
mod mesh;
mod names;
mod outline;
mod ownership;
mod positions;
pub(crate) mod random;
mod streets;
mod town;
mod units;

pub use buildings::{Building, Household};
pub use days::Day;
pub use drift::{DriftOptions, drifted};
pub use history::{Incident, Visit};
pub use lattice::{Lattice, LatticeOptions, MAX_LATTICE_CELLS, Oddities, lattice};
pub use positions::{PositionOrder, positions};
pub use streets::Street;
pub use town::{Block, Cell, InvalidTown, Town, TownOptions};
pub use units::units;
