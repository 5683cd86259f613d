//! A GeoJSON file: answered whatever it is, the same in one piece and byte by byte, and read as serde_json reads it.
#![no_main]

use fuzz::reading::{Drip, areas, caps, check, compare_dripped, features, tiny_caps};
use geo_tools::coverage::{BuildOptions, build};
use geo_tools::formats::{Feature, Item, geojson};
use geo_tools::{Geometry, Position, Severity};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Every position below `coordinates`, of a geometry or of a collection of them.
fn positions(geometry: &Value, found: &mut Vec<Position>) {
    if let Some(geometries) = geometry.get("geometries").and_then(Value::as_array) {
        return geometries.iter().for_each(|geometry| positions(geometry, found));
    }
    let mut open = vec![&geometry["coordinates"]];
    while let Some(value) = open.pop() {
        let Some(array) = value.as_array() else { continue };
        match array.as_slice() {
            [Value::Number(lon), Value::Number(lat), ..] => {
                let (lon, lat) = (lon.as_f64().expect("a double"), lat.as_f64().expect("a double"));
                found.push(Position::new(lon, lat).expect("a feature that was read has positions in range"));
            }
            inner => open.extend(inner),
        }
    }
}

/// Without repeats and ring ends, which a reader takes off by right.
fn normal(mut positions: Vec<Position>) -> Vec<Position> {
    positions.sort();
    positions.dedup();
    positions
}

fn compare(whole: &Value, feature: &Feature) {
    let theirs = whole.pointer(&feature.pointer).expect("the pointer points to the feature");
    let is_feature = theirs["type"] == "Feature";
    let geometry = if is_feature { &theirs["geometry"] } else { theirs };
    let mut wanted = Vec::new();
    positions(geometry, &mut wanted);
    let found = feature.geometry.iter().flat_map(Geometry::positions).collect();
    assert_eq!(normal(found), normal(wanted), "{feature:?}");
    if let (true, Value::Object(properties)) = (is_feature, &theirs["properties"]) {
        assert_eq!(&feature.properties, properties);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let caps = caps();
    let items: Vec<Item> = geojson::read(bytes, &caps).collect();
    check(&items, &caps);
    let dripped: Vec<Item> = geojson::read(Drip(bytes), &caps).collect();
    compare_dripped(&items, &dripped);
    check(&geojson::read(bytes, &tiny_caps()).collect::<Vec<_>>(), &tiny_caps());
    let features = features(items);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(whole) = serde_json::from_slice::<Value>(text) {
        features.iter().for_each(|feature| compare(&whole, feature));
    }
    let areas = areas(features, 300);
    if !areas.is_empty() {
        let build = build(&areas, &BuildOptions::default());
        let refused = build.problems.iter().any(|problem| problem.severity == Severity::Error);
        assert_eq!(build.coverage.is_none(), refused);
        assert!(build.coverage.is_none_or(|coverage| coverage.prove().is_empty()));
    }
});
