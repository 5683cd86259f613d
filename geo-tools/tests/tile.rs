//! Vector tiles, read back by a small decoder that shares nothing with the encoder.
#![expect(clippy::panic, clippy::expect_used, reason = "a test's own tools fail the test")]

use std::collections::BTreeMap;

use geo_tools::tile::{
    BUFFER, EXTENT, Layer, TileFeature, TileValue, bounds, bounds_with_buffer, encode, exists,
};
use geo_tools::{Bounds, Geometry, Polygon, Position};

/// The fields of a message: number and content; numbers are given as bytes of their little-endian value.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let content = match key & 7 {
            0 => varint(&mut bytes).to_le_bytes().to_vec(),
            1 => bytes.split_off(..8).expect("eight bytes").to_vec(),
            2 => {
                let length = varint(&mut bytes) as usize;
                bytes.split_off(..length).expect("a whole field").to_vec()
            }
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, content));
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = *bytes.split_off_first().expect("a whole number");
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a number"))
}

fn numbers(mut bytes: &[u8]) -> Vec<u64> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        found.push(varint(&mut bytes));
    }
    found
}

#[derive(Debug, Default)]
struct Drawn {
    id: Option<u64>,
    kind: u64,
    /// Points, lines or rings, in units.
    paths: Vec<Vec<[i64; 2]>>,
    properties: BTreeMap<String, String>,
}

/// The layers of a tile, checked to be version 2 of the usual extent.
fn decode(bytes: &[u8]) -> BTreeMap<String, Vec<Drawn>> {
    let mut layers = BTreeMap::new();
    for (field, content) in fields(bytes) {
        assert_eq!(field, 3);
        let parts = fields(&content);
        let all =
            |wanted: u64| parts.iter().filter(move |(field, _)| *field == wanted).map(|(_, content)| content);
        assert_eq!(all(15).map(|content| number(content)).collect::<Vec<_>>(), [2]);
        assert_eq!(all(5).map(|content| number(content)).collect::<Vec<_>>(), [u64::from(EXTENT)]);
        let text = |content: &Vec<u8>| String::from_utf8(content.clone()).expect("UTF-8");
        let keys: Vec<String> = all(3).map(text).collect();
        let values: Vec<String> = all(4).map(|content| value(content)).collect();
        let features = all(2).map(|content| drawn(content, &keys, &values)).collect();
        let name = all(1).map(text).next().expect("a name");
        assert!(layers.insert(name, features).is_none(), "a layer twice");
    }
    layers
}

fn value(content: &[u8]) -> String {
    let [(field, content)] = &fields(content)[..] else { panic!("one value") };
    match field {
        1 => String::from_utf8(content.clone()).expect("UTF-8"),
        3 => f64::from_le_bytes(content[..].try_into().expect("eight bytes")).to_string(),
        5 => number(content).to_string(),
        6 => signed(number(content)).to_string(),
        7 => (number(content) == 1).to_string(),
        other => panic!("value of field {other}"),
    }
}

fn signed(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn drawn(content: &[u8], keys: &[String], values: &[String]) -> Drawn {
    let mut drawn = Drawn::default();
    for (field, content) in fields(content) {
        match field {
            1 => drawn.id = Some(number(&content)),
            2 => {
                for tag in numbers(&content).chunks(2) {
                    drawn.properties.insert(keys[tag[0] as usize].clone(), values[tag[1] as usize].clone());
                }
            }
            3 => drawn.kind = number(&content),
            4 => drawn.paths = paths(&numbers(&content)),
            other => panic!("field {other}"),
        }
    }
    drawn
}

fn paths(commands: &[u64]) -> Vec<Vec<[i64; 2]>> {
    let (mut at, mut place) = (0, [0, 0]);
    let mut paths: Vec<Vec<[i64; 2]>> = Vec::new();
    while at < commands.len() {
        let (command, count) = (commands[at] & 7, commands[at] >> 3);
        at += 1;
        if command == 7 {
            continue;
        }
        for _ in 0..count {
            place = [place[0] + signed(commands[at]), place[1] + signed(commands[at + 1])];
            at += 2;
            if command == 1 {
                paths.push(Vec::new());
            }
            paths.last_mut().expect("a path begun").push(place);
        }
    }
    paths
}

fn doubled_area(ring: &[[i64; 2]]) -> i64 {
    (0..ring.len())
        .map(|at| (ring[at], ring[(at + 1) % ring.len()]))
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum()
}

fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

fn feature(geometry: Geometry) -> TileFeature {
    TileFeature { id: None, geometry, properties: Vec::new() }
}

fn layer(features: Vec<TileFeature>) -> Layer {
    Layer { name: "cells".to_owned(), features }
}

fn square(west: f64, south: f64, side: f64) -> Vec<Position> {
    vec![at(west, south), at(west + side, south), at(west + side, south + side), at(west, south + side)]
}

fn corners(bounds: Bounds) -> [f64; 4] {
    let (low, high) = (bounds.south_west(), bounds.north_east());
    [low.lon(), low.lat(), high.lon(), high.lat()]
}

#[test]
fn tiles_lie_where_web_mercator_puts_them() {
    let [west, south, east, north] = corners(bounds(0, 0, 0));
    assert_eq!((west, east), (-180.0, 180.0));
    assert!((north - 85.051_128_8).abs() < 1e-7 && (south + north).abs() < 1e-7);
    // Worked out apart from this code, in Python, by the formula that the OSM wiki gives.
    let [west, south, east, north] = corners(bounds(12, 3391, 1632));
    let expected = [118.037_109_375, 34.234_512_362_369_85, 118.125, 34.307_143_856_288_04];
    for (found, expected) in [west, south, east, north].into_iter().zip(expected) {
        // The tolerance is the rounding of positions, 1e-7 degree.
        assert!((found - expected).abs() < 1e-7, "{found} {expected}");
    }
    assert!(bounds_with_buffer(12, 3391, 1632).north_east().lon() > east);
    assert_eq!(corners(bounds_with_buffer(0, 0, 0)), corners(bounds(0, 0, 0)));
    assert!(exists(0, 0, 0) && exists(1, 1, 1) && !exists(1, 2, 0) && !exists(31, 0, 0));
}

#[test]
fn ids_and_properties_come_back_with_each_key_and_value_written_once() {
    let properties = vec![
        ("name".to_owned(), TileValue::from("甲")),
        ("open".to_owned(), TileValue::from(3)),
        ("change".to_owned(), TileValue::from(-3)),
        ("share".to_owned(), TileValue::from(0.25)),
        ("due".to_owned(), TileValue::from(true)),
    ];
    let one = TileFeature { id: Some(u64::MAX), geometry: Geometry::Point(at(118.05, 34.25)), properties };
    let bytes = encode(12, 3391, 1632, &[layer(vec![one.clone(), one])]);
    let layers = decode(&bytes);
    let found = &layers["cells"];
    assert_eq!((found.len(), found[0].id, found[0].kind), (2, Some(u64::MAX), 1));
    let shown: Vec<(&str, &str)> =
        found[1].properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(shown, [("change", "-3"), ("due", "true"), ("name", "甲"), ("open", "3"), ("share", "0.25")]);
    assert_eq!(bytes.windows(4).filter(|window| window == b"name").count(), 1);
}

#[test]
fn a_polygon_larger_than_the_tile_fills_it_and_its_buffer() {
    let polygon = Polygon { exterior: square(110.0, 30.0, 20.0), holes: vec![square(118.05, 34.25, 0.01)] };
    let layers =
        decode(&encode(12, 3391, 1632, &[layer(vec![feature(Geometry::MultiPolygon(vec![polygon]))])]));
    let [outer, hole] = &layers["cells"][0].paths[..] else { panic!("two rings") };
    let side = i64::from(EXTENT + 2 * BUFFER);
    assert_eq!(doubled_area(outer), 2 * side * side);
    assert!(doubled_area(hole) < 0);
}

#[test]
fn either_winding_is_drawn_the_same() {
    let draw = |exterior: Vec<Position>| {
        let polygon = Polygon { exterior, holes: Vec::new() };
        decode(&encode(12, 3391, 1632, &[layer(vec![feature(Geometry::MultiPolygon(vec![polygon]))])]))
    };
    let mut reversed = square(118.05, 34.25, 0.01);
    reversed.reverse();
    let (one, other) = (draw(square(118.05, 34.25, 0.01)), draw(reversed));
    let area = |layers: &BTreeMap<String, Vec<Drawn>>| doubled_area(&layers["cells"][0].paths[0]);
    assert_eq!(area(&one), area(&other));
    assert!(area(&one) > 0);
}

#[test]
fn what_is_smaller_than_a_unit_or_outside_is_left_out() {
    let tiny = Polygon { exterior: square(118.05, 34.25, 0.000_000_1), holes: Vec::new() };
    let far = Geometry::Point(at(10.0, 50.0));
    let point_line = Geometry::MultiLine(vec![vec![at(118.05, 34.25), at(118.050_000_1, 34.25)]]);
    let features = vec![feature(Geometry::MultiPolygon(vec![tiny])), feature(far), feature(point_line)];
    assert!(encode(12, 3391, 1632, &[layer(features)]).is_empty());
}

#[test]
fn a_line_that_leaves_and_returns_is_drawn_in_parts_within_the_buffer() {
    let line: Vec<Position> = (0..=40)
        .map(|step| at(118.0 + f64::from(step) * 0.004, if step % 2 == 0 { 34.0 } else { 34.5 }))
        .collect();
    let layers = decode(&encode(12, 3391, 1632, &[layer(vec![feature(Geometry::MultiLine(vec![line]))])]));
    let parts = &layers["cells"][0].paths;
    assert!(parts.len() > 10, "{}", parts.len());
    let (low, high) = (-i64::from(BUFFER), i64::from(EXTENT + BUFFER));
    for [x, y] in parts.iter().flatten() {
        assert!((low..=high).contains(x) && (low..=high).contains(y), "{x} {y}");
    }
}

#[test]
fn clipping_takes_no_ground_from_a_grid_of_cells() {
    // 30 × 30 cells across the tile and beyond: in units their areas must add up to the square that is drawn.
    let (west, south, side) = (118.02, 34.22, 0.004);
    let mut features = Vec::new();
    for cell in 0..900 {
        let (column, row) = (f64::from(cell % 30), f64::from(cell / 30));
        // Corners are shared bit for bit, so that neighbours meet.
        let corner = |c: f64, r: f64| at(west + c * side, south + r * side);
        let exterior = vec![
            corner(column, row),
            corner(column + 1.0, row),
            corner(column + 1.0, row + 1.0),
            corner(column, row + 1.0),
        ];
        features.push(feature(Geometry::MultiPolygon(vec![Polygon { exterior, holes: Vec::new() }])));
    }
    let layers = decode(&encode(12, 3391, 1632, &[layer(features)]));
    let total: i64 =
        layers["cells"].iter().flat_map(|drawn| &drawn.paths).map(|ring| doubled_area(ring)).sum();
    let side = i64::from(EXTENT + 2 * BUFFER);
    assert_eq!(total, 2 * side * side);
}
