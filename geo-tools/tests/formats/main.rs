//! Files that other programs make: what is written is read again, what is broken is answered.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tables; and a test's own tools fail the test"
)]

mod bad_files;
mod flatgeobuf;
mod folder;
mod geopackage;
mod shapefile;
mod workbook;
