//! GeoJSON text sequences: lines that are sound alone are sound together, and a broken one does not stop the others.
#![no_main]

use fuzz::reading::{Drip, caps, check, compare_dripped, tiny_caps};
use geo_tools::formats::{Feature, Item, Properties, geojson};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) -> Vec<Item> {
    geojson::read(bytes, &caps()).collect()
}

/// Without what a feature knows of its place in the file, and of the ids before it.
fn shape(feature: &Feature) -> (&Option<String>, &Properties, String) {
    (&feature.id, &feature.properties, format!("{:?}", feature.geometry))
}

fuzz_target!(|bytes: &[u8]| {
    let items = read(bytes);
    check(&items, &caps());
    let dripped: Vec<Item> = geojson::read(Drip(bytes), &caps()).collect();
    compare_dripped(&items, &dripped);
    check(&geojson::read(bytes, &tiny_caps()).collect::<Vec<_>>(), &tiny_caps());

    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').take(100).collect();
    let mut together = Vec::new();
    let mut alone = Vec::new();
    for line in lines {
        // What only the start of a file may be: a byte order mark, and something packed.
        if line.starts_with(b"\xef\xbb\xbf") || line.starts_with(&[0x1f, 0x8b]) {
            continue;
        }
        let line_items = read(line);
        let [Item::Feature(feature)] = &line_items[..] else { continue };
        // Two of one id are a problem together and not alone.
        if feature.id.is_none() {
            together.extend_from_slice(line);
            together.push(b'\n');
            alone.push(feature.clone());
        }
    }
    if together.is_empty() {
        return;
    }
    let found = read(&together);
    assert_eq!(found.len(), alone.len(), "{found:?}");
    for (found, alone) in found.iter().zip(&alone) {
        let Item::Feature(found) = found else { panic!("{found:?}") };
        assert_eq!(shape(found), shape(alone));
    }
});
