//! GeoPackages: what is written is read again; damaged ones, rings of pages and huge counts are answered.

use std::time::{Duration, Instant};

use geo_tools::formats::{Item, Options};
use geo_tools::{Code, Geometry, Polygon, Position, Severity};
use serde_json::json;

use crate::folder::{Memory, New, codes, feature, features, polygon_with_hole, read};

fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

fn cells() -> [New; 3] {
    [
        feature(
            json!({"名称": "龙湖镇", "households": 412, "share": 0.25, "open": true}),
            polygon_with_hole(),
        ),
        feature(json!({"名称": null, "households": null, "share": null, "open": null}), None),
        feature(
            json!({"名称": "和\"庄", "households": i64::MIN, "share": 2.0, "open": false}),
            polygon_with_hole(),
        ),
    ]
}

/// Rings as they are written: outer ones anticlockwise.
fn turned(geometry: Option<Geometry>) -> Option<Geometry> {
    let turn = |ring: &Vec<Position>| {
        let closed = ring.iter().rev().copied();
        let mut ring: Vec<Position> = closed.collect();
        ring.rotate_right(1);
        ring
    };
    match geometry? {
        Geometry::MultiPolygon(polygons) => {
            let polygon = |polygon: &Polygon| Polygon {
                exterior: turn(&polygon.exterior),
                holes: polygon.holes.iter().map(turn).collect(),
            };
            Some(Geometry::MultiPolygon(polygons.iter().map(polygon).collect()))
        }
        other => Some(other),
    }
}

#[test]
fn a_geopackage_gives_back_what_was_written_chinese_nulls_and_holes_included() {
    let memory = Memory::default();
    let cells = cells();
    assert_eq!(memory.write("网格/cells.gpkg", &cells), []);
    let items = read("网格/cells.gpkg", &memory, &Options::default());
    let read = features(&items);
    assert_eq!(read.len(), 3, "{items:#?}");
    for (feature, (properties, geometry)) in read.iter().zip(&cells) {
        assert_eq!(&feature.properties, properties);
        assert_eq!(feature.geometry, turned(geometry.clone()));
    }
    assert_eq!(read[1].warnings[0].code, Code::NullGeometry);
}

#[test]
fn rows_beyond_one_page_and_texts_beyond_one_page_come_back_in_order() {
    let memory = Memory::default();
    let row = |number: i32| {
        let text = if number % 1_000 == 7 { "网".repeat(20_000) } else { format!("row {number}") };
        let place = Geometry::Point(at(113.0 + f64::from(number) * 1e-5, 34.0));
        feature(json!({"number": number, "text": text}), Some(place))
    };
    let rows: Vec<New> = (0..20_000).map(row).collect();
    memory.write("rows.gpkg", &rows);
    let items = read("rows.gpkg", &memory, &Options::default());
    let read = features(&items);
    assert_eq!(read.len(), rows.len(), "{:?}", codes(&items));
    for (feature, (properties, geometry)) in read.iter().zip(&rows) {
        assert_eq!((&feature.properties, &feature.geometry), (properties, geometry));
    }
}

#[test]
fn truncations_and_flipped_bytes_are_answered_without_a_panic() {
    let memory = Memory::default();
    memory.write("cells.gpkg", &cells());
    let whole = memory.get("cells.gpkg");
    for end in (0..whole.len()).step_by(64) {
        memory.put("cells.gpkg", whole[..end].to_vec());
        let items = read("cells.gpkg", &memory, &Options::default());
        let told =
            |item: &Item| matches!(item, Item::Problem(problem) if problem.severity == Severity::Error);
        assert!(items.iter().any(told), "cut at {end}");
    }
    // Only bytes that are not blank mean something.
    for at in (0..whole.len()).filter(|at| whole[*at] != 0) {
        for mask in [0xff, 0x80, 0x01] {
            let mut damaged = whole.clone();
            damaged[at] ^= mask;
            memory.put("cells.gpkg", damaged);
            let started = Instant::now();
            drop(read("cells.gpkg", &memory, &Options::default()));
            assert!(started.elapsed() < Duration::from_secs(1), "byte {at}");
        }
    }
}

#[test]
fn counts_of_four_thousand_million_are_refused_by_what_is_there() {
    let memory = Memory::default();
    memory.write("cells.gpkg", &cells());
    let whole = memory.get("cells.gpkg");
    // A multipolygon of two polygons, little-endian.
    let multi = [1, 6, 0, 0, 0, 2, 0, 0, 0, 1, 3, 0, 0, 0];
    let start = whole.windows(multi.len()).position(|bytes| bytes == multi).expect("the shape");
    for (place, what) in [(5, "polygons"), (14, "rings"), (18, "positions")] {
        let mut damaged = whole.clone();
        damaged[start + place..start + place + 4].copy_from_slice(&[0xff; 4]);
        memory.put("cells.gpkg", damaged);
        let started = Instant::now();
        let items = read("cells.gpkg", &memory, &Options::default());
        assert!(codes(&items).contains(&Code::BadFormat), "{what}: {items:?}");
        assert_eq!(features(&items).len(), 2, "the others still come");
        assert!(started.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn a_layer_is_asked_for_by_name_and_another_system_is_refused_by_its_number() {
    let memory = Memory::default();
    memory.write("cells.gpkg", &cells());
    let layer = |name: &str| Options { layer: Some(name.to_owned()), ..Options::default() };
    assert_eq!(codes(&read("cells.gpkg", &memory, &layer("cells"))), []);
    let items = read("cells.gpkg", &memory, &layer("roads"));
    let [Item::Problem(problem)] = items.as_slice() else { std::panic::panic_any(format!("{items:?}")) };
    assert!(problem.message.contains("[cells]"), "{}", problem.message);
    let mut metres = memory.get("cells.gpkg");
    // The code that the system's row gives: 4326 in eight bytes, after the organization that gave it.
    let code = metres.windows(12).position(|bytes| bytes == b"EPSG\0\0\0\0\0\0\x10\xe6").expect("EPSG 4326");
    metres[code + 10..code + 12].copy_from_slice(&4524_u16.to_be_bytes());
    memory.put("cells.gpkg", metres);
    let items = read("cells.gpkg", &memory, &Options::default());
    let [Item::Problem(problem)] = items.as_slice() else { std::panic::panic_any(format!("{items:?}")) };
    assert_eq!(problem.code, Code::Crs);
    assert!(problem.message.contains("EPSG:4524"), "{}", problem.message);
}
