//! What the GeoJSON reader and writer promise.
#![expect(clippy::expect_used, clippy::panic, reason = "a test's own tools fail the test")]

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use geo_tools::formats::geojson::{WriteFeature, Writer, read};
use geo_tools::formats::{Caps, Feature, Item};
use geo_tools::{Code, Geometry, Position, Problem, Severity};

fn items(text: impl AsRef<[u8]>) -> Vec<Item> {
    read(text.as_ref(), &Caps::default()).collect()
}

fn features(text: impl AsRef<[u8]>) -> Vec<Feature> {
    let unwrap = |item| match item {
        Item::Feature(feature) => feature,
        Item::Problem(problem) => panic!("{problem:?}"),
    };
    items(text).into_iter().map(unwrap).collect()
}

/// Every problem: those of refused features and the warnings of the others.
fn problems(text: impl AsRef<[u8]>) -> Vec<Problem> {
    let told = |item| match item {
        Item::Feature(feature) => feature.warnings,
        Item::Problem(problem) => vec![problem],
    };
    items(text).into_iter().flat_map(told).collect()
}

fn feature(geometry: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#)
}

fn collection(features: &[&str]) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

/// One problem and nothing else, with its code and pointer.
fn check(text: &str, code: Code, pointer: Option<&str>) -> Problem {
    let found = problems(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    assert_eq!((found[0].code, found[0].pointer.as_deref()), (code, pointer), "{text}: {}", found[0].message);
    assert!(found[0].line.is_some(), "{text}");
    found[0].clone()
}

const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[113,34],[114,34],[114,35],[113,35],[113,34]]]}"#;

/// Gives one byte at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let (Some((first, rest)), false) = (self.0.split_first(), buffer.is_empty()) else { return Ok(0) };
        buffer[0] = *first;
        self.0 = rest;
        Ok(1)
    }
}

#[test]
fn what_is_told_does_not_hang_on_how_the_bytes_come() {
    let point = feature(r#"{"type":"Point","coordinates":[113.5,34.5]}"#);
    let broken = [collection(&[&point]).trim_end_matches("]}").as_bytes(), b",\xff]}"].concat();
    for (bytes, codes) in [
        (b"99\0".as_slice(), [Code::Encoding].as_slice()),
        (b"{\"type\":\"Feature\"\xff", &[Code::Encoding]),
        (&broken, &[Code::Encoding]),
    ] {
        let whole: Vec<Item> = read(bytes, &Caps::default()).collect();
        let dripped: Vec<Item> = read(Drip(bytes), &Caps::default()).collect();
        assert_eq!(whole, dripped, "{}", bytes.escape_ascii());
        let told: Vec<Code> = whole
            .iter()
            .filter_map(|item| if let Item::Problem(problem) = item { Some(problem.code) } else { None })
            .collect();
        assert_eq!(told, codes, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_collection_is_read_feature_by_feature_with_lines_and_pointers() {
    let text = "{\n\"type\": \"FeatureCollection\",\n\"features\": [\n\
        {\"type\":\"Feature\",\"id\":7,\"properties\":{\"name\":\"甲\",\"n\":1},\n\"geometry\":{\"type\":\"Point\",\"coordinates\":[120.98, 14.6]}},\n\
        {\"geometry\":{\"coordinates\":[[113,34],[114,34]],\"type\":\"LineString\"},\"type\":\"Feature\",\"properties\":null}\n]}";
    let features = features(text);
    assert_eq!(features.len(), 2);
    assert_eq!((features[0].index, features[0].id.as_deref(), features[0].line), (0, Some("7"), 4));
    assert_eq!(features[0].geometry, Some(Geometry::Point(at(120.98, 14.6))));
    assert_eq!(features[0].properties["name"], "甲");
    assert_eq!((features[1].pointer.as_str(), features[1].line), ("/features/1", 6));
    assert_eq!(features[1].geometry, Some(Geometry::MultiLine(vec![vec![at(113.0, 34.0), at(114.0, 34.0)]])));
}

#[test]
fn members_may_come_in_any_order_and_the_type_last() {
    let text = format!(
        r#"{{"foreign":[1,{{"a":[]}}],"features":[{}],"type":"FeatureCollection"}}"#,
        feature(SQUARE)
    );
    assert_eq!(features(text).len(), 1);
}

#[test]
fn features_come_before_the_file_has_been_read_to_its_end() {
    /// Never ends, so that whoever waits for the end fails.
    struct Endless(usize);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let point = feature(r#"{"type":"Point","coordinates":[120.5,14.5]}"#) + ",";
            for slot in buffer.iter_mut() {
                *slot = point.as_bytes()[self.0 % point.len()];
                self.0 += 1;
            }
            Ok(buffer.len())
        }
    }
    let caps = Caps { max_features: 5000, ..Caps::default() };
    let start = br#"{"type":"FeatureCollection","features":["#;
    let items: Vec<Item> = read(start.chain(Endless(0)), &caps).collect();
    assert_eq!(items.iter().filter(|item| matches!(item, Item::Feature(_))).count(), 5000);
    assert!(matches!(items.last(), Some(Item::Problem(problem)) if problem.code == Code::TooLarge));
}

#[test]
fn one_byte_at_a_time_reads_the_same() {
    let text = collection(&[
        &feature(SQUARE),
        &feature(r#"{"type":"Point","coordinates":[ 1.5e2 , -3.25, 7 ]}"#),
        r#"{"type":"Feature","id":"å\u00e4\"","properties":{"k":"甲\n"},"geometry":null}"#,
        &feature(r#"{"type":"Point","coordinates":["x",1]}"#),
    ]);
    let dripped: Vec<Item> = read(Drip(text.as_bytes()), &Caps::default()).collect();
    assert_eq!(dripped, items(&text));
    assert_eq!(dripped.len(), 4);
}

#[test]
fn text_sequences_are_read_by_newline_and_by_record_separator() {
    let one = feature(SQUARE);
    assert_eq!(
        features(format!("{one}\n{one}\n")).iter().map(|found| found.line).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(
        features(format!("\u{1e}{one}\n\u{1e}{{\n\"type\":\"Point\",\n\"coordinates\":[1,2]}}\n")).len(),
        2
    );
    assert_eq!(problems(format!("{one}{one}"))[0].code, Code::NotGeojson);
}

#[test]
fn a_broken_record_of_a_sequence_does_not_stop_the_others() {
    let one = feature(SQUARE);
    let found = items(format!("{one}\n{{\"type\":\"Feature\" oops}}\n{one}\n"));
    assert!(matches!(&found[1], Item::Problem(problem) if problem.line == Some(2)));
    assert!(matches!(&found[2], Item::Feature(feature) if feature.line == 3 && feature.index == 1));
}

#[test]
fn gzip_is_unpacked_by_its_magic_and_capped() {
    let text = collection(&vec![feature(SQUARE).as_str(); 3000]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).expect("into memory");
    let packed = encoder.finish().expect("into memory");
    assert_eq!(features(&packed).len(), 3000);
    let caps = Caps { max_bytes: 100_000, ..Caps::default() };
    let last = read(packed.as_slice(), &caps).last().expect("items");
    assert!(matches!(last, Item::Problem(problem) if problem.code == Code::TooLarge));
    let cut = problems(&packed[..packed.len() / 2]);
    assert_eq!(cut.last().map(|problem| problem.code), Some(Code::Unreadable));
}

#[test]
fn a_hundred_megabytes_of_brackets_are_refused_at_once() {
    let started = Instant::now();
    for (start, bracket) in [
        ("", b'['),
        (r#"{"type":"Polygon","coordinates":"#, b'['),
        (r#"{"type":"Feature","properties":"#, b'['),
        (r#"{"foreign":"#, b'['),
        (r#"{"type":"FeatureCollection","features":[{"geometry":{"coordinates":"#, b'['),
    ] {
        let bytes = start.as_bytes().chain(std::io::repeat(bracket).take(100 << 20));
        let found: Vec<Item> = read(bytes, &Caps::default()).collect();
        assert!(
            matches!(&found[..], [Item::Problem(problem)] if problem.code == Code::Depth),
            "{start}: {found:?}"
        );
    }
    let nested = r#"{"a":"#.repeat(1_000_000);
    assert_eq!(check(&nested, Code::Depth, None).line, Some(1));
    let collections = r#"{"type":"GeometryCollection","geometries":["#.repeat(1_000_000);
    check(&collections, Code::Depth, None);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn out_of_range_gets_a_hint_and_the_coordinate_and_is_not_swapped() {
    let ring = r#"{"type":"Polygon","coordinates":[[[113,34],[34,113],[114,35],[113,34]]]}"#;
    let text = collection(&[&feature(SQUARE), &feature(ring)]);
    let problem = check(&text, Code::CoordRange, Some("/features/1/geometry/coordinates/0/1"));
    assert!(problem.message.contains("swapped"), "{}", problem.message);
    assert_eq!(problem.indexes, [1]);
    check(
        &feature(r#"{"type":"Point","coordinates":[1e9999,2]}"#),
        Code::CoordRange,
        Some("/geometry/coordinates/0"),
    );
    check(
        &feature(r#"{"type":"Point","coordinates":[1,NaN]}"#),
        Code::CoordRange,
        Some("/geometry/coordinates/1"),
    );
    check(
        &feature(r#"{"type":"Point","coordinates":[1,-Infinity]}"#),
        Code::CoordRange,
        Some("/geometry/coordinates/1"),
    );
}

#[test]
fn what_is_no_number_is_told_by_its_place() {
    let point = |coordinates: &str| feature(&format!(r#"{{"type":"Point","coordinates":{coordinates}}}"#));
    check(&point(r#"["11.5",2]"#), Code::CoordType, Some("/geometry/coordinates/0"));
    check(&point("[1,null]"), Code::CoordType, Some("/geometry/coordinates/1"));
    check(&point("[1,[2]]"), Code::CoordType, Some("/geometry/coordinates/1"));
    check(&point("[1,{}]"), Code::CoordType, Some("/geometry/coordinates/1"));
    check(&point("[01,2]"), Code::CoordType, Some("/geometry/coordinates/0"));
    check(&point("[1]"), Code::CoordType, Some("/geometry/coordinates"));
    check(&point("null"), Code::CoordType, Some("/geometry/coordinates"));
    check(&feature(r#"{"type":"Point"}"#), Code::CoordType, Some("/geometry/coordinates"));
    check(&point("[[1,2]]"), Code::CoordType, Some("/geometry/coordinates"));
    let mixed = feature(r#"{"type":"MultiPoint","coordinates":[[1,2],[[3,4]]]}"#);
    check(&mixed, Code::CoordType, Some("/geometry/coordinates/1/0"));
    let hole = feature(r#"{"type":"MultiPoint","coordinates":[[1,2],[]]}"#);
    check(&hole, Code::CoordType, Some("/geometry/coordinates"));
}

#[test]
fn rings_that_are_open_or_short_are_refused() {
    let polygon = |ring: &str| feature(&format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#));
    let place = "/geometry/coordinates/0";
    let open = polygon("[[113,34],[114,34],[114,35],[113,35]]");
    check(&open, Code::RingOpen, Some(&format!("{place}/3")));
    check(&polygon("[[113,34],[114,34],[113,34]]"), Code::RingTooShort, Some(place));
    check(&polygon("[[113,34],[113,34],[114,34],[113,34]]"), Code::RingTooShort, Some(place));
    check(&polygon("[]"), Code::NullGeometry, Some("/geometry/coordinates"));
    let second = polygon("[[113,34],[114,34],[114,35],[113,34]],[]");
    check(&second, Code::RingTooShort, Some("/geometry/coordinates/1"));
    let tiny = polygon("[[113,34],[113.00000001,34],[114,35],[113,34]]");
    assert!(problems(&tiny).iter().any(|problem| problem.code == Code::RingTooShort));
    let line = feature(r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6]]]}"#);
    check(&line, Code::CoordType, Some("/geometry/coordinates/1"));
}

#[test]
fn repeated_positions_and_third_dimensions_are_dropped_with_a_warning() {
    let ring = r#"{"type":"Polygon","coordinates":[[[113,34,5],[114,34],[114,34],[114,35],[113,34]]]}"#;
    let found = features(feature(ring));
    let codes: Vec<Code> = found[0].warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, [Code::ThirdDimension, Code::DuplicatePosition]);
    let Some(Geometry::MultiPolygon(polygons)) = &found[0].geometry else { panic!("{found:?}") };
    assert_eq!(polygons[0].exterior, [at(113.0, 34.0), at(114.0, 34.0), at(114.0, 35.0)]);
}

#[test]
fn either_winding_is_read() {
    let clockwise = r#"{"type":"Polygon","coordinates":[[[113,34],[113,35],[114,35],[114,34],[113,34]]]}"#;
    assert!(features(feature(clockwise))[0].warnings.is_empty());
}

#[test]
fn ids_are_compared_as_text_and_keys_only_once() {
    let with_id =
        |id: &str| format!(r#"{{"type":"Feature","id":{id},"properties":null,"geometry":{SQUARE}}}"#);
    let text = collection(&[&with_id("1"), &with_id("\"1\""), &with_id("1.0")]);
    let found = problems(&text);
    assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::DuplicateId; 2]);
    assert_eq!(
        (found[0].indexes.as_slice(), found[0].pointer.as_deref()),
        (&[0, 1][..], Some("/features/1/id"))
    );
    let twice =
        format!(r#"{{"type":"Feature","properties":{{"a/b":[{{"c":1,"c":2}}]}},"geometry":{SQUARE}}}"#);
    check(&twice, Code::DuplicateKey, Some("/properties/a~1b/0/c"));
    let twice = format!(r#"{{"type":"Feature","type":"Feature","properties":{{}},"geometry":{SQUARE}}}"#);
    check(&twice, Code::DuplicateKey, Some("/type"));
    let odd = collection(&[&with_id("{}")]);
    assert_eq!(check(&odd, Code::BadValue, Some("/features/0/id")).severity, Severity::Warning);
}

#[test]
fn encodings_other_than_utf_8_are_named_with_their_line() {
    let good = feature(SQUARE);
    assert_eq!(features([b"\xef\xbb\xbf", good.as_bytes()].concat()).len(), 1);
    let wide: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(problems([&[0xff, 0xfe], wide.as_slice()].concat())[0].code, Code::Encoding);
    assert_eq!(problems(&wide)[0].code, Code::Encoding);
    let broken = [b"{\n\n\"a\":\"\xff\"}".as_slice()].concat();
    assert_eq!(
        problems(broken).iter().map(|found| (found.code, found.line)).collect::<Vec<_>>(),
        [(Code::Encoding, Some(3))]
    );
    assert_eq!(problems(b"{\"a\":\"\0\"}")[0].code, Code::Encoding);
    assert_eq!(problems(b"{\"a\":\"\xe7\x94")[0].code, Code::Encoding);
    let escaped = format!(r#"{{"type":"Feature","properties":{{"a":"\u0000"}},"geometry":{SQUARE}}}"#);
    check(&escaped, Code::Encoding, Some("/properties/a"));
}

#[test]
fn a_crs_other_than_wgs_84_is_named_wherever_it_stands() {
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4547"}}"#;
    let before = format!(r#"{{"type":"FeatureCollection",{crs},"features":[]}}"#);
    let after = format!(r#"{{"type":"FeatureCollection","features":[],{crs}}}"#);
    for text in [before, after] {
        assert!(check(&text, Code::Crs, Some("/crs")).message.contains("EPSG::4547"));
    }
}

#[test]
fn a_feature_without_geometry_comes_with_a_warning() {
    for text in [feature("null"), r#"{"type":"Feature","properties":{}}"#.to_owned()] {
        let found = features(&text);
        assert_eq!(found[0].geometry, None);
        assert_eq!(found[0].warnings[0].code, Code::NullGeometry);
    }
}

#[test]
fn collections_of_one_family_become_one_geometry() {
    let joined = format!(
        r#"{{"type":"GeometryCollection","geometries":[{SQUARE},{{"type":"GeometryCollection","geometries":[{SQUARE}]}}]}}"#
    );
    assert!(
        matches!(&features(feature(&joined))[0].geometry, Some(Geometry::MultiPolygon(both)) if both.len() == 2)
    );
    let mixed = format!(
        r#"{{"type":"GeometryCollection","geometries":[{SQUARE},{{"type":"Point","coordinates":[1,2]}}]}}"#
    );
    check(&feature(&mixed), Code::GeometryType, Some("/geometry/geometries/1"));
}

#[test]
fn a_shape_across_the_antimeridian_is_refused() {
    let line = feature(r#"{"type":"LineString","coordinates":[[179,1],[-179,1]]}"#);
    check(&line, Code::Extent, Some("/geometry/coordinates/1"));
}

#[test]
fn what_is_no_geojson_is_said_to_be_none() {
    for text in [
        "",
        " \n",
        "7",
        "\"text\"",
        "[1]",
        "{}",
        r#"{"type":"Topology"}"#,
        r#"{"type":3}"#,
        "{\"type\"",
        r#"{"type":"featurecollection","features":[]}"#,
        r#"{"type":"FeatureCollection","features":{}}"#,
        r#"{"type":"FeatureCollection"}"#,
        r#"{"type":"FeatureCollection","features":[{"type":"Feature"},]}"#,
        r#"{"type":"FeatureCollection","features":[1 2]}"#,
        "{'type':1}",
        "{\"type\":\"Feature\",}",
    ] {
        let found = problems(text);
        assert!(found.iter().any(|problem| problem.code == Code::NotGeojson), "{text}: {found:?}");
    }
}

#[test]
fn a_file_of_nothing_but_faults_stops_being_told() {
    let bad = feature(r#"{"type":"Point","coordinates":["x","y"]}"#);
    let caps = Caps { max_problems: 50, ..Caps::default() };
    let found: Vec<Item> = read(collection(&vec![bad.as_str(); 1000]).as_bytes(), &caps).collect();
    assert!(found.len() < 60, "{}", found.len());
    let ring = format!(r#"{{"type":"LineString","coordinates":[{}]}}"#, vec!["[500,1]"; 1000].join(","));
    let found = problems(feature(&ring));
    assert_eq!(found.len(), 20);
    assert!(
        found[19].message.ends_with("980 more coordinates of this geometry are wrong"),
        "{}",
        found[19].message
    );
}

#[test]
fn what_is_written_reads_the_same_and_is_wound_by_the_right_hand() {
    let ring = r#"{"type":"Polygon","coordinates":[[[113,34],[113,35],[114,35.1234567],[114,34],[113,34]],[[113.2,34.2],[113.4,34.2],[113.4,34.4],[113.2,34.2]]]}"#;
    let texts = collection(&[
        &feature(SQUARE),
        &feature(ring),
        &feature(r#"{"type":"Point","coordinates":[-0.0000001,89.9999999]}"#),
    ]);
    let first = features(&texts);
    let mut writer = Writer::new(Vec::new()).expect("into memory").with_bbox();
    for feature in &first {
        let id = format!("f{}", feature.index);
        let written = WriteFeature {
            id: Some(&id),
            properties: Some(&feature.properties),
            geometry: feature.geometry.as_ref(),
        };
        writer.write(written).expect("into memory");
    }
    let bytes = writer.finish().expect("into memory");
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(
        text.contains("[[113.0,34.0],[114.0,34.0],[114.0,35.1234567],[113.0,35.0],[113.0,34.0]]"),
        "{text}"
    );
    assert!(text.contains("[[113.2,34.2],[113.4,34.4],[113.4,34.2],[113.2,34.2]]"), "{text}");
    assert!(text.contains(r#""bbox":[113.0,34.0,114.0,35.0]"#), "{text}");
    let second = features(&text);
    let sorted = |feature: &Feature| {
        let mut positions: Vec<Position> = feature.geometry.iter().flat_map(Geometry::positions).collect();
        positions.sort();
        positions
    };
    assert_eq!(first.iter().map(sorted).collect::<Vec<_>>(), second.iter().map(sorted).collect::<Vec<_>>());
}

#[test]
fn what_is_too_large_or_wrong_throughout_is_refused_without_reading_on() {
    let started = Instant::now();
    let point = |coordinates: String| format!(r#"{{"type":"MultiPoint","coordinates":{coordinates}}}"#);
    for (text, code) in [
        (point(format!("[{}1]", "[1,2],".repeat(3_000_000))), Code::TooLarge),
        (point(format!("[{}1]", "\"x\",".repeat(5_000_000))), Code::CoordType),
        (point(format!("[{}1]", "1,".repeat(5_000_000))), Code::CoordType),
        (point(format!("[{}1]", "[],".repeat(5_000_000))), Code::TooLarge),
        (point(format!("[1.{}]", "0".repeat(10_000_000))), Code::TooLarge),
        (format!("{{\"properties\":{{\"a\":\"{}\"}}}}", "x".repeat(10_000_000)), Code::TooLarge),
        (format!("{{\"{}\":1}}", "k".repeat(10_000_000)), Code::TooLarge),
    ] {
        let found = problems(&text);
        assert!(found.iter().any(|problem| problem.code == code), "{}: {found:?}", &text[..60]);
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn a_refused_feature_is_given_back_with_its_properties_and_the_numbers_of_its_point() {
    let point = |id: u8, numbers: &str| {
        format!(
            r#"{{"type":"Feature","id":{id},"properties":{{"name":"甲{id}"}},"geometry":{{"type":"Point","coordinates":[{numbers}]}}}}"#
        )
    };
    let points = [
        point(1, "113.7,34.4"),
        point(2, "200.50,34.4"),
        point(3, "\"east\",34.4"),
        point(1, "113.8,34.4"),
        point(5, "null"),
    ];
    let text = collection(&points.each_ref().map(String::as_str));
    let mut reader = read(text.as_bytes(), &Caps::default());
    let mut given = Vec::new();
    while let Some(item) = reader.next() {
        let refused = reader.refused().cloned();
        match item {
            Item::Feature(_) => assert_eq!(refused, None),
            Item::Problem(_) => given.extend(refused),
        }
    }
    let found: Vec<(&str, String, String)> = given
        .iter()
        .map(|refused| {
            let lon_lat = refused.lon_lat.as_ref().expect("it is a point").join(" ");
            (refused.id.as_deref().expect("an id"), refused.properties["name"].to_string(), lon_lat)
        })
        .collect();
    let expected = |id, name: &str, lon_lat: &str| (id, format!("\"{name}\""), lon_lat.to_owned());
    let mut wanted = vec![
        expected("2", "甲2", "200.50 34.4"),
        expected("3", "甲3", "east 34.4"),
        expected("1", "甲1", "113.8 34.4"),
    ];
    wanted.push(expected("5", "甲5", " "));
    let mut found = found;
    found.dedup();
    assert_eq!(found, wanted);
}
