//! A GeoPackage: pages in any order, trees that lead in circles, counts of thousands of millions, shapes that are cut.
#![no_main]

use fuzz::files::Memory;
use fuzz::reading::{caps, tiny_caps};
use geo_tools::formats::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut memory = Memory::default();
    memory.put("cells.gpkg", bytes.to_vec());
    memory.read("cells.gpkg", &Options { caps: caps(), ..Options::default() });
    memory.read("cells.gpkg", &Options { caps: tiny_caps(), ..Options::default() });
});
