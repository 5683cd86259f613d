//! Vector tiles: whatever lies anywhere, drawn in any tile, is a tile of the specification.
#![no_main]

use fuzz::choices::Choices;
use fuzz::drawing::{Ground, geometry};
use fuzz::vector_tile::{Drawn, read};
use geo_tools::tile::{BUFFER, EXTENT, Layer, MAX_ZOOM, TileFeature, TileValue, bounds, encode, exists};
use libfuzzer_sys::fuzz_target;

/// The tile that a position lies in.
fn around(lon: f64, lat: f64, z: u8) -> (u32, u32) {
    let tiles = f64::from(z).exp2();
    let sin = lat.to_radians().sin();
    let along = |share: f64| (share * tiles).clamp(0.0, tiles - 1.0) as u32;
    let up = ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * std::f64::consts::PI);
    (along(lon / 360.0 + 0.5), along(0.5 - up))
}

fn value(choices: &mut Choices<'_>) -> TileValue {
    match choices.below(4) {
        0 => TileValue::Text("网".repeat(choices.below(4))),
        1 => TileValue::Double(f64::from_bits(choices.bits())),
        2 => TileValue::Int(choices.bits() as i64),
        _ => TileValue::Bool(choices.yes()),
    }
}

fn feature(ground: Ground, choices: &mut Choices<'_>) -> TileFeature {
    let names = ["code", "name", "open"];
    let count = choices.below(4);
    let properties = (0..count).map(|at| (names[at].to_owned(), value(choices))).collect();
    let id = choices.yes().then(|| choices.bits());
    TileFeature { id, geometry: geometry(ground, choices), properties }
}

fn check(drawn: &Drawn) {
    let (low, high) = (-i64::from(BUFFER), i64::from(EXTENT + BUFFER));
    for place in drawn.paths.iter().flatten() {
        assert!(place.iter().all(|at| (low..=high).contains(at)), "{place:?} lies outside the buffer");
    }
    match drawn.kind {
        1 => assert!(drawn.paths.iter().all(|path| path.len() == 1)),
        2 => assert!(drawn.paths.iter().all(|path| path.len() >= 2)),
        3 => {
            assert!(
                drawn.doubled_areas().first().is_some_and(|area| *area > 0),
                "an outer ring is the first"
            );
            assert!(drawn.doubled_areas().iter().all(|area| *area != 0), "a ring has area");
            assert!(drawn.paths.iter().all(|ring| ring.len() >= 3));
        }
        other => panic!("a feature of type {other}"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let ground = Ground::choose(&mut choices);
    let z = choices.byte() % (MAX_ZOOM + 1);
    let place = ground.choose_at(&mut choices);
    let (x, y) = around(place.lon(), place.lat(), z);
    assert!(exists(z, x, y));
    assert!(bounds(z, x, y).south_west() <= bounds(z, x, y).north_east());
    let layer = |name: &str, choices: &mut Choices<'_>| {
        let count = choices.below(5);
        Layer { name: name.to_owned(), features: (0..count).map(|_| feature(ground, choices)).collect() }
    };
    let layers = [layer("cells", &mut choices), layer("roads", &mut choices)];
    let read = read(&encode(z, x, y, &layers));
    for (name, features) in &read {
        let given = layers.iter().find(|layer| layer.name == *name).expect("a layer that was given");
        assert!(!features.is_empty() && features.len() <= given.features.len());
        features.iter().for_each(check);
    }
});
