//! An archive: a list that lies about what it lists, names that lead out of the folder, files that are not what they say.
#![no_main]

use fuzz::files::Memory;
use fuzz::reading::{caps, tiny_caps};
use geo_tools::formats::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut memory = Memory::default();
    memory.put("cells.zip", bytes.to_vec());
    memory.put("cells.xlsx", bytes.to_vec());
    let mut whole = b"PK\x03\x04".to_vec();
    whole.extend_from_slice(bytes);
    memory.put("begun.xlsx", whole);
    for name in ["cells.zip", "cells.xlsx", "begun.xlsx"] {
        memory.read(name, &Options { caps: caps(), ..Options::default() });
        memory.read(name, &Options { caps: tiny_caps(), ..Options::default() });
    }
});
