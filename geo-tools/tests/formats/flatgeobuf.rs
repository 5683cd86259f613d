//! FlatGeobufs: what is written is read again, damaged ones and huge counts are answered.

use std::time::{Duration, Instant};

use geo_tools::formats::{Caps, Item, Options};
use geo_tools::{Code, Geometry, Position, Problem, Severity};
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

/// The bytes in front of a table that list its fields up to this one.
fn list_bytes(field: usize) -> usize {
    6 + 2 * field
}

/// A table with one field, which leads so many bytes behind it; where field 6 is before it, that is the byte 6.
fn table(field: usize, skip: usize) -> Vec<u8> {
    let place = |at: usize| if at == field { 4 } else { u16::from(at == 6) * 8 };
    let mut bytes: Vec<u8> = [list_bytes(field) as u16, 9].map(u16::to_le_bytes).concat();
    bytes.extend((0..=field).flat_map(|at| place(at).to_le_bytes()));
    bytes.extend((list_bytes(field) as i32).to_le_bytes());
    bytes.extend((5 + skip as u32).to_le_bytes());
    bytes.push(6);
    bytes
}

/// A table with a run of offsets, all to one table, in which there is one run of elements.
fn shared(field: usize, count: usize, inner: (usize, u32, &[u8])) -> Vec<u8> {
    let (inner_field, element_count, elements) = inner;
    let mut bytes = table(field, 0);
    bytes.extend((count as u32).to_le_bytes());
    let offset = |at: usize| ((count - at) * 4 + list_bytes(inner_field)) as u32;
    bytes.extend((0..count).flat_map(|at| offset(at).to_le_bytes()));
    bytes.extend(table(inner_field, 0));
    bytes.extend(element_count.to_le_bytes());
    bytes.extend(elements);
    bytes
}

/// Tables behind the place of the first, whose only field this is, and in front of all their length.
fn buffer(field: usize, tables: &[u8]) -> Vec<u8> {
    let root = (4 + list_bytes(field)) as u32;
    [&(tables.len() as u32 + 4).to_le_bytes()[..], &root.to_le_bytes(), tables].concat()
}

#[test]
fn parts_and_columns_that_are_all_the_same_bytes_count_each_for_itself() {
    let plain = buffer(0, &[table(0, 0), vec![0; 4]].concat());
    let (name, positions) = ("x".repeat(4_096), [1.0_f64.to_le_bytes(); 200].concat());
    let parts = |count: usize, inner: (usize, u32, &[u8])| {
        let tables = [table(0, list_bytes(7)), shared(7, count, inner)].concat();
        [plain.clone(), buffer(0, &tables)].concat()
    };
    let columns = |count: usize, name: &str| shared(7, count, (0, name.len() as u32, name.as_bytes()));
    let own = shared(2, 2_000, (0, 4_096, name.as_bytes()));
    for (what, rest, words) in [
        ("positions", parts(200, (1, 200, &positions)), "more than 10000 positions in the feature"),
        ("empty runs", parts(200, (0, 100, &[0; 400])), "more than 10000 positions in the feature"),
        ("parts", parts(10_001, (0, 0, &[])), "more than 10000 positions in the feature"),
        ("columns", buffer(7, &columns(65_537, "")), "more than 65536 columns in the header"),
        ("names", buffer(7, &columns(2_000, &name)), "more than 4194304 bytes of column names in the header"),
        (
            "a feature's own names",
            [plain.clone(), buffer(2, &own)].concat(),
            "more than 4194304 bytes of column names in the feature",
        ),
    ] {
        let memory = Memory::default();
        memory.put("shared.fgb", [b"fgb\x03fgb\0", rest.as_slice()].concat());
        let caps = Caps { max_feature_positions: 10_000, ..Caps::default() };
        let items = read("shared.fgb", &memory, &Options { caps, ..Options::default() });
        let Some(Item::Problem(problem)) = items.last() else { panic!("{what}: {items:?}") };
        assert_eq!((problem.code, problem.message.as_str()), (Code::TooLarge, words), "{what}");
    }
}

#[test]
fn a_column_with_two_values_in_one_feature_is_refused() {
    let memory = Memory::default();
    memory.write("mixed.fgb", &mixed());
    let mut bytes = memory.get("mixed.fgb");
    let values = [0, 0, 1, 0, 0, 0, b'a', 1, 0];
    let start = bytes.windows(values.len()).position(|bytes| bytes == values).expect("the values");
    bytes[start + 7] = 0;
    memory.put("mixed.fgb", bytes);
    let items = read("mixed.fgb", &memory, &Options::default());
    assert_eq!((codes(&items), features(&items).len()), (vec![Code::TooLarge], 3), "{items:#?}");
}

/// The problems of a file without features whose header says one thing of its system.
fn told_of_system(field: usize, text: &str) -> Vec<Problem> {
    let system = [table(field, 0), (text.len() as u32).to_le_bytes().to_vec(), text.as_bytes().to_vec()];
    let header = buffer(10, &[table(10, list_bytes(field)), system.concat()].concat());
    let memory = Memory::default();
    memory.put("none.fgb", [b"fgb\x03fgb\0", header.as_slice()].concat());
    let items = read("none.fgb", &memory, &Options::default());
    items
        .into_iter()
        .filter_map(|item| if let Item::Problem(problem) = item { Some(problem) } else { None })
        .collect()
}

#[test]
fn a_system_is_known_by_its_words_where_it_has_no_code_and_another_s_is_refused() {
    let wgs84 = r#"GEOGCS["WGS 84",DATUM["WGS_1984"],UNIT["degree",0.0174532925199433]]"#;
    let beijing = r#"GEOGCS["Beijing 1954",DATUM["Beijing_1954"],UNIT["degree",0.0174532925199433]]"#;
    for (field, text, refused) in [
        (4, wgs84, None),
        (5, "CRS84", None),
        (2, "WGS 84", None),
        (4, beijing, Some("Beijing 1954")),
        (5, "CRS27", Some("CRS27")),
        (2, "Clarke", Some("Clarke")),
    ] {
        let told = told_of_system(field, text);
        let Some(name) = refused else {
            assert_eq!(told, [], "{text}");
            continue;
        };
        let [problem] = told.as_slice() else { panic!("{text}: {told:?}") };
        assert_eq!((problem.code, problem.severity), (Code::Crs, Severity::Error), "{text}");
        assert!(problem.message.contains(&format!("those of \u{201c}{name}\u{201d}")), "{}", problem.message);
    }
}

#[test]
fn the_code_of_another_organisation_is_no_code_of_epsg() {
    let memory = Memory::default();
    memory.write("mixed.fgb", &mixed());
    let mut bytes = memory.get("mixed.fgb");
    for (from, to) in [(b"EPSG".as_slice(), b"IGNF".as_slice()), (b"WGS 84", b"Clarke")] {
        let at = bytes.windows(from.len()).position(|bytes| bytes == from).expect("it is named");
        bytes[at..at + from.len()].copy_from_slice(to);
    }
    memory.put("mixed.fgb", bytes);
    assert_eq!(codes(&read("mixed.fgb", &memory, &Options::default())), [Code::Crs]);
}
