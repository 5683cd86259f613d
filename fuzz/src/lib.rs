//! What the fuzz targets share: bytes as choices, drawings made of them, and slow answers to compare with.
//!
//! A target stands in `targets/`, what it begins with in `seeds/`. `make fuzz` runs them all.
//!
//! Invariant: an oracle shares no code with what it judges.

pub mod choices;
pub mod drawing;
pub mod files;
pub mod mending;
pub mod ray;
pub mod reading;
pub mod vector_tile;
