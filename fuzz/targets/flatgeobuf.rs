//! A FlatGeobuf: tables whose offsets lead anywhere, counts of thousands of millions, an index that is not there.
#![no_main]

use fuzz::files::Memory;
use fuzz::reading::{caps, tiny_caps};
use geo_tools::formats::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut memory = Memory::default();
    memory.put("cells.fgb", bytes.to_vec());
    memory.read("cells.fgb", &Options { caps: caps(), ..Options::default() });
    memory.read("cells.fgb", &Options { caps: tiny_caps(), ..Options::default() });
});
