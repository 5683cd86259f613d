//! Geometry for places that are cut into cells: exact, in fixed point, and free of any notion of Gridward.
//!
//! Start at [`Position`], the only way for a coordinate to come in; a [`Datum`] says what its numbers mean. A
//! [`coverage::Coverage`] is a partition held as shared borders; a [`locator::Locator`] answers which face of it owns a
//! position; [`formats`] read and write files, every problem with its place; [`mod@generate`] makes invented ground to
//! try and to measure with.
//!
//! Invariant: no IO beyond `Read` and `Write`, no async, no clock, no random number but from a seed that is handed in.
//! Invariant: behind [`Position`] no float takes part in a decision; floats only measure and draw.

pub mod coverage;
pub mod datum;
pub mod districting;
pub mod formats;
pub mod generate;
pub mod geometry;
pub mod locator;
pub mod measure;
pub mod position;
pub mod problem;
pub mod shown;
pub mod tile;

pub use coverage::{Coverage, Leaf};
pub use datum::Datum;
pub use geometry::{Geometry, Polygon};
pub use position::{Bounds, InvalidPosition, Position};
pub use problem::{Code, Problem, Severity};
