//! GeoPackages: what is written is read again; damaged ones, rings of pages and huge counts are answered.

use std::time::{Duration, Instant};

use geo_tools::formats::{Caps, Item, Options};
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
        assert_eq!((&*feature.properties, &feature.geometry), (properties, geometry));
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

#[test]
fn the_code_of_another_organisation_is_no_code_of_epsg() {
    let memory = Memory::default();
    memory.write("cells.gpkg", &cells());
    let replaced = |bytes: &[u8], from: &[u8], to: &[u8]| {
        let mut bytes = bytes.to_vec();
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                bytes[at..at + from.len()].copy_from_slice(to);
            }
        }
        bytes
    };
    // By its words it is WGS 84 still.
    let bytes = replaced(&memory.get("cells.gpkg"), b"EPSG\0", b"IGNF\0");
    memory.put("words.gpkg", bytes.clone());
    assert_eq!(codes(&read("words.gpkg", &memory, &Options::default())), []);
    let bytes = replaced(&bytes, b"WGS", b"XYZ");
    memory.put("other.gpkg", bytes);
    let items = read("other.gpkg", &memory, &Options::default());
    let [Item::Problem(problem)] = items.as_slice() else { std::panic::panic_any(format!("{items:?}")) };
    assert_eq!(problem.code, Code::Crs);
    assert!(problem.message.contains("XYZ 84"), "{}", problem.message);
}

const PAGE: usize = 16_384;

/// A layer of one row with a long text, its bytes, where its record is told, and how many bytes are told of it.
fn long_row(text: &str) -> (Vec<u8>, usize, usize) {
    let memory = Memory::default();
    memory.write("rows.gpkg", &[feature(json!({"text": text}), None)]);
    let bytes = memory.get("rows.gpkg");
    // A leaf whose first row has a length of three bytes.
    let starts = (0..bytes.len())
        .step_by(PAGE)
        .filter(|page| bytes[*page] == 0x0d)
        .map(|page| page + usize::from(u16::from_be_bytes([bytes[page + 8], bytes[page + 9]])));
    let is_long = |at: &usize| bytes[*at] >= 0x80 && bytes[at + 1] >= 0x80;
    let start = starts.into_iter().find(is_long).expect("the row");
    let seven = |at: usize| usize::from(bytes[at] & 0x7f);
    let length = (seven(start) << 14) + (seven(start + 1) << 7) + seven(start + 2);
    (bytes, start, length)
}

/// A number in three bytes, as a record tells it.
fn three_bytes(number: usize) -> [u8; 3] {
    [0x80 | (number >> 14) as u8, 0x80 | (number >> 7) as u8, number as u8 & 0x7f]
}

fn told(bytes: Vec<u8>, options: &Options) -> (Code, String) {
    let memory = Memory::default();
    memory.put("rows.gpkg", bytes);
    let items = read("rows.gpkg", &memory, options);
    match items.last() {
        Some(Item::Problem(problem)) => (problem.code, problem.message.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_that_leads_to_itself_feeds_no_row_for_ever() {
    let (mut bytes, start, length) = long_row(&"x".repeat(60_000));
    // As many whole pages more, so that as much of the row stays on its own page.
    let more = length + 100 * (PAGE - 4);
    bytes[start..start + 3].copy_from_slice(&three_bytes(more));
    let least = (PAGE - 12) * 32 / 255 - 23;
    let fitting = least + (length - least) % (PAGE - 4);
    let local = if fitting <= PAGE - 35 { fitting } else { least };
    let next = &bytes[start + 4 + local..][..4];
    let next = u32::from_be_bytes([next[0], next[1], next[2], next[3]]);
    let page = (next as usize - 1) * PAGE;
    bytes[page..page + 4].copy_from_slice(&next.to_be_bytes());
    let (code, message) = told(bytes, &Options::default());
    assert_eq!(code, Code::BadFormat, "{message}");
    assert!(message.contains(&format!("page {next} closes a ring of pages")), "{message}");
}

#[test]
fn a_row_of_more_values_than_a_table_has_columns_is_refused() {
    let (whole, start, _) = long_row(&"\0".repeat(100_000));
    let with = |count: usize| {
        let mut bytes = whole.clone();
        // The record's head: its own length, then a null for each byte.
        bytes[start + 4..start + 7].copy_from_slice(&three_bytes(count + 3));
        bytes[start + 7..start + 10].fill(0);
        bytes
    };
    let (code, message) = told(with(32_768), &Options::default());
    assert_eq!(code, Code::BadFormat, "{message}");
    assert!(message.contains("a row on page"), "{message}");
    let memory = Memory::default();
    memory.put("rows.gpkg", with(32_767));
    assert_eq!(features(&read("rows.gpkg", &memory, &Options::default())).len(), 1);
    // The table that names the layers is said to be this one: it is held whole, 32 bytes for each.
    let mut held = with(32_767);
    let root = |bytes: &[u8], sql: &str| {
        bytes.windows(sql.len()).position(|bytes| bytes == sql.as_bytes()).expect("the table") - 1
    };
    let rows = held[root(&held, "CREATE TABLE \"rows\"")];
    let names = root(&held, "CREATE TABLE gpkg_geometry_columns");
    held[names] = rows;
    let caps = Caps { max_held_bytes: held.len() as u64, ..Caps::default() };
    let (code, message) = told(held, &Options { caps, ..Options::default() });
    assert_eq!(code, Code::TooLarge, "{message}");
    assert!(message.contains("tables that describe the others"), "{message}");
}
