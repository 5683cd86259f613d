//! Bytes that nobody meant: damaged files are answered, whole ones are read as another parser reads them.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

mod data;

use std::time::{Duration, Instant};

use geo_tools::formats::csv::{self, CsvOptions};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::{Code, Geometry, Position};
use serde_json::Value;

use data::data;

/// A small generator, so that a printed seed is all that a failure needs (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Pieces that turn one construct into another.
const PIECES: [&[u8]; 26] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\n",
    b"\0",
    b"\xff",
    b"\xe7\x94",
    b"-",
    b"1e999",
    b"NaN",
    b"null",
    b"\"type\":",
    b"\"coordinates\":",
    b"\"geometries\":[",
    b"\"features\":[",
    b"\"properties\":{",
    b"\"crs\":",
    b"\x1e",
    b"\xef\xbb\xbf",
    b"181",
    b"{\"type\":\"Feature\"}",
];

fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(20)).min(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes[at..end].iter_mut().for_each(|byte| *byte ^= 1 << random.below(8)),
            3 => drop(bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
            _ => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
        }
    }
    bytes
}

#[test]
fn damaged_geojson_is_answered_without_a_panic_and_in_time() {
    let mut sources: Vec<(String, Vec<u8>)> = vec![(
        "built in".to_owned(),
        br#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4326"}},"features":[
            {"type":"Feature","id":1,"properties":{"a":[1,{"b":"c"}],"n":null},"geometry":{"type":"Polygon","coordinates":[[[113,34],[114,34],[114,35],[113,34]]]}},
            {"type":"Feature","id":"x","properties":{},"geometry":{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2,3]}]}}]}"#
            .to_vec(),
    )];
    for entry in
        data("dirty-geojson/files").into_iter().flat_map(|folder| folder.read_dir().expect("a folder"))
    {
        let path = entry.expect("an entry").path();
        sources.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
    }
    sources.sort();
    let mut answered = 0;
    for (seed, (name, bytes)) in sources.iter().enumerate() {
        for round in 0..200 {
            let bytes = damaged(bytes, &mut Random((seed * 1000 + round) as u64));
            let started = Instant::now();
            let count = geojson::read(bytes.as_slice(), &Caps::default()).count();
            assert!(started.elapsed() < Duration::from_secs(1), "{name}, round {round}");
            assert!(count > 0 || !bytes.is_empty(), "{name}, round {round}: no answer");
            answered += count;
        }
    }
    println!("{answered} answers for {} files", sources.len());
}

/// Hands out a byte at a time, so that nothing is ever read in one look.
struct Drip<'a>(&'a [u8]);

impl std::io::Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
        buffer[0] = *first;
        self.0 = rest;
        Ok(1)
    }
}

/// Features in all the forms that are read in one look, and beside each form what is not.
const FORMS: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","id":1,"properties":{"a":"\u00e4\n","b":-1.50,"c":true},"geometry":{"type":"Point","coordinates":[113.5,34.5]}},
    {"type":"Feature","id":"x","properties":{"a":"\"","b":[1],"c":{"d":null}},"geometry":{"type":"LineString","coordinates":[[113,34],[113.25,34.5]]}},
    {"type":"Feature","properties":null,"geometry":{"type":"MultiLineString","coordinates":[[[113,34],[113.25,34.5]],[[114.1234567,35.1234567],[114.2345678,35.2345678]]]}},
    {"geometry":{"type":"Polygon","coordinates":[[[113,34],[114,34],[114,35],[113,34]],[[113.5,34.2],[113.6,34.3],[113.7,34.25],[113.5,34.2]]]},"type":"Feature"},
    {"type":"Feature","properties":{},"geometry":{"type":"MultiPolygon","coordinates":[[[[113,34],[114,34],[114,35],[113,34]]],[[[115,34],[116,34],[116,35],[115,34]]]]}}
]}
{"type":"Feature","properties":{"e":1e5,"é":"é"},"geometry":{"type":"Point","coordinates":[113.123456789,34.5,7]}}
{"type":"Feature","properties":{"f":"12345678"},"geometry":{"coordinates":[113.5,34.5],"type":"Point"},"bbox":[1,2,3,4]}
"#;

#[test]
fn damaged_geojson_is_read_in_one_look_as_it_is_word_by_word() {
    const MOST_BYTES: usize = 6_000;
    let mut sources = vec![FORMS.as_bytes().to_vec()];
    for entry in
        data("dirty-geojson/files").into_iter().flat_map(|folder| folder.read_dir().expect("a folder"))
    {
        sources.push(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    sources.retain(|bytes| bytes.len() <= MOST_BYTES);
    let (mut compared, mut features) = (0, 0);
    for (seed, bytes) in (0_u64..).zip(&sources) {
        let rounds = if seed == 0 { 3_000 } else { 30 };
        for round in 0..rounds {
            let bytes =
                if round == 0 { bytes.clone() } else { damaged(bytes, &mut Random(seed * 10_000 + round)) };
            let found: Vec<Item> = geojson::read(bytes.as_slice(), &Caps::default()).collect();
            // Bytes that are no text are told before what stands in front of them is looked at.
            let is_no_text =
                |item: &Item| matches!(item, Item::Problem(problem) if problem.code == Code::Encoding);
            if found.iter().any(is_no_text) {
                continue;
            }
            let dripped: Vec<Item> = geojson::read(Drip(&bytes), &Caps::default()).collect();
            assert_eq!(found, dripped, "source {seed}, round {round}: {}", String::from_utf8_lossy(&bytes));
            compared += 1;
            features += found.iter().filter(|item| matches!(item, Item::Feature(_))).count();
        }
    }
    assert!(compared > 2_000 && features > 4_000, "{compared} compared, {features} features");
}

#[test]
fn damaged_tables_are_answered_without_a_panic_and_in_time() {
    let text = "编号;经度;纬度;\"名 称\"\r\n1;113.73;34.39;\"新郑市\r\n龙湖镇\"\r\n\r\n2;113.74;34.39;\"a \"\"b\"\"\"\n";
    let (gbk, _, _) = encoding_rs::GBK.encode(text);
    for bytes in [text.as_bytes(), &gbk] {
        for seed in 0..5_000 {
            let bytes = damaged(bytes, &mut Random(seed));
            let started = Instant::now();
            for item in csv::read(bytes.as_slice(), &CsvOptions::default(), &Caps::default()) {
                if let csv::Item::Problem(problem) = item {
                    assert!(problem.line.is_some(), "seed {seed}: {problem:?}");
                }
            }
            assert!(started.elapsed() < Duration::from_secs(1), "seed {seed}");
        }
    }
}

/// The positions of a geometry as serde_json gives them, ring ends included.
fn positions(coordinates: &Value, found: &mut Vec<Position>) {
    let array = coordinates.as_array().expect("an array");
    if let [lon, lat, ..] = array.as_slice()
        && let (Some(lon), Some(lat)) = (lon.as_f64(), lat.as_f64())
    {
        return found.push(Position::new(lon, lat).expect("in range"));
    }
    array.iter().for_each(|inner| positions(inner, found));
}

/// Closes rings again and drops repeats on both sides, so that what a reader takes off by right does not count.
fn normal(mut positions: Vec<Position>) -> Vec<Position> {
    positions.sort();
    positions.dedup();
    positions
}

#[test]
fn whole_files_are_read_as_another_parser_reads_them() {
    let Some(folder) = data("town-liechtenstein") else { return };
    for (file, expected_count) in [
        ("blocks.geojson.gz", 876),
        ("buildings_points.geojson.gz", 17_750),
        ("roads.geojson.gz", 8_114),
        ("municipalities.geojson", 11),
    ] {
        let bytes = std::fs::read(folder.join(file)).expect("a file");
        let mut text = Vec::new();
        if file.ends_with(".gz") {
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut text)
                .expect("gzip");
        } else {
            text.clone_from(&bytes);
        }
        let expected: Value = serde_json::from_slice(&text).expect("JSON");
        let expected = expected["features"].as_array().expect("features");
        assert_eq!(expected.len(), expected_count, "{file}");
        let mut count = 0;
        for (item, expected) in geojson::read(bytes.as_slice(), &Caps::default()).zip(expected) {
            let Item::Feature(feature) = item else { unreachable!("{file}: {item:?}") };
            assert_eq!(
                Value::Object(feature.properties.into_map()),
                expected["properties"],
                "{file}, {count}"
            );
            let mut wanted = Vec::new();
            positions(&expected["geometry"]["coordinates"], &mut wanted);
            let found = feature.geometry.iter().flat_map(Geometry::positions).collect();
            assert_eq!(normal(found), normal(wanted), "{file}, {count}");
            count += 1;
        }
        assert_eq!(count, expected_count, "{file}");
    }
}
