//! Files that other programs make: what is written is read again, what is broken is answered.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

mod folder;
mod geopackage;
mod shapefile;
