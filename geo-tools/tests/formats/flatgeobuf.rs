//! FlatGeobufs: what is written is read again, damaged ones and huge counts are answered.

use std::time::{Duration, Instant};

use geo_tools::formats::{Caps, Item, Options};
use geo_tools::{Code, Geometry, Position, Severity};
use serde_json::json;

use crate::folder::{Memory, New, codes, feature, features, polygon_with_hole, read};

fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

fn mixed() -> [New; 4] {
    let line = |from, to| vec![at(from, 34.0), at(to, 34.5)];
    [
        feature(
            json!({"id": "a", "名称": "龙湖镇", "n": i64::MIN, "share": 0.25, "open": true}),
            Some(Geometry::Point(at(113.7, 34.4))),
        ),
        feature(
            json!({"id": "b", "名称": null, "n": 7, "share": null, "open": null}),
            Some(Geometry::MultiLine(vec![line(113.0, 113.1), line(113.2, 113.3)])),
        ),
        feature(json!({"id": "c", "名称": "", "n": 0, "share": -1e-9, "open": false}), polygon_with_hole()),
        feature(
            json!({"id": "d", "名称": "x", "n": null, "share": 1.5e300, "open": false}),
            Some(Geometry::MultiPoint(vec![at(113.0, 34.0), at(113.5, 34.5)])),
        ),
    ]
}

#[test]
fn shapes_of_every_kind_come_back_with_their_values_in_the_order_of_the_index() {
    let memory = Memory::default();
    assert_eq!(memory.write("mixed.fgb", &mixed()), []);
    let items = read("mixed.fgb", &memory, &Options::default());
    let read = features(&items);
    assert_eq!(read.len(), 4, "{items:#?}");
    for (properties, geometry) in &mixed() {
        let found =
            read.iter().find(|feature| feature.properties["id"] == properties["id"]).expect("one of this id");
        assert_eq!(&found.properties, properties);
        assert_eq!(found.id.as_deref(), properties["id"].as_str());
        let places = |geometry: &Option<Geometry>| {
            let mut places: Vec<Position> = geometry.iter().flat_map(Geometry::positions).collect();
            places.sort_unstable();
            places
        };
        assert_eq!(places(&found.geometry), places(geometry));
    }
}

#[test]
fn a_feature_without_a_shape_costs_the_index_and_is_told() {
    let memory = Memory::default();
    let told = memory.write("some.fgb", &[feature(json!({"n": 1}), None), mixed()[0].clone()]);
    assert_eq!(
        told.iter().map(|problem| (problem.code, problem.severity)).collect::<Vec<_>>(),
        [(Code::NullGeometry, Severity::Warning)]
    );
    let items = read("some.fgb", &memory, &Options::default());
    assert_eq!(
        features(&items).iter().map(|feature| feature.geometry.is_some()).collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(memory.write("none.fgb", &[]), []);
    assert_eq!(read("none.fgb", &memory, &Options::default()), []);
}

#[test]
fn truncations_and_flipped_bytes_are_answered_without_a_panic() {
    let memory = Memory::default();
    memory.write("mixed.fgb", &mixed());
    let whole = memory.get("mixed.fgb");
    for end in 0..whole.len() {
        memory.put("mixed.fgb", whole[..end].to_vec());
        assert!(
            codes(&read("mixed.fgb", &memory, &Options::default())).contains(&Code::BadFormat),
            "cut at {end}"
        );
    }
    for at in 0..whole.len() {
        for mask in [0xff, 0x80, 0x01] {
            let mut damaged = whole.clone();
            damaged[at] ^= mask;
            memory.put("mixed.fgb", damaged);
            let started = Instant::now();
            drop(read("mixed.fgb", &memory, &Options::default()));
            assert!(started.elapsed() < Duration::from_secs(1), "byte {at}");
        }
    }
}

#[test]
fn counts_that_cannot_be_are_refused_before_anything_is_held() {
    let memory = Memory::default();
    memory.write("mixed.fgb", &mixed());
    let whole = memory.get("mixed.fgb");
    let header = u32::from_le_bytes([whole[8], whole[9], whole[10], whole[11]]) as usize;
    let first = 12 + header + 5 * 40;
    let told = |at: usize, caps: Caps| {
        let mut damaged = whole.clone();
        damaged[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        memory.put("mixed.fgb", damaged);
        let items = read("mixed.fgb", &memory, &Options { caps, ..Options::default() });
        match items.last() {
            Some(Item::Problem(problem)) => (problem.code, problem.line),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(8, Caps::default()), (Code::TooLarge, None), "the header's length");
    assert_eq!(told(first, Caps::default()), (Code::TooLarge, Some(1)), "a feature's length");
    let count =
        whole[..12 + header].windows(8).position(|bytes| bytes == 4_u64.to_le_bytes()).expect("the count");
    assert_eq!(told(count, Caps::default()), (Code::TooLarge, None), "the count of features");
    let many = Caps { max_features: usize::MAX, ..Caps::default() };
    assert_eq!(told(count, many), (Code::BadFormat, None), "an index of as many");
}
